# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The earlier jobs of a wanted result, as the service shows them: read as far as the rule for "already done" needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..._clock import Clock
from ..._errors import JobUnsettled, ListIncomplete, LiteServerError, NotFound
from .._api import Api
from .._waiting import growing_pauses
from ._decision import Judgement, Standing, judge
from ._model import DELETED, Job, Summary, read_job, read_summary
from ._wanted import REUSE_ANY_NAME, REUSE_NEVER, Wanted

# A new job lists its servers after some seconds, and may have ended before it does. One that runs
# is not waited for longer than this, and one that has ended then counts as having none.
SETTLE_SECONDS = 60
SETTLE_SECONDS_WHEN_ENDED = 15


class History:
    """The jobs that count for a wanted result, and which of them were there when its servers were judged.

    Jobs that come to light later are *newcomers*: one that this run created, or one of another run.
    """

    def __init__(self, api: Api, wanted: Wanted, clock: Clock) -> None:
        self._api = api
        self._wanted = wanted
        self._clock = clock
        # The name that jobs must have to count, or None for any; with reuse=never too, where newcomers are reported.
        self._name = None if wanted.reuse == REUSE_ANY_NAME else wanted.name
        self._known_ids: set[str] = set()

    def judge(self) -> dict[str, Judgement]:
        """Judge every wanted server by the jobs that the service knows; from here on these are known.

        :returns: {server id: Judgement}.
        :raises ListIncomplete: a server seems to need a job, but the list is not whole.
        :raises JobUnsettled: a job does not say whether it serves a wanted server, or cannot be read.
        """
        details: dict[str, Job | None] = {}
        end_when_ended = self._clock.now() + SETTLE_SECONDS_WHEN_ENDED

        def detail(summary: Summary) -> Job | None:
            if summary.id not in details:
                try:
                    details[summary.id] = read_job(self._api.get_job(summary.id))
                except NotFound:
                    details[summary.id] = None  # deleted since it was listed
            job = details[summary.id]
            if job is not None and job.ended and not job.tasks and self._clock.now() >= end_when_ended:
                return None  # it has none
            return job

        for _pause in growing_pauses(self._clock, SETTLE_SECONDS):
            listing = self._api.list_jobs(name=self._name)
            summaries = [read_summary(record) for record in listing.records]
            judged = judge(self._wanted, summaries, detail)
            standings = {judgement.standing for judgement in judged.values()}
            if not listing.complete and Standing.SUBMIT in standings:
                raise ListIncomplete(
                    "the service lists fewer jobs than it counts, so it cannot be told which servers need a job",
                    hint="run it again; if it stays, delete old jobs, or use a name of its own with reuse=never",
                )
            # Deleted since it was listed, or not found by mistake: the next list shows which.
            lost = [
                summary
                for summary in summaries
                if details.get(summary.id, summary) is None and summary.status != DELETED
            ]
            if Standing.UNSETTLED not in standings and not (lost and Standing.SUBMIT in standings):
                self._known_ids = {summary.id for summary in summaries}
                return judged
            # Only a job that has ended, with its tasks, stays as it was read.
            details = {job_id: job for job_id, job in details.items() if job is not None and job.ended and job.tasks}
        if Standing.UNSETTLED not in standings:
            raise _never_found(lost[0])
        raise _never_settled(
            next(
                judgement.job
                for judgement in judged.values()
                if judgement.standing is Standing.UNSETTLED and judgement.job is not None
            )
        )

    def newcomers(self, polling: bool = False) -> Iterator[Job]:
        """Jobs that were not there when the servers were judged, each read.

        :raises ListIncomplete: the list is not whole, so there may be others.
        """
        listing = self._api.list_jobs(polling=polling, name=self._name)
        for record in listing.records:
            summary = read_summary(record)
            # A service may filter loosely.
            if summary.id not in self._known_ids and self._name in (None, summary.name):
                try:
                    yield read_job(self._api.get_job(summary.id, polling=polling))
                except NotFound:
                    continue
        if not listing.complete:
            raise ListIncomplete(
                "the service lists fewer jobs than it counts, so there may be new ones that it does not"
            )

    def overtaken(self, server_ids: Collection[str]) -> bool:
        """Whether a job began on these servers, or may have, since they were judged.

        It leaves other runs one request's time to do so unseen.
        """
        if self._wanted.reuse == REUSE_NEVER:
            return False
        try:
            return any(
                job.item_types == self._wanted.item_types
                and (not job.tasks or not set(job.task_of).isdisjoint(server_ids))
                for job in self.newcomers()
            )
        except ListIncomplete:
            return True

    def concurrent_with(self, own_id: str, server_ids: Collection[str]) -> Iterator[Job]:
        """Jobs of other runs on these servers, or possibly on them, since they were judged.

        The list shows the own job by now. Where it shows jobs in the order in which they were
        created, it shows every older one too: so the run of the younger of two jobs sees both.
        """
        self._known_ids.add(own_id)
        for job in self.newcomers():
            if job.item_types != self._wanted.item_types:
                continue
            try:
                job = settled(self._api, job, self._clock)
            except NotFound:
                continue
            if not set(job.task_of).isdisjoint(server_ids) or not (job.tasks or job.ended):
                yield job

    def shows(self, job_id: str, patience: float) -> bool:
        """Wait until the list shows a new job, for so many seconds.

        Only then does the next run, which decides by the list, surely see it.
        """
        for _pause in growing_pauses(self._clock, patience):
            try:
                if any(record["id"] == job_id for record in self._api.list_jobs(polling=True, id=job_id).records):
                    return True
            except LiteServerError as error:
                # The job runs: a list that fails must not hide that.
                if not error.retryable:
                    return False
        return False


def settled(api: Api, job: Job, clock: Clock) -> Job:
    """The job once it lists its servers, or as it is after a bounded time."""
    for _pause in growing_pauses(clock, SETTLE_SECONDS_WHEN_ENDED if job.ended else SETTLE_SECONDS):
        if job.tasks:
            break
        job = read_job(api.get_job(job.id))
    return job


def _never_found(summary: Summary) -> JobUnsettled:
    return JobUnsettled(
        f"job '{summary.name}' ({summary.id}) is in the list, but was not found when it was read, so it cannot be"
        " told which servers it served",
        hint="run it again; if it stays, delete its record (state=absent)",
    )


def _never_settled(job: Job) -> JobUnsettled:
    return JobUnsettled(
        f"job '{job.name}' ({job.id}) runs, but does not list its servers after {SETTLE_SECONDS} s, so it cannot be"
        " told which of the wanted ones it serves",
        hint="run it again when that job is over; if it never ends, delete its record (state=absent, force=true)",
    )
