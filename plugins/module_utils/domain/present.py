# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

"""``state: present``: bring every wanted server to have run the items, or adopt a job."""

from ..errors import (
    HistoryIncomplete,
    InvalidOption,
    JobUnsettled,
    LiteServerError,
    NotFound,
    OutcomeUnknown,
    ServersBusy,
    ServersFailed,
    TemplateRejected,
    WaitTimedOut,
)
from .decision import Judgement, Standing, judge
from .launch import launch
from .progress import Progress, duration, name_servers
from .records import JOB_STATUSES, SKIPPED, TASK_STATUSES, read_job, read_summary
from .results import counts_of, job_record, server_row, verdict_of
from .template_check import findings
from .waiting import WaitState, step, wait
from .wanted import REUSE_ANY_NAME, check_ids, read_wanted

# A new job lists its servers after some seconds; longer than this is not waited for.
SETTLE_SECONDS = 60


class PresentJob:
    """One run of the module with ``state: present``.

    :meth:`run` does the work and raises what makes the task fail; :meth:`result` tells,
    at any moment and after any error, what is known.

    :param options: the module's options.
    :param write_progress: takes one line about a wait.
    """

    def __init__(self, clock, options, check_mode, write_progress):
        self._service = None
        self._clock = clock
        self._options = options
        self._check_mode = check_mode
        self._write_progress = write_progress
        self._started = clock.now()
        # How long to look for a job whose create got no answer: as long as an answer may take.
        self._patience = options["request_timeout"]
        self.warnings = []
        self.changed = False
        self.action = "none"
        self.wanted = None
        self.secret_keys = frozenset(str(key) for key in options.get("secret_spec") or {})
        self.server_ids = ()
        self.submitted = ()
        self.judged = {}
        self.jobs = {}  # {job id: Job} as last seen
        self.serving = {}  # {server id: job id} of the job that serves each server
        self.main_job_id = None
        self.timed_out = False

    # --- the work ---

    def prepare(self):
        """Check the options; raises InvalidOption before any request is sent."""
        for option, least in (("wait_timeout", 1), ("wait_sleep", 1), ("progress", 0)):
            if self._options[option] < least:
                raise InvalidOption("{0}: must be {1} or more seconds".format(option, least))
        if self._options.get("job_id") is not None:
            check_ids("job_id", [self._options["job_id"]])
            if self._options.get("server_ids") is not None:
                self.server_ids = check_ids("server_ids", self._options["server_ids"])
            return
        self.wanted, warnings = read_wanted(self._options)
        self.warnings += warnings
        self.server_ids = self.wanted.server_ids

    def run(self, service):
        """Bring it about.

        :param service: see :class:`..transport.service.LiteServerService`.
        """
        self._service = service
        if self._options.get("job_id") is not None:
            self._adopt(self._options["job_id"])
        else:
            self._ensure()
        if self._check_mode:
            return
        if self._options["wait"] and self.serving:
            self._wait()
        self._judge_the_end()

    def _adopt(self, job_id):
        job = read_job(self._service.get_job(job_id))
        self._require_same_items(job)
        self.jobs[job.id] = job
        self.main_job_id = job.id
        self.action = "attached"
        if not self.server_ids:
            job = self._settled(job)
            self.server_ids = tuple(job.task_of)
        self.serving = {server_id: job.id for server_id in self.server_ids}

    def _require_same_items(self, job):
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
                "job_id: job '{0}' runs other items than the ones given: leave items and spec out".format(job.id)
            )

    def _settled(self, job):
        """The job once it lists its servers, or as it is after a bounded time."""
        end, pause = self._clock.now() + SETTLE_SECONDS, 0.5
        while not job.tasks and not job.over and self._clock.now() < end:
            self._clock.sleep(pause)
            pause = min(pause * 1.6, 5.0)
            job = self.jobs[job.id] = read_job(self._service.get_job(job.id))
        return job

    def _ensure(self):
        known_ids = self._judge_servers()
        groups = {standing: [] for standing in Standing}
        for server_id, judgement in self.judged.items():
            groups[judgement.standing].append(server_id)
            if judgement.job is not None:
                self.jobs[judgement.job.id] = judgement.job
        for server_id in groups[Standing.DONE] + groups[Standing.RUNNING]:
            self.serving[server_id] = self.judged[server_id].job.id
        if groups[Standing.BUSY]:
            raise self._busy(groups[Standing.BUSY])
        submit = groups[Standing.SUBMIT]
        if submit:
            self._check_template()
            if self._check_mode:
                self.action, self.changed = "planned", True
                self.submitted = tuple(submit)
            else:
                self._create(submit, known_ids)
        elif groups[Standing.RUNNING]:
            self.action = "attached"
            running = [self.jobs[self.serving[server_id]] for server_id in groups[Standing.RUNNING]]
            self.main_job_id = max(running, key=lambda job: (job.created, job.id)).id

    def _judge_servers(self):
        """Fill ``judged``; returns the ids of the jobs that are there before a create."""
        end, pause = self._clock.now() + SETTLE_SECONDS, 0.5
        details = {}

        def detail(summary):
            if summary.id not in details:
                try:
                    details[summary.id] = read_job(self._service.get_job(summary.id))
                except NotFound:
                    details[summary.id] = None  # deleted since it was listed
            return details[summary.id]

        while True:
            # A job of any name may have done the work, but only one of this name can be ours.
            name = None if self.wanted.reuse == REUSE_ANY_NAME else self.wanted.name
            listing = self._service.list_jobs(name=name)
            summaries = [read_summary(record) for record in listing.records]
            self.judged = judge(self.wanted, summaries, detail)
            standings = {judgement.standing for judgement in self.judged.values()}
            if not listing.complete and Standing.SUBMIT in standings:
                raise HistoryIncomplete(
                    "the service lists fewer jobs than it counts, so it cannot be told which servers need a job",
                    hint="run it again; if it stays, delete old jobs, or use a name of its own with reuse=never",
                )
            if Standing.UNSETTLED not in standings:
                return {summary.id for summary in summaries}
            if self._clock.now() >= end:
                raise self._unsettled()
            self._clock.sleep(pause)
            pause = min(pause * 1.6, 5.0)
            # Only a job that is over stays as it was read.
            details = {job_id: job for job_id, job in details.items() if job is not None and job.over}

    def _unsettled(self):
        job = next(judgement.job for judgement in self.judged.values() if judgement.standing is Standing.UNSETTLED)
        return JobUnsettled(
            "job '{0}' ({1}) runs, but does not list its servers after {2} s, so it cannot be told whether they are"
            " already served".format(job.name, job.id, SETTLE_SECONDS),
            hint="run it again when that job is over; delete its record (state=absent, force=true) if it never ends",
        )

    def _busy(self, server_ids):
        judgement = self.judged[server_ids[0]]
        return ServersBusy(
            "{0} of the servers still run other items of the same types, in job '{1}' ({2}): {3}. Nothing was created".format(
                len(server_ids),
                judgement.job.name,
                judgement.job.id,
                name_servers([self._row(server_id) for server_id in server_ids]),
            ),
            hint="wait for it first (job_id={0}, wait=true), then run this again".format(judgement.job.id),
        )

    def _check_template(self):
        mode = self._options["template_check"]
        if mode == "off":
            return
        try:
            listing = self._service.list_templates()
        except LiteServerError as error:
            if mode == "strict":
                raise
            self.warnings.append("template_check: the live templates could not be read: {0}".format(error))
            return
        found = findings(listing.records, self.wanted)
        if found and mode == "strict":
            raise TemplateRejected(
                "the live template rejects this job: {0}. Nothing was created".format("; ".join(found)),
                hint="correct type or spec, or set template_check=warn",
            )
        self.warnings += ["template_check: " + text for text in found]

    def _create(self, server_ids, known_ids):
        try:
            launched = launch(
                self._service, self.wanted, server_ids, known_ids, self._clock, self._patience
            )
        except OutcomeUnknown:
            # It did reach the service, as far as can be told.
            self.changed, self.submitted = True, tuple(server_ids)
            raise
        job = launched.job
        self.changed = True
        self.action = "attached" if launched.found else "created"
        self.submitted = tuple(server_ids)
        self.jobs[job.id] = job
        self.main_job_id = job.id
        self.serving.update((server_id, job.id) for server_id in server_ids)
        if launched.found:
            self.warnings.append("the answer to the create request was lost; its job was found: '{0}'".format(job.id))
        if launched.twins:
            self.warnings.append(
                "another run created the same job for the same servers at the same time: {0}".format(", ".join(launched.twins))
            )
        if not launched.listed:
            self.warnings.append(
                "the job list does not show job '{0}' after {1} s: a run that starts before it does may create it again".format(
                    job.id, self._patience
                )
            )
        if job.items and job.items != self.wanted.items:
            self.warnings.append(
                "the service stored other items than were sent for job '{0}': the next run will not recognise it".format(job.id)
            )

    # --- the wait and its end ---

    def _wait(self):
        started = self._clock.now()
        progress = Progress(self._title(), self._options["progress"], started, self._write_progress)

        def on_step(state):
            self.jobs.update(state.jobs)
            progress.saw(self._rows(), self._clock.now())

        def look(job_id):
            try:
                return read_job(self._service.get_job(job_id, polling=True))
            except NotFound:
                return None

        state = WaitState(
            servers=dict(self.serving),
            jobs={job_id: self.jobs[job_id] for job_id in set(self.serving.values())},
            deadline=started + self._options["wait_timeout"],
            longest_pause=self._options["wait_sleep"],
        )
        # What was read a moment ago may already be the end.
        state, pause = step(state, {}, started)
        if pause is not None:
            state = wait(state, look, self._clock, on_step)
        self.timed_out = state.timed_out
        if state.timed_out:
            rows = self._rows()
            open_rows = [row for row in rows if row["verdict"] == "running"]
            message = "wait_timeout: after {0}, {1} of {2} servers are not done: {3}".format(
                duration(self._options["wait_timeout"]), len(open_rows), len(rows), name_servers(open_rows)
            )
            if state.last_error is not None:
                message = "{0}. The last look failed: {1}".format(message, state.last_error.message)
            raise WaitTimedOut(
                message,
                hint="job {0} goes on; running the same task again goes on waiting".format(
                    ", ".join(dict.fromkeys(row["job_id"] for row in open_rows))
                ),
            )

    def _title(self):
        return self.wanted.name if self.wanted else self.jobs[self.main_job_id].name

    def _judge_the_end(self):
        rows = self._rows()
        by_verdict = {}
        for row in rows:
            by_verdict.setdefault(row["verdict"], []).append(row)
        self._warn_of_statuses(rows)
        bad = by_verdict.get("failed", []) + by_verdict.get("unknown", [])
        if not bad:
            return
        fail_on = self._options["fail_on"]
        if fail_on == "any" or (fail_on == "all" and len(bad) == len(rows)):
            raise self._servers_failed(by_verdict, len(rows))
        self.warnings.append("fail_on={0} lets this pass: {1}".format(fail_on, name_servers(bad)))

    def _servers_failed(self, by_verdict, total):
        texts, hints = [], []
        failed, unknown = by_verdict.get("failed", []), by_verdict.get("unknown", [])
        if failed:
            texts.append("{0} of {1} servers failed: {2}".format(len(failed), total, name_servers(failed)))
            hints.append("running the same task again submits only the failed servers")
        if unknown:
            texts.append(
                "{0} of {1} servers have no known outcome, although their job is over: {2}".format(
                    len(unknown), total, name_servers(unknown)
                )
            )
            hints.append(
                "look at the servers with an unknown outcome themselves; this task will not start them a second time, another"
                " name or reuse=never will"
            )
        return ServersFailed("; ".join(texts), hint="; ".join(hints))

    def _warn_of_statuses(self, rows):
        """Name what the user should know although it does not fail."""
        skipped = [row for row in rows if row["status"] == SKIPPED and row["verdict"] == "done"]
        if skipped:
            self.warnings.append("skipped by the service, and taken as done (skipped=ok): {0}".format(name_servers(skipped)))
        strange = sorted({row["status"] for row in rows if row["status"] and row["status"] not in TASK_STATUSES})
        if strange:
            self.warnings.append("task status not documented, taken for neither success nor failure: " + ", ".join(strange))
        strange = sorted({job.status for job in map(self.jobs.get, self.serving.values()) if job.status not in JOB_STATUSES})
        if strange:
            self.warnings.append("job status not documented, taken as running: " + ", ".join(strange))

    # --- what is known ---

    def _row(self, server_id):
        """The entry of ``servers`` for one server, from the newest that was seen."""
        skipped_ok = self._options["skipped"] == "ok"
        if server_id in self.serving:
            job = self.jobs[self.serving[server_id]]
            task = job.task_of.get(server_id)
            return server_row(server_id, verdict_of(job, task, skipped_ok), job, task)
        judgement = self.judged.get(server_id, Judgement(Standing.UNSETTLED))
        verdict = {Standing.SUBMIT: "planned", Standing.BUSY: "running"}.get(judgement.standing, "unknown")
        if server_id in self.submitted and not self._check_mode:
            verdict = "unknown"  # sent, and no job was found
        return server_row(server_id, verdict, judgement.job, judgement.task)

    def _rows(self):
        return [self._row(server_id) for server_id in self.server_ids]

    def result(self):
        """Every key of the result but ``msg`` and ``error``."""
        rows = self._rows()
        job = self.jobs.get(self.main_job_id)
        return {
            "changed": self.changed,
            "action": self.action,
            "job": None if job is None else job_record(job.raw, self.secret_keys),
            "job_ids": list(dict.fromkeys(self.serving[row["server_id"]] for row in rows if row["server_id"] in self.serving)),
            "servers": rows,
            "counts": counts_of(rows),
            "failed_server_ids": [row["server_id"] for row in rows if row["verdict"] == "failed"],
            "submitted_server_ids": list(self.submitted),
            "timed_out": self.timed_out,
            "elapsed": round(self._clock.now() - self._started, 3),
        }

    def diff(self):
        """Each server before and after, for ``--diff``."""
        before, after = {}, {}
        for row in self._rows():
            server_id = row["server_id"]
            judgement = self.judged.get(server_id)
            before[server_id] = _standing_text(judgement, self.wanted) if judgement else row["status"]
            if server_id not in self.submitted:
                after[server_id] = before[server_id]
            elif self._check_mode:
                after[server_id] = "to be submitted"
            else:
                after[server_id] = "submitted, {0}".format(row["verdict"])
        return {"before": before, "after": after, "before_header": "servers", "after_header": "servers"}


def _standing_text(judgement, wanted):
    if judgement.job is None:
        return "no task of these items"
    same = judgement.job.items == wanted.items
    status = judgement.task.status if judgement.task else "not listed yet"
    return "{0}, {1} items, job {2}".format(status, "these" if same else "other", judgement.job.id)
