# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""A clock on which nobody sleeps for nobody: a wait ends when the one who started the module is gone.

A task's ``timeout`` and a killed run end the task and leave the module running. It would go on asking the service, for
hours and unseen.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat

from .._clock import SystemClock
from .._errors import Abandoned

# Of a sign of life to those who stand between here and the controller, in seconds.
SIGN_SECONDS = 10.0
_GONE = select.POLLERR | select.POLLHUP


class ListenedClock(SystemClock):
    """The machine's clock; its sleep ends with an error when nobody reads the module's result any more.

    The result goes to standard output, a pipe, socket or terminal that somebody holds at its other end: Ansible's
    worker, with ``async`` the wrapper that outlives it, over SSH the server. Where it is anything else, nothing can be
    known of who listens, and the sleep goes on.

    SSH, and sudo with a terminal of its own, notice that they have lost their reader when they have something to write.
    So there is an empty line every few seconds, which JSON and Ansible pass over.

    :param output: the file descriptor.
    """

    def __init__(self, output: int = 1) -> None:
        self._output = output
        try:
            mode = os.fstat(output).st_mode
        except OSError:
            mode = 0
        self._has_reader = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or (stat.S_ISCHR(mode) and os.isatty(output))
        self._next_sign = self.now() + SIGN_SECONDS

    def sleep(self, seconds: float) -> None:
        """Sleep for so many seconds; raises Abandoned."""
        if not self._has_reader:
            super().sleep(seconds)
            return
        end = self.now() + seconds
        while True:
            if self.now() >= self._next_sign:
                self._give_sign()
            left = max(end - self.now(), 0)
            if self._is_gone(min(left, max(self._next_sign - self.now(), 0))):
                raise Abandoned(
                    "nobody waits for the result of this task any more: it has timed out, or its run has ended. So"
                    " the wait ends, and what it waited for goes on",
                    hint="run the same task again to go on waiting",
                )
            if self.now() >= end:
                return

    def _is_gone(self, seconds: float) -> bool:
        """Whether the reader goes away within so many seconds."""
        poll = select.poll()
        poll.register(self._output, 0)  # which still reports what has gone wrong
        return any(event & _GONE for _output, event in poll.poll(seconds * 1000))

    def _give_sign(self) -> None:
        self._next_sign = self.now() + SIGN_SECONDS
        poll = select.poll()
        poll.register(self._output, select.POLLOUT)
        # Never wait for who does not read; and a lost reader is found below.
        if any(event == select.POLLOUT for _output, event in poll.poll(0)):
            with contextlib.suppress(OSError):
                os.write(self._output, b"\n")
