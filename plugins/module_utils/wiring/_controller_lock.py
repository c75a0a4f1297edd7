# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The lock of this controller: one run at a time judges the servers of a project and creates a job for them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pathlib
from collections.abc import Callable, Mapping

from .._clock import Clock
from .._errors import LockUnavailable
from .._shapes import Options
from ._connection_options import endpoint_of

POLL_SECONDS = 0.2
MESSAGE_SECONDS = 60.0
DIRECTORY = "modelarts.liteserver"


def lock_path(options: Options, environment: Mapping[str, str]) -> pathlib.Path:
    """The file of the lock for one project of one endpoint, below Ansible's home.

    :param options: of the connection.
    """
    home = environment.get("ANSIBLE_HOME") or os.path.join("~", ".ansible")
    project = "{}\n{}".format(endpoint_of(options).lower(), options["project_id"])
    name = hashlib.sha256(project.encode()).hexdigest()[:16]
    return pathlib.Path(os.path.expanduser(home)) / DIRECTORY / f"{name}.lock"


class ControllerLock:
    """A context manager, entered by one process at a time.

    The kernel frees the lock when the process that holds it ends, however it ends. The file stays: removed while
    another process waits for it, it would be two locks.

    :param path: returns the file; called when the lock is entered.
    :param write: takes one line about the wait for it.
    """

    def __init__(self, path: Callable[[], pathlib.Path], clock: Clock, write: Callable[[str], object]) -> None:
        self._path_of = path
        self._clock = clock
        self._write = write
        self._handle = -1

    def __enter__(self) -> ControllerLock:
        path = self._path_of()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Closed in every child that runs a program, or a child could hold it longer than its parent.
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._handle = os.open(path, flags, 0o600)
            try:
                self._acquire(path)
            except BaseException:
                os.close(self._handle)
                raise
        except OSError as error:
            raise LockUnavailable(
                f"the lock of this controller cannot be taken: {error.strerror or error} ({path}). Nothing was created",
                hint="set ANSIBLE_HOME to a directory of this user on a file system with locks",
            ) from error
        return self

    def __exit__(self, *_details: object) -> None:
        os.close(self._handle)  # which frees it

    def _acquire(self, path: pathlib.Path) -> None:
        message_due = self._clock.now()
        while True:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._clock.now() >= message_due:
                    self._write(
                        f"waiting for another run on this controller, which is starting a job in this project ({path})"
                    )
                    message_due = self._clock.now() + MESSAGE_SECONDS
                self._clock.sleep(POLL_SECONDS)
            else:
                return
