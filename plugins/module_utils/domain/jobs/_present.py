# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""``state: present``: bring every wanted server to have run the items, or attach to a job."""

from __future__ import annotations

from dataclasses import replace

from ..._errors import InvalidOption, LiteServerError, WaitTimedOut
from ..._shapes import Options, Record
from .._api import Api
from .._ids import check_ids
from .._operation import Given
from .._progress import Progress
from .._result import task_result
from .._waiting import GO_ON_WAITING, WaitLimits, check_wait_options, timed_out_error
from ._decision import ran_same_items
from ._follow import require_success, wait_for, warn_of_statuses
from ._model import Job, read_job
from ._result import job_record
from ._run import Run, diff_of, job_ids_of, rows_of
from ._start import attach, require_servers, start
from ._template_check import defaults_in
from ._wanted import REUSE_NEVER, Wanted, read_wanted

# What is true of a repeat that finds nothing of what was started before.
NEW_JOB = "with reuse=never, running the same task again creates a new job"


class PresentJob:
    """An operation: one run of ``liteserver_job`` with ``state: present``."""

    def __init__(self, given: Given) -> None:
        self._given, self._clock, self._options = given, given.clock, given.options
        self._started = self._clock.now()
        self._wanted: Wanted | None = None  # with job_id, whatever that job runs
        self.warnings: list[str] = []
        self.known = Run(
            skipped_ok=self._options["skipped"] == "ok",
            is_reboot=self._options.get("is_reboot"),
            check_mode=given.check_mode,
            conceal=given.conceal,
            warnings=self.warnings,
        )

    def prepare(self) -> None:
        """Check the options; raises InvalidOption before any request is sent."""
        check_wait_options(self._options)
        if self._options.get("job_id") is not None:
            check_ids("job_id", [self._options["job_id"]])
            if self._options.get("server_ids") is not None:
                self.known = replace(self.known, server_ids=check_ids("server_ids", self._options["server_ids"]))
            return
        self._wanted, doubts = read_wanted(self._options)
        self.warnings += map(str, doubts)
        self.known = replace(self.known, server_ids=self._wanted.server_ids, title=self._wanted.name)

    def run(self, api: Api) -> None:
        """Bring it about.

        :param api: see :class:`...transport._api_client.LiteServerApi`.
        """
        if self._wanted is None:
            job = read_job(api.get_job(self._options["job_id"]))
            self.warnings += _doubts_about(api, job, self._options)
            self.known = attach(api, self.known, job, self._clock)
            require_servers(self.known)
        elif self.known.check_mode:
            start(api, self.known, self._wanted, self._clock, self._options["request_timeout"])
        else:
            with self._given.lock:
                start(api, self.known, self._wanted, self._clock, self._options["request_timeout"])
        if self.known.check_mode:
            return
        if self._options["wait"] and self.known.serving:
            self._wait(api)
        require_success(self.known, self._options["fail_on"], self._how_to_repair())

    def _wait(self, api: Api) -> None:
        progress = Progress(self.known.title, self._options["progress"], self._clock.now(), self._given.write_progress)
        resume = GO_ON_WAITING if self._may_repeat else None
        last_error = wait_for(api, [self.known], self._clock, WaitLimits.of(self._options), progress, resume)
        if self.known.timed_out:
            warn_of_statuses(self.known, rows_of(self.known))
            raise self._wait_timed_out(last_error)

    def _wait_timed_out(self, last_error: LiteServerError | None) -> WaitTimedOut:
        rows = rows_of(self.known)
        jobs = ", ".join(dict.fromkeys(str(row["job_id"]) for row in rows if row["verdict"] == "running"))
        again = GO_ON_WAITING if self._may_repeat else f"to go on waiting, use job_id; {NEW_JOB}"
        hint = f"job {jobs} goes on; {again}"
        return timed_out_error(self._options, rows, "done", last_error, hint, self._may_repeat)

    @property
    def _may_repeat(self) -> bool:
        """Whether the same task once more finds what this one started or waits for."""
        return self._wanted is None or self._wanted.reuse != REUSE_NEVER

    def _how_to_repair(self) -> str:
        if self._wanted is None:
            return "nothing is submitted with job_id; a task with name and server_ids submits the failed servers"
        return "running the same task again submits only the failed servers" if self._may_repeat else NEW_JOB

    def result(self) -> Record:
        """Every key of the result but ``msg`` and ``error``."""
        job = self.known.jobs.get(self.known.main_job_id or "")
        secret_keys = frozenset(str(key) for key in self._options.get("secret_spec") or {})
        return task_result(
            changed=bool(self.known.submitted),
            action=self.known.action,
            job=None if job is None else job_record(job.raw, secret_keys),
            job_ids=job_ids_of(self.known),
            rows=rows_of(self.known),
            submitted=self.known.submitted,
            timed_out=self.known.timed_out,
            elapsed=self._clock.now() - self._started,
        )

    def diff(self) -> Record:
        """Each server before and after, for ``--diff``."""
        return diff_of(self.known)


def _doubts_about(api: Api, job: Job, options: Options) -> list[str]:
    """Warnings about the items that a task gives beside a job id.

    :raises InvalidOption: the job runs other items: a mistake, and nothing that could be brought about.
    """
    if options.get("items") is None and options.get("spec") is None:
        return []
    described = dict(options, name="attached", server_ids=["attached"])
    if described.get("type") is None:
        described["type"] = job.items[0].type if job.items else "unknown"
    wanted, doubts = read_wanted(described)
    same_items = ran_same_items(wanted, job, lambda job: defaults_in(api.list_templates().records, job, wanted.type))
    if same_items is False:
        raise InvalidOption(
            f"job '{job.id}' runs other items than the ones given: leave items and spec out", ("job_id",)
        )
    warnings = [str(doubt) for doubt in doubts]
    if same_items is None:
        warnings.append(f"job '{job.id}' does not show which items it runs: they are not compared with the ones given")
    return warnings
