# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A terminal for a run of Ansible that asks its user something."""

from __future__ import annotations

import fcntl
import os
import pty
import subprocess
import termios
from collections.abc import Sequence
from typing import Any


class Terminal:
    """A pseudo-terminal, and the process on it.

    Attributes:
        screen: a file descriptor; reading it returns what the process writes, and fails when the process has ended and
            nothing can be typed any more (see ``hang_up``).
    """

    def __init__(self) -> None:
        self.screen, self._end = pty.openpty()
        self._held = True

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own, on this terminal."""
        ends = dict.fromkeys(("stdin", "stdout", "stderr"), self._end)
        return subprocess.Popen(command, start_new_session=True, preexec_fn=_take_terminal, **ends, **options)

    def reads_keys(self) -> bool:
        """Whether Ansible waits for keys now.

        It shows its question first, then throws away what was typed before, and then reads without blocking. This end
        is the same open file as the process's, so that the last of these can be seen. What is typed earlier may
        be lost.
        """
        return self._held and not os.get_blocking(self._end)

    def type(self, line: str) -> None:
        """Type a line, the last one."""
        os.write(self.screen, line.encode() + b"\r")
        self.hang_up()

    def hang_up(self) -> None:
        """Let go of the end that shows whether keys are read. Without this, the screen has no end."""
        if self._held:
            os.close(self._end)
            self._held = False

    def close(self) -> None:
        """Close the terminal."""
        self.hang_up()
        os.close(self.screen)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
