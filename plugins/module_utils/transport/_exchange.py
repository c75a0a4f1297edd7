# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""One request over one connection: sent once, and what the network made of it.

``requests`` does the HTTP. This module adds what the service needs: a new signature each time, limits that hold
whatever the environment says, and the difference between what surely was not sent and what may have been.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import json
import os
import re
import ssl
import traceback
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from .._clock import time_limit
from .._errors import AnswerLost, TlsFailed, Unreachable
from .._shapes import Conceal
from ._answers import Answer, Failed, bounded, printable
from ._retry import Kind, Trouble

try:
    import requests
    import urllib3
    from requests import exceptions as requests_errors
    from urllib3 import exceptions as urllib3_errors

    REQUESTS_IMPORT_ERROR = None
except ImportError:
    requests = None  # type: ignore[assignment]
    REQUESTS_IMPORT_ERROR = traceback.format_exc()

if TYPE_CHECKING:
    from requests import PreparedRequest, Response
    from requests.adapters import HTTPAdapter

# request_timeout is for each silence; a whole answer may take so many times as long.
WHOLE_ANSWER_TIMEOUTS = 10


def library_versions() -> dict[str, str]:
    """{name: version} of what makes the connections."""
    packages = {module.__name__: str(vars(module)["__version__"]) for module in (requests, urllib3)}
    return {**packages, "openssl": ssl.OPENSSL_VERSION}


class Auth(Protocol):
    """A way to authenticate: signs or marks each prepared request."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """The request, signed or marked."""

    def renew(self) -> bool:
        """Get new credentials; False where that is not possible."""

    def unauthorized_hint(self, message: str) -> str:
        """What to do about a 401, from the service's text."""


class Call:
    """A request to make.

    :param kind: a :class:`Kind`, which decides about repeats.
    :param what: the request in words, for error messages ("create job 'x'").
    :param url: absolute, percent-encoded, with its query.
    :param body: JSON-able value, or None for no body.
    :param auth: signs or marks the prepared request; has ``renew()`` and ``unauthorized_hint()``.
    """

    def __init__(self, kind: Kind, what: str, method: str, url: str, auth: Auth, body: object = None) -> None:
        self.kind = kind
        self.what = what
        self.method = method
        self.url = url
        self.auth = auth
        self.body = body


class Connections:
    """Sends single requests: reads over a connection that is kept, writes over a fresh one.

    The parameters are those of :class:`._client.HttpClient`.
    """

    def __init__(
        self,
        verify: bool | str,
        proxy: str | None,
        timeout: int,
        user_agent: str,
        place: str,
        conceal: Conceal = str,
    ) -> None:
        self._kept = requests.adapters.HTTPAdapter()
        self._verify = verify
        self._proxy = proxy
        self._timeout = timeout
        self._user_agent = user_agent
        self._place = place
        self._conceal = conceal

    def where(self, call: Call) -> str:
        """The host that a call goes to, in words."""
        host = urlsplit(call.url).netloc
        return f"{host} ({self._place})" if self._place else host

    @contextlib.contextmanager
    def _adapter(self, kind: Kind) -> Iterator[HTTPAdapter]:
        """What sends a request. It is no session: that lets REQUESTS_CA_BUNDLE replace verify and a .netrc entry
        replace the Authorization header, and reads where a redirect leads to.
        """
        if kind in (Kind.READ, Kind.POLL):
            yield self._kept
            return
        # A kept connection may die just as the request goes out, and then nobody knows whether it arrived.
        fresh = requests.adapters.HTTPAdapter()
        try:
            yield fresh
        finally:
            fresh.close()

    def close(self) -> None:
        """Close the kept connections."""
        self._kept.close()

    def exchange(self, call: Call) -> Answer:
        """Send a request once; raises Failed where no answer came."""
        content = None if call.body is None else json.dumps(call.body).encode("utf-8")
        request = requests.Request(
            method=call.method,
            url=call.url,
            headers={
                "User-Agent": self._user_agent,
                "Content-Type": "application/json" if content is None else "application/json;charset=utf-8",
                # A compressed answer could be small on the way and fill the memory here.
                "Accept-Encoding": "identity",
            },
            data=content,
            auth=call.auth,
        ).prepare()
        if content is not None:
            request.body = _Body(content)  # signed by now
        seconds = self._timeout * WHOLE_ANSWER_TIMEOUTS
        response: Response | None = None
        try:
            with (
                warnings.catch_warnings(),
                time_limit(seconds, f"it was not complete after {seconds} s"),
                self._adapter(call.kind) as adapter,
            ):
                # Of verification that is switched off, the task itself warns: once, not on stderr at each request.
                warnings.simplefilter("ignore", urllib3_errors.InsecureRequestWarning)
                response = adapter.send(
                    request,
                    stream=True,
                    timeout=self._timeout,
                    verify=self._verify,
                    proxies=self._proxies(str(request.url)),
                )
                return Answer(
                    response.headers, bounded(response.raw.stream(65536, decode_content=False)), response.status_code
                )
        except (requests_errors.RequestException, urllib3_errors.HTTPError, OSError) as error:
            if response is None or response.status_code < 400:
                raise self._no_answer(call, request.body, error) from error
            # What it says is lost, but that it is a refusal is known.
            return Answer(response.headers, b"", response.status_code)
        finally:
            if response is not None:
                response.close()

    def _proxies(self, url: str) -> dict[str, str]:
        if url.startswith("http://"):
            return {}  # plain http is for loopback only, so it never leaves through a proxy
        if self._proxy:
            return {"https": self._proxy}
        return {} if _in_no_proxy(url) else requests.utils.get_environ_proxies(url)

    def _no_answer(self, call: Call, body: object, error: Exception) -> Failed:
        """Tell apart what surely was not sent from what may have been carried out."""
        causes = list(_causes(error))
        names = {type(cause).__name__ for cause in causes}
        reason = _innermost_text(causes, self._conceal)
        where = self.where(call)
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes) or "CertificateError" in names:
            return Failed(
                Trouble.REFUSED,
                TlsFailed(
                    f"{call.what}: {where}: the server's certificate was not accepted: {reason}",
                    hint="name your own certificate authority with ca_path; or check endpoint and proxy",
                ),
            )
        if names & _NO_ADDRESS:
            # The reason would quote it, or a part of the password in it.
            text = f"{call.what}: a proxy's address cannot be used"
            return Failed(
                Trouble.REFUSED,
                Unreachable(
                    text,
                    hint="check proxy and the proxy variables; in a password, / is %2F and @ is %40",
                    retryable=False,
                ),
            )
        if isinstance(body, _Body):
            sent = body.begun
        else:
            # Nothing in a request without a body tells; so only what is known to come before it counts.
            sent = not names & _BEFORE_SENDING and "Tunnel connection failed" not in reason
        if sent:
            return Failed(
                Trouble.LOST,
                AnswerLost(
                    f"{call.what}: sent to {where}, but no answer came: {reason}",
                    hint=f"check the network; request_timeout is {self._timeout} s",
                ),
            )
        hint = "check region, endpoint, proxy and the network"
        if isinstance(error, requests_errors.ProxyError):
            return Failed(
                Trouble.NOT_SENT,
                Unreachable(f"{call.what}: the proxy does not connect to {where}: {reason}", hint=hint),
            )
        if isinstance(error, requests_errors.SSLError):
            text = f"{call.what}: TLS with {where} does not come up: {reason}"
            return Failed(Trouble.NOT_SENT, TlsFailed(text, hint="does endpoint speak https? " + hint, retryable=True))
        return Failed(Trouble.NOT_SENT, Unreachable(f"{call.what}: no connection to {where}: {reason}", hint=hint))


# The endpoint was checked before, so what cannot be read as an address is the proxy's.
_NO_ADDRESS = frozenset(["InvalidURL", "InvalidProxyURL", "LocationParseError", "ProxySchemeUnknown", "InvalidSchema"])
# Exceptions that end a request before it is written to a connection.
_BEFORE_SENDING = frozenset(["NewConnectionError", "ConnectTimeoutError", "NameResolutionError", "ConnectTimeout"])


class _Body:
    """The bytes of a request, which remember whether writing them was begun.

    They are read only after a connection is up and the headers are written. Before that
    the service cannot have carried out anything, whatever the exception is called: behind
    a proxy, for one, a lost answer and a proxy that refuses look the same.
    """

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)
        self._length = len(content)
        self.begun = False

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        self.begun = True
        return self._content.read(size)


def _in_no_proxy(url: str) -> bool:
    """Whether the environment exempts the address from its proxies as a part of a network.

    requests knows networks of IPv4 only, and names.
    """
    try:
        host = ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    for entry in (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(","):
        # "[::1]" and "[fd00::]/8", too.
        with contextlib.suppress(ValueError):
            if host in ipaddress.ip_network(re.sub(r"[][\s]", "", entry), strict=False):
                return True
    return False


def _causes(error: BaseException) -> list[BaseException]:
    """The exception and all that it wraps, in whichever way urllib3 and requests do."""
    seen: list[BaseException] = []
    queue: list[Any] = [error]
    while queue:
        cause = queue.pop(0)
        if cause is None or any(cause is known for known in seen):
            continue
        seen.append(cause)
        queue += [cause.__cause__, cause.__context__, getattr(cause, "reason", None)]
        queue += [arg for arg in cause.args if isinstance(arg, BaseException)]
        queue = [item for item in queue if isinstance(item, BaseException)]
    return seen


def _innermost_text(causes: list[BaseException], conceal: Conceal) -> str:
    """The most telling text: the operating system's, else the last one."""
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return printable(cause.strerror, conceal) or ""
    return printable(str(causes[-1]), conceal) or type(causes[-1]).__name__
