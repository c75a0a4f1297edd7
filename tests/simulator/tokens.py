# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identity service: password login, and the tokens it gave out."""

from __future__ import annotations

import datetime
import secrets
from typing import Any

from . import errors
from .settings import Settings


def _iso(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class TokenStore:
    """Tokens by their text. A token lives ``token_lifetime`` seconds; the static token for ever."""

    def __init__(self) -> None:
        self._expires: dict[str, float] = {}

    def login(self, body: Any, settings: Settings, now: float, with_catalog: bool) -> tuple[str, dict[str, Any]]:
        """A new token and the answer's body, for a password login scoped to the project.

        Raises:
            ApiError: 400 for a malformed request, 401 for wrong credentials or another project.
        """
        try:
            identity = body["auth"]["identity"]
            methods = identity["methods"]
            user = identity["password"]["user"]
            given = (user["name"], user["password"], user["domain"]["name"])
            project = body["auth"]["scope"]["project"]
            scope = project.get("id") or project["name"]
        except (KeyError, TypeError, AttributeError):
            raise errors.iam(400, "Bad Request", "Request body is invalid.") from None
        if methods != ["password"] or not isinstance(scope, str):
            raise errors.iam(400, "Bad Request", "Request body is invalid.")
        if given != (settings.user_name, settings.password, settings.domain_name):
            raise errors.iam(401, "Unauthorized", "The username or password is wrong.")
        if "id" in project and project["id"] != settings.project_id:
            raise errors.iam(401, "Unauthorized", "The user has no access to the project.")

        token = secrets.token_urlsafe(48)
        self._expires[token] = now + settings.token_lifetime
        domain = {"id": "sim-domain-id", "name": settings.domain_name}
        answer: dict[str, Any] = {
            "expires_at": _iso(now + settings.token_lifetime + settings.clock_offset),
            "issued_at": _iso(now + settings.clock_offset),
            "methods": ["password"],
            "project": {"id": settings.project_id, "name": project.get("name", "sim-region"), "domain": domain},
            "roles": [{"id": "0", "name": "te_admin"}],
            "user": {"id": "sim-user-id", "name": settings.user_name, "domain": domain, "password_expires_at": ""},
        }
        if with_catalog:
            answer["catalog"] = []
        return token, {"token": answer}

    def check(self, token: str, settings: Settings, now: float) -> None:
        """Raise the 401 answer unless ``token`` is good at ``now`` (seconds)."""
        if token == settings.static_token:
            return
        if token not in self._expires:
            raise errors.unauthorized("decrypt token fail")
        if now >= self._expires[token]:
            raise errors.token_expired(settings.token_error)
