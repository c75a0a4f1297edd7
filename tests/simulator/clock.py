# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time


class Clock:
    """The simulator's time: it runs like the real one and can be moved forward.

    Jobs, power actions, tokens, locks and throttling all read this clock, so a test
    moves it instead of sleeping. It never goes backwards, whatever happens to the
    system's clock meanwhile.
    """

    def __init__(self) -> None:
        self._started_wall = time.time()
        self._started_monotonic = time.monotonic()
        self._advanced = 0.0

    def now(self) -> float:
        """Seconds since the epoch, plus everything that was advanced."""
        return self._started_wall + (time.monotonic() - self._started_monotonic) + self._advanced

    def advance(self, seconds: float) -> None:
        """Move forward by ``seconds`` (zero or more, else ValueError)."""
        if seconds < 0:
            raise ValueError("the clock cannot be moved backwards")
        self._advanced += seconds
