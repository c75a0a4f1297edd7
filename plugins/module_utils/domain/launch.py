# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creating a job so that it cannot be created twice.

The API has no token that would make a create repeatable. So a create whose
outcome is not known is never sent again: the job is looked for instead, among
those that were not there before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ..clock import Clock
from ..errors import ApiError, BadAnswer, LiteServerError, NotFound, OutcomeUnknown
from .records import Job, read_job, read_summary
from .service import Service
from .waiting import growing_pauses
from .wanted import REUSE_NEVER, Wanted

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
    :ivar twins: ids of other new jobs for the same servers and items.
    """

    job: Job
    found: bool = False
    listed: bool = True
    twins: tuple[str, ...] = ()


def launch(
    service: Service,
    wanted: Wanted,
    server_ids: Collection[str],
    known_ids: Collection[str],
    clock: Clock,
    patience: float,
) -> Launched:
    """Send one create request for these servers.

    :param wanted: see :class:`.wanted.Wanted`.
    :param known_ids: ids of all jobs of this name that were there before.
    :param patience: seconds to look for a job, or for its place in the list.
    :raises OutcomeUnknown: nothing was found, so the job may yet appear.
    :raises LiteServerError: the job was surely not created.
    """
    try:
        answer = service.create_job(wanted.body(server_ids))
    except OutcomeUnknown as error:
        return _look_for(service, wanted, server_ids, known_ids, clock, patience, error)
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
        return _look_for(service, wanted, server_ids, known_ids, clock, patience, error)
    return Launched(job, listed=_await_listed(service, job.id, clock, patience))


def _look_for(
    service: Service,
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
                for job in _new_jobs(service, wanted.name, known_ids)
                if job.items == wanted.items and set(job.task_of) == wanted_servers
            ]
        except LiteServerError as error:
            trouble = error
            if not error.retryable:
                break
            continue
        if found:
            found.sort(key=lambda job: (job.created, job.id))
            return Launched(found[-1], found=True, twins=tuple(job.id for job in found[:-1]))
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


def _new_jobs(service: Service, name: str, known_ids: Collection[str]) -> Iterator[Job]:
    listing = service.list_jobs(polling=True, name=name)
    for record in listing.records:
        summary = read_summary(record)
        if summary.name == name and summary.id not in known_ids:
            try:
                yield read_job(service.get_job(summary.id, polling=True))
            except NotFound:
                continue


def _await_listed(service: Service, job_id: str, clock: Clock, patience: float) -> bool:
    """Wait until the list shows a new job.

    Only then does the next run, which decides by the list, surely see it.
    """
    for _pause in growing_pauses(clock, patience):
        try:
            if any(record["id"] == job_id for record in service.list_jobs(polling=True, id=job_id).records):
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
