# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The files that hold the records of the runs of one ``ansible-playbook`` process."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Collection

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

    def find(self, entry: str, hosts: list[str], batch: Collection[str]) -> tuple[str, RunRecord] | tuple[None, None]:
        """(path, RunRecord) of the run that a batch belongs to, or (None, None) where it is the first batch.

        A run is one use of the role in one play. A host has its turn once in it: where one
        has had it, this is another run.
        """
        for path in reversed(self._index()):
            if not os.path.exists(path):
                continue  # the user has removed the record of an earlier play
            record = self.load(path)
            if record.data["entry"] == entry and record.hosts == hosts and record.seen.isdisjoint(batch):
                return path, record
        return None, None

    def load(self, path: str) -> RunRecord:
        """The record in a file."""
        with open(path, encoding="utf-8") as file:
            return RunRecord(json.load(file))

    def begin(
        self, entry: str, hosts: list[str], max_failures: str | None, folder: str | None
    ) -> tuple[str, RunRecord]:
        """A new record, and where it is kept: in the user's folder, or one that is removed at the end.

        :raises InvalidOption: the folder cannot be written.
        """
        now = now_ms()
        run_id = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now / 1000)) + "-" + secrets.token_hex(4)
        record = RunRecord.begin(run_id, entry, hosts, max_failures, now)
        folder = os.path.abspath(os.path.expanduser(folder)) if folder else self._temporary
        path = os.path.join(folder, f"{entry}-{run_id}.json")
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            self.write(path, record)
        except OSError as error:
            raise InvalidOption(f"fleet_job_record: cannot write {path}: {error.strerror}") from error
        replace_file(os.path.join(self._temporary, _INDEX), _as_json([*self._index(), path]))
        return path, record

    def write(self, path: str, record: RunRecord) -> None:
        """Replace the file in one step: a reader sees the old record or the new one.

        In the user's folder, a page for people is beside it.
        """
        replace_file(path, _as_json(record.data))
        if os.path.dirname(path) != self._temporary:
            replace_file(os.path.splitext(path)[0] + ".md", page_of(record.data))

    def _index(self) -> list[str]:
        try:
            with open(os.path.join(self._temporary, _INDEX), encoding="utf-8") as file:
                paths: list[str] = json.load(file)
                return paths
        except FileNotFoundError:
            return []


def _as_json(data: object) -> str:
    return json.dumps(data, indent=1) + "\n"
