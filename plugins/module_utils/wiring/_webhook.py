# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""A webhook that is told of a run, by the HTTP rules of the API client: it has a few seconds, and can harm nothing.

Its address is a secret: many receivers know their senders by a token in it.
"""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

from .._errors import InvalidOption
from .._shapes import Options, Record
from .._version import VERSION
from ..transport._answers import Failed
from ..transport._exchange import REQUESTS_IMPORT_ERROR, Call, Connections
from ..transport._retry import Kind
from ._connection_options import is_loopback, split_url

OPTION = "fleet_job_notify_url"
# All that an event may cost, in seconds: names, connection, TLS, and the answer.
PATIENCE = 5


def check_webhook(url: str) -> None:
    """Refuse an address that an event must not go to; raises InvalidOption, which does not show it."""
    parts, host = split_url(OPTION, url, "https://hooks.example.com/services/...")
    if parts.username is not None or parts.password is not None:
        raise InvalidOption(f"{OPTION}: must not have a user in it; a token stands in the path or the query")
    if parts.scheme == "http" and not is_loopback(host):
        raise InvalidOption(f"{OPTION}: must begin with https, unless it is a loopback address such as 127.0.0.1")


class Webhook:
    """Sends events to one address.

    :param url: checked by :func:`check_webhook`.
    :param options: of the connection: ``validate_certs``, ``ca_path`` and ``proxy``, each of which may be None.
    """

    def __init__(self, url: str, options: Options) -> None:
        self._url = url
        verify = options.get("validate_certs")
        self._verify: bool | str = False if verify is False else options.get("ca_path") or True
        self._proxy = options.get("proxy")

    def send(self, event: Record) -> str | None:
        """Send an event, once. Returns why it was not delivered, without anything secret, or None."""
        if REQUESTS_IMPORT_ERROR:
            return self._failure(event, "the Python package requests is missing on the controller")
        answer: list[str | None] = []
        # In a thread of its own, because nothing ends a search for a name that does not end.
        thread = threading.Thread(target=lambda: answer.append(self._post(event)), name="webhook", daemon=True)
        thread.start()
        thread.join(PATIENCE)
        trouble = answer[0] if answer else f"no answer within {PATIENCE} s"
        return None if trouble is None else self._failure(event, trouble)

    def _post(self, event: Record) -> str | None:
        connections = Connections(self._verify, self._proxy, PATIENCE, f"modelarts.liteserver/{VERSION} (ansible)", "")
        call = Call(Kind.CREATE, "notification", "POST", self._url, _NoAuth(), event)
        try:
            status = connections.exchange(call).status
        except Failed as failed:
            return f"{type(failed.error).__name__}: {self._concealed(failed.error.message)}"
        except Exception as error:  # whatever it is, the run goes on
            return type(error).__name__
        finally:
            connections.close()
        return None if 200 <= status < 300 else f"it answered with HTTP status {status}"

    def _failure(self, event: Record, reason: str) -> str:
        return f"{OPTION}: the event '{event['kind']}' was not delivered to {urlsplit(self._url).hostname}: {reason}"

    def _concealed(self, text: str) -> str:
        """A message without what stands behind the host of the address."""
        parts = urlsplit(self._url)
        secrets = [
            part for part in (self._url, f"{parts.path}?{parts.query}", parts.path, parts.query) if len(part) > 1
        ]
        for secret in secrets:
            text = text.replace(secret, "...")
        return text


class _NoAuth:
    """The address is all that a webhook needs."""

    def __call__(self, request: Any) -> Any:
        """The request as it is."""
        return request

    def renew(self) -> bool:
        """There is nothing to renew."""
        return False

    def unauthorized_hint(self, message: str) -> str:
        """What a 401 means is the receiver's to say."""
        return ""
