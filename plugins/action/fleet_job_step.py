# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of role ``fleet_job`` that are not a module: they run on the controller and start no process."""

from __future__ import annotations

import os

import yaml
from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ..module_utils._errors import InvalidOption
from ..module_utils.domain._untrusted import as_line
from ..module_utils.domain._waiting import check_wait_options
from ..module_utils.domain._wording import some_of
from ..module_utils.domain.rollout._preflight import problems_of
from ..module_utils.domain.rollout._rollout import (
    PER_HOST,
    Budget,
    groups_of,
    jobs_of,
    outcome_line,
    outcomes_of,
    shown_group,
    waits_of,
    wish_of,
)
from ..module_utils.domain.rollout._run_record import RunRecord, summary_lines
from ..module_utils.wiring._run_files import RunFiles, now_ms

PREFIX = "fleet_job_"
LINEAR = ("linear", "ansible.builtin.linear", "debug", "ansible.builtin.debug")
HOOKS = ("before", "after")


class ActionModule(ActionBase):
    """One step; the argument ``step`` names it. See the role's ``tasks/batch.yml`` for their order."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _VALID_ARGS = frozenset(["step", "entry"])

    def run(self, tmp=None, task_vars=None):
        """Run the step; a rule that is broken is a failed task with one clear message."""
        result = super().run(tmp, task_vars)
        self._vars = task_vars
        self._files = RunFiles(C.DEFAULT_LOCAL_TMP)
        steps = {
            "open": self._open,
            "preflight": self._preflight,
            "plan": self._plan,
            "follow": self._follow,
            "settle": self._settle,
            "verdict": self._verdict,
            "close": self._close,
        }
        try:
            result.update(steps[self._task.args["step"]]())
        except InvalidOption as error:
            raise AnsibleActionFail(str(error)) from error
        return result

    # --- the steps, in their order ---

    def _open(self):
        """A batch begins: find its run or begin one, and stop where too much has failed."""
        entry = self._task.args["entry"]
        self._require_whole_batch()
        batch, hosts = list(self._vars["ansible_play_batch"]), list(self._vars["ansible_play_hosts_all"])
        own = self._values(self._vars["inventory_hostname"], entry)
        path, record = self._files.find(entry, hosts, batch)
        first, problems, server_ids = record is None, [], []
        budget = Budget(own.get("max_failures"), len(hosts))
        if first:
            path, record = self._files.begin(
                entry, hosts, budget.text, None if self._task.check_mode else own.get("record")
            )
            if own["preflight"] != "off":
                wishes, problems = self._wishes(hosts, entry, record)
                server_ids = [wish["server_id"] for wish in wishes]
        elif record.data["stopped"]:
            raise AnsibleActionFail(f"this run was stopped, no further batch is started: {record.data['stopped']}")
        else:
            # Whoever passed its verdict and is out by now was failed by a task after it.
            record.lost_later(record.seen.difference(self._vars["ansible_play_hosts"]), now_ms())
            failed = record.failed_hosts()
            if budget.passed_by(len(failed)):
                reason = (
                    f"fleet_job_max_failures: {len(failed)} of {len(hosts)} servers failed, more than may fail"
                    f" ({budget}); no further batch is started"
                )
                record.stop(reason, now_ms())
                self._files.write(path, record)
                rest = len(hosts) - len(record.seen)
                raise AnsibleActionFail(
                    f"{reason}. Failed: {some_of(failed, 20)}. {rest} servers were not touched. What to do: see why they"
                    " failed; running the same play again submits only servers that are not done."
                )
        record.open_batch(batch, now_ms())
        record.left_before(set(hosts).difference(self._vars["ansible_play_hosts"]), now_ms())
        self._files.write(path, record)
        number = record.batch["number"]
        approve = not self._task.check_mode and (
            own["approve"] == "batches" or (own["approve"] == "canary" and number == 2)
        )
        return {
            "first": first,
            "preflight": first and own["preflight"] != "off",
            "approve": approve,
            "number": number,
            "progress": f"batch {number}, {len(batch)} servers; {len(record.seen) - len(batch)} of {len(hosts)} had"
            f" their turn, {len(record.failed_hosts())} failed",
            "record": path,
            "problems": problems,
            "server_ids": server_ids,
        }

    def _preflight(self):
        """Judge the whole run before its first job, and say all that is wrong at once."""
        entry, opened = self._task.args["entry"], self._vars["_fleet_job_opened"]
        hosts = list(self._vars["ansible_play_hosts_all"])
        own = self._values(self._vars["inventory_hostname"], entry)
        wishes, _problems = self._wishes(hosts, entry, self._files.load(opened["record"]))
        servers = list(self._vars["_fleet_job_servers"]["servers"])
        known = {server["id"] for server in servers}
        others = self._vars["_fleet_job_other_servers"].get("servers") or []
        servers += [server for server in others if server["id"] not in known]
        problems = opened["problems"] + problems_of(
            wishes,
            servers,
            self._vars["_fleet_job_software"].get("software"),
            self._vars["_fleet_job_templates"].get("templates"),
            frozenset(str(key) for key in own.get("secret_spec") or {}),
        )
        if not problems:
            return {"problems": []}
        text = f"preflight: {len(problems)} problems: " if len(problems) > 1 else "preflight: "
        text += "; ".join(f"({number}) {problem}" for number, problem in enumerate(problems, 1))
        if own["preflight"] == "warn":
            return {"problems": problems, "warnings": [text]}
        record = self._files.load(opened["record"])
        record.stop(text, now_ms())
        self._files.write(opened["record"], record)
        raise AnsibleActionFail(
            f"{text}. No job was started. What to do: correct them, leave the hosts out with --limit, or set"
            " fleet_job_preflight=warn."
        )

    def _plan(self):
        """Group the hosts that are still there; the record says from here on that jobs may exist."""
        entry, path = self._task.args["entry"], self._vars["_fleet_job_opened"]["record"]
        record = self._files.load(path)
        wishes, problems = self._wishes(list(self._vars["ansible_play_batch"]), entry, record)
        if problems:
            raise AnsibleActionFail(f"{'; '.join(problems)}. No job was started for this batch.")
        server_ids = [wish["server_id"] for wish in wishes]
        if len(set(server_ids)) != len(server_ids):
            raise AnsibleActionFail(f"{problems_of(wishes, None, None, None)[0]}. No job was started for this batch.")
        groups = groups_of(wishes)
        ids = {wish["host"]: wish["server_id"] for wish in wishes}
        record.starting([shown_group(group) for group in groups], ids, now_ms())
        self._files.write(path, record)
        return {"groups": groups}

    def _follow(self):
        """Which of the jobs, started and found, are to be waited for, and until when."""
        entry, path = self._task.args["entry"], self._vars["_fleet_job_opened"]["record"]
        groups, started = self._vars["_fleet_job_plan"]["groups"], self._results("_fleet_job_started")
        waits = [] if self._task.check_mode else waits_of(groups, started)
        outcomes = outcomes_of(groups, started, [], [], self._task.check_mode)
        jobs = jobs_of(groups, started)
        _record, trouble = self._files.note(path, lambda record: record.started(jobs, outcomes, now_ms()))
        own = self._values(self._vars["inventory_hostname"], entry)
        deadline = now_ms() // 1000 + own["wait_timeout"]
        waits = {"waits": waits, "deadline": deadline, "wait_sleep": own["wait_sleep"]}
        return self._warned(waits, trouble, jobs, "They are waited for all the same.")

    def _settle(self):
        """One outcome per host of the batch, in the record and for the verdicts."""
        path, entry = self._vars["_fleet_job_opened"]["record"], self._task.args["entry"]
        own = self._values(self._vars["inventory_hostname"], entry)
        groups, started = self._vars["_fleet_job_plan"]["groups"], self._results("_fleet_job_started")
        outcomes = outcomes_of(
            groups,
            started,
            self._vars["_fleet_job_waits"]["waits"],
            self._results("_fleet_job_waited"),
            self._task.check_mode,
        )
        jobs = jobs_of(groups, started)

        def settle(record):
            if record.batch["phase"] != "waiting":  # it could not be written after the start
                record.started(jobs, outcomes, now_ms())
            record.settled(outcomes, now_ms(), hook=bool(own.get("after")) and not self._task.check_mode)

        record, trouble = self._files.note(path, settle)
        if record is None:
            record = RunRecord.begin("", entry, list(outcomes), None, now_ms())
            record.open_batch(outcomes, now_ms())
            settle(record)
        kept = own.get("record") and not self._task.check_mode
        settled = {"hosts": outcomes, "summary": summary_lines(record.data, path if kept else None)}
        return self._warned(
            settled, trouble, jobs, "What came of them may not be in the record; then no further batch starts."
        )

    def _verdict(self):
        """Pass or fail one host, by what its own server did."""
        host = self._vars["inventory_hostname"]
        outcome = ((self._vars.get("_fleet_job_settled") or {}).get("hosts") or {}).get(host)
        if outcome is None:
            raise AnsibleActionFail(
                f"{host}: no job was started for this host, because the role's steps for the whole batch did not take it"
                " in. What to do: see the tasks before this one; choose hosts by the play's 'hosts', not by conditions."
            )
        shown = {key: outcome[key] for key in ("server_id", "server_name", "verdict", "status", "message", "job_id")}
        shown["changed"] = outcome["changed"]
        if outcome["ok"]:
            return shown
        return dict(shown, failed=True, msg=outcome_line(host, outcome))

    def _close(self):
        """After the tasks of fleet_job_after: what they failed is in the record too."""
        path = self._vars["_fleet_job_opened"]["record"]
        hosts = self._vars["ansible_play_hosts"]

        def close(record):
            record.lost_later(record.seen.difference(hosts), now_ms())
            record.closed(now_ms())

        _record, trouble = self._files.note(path, close)
        return self._warned({}, trouble, [], "What the tasks after the jobs failed is not in the record.")

    @staticmethod
    def _warned(result, trouble, jobs, rest):
        """A result, with a warning where the record of a batch could not be kept: the jobs are there all the same."""
        if not trouble:
            return result
        running = [f"{as_line(job['name'])} {job['job_id']}" for job in jobs if job["job_id"]]
        running += [job_id for job in jobs for job_id in job["other_job_ids"]]
        return dict(
            result, warnings=[f"{trouble.rstrip('.')}. Jobs of this batch: {', '.join(running) or 'none'}. {rest}"]
        )

    # --- what the hosts want ---

    def _wishes(self, hosts, entry, record):
        """([wish of each host that has a valid one], [problems])."""
        wishes, hosts_of, seen = [], {}, {}
        for host in hosts:
            try:
                values = self._values(host, entry)
                for name, value in values.items():
                    if name not in PER_HOST and seen.setdefault(name, (host, value))[1] != value:
                        raise InvalidOption(
                            f"{PREFIX}{name}: must be the same for all hosts of a run, and differs from {seen[name][0]}'s"
                        )
                wishes.append(wish_of(host, entry, values, record.data["started_at"]))
            except InvalidOption as error:
                hosts_of.setdefault(error.message, []).append(host)
        return wishes, [f"{text} ({some_of(names)})" for text, names in hosts_of.items()]

    def _values(self, host_name, entry):
        """The role's variables as this host sees them, checked by the entry point's argument spec.

        A task that runs once sees them as its own host does, and hostvars leave out what plays
        and roles set. Only Ansible's own merge, with this play, task and host, is what a task
        on that host would see.

        :returns: values without the prefix of the role's variables.
        :raises InvalidOption: a value is missing, of another type, or its template fails.
        """
        manager = self._task.get_variable_manager()
        host = manager._inventory.get_host(host_name)
        play = self._task.play
        variables = manager.get_vars(play=play, host=host, task=self._task)
        templar = self._templar.copy_with_new_env(available_variables=variables)
        spec = self._spec(entry)
        given = {}
        for name in spec:
            if name not in variables:
                continue
            try:
                value = templar.template(variables[name])
            except AnsibleError as error:
                raise InvalidOption(f"{name}: {' '.join(str(error).split())}") from error
            # An empty value is what a variable without one looks like in a survey.
            if value is not None and value != "":
                given[name] = value
        if isinstance(given.get("fleet_job_version"), float):
            raise InvalidOption(
                "fleet_job_version: is a number in YAML, which drops final zeros (24.10 becomes 24.1): quote it"
            )
        checked = ArgumentSpecValidator(spec).validate(given)
        if checked.error_messages:
            raise InvalidOption("; ".join(checked.error_messages))
        values = {
            name.removeprefix(PREFIX): value for name, value in checked.validated_parameters.items() if name in spec
        }
        try:
            check_wait_options({**values, "progress": 0})
        except InvalidOption as error:
            raise InvalidOption(PREFIX + error.message) from error
        self._require_loaded_hooks(values, play)
        return values

    def _spec(self, entry):
        if not hasattr(self, "_specs"):
            with open(os.path.join(self._vars["role_path"], "meta", "argument_specs.yml"), encoding="utf-8") as file:
                self._specs = yaml.safe_load(file)["argument_specs"]
        return self._specs[entry]["options"]

    def _require_loaded_hooks(self, values, play):
        """A hook that only the inventory sets was not there when the play was loaded, and would not run."""
        if not hasattr(self, "_loaded"):
            variables = self._task.get_variable_manager().get_vars(play=play, task=self._task)
            templar = self._templar.copy_with_new_env(available_variables=variables)
            self._loaded = {hook: templar.template(variables.get(PREFIX + hook) or "") or None for hook in HOOKS}
        for hook in HOOKS:
            if (values.get(hook) or None) != self._loaded[hook]:
                raise InvalidOption(
                    f"{PREFIX}{hook}: is set where a play cannot see it when it is loaded (inventory or facts), and would"
                    " not run; set it in the play, for the role, or with --extra-vars"
                )

    # --- where the role runs ---

    def _require_whole_batch(self):
        """Refuse any place in which only some hosts of the batch would run the role.

        The jobs are started once for the whole batch, so a condition would start them for
        hosts that it leaves out.
        """
        play = self._task.play
        if play.strategy not in LINEAR:
            raise AnsibleActionFail(
                f"role fleet_job runs with strategy linear, not {play.strategy}: it starts one job for all hosts of a batch"
            )
        below, node = set(), self._task
        while node is not None:
            what = None
            if node.when:
                what = "a condition (when)"
            elif getattr(node, "loop", None) is not None:
                what = "a loop"
            elif any(part._uuid in below for name in ("rescue", "always") for part in getattr(node, name, [])):
                what = "a rescue or always section"
            elif not getattr(node, "statically_loaded", True) and _has_template(node.get_ds()):
                what = "an include whose name is a template"
            if what:
                raise AnsibleActionFail(
                    f"role fleet_job stands under {what}, but starts jobs for all hosts of the batch. What to do: choose"
                    " the hosts by the play's 'hosts' (group_by in a play before it), and use import_role without conditions."
                )
            below.add(node._uuid)
            node = getattr(node, "_parent", None)

    def _results(self, name):
        """The results of a loop, one per item."""
        registered = self._vars[name]
        if registered.get("skipped") and not registered.get("results"):
            return []
        return registered["results"]


def _has_template(include):
    """Whether what an include takes in depends on variables: each host may get another file or none."""
    return any("{{" in str(value) for key, value in include.items() if key.split(".")[-1].startswith("include_"))
