# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Time, sleep and randomness in one object, so that tests can pass their own; and a limit on what takes time."""

from __future__ import annotations

import contextlib
import datetime
import errno
import random
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
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
        return random.random()  # nosec B311: jitter of pauses, no secret


@contextlib.contextmanager
def time_limit(seconds: float, what: str) -> Iterator[None]:
    """Raise TimeoutError in the body, in the middle of a read too, once it has taken so many seconds.

    A read ends by itself only when nothing comes: byte by byte, an answer could last for ever.
    The limit is the process's alarm. Where that is taken (Ansible's own time-outs of tasks), or in another
    thread than the main one, there is none.

    :param what: the text of the error.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(errno.ETIMEDOUT, what)

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
