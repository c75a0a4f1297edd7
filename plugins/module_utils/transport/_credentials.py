# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Tokens: one that is given, and one that is fetched with a password and renewed.

Source: IAM's "Obtaining a user token through password authentication". A token
is valid for 24 hours; a newer one does not invalidate it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .._clock import Clock
from .._errors import BadAnswer
from ._client import HttpClient
from ._exchange import Call
from ._retry import Kind

if TYPE_CHECKING:
    from requests import PreparedRequest

# A token is renewed when less than this part of its life is left, or these seconds,
# whichever is shorter: renewal in the middle of a request is what 401 is for.
RENEW_PART = 0.1
RENEW_SECONDS = 300


class NoAuth:
    """Leaves a request as it is: for the login itself."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Nothing to add."""
        return request

    def renew(self) -> bool:
        """Nothing to renew."""
        return False

    def unauthorized_hint(self, message: str) -> str:
        """What to do about a 401 at the login."""
        return "check username, password and domain_name; a HUAWEI ID cannot log in here, an IAM user can"


class TokenAuth:
    """A ready IAM token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token."""
        request.headers["X-Auth-Token"] = self._token
        return request

    def renew(self) -> bool:
        """A given token cannot be renewed."""
        return False

    def unauthorized_hint(self, message: str) -> str:
        """What to do about a 401 with a given token."""
        return "get a new auth_token: it is wrong, expired, or of another region"


class PasswordAuth:
    """A token that is fetched at the first request, and again before it expires.

    :param client: an HttpClient, for the login.
    :param on_token: called with each new token, so that it can be kept out of every output.
    """

    def __init__(
        self,
        client: HttpClient,
        iam_endpoint: str,
        username: str,
        password: str,
        domain_name: str,
        project_id: str,
        clock: Clock,
        on_token: Callable[[str], object],
    ) -> None:
        self._client = client
        self._url = iam_endpoint + "/v3/auth/tokens?nocatalog=true"
        self._body = {
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {"user": {"name": username, "password": password, "domain": {"name": domain_name}}},
                },
                "scope": {"project": {"id": project_id}},
            }
        }
        self._clock = clock
        self._on_token = on_token
        self._token = ""  # nosec B105
        self._renew_at: float | None = None

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token, after a login where there is none or it is about to end."""
        if not self._token or (self._renew_at is not None and self._clock.now() >= self._renew_at):
            self.renew()
        request.headers["X-Auth-Token"] = self._token
        return request

    def renew(self) -> bool:
        """Log in. Returns True: the request may be sent again with the new token."""
        # A login is repeated like a read: one token more does no harm. A refused one is final,
        # because wrong passwords in a row lock the user.
        call = Call(Kind.READ, "log in at IAM", "POST", self._url, NoAuth(), self._body)
        self._token, lifetime = self._client.send(call, _token_of)
        self._on_token(self._token)
        self._renew_at = (
            None if lifetime is None else self._clock.now() + lifetime - min(RENEW_SECONDS, lifetime * RENEW_PART)
        )
        return True

    def unauthorized_hint(self, message: str) -> str:
        """What to do about a 401 right after a successful login."""
        return "the token of a fresh login was refused: check that project_id and region belong together"


def _token_of(body: Any, headers: Mapping[str, str]) -> tuple[str, float | None]:
    """(token, lifetime in seconds or None) of a login's answer."""
    token = headers.get("X-Subject-Token")
    if not token:
        raise BadAnswer("the login's answer has no X-Subject-Token header")
    details = body.get("token") if isinstance(body, dict) else None
    if not isinstance(details, dict):
        return token, None
    # Both times are the service's own, so this machine's clock does not matter.
    issued, expires = _time(details.get("issued_at")), _time(details.get("expires_at"))
    return token, (expires - issued).total_seconds() if issued and expires and expires > issued else None


def _time(text: Any) -> datetime.datetime | None:
    try:
        # "2026-11-23T10:00:00.000000Z": Python before 3.11 reads neither Z nor odd fractions.
        return datetime.datetime.strptime(text.split(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S")
    except (AttributeError, ValueError):
        return None
