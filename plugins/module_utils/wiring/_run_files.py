# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The files that hold the records of the runs of one ``ansible-playbook`` process."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Collection

from .._errors import InvalidOption, LiteServerError
from .._shapes import Record
from ..domain.rollout._run_record import RunRecord, checked_record, page_of
from ._own_files import check_folder, read_own_file
from ._replaced_file import replace_file

_INDEX = "fleet_job_runs.json"
# Of a record: one of 10,000 servers has some 10 MB.
_MOST_BYTES = 256 * 1024 * 1024
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
    """

    def __init__(self, temporary: str) -> None:
        self._temporary = temporary

    def find(self, entry: str, hosts: list[str], batch: Collection[str]) -> tuple[str, RunRecord] | tuple[None, None]:
        """(path, RunRecord) of the run that a batch belongs to, or (None, None) where it is the first batch.

        A run is one use of the role in one play. A host has its turn once in it: where one
        has had it, this is another run.

        :raises InvalidOption: the run's record is gone or not to be believed, or does not say how the batch before
            ended: whether another may start is not known.
        """
        for listed in reversed(self._index()):
            path = listed["path"]
            if not os.path.lexists(path):
                if (
                    not listed["seen"]
                    or _key(entry, hosts) != listed["key"]
                    or not set(batch).isdisjoint(listed["seen"])
                ):
                    continue  # the user has removed the record of an earlier play
                raise InvalidOption(f"fleet_job_record: {path} was removed while its run went on. {_NO_FURTHER_BATCH}")
            record = self.load(path)
            if record.data["entry"] == entry and record.hosts == hosts and record.seen.isdisjoint(batch):
                if record.unsettled:
                    number = record.batch["number"]
                    raise InvalidOption(
                        f"fleet_job_record: {path} does not say how batch {number} ended. {_NO_FURTHER_BATCH}"
                    )
                return path, record
        return None, None

    def load(self, path: str) -> RunRecord:
        """The record in a file.

        :raises InvalidOption: it cannot be read, others may have written it, or it has another shape.
        """
        return RunRecord(checked_record(self._read(path), path))

    def begin(
        self, entry: str, hosts: list[str], max_failures: str | None, folder: str | None
    ) -> tuple[str, RunRecord]:
        """A new record, and where it is kept: in the user's folder, or one that is removed at the end.

        :raises InvalidOption: the folder cannot be written, or others may write there.
        """
        now = now_ms()
        run_id = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now / 1000)) + "-" + secrets.token_hex(4)
        record = RunRecord.begin(run_id, entry, hosts, max_failures, now)
        # Without links, so that nobody can have them lead elsewhere later.
        folder = os.path.realpath(os.path.expanduser(folder)) if folder else self._temporary
        path = os.path.join(folder, f"{entry}-{run_id}.json")
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
        except OSError as error:
            raise InvalidOption(f"fleet_job_record: cannot write {path}: {error.strerror or error}") from None
        self.write(path, record)
        return path, record

    def write(self, path: str, record: RunRecord) -> None:
        """Replace the file in one step: a reader sees the old record or the new one.

        In the user's folder, a page for people is beside it.

        :raises InvalidOption: it cannot be written, or others may write there.
        """
        self._replace(path, _as_json(record.data))
        if os.path.dirname(path) != self._temporary:
            self._replace(os.path.splitext(path)[0] + ".md", page_of(record.data))
        self._list(path, record)

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

    def _list(self, path: str, record: RunRecord) -> None:
        """Keep in the index which run it is and who had a turn, for when the record itself is gone."""
        listed = {"path": path, "key": _key(record.data["entry"], record.hosts), "seen": sorted(record.seen)}
        index = self._index()
        if listed not in index:
            index = [entry if entry["path"] != path else listed for entry in index]
            index += [] if listed in index else [listed]
            self._replace(os.path.join(self._temporary, _INDEX), _as_json(index))

    def _index(self) -> list[Record]:
        path = os.path.join(self._temporary, _INDEX)
        if not os.path.lexists(path):
            return []
        index = self._read(path)
        if not isinstance(index, list) or not all(map(_is_listed, index)):
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


def _key(entry: str, hosts: list[str]) -> str:
    """Names a run: equal for the batches of one use of the role."""
    return hashlib.sha256(json.dumps([entry, hosts]).encode()).hexdigest()


def _is_listed(entry: object) -> bool:
    seen = entry.get("seen") if isinstance(entry, dict) else None
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("path"), str)
        and isinstance(entry.get("key"), str)
        and isinstance(seen, list)
        and all(isinstance(host, str) for host in seen)
    )


def _as_json(data: object) -> str:
    return json.dumps(data, indent=1) + "\n"
