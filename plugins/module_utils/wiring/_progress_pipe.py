# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The way of a line about a wait out of the module, while the module runs."""

from __future__ import annotations

import contextlib
import os
import select
import stat
from collections.abc import Callable

from .._shapes import Conceal

# Names the pipe to the module. It is no option, because it says nothing about what is wanted.
VARIABLE = "LITESERVER_PROGRESS_PIPE"


def progress_writer(conceal: Conceal, log: Callable[[str], object]) -> Callable[[str], None]:
    """A function that takes one line about a wait.

    It goes to the action plugin, which shows it at once. Where none listens (the module runs on
    another machine, as another user, or with ``async``), it goes to the system log.

    :param conceal: takes the line and returns it without secrets.
    :param log: writes to the system log.
    """

    def write(line: str) -> None:
        line = conceal(line)
        if not _send(os.environ.get(VARIABLE), line):
            log(line)

    return write


def _send(path: str | None, line: str) -> bool:
    """Whether the line went into the pipe; never waits, and never writes to anything but a pipe."""
    if not path:
        return False
    # So many bytes a pipe takes whole or not at all.
    data = line.encode(errors="replace")[: select.PIPE_BUF - 1] + b"\n"
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            return stat.S_ISFIFO(os.fstat(handle).st_mode) and bool(os.write(handle, data))
        finally:
            os.close(handle)
    return False
