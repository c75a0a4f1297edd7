# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""``state: absent``: delete the records of jobs."""

from __future__ import annotations

from ..._errors import InvalidOption, JobRunning, ListIncomplete, LiteServerError, NotFound, OutcomeUnknown
from ..._shapes import Record
from .._api import Api
from .._ids import check_ids
from .._operation import Given
from .._result import task_result
from ._model import Job, newest, read_job
from ._result import job_record
from ._wanted import check_name

# A delete whose outcome is not known is looked at, and sent again for what is still there.
ATTEMPTS = 3


class AbsentJob:
    """One run of the module with ``state: absent``."""

    def __init__(self, given: Given) -> None:
        self._clock, self._options, self._check_mode = given.clock, given.options, given.check_mode
        self._started = self._clock.now()
        self.warnings: list[str] = []
        self.changed = False
        self.action = "none"
        self.found: list[Job] = []
        self.secret_keys = frozenset(str(key) for key in self._options.get("secret_spec") or {})

    def prepare(self) -> None:
        """Check the options; raises InvalidOption before any request is sent."""
        name, job_id = self._options.get("name"), self._options.get("job_id")
        if (name is None) == (job_id is None):
            raise InvalidOption("state=absent: give exactly one of name and job_id")
        if name is not None:
            check_name(name, "name")
        if job_id is not None:
            check_ids("job_id", [job_id])

    def run(self, api: Api) -> None:
        """Delete what is there; raises JobRunning before anything is deleted."""
        self.found = self._find(api)
        running = [job for job in self.found if not job.ended]
        if running and not self._options["force"]:
            raise JobRunning(
                f"job '{running[0].name}' ({running[0].id}) is {running[0].status}: nothing was deleted",
                hint="wait for its end, or set force=true to delete only its record: the work on the servers goes on",
            )
        if not self.found:
            return
        if self._check_mode:
            self.changed, self.action = True, "planned"
            return
        self._delete(api, [job.id for job in self.found])
        # Somebody else may have been quicker.
        self.action = "deleted" if self.changed else "none"

    def _find(self, api: Api) -> list[Job]:
        if self._options.get("job_id") is not None:
            job = _existing(api, self._options["job_id"])
            return [] if job is None else [job]
        name = self._options["name"]
        listing = api.list_jobs(name=name)
        if not listing.complete:
            raise ListIncomplete(
                f"the service lists fewer jobs than it counts, so jobs named '{name}' could be left over",
                hint="run it again, or delete by job_id",
            )
        # A record of the list tells enough: name, status, times.
        jobs = [read_job(record) for record in listing.records]
        return [job for job in jobs if job.name == name and job.status != "DELETED"]

    def _delete(self, api: Api, job_ids: list[str]) -> None:
        lost: OutcomeUnknown | None = None
        for _attempt in range(ATTEMPTS):
            try:
                named = set(api.delete_jobs(job_ids))
                self.changed = True
            except NotFound:
                named = set()
            except OutcomeUnknown as error:
                lost, named, self.changed = error, set(), True
            # Only what the answer does not confirm is looked at.
            job_ids = [job_id for job_id in job_ids if job_id not in named and _existing(api, job_id) is not None]
            if not job_ids:
                return
        left, why = ", ".join(job_ids[:5]), f". {lost.message}" if lost else ""
        raise LiteServerError(
            f"{len(job_ids)} of {len(self.found)} jobs are still there after {ATTEMPTS} attempts to delete them:"
            f" {left}{why}",
            code="not_deleted",
            retryable=True,
            hint="run it again",
        )

    def result(self) -> Record:
        """Every key of the result but ``msg`` and ``error``."""
        last = max(self.found, key=newest, default=None)
        return task_result(
            changed=self.changed,
            action=self.action,
            job=None if last is None else job_record(last.raw, self.secret_keys),
            job_ids=[job.id for job in self.found],
            rows=[],
            submitted=[],
            elapsed=self._clock.now() - self._started,
        )

    def diff(self) -> Record:
        """Each job before and after, for ``--diff``."""
        before = {job.id: f"{job.name}, {job.status}" for job in self.found}
        after = dict.fromkeys(before, "deleted") if self.action in ("deleted", "planned") else dict(before)
        return {"before": before, "after": after, "before_header": "jobs", "after_header": "jobs"}


def _existing(api: Api, job_id: str) -> Job | None:
    """The job if it is there and not deleted, else None.

    A record that the list shows is there, even where it is not found by itself: it holds up every run.
    """
    try:
        job = read_job(api.get_job(job_id))
    except NotFound:
        listed = [record for record in api.list_jobs(id=job_id).records if record["id"] == job_id]
        if not listed:
            return None
        job = read_job(listed[0])
    return None if job.status == "DELETED" else job
