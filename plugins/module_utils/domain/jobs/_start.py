# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Bringing servers to a wanted result: judge them, and create one job for those that need it; or attach to a job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..._clock import Clock
from ..._errors import InvalidOption, LiteServerError, OutcomeUnknown, ServersBusy, TemplateRejected
from .._api import Api
from .._wording import name_servers, some_of
from ._decision import Standing
from ._history import MANY_DETAILS, History, settled
from ._launch import Launched, launch
from ._model import Job
from ._run import (
    Run,
    add_concurrent,
    attach_to_newest,
    deciding_job,
    follow,
    row_of,
    servers_at,
    take_judgements,
)
from ._template_check import findings
from ._wanted import UNMARKED, Wanted


def start(api: Api, run: Run, wanted: Wanted, clock: Clock, patience: float) -> None:
    """Start one job for exactly the servers that need it, and attach to what runs; in check mode, plan it.

    Whoever may call it for the same servers at the same time holds a lock around it: when it returns, the list shows
    the new job, as far as could be seen, and the next caller finds it.

    :param run: takes what becomes known, whatever is raised.
    :param patience: seconds to look for a job without an answer: as long as an answer may take.
    :raises ServersBusy: other items run on a server.
    :raises OutcomeUnknown: a create request was sent, and its job was not found.
    :raises LiteServerError: see :meth:`._history.History.judge` and :func:`._launch.launch`.
    """
    history = History(api, wanted, clock)
    _judge(run, history)
    if servers_at(run, Standing.SUBMIT):
        _check_template(api, run, wanted)
        if not run.check_mode and history.overtaken(servers_at(run, Standing.SUBMIT)):
            _judge(run, history)
    submit, running = servers_at(run, Standing.SUBMIT), servers_at(run, Standing.RUNNING)
    if submit:
        run.submitted = tuple(submit)
        if wanted.mark and not wanted.has_room_for_mark(submit):
            run.warnings.append(UNMARKED)
        if run.check_mode:
            run.action = "planned"
        else:
            _create(api, run, history, wanted, clock, patience)
    elif running:
        attach_to_newest(run, running)


def judge_only(api: Api, run: Run, wanted: Wanted, clock: Clock) -> None:
    """Judge every server and create nothing.

    :raises ServersBusy: other items run on a server.
    """
    _judge(run, History(api, wanted, clock))


def attach(api: Api, run: Run, job: Job, clock: Clock) -> Run:
    """Attach to a job that was read by its id.

    :returns: the run, with all of the job's servers where it has none.
    """
    job = settled(api, job, clock, run.server_ids)
    servers = tuple(task.server_id for task in job.task_of.values())
    run = replace(run, server_ids=run.server_ids or servers, title=job.name)
    follow(run, job, job.runs_on(run.server_ids))
    run.action = "attached"
    return run


def require_servers(run: Run) -> None:
    """Raise InvalidOption where the job that a run has attached to does not list a wanted server."""
    strangers = [server_id for server_id in run.server_ids if server_id not in run.serving]
    if strangers:
        raise InvalidOption(
            f"job '{run.main_job_id}' does not list {len(strangers)} of the {len(run.server_ids)} servers:"
            f" {some_of(strangers)}",
            ("server_ids",),
            hint="leave server_ids out, which takes the job's own servers, or give name, type and items to start a job"
            " for these",
        )


def _judge(run: Run, history: History) -> None:
    take_judgements(run, history.judge())
    if len(history.unmarked) > MANY_DETAILS:
        run.warnings.append(
            f"{len(history.unmarked)} earlier jobs have no mark and were read one by one, since the list does not show"
            " which items they ran; each run reads them again for servers without a newer job. The record of a job"
            " whose work need not count as done any more may be deleted (state=absent)"
        )
    busy = servers_at(run, Standing.BUSY)
    if not busy:
        return
    job = deciding_job(run, busy[0])
    servers = name_servers([row_of(run, server_id) for server_id in busy])
    raise ServersBusy(
        f"{len(busy)} of the servers still run other items of the same types, in job '{job.name}' ({job.id}):"
        f" {servers}. Nothing was created",
        hint=f"wait for it first (job_id={job.id}, wait=true), then run this again. If it hangs, check the servers;"
        f" once nothing works on them any more, delete its record (state=absent, job_id={job.id}, force=true), and this"
        " task goes by the other jobs",
    )


def _check_template(api: Api, run: Run, wanted: Wanted) -> None:
    if wanted.template_check == "off":
        return
    try:
        listing = api.list_templates()
    except LiteServerError as error:
        if wanted.template_check == "strict":
            raise
        run.warnings.append(f"template_check: the live templates could not be read: {error}")
        return
    found = findings(listing.records, wanted)
    if found and wanted.template_check == "strict":
        raise TemplateRejected(
            f"the live template rejects this job: {'; '.join(found)}. Nothing was created",
            hint="correct type or spec, or set template_check=warn",
        )
    run.warnings += [f"template_check: {text}" for text in found]


def _create(api: Api, run: Run, history: History, wanted: Wanted, clock: Clock, patience: float) -> None:
    try:
        launched = launch(api, history, wanted, run.submitted, clock, patience)
    except OutcomeUnknown:
        raise  # the request did reach the service, as far as can be seen: the servers stay submitted
    except LiteServerError:
        run.submitted = ()
        raise
    if launched.unseen and launched.unseen.retry_after:
        run.closed_until = clock.now() + launched.unseen.retry_after
    job = launched.job
    follow(run, job, run.submitted)
    if job.ended:
        job = settled(api, job, clock)
        follow(run, job, run.submitted)
    run.action = "attached" if launched.found else "created"
    run.warnings += _warnings_of(launched, job, bool(history.ran_same_items(job)), patience)
    _report_concurrent(run, history, launched.concurrent)


def _warnings_of(launched: Launched, job: Job, same_items: bool, patience: float) -> Iterable[str]:
    if launched.found:
        yield f"the answer to the create request was lost; its job was found: '{job.id}'"
    if launched.unseen:
        yield (
            "it could not be seen whether another run started these servers at the same time:"
            f" {launched.unseen.message}"
        )
    if not launched.listed:
        yield (
            f"the job list does not show job '{job.id}' after {patience} s: a run that starts before it does may"
            " create it again"
        )
    if not same_items and (job.items or job.mark):
        yield (
            f"the service stored other items than were sent for job '{job.id}', and no mark: the next run will not"
            " recognise it, and starts the work again"
        )


def _report_concurrent(run: Run, history: History, jobs: Sequence[Job]) -> None:
    """Another run judged the same servers at the same moment, and created a job too.

    :raises ServersBusy: it runs other items on them.
    """
    collided: list[tuple[Job, str]] = []
    for job in jobs:
        same = bool(history.ran_same_items(job))
        shared = add_concurrent(run, job, same)
        if not shared:
            run.warnings.append(
                f"job '{job.name}' ({job.id}) of another run began at the same time and does not list all of its"
                " servers: it may run on these too"
            )
            continue
        rows = [row_of(run, server_id) for server_id in shared]
        for row in rows:
            row["message"] = None  # which servers is what counts here
        names = name_servers(rows)
        run.warnings.append(
            f"started twice, since another run created job '{job.name}' ({job.id}) with"
            f" {'the same' if same else 'other'} items at the same time: {names}"
        )
        if not same:
            collided.append((job, names))
    if collided:
        raise ServersBusy(
            "another run started other items of the same types at the same time: "
            + "; ".join(f"job '{job.name}' ({job.id}) on {names}" for job, names in collided)
            + f". Job '{run.main_job_id}' was created and goes on",
            hint="wait for both jobs, check these servers, then run what they should have: the newest job counts",
        )
