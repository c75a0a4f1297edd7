# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of role ``fleet_job`` that are for a whole batch, and the verdict of a host.

What a step reads is an argument of its task, see the role's ``tasks/batch.yml``. Arguments that are
no step's are options of the connection, from module_defaults, and go to the modules that a step runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from ..module_utils._errors import InvalidOption
from ..module_utils._shapes import Record
from ..module_utils.domain._untrusted import as_line
from ..module_utils.domain.rollout._budget import FailureBudget
from ..module_utils.domain.rollout._gates import (
    judge_batch,
    judge_failures,
    judge_hook,
    judge_open,
    judge_start,
)
from ..module_utils.domain.rollout._outcomes import jobs_of, left_out_outcomes, outcome_line, outcomes_of, waits_of
from ..module_utils.domain.rollout._preflight import problems_of
from ..module_utils.domain.rollout._requests import Group, groups_of, shown_group
from ..module_utils.domain.rollout._run_record import PENDING, RunRecord, summary_lines
from ..module_utils.wiring._run_files import RunFiles, now_ms
from ..plugin_utils._host_fates import HostFates
from ..plugin_utils._host_variables import HostVariables
from ..plugin_utils._interruption import noted_interruption
from ..plugin_utils._on_controller import local_connection, local_variables
from ..plugin_utils._role_place import has_rescue, require_whole_batch, run_of
from ..plugin_utils._visible_wait import visible_lines

Result = dict[str, Any]
COLLECTION = "modelarts.liteserver."
ARGUMENTS = frozenset(["step", "entry", "answer", "number", "secret_spec", "started", "outcome"])
# Of a module's result, what the next step reads.
KEPT = frozenset(["failed", "msg", "error", "timed_out", "servers", "submitted_server_ids", "job", "job_ids", "action"])
NOT_OPENED = (
    "this step of role fleet_job has no run: its task 'Open the batch' was left out, by --start-at-task or by tags."
    " Nothing was started by it. What to do: run the whole role; servers that are done are not submitted again."
)
# Said by the modules of the batch on servers that fail by their verdicts.
ONLY_A_REPORT = "fail_on=never lets this pass"


class ActionModule(ActionBase):
    """One step; the argument ``step`` names it. See the role's ``tasks/batch.yml`` for their order."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> Result:
        """Run the step; a rule that is broken is a failed task with one clear message."""
        result: Result = super().run(tmp, task_vars)
        self._vars = task_vars or {}
        self._args: dict[str, Any] = {name: self._task.args.get(name) for name in ARGUMENTS}
        self._files = RunFiles(C.DEFAULT_LOCAL_TMP)
        self._warnings: list[Any] = []
        steps: dict[str, Callable[[], Result]] = {
            "open": self._open,
            "preflight": self._preflight,
            "approve": self._approve,
            "hook_passed": self._hook_passed,
            "hook_ended": self._hook_ended,
            "start": self._start,
            "wait": self._wait,
            "verdict": self._verdict,
            "close": self._close,
        }
        try:
            result.update(steps[self._args["step"]]())
        except InvalidOption as error:
            raise AnsibleActionFail(str(error)) from error
        if self._warnings:
            result["warnings"] = self._warnings
        return result

    # --- the steps, in their order ---

    def _open(self) -> Result:
        """A batch begins: find its run or begin one, and refuse where the run was stopped."""
        entry = self._args["entry"]
        require_whole_batch(self._task)
        batch, hosts = list(self._vars["ansible_play_batch"]), list(self._vars["ansible_play_hosts_all"])
        present = set(self._vars["ansible_play_hosts"])
        own = self._host_variables().of(self._vars["inventory_hostname"])
        run = run_of(self._task)
        path, record = self._files.find(run)
        total = len(hosts if record is None else record.hosts)
        budget = FailureBudget(own.get("max_failures"), total)
        if path is None or record is None:
            folder = None if self._task.check_mode else own.get("record")
            preflight = "off" if own["preflight"] == "off" else PENDING
            path, record = self._files.begin(run, entry, hosts, budget.text, preflight, folder)
        number = len(record.data["batches"]) + 1
        approve = not self._task.check_mode and (
            own["approve"] == "batches" or (own["approve"] == "canary" and number == 2)
        )
        self._note_later_failures(record)
        judge_failures(record, budget, now_ms())
        stopped = judge_open(record, now_ms())
        if not stopped:
            record.open_batch(batch, now_ms(), PENDING if approve else "not_needed")
            record.left_before(set(hosts).difference(present), now_ms())
        self._files.write(path, record)
        if stopped:
            raise AnsibleActionFail(stopped)
        return {
            "preflight": record.data["preflight"] == PENDING,
            "approve": approve,
            "number": number,
            "progress": f"batch {number}, {len(batch)} servers; {len(record.seen) - len(batch)} of {total} had"
            f" their turn, {len(record.failed_hosts())} failed",
        }

    def _preflight(self) -> Result:
        """Judge the whole run before its first job, and say all that is wrong at once."""
        with self._record() as record:
            try:
                problems, own = self._problems(record)
            except (AnsibleError, InvalidOption) as error:
                record.stop(f"preflight: {error}", "preflight", now_ms())
                self._files.write(self._path, record)
                raise
            text = f"preflight: {len(problems)} problems: " if len(problems) > 1 else "preflight: "
            text += "; ".join(f"({number}) {problem}" for number, problem in enumerate(problems, 1))
            warned = bool(problems) and own["preflight"] == "warn"
            if warned:
                self._warnings.append(text)
            if warned or not problems:
                record.data["preflight"] = "warned" if warned else "passed"
                return {}
            record.stop(text, "preflight", now_ms())
        raise AnsibleActionFail(
            f"{text}. No job was started. What to do: correct them, leave the hosts out with --limit, or set"
            " fleet_job_preflight=warn."
        )

    def _problems(self, record: RunRecord) -> tuple[list[str], Result]:
        """(what is wrong with the run, the variables of this host)."""
        variables = self._host_variables()
        own = variables.of(self._vars["inventory_hostname"])
        requests, problems = variables.requests_of(self._vars["ansible_play_hosts_all"], record.data["started_at"])
        servers = self._read("liteserver_info", scope="own")["servers"]
        known = {server["id"] for server in servers}
        if any(request["server_id"] not in known for request in requests):
            # Not everybody may list the servers of the whole project; whoever may not, is told that the ids are
            # not known.
            others = self._call("liteserver_info", scope="all").get("servers") or []
            servers += [server for server in others if server["id"] not in known]
        software = None
        if self._args["entry"] in ("main", "hdk_upgrade"):
            software = self._read("liteserver_software_info")["software"]
        templates = self._read("liteserver_job_template_info")["templates"]
        secret_keys = frozenset(str(key) for key in own.get("secret_spec") or {})
        return problems + problems_of(requests, servers, software, templates, secret_keys), own

    def _approve(self) -> Result:
        """Take down what was answered: only the record lets the batch start."""
        answer = str(self._args["answer"] or "").strip()
        with self._record() as record:
            given = answer.lower() == "yes"
            record.batch["approval"] = "given" if given else "refused"
            number = record.batch["number"]
            if not given:
                record.stop(f"fleet_job_approve: batch {number} was not approved", "approval", now_ms())
        if given:
            return {}
        silent = "" if answer else " (there was no answer: nobody can type one here, in AWX for example)"
        raise AnsibleActionFail(
            f"fleet_job_approve: batch {number} was not approved{silent}. Nothing was started for it. What to do: run the"
            " same play again, only servers that are not done are submitted; in AWX, put an approval node between two"
            " templates."
        )

    def _hook_passed(self) -> Result:
        """The last task of ``fleet_job_before`` on a host: without this note there is no job for it."""
        return {"run": run_of(self._task), "batch": self._args["number"]}

    def _hook_ended(self) -> Result:
        """After ``fleet_job_before``, also where it failed: with no host left, Ansible ends the play here."""
        with self._record() as record:
            out = self._left_out(record, HostFates(self._task, self._vars), hook=True)
            number = record.batch["number"]
            own = sum(row["batch"] == number for row in record.data["servers"])
            judge_hook(record, own - len(out), sum(map(bool, out.values())), now_ms())
        return {}

    def _start(self) -> Result:
        """Start one job for each group of hosts that are still there and request the same.

        The record says that jobs may exist before the first of them does.
        """
        variables = self._host_variables()
        own = variables.of(self._vars["inventory_hostname"])
        with self._record() as record:
            refused = judge_start(record, now_ms())
            fates = HostFates(self._task, self._vars)
            left_out = self._left_out(record, fates, hook=bool(own.get("before")))
            batch = [host for host in self._vars["ansible_play_batch"] if host not in left_out]
            requests, problems = ([], []) if refused else variables.requests_of(batch, record.data["started_at"])
            if not problems:
                problems = problems_of(requests, None, None, None)[:1]
            groups = groups_of(requests)
            if not problems and not refused:
                ids = {request["host"]: request["server_id"] for request in requests}
                record.starting([shown_group(group) for group in groups], ids, now_ms(), left_out)
            elif problems:
                record.stop("; ".join(problems), "preflight", now_ms())
        if refused:
            raise AnsibleActionFail(f"No job was started for this batch: {refused}")
        if problems:
            raise AnsibleActionFail(f"{'; '.join(problems)}. No job was started for this batch.")
        # A group that fails does not hold up the others: its hosts fail by their outcomes.
        with noted_interruption(self._files, self._path):
            results = [self._start_group(group) for group in groups]
        outcomes, jobs = outcomes_of(groups, results, [], [], self._task.check_mode), jobs_of(groups, results)
        self._note(
            lambda record: record.started(jobs, outcomes, now_ms()), jobs, "The jobs are waited for all the same."
        )
        answer: Result = {
            "groups": groups,
            "results": [_kept(result) for result in results],
            "left_out": {host: reason for host, reason in left_out.items() if reason},
            "deadline": now_ms() // 1000 + own["wait_timeout"],
            "wait_sleep": own["wait_sleep"],
            "after": bool(own.get("after")),
            "kept": bool(own.get("record")) and not self._task.check_mode,
        }
        if self._task.diff:
            # Ansible shows a diff only of what has changed. Otherwise the hosts change by their verdicts.
            answer["diff"] = [result["diff"] for result in results if result.get("diff")]
            answer["changed"] = any(result.get("changed") for result in results)
        return answer

    def _start_group(self, group: Group) -> Result:
        return self._call(
            "liteserver_job",
            name=group["name"],
            type=group["type"],
            items=group["items"],
            server_ids=group["server_ids"],
            secret_spec=self._args["secret_spec"],
            **group["options"],
            fail_on="never",
            wait=False,
        )

    def _wait(self) -> Result:
        """Wait for the jobs, and bring the outcomes together: one for each host of the batch."""
        self._path, started = self._path_of_run(), self._args["started"]
        if not isinstance(started, dict) or "groups" not in started:
            raise AnsibleActionFail("No job was started for this batch, see the task before this one.")
        groups, results = started["groups"], started["results"]
        waits = [] if self._task.check_mode else waits_of(groups, results)
        with noted_interruption(self._files, self._path):
            waited = [
                self._call(
                    "liteserver_job",
                    job_id=wait["job_id"],
                    server_ids=wait["server_ids"],
                    # Nothing of it is compared; a message of the service that quotes it is masked.
                    secret_spec=self._args["secret_spec"],
                    skipped=wait["skipped"],
                    fail_on="never",
                    wait=True,
                    wait_timeout=max(started["deadline"] - now_ms() // 1000, 1),
                    wait_sleep=started["wait_sleep"],
                )
                for wait in waits
            ]
        outcomes = outcomes_of(groups, results, waits, waited, self._task.check_mode)
        outcomes.update(left_out_outcomes(started["left_out"]))
        jobs = jobs_of(groups, results)
        budget = self._budget()

        def settle(record: RunRecord) -> None:
            if record.batch["phase"] != "waiting":  # it could not be written after the start
                record.started(jobs, outcomes, now_ms())
            record.settled(outcomes, now_ms(), hook=started["after"] and not self._task.check_mode)
            judge_failures(record, budget(record), now_ms())
            if not has_rescue(self._task):
                play = self._task.play
                judge_batch(record, play.max_fail_percentage, bool(self._task.any_errors_fatal), now_ms())

        rest = "What came of them may not be in the record; then no further batch starts."
        record = self._note(settle, jobs, rest)
        if record is None:
            record = RunRecord.begin("", "", list(outcomes), None, now_ms())
            record.open_batch(outcomes, now_ms())
            settle(record)
        path = self._path if started["kept"] else None
        return {"hosts": outcomes, "summary": summary_lines(record.data, path)}

    def _verdict(self) -> Result:
        """Pass or fail one host, by what its own server did."""
        host = self._vars["inventory_hostname"]
        outcome = self._args["outcome"]
        if not outcome:
            raise AnsibleActionFail(
                f"{host}: no job was started for this host, because the role's steps for the whole batch did not take it"
                " in. What to do: see the tasks before this one; choose hosts by the play's 'hosts', not by conditions."
            )
        shown: Result = {
            key: outcome[key] for key in ("server_id", "server_name", "verdict", "status", "message", "job_id")
        }
        shown["changed"] = outcome["changed"]
        if outcome["ok"]:
            return shown
        return dict(shown, failed=True, msg=outcome_line(host, outcome))

    def _close(self) -> Result:
        """After the tasks of fleet_job_after: what they failed is in the record too."""
        self._path = self._path_of_run()
        budget = self._budget()

        def close(record: RunRecord) -> None:
            self._note_later_failures(record)
            record.closed(now_ms())
            judge_failures(record, budget(record), now_ms())

        self._note(close, [], "What tasks after the jobs failed is not in the record.")
        return {}

    # --- the record ---

    @contextmanager
    def _record(self) -> Iterator[RunRecord]:
        """The record of this run, written when the block is left without an error."""
        self._path = self._path_of_run()
        record = self._files.load(self._path)
        yield record
        self._files.write(self._path, record)

    def _path_of_run(self) -> str:
        path = self._files.path_of(run_of(self._task))
        if path is None:
            raise AnsibleActionFail(NOT_OPENED)
        return path

    def _note(self, change: Callable[[RunRecord], None], jobs: list[Record], rest: str) -> RunRecord | None:
        """Change the record once jobs may run. Trouble with it is a warning that names them: they go on all the same.

        :returns: the changed record, or None where there is none to be believed.
        """
        record, trouble = self._files.note(self._path, change)
        if trouble:
            named = [f"{as_line(job['name'])} {job['job_id']}" for job in jobs if job["job_id"]]
            named += [job_id for job in jobs for job_id in job["other_job_ids"]]
            text = f" Jobs of this batch: {', '.join(named)}." if named else ""
            self._warnings.append(f"{trouble.rstrip('.')}.{text} {rest}")
        return record

    def _note_later_failures(self, record: RunRecord) -> None:
        """Take down which hosts of the run have failed by now, in whatever task, rescued or not."""
        fates = HostFates(self._task, self._vars)
        record.lost_later(record.seen & (fates.failed | set(fates.rescued)), now_ms())

    def _left_out(self, record: RunRecord, fates: HostFates, hook: bool) -> dict[str, str]:
        """{host of the newest batch that gets no job: why; empty where it counts as nothing}."""
        run, number = run_of(self._task), record.batch["number"]
        elsewhere = {host for other in self._files.others(run) for host in other.failed_hosts()}
        reasons: dict[str, str] = {}
        for row in record.data["servers"]:
            host = row["host"]
            if row["batch"] != number:
                continue
            if host in fates.ended:
                reasons[host] = ""
            elif host in fates.failed:
                reasons[host] = "the host failed before its job was started"
            elif host in fates.rescued:
                reasons[host] = f"task '{fates.rescued[host]}' failed on this host; that it was rescued does not count"
            elif host in elsewhere:
                reasons[host] = "another use of the role in this play failed on this host"
            elif hook and not fates.passed_hook(host, run, number):
                reasons[host] = "fleet_job_before did not come to its end on this host"
        return reasons

    def _budget(self) -> Callable[[RunRecord], FailureBudget]:
        text = self._host_variables().of(self._vars["inventory_hostname"]).get("max_failures")
        return lambda record: FailureBudget(text, len(record.hosts))

    # --- variables, and modules ---

    def _host_variables(self) -> HostVariables:
        return HostVariables(self._task, self._templar, self._vars["role_path"], self._args["entry"])

    def _read(self, module: str, **options: Any) -> Result:
        """What a module reads; its error is this step's."""
        result = self._call(module, **options)
        if result.get("failed"):
            raise AnsibleActionFail(result["msg"], result={"error": result.get("error")})
        return result

    def _call(self, module: str, **options: Any) -> Result:
        """Run a module where the role talks to the API: on the controller, or on the host of fleet_job_delegate_to."""
        connection = {name: value for name, value in self._task.args.items() if name not in ARGUMENTS}
        given = {name: value for name, value in options.items() if value is not None}
        variables = self._vars
        if not self._task.delegate_to:
            self._connection = local_connection(self)
            variables = local_variables(variables)
        try:
            with visible_lines(self._task):
                result: Result = self._execute_module(
                    module_name=COLLECTION + module, module_args={**connection, **given}, task_vars=variables
                )
        except AnsibleConnectionFailure as error:
            return self._unreachable(error)
        self._warnings += [text for text in result.pop("warnings", None) or [] if ONLY_A_REPORT not in str(text)]
        return result

    def _unreachable(self, error: AnsibleError) -> Result:
        """The result of a module that did not answer: an unreachable host would leave the play without a word."""
        text = f"fleet_job_delegate_to: {self._task.delegate_to} is unreachable: {' '.join(str(error).split())}"
        hint = "make it reachable, then run the same play again: it finds a job that was created"
        return {"failed": True, "msg": text, "error": {"code": "unreachable", "message": text, "hint": hint}}


def _kept(result: Result) -> Result:
    """What the next step reads of a module's result."""
    return {name: value for name, value in result.items() if name in KEPT}
