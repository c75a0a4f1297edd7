# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The earlier jobs of a wanted result, as the service shows them: read as far as the rule for "already done" needs."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping

from ..._clock import Clock
from ..._errors import BadAnswer, JobUnsettled, ListIncomplete, LiteServerError, NotFound
from ..._shapes import Record
from .._api import Api, Listing
from .._waiting import growing_pauses, poll_within
from ._decision import Judgement, Standing, judge, may_share_types, ran_same_items
from ._model import DELETED, Job, Summary, read_job, read_summary, unread_job
from ._template_check import defaults_in
from ._wanted import REUSE_NEVER, Wanted

# A new job lists its servers after some seconds, and may have ended before it does, or before they have. One that runs
# is not waited for longer than this, and one that has ended then counts as it is.
SETTLE_SECONDS = 60
SETTLE_SECONDS_WHEN_ENDED = 15
# The gateway takes 200 calls in 5 minutes: more details than this are worth a word.
MANY_DETAILS = 100


class History:
    """The jobs of a project, and which of them were there when the wanted servers were judged.

    Jobs that come to light later are *newcomers*: one that this run created, or one of another run.

    :ivar unmarked: ids of the jobs without a mark that had to be read: the list does not say which items they ran.
    """

    def __init__(self, api: Api, wanted: Wanted, clock: Clock) -> None:
        self._api = api
        self._wanted = wanted
        self._clock = clock
        self._known_ids: set[str] = set()
        self.unmarked: set[str] = set()
        self._templates: list[Record] | None = None

    def judge(self) -> dict[str, Judgement]:
        """Judge every wanted server by the jobs that the service knows; from here on these are known.

        :returns: {server id: Judgement}.
        :raises ListIncomplete: the list is not whole, and a server seems to be done or to need a job.
        :raises JobUnsettled: a job does not say whether it serves a wanted server, or cannot be read.
        """
        details: dict[str, Job | None] = {}
        ended_since: dict[str, float] = {}

        def detail(summary: Summary) -> Job | None:
            if summary.id not in details:
                details[summary.id] = self._read(summary)
            return details[summary.id]

        def patient(job: Job) -> bool:
            now = self._clock.now()
            return now - ended_since.setdefault(job.id, now) < SETTLE_SECONDS_WHEN_ENDED

        for _pause in growing_pauses(self._clock, SETTLE_SECONDS):
            listing = self._api.list_jobs()
            summaries = [read_summary(record) for record in listing.records]
            judged = judge(self._wanted, summaries, detail, self.defaults, patient)
            unsettled = [each.job for each in judged.values() if each.standing is Standing.UNSETTLED and each.job]
            if not unsettled:
                self._require_whole(listing, judged)
                self._known_ids = {summary.id for summary in summaries}
                return judged
            if not any(not job.ended or patient(job) for job in unsettled):
                break
            # Only a job that has ended, with its tasks, stays as it was read.
            details = {job_id: job for job_id, job in details.items() if job is not None and _is_final(job)}
        raise _never_settled(unsettled[0], [key for key, each in judged.items() if each.job is unsettled[0]])

    def _read(self, summary: Summary) -> Job | None:
        """The job; None where it is gone; what the list tells of it where no more can be read."""
        if summary.mark is None:
            self.unmarked.add(summary.id)
        job: Job | None = None if summary.status == DELETED else unread_job(summary)
        try:
            record = self._api.get_job(summary.id)
        except NotFound:
            return job  # deleted since it was listed, or not found by mistake: the next list shows which
        with contextlib.suppress(BadAnswer):
            job = read_job(record)
        return job

    def _require_whole(self, listing: Listing, judged: Mapping[str, Judgement]) -> None:
        standings = {judgement.standing for judgement in judged.values()}
        if listing.complete or self._wanted.reuse == REUSE_NEVER or standings <= {Standing.RUNNING, Standing.BUSY}:
            return
        raise ListIncomplete(
            "the service lists fewer jobs than it counts, so it is not known which servers are done, and which need a"
            " job",
            hint="run it again; if it stays, delete the records of old jobs (state=absent) until the list is whole;"
            " reuse=never creates a job without asking the list",
        )

    def defaults(self, job: Job) -> Mapping[str, str]:
        """{parameter: value that a job's live template gives it by default}."""
        if self._templates is None:
            self._templates = self._api.list_templates().records
        return defaults_in(self._templates, job, self._wanted.type)

    def ran_same_items(self, job: Job) -> bool | None:
        """Whether a job runs the wanted items, see :func:`._decision.ran_same_items`."""
        return ran_same_items(self._wanted, job, self.defaults)

    def newcomers(self, listing: Listing, polling: bool = False) -> Iterator[Job]:
        """Jobs of a list that were not there when the servers were judged, and may share an item type; each read.

        :raises ListIncomplete: the list is not whole, so there may be others.
        """
        for record in listing.records:
            summary = read_summary(record)
            if summary.id in self._known_ids or not may_share_types(self._wanted, summary):
                continue
            job = unread_job(summary)
            with contextlib.suppress(NotFound):
                job = read_job(self._api.get_job(summary.id, polling=polling))
            if may_share_types(self._wanted, job):
                yield job
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
            return any(job.runs_on(server_ids) or not job.lists_all for job in self.newcomers(self._api.list_jobs()))
        except ListIncomplete:
            return True

    def lost_job(self, nonce: str) -> Job | None:
        """The job whose mark has this nonce, or None where the list does not show it."""
        for record in self._api.list_jobs(polling=True).records:
            summary = read_summary(record)
            # Where the list leaves descriptions out, the detail has them.
            if summary.mark.nonce != nonce if summary.mark else summary.id in self._known_ids:
                continue
            job = unread_job(summary)  # of a job that exists: whoever follows it reads it again
            with contextlib.suppress(NotFound, BadAnswer):
                job = read_job(self._api.get_job(summary.id, polling=True))
            if job.mark is not None and job.mark.nonce == nonce:
                return job
        return None

    def unmarked_newcomers(self) -> list[Job]:
        """The newcomers without a mark, from a list that is whole."""
        return [job for job in self.newcomers(self._api.list_jobs(polling=True), polling=True) if job.mark is None]

    def list_with(self, job_id: str, patience: float) -> Listing | LiteServerError | None:
        """The list as the next run will ask for it, once it shows a new job.

        :param patience: seconds.
        :returns: None where it does not show the job in time; an error where it could not be read in time.
        """

        def read() -> Listing | None:
            listing = self._api.list_jobs(polling=True)
            return listing if any(record["id"] == job_id for record in listing.records) else None

        return poll_within(self._clock, patience, read)

    def concurrent_with(self, own_id: str, listing: Listing, server_ids: Collection[str]) -> Iterator[Job]:
        """Jobs of other runs on these servers, or possibly on them, since they were judged.

        The list shows the own job by now. Where it shows jobs in the order in which they were
        created, it shows every older one too: so the run of the younger of two jobs sees both.
        """
        self._known_ids.add(own_id)
        for job in self.newcomers(listing, polling=True):
            if not job.runs_on(server_ids):
                job = settled(self._api, job, self._clock)
            if job.runs_on(server_ids) or not (job.lists_all or job.ended):
                yield job


def settled(api: Api, job: Job, clock: Clock, server_ids: Collection[str] = ()) -> Job:
    """The job once it says what it has to say, or as it is after a bounded time.

    That is: all its servers, those of ``server_ids`` among them; and with a known end, where it has ended.
    """
    if _says_all(job, server_ids):
        return job
    seen = job

    def read() -> Job | None:
        nonlocal seen
        try:
            seen = read_job(api.get_job(job.id, polling=True))
        except NotFound:
            return None
        return seen if _says_all(seen, server_ids) else None

    failure = poll_within(clock, SETTLE_SECONDS_WHEN_ENDED if job.ended else SETTLE_SECONDS, read)
    if isinstance(failure, LiteServerError) and not failure.retryable:
        raise failure
    return seen


def _says_all(job: Job, server_ids: Collection[str]) -> bool:
    if job.status == DELETED:
        return True
    whole = job.lists_all and len(job.runs_on(server_ids)) == len(server_ids)
    return whole and (not job.ended or all(task.ended for task in job.tasks))


def _is_final(job: Job) -> bool:
    return job.ended and job.lists_all and all(task.ended for task in job.tasks) and bool(job.items or job.mark)


def _never_settled(job: Job, server_ids: Collection[str]) -> JobUnsettled:
    delete = f"delete its record (state=absent, job_id={job.id}{'' if job.ended else ', force=true'})"
    if job.task_on(next(iter(server_ids))) is None:
        lacks = "which servers it serves" if not job.tasks else "all of the servers it serves"
    elif job.created is None:
        lacks = "when it was created"
    else:
        lacks = "which items it runs"
    return JobUnsettled(
        f"job '{job.name}' ({job.id}) is {job.status or 'in the list'}, and does not state {lacks}, so it is not known"
        f" whether {len(server_ids)} of the wanted servers need a job. Nothing was created",
        hint=f"run it again{'' if job.ended else ' when that job has ended'}; if it stays, check the servers, then"
        f" {delete}: from then on this task goes by the other jobs",
    )
