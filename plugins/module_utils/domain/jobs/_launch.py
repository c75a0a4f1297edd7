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
from ._history import History
from ._model import Job, newest, read_job
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
    :ivar concurrent: other jobs with the same item types that began on these servers, or may have,
        since they were judged.
    :ivar unseen: the LiteServerError that kept it from being seen whether there are such jobs, or None.
    """

    job: Job
    found: bool = False
    listed: bool = True
    concurrent: tuple[Job, ...] = ()
    unseen: LiteServerError | None = None


def launch(
    api: Api, history: History, wanted: Wanted, server_ids: Collection[str], clock: Clock, patience: float
) -> Launched:
    """Send one create request for these servers.

    :param history: that judged these servers.
    :param patience: seconds to look for a job, or for its place in the list.
    :raises OutcomeUnknown: nothing was found, so the job may yet appear.
    :raises LiteServerError: the job was surely not created.
    """
    try:
        answer = api.create_job(wanted.body(server_ids))
    except OutcomeUnknown as error:
        launched = Launched(_lost_job(history, wanted, server_ids, clock, patience, error), found=True)
    except ApiError as error:
        if _says_name_taken(error):
            error.hint = UNIQUE_NAME_HINT
        elif isinstance(error, NotFound):
            error.hint = "server_ids takes ids of Lite Servers, not of the ECS or BMS underneath"
        raise
    else:
        try:
            launched = Launched(read_job(answer))
        except BadAnswer as error:
            # There is an id, but the rest cannot be read: the job exists.
            launched = Launched(_lost_job(history, wanted, server_ids, clock, patience, error), found=True)
        else:
            if not history.shows(launched.job.id, patience):
                return replace(launched, listed=False)
    concurrent: list[Job] = []
    try:
        for job in history.concurrent_with(launched.job.id, server_ids):
            concurrent.append(job)
    except LiteServerError as error:
        # The job runs: a list that fails must not hide that.
        return replace(launched, concurrent=tuple(concurrent), unseen=error)
    return replace(launched, concurrent=tuple(concurrent))


def _lost_job(
    history: History,
    wanted: Wanted,
    server_ids: Collection[str],
    clock: Clock,
    patience: float,
    lost: LiteServerError,
) -> Job:
    """Find the job of a create whose answer was lost."""
    wanted_servers = set(server_ids)
    failure = None
    for _pause in growing_pauses(clock, patience):
        try:
            found = [
                job
                for job in history.newcomers(polling=True)
                if job.name == wanted.name and job.items == wanted.items and set(job.task_of) == wanted_servers
            ]
        except LiteServerError as error:
            failure = error
            if not error.retryable:
                break
            continue
        if found:
            # Of several, the one that the next run goes by.
            return max(found, key=newest)
    message = (
        f"{lost.message.rstrip('.')}. It is not known whether the job was created: no such job appeared within"
        f" {patience} s"
    )
    if failure is not None:
        message += f" (the last look failed: {failure.message})"
    raise OutcomeUnknown(
        message + ".",
        http_status=lost.http_status,
        request_id=lost.request_id,
        hint=LOOK_FIRST_HINT if wanted.reuse == REUSE_NEVER else NEVER_TWICE_HINT,
    ) from lost


def _says_name_taken(error: ApiError) -> bool:
    text = error.message.lower()
    return (
        error.http_status in (400, 409)
        and "name" in text
        and ("exist" in text or "duplicat" in text or "in use" in text)
    )
