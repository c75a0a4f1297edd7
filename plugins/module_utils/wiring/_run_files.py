# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The files that hold the records of the runs of one ``ansible-playbook`` process."""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import Mapping

from .._errors import InvalidOption
from ..domain.rollout._run_record import RunRecord, page_of
from ._replaced_file import replace_file

_INDEX = "fleet_job_runs.json"


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return int(time.time() * 1000)


class RunFiles:
    """Finds, makes and writes records.

    Ansible keeps no state of a play between its batches that a task could write. So the
    records of this process are found through an index in Ansible's own temporary folder,
    which is new for each process and removed at its end.

    :param temporary: that folder.
    """

    def __init__(self, temporary: str) -> None:
        self._temporary = temporary

    def find(self, run: str) -> tuple[str, RunRecord] | tuple[None, None]:
        """(path, RunRecord) of a run of this process, or (None, None) where it has not begun.

        :param run: what names the run, see ``plugin_utils/_role_place.py``.
        :raises InvalidOption: its record is gone: whether another batch may start is not known.
        """
        path = self._index().get(run)
        if path is None:
            return None, None
        if not os.path.lexists(path):
            raise InvalidOption(
                f"fleet_job_record: {path} was removed while its run went on. How many servers have failed is not known,"
                " so nothing more is started. What to do: running the same play again submits only servers that are"
                " not done."
            )
        return path, self.load(path)

    def load(self, path: str) -> RunRecord:
        """The record in a file."""
        with open(path, encoding="utf-8") as file:
            return RunRecord(json.load(file))

    def begin(
        self, run: str, entry: str, hosts: list[str], max_failures: str | None, preflight: str, folder: str | None
    ) -> tuple[str, RunRecord]:
        """A new record, and where it is kept: in the user's folder, or one that is removed at the end.

        :param run: as for :meth:`find`.
        :param preflight: ``pending`` or ``off``.
        :raises InvalidOption: the folder cannot be written.
        """
        now = now_ms()
        run_id = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now / 1000)) + "-" + secrets.token_hex(4)
        # A step runs in a process of its own, a child of ansible-playbook.
        record = RunRecord.begin(run_id, entry, hosts, max_failures, now, preflight, process_of(os.getppid()))
        folder = os.path.abspath(os.path.expanduser(folder)) if folder else self._temporary
        path = os.path.join(folder, f"{entry}-{run_id}.json")
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            self.write(path, record)
        except OSError as error:
            raise InvalidOption(f"fleet_job_record: cannot write {path}: {error.strerror}") from error
        replace_file(os.path.join(self._temporary, _INDEX), _as_json({**self._index(), run: path}))
        return path, record

    def write(self, path: str, record: RunRecord) -> None:
        """Replace the file in one step: a reader sees the old record or the new one.

        In the user's folder, a page for people is beside it.
        """
        replace_file(path, _as_json(record.data))
        if os.path.dirname(path) != self._temporary:
            replace_file(os.path.splitext(path)[0] + ".md", page_of(record.data))

    def _index(self) -> dict[str, str]:
        try:
            with open(os.path.join(self._temporary, _INDEX), encoding="utf-8") as file:
                paths: dict[str, str] = json.load(file)
                return paths
        except FileNotFoundError:
            return {}


def process_of(pid: int) -> dict[str, object]:
    """What tells a process from a later one with its number: host, pid, and its start where the system tells it."""
    return {"host": socket.gethostname(), "pid": pid, "start": _start_of(pid)}


def is_alive(process: Mapping[str, object]) -> bool | None:
    """Whether a process of :func:`process_of` is still there; None where this cannot be told from here."""
    if process.get("host") != socket.gethostname() or not isinstance(process.get("pid"), int):
        return None
    pid = int(str(process["pid"]))
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return process.get("start") == _start_of(pid)


def _start_of(pid: int) -> int | None:
    """When a process started, in the system's ticks since its boot; None where the system has no /proc."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def _as_json(data: object) -> str:
    return json.dumps(data, indent=1) + "\n"
