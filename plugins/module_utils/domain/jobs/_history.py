# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Reading the job list as far as the rule for "already done" needs it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..._clock import Clock
from ..._errors import JobUnsettled, ListIncomplete, NotFound
from .._api import Api
from .._waiting import growing_pauses
from ._decision import Judgement, Standing, judge
from ._model import DELETED, Job, Summary, read_job, read_summary
from ._wanted import REUSE_ANY_NAME, Wanted

# A new job lists its servers after some seconds, and may be over before it does. One that runs
# is not waited for longer than this, and one that is over then counts as having none.
SETTLE_SECONDS = 60
SETTLE_SECONDS_WHEN_OVER = 15


def newcomers(api: Api, wanted: Wanted, known_ids: Collection[str], polling: bool = False) -> Iterator[Job]:
    """Jobs within the reach of ``reuse`` that were not there before, each read.

    :param known_ids: ids of the jobs that were there before.
    :raises ListIncomplete: the list is not whole, so there may be others.
    """
    name = _name_of_reach(wanted)
    listing = api.list_jobs(polling=polling, name=name)
    for record in listing.records:
        summary = read_summary(record)
        # A service may filter loosely.
        if summary.id not in known_ids and name in (None, summary.name):
            try:
                yield read_job(api.get_job(summary.id, polling=polling))
            except NotFound:
                continue
    if not listing.complete:
        raise ListIncomplete("the service lists fewer jobs than it counts, so there may be new ones that it does not")


def _name_of_reach(wanted: Wanted) -> str | None:
    """The name that jobs must have to count, or None for any; with reuse=never too, where new ones are told of."""
    return None if wanted.reuse == REUSE_ANY_NAME else wanted.name


def judge_by_history(api: Api, wanted: Wanted, clock: Clock) -> tuple[dict[str, Judgement], set[str]]:
    """Judge every wanted server by the jobs that the service knows.

    :returns: ({server id: Judgement}, ids of the jobs that were there).
    :raises ListIncomplete: a server seems to need a job, but the list is not whole.
    :raises JobUnsettled: a job does not say whether it serves a wanted server, or cannot be read.
    """
    details: dict[str, Job | None] = {}
    end_when_over = clock.now() + SETTLE_SECONDS_WHEN_OVER

    def detail(summary: Summary) -> Job | None:
        if summary.id not in details:
            try:
                details[summary.id] = read_job(api.get_job(summary.id))
            except NotFound:
                details[summary.id] = None  # deleted since it was listed
        job = details[summary.id]
        if job is not None and job.over and not job.tasks and clock.now() >= end_when_over:
            return None  # it has none
        return job

    for _pause in growing_pauses(clock, SETTLE_SECONDS):
        listing = api.list_jobs(name=_name_of_reach(wanted))
        summaries = [read_summary(record) for record in listing.records]
        judged = judge(wanted, summaries, detail)
        standings = {judgement.standing for judgement in judged.values()}
        if not listing.complete and Standing.SUBMIT in standings:
            raise ListIncomplete(
                "the service lists fewer jobs than it counts, so it cannot be told which servers need a job",
                hint="run it again; if it stays, delete old jobs, or use a name of its own with reuse=never",
            )
        # Deleted since it was listed, or not found by mistake: the next list tells.
        lost = [
            summary for summary in summaries if details.get(summary.id, summary) is None and summary.status != DELETED
        ]
        if Standing.UNSETTLED not in standings and not (lost and Standing.SUBMIT in standings):
            return judged, {summary.id for summary in summaries}
        # Only a job that is over, with its tasks, stays as it was read.
        details = {job_id: job for job_id, job in details.items() if job is not None and job.over and job.tasks}
    if Standing.UNSETTLED not in standings:
        raise JobUnsettled(
            f"job '{lost[0].name}' ({lost[0].id}) is in the list, but was not found when it was read, so it cannot be"
            " told which servers it served",
            hint="run it again; if it stays, delete its record (state=absent)",
        )
    job = next(
        judgement.job
        for judgement in judged.values()
        if judgement.standing is Standing.UNSETTLED and judgement.job is not None
    )
    raise JobUnsettled(
        f"job '{job.name}' ({job.id}) runs, but does not list its servers after {SETTLE_SECONDS} s, so it cannot be"
        " told which of the wanted ones it serves",
        hint="run it again when that job is over; if it never ends, delete its record (state=absent, force=true)",
    )


def settled(api: Api, job: Job, clock: Clock) -> Job:
    """The job once it lists its servers, or as it is after a bounded time."""
    for _pause in growing_pauses(clock, SETTLE_SECONDS_WHEN_OVER if job.over else SETTLE_SECONDS):
        if job.tasks:
            break
        job = read_job(api.get_job(job.id))
    return job
