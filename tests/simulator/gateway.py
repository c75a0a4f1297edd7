# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands before the service: credentials, limits, faults and the log."""

from __future__ import annotations

import asyncio
import collections
import json
import time
from typing import Any

from aiohttp import web

from . import errors, signature
from .api import OPERATIONS, WRITES
from .clock import Clock
from .faults import FaultPlan
from .settings import Settings
from .state import World
from .throttle import Throttle
from .tokens import TokenStore

# Enough for any test; keeps a simulator that runs for days from growing for ever.
MOST_LOGGED = 100_000


class Gateway:
    """The whole state of a running simulator.

    Args:
        initial: the settings given at the start; a reset comes back to them.
        servers, history: the fleet's size and the number of old jobs, likewise.
    """

    def __init__(self, initial: Settings, servers: int, history: int) -> None:
        self._initial = (initial, servers, history)
        self._held: list[asyncio.Event] = []
        self.reset({}, None, None)

    def reset(self, settings: dict[str, Any], servers: int | None, history: int | None) -> None:
        """Make everything anew, as at the start, with ``settings`` on top. SettingsError changes nothing."""
        self.release()
        initial, initial_servers, initial_history = self._initial
        changed = initial.changed(settings)
        self.clock = Clock()
        self.world = World(
            changed,
            self.clock,
            initial_servers if servers is None else servers,
            initial_history if history is None else history,
        )
        self.faults = FaultPlan()
        self.throttle = Throttle()
        self.tokens = TokenStore()
        self.keys = signature.KeyGuard()
        self.clear_log()

    # Requests that are held up

    async def hold(self) -> None:
        """Wait until somebody lets go."""
        event = asyncio.Event()
        self._held.append(event)
        await event.wait()

    def release(self) -> None:
        """Let go of all requests that are held."""
        for event in self._held:
            event.set()
        self._held = []

    def held(self) -> int:
        """How many requests are held."""
        return len(self._held)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.world.settings

    def change_settings(self, values: Any) -> None:
        """Change some settings while running. SettingsError changes nothing."""
        self.world.settings = self.settings.changed(values)

    # The log

    def clear_log(self) -> None:
        """Forget all requests and start counting from zero."""
        self.log: collections.deque[dict[str, Any]] = collections.deque(maxlen=MOST_LOGGED)
        self._counts: collections.Counter[str] = collections.Counter()
        self._requests = 0

    def record(self, request: web.Request, operation: str, body: bytes) -> dict[str, Any]:
        """Enter a request that has just arrived; status and fault are filled in when they are known."""
        self._requests += 1
        self._counts[operation] += 1
        entry = {
            "n": self._requests,
            "at": self.clock.now(),
            "operation": operation,
            "method": request.method,
            "path": request.rel_url.raw_path,
            "query": dict(request.rel_url.query),
            "status": None,
            "fault": None,
            "body": _recorded(body) if self.settings.record_bodies else None,
            "text": body.decode("utf-8", "replace") if body and self.settings.record_bodies else None,
            "user_agent": request.headers.get("User-Agent", ""),
            "auth": _auth_kind(request),
        }
        self.log.append(entry)
        return entry

    def counts(self) -> dict[str, int]:
        """Requests that arrived, per operation, with ``unknown``, ``total`` and ``writes``; refused ones count too."""
        return {
            **{operation: self._counts[operation] for operation in sorted(OPERATIONS)},
            "unknown": self._counts["unknown"],
            "total": self._requests,
            "writes": sum(self._counts[operation] for operation in WRITES),
        }

    # The checks, in the order of the real gateway

    def authenticate(self, request: web.Request, body: bytes) -> None:
        """Check the credentials and that they are for this project, else raise the 401 or 403 answer.

        An ``Authorization`` header of any other scheme is an error even beside a good token: a
        client that lets a ``.netrc`` file write there must not pass.
        """
        now = self.clock.now()
        if "Authorization" in request.headers:
            self._check_signature(request, body, now)
        elif "X-Auth-Token" in request.headers:
            self.tokens.check(request.headers["X-Auth-Token"], self.settings, now)
        else:
            raise errors.unauthorized("auth info is empty")
        project_id = request.match_info["project_id"]
        if project_id != self.settings.project_id:
            raise errors.wrong_project(project_id)

    def _check_signature(self, request: web.Request, body: bytes, now: float) -> None:
        settings = self.settings
        access_key = signature.access_key_of(request.headers["Authorization"])
        if access_key is None:
            raise errors.unauthorized("verify aksk signature fail, the Authorization header is malformed")
        if self.keys.is_locked(access_key, now):
            raise errors.key_locked()
        try:
            if access_key != settings.access_key:
                raise signature.SignatureError("Get secretKey failed")
            if request.headers.get("X-Security-Token") != settings.security_token:
                raise signature.SignatureError("verify aksk signature fail, the security token does not fit the key")
            signature.verify(
                request.method,
                request.rel_url.raw_path,
                request.rel_url.raw_query_string,
                request.headers,
                body,
                settings.secret_key,
                # The real time: the clients' own clocks cannot be moved forward.
                time.time(),
            )
        except signature.SignatureError as error:
            self.keys.failed(access_key, now, settings.lock_seconds)
            raise errors.unauthorized(str(error)) from None
        self.keys.succeeded(access_key)

    def limit(self, operation: str) -> None:
        """Raise the 429 answer if the throttle forbids this request."""
        self.throttle.check(self.settings.throttle, operation, self.clock.now(), self.settings.throttle_retry_after)


def _recorded(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def _auth_kind(request: web.Request) -> str | None:
    if request.headers.get("Authorization", "").startswith(signature.ALGORITHM):
        return "aksk"
    return "token" if "X-Auth-Token" in request.headers else None
