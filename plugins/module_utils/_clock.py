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

# So many are enough for an error that is due to be raised.
STEPS = 100


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
    The limit is the process's alarm. In another thread than the main one, or where the alarm is taken (Ansible's own
    time-outs of tasks), a timer raises the error between two steps of Python: after the next byte of a read, but not
    in the middle of a search by a regular expression.

    :param what: the text of the error.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_REAL)[0]:
        limit = _timer(seconds, what)
    else:
        limit = _alarm(seconds, what)
    with limit:
        yield


@contextlib.contextmanager
def _alarm(seconds: float, what: str) -> Iterator[None]:
    def end(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(errno.ETIMEDOUT, what)

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _timer(seconds: float, what: str) -> Iterator[None]:
    thread = threading.get_ident()

    class Expired(TimeoutError):
        """Made by the interpreter, which passes no arguments."""

        def __init__(self) -> None:
            self.errno, self.strerror = errno.ETIMEDOUT, what

    timer = threading.Timer(seconds, _raise_in, (thread, Expired))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        # What comes too late for the body is raised here. It must not be taken back: CPython would look for it at each
        # step from then on, and CPython 3.11 for ever at the same step where a debugger or coverage is at work.
        with contextlib.suppress(Expired):
            timer.cancel()
            timer.join()
            for _step in range(STEPS):
                pass


def _raise_in(thread: int, error: type[BaseException]) -> None:
    """Have a thread raise an error at its next step."""
    import ctypes  # not every run needs it, and not every Python has it

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
