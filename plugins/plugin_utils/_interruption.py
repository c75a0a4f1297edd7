# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What a step still writes down when Ctrl-C, a signal or a timeout of its task ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing.queues import SimpleQueue
from types import FrameType
from typing import Any

# A line on its way to the process that shows it holds a lock of all workers: whoever waits for that lock within this
# process, or ends it meanwhile, would have the run hang. So the signal comes again, in seconds, at most so many times.
AGAIN, MOST_TIMES = 0.05, 100
REASON = "ansible-playbook was interrupted; jobs that were started go on"
TIMED_OUT = (
    "a task of the role was ended by its timeout (the keyword timeout, or ANSIBLE_TASK_TIMEOUT); jobs that were"
    " started go on"
)


@contextlib.contextmanager
def noted_interruption(note: Callable[[str], None]) -> Iterator[None]:
    """In a step of a run: a signal that ends this process is noted first.

    Ansible passes a Ctrl-C on to its processes as one signal or another, depending on its version. A timeout of the
    task, which may stand far above the role, or in the environment, is an exception that no error handling sees.

    :param note: writes down the reason, before the process ends.
    """
    previous: dict[int, Any] = {}
    left, noted = MOST_TIMES, False

    def write_down(reason: str) -> None:
        nonlocal noted
        if not noted:
            note(reason)
            # Not before: a signal that comes meanwhile ends this process, and has to write it down first.
            noted = True

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal left
        if left > 0 and _is_sending(frame):
            left -= 1
            timer = threading.Timer(AGAIN, os.kill, (os.getpid(), number))
            timer.daemon = True
            timer.start()
            return
        # Ansible sends several, one right after the other: none may end this process before the record says why.
        for caught in previous:
            signal.signal(caught, _pass_over)
        write_down(REASON)
        for caught, before in previous.items():
            signal.signal(caught, before)
        if callable(previous[number]):
            previous[number](number, frame)
        else:
            os.kill(os.getpid(), number)

    for number in (signal.SIGINT, signal.SIGTERM):
        # What is ignored, as Ctrl-C is in the background of a shell, ends nothing.
        if signal.getsignal(number) is not signal.SIG_IGN:
            previous[number] = signal.signal(number, on_signal)
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception):
            write_down(REASON if isinstance(error, KeyboardInterrupt) else TIMED_OUT)
        raise
    finally:
        for caught, before in previous.items():
            signal.signal(caught, before)


def _pass_over(_number: int, _frame: FrameType | None) -> None:
    """Unlike a signal that is ignored, one that has come already is passed over too."""


def _is_sending(frame: FrameType | None) -> bool:
    """Whether a signal has come in the middle of something for Ansible's queue."""
    while frame is not None:
        if frame.f_code is SimpleQueue.put.__code__:
            return True
        frame = frame.f_back
    return False
