# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Following jobs to their ends, those of several runs side by side, and what the ends mean for a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..._clock import Clock
from ..._errors import LiteServerError, NotFound, ServersFailed
from .._api import Api
from .._progress import Progress
from .._result import ServerRow
from .._waiting import WaitLimits, watch
from .._wording import name_servers
from ._decision import verdict_of
from ._history import SETTLE_SECONDS_WHEN_ENDED
from ._model import DELETED, JOB_STATUSES, SKIPPED, TASK_STATUSES, Job, read_job
from ._polls import JobPolls
from ._run import Run, rows_of, servers_of_jobs


def wait_for(
    api: Api, runs: Sequence[Run], clock: Clock, limits: WaitLimits, progress: Progress, resume: str | None = None
) -> LiteServerError | None:
    """Wait side by side until the task of every wanted server has ended, or its job has.

    Each run takes what is seen, and whether the time was up for it (``timed_out``). Of several, one whose job cannot be
    read any more takes the error (``failure``), and the others are waited for.

    :param resume: how to come back to this wait, or None where there is no way.
    :returns: the error of the last poll where the time was up, or None.
    """
    servers_of = {(id(run), job_id): server_ids for run in runs for job_id, server_ids in servers_of_jobs(run).items()}
    followed = {job_id for _run, job_id in servers_of}
    ended_since: dict[str, float] = {}

    broken: set[str] = set()

    def give_up(job_id: str, error: LiteServerError) -> None:
        if len(runs) == 1:
            raise error
        broken.add(job_id)
        for run in runs:
            if job_id in run.jobs:
                run.failure = error

    def ended(job_id: str, job: Job) -> bool:
        if job_id in broken:
            return True
        verdicts = {
            verdict_of(job, job.task_on(server_id), run.skipped_ok, run.is_reboot)
            for run in runs
            for server_id in servers_of.get((id(run), job_id), ())
        }
        if not verdicts & {"running", "unknown"}:
            return True
        if job.status == DELETED or not job.ended:
            return job.ended
        # It may have ended before it lists its servers, or before its tasks say so.
        now = clock.now()
        return now - ended_since.setdefault(job_id, now) >= SETTLE_SECONDS_WHEN_ENDED

    def poll(job_id: str) -> Job | None:
        try:
            return read_job(api.get_job(job_id, polling=True))
        except NotFound:
            return None

    def take(seen: dict[str, Job]) -> None:
        for run in runs:
            run.jobs.update((job_id, seen[job_id]) for job_id in run.jobs if job_id in seen)

    state = watch(
        {job_id: job for run in runs for job_id, job in run.jobs.items() if job_id in followed},
        JobPolls(api, poll, give_up),
        take,
        ended=ended,
        gone=lambda job: replace(job, status=DELETED),
        rows=lambda: [row for run in runs for row in rows_of(run)],
        clock=clock,
        limits=limits,
        progress=progress,
        resume=resume,
        closed_until=max((run.closed_until for run in runs), default=0),
    )
    if not state.timed_out:
        return None
    for run in runs:
        run.timed_out = any(row["verdict"] == "running" for row in rows_of(run))
    return state.last_error


def require_success(run: Run, fail_on: str, repair: str) -> None:
    """Judge the servers of a run as they were seen last.

    :param fail_on: the option.
    :param repair: what submits a failed server again.
    :raises ServersFailed: servers failed, or have no known outcome.
    """
    rows = rows_of(run)
    warn_of_statuses(run, rows)
    failed = [row for row in rows if row["verdict"] == "failed"]
    unknown = [row for row in rows if row["verdict"] == "unknown"]
    bad = failed + unknown
    if bad and (fail_on == "any" or (fail_on == "all" and len(bad) == len(rows))):
        raise _servers_failed(failed, unknown, len(rows), repair)
    if bad:
        run.warnings.append(f"fail_on={fail_on} lets this pass: {name_servers(bad)}")


def warn_of_statuses(run: Run, rows: list[ServerRow]) -> None:
    """Name what the user should know although it does not fail."""
    skipped = [row for row in rows if row["status"] == SKIPPED and row["verdict"] == "done"]
    if skipped:
        run.warnings.append(f"skipped by the service, and taken as done (skipped=ok): {name_servers(skipped)}")
    strange = sorted({row["status"] for row in rows if row["status"]} - TASK_STATUSES)
    if strange:
        run.warnings.append(f"task status not documented, taken for neither success nor failure: {', '.join(strange)}")
    strange = sorted({run.jobs[job_id].status for job_id in run.serving.values()} - JOB_STATUSES)
    if strange:
        run.warnings.append(f"job status not documented, taken as running: {', '.join(strange)}")


def _servers_failed(failed: list[ServerRow], unknown: list[ServerRow], total: int, repair: str) -> ServersFailed:
    texts, hints = [], []
    if failed:
        texts.append(f"{len(failed)} of {total} servers failed: {name_servers(failed)}")
        hints.append(repair)
    if unknown:
        texts.append(
            f"{len(unknown)} of {total} servers have no known outcome, although their job has ended:"
            f" {name_servers(unknown)}"
        )
        hints.append(
            "check the servers without a known outcome themselves: as long as the service shows their job, this task"
            " does not start them again; once nothing works on them any more, delete its record (state=absent,"
            " job_id=...), and it does"
        )
    return ServersFailed("; ".join(texts), hint="; ".join(hints))
