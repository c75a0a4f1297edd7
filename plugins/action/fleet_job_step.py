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
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils._errors import InvalidOption
from ..module_utils._shapes import Record
from ..module_utils.domain._untrusted import as_line
from ..module_utils.domain._wording import some_of
from ..module_utils.domain.rollout._budget import FailureBudget
from ..module_utils.domain.rollout._outcomes import jobs_of, outcome_line, outcomes_of, waits_of
from ..module_utils.domain.rollout._preflight import problems_of
from ..module_utils.domain.rollout._requests import Group, groups_of, shown_group
from ..module_utils.domain.rollout._run_record import RunRecord, summary_lines
from ..module_utils.wiring._run_files import RunFiles, now_ms
from ..plugin_utils._host_variables import HostVariables
from ..plugin_utils._on_controller import local_connection, local_variables
from ..plugin_utils._role_place import require_whole_batch
from ..plugin_utils._visible_wait import visible_lines

Result = dict[str, Any]
COLLECTION = "modelarts.liteserver."
ARGUMENTS = frozenset(["step", "entry", "record", "secret_spec", "started", "outcome"])
# Of a module's result, what the next step reads.
KEPT = frozenset(["failed", "msg", "error", "timed_out", "servers", "submitted_server_ids", "job", "job_ids", "action"])
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
        """A batch begins: find its run or begin one, and stop where too much has failed."""
        entry = self._args["entry"]
        require_whole_batch(self._task)
        batch, hosts = list(self._vars["ansible_play_batch"]), list(self._vars["ansible_play_hosts_all"])
        present = set(self._vars["ansible_play_hosts"])
        own = self._host_variables().of(self._vars["inventory_hostname"])
        path, record = self._files.find(entry, hosts, batch)
        first = path is None or record is None
        budget = FailureBudget(own.get("max_failures"), len(hosts))
        if path is None or record is None:
            folder = None if self._task.check_mode else own.get("record")
            path, record = self._files.begin(entry, hosts, budget.text, folder)
        stop = None
        with self._written(path, record):
            if not first:
                record.lost_later(record.seen.difference(present), now_ms())
                stop = _stop_of(budget, record, len(hosts))
            if stop is None:
                record.open_batch(batch, now_ms())
                record.left_before(set(hosts).difference(present), now_ms())
        if stop:
            raise AnsibleActionFail(stop)
        number = record.batch["number"]
        return {
            "record": path,
            "preflight": first and own["preflight"] != "off",
            "approve": not self._task.check_mode
            and (own["approve"] == "batches" or (own["approve"] == "canary" and number == 2)),
            "number": number,
            "progress": f"batch {number}, {len(batch)} servers; {len(record.seen) - len(batch)} of {len(hosts)} had"
            f" their turn, {len(record.failed_hosts())} failed",
        }

    def _preflight(self) -> Result:
        """Judge the whole run before its first job, and say all that is wrong at once."""
        with self._record() as record:
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
            problems += problems_of(requests, servers, software, templates, secret_keys)
            if not problems:
                return {}
            text = f"preflight: {len(problems)} problems: " if len(problems) > 1 else "preflight: "
            text += "; ".join(f"({number}) {problem}" for number, problem in enumerate(problems, 1))
            if own["preflight"] == "warn":
                self._warnings.append(text)
                return {}
            record.stop(text, now_ms())
        raise AnsibleActionFail(
            f"{text}. No job was started. What to do: correct them, leave the hosts out with --limit, or set"
            " fleet_job_preflight=warn."
        )

    def _start(self) -> Result:
        """Start one job for each group of hosts that are still there and request the same.

        The record says that jobs may exist before the first of them does.
        """
        variables = self._host_variables()
        with self._record() as record:
            requests, problems = variables.requests_of(
                list(self._vars["ansible_play_batch"]), record.data["started_at"]
            )
            if not problems:
                problems = problems_of(requests, None, None, None)[:1]
            if problems:
                raise AnsibleActionFail(f"{'; '.join(problems)}. No job was started for this batch.")
            groups = groups_of(requests)
            ids = {request["host"]: request["server_id"] for request in requests}
            record.starting([shown_group(group) for group in groups], ids, now_ms())
        # A group that fails does not hold up the others: its hosts fail by their outcomes.
        results = [self._start_group(group) for group in groups]
        outcomes, jobs = outcomes_of(groups, results, [], [], self._task.check_mode), jobs_of(groups, results)
        self._note(
            lambda record: record.started(jobs, outcomes, now_ms()), jobs, "The jobs are waited for all the same."
        )
        own = variables.of(self._vars["inventory_hostname"])
        answer: Result = {
            "groups": groups,
            "results": [_kept(result) for result in results],
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
        started = self._args["started"]
        groups, results = started["groups"], started["results"]
        waits = [] if self._task.check_mode else waits_of(groups, results)
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
        jobs = jobs_of(groups, results)

        def settle(record: RunRecord) -> None:
            if record.batch["phase"] != "waiting":  # it could not be written after the start
                record.started(jobs, outcomes, now_ms())
            record.settled(outcomes, now_ms(), hook=started["after"] and not self._task.check_mode)

        rest = "What came of them may not be in the record; then no further batch starts."
        record = self._note(settle, jobs, rest)
        if record is None:
            record = RunRecord.begin("", "", list(outcomes), None, now_ms())
            record.open_batch(outcomes, now_ms())
            settle(record)
        path = self._args["record"] if started["kept"] else None
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
        hosts = self._vars["ansible_play_hosts"]

        def close(record: RunRecord) -> None:
            record.lost_later(record.seen.difference(hosts), now_ms())
            record.closed(now_ms())

        self._note(close, [], "What tasks after the jobs failed is not in the record.")
        return {}

    # --- the record ---

    @contextmanager
    def _record(self) -> Iterator[RunRecord]:
        """The record of this run, written when the block is left without an error."""
        path = self._args["record"]
        record = self._files.load(path)
        yield record
        self._files.write(path, record)

    @contextmanager
    def _written(self, path: str, record: RunRecord) -> Iterator[RunRecord]:
        yield record
        self._files.write(path, record)

    def _note(self, change: Callable[[RunRecord], None], jobs: list[Record], rest: str) -> RunRecord | None:
        """Change the record once jobs may run. Trouble with it is a warning that names them: they go on all the same.

        :returns: the changed record, or None where there is none to be believed.
        """
        record, trouble = self._files.note(self._args["record"], change)
        if trouble:
            named = [f"{as_line(job['name'])} {job['job_id']}" for job in jobs if job["job_id"]]
            named += [job_id for job in jobs for job_id in job["other_job_ids"]]
            text = f" Jobs of this batch: {', '.join(named)}." if named else ""
            self._warnings.append(f"{trouble.rstrip('.')}.{text} {rest}")
        return record

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
        with visible_lines(self._task):
            result: Result = self._execute_module(
                module_name=COLLECTION + module, module_args={**connection, **given}, task_vars=variables
            )
        self._warnings += [text for text in result.pop("warnings", None) or [] if ONLY_A_REPORT not in str(text)]
        return result


def _stop_of(budget: FailureBudget, record: RunRecord, total: int) -> str | None:
    """Why no further batch may start, or None; the record says so too."""
    if record.data["stopped"]:
        return f"this run was stopped, no further batch is started: {record.data['stopped']}"
    failed = record.failed_hosts()
    if not budget.passed_by(len(failed)):
        return None
    reason = (
        f"fleet_job_max_failures: {len(failed)} of {total} servers failed, more than may fail ({budget}); no further"
        " batch is started"
    )
    record.stop(reason, now_ms())
    return (
        f"{reason}. Failed: {some_of(failed, 20)}. {total - len(record.seen)} servers were not touched. What to do: see why"
        " they failed; running the same play again submits only servers that are not done."
    )


def _kept(result: Result) -> Result:
    """What the next step reads of a module's result."""
    return {name: value for name, value in result.items() if name in KEPT}
