# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that tests own: sleeping on it takes no time and is written down."""

from __future__ import annotations

import datetime

START = datetime.datetime(2026, 1, 15, 8, 30, tzinfo=datetime.timezone.utc)


class FakeClock:
    """Stands in for SystemClock.

    Attributes:
        pauses: what sleep was asked for, in order.
        random: what uniform returns, from 0 up to 1.
    """

    def __init__(self, random: float = 0.5) -> None:
        self.pauses: list[float] = []
        self.random = random
        self._elapsed = 0.0

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._elapsed += seconds

    def now(self) -> float:
        """Monotonic seconds, from an arbitrary start."""
        return 5000.0 + self._elapsed

    def sleep(self, seconds: float) -> None:
        """Pass at once."""
        assert seconds >= 0
        self.pauses.append(seconds)
        self.advance(seconds)

    def utc(self) -> datetime.datetime:
        """The wall clock: START, and what has passed since."""
        return START + datetime.timedelta(seconds=self._elapsed)

    def uniform(self) -> float:
        """Not random."""
        return self.random
