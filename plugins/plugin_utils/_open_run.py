# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The run that a step of role ``fleet_job`` belongs to: its record, and who of its newest batch gets no job."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..module_utils._errors import InvalidOption
from ..module_utils._shapes import Record
from ..module_utils.domain._untrusted import as_line
from ..module_utils.domain.rollout._run_record import RunRecord
from ..module_utils.wiring._run_files import RunFiles, now_ms
from ._host_fates import HostFates
from ._role_place import run_of

NOT_OPENED = (
    "this step of role fleet_job has no run: its task 'Open the batch' was left out, by --start-at-task or by tags."
    " Nothing was started by it. What to do: run the whole role; servers that are done are not submitted again"
)


class OpenRun:
    """Found by where the role stands, whatever a variable says.

    :ivar name: of the run, see :func:`._role_place.run_of`.
    :ivar path: of its record.
    :param task: of the step.
    :param task_vars: what the step sees.
    :raises InvalidOption: no batch of this run was opened.
    """

    def __init__(self, files: RunFiles, task: Any, task_vars: Mapping[str, Any]) -> None:
        self.name = run_of(task)
        path = files.path_of(self.name)
        if path is None:
            raise InvalidOption(NOT_OPENED)
        self.path = path
        self._files, self._task, self._vars = files, task, task_vars

    @contextlib.contextmanager
    def edit(self) -> Iterator[RunRecord]:
        """The record, written when the block is left without an error."""
        record = self._files.load(self.path)
        yield record
        self._files.write(self.path, record)

    def note(self, change: Callable[[RunRecord], None], jobs: list[Record]) -> tuple[RunRecord | None, str | None]:
        """Change the record once jobs may run: they go on whatever is wrong with it.

        :returns: (the changed record, or None where it cannot be believed; what is wrong with it, with the
            jobs, or None).
        """
        record, trouble = self._files.note(self.path, change)
        if trouble is None:
            return record, None
        named = [f"{as_line(job['name'])} {job['job_id']}" for job in jobs if job["job_id"]]
        named += [job_id for job in jobs for job_id in job["other_job_ids"]]
        text = f" Jobs of this batch: {', '.join(named)}." if named else ""
        return record, f"{trouble.rstrip('.')}.{text}"

    def note_later_failures(self, record: RunRecord) -> None:
        """Take down which hosts of the run have failed by now, in whatever task, rescued or not."""
        fates = HostFates(self._task, self._vars)
        record.ended_early(fates.taken)
        done = {row["host"] for row in record.data["servers"] if row["verdict"] == "done"}
        lost = (fates.failed | set(fates.rescued)) - (fates.taken & done)
        record.lost_later(record.seen & lost, now_ms())

    def left_out(self, record: RunRecord, hook: str) -> dict[str, str]:
        """{host of the newest batch that gets no job: why; empty where it counts as nothing}.

        :param hook: the variables whose tasks come before the jobs, empty where there are none.
        """
        fates, number = HostFates(self._task, self._vars), record.batch["number"]
        elsewhere = {host for other in self._files.others(self.name) for host in other.failed_hosts()}
        reasons: dict[str, str] = {}
        for host in (row["host"] for row in record.data["servers"] if row["batch"] == number):
            if host in fates.ended:
                reasons[host] = ""
            elif host in fates.failed:
                reasons[host] = "the host failed before its job was started"
            elif host in fates.rescued:
                reasons[host] = f"task '{fates.rescued[host]}' failed on this host; that it was rescued does not count"
            elif host in elsewhere:
                reasons[host] = "another use of the role in this play failed on this host"
            elif hook and not fates.passed_hook(host, self.name, number):
                reasons[host] = f"{hook} did not come to its end on this host"
        return reasons
