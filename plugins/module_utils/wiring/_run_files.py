# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The files that hold the records of the runs of one ``ansible-playbook`` process."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Collection, Mapping

from .._errors import InvalidOption, LiteServerError
from .._shapes import Record
from ..domain.rollout._record_check import checked_record
from ..domain.rollout._run_record import RunRecord
from ._own_files import check_folder, read_own_file
from ._replaced_file import replace_file

_INDEX = "fleet_job_runs.json"
# Of a record: one of 10,000 servers has some 10 MB.
_MOST_BYTES = 256 * 1024 * 1024
# So many of the newest records are read, to find one of the same hosts.
_MOST_EARLIER = 20
_NO_FURTHER_BATCH = (
    "How many servers have failed is not known, so no further batch is started. What to do: see why it is so; running"
    " the same play again submits only servers that are not done."
)


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return int(time.time() * 1000)


class RunFiles:
    """Finds, makes and writes records.

    Ansible keeps no state of a play between its batches that a task could write. So the
    records of this process are found through an index in Ansible's own temporary folder,
    which is new for each process and removed at its end.

    What a record says decides whether the next batch starts. So it is believed only where nobody
    else can have written it, and only in the shape that it was written in.

    :param temporary: that folder.
    :param pages: {ending: what makes a page for people of a record's data}, kept beside a record in the user's folder.
    """

    def __init__(self, temporary: str, pages: Mapping[str, Callable[[Record], str]] | None = None) -> None:
        self._temporary = temporary
        self._pages = pages or {}

    def find(self, run: str) -> tuple[str, RunRecord] | tuple[None, None]:
        """(path, RunRecord) of a run of this process, or (None, None) where it has not begun.

        :param run: what names the run, see ``plugin_utils/_role_place.py``.
        :raises InvalidOption: its record is gone: whether another batch may start is not known.
        """
        path = self.path_of(run)
        if path is None:
            return None, None
        if not os.path.lexists(path):
            raise InvalidOption(f"fleet_job_record: {path} was removed while its run went on. {_NO_FURTHER_BATCH}")
        return path, self.load(path)

    def path_of(self, run: str) -> str | None:
        """Where the record of a run of this process is, or should be; None where it has not begun."""
        return self._index().get(run)

    def others(self, run: str) -> list[RunRecord]:
        """The records of the other uses of the role in the play of a run."""
        play = run.partition(" ")[0]
        return [
            self.load(path)
            for other, path in self._index().items()
            if other != run and other.partition(" ")[0] == play and os.path.lexists(path)
        ]

    def load(self, path: str) -> RunRecord:
        """The record in a file.

        :raises InvalidOption: it cannot be read, others may have written it, or it has another shape.
        """
        return RunRecord(checked_record(self._read(path), path))

    def begin(
        self,
        run: str,
        entry: str,
        hosts: list[str],
        max_failures: str | None,
        preflight: str,
        folder: str | None,
        facts: Mapping[str, object] | None = None,
    ) -> tuple[str, RunRecord]:
        """A new record, and where it is kept: in the user's folder, or one that is removed at the end.

        :param run: as for :meth:`find`.
        :param preflight: ``pending`` or ``off``.
        :param facts: what is known of the run from its beginning.
        :raises InvalidOption: the folder cannot be written.
        """
        now = now_ms()
        run_id = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now / 1000)) + "-" + secrets.token_hex(4)
        # A step runs in a process of its own, a child of ansible-playbook.
        process = process_of(os.getppid())
        record = RunRecord.begin(run_id, entry, hosts, max_failures, now, preflight, process, facts)
        # Without links, so that nobody can have them lead elsewhere later.
        folder = os.path.realpath(os.path.expanduser(folder)) if folder else self._temporary
        path = os.path.join(folder, f"{entry}-{run_id}.json")
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
        except OSError as error:
            raise InvalidOption(f"fleet_job_record: cannot write {path}: {error.strerror or error}") from None
        self.write(path, record)
        self._replace(os.path.join(self._temporary, _INDEX), _as_json({**self._index(), run: path}))
        return path, record

    def write(self, path: str, record: RunRecord) -> None:
        """Replace the file in one step: a reader sees the old record or the new one.

        In the user's folder, pages for people are beside it.

        :raises InvalidOption: it cannot be written, or others may write there.
        """
        self._replace(path, _record_as_json(record.data))
        if os.path.dirname(path) == self._temporary:
            return
        for ending, page_of in self._pages.items():
            page = os.path.splitext(path)[0] + ending
            try:
                text = page_of(record.data)
            except Exception as error:  # jobs may run, and have to be waited for
                raise InvalidOption(f"fleet_job_record: cannot make {page}: {error!r}") from error
            self._replace(page, text)

    def before(self, path: str, entry: str, hosts: Collection[str]) -> tuple[str, RunRecord] | None:
        """(path, record) of the newest earlier run in the user's folder that has a host of these, or None.

        A record that cannot be believed, or is of another schema, says nothing.

        :param path: of the record of the run that begins.
        """
        folder, own = os.path.split(path)
        if folder == self._temporary:
            return None
        names = [name for name in os.listdir(folder) if name.startswith(f"{entry}-") and name.endswith(".json")]
        for name in sorted(names, reverse=True)[:_MOST_EARLIER]:
            earlier = os.path.join(folder, name)
            with contextlib.suppress(InvalidOption):
                record = self.load(earlier) if name != own else None
                if record is not None and not set(record.hosts).isdisjoint(hosts):
                    return earlier, record
        return None

    def note(self, path: str, change: Callable[[RunRecord], None]) -> tuple[RunRecord | None, str | None]:
        """Change a record once jobs may run: whatever goes wrong with it, the batch has to be waited for.

        :returns: (the changed record, or None where it cannot be believed; what went wrong, or None). Where it
            could not be written, the file still says what it said before.
        """
        record: RunRecord | None = None
        try:
            record = self.load(path)
            change(record)
            self.write(path, record)
        except LiteServerError as error:
            return record, error.message
        return record, None

    def _index(self) -> dict[str, str]:
        path = os.path.join(self._temporary, _INDEX)
        if not os.path.lexists(path):
            return {}
        index = self._read(path)
        if not isinstance(index, dict) or not all(isinstance(value, str) for value in index.values()):
            raise InvalidOption(f"fleet_job_record: {path} is no list of records")
        return index

    def _read(self, path: str) -> object:
        self._check_folder(path)
        try:
            return json.loads(read_own_file(path, _MOST_BYTES))
        except (OSError, ValueError, RecursionError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InvalidOption(f"fleet_job_record: cannot read {path}: {reason}") from None

    def _replace(self, path: str, text: str) -> None:
        self._check_folder(path)
        try:
            replace_file(path, text)
        except OSError as error:
            raise InvalidOption(f"fleet_job_record: cannot write {path}: {error.strerror or error}") from None

    def _check_folder(self, path: str) -> None:
        folder = os.path.dirname(path)
        try:
            # What lies above Ansible's own folder is Ansible's to judge: it keeps its modules there too.
            check_folder(folder, above=folder != self._temporary)
        except OSError as error:
            raise InvalidOption(f"fleet_job_record: cannot use {path}: {error.strerror or error}") from None


def process_of(pid: int) -> dict[str, object]:
    """What tells a process from a later one with its number: host, pid, and its start where the system tells it."""
    return {"host": socket.gethostname(), "pid": pid, "start": _start_of(pid)}


def is_alive(process: Mapping[str, object]) -> bool | None:
    """Whether a process of :func:`process_of` is still there; None where this cannot be told from here."""
    pid = process.get("pid")
    if process.get("host") != socket.gethostname() or not isinstance(pid, int) or pid < 1:
        return None
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


def _record_as_json(data: Record) -> str:
    """A line for each server: with indents, Python's encoder is written in Python, and slow for thousands of them."""
    rows = ",\n".join(json.dumps(row) for row in data["servers"])
    others = {name: value for name, value in data.items() if name != "servers"}
    head = json.dumps({**others, "servers": []}, indent=1)
    return head.removesuffix("[]\n}") + f"[\n{rows}\n]\n}}\n"
