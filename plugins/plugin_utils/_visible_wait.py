# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Runs a module as Ansible itself does, and shows the lines that it writes while it waits."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import selectors
import signal
import threading
from collections.abc import Iterator
from typing import Any

from ansible import constants as C
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

from ..module_utils.domain._untrusted import as_line
from ..module_utils.wiring._progress_pipe import VARIABLE

# How often is looked whether the run that this worker belongs to is still there, in seconds.
PARENT_LOOK_SECONDS = 2.0
END = b"\0"

display = Display()


class VisibleWait(NormalAction):
    """The action plugin of a module that waits; the task's result is what the module returns."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> Any:
        """Run the module, with a pipe for its lines where anybody may see them."""
        # With async the module outlives this plugin, and with no_log nothing of it may be shown. What is no boolean is
        # the module's to refuse.
        if self._task.async_val or self._task.no_log or not self._task.args.get("wait"):
            return super().run(tmp, task_vars)
        with visible_lines(self._task):
            return super().run(tmp, task_vars)


@contextlib.contextmanager
def visible_lines(task: Any) -> Iterator[None]:
    """Show the lines of a module that runs meanwhile for this task."""
    try:
        lines = ShownLines(C.DEFAULT_LOCAL_TMP)
    except OSError:
        # No named pipes there: the lines go to the system log.
        yield
        return
    environment = task.environment
    with lines:
        task.environment = [*(environment or []), {VARIABLE: lines.path}]
        try:
            yield
        finally:
            task.environment = environment


class ShownLines:
    """A named pipe, and a thread that shows what comes out of it; a context manager.

    :ivar path: of the pipe, which only this user can open.
    :param directory: of this user alone.
    :raises OSError: the pipe cannot be made.
    """

    def __init__(self, directory: str) -> None:
        self.path = os.path.join(directory, f"progress-{secrets.token_hex(8)}")
        os.mkfifo(self.path, 0o600)
        self._reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        # While there is a writer, the end of the module is not the end of the pipe.
        self._writer = os.open(self.path, os.O_WRONLY)
        self._parent = os.getppid()
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)

    def __enter__(self) -> ShownLines:
        self._thread.start()
        return self

    def __exit__(self, *_details: object) -> None:
        # Behind every line of the module, so that all of them are shown before the task's result.
        os.write(self._writer, END)
        self._thread.join()
        os.unlink(self.path)
        os.close(self._writer)
        os.close(self._reader)

    def _show(self) -> None:
        rest, seen = b"", False
        with selectors.DefaultSelector() as selector:
            selector.register(self._reader, selectors.EVENT_READ)
            while not rest.endswith(END):
                if not selector.select(PARENT_LOOK_SECONDS):
                    if seen and os.getppid() != self._parent:
                        # The run was killed. The module only waits by now, and its job goes on without it.
                        os.kill(os.getpid(), signal.SIGTERM)
                        return
                    continue
                *lines, rest = (rest + os.read(self._reader, 65536)).split(b"\n")
                for line in lines:
                    seen = True
                    show(as_line(line.decode(errors="replace")))


def show(line: str, stderr: bool = True) -> None:
    """Show a line, in the process that has the terminal, whether or not Ansible shows what is ``ok``.

    :param stderr: nothing buffers it; what somebody keeps in a file belongs on stdout.
    """
    # Older versions of ansible-runner write marks of their own around a line, also in a worker, where they are in the
    # way: ansible-core 2.19 and later warn of whatever is written there. The line itself goes through a queue.
    in_worker = getattr(display, "_final_q", None) is not None
    away = contextlib.redirect_stderr if stderr else contextlib.redirect_stdout
    with away(io.StringIO()) if in_worker else contextlib.nullcontext():
        display.display(line, stderr=stderr)
