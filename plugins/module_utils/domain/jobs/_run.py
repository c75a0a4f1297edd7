# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What is known of a run: plain data, and functions over it that ask no service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..._errors import LiteServerError
from ..._shapes import Conceal, Record
from .._result import ServerRow, Verdict, concealed_row
from ._decision import Judgement, Standing, verdict_of
from ._model import Job, newest
from ._result import task_row

# The verdict of a server that no job of this run serves, by where it stands.
_VERDICT_OF: dict[Standing, Verdict] = {Standing.SUBMIT: "planned", Standing.BUSY: "running"}


@dataclass
class Run:
    """What is known of bringing servers to a wanted result, or of a job that was attached to by its id.

    :ivar server_ids: the wanted servers, in their order.
    :ivar title: names the run in lines of progress.
    :ivar skipped_ok: whether a skipped server is done.
    :ivar is_reboot: as its jobs were sent: whether a failed task may be started again while its job runs.
    :ivar check_mode: whether nothing is created.
    :ivar conceal: takes a string of the service and returns it without secrets.
    :ivar judged: {server id: Judgement} before anything was created.
    :ivar jobs: {job id: Job} as last seen.
    :ivar serving: {server id: job id} of the job that serves each server.
    :ivar concurrent: {job id: whether it runs the same items} of jobs that other runs started at the same time on
        servers that were submitted.
    :ivar submitted: the servers for which a create request was sent, or in check mode would be.
    :ivar main_job_id: of the job that was created or attached to, or None.
    :ivar action: as in the result.
    :ivar failure: an error for which its jobs are not waited for any more, while those of other runs are.
    :ivar closed_until: seconds on the clock: before that the service takes no request, as it said.
    """

    server_ids: tuple[str, ...] = ()
    title: str = ""
    skipped_ok: bool = True
    is_reboot: bool | None = None
    check_mode: bool = False
    conceal: Conceal = str
    judged: Mapping[str, Judgement] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    serving: dict[str, str] = field(default_factory=dict)
    concurrent: dict[str, bool] = field(default_factory=dict)
    submitted: tuple[str, ...] = ()
    main_job_id: str | None = None
    action: str = "none"
    timed_out: bool = False
    failure: LiteServerError | None = None
    closed_until: float = 0
    warnings: list[str] = field(default_factory=list)


def take_judgements(run: Run, judged: Mapping[str, Judgement]) -> None:
    """Take where every server stands; a job that did the work, or does it, serves its servers."""
    run.judged, run.jobs, run.serving = judged, {}, {}
    for server_id in servers_at(run, Standing.DONE) + servers_at(run, Standing.RUNNING):
        job = deciding_job(run, server_id)
        run.jobs[job.id] = job
        run.serving[server_id] = job.id


def servers_at(run: Run, standing: Standing) -> list[str]:
    """The ids of the servers that were judged so."""
    return [server_id for server_id, judgement in run.judged.items() if judgement.standing is standing]


def deciding_job(run: Run, server_id: str) -> Job:
    """The job that decided about a server that has one."""
    job = run.judged[server_id].job
    if job is None:
        raise AssertionError(f"no job decided about {server_id}")
    return job


def attach_to_newest(run: Run, server_ids: Iterable[str]) -> None:
    """The newest of the jobs that serve these servers is the one that the result shows."""
    run.main_job_id = max((deciding_job(run, server_id) for server_id in server_ids), key=newest).id
    run.action = "attached"


def follow(run: Run, job: Job, server_ids: Iterable[str]) -> None:
    """From here on, this job is the one that serves these servers."""
    run.jobs[job.id] = job
    run.main_job_id = job.id
    run.serving.update((server_id, job.id) for server_id in server_ids)


def add_concurrent(run: Run, job: Job, same_items: bool) -> list[str]:
    """Take a job of another run; returns the servers that both run on."""
    run.jobs[job.id] = job
    run.concurrent[job.id] = same_items
    return job.runs_on(run.submitted)


def jobs_on(run: Run, server_id: str, same_items: bool = True) -> list[str]:
    """Ids of the jobs that run the wanted items on a server of :attr:`Run.serving`: the one that serves it, and those
    that other runs started on it. With ``same_items=False``, those that other runs started there with other items.
    """
    others = [
        job_id
        for job_id, same in run.concurrent.items()
        if same is same_items and server_id in run.submitted and run.jobs[job_id].task_on(server_id) is not None
    ]
    return [run.serving[server_id], *others] if same_items else others


def servers_of_jobs(run: Run) -> dict[str, list[str]]:
    """{job id: server ids} of the jobs that run the wanted items on the servers."""
    servers: dict[str, list[str]] = {}
    for server_id in run.serving:
        for job_id in jobs_on(run, server_id):
            servers.setdefault(job_id, []).append(server_id)
    return servers


def job_ids_of(run: Run) -> list[str]:
    """Ids of all jobs that serve the servers, each once, in the order of the servers."""
    served = [server_id for server_id in run.server_ids if server_id in run.serving]
    return list(dict.fromkeys(job_id for server_id in served for job_id in jobs_on(run, server_id)))


def rows_of(run: Run) -> list[ServerRow]:
    """The entries of ``servers``."""
    return [row_of(run, server_id) for server_id in run.server_ids]


def row_of(run: Run, server_id: str) -> ServerRow:
    """The entry of ``servers`` for one server, from the newest that was seen."""
    return concealed_row(_bare_row(run, server_id), run.conceal)


def _bare_row(run: Run, server_id: str) -> ServerRow:
    if server_id in run.serving:
        rows = []
        collided = jobs_on(run, server_id, same_items=False)
        for job in map(run.jobs.__getitem__, jobs_on(run, server_id) + collided):
            task = job.task_on(server_id)
            verdict = verdict_of(job, task, run.skipped_ok, run.is_reboot)
            if job.id in collided and verdict != "running":
                verdict = "unknown"  # how it ended with other items says nothing about these
            rows.append((verdict == "running", newest(job), task_row(server_id, verdict, job, task)))
        # The newest task counts, as for the next run, but nothing has ended while another one runs.
        return max(rows, key=lambda entry: entry[:2])[2]
    judgement = run.judged.get(server_id, Judgement(Standing.UNSETTLED))
    if server_id in run.submitted and not run.check_mode:
        return task_row(server_id, "unknown")  # sent, and no job was found
    return task_row(server_id, _VERDICT_OF.get(judgement.standing, "unknown"), judgement.job, judgement.task)


def diff_of(run: Run) -> Record:
    """Each server before and after, for ``--diff``."""
    before: dict[str, str | None] = {}
    after: dict[str, str | None] = {}
    for row in rows_of(run):
        server_id = row["server_id"]
        judgement = run.judged.get(server_id)
        before[server_id] = _standing_text(judgement) if judgement else row["status"]
        if server_id not in run.submitted:
            after[server_id] = before[server_id]
        elif run.check_mode:
            after[server_id] = "to be submitted"
        else:
            after[server_id] = f"submitted, {row['verdict']}"
    return {"before": before, "after": after, "before_header": "servers", "after_header": "servers"}


def _standing_text(judgement: Judgement) -> str:
    if judgement.job is None:
        return "no task of these items"
    items = "these" if judgement.same_items else "other"
    status = judgement.task.status if judgement.task else "not listed yet"
    return f"{status}, {items} items, job {judgement.job.id}"
