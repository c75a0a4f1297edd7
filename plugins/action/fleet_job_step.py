# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of role ``fleet_job`` that are for a whole batch, and the verdict of a host.

What a step reads is an argument of its task, see the role's ``tasks/batch.yml``. Arguments that are
no step's are options of the connection, from module_defaults, and go to the modules that a step runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from ..module_utils._errors import InvalidOption
from ..module_utils.domain._wording import some_of
from ..module_utils.domain.rollout._budget import FailureBudget
from ..module_utils.domain.rollout._gates import (
    judge_approval,
    judge_batch,
    judge_failures,
    judge_hook,
    judge_open,
    judge_preflight,
    judge_start,
)
from ..module_utils.domain.rollout._outcomes import (
    jobs_of,
    left_out_outcomes,
    outcome_line,
    outcomes_of,
    parts_of,
    wait_options,
    waits_of,
)
from ..module_utils.domain.rollout._preflight import problems_of
from ..module_utils.domain.rollout._requests import HostRequest, groups_of, shown_group
from ..module_utils.domain.rollout._run_record import PENDING, RunRecord, summary_lines
from ..module_utils.domain.rollout._waves import waves_of_servers
from ..module_utils.wiring._run_files import RunFiles, now_ms
from ..plugin_utils._batch_module import run_batch_module
from ..plugin_utils._host_requests import HostRequests
from ..plugin_utils._host_variables import HostVariables
from ..plugin_utils._interruption import noted_interruption
from ..plugin_utils._open_run import OpenRun
from ..plugin_utils._outcome_file import OutcomeFile
from ..plugin_utils._retries import retried
from ..plugin_utils._role_place import has_rescue, require_whole_batch, run_of
from ..plugin_utils._survey import server_ids_of, supernodes_in, survey_of
from ..plugin_utils._wave_file import WaveFile

Result = dict[str, Any]
ARGUMENTS = frozenset(["step", "entry", "answer", "number", "secret_spec", "started", "canary", "growth", "largest"])
# Of a module's result, what the next step reads.
SHOWN = ("server_id", "server_name", "supernode_id", "supernode_name", "verdict", "status", "message", "job_id")
KEPT = frozenset(["failed", "msg", "error", "timed_out", "servers", "submitted_server_ids", "job", "job_ids", "action"])


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
            "waves": self._waves,
            "open": self._open,
            "preflight": self._preflight,
            "approve": self._approve,
            "needed": self._needed,
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

    def _waves(self) -> Result:
        """Before the role, in a play of its own: the hosts of this play by supernode and name, and in which waves."""
        server_of = server_ids_of(self._task, self._templar, self._vars)
        read = self._batch("read", server_ids=[server_id for server_id in server_of.values() if server_id])
        if read.get("failed"):
            raise AnsibleActionFail(read["msg"], result={"error": read.get("error")})
        sizes = {
            name: self._args[name] for name in ("canary", "growth", "largest") if self._args[name] not in (None, "")
        }
        hosts, serial = waves_of_servers(server_of, read["servers"], **sizes)
        WaveFile(C.DEFAULT_LOCAL_TMP).write({"hosts": hosts, "serial": serial})
        return {"waves": serial}

    def _open(self) -> Result:
        """A batch begins: find its run or begin one, and refuse where the run was stopped."""
        entry = self._args["entry"]
        require_whole_batch(self._task)
        WaveFile(C.DEFAULT_LOCAL_TMP).take()
        batch, hosts = list(self._vars["ansible_play_batch"]), list(self._vars["ansible_play_hosts_all"])
        present = set(self._vars["ansible_play_hosts"])
        own = self._host_variables().of(self._vars["inventory_hostname"])
        name = run_of(self._task)
        path, record = self._files.find(name)
        total = len(hosts if record is None else record.hosts)
        budget = FailureBudget(own.get("max_failures"), total)
        if path is None or record is None:
            folder = None if self._task.check_mode else own.get("record")
            gates = (own["preflight"], own["supernodes"] if entry != "log_collect" else "off")
            preflight = PENDING if any(gate != "off" for gate in gates) else "off"
            path, record = self._files.begin(name, entry, hosts, budget.text, preflight, folder)
        number = len(record.data["batches"]) + 1
        approve = not self._task.check_mode and (
            own["approve"] == "batches" or (own["approve"] == "canary" and number == 2)
        )
        self._run.note_later_failures(record)
        judge_failures(record, budget, now_ms())
        stopped = judge_open(record, now_ms())
        if not stopped:
            record.open_batch(batch, now_ms(), PENDING if approve else "not_needed")
            record.left_before(set(hosts).difference(present), now_ms())
        try:
            self._files.write(path, record)
        except InvalidOption as error:
            if not stopped:
                raise
            raise AnsibleActionFail(f"{error.message.rstrip('.')}. {stopped}") from error
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
        with self._run.edit() as record:
            try:
                found, own = self._problems(record)
            except (AnsibleError, InvalidOption) as error:
                record.stop(f"preflight: {error}", "preflight", now_ms())
                self._files.write(self._run.path, record)
                raise
            warnings, refused = judge_preflight(record, found, own, now_ms())
            self._warnings += warnings
        if refused:
            raise AnsibleActionFail(refused)
        return {}

    def _problems(self, record: RunRecord) -> tuple[dict[str, list[str]], Result]:
        """({gate: what is wrong with the run}, the variables of this host)."""
        own = self._host_variables().of(self._vars["inventory_hostname"])
        requests, problems = self._requests(record).of(self._vars["ansible_play_hosts_all"])
        options = survey_of(self._task, requests, own, self._args["entry"])
        if options is None:
            return {"preflight": [], "supernodes": []}, own
        read = self._batch("read", **options, secret_spec=self._args["secret_spec"])
        if read.get("failed"):
            raise AnsibleActionFail(read["msg"], result={"error": read.get("error")})
        record.take_supernodes(supernodes_in(read, requests))
        secret_keys = frozenset(str(key) for key in own.get("secret_spec") or {})
        found = (read[name] for name in ("servers", "software", "templates"))
        problems += problems_of(requests, *found, secret_keys, read["events"])
        return {"preflight": problems, "supernodes": read["supernode_problems"]}, own

    def _approve(self) -> Result:
        """Take down what was answered: only the record lets the batch start."""
        with self._run.edit() as record:
            refused = judge_approval(record, str(self._args["answer"] or "").strip(), now_ms())
        if refused:
            raise AnsibleActionFail(refused)
        return {}

    def _needed(self) -> Result:
        """Judge which hosts of the batch need a job or have one that runs: the hooks run on these."""
        own = self._host_variables().of(self._vars["inventory_hostname"])
        with self._run.edit() as record:
            left_out = self._run.left_out(record, hook=False)
            batch = [host for host in self._vars["ansible_play_batch"] if host not in left_out]
            requests, problems = self._requests(record).of(batch)
            hosts = batch
            if own["hooks_on"] == "needed" and not problems:
                hosts = self._in_need(requests)
            record.batch["hook_hosts"] = hosts
        others = len(batch) - len(hosts)
        text = f"fleet_job_before runs on {len(hosts)} of {len(batch)} hosts"
        text += f": {some_of(hosts, 10)}" if hosts and others else ""
        return {"hosts": hosts, "summary": f"{text}; the others are done" if others else text}

    def _in_need(self, requests: list[HostRequest]) -> list[str]:
        """The hosts that are not known to be done."""
        groups, before = groups_of(requests), list(self._warnings)
        secret_spec = self._args["secret_spec"]
        judged = self._batch("judge", groups=groups, secret_spec=secret_spec, servers_per_job=len(requests) or 1)
        self._warnings = before  # the start gives them again
        outcomes = outcomes_of(*parts_of(groups, judged), [], [], True)
        return [host for host, outcome in outcomes.items() if outcome["verdict"] != "done"]

    def _hook_passed(self) -> Result:
        """The last task of ``fleet_job_before`` on a host: without this note there is no job for it."""
        # A string where templates do not keep types.
        return {"run": run_of(self._task), "batch": int(self._args["number"])}

    def _hook_ended(self) -> Result:
        """After ``fleet_job_before``, also where it failed: with no host left, Ansible ends the play here."""
        with self._run.edit() as record:
            out = self._run.left_out(record, hook=True)
            number = record.batch["number"]
            own = sum(row["batch"] == number for row in record.data["servers"])
            judge_hook(record, own - len(out), sum(map(bool, out.values())), now_ms())
        return {}

    def _start(self) -> Result:
        """Start the jobs for the hosts that are still there, those that request the same in as few as may be.

        The record says that jobs may exist before the first of them does.
        """
        own = self._host_variables().of(self._vars["inventory_hostname"])
        with self._run.edit() as record:
            refused = judge_start(record, now_ms())
            left_out = self._run.left_out(record, hook=bool(own.get("before")))
            batch = [host for host in self._vars["ansible_play_batch"] if host not in left_out]
            requests, problems = ([], []) if refused else self._requests(record).of(batch)
            if not problems:
                problems = problems_of(requests, None, None, None)[:1]
            groups = groups_of(requests, record.supernode_of)
            prepared = set(record.batch.get("hook_hosts") or []) if own.get("before") else set(batch)
            if not problems and not refused:
                ids = {request["host"]: request["server_id"] for request in requests}
                record.starting([shown_group(group) for group in groups], ids, now_ms(), left_out)
            elif problems:
                record.stop("; ".join(problems), "preflight", now_ms())
        if refused:
            raise AnsibleActionFail(f"No job was started for this batch: {refused}")
        if problems:
            raise AnsibleActionFail(f"{'; '.join(problems)}. No job was started for this batch.")
        # A job that cannot be started does not hold up the others: its hosts fail by their outcomes.
        with noted_interruption(self._files, self._run.path):
            started = self._batch(
                "start",
                groups=groups,
                secret_spec=self._args["secret_spec"],
                servers_per_job=own["servers_per_job"],
                unprepared=[request["server_id"] for request in requests if request["host"] not in prepared],
            )
        parts, results = parts_of(groups, started)
        outcomes, jobs = outcomes_of(parts, results, [], [], self._task.check_mode), jobs_of(parts, results)
        _record, trouble = self._run.note(lambda record: record.started(jobs, outcomes, now_ms()), jobs)
        if trouble:
            self._warnings.append(f"{trouble} The jobs are waited for all the same.")
        answer: Result = {
            "groups": parts,
            "results": [_kept(result) for result in results],
            "left_out": {host: reason for host, reason in left_out.items() if reason},
            "deadline": now_ms() // 1000 + own["wait_timeout"],
            "wait_sleep": own["wait_sleep"],
            "retries": own["retries"],
            "servers_per_job": own["servers_per_job"],
            "after": bool(own.get("after")),
            "hooks_on": own["hooks_on"],
            "kept": bool(own.get("record")) and not self._task.check_mode,
        }
        if self._task.diff:
            # Ansible shows a diff only of what has changed. Otherwise the hosts change by their verdicts.
            answer["diff"] = started.get("diff") or []
            answer["changed"] = bool(started.get("changed"))
        return answer

    def _wait(self) -> Result:
        """Wait for the jobs, and bring the outcomes together: one for each host of the batch."""
        run, started = self._run, self._args["started"]
        if not isinstance(started, dict) or "groups" not in started:
            raise AnsibleActionFail("No job was started for this batch, see the task before this one.")
        groups, results = started["groups"], started["results"]
        waits = [] if self._task.check_mode else waits_of(groups, results)
        with noted_interruption(self._files, run.path):
            # Nothing of the secret spec is compared; a message of the service that quotes it is masked.
            options = wait_options(waits, started, self._args["secret_spec"], now_ms()) if waits else {}
            result = self._batch("wait", **options) if waits else {}
        waited = result.get("jobs") or [result] * len(waits)
        waited_for = {server_id for wait in waits for server_id in wait["server_ids"]}
        outcomes = outcomes_of(groups, results, waits, waited, self._task.check_mode)
        jobs = jobs_of(groups, results)
        if not self._task.check_mode:
            with noted_interruption(self._files, run.path):
                outcomes, jobs = retried(self._batch, run, started, self._args["secret_spec"], outcomes, jobs)
        outcomes.update(left_out_outcomes(started["left_out"]))
        budget = self._budget()

        def settle(record: RunRecord) -> None:
            if record.batch["phase"] != "waiting":  # it could not be written after the start
                record.started(jobs, outcomes, now_ms())
            record.settled(outcomes, now_ms(), hook=started["after"] and not self._task.check_mode)
            judge_failures(record, budget(record), now_ms())
            if not has_rescue(self._task):
                play = self._task.play
                judge_batch(record, play.max_fail_percentage, bool(self._task.any_errors_fatal), now_ms())

        record, trouble = run.note(settle, jobs)
        if trouble:
            self._warnings.append(
                f"{trouble} What came of them may not be in the record; then no further batch starts."
            )
        if record is None:
            record = RunRecord.begin("", "", list(outcomes), None, now_ms())
            record.open_batch(outcomes, now_ms())
            settle(record)
        self._outcomes.write({host: {**outcome, **record.places[host]} for host, outcome in outcomes.items()})
        path = self._run.path if started["kept"] else None
        worked = {
            host for host, outcome in outcomes.items() if outcome["changed"] or outcome["server_id"] in waited_for
        }
        worked |= set(outcomes if started["hooks_on"] == "all" else record.batch.get("hook_hosts") or [])
        return {
            "hook_hosts": [host for host in outcomes if host in worked],
            "summary": summary_lines(record.data, path),
        }

    def _verdict(self) -> Result:
        """Pass or fail one host, by what its own server did."""
        host = self._vars["inventory_hostname"]
        outcome = self._outcomes.of(host)
        if not outcome:
            raise AnsibleActionFail(
                f"{host}: no job was started for this host, because the role's steps for the whole batch did not take it"
                " in. What to do: see the tasks before this one; choose hosts by the play's 'hosts', not by conditions."
            )
        shown: Result = {key: outcome.get(key) for key in SHOWN}
        shown["changed"] = outcome["changed"]
        if outcome["ok"]:
            return shown
        return dict(shown, failed=True, msg=outcome_line(host, outcome))

    def _close(self) -> Result:
        """After the tasks of fleet_job_after: what they failed is in the record too."""
        budget = self._budget()

        def close(record: RunRecord) -> None:
            self._run.note_later_failures(record)
            record.closed(now_ms())
            judge_failures(record, budget(record), now_ms())

        _record, trouble = self._run.note(close, [])
        if trouble:
            self._warnings.append(f"{trouble} What tasks after the jobs failed is not in the record.")
        return {}

    # --- variables, and modules ---

    @cached_property
    def _run(self) -> OpenRun:
        return OpenRun(self._files, self._task, self._vars)

    @cached_property
    def _outcomes(self) -> OutcomeFile:
        return OutcomeFile(C.DEFAULT_LOCAL_TMP, run_of(self._task))

    def _requests(self, record: RunRecord) -> HostRequests:
        return HostRequests(C.DEFAULT_LOCAL_TMP, run_of(self._task), record, self._host_variables())

    def _budget(self) -> Callable[[RunRecord], FailureBudget]:
        text = self._host_variables().of(self._vars["inventory_hostname"]).get("max_failures")
        return lambda record: FailureBudget(text, len(record.hosts))

    def _host_variables(self) -> HostVariables:
        return HostVariables(self._task, self._templar, self._vars, self._args["entry"])

    def _batch(self, work: str, **options: Any) -> Result:
        """Run the module of the batch, with the options of the connection that the task was given."""
        connection = {name: value for name, value in self._task.args.items() if name not in ARGUMENTS}
        result = run_batch_module(self, self._vars, {**connection, "work": work, **options})
        self._warnings += result.pop("warnings", None) or []
        return result


def _kept(result: Result) -> Result:
    """What the next step reads of a module's result."""
    return {name: value for name, value in result.items() if name in KEPT}
