# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Creating a job so that it cannot be created twice.

The API has no token that would make a create repeatable. So a create whose
outcome is not known is never sent again: the job that carries the nonce of this
create is looked for instead. Nor has it a lock: of two runs that begin at once
on two controllers both may create a job, so after each create others are looked for.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from ..._clock import Clock
from ..._errors import ApiError, BadAnswer, LiteServerError, NotFound, OutcomeUnknown
from .._api import Api
from .._waiting import poll_within
from ._history import History
from ._mark import nonce_of
from ._model import Job, newest, read_job
from ._wanted import REUSE_NEVER, Wanted

NEVER_TWICE_HINT = (
    "rerunning the task is safe as soon as the service lists the job, if there is one: it searches for it first,"
    " and creates a job only for servers that no job serves"
)
LOOK_FIRST_HINT = (
    "with reuse=never, running the same task again creates a job in any case: check with liteserver_job_info first"
)
UNIQUE_NAME_HINT = (
    "this project takes each job name only once: make name differ at each attempt (a date or a counter in it), and set"
    " reuse=any_name so that the earlier jobs still count"
)


@dataclass(frozen=True)
class Launched:
    """A job that runs because of this create.

    :ivar found: True where the answer to the create was lost and the job was found.
    :ivar listed: whether the job list shows it by now, as far as could be seen.
    :ivar concurrent: other jobs that share an item type and began on these servers, or may have,
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
    nonce = nonce_of(clock.uniform())
    try:
        answer = api.create_job(wanted.body(server_ids, nonce))
    except OutcomeUnknown as error:
        launched = Launched(_lost_job(history, wanted, server_ids, nonce, clock, patience, error), found=True)
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
            launched = Launched(_lost_job(history, wanted, server_ids, nonce, clock, patience, error), found=True)
    listing = history.list_with(launched.job.id, patience)
    if listing is None:
        return replace(launched, listed=False)
    if isinstance(listing, LiteServerError):
        return replace(launched, unseen=listing)
    concurrent: list[Job] = []
    try:
        for job in history.concurrent_with(launched.job.id, listing, server_ids):
            concurrent.append(job)
    except LiteServerError as error:
        # The job runs: a list that fails must not hide that.
        return replace(launched, concurrent=tuple(concurrent), unseen=error)
    return replace(launched, concurrent=tuple(concurrent))


def _lost_job(
    history: History,
    wanted: Wanted,
    server_ids: Collection[str],
    nonce: str,
    clock: Clock,
    patience: float,
    lost: LiteServerError,
) -> Job:
    """Find the job of a create whose answer was lost."""
    marked = wanted.mark_for(server_ids, nonce) is not None
    found = poll_within(
        clock, patience, lambda: history.lost_job(nonce) if marked else _unmarked_job(history, wanted, server_ids)
    )
    if isinstance(found, Job):
        return found
    message = (
        f"{lost.message.rstrip('.')}. It is not known whether the job was created: no such job appeared within"
        f" {patience} s"
    )
    if found is not None:
        message += f" (the last poll failed: {found.message})"
    raise OutcomeUnknown(
        message + ".",
        http_status=lost.http_status,
        request_id=lost.request_id,
        hint=LOOK_FIRST_HINT if wanted.reuse == REUSE_NEVER else NEVER_TWICE_HINT,
    ) from lost


def _unmarked_job(history: History, wanted: Wanted, server_ids: Collection[str]) -> Job | None:
    """The newest job that came to light since, with this name and items on exactly these servers."""
    same = [
        job
        for job in history.unmarked_newcomers()
        if job.name == wanted.name
        and history.ran_same_items(job)
        and len(job.runs_on(server_ids)) == len(server_ids) == len(job.task_of)
    ]
    return max(same, key=newest, default=None)


def _says_name_taken(error: ApiError) -> bool:
    text = error.message.lower()
    return (
        error.http_status in (400, 409)
        and "name" in text
        and ("exist" in text or "duplicat" in text or "in use" in text)
    )
