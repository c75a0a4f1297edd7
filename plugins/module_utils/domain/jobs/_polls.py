# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Polling jobs so that the requests grow with what changes, and not with the number of jobs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeAlias

from ..._errors import LiteServerError
from ..._shapes import Record
from .._api import Api
from ._model import JOB_ENDED, Job

# So many are read one by one: the list would save nothing.
FEW_JOBS = 3
# Beyond, a job that the list shows unchanged is read in every second round, the one that was not read for longest.
# For 20 jobs and polls 10 s apart, none goes unread for more than 7 minutes, whatever the list says.
ROUNDS_PER_REREAD = 2

Answer: TypeAlias = "Job | LiteServerError | None"


class JobPolls:
    """One round of polls after the other; each is one request for the job list, and one for each job that has changed.

    A list may be stale, so it never says that a job has ended, or what came of it: it only says which jobs to read.

    :param read: takes a job id; returns the Job, or None where it is not found.
    :param broken: takes (job id, an error that no repetition can fix); may raise it.
    """

    def __init__(
        self,
        api: Api,
        read: Callable[[str], Job | None],
        broken: Callable[[str, LiteServerError], object],
    ) -> None:
        self._api = api
        self._read = read
        self._broken = broken
        self._rounds = 0
        self._shown: dict[str, tuple[Any, ...] | None] = {}
        self._read_in: dict[str, int] = {}

    def __call__(self, job_ids: Collection[str]) -> dict[str, Answer]:
        """See the ``poll`` of :func:`.._waiting.wait`; a job that is left out is as it was."""
        self._rounds += 1
        if len(job_ids) <= FEW_JOBS:
            return {job_id: self._answer(job_id) for job_id in job_ids}
        shown: dict[str, tuple[Any, ...]] = {}
        failure: LiteServerError | None = None
        try:
            shown = {record["id"]: _shown(record) for record in self._api.list_jobs(polling=True).records}
        except LiteServerError as error:
            if not error.retryable:
                raise
            failure = error
        due = self._due(job_ids, shown) if failure is None else []
        if self._rounds % ROUNDS_PER_REREAD == 0:
            due.append(min(job_ids, key=lambda job_id: self._read_in.get(job_id, 0)))
        answers = {job_id: self._answer(job_id) for job_id in dict.fromkeys(due)}
        for job_id, answer in answers.items():
            # Read after the list: what changed in between, the next list shows. What was not found, and a job that has
            # ended and is still asked for, may change without a sign in the list.
            self._shown[job_id] = shown.get(job_id) if isinstance(answer, Job) and not answer.ended else None
        if failure is not None:
            answers.setdefault(next(job_id for job_id in job_ids if job_id not in answers), failure)
        return answers

    def _due(self, job_ids: Iterable[str], shown: dict[str, tuple[Any, ...]]) -> list[str]:
        """The jobs that are not shown as they were when they were read last, or not at all."""
        due = []
        for job_id in job_ids:
            now = shown.get(job_id)
            if job_id not in self._shown and now is not None and _is_quiet(now):
                self._shown[job_id] = now  # whoever started it knows as much; it is among those to read next
            elif now is None or now != self._shown.get(job_id):
                due.append(job_id)
        return due

    def _answer(self, job_id: str) -> Answer:
        self._read_in[job_id] = self._rounds
        try:
            return self._read(job_id)
        except LiteServerError as error:
            if not error.retryable:
                self._broken(job_id, error)
            return error


def _shown(record: Record) -> tuple[Any, ...]:
    """What of a job's summary changes with the job."""
    return record.get("status"), record.get("update_at"), record.get("abnormal_count")


def _is_quiet(shown: tuple[Any, ...]) -> bool:
    """Whether a summary shows a job that runs, and nothing that has gone wrong."""
    status, _updated, abnormal = shown
    return status not in JOB_ENDED and not abnormal
