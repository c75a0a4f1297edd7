# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""``state: present``: bring every wanted server to have run the items, or adopt a job."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ..._clock import Clock
from ..._errors import (
    InvalidOption,
    ListIncomplete,
    LiteServerError,
    NotFound,
    OutcomeUnknown,
    ServersBusy,
    ServersFailed,
    TemplateRejected,
    WaitTimedOut,
)
from ..._shapes import Conceal, Options, Record
from .._api import Api
from .._ids import check_ids
from .._progress import Progress
from .._result import ServerRow, counts_of
from .._waiting import GO_ON_WAITING, WaitState, check_wait_options, one_by_one, still_open, timed_out_error, wait
from .._wording import name_servers
from ._decision import Judgement, Standing
from ._history import SETTLE_SECONDS_WHEN_OVER, judge_by_history, newcomers, settled
from ._launch import launch
from ._model import JOB_STATUSES, SKIPPED, TASK_STATUSES, Job, read_job
from ._result import job_record, task_row, verdict_of
from ._template_check import findings
from ._wanted import REUSE_NEVER, Wanted, read_wanted

# What is true of a repeat that finds nothing of what was started before.
NEW_JOB = "with reuse=never, running the same task again creates a new job"


class PresentJob:
    """One run of the module with ``state: present``.

    :meth:`run` does the work and raises what makes the task fail; :meth:`result` tells,
    at any moment and after any error, what is known.

    :param options: the module's options.
    :param write_progress: takes one line about a wait.
    :param conceal: takes a text of the service and returns it without secrets. Ansible masks them
        too, but only as they are: not in a message that was cut, or put on one line.
    """

    _api: Api  # since run()

    def __init__(
        self,
        clock: Clock,
        options: Options,
        check_mode: bool,
        write_progress: Callable[[str], object],
        conceal: Conceal = str,
    ) -> None:
        self._clock = clock
        self._options = options
        self._check_mode = check_mode
        self._write_progress = write_progress
        self._conceal = conceal
        self._started = clock.now()
        self._secret_keys = frozenset(str(key) for key in options.get("secret_spec") or {})
        self._wanted: Wanted | None = None
        self._server_ids: tuple[str, ...] = ()
        self._judged: dict[str, Judgement] = {}  # by server id
        self._jobs: dict[str, Job] = {}  # by job id, as last seen
        self._serving: dict[str, str] = {}  # {server id: job id} of the job that serves each server
        # {server id: [job id]} of what other runs started on it at the same time: the same items, or others
        self._twins: dict[str, list[str]] = {}
        self._collided: dict[str, list[str]] = {}
        self._submitted: tuple[str, ...] = ()
        self._main_job_id: str | None = None
        self._action = "none"
        self._changed = False
        self._timed_out = False
        self.warnings: list[str] = []

    # --- the work ---

    def prepare(self) -> None:
        """Check the options; raises InvalidOption before any request is sent."""
        check_wait_options(self._options)
        if self._options.get("job_id") is not None:
            check_ids("job_id", [self._options["job_id"]])
            if self._options.get("server_ids") is not None:
                self._server_ids = check_ids("server_ids", self._options["server_ids"])
            return
        self._wanted, warnings = read_wanted(self._options)
        self.warnings += warnings
        self._server_ids = self._wanted.server_ids

    def run(self, api: Api) -> None:
        """Bring it about.

        :param api: see :class:`...transport._api_client.LiteServerApi`.
        """
        self._api = api
        if self._wanted is None:
            self._adopt(self._options["job_id"])
        else:
            self._ensure(self._wanted)
        if self._check_mode:
            return
        if self._options["wait"] and self._serving:
            self._wait()
        self._judge_the_end()

    def _adopt(self, job_id: str) -> None:
        job = read_job(self._api.get_job(job_id))
        self._require_same_items(job)
        if job.over or not self._server_ids:
            job = settled(self._api, job, self._clock)
        self._server_ids = self._server_ids or tuple(job.task_of)
        self._follow(job, self._server_ids)
        self._action = "attached"

    def _require_same_items(self, job: Job) -> None:
        """Items that the adopted job does not run are a mistake, not a wish."""
        if self._options.get("items") is None and self._options.get("spec") is None:
            return
        described = dict(self._options, name="adopted", server_ids=["adopted"])
        if described.get("type") is None:
            described["type"] = job.items[0].type if job.items else "unknown"
        wanted, warnings = read_wanted(described)
        self.warnings += warnings
        if wanted.items != job.items:
            raise InvalidOption(
                f"job_id: job '{job.id}' runs other items than the ones given: leave items and spec out"
            )

    def _ensure(self, wanted: Wanted) -> None:
        known_ids = self._judge(wanted)
        if self._standing_at(Standing.SUBMIT):
            self._check_template(wanted)
            if not self._check_mode and self._overtaken(wanted, known_ids):
                known_ids = self._judge(wanted)
        submit, running = self._standing_at(Standing.SUBMIT), self._standing_at(Standing.RUNNING)
        if submit:
            self._submitted, self._changed = tuple(submit), True
            if self._check_mode:
                self._action = "planned"
            else:
                self._create(wanted, known_ids)
        elif running:
            jobs = [self._job_of(server_id) for server_id in running]
            self._main_job_id = max(jobs, key=lambda job: (job.created, job.id)).id
            self._action = "attached"

    def _judge(self, wanted: Wanted) -> set[str]:
        """Judge every server; returns the ids of the jobs that are there."""
        self._judged, known_ids = judge_by_history(self._api, wanted, self._clock)
        self._jobs, self._serving = {}, {}
        for server_id in self._standing_at(Standing.DONE) + self._standing_at(Standing.RUNNING):
            job = self._job_of(server_id)
            self._jobs[job.id] = job
            self._serving[server_id] = job.id
        busy = self._standing_at(Standing.BUSY)
        if busy:
            raise self._servers_busy(busy)
        return known_ids

    def _standing_at(self, standing: Standing) -> list[str]:
        return [server_id for server_id, judgement in self._judged.items() if judgement.standing is standing]

    def _job_of(self, server_id: str) -> Job:
        """The job that decided about a server that has one."""
        job = self._judged[server_id].job
        if job is None:
            raise AssertionError(f"no job decided about {server_id}")
        return job

    def _overtaken(self, wanted: Wanted, known_ids: set[str]) -> bool:
        """Whether a job began on a server to be submitted while details and templates were read.

        It leaves other runs one request's time to do so unseen.
        """
        if wanted.reuse == REUSE_NEVER:
            return False
        submit = self._standing_at(Standing.SUBMIT)
        try:
            return any(
                job.item_types == wanted.item_types and (not job.tasks or not set(job.task_of).isdisjoint(submit))
                for job in newcomers(self._api, wanted, known_ids)
            )
        except ListIncomplete:
            return True

    def _servers_busy(self, server_ids: list[str]) -> ServersBusy:
        job = self._job_of(server_ids[0])
        servers = name_servers([self._row(server_id) for server_id in server_ids])
        return ServersBusy(
            f"{len(server_ids)} of the servers still run other items of the same types, in job '{job.name}' ({job.id}):"
            f" {servers}. Nothing was created",
            hint=f"wait for it first (job_id={job.id}, wait=true), then run this again",
        )

    def _check_template(self, wanted: Wanted) -> None:
        mode = self._options["template_check"]
        if mode == "off":
            return
        try:
            listing = self._api.list_templates()
        except LiteServerError as error:
            if mode == "strict":
                raise
            self.warnings.append(f"template_check: the live templates could not be read: {error}")
            return
        found = findings(listing.records, wanted)
        if found and mode == "strict":
            raise TemplateRejected(
                f"the live template rejects this job: {'; '.join(found)}. Nothing was created",
                hint="correct type or spec, or set template_check=warn",
            )
        self.warnings += [f"template_check: {text}" for text in found]

    def _create(self, wanted: Wanted, known_ids: set[str]) -> None:
        # As long as an answer may take, so long a job without an answer is looked for.
        patience = self._options["request_timeout"]
        try:
            launched = launch(self._api, wanted, self._submitted, known_ids, self._clock, patience)
        except OutcomeUnknown:
            raise  # the request did reach the service, as far as can be told: changed stays
        except LiteServerError:
            self._submitted, self._changed = (), False
            raise
        job = launched.job
        self._follow(job, self._submitted)
        if job.over:
            job = settled(self._api, job, self._clock)
            self._follow(job, self._submitted)
        self._action = "attached" if launched.found else "created"
        if launched.found:
            self.warnings.append(f"the answer to the create request was lost; its job was found: '{job.id}'")
        if launched.unseen:
            self.warnings.append(
                "it could not be seen whether another run started these servers at the same time:"
                f" {launched.unseen.message}"
            )
        if not launched.listed:
            self.warnings.append(
                f"the job list does not show job '{job.id}' after {patience} s: a run that starts before it does may"
                " create it again"
            )
        if job.items and job.items != wanted.items:
            self.warnings.append(
                f"the service stored other items than were sent for job '{job.id}': the next run will not recognise it"
            )
        self._tell_of(wanted, launched.twins)

    def _tell_of(self, wanted: Wanted, twins: Iterable[Job]) -> None:
        """Another run judged the same servers at the same moment, and created a job too.

        :raises ServersBusy: it runs other items on them.
        """
        collided: list[tuple[Job, str]] = []
        for twin in twins:
            self._jobs[twin.id] = twin
            shared = [server_id for server_id in self._submitted if server_id in twin.task_of]
            if not shared:
                self.warnings.append(
                    f"job '{twin.name}' ({twin.id}) of another run began at the same time and lists no servers: it may"
                    " run on these too"
                )
                continue
            same = twin.items == wanted.items
            for server_id in shared:
                (self._twins if same else self._collided).setdefault(server_id, []).append(twin.id)
            rows = [self._row(server_id) for server_id in shared]
            for row in rows:
                row["message"] = None  # which servers is what counts here
            names = name_servers(rows)
            self.warnings.append(
                f"started twice, since another run created job '{twin.name}' ({twin.id}) with"
                f" {'the same' if same else 'other'} items at the same time: {names}"
            )
            if not same:
                collided.append((twin, names))
        if collided:
            raise ServersBusy(
                "another run started other items of the same types at the same time: "
                + "; ".join(f"job '{twin.name}' ({twin.id}) on {names}" for twin, names in collided)
                + f". Job '{self._main_job_id}' was created and goes on",
                hint="wait for both jobs, look at these servers, then run what they shall have: the newest job counts",
            )

    def _follow(self, job: Job, server_ids: Iterable[str]) -> None:
        """From here on, this job is the one that serves these servers."""
        self._jobs[job.id] = job
        self._main_job_id = job.id
        self._serving.update((server_id, job.id) for server_id in server_ids)

    # --- the wait and its end ---

    def _wait(self) -> None:
        started = self._clock.now()
        title = self._wanted.name if self._wanted else self._jobs[str(self._main_job_id)].name
        progress = Progress(title, self._options["progress"], started, self._write_progress)

        servers_of: dict[str, list[str]] = {}
        for server_id in self._serving:
            for job_id in self._jobs_on(server_id):
                servers_of.setdefault(job_id, []).append(server_id)

        over_since: dict[str, float] = {}

        def ended(job_id: str, job: Job) -> bool:
            if job.over and not job.tasks:
                # It may be over before it lists its servers.
                now = self._clock.now()
                return now - over_since.setdefault(job_id, now) >= SETTLE_SECONDS_WHEN_OVER
            tasks = (job.task_of.get(server_id) for server_id in servers_of[job_id])
            return job.over or all(task is not None and task.over for task in tasks)

        def look(job_id: str) -> Job | None:
            try:
                return read_job(self._api.get_job(job_id, polling=True))
            except NotFound:
                return None

        def on_step(state: WaitState[Job]) -> None:
            self._jobs.update(state.seen)
            progress.saw(self._rows(), self._clock.now())

        state = WaitState(
            seen={job_id: self._jobs[job_id] for job_id in servers_of},
            ended=ended,
            gone=lambda job: replace(job, status="DELETED"),
            deadline=started + self._options["wait_timeout"],
            longest_pause=self._options["wait_sleep"],
        )
        if still_open(state):
            progress.begins(self._rows(), GO_ON_WAITING if self._may_repeat else None)
        state = wait(state, one_by_one(look), self._clock, on_step, progress.sleep)
        if state.timed_out:
            self._timed_out = True
            self._warn_of_statuses(self._rows())
            raise self._wait_timed_out(state.last_error)

    def _wait_timed_out(self, last_error: LiteServerError | None) -> WaitTimedOut:
        rows = self._rows()
        jobs = ", ".join(dict.fromkeys(str(row["job_id"]) for row in rows if row["verdict"] == "running"))
        again = GO_ON_WAITING if self._may_repeat else f"to go on waiting, use job_id; {NEW_JOB}"
        hint = f"job {jobs} goes on; {again}"
        return timed_out_error(self._options, rows, "done", last_error, hint, self._may_repeat)

    @property
    def _may_repeat(self) -> bool:
        """Whether the same task once more finds what this one started or waits for."""
        return self._options.get("job_id") is not None or self._options["reuse"] != REUSE_NEVER

    def _how_to_repair(self) -> str:
        if self._options.get("job_id") is not None:
            return "nothing is submitted with job_id; a task with name and server_ids submits the failed servers"
        return "running the same task again submits only the failed servers" if self._may_repeat else NEW_JOB

    def _judge_the_end(self) -> None:
        rows = self._rows()
        self._warn_of_statuses(rows)
        failed = [row for row in rows if row["verdict"] == "failed"]
        unknown = [row for row in rows if row["verdict"] == "unknown"]
        bad = failed + unknown
        fail_on = self._options["fail_on"]
        if bad and (fail_on == "any" or (fail_on == "all" and len(bad) == len(rows))):
            raise _servers_failed(failed, unknown, len(rows), self._how_to_repair())
        if bad:
            self.warnings.append(f"fail_on={fail_on} lets this pass: {name_servers(bad)}")

    def _warn_of_statuses(self, rows: list[ServerRow]) -> None:
        """Name what the user should know although it does not fail."""
        skipped = [row for row in rows if row["status"] == SKIPPED and row["verdict"] == "done"]
        if skipped:
            self.warnings.append(f"skipped by the service, and taken as done (skipped=ok): {name_servers(skipped)}")
        strange = sorted({row["status"] for row in rows if row["status"]} - TASK_STATUSES)
        if strange:
            self.warnings.append(
                f"task status not documented, taken for neither success nor failure: {', '.join(strange)}"
            )
        strange = sorted({self._jobs[job_id].status for job_id in self._serving.values()} - JOB_STATUSES)
        if strange:
            self.warnings.append(f"job status not documented, taken as running: {', '.join(strange)}")

    # --- what is known ---

    def _row(self, server_id: str) -> ServerRow:
        row = self._bare_row(server_id)
        return row if row["message"] is None else {**row, "message": self._conceal(row["message"])}

    def _bare_row(self, server_id: str) -> ServerRow:
        """The entry of ``servers`` for one server, from the newest that was seen."""
        if server_id in self._serving:
            rows = []
            collided = self._collided.get(server_id, [])
            for job in map(self._jobs.__getitem__, self._jobs_on(server_id) + collided):
                task = job.task_of.get(server_id)
                verdict = verdict_of(job, task, self._options["skipped"] == "ok")
                if job.id in collided and verdict != "running":
                    verdict = "unknown"  # how it ended with other items says nothing about these
                rows.append((verdict == "running", job.created, job.id, task_row(server_id, verdict, job, task)))
            # The newest task counts, as for the next run, but nothing is over while another one runs.
            return max(rows, key=lambda entry: entry[:3])[3]
        judgement = self._judged.get(server_id, Judgement(Standing.UNSETTLED))
        verdict = {Standing.SUBMIT: "planned", Standing.BUSY: "running"}.get(judgement.standing, "unknown")
        if server_id in self._submitted and not self._check_mode:
            return task_row(server_id, "unknown")  # sent, and no job was found
        return task_row(server_id, verdict, judgement.job, judgement.task)

    def _jobs_on(self, server_id: str) -> list[str]:
        """Ids of the job that serves a server, and of those that another run started on it."""
        return [self._serving[server_id], *self._twins.get(server_id, [])]

    def _rows(self) -> list[ServerRow]:
        return [self._row(server_id) for server_id in self._server_ids]

    def result(self) -> Record:
        """Every key of the result but ``msg`` and ``error``."""
        rows = self._rows()
        job = self._jobs.get(self._main_job_id or "")
        served = [server_id for server_id in self._server_ids if server_id in self._serving]
        return {
            "changed": self._changed,
            "action": self._action,
            "job": None if job is None else job_record(job.raw, self._secret_keys),
            "job_ids": list(dict.fromkeys(job_id for server_id in served for job_id in self._jobs_on(server_id))),
            "servers": rows,
            "counts": counts_of(rows),
            "failed_server_ids": [row["server_id"] for row in rows if row["verdict"] == "failed"],
            "submitted_server_ids": list(self._submitted),
            "timed_out": self._timed_out,
            "elapsed": round(self._clock.now() - self._started, 3),
        }

    def diff(self) -> Record:
        """Each server before and after, for ``--diff``."""
        before: dict[str, str | None] = {}
        after: dict[str, str | None] = {}
        for row in self._rows():
            server_id = row["server_id"]
            judgement = self._judged.get(server_id)
            before[server_id] = _standing_text(judgement, self._wanted) if judgement else row["status"]
            if server_id not in self._submitted:
                after[server_id] = before[server_id]
            elif self._check_mode:
                after[server_id] = "to be submitted"
            else:
                after[server_id] = f"submitted, {row['verdict']}"
        return {"before": before, "after": after, "before_header": "servers", "after_header": "servers"}


def _servers_failed(failed: list[ServerRow], unknown: list[ServerRow], total: int, repair: str) -> ServersFailed:
    texts, hints = [], []
    if failed:
        texts.append(f"{len(failed)} of {total} servers failed: {name_servers(failed)}")
        hints.append(repair)
    if unknown:
        texts.append(
            f"{len(unknown)} of {total} servers have no known outcome, although their job is over:"
            f" {name_servers(unknown)}"
        )
        hints.append(
            "look at the servers without a known outcome themselves: this task does not start them a second time, one"
            " with another name or reuse=never does"
        )
    return ServersFailed("; ".join(texts), hint="; ".join(hints))


def _standing_text(judgement: Judgement, wanted: Wanted | None) -> str:
    if judgement.job is None:
        return "no task of these items"
    items = "these" if wanted is not None and judgement.job.items == wanted.items else "other"
    status = judgement.task.status if judgement.task else "not listed yet"
    return f"{status}, {items} items, job {judgement.job.id}"
