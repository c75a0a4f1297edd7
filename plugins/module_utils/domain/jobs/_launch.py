# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Creating a job so that it cannot be created twice.

The API has no token that would make a create repeatable. So a create whose
outcome is not known is never sent again: the job is looked for instead, among
those that were not there before. Nor has it a lock: of two runs that begin at
once both may create a job, so after each create others are looked for.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from ..._clock import Clock
from ..._errors import ApiError, BadAnswer, LiteServerError, NotFound, OutcomeUnknown
from .._api import Api
from .._waiting import growing_pauses
from ._history import newcomers, settled
from ._model import Job, read_job
from ._wanted import REUSE_NEVER, Wanted

NEVER_TWICE_HINT = (
    "running the same task again is safe: it looks for the job first, and creates one only for servers that no job of"
    " this name has served"
)
LOOK_FIRST_HINT = (
    "with reuse=never, running the same task again creates a job in any case: look with liteserver_job_info first"
)
UNIQUE_NAME_HINT = (
    "this project takes each job name only once: make name differ at each attempt (a date or a counter in it), and set"
    " reuse=any_name so that the earlier jobs still count"
)


@dataclass(frozen=True)
class Launched:
    """A job that runs because of this create.

    :ivar found: True where the answer to the create was lost and the job was found.
    :ivar listed: whether the job list shows it by now.
    :ivar twins: other jobs with the same item types that began on these servers, or may have,
        since they were judged.
    :ivar unseen: the LiteServerError that kept it from being seen whether there are twins, or None.
    """

    job: Job
    found: bool = False
    listed: bool = True
    twins: tuple[Job, ...] = ()
    unseen: LiteServerError | None = None


def launch(
    api: Api,
    wanted: Wanted,
    server_ids: Collection[str],
    known_ids: Collection[str],
    clock: Clock,
    patience: float,
) -> Launched:
    """Send one create request for these servers.

    :param wanted: see :class:`._wanted.Wanted`.
    :param known_ids: ids of the jobs, of those that count, that were there before.
    :param patience: seconds to look for a job, or for its place in the list.
    :raises OutcomeUnknown: nothing was found, so the job may yet appear.
    :raises LiteServerError: the job was surely not created.
    """
    try:
        answer = api.create_job(wanted.body(server_ids))
    except OutcomeUnknown as error:
        return _look_for(api, wanted, server_ids, known_ids, clock, patience, error)
    except ApiError as error:
        if _says_name_taken(error):
            error.hint = UNIQUE_NAME_HINT
        elif isinstance(error, NotFound):
            error.hint = "server_ids takes ids of Lite Servers, not of the ECS or BMS underneath"
        raise
    try:
        job = read_job(answer)
    except BadAnswer as error:
        # There is an id, but the rest cannot be read: the job exists.
        return _look_for(api, wanted, server_ids, known_ids, clock, patience, error)
    if not _await_listed(api, job.id, clock, patience):
        return Launched(job, listed=False)
    return _with_twins(Launched(job), api, wanted, server_ids, known_ids, clock)


def _look_for(
    api: Api,
    wanted: Wanted,
    server_ids: Collection[str],
    known_ids: Collection[str],
    clock: Clock,
    patience: float,
    lost: LiteServerError,
) -> Launched:
    """Find the job of a create whose answer was lost."""
    wanted_servers = set(server_ids)
    trouble = None
    for _pause in growing_pauses(clock, patience):
        try:
            found = [
                job
                for job in newcomers(api, wanted, known_ids, polling=True)
                if job.name == wanted.name and job.items == wanted.items and set(job.task_of) == wanted_servers
            ]
        except LiteServerError as error:
            trouble = error
            if not error.retryable:
                break
            continue
        if found:
            # Of several, the one that the next run goes by.
            own = max(found, key=lambda job: (job.created, job.id))
            return _with_twins(Launched(own, found=True), api, wanted, server_ids, known_ids, clock)
    message = (
        f"{lost.message.rstrip('.')}. It is not known whether the job was created: no such job appeared within"
        f" {patience} s"
    )
    if trouble is not None:
        message += f" (the last look failed: {trouble.message})"
    raise OutcomeUnknown(
        message + ".",
        http_status=lost.http_status,
        request_id=lost.request_id,
        hint=LOOK_FIRST_HINT if wanted.reuse == REUSE_NEVER else NEVER_TWICE_HINT,
    ) from lost


def _with_twins(
    launched: Launched,
    api: Api,
    wanted: Wanted,
    server_ids: Collection[str],
    known_ids: Collection[str],
    clock: Clock,
) -> Launched:
    """Look for jobs of other runs that judged these servers before this job was there.

    The list shows this job by now. Where it shows jobs in the order in which they were
    created, it shows every older one too: so the run of the younger of two jobs sees both.
    """
    twins: list[Job] = []
    try:
        for job in newcomers(api, wanted, {*known_ids, launched.job.id}):
            if job.item_types != wanted.item_types:
                continue
            try:
                job = settled(api, job, clock)
            except NotFound:
                continue
            if not set(job.task_of).isdisjoint(server_ids) or not (job.tasks or job.over):
                twins.append(job)
    except LiteServerError as error:
        # The job runs: a list that fails must not hide that.
        return replace(launched, twins=tuple(twins), unseen=error)
    return replace(launched, twins=tuple(twins))


def _await_listed(api: Api, job_id: str, clock: Clock, patience: float) -> bool:
    """Wait until the list shows a new job.

    Only then does the next run, which decides by the list, surely see it.
    """
    for _pause in growing_pauses(clock, patience):
        try:
            if any(record["id"] == job_id for record in api.list_jobs(polling=True, id=job_id).records):
                return True
        except LiteServerError as error:
            # The job runs: a list that fails must not hide that.
            if not error.retryable:
                return False
    return False


def _says_name_taken(error: ApiError) -> bool:
    text = error.message.lower()
    return (
        error.http_status in (400, 409)
        and "name" in text
        and ("exist" in text or "duplicat" in text or "in use" in text)
    )
