# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import collections
from typing import Any

from . import errors


def window_text(seconds: float) -> str:
    """A window as the gateway words it: whole minutes as "N minute", anything else as "N second"."""
    if seconds >= 60 and seconds % 60 == 0:
        return f"{int(seconds // 60)} minute"
    return f"{seconds:g} second"


class Throttle:
    """A sliding window over the requests that were let through.

    The scopes "user" and "ip" share one window (there is one user at one address here);
    "api" has a window per operation.
    """

    def __init__(self) -> None:
        self._passed: dict[str, collections.deque[float]] = collections.defaultdict(collections.deque)

    def check(self, rule: dict[str, Any] | None, operation: str, now: float, tell_retry_after: bool) -> None:
        """Count a request at ``now`` (seconds), or raise the 429 answer if ``rule`` forbids it."""
        if rule is None:
            return
        scope = rule.get("scope", "user")
        passed = self._passed[operation if scope == "api" else ""]
        while passed and passed[0] <= now - rule["window"]:
            passed.popleft()
        if len(passed) >= rule["limit"]:
            retry_after = passed[0] + rule["window"] - now if tell_retry_after else None
            raise errors.throttled(scope, rule["limit"], window_text(rule["window"]), retry_after)
        passed.append(now)
