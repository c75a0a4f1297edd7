# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time, sleep and randomness in one object, so that tests can pass their own."""

from __future__ import annotations

import datetime
import random
import time
from typing import Protocol


class Clock(Protocol):
    """What the layers ask of a clock."""

    def now(self) -> float:
        """Seconds on a monotonic clock: only differences mean something."""

    def sleep(self, seconds: float) -> None:
        """Sleep for so many seconds."""

    def utc(self) -> datetime.datetime:
        """The wall clock in UTC."""

    def uniform(self) -> float:
        """A random number from 0 up to 1."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds on a monotonic clock: only differences mean something."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep for so many seconds."""
        time.sleep(seconds)

    def utc(self) -> datetime.datetime:
        """The wall clock in UTC; used for the date of a signature and nothing else."""
        return datetime.datetime.now(datetime.timezone.utc)

    def uniform(self) -> float:
        """A random number from 0 up to 1, for jitter."""
        return random.random()
