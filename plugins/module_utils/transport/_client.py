# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""One HTTP request, sent as often as its kind allows.

``requests`` does the HTTP. This module adds what the service needs: a new
signature at each try, the retry table, errors with the service's own code and
request id, and limits that hold whatever the environment says.
"""

from __future__ import annotations

import io
import json
import math
import ssl
import traceback
import warnings
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from .._clock import Clock, time_limit
from .._errors import (
    AnswerLost,
    ApiError,
    BadAnswer,
    LiteServerError,
    NotFound,
    OutcomeUnknown,
    ServiceFailed,
    Throttled,
    TlsFailed,
    Unauthorized,
    Unreachable,
)
from .._shapes import Conceal
from ._retry import Backoff, Kind, Move, Trouble, move_after, retry_after, throttle_window

try:
    import requests
    from requests import exceptions as requests_errors
    from urllib3 import exceptions as urllib3_errors

    REQUESTS_IMPORT_ERROR = None
except ImportError:
    requests = None  # type: ignore[assignment]
    REQUESTS_IMPORT_ERROR = traceback.format_exc()

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

T = TypeVar("T")
# Takes decoded JSON and the answer's headers; raises BadAnswer for another shape than the call documents.
Parse: TypeAlias = Callable[[Any, Mapping[str, str]], T]

# An answer of 5,000 servers is some 10 MB; more than this is not an answer.
MAX_ANSWER_BYTES = 64 * 1024 * 1024
# What an answer takes in memory is rather its values than its bytes: "[],[],[]..." grows twentyfold. So
# each value counts for this many bytes, and an answer for no more than the weight of some 30,000 servers.
VALUE_BYTES = 100
MAX_ANSWER_WEIGHT = 256 * 1024 * 1024
# Documented answers nest five deep. What handles results, here and in Ansible, calls itself at each level.
MAX_DEPTH = 40
# request_timeout is for each silence; a whole answer may take so many times as long.
WHOLE_ANSWER_TIMEOUTS = 10
# "Not found" has no HTTP status of its own for Lite Servers: 400 with this code.
NOT_FOUND_CODES = frozenset(["ModelArts.6404"])
# An HTTP path or gateway that is not there must not read as "no such job".
NOT_PUBLISHED_CODES = frozenset(["APIGW.0101", "APIG.0101"])


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


class HttpClient:
    """Sends calls over one session.

    :param verify: True for the bundled authorities, a path to others, or False.
    :param proxy: proxy URL; None leaves it to the usual environment variables.
    :param timeout: seconds to connect, and seconds without a byte while reading; a whole answer may take ten times
        as long.
    :param max_retries: repeats after the first try, where the table allows any.
    :param clock: see :class:`.._clock.SystemClock`.
    :param conceal: takes a text of the service and returns it without secrets, before it is cut
        or put on one line for a message.
    :ivar weight: of all answers so far, see :data:`MAX_ANSWER_WEIGHT`.
    """

    def __init__(
        self,
        verify: bool | str,
        proxy: str | None,
        timeout: int,
        max_retries: int,
        backoff: Backoff,
        clock: Clock,
        user_agent: str,
        conceal: Conceal = str,
    ) -> None:
        self._session = requests.Session()
        self._verify = verify
        self._proxy = proxy
        self._timeout = timeout
        self._max_retries = max_retries
        self._backoff = backoff
        self._clock = clock
        self._user_agent = user_agent
        self._conceal = conceal
        self.weight = 0

    def send(self, call: Call, parse: Parse[T]) -> T:
        """Send a call, repeat it where that is safe, and return ``parse(answer)``.

        :param parse: takes (decoded JSON, response headers); raises BadAnswer for
            another shape than the call documents.
        :raises LiteServerError: a subclass that says what happened; OutcomeUnknown
            where a write may have been carried out.
        """
        repeats = 0
        renewed = False
        while True:
            try:
                return self._try(call, parse)
            except _Failed as failed:
                error, move = failed.error, move_after(call.kind, failed.trouble)
            if move is Move.RENEW and not renewed and call.auth.renew():
                renewed = True
                continue
            if move is Move.REPEAT and repeats < self._max_retries:
                asked = error.retry_after
                if asked is None or asked <= self._backoff.patience:
                    self._clock.sleep(self._backoff.pause(repeats, self._clock.uniform(), asked))
                    repeats += 1
                    continue
            if move is Move.LOOK:
                raise OutcomeUnknown(
                    error.message,
                    code=error.code,
                    http_status=error.http_status,
                    request_id=error.request_id,
                ) from error
            if repeats:
                error.message = f"{error.message} (given up after {repeats + 1} tries)"
            raise error

    def _try(self, call: Call, parse: Parse[T]) -> T:
        headers, answer, status = self._exchange(call)
        if status >= 300:
            raise self._refusal(call, status, headers, answer)
        try:
            unpacked = _unpacked(answer, headers)
            self.weight += _weight(unpacked)
            return parse(_decode(unpacked, self._conceal), headers)
        except BadAnswer as error:
            error.message = f"{call.what}: {error.message}"
            error.http_status = status
            error.request_id = _printable(headers.get("X-Request-Id"))
            error.hint = (
                error.hint or "if it stays, check endpoint: is something else than the service answering there?"
            )
            raise _Failed(Trouble.BAD_ANSWER, error) from error

    def _exchange(self, call: Call) -> tuple[Mapping[str, str], bytes, int]:
        """Send one request; returns (headers, body bytes, status)."""
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
        # The adapter, not the session: a session lets REQUESTS_CA_BUNDLE replace verify and a .netrc
        # entry replace the Authorization header, and reads where a redirect leads to.
        adapter = self._session.get_adapter(str(request.url))
        seconds = self._timeout * WHOLE_ANSWER_TIMEOUTS
        response: Response | None = None
        try:
            with warnings.catch_warnings(), time_limit(seconds, f"it was not complete after {seconds} s"):
                # Of verification that is switched off, the task itself warns: once, not on stderr at each request.
                warnings.simplefilter("ignore", urllib3_errors.InsecureRequestWarning)
                response = adapter.send(
                    request,
                    stream=True,
                    timeout=self._timeout,
                    verify=self._verify,
                    proxies=self._proxies(str(request.url)),
                )
                return response.headers, _read(response), response.status_code
        except (requests_errors.RequestException, urllib3_errors.HTTPError, OSError) as error:
            if response is None or response.status_code < 400:
                raise self._no_answer(call, request.body, error) from error
            # What it says is lost, but that it is a refusal is known.
            return response.headers, b"", response.status_code
        finally:
            if response is not None:
                response.close()

    def _proxies(self, url: str) -> dict[str, str]:
        if url.startswith("http://"):
            return {}  # plain http is for loopback only, so it never leaves through a proxy
        return {"https": self._proxy} if self._proxy else requests.utils.get_environ_proxies(url)

    def _no_answer(self, call: Call, body: object, error: Exception) -> _Failed:
        """Tell apart what surely was not sent from what may have been carried out."""
        causes = list(_causes(error))
        names = {type(cause).__name__ for cause in causes}
        reason = _innermost_text(causes)
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes) or "CertificateError" in names:
            return _Failed(
                Trouble.REFUSED,
                TlsFailed(
                    f"{call.what}: the server's certificate was not accepted: {reason}",
                    hint="name your own authority with ca_path; or check endpoint and proxy",
                ),
            )
        if names & _NO_ADDRESS:
            text = f"{call.what}: a proxy's address cannot be used: {reason}"
            return _Failed(
                Trouble.REFUSED, Unreachable(text, hint="check proxy and the proxy variables", retryable=False)
            )
        if isinstance(body, _Body):
            sent = body.begun
        else:
            # Nothing in a request without a body tells; so only what is known to come before it counts.
            sent = not names & _BEFORE_SENDING and "Tunnel connection failed" not in reason
        if sent:
            return _Failed(
                Trouble.LOST,
                AnswerLost(
                    f"{call.what}: sent, but no answer came: {reason}",
                    hint=f"check the network; request_timeout is {self._timeout} s",
                ),
            )
        hint = "check region, endpoint, proxy and the network"
        if isinstance(error, requests_errors.ProxyError):
            return _Failed(
                Trouble.NOT_SENT, Unreachable(f"{call.what}: the proxy does not connect: {reason}", hint=hint)
            )
        if isinstance(error, requests_errors.SSLError):
            text = f"{call.what}: TLS does not come up: {reason}"
            return _Failed(Trouble.NOT_SENT, TlsFailed(text, hint="does endpoint speak https? " + hint, retryable=True))
        return _Failed(Trouble.NOT_SENT, Unreachable(f"{call.what}: no connection: {reason}", hint=hint))

    def _refusal(self, call: Call, status: int, headers: Mapping[str, str], answer: bytes) -> _Failed:
        """Turn an answer that is not a success into a typed error."""
        try:
            code, message, request_id = _error_of(_unpacked(answer, headers), self._conceal)
        except BadAnswer:
            code, message, request_id = None, None, None
        request_id = request_id or _printable(headers.get("X-Request-Id"))
        shown = message or _printable(headers.get("Content-Type")) or "no text"
        text = f"{call.what}: HTTP {status}{' ' + code if code else ''}: {shown}"
        details: dict[str, Any] = {"code": code, "http_status": status, "request_id": request_id}
        asked = retry_after(headers.get("Retry-After"), self._clock.utc())
        if status == 401:
            return _Failed(
                Trouble.UNAUTHORIZED, Unauthorized(text, hint=call.auth.unauthorized_hint(message or ""), **details)
            )
        if status == 429:
            asked = max((pause for pause in (asked, throttle_window(message)) if pause is not None), default=None)
            return _Failed(
                Trouble.THROTTLED,
                Throttled(
                    text, retry_after=asked, hint="fewer requests: a longer wait_sleep, fewer tasks at once", **details
                ),
            )
        if status >= 500:
            return _Failed(Trouble.SERVER_ERROR, ServiceFailed(text, retry_after=asked, **details))
        if code in NOT_FOUND_CODES or (status == 404 and code not in NOT_PUBLISHED_CODES):
            return _Failed(Trouble.REFUSED, NotFound(text, **details))
        return _Failed(Trouble.REFUSED, ApiError(text, hint=_refusal_hint(status, code), **details))


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


class _Failed(Exception):
    """One try failed: the kind of trouble, and the error if nothing more is done."""

    def __init__(self, trouble: Trouble, error: LiteServerError) -> None:
        super().__init__(str(error))
        self.trouble = trouble
        self.error = error


def _refusal_hint(status: int, code: str | None) -> str | None:
    if code in NOT_PUBLISHED_CODES:
        return "the region or endpoint does not offer this call: check region and endpoint"
    if status < 400:
        return "redirects are not followed: put the address it leads to in endpoint if you trust it"
    if status == 403:
        return "check project_id, and the permissions of this user in that project"
    return None


def _read(response: Response) -> bytes:
    """The body as it was sent, or a little more than the limit of it."""
    parts: list[bytes] = []
    size = 0
    for part in response.raw.stream(65536, decode_content=False):
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            break
    return b"".join(parts)


def _unpacked(answer: bytes, headers: Mapping[str, str]) -> bytes:
    """The body as it was meant, if it is not more than a controller can bear; raises BadAnswer."""
    encoding = (headers.get("Content-Encoding") or "identity").strip().lower()
    if encoding in ("gzip", "x-gzip", "deflate"):
        try:
            # 32 + 15 reads either format, and the second argument is where a small bomb stops growing.
            answer = zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(answer, MAX_ANSWER_BYTES + 1)
        except zlib.error as error:
            raise BadAnswer(f"the answer cannot be unpacked: {error}") from error
    elif encoding != "identity":
        raise BadAnswer(f"the answer is packed in a way that was not asked for: {_printable(encoding)}")
    if len(answer) > MAX_ANSWER_BYTES:
        raise BadAnswer(f"the answer is larger than {MAX_ANSWER_BYTES >> 20} MiB")
    return answer


def _weight(answer: bytes) -> int:
    return len(answer) + VALUE_BYTES * (answer.count(b",") + answer.count(b"[") + answer.count(b"{"))


def _decode(answer: bytes, conceal: Conceal) -> Any:
    if not answer.strip():
        raise BadAnswer("the answer is empty")
    if _weight(answer) > MAX_ANSWER_WEIGHT:
        raise BadAnswer(f"the answer has too many values: {len(answer)} bytes would fill the memory")
    try:
        body = json.loads(answer, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"the answer is not JSON: it begins with {_excerpt(answer, conceal)}") from error
    level = [body]
    for _depth in range(MAX_DEPTH):
        level = [
            inner
            for value in level
            if isinstance(value, (dict, list))
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return body
    raise BadAnswer(f"the answer nests deeper than {MAX_DEPTH} levels")


def _finite(text: str) -> float:
    """A number as JSON has it: Python would read NaN and 1e999, and write what no other program reads."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _excerpt(answer: bytes, conceal: Conceal) -> str:
    """The first words of a body for a message."""
    return repr(_printable(conceal(answer[:65536].decode("utf-8", "replace")), 120))


def _printable(text: object, longest: int = 500) -> str | None:
    """A text of the service as it may be shown: one line, nothing that steers a terminal, not too long."""
    if not isinstance(text, str):
        return None
    text = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * longest]).split())
    return text if len(text) <= longest else text[:longest] + "..."


# The key pairs that the service, its gateway and IAM are known to use.
_ERROR_KEYS = (("error_code", "error_msg"), ("code", "message"), ("errorCode", "errorMsg"))


def _error_of(answer: bytes, conceal: Conceal) -> tuple[str | None, str | None, str | None]:
    """(code, message, request id) of an error body of any producer; each may be None."""
    try:
        body = _decode(answer, conceal)
    except BadAnswer:
        return None, _excerpt(answer, conceal) if answer.strip() else None, None
    if not isinstance(body, dict):
        return None, _excerpt(answer, conceal), None
    request_id = _printable(body.get("request_id"))
    for level in [body] + [value for value in body.values() if isinstance(value, dict)]:
        for code_key, message_key in _ERROR_KEYS:
            code, message = level.get(code_key), level.get(message_key)
            if isinstance(message, str):
                return (
                    _printable(str(code)) if isinstance(code, (str, int)) else None,
                    _printable(conceal(message)),
                    request_id,
                )
    return None, _excerpt(answer, conceal), request_id


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


def _innermost_text(causes: list[BaseException]) -> str:
    """The most telling text: the operating system's, else the last one."""
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return _printable(cause.strerror) or ""
    return _printable(str(causes[-1])) or type(causes[-1]).__name__
