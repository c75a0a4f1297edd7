# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Steps of role ``fleet_job`` from the start of a batch's jobs to its end."""

from __future__ import annotations

from collections.abc import Sequence

from ansible.errors import AnsibleActionFail

from ..module_utils._shapes import Record
from ..module_utils.domain.rollout._gates import judge_batch, judge_failures, judge_start, play_end
from ..module_utils.domain.rollout._node_outcomes import unverified
from ..module_utils.domain.rollout._outcomes import (
    jobs_of,
    left_out_outcomes,
    outcome_line,
    outcomes_of,
    parts_of,
    stamp,
    wait_options,
    waits_of,
)
from ..module_utils.domain.rollout._plan import change_lines
from ..module_utils.domain.rollout._preflight import problems_of
from ..module_utils.domain.rollout._requests import Group, groups_of, shown_group
from ..module_utils.domain.rollout._run_record import ENDED, UNVERIFIED, RunRecord
from ..module_utils.wiring._run_files import now_ms
from ._hook_steps import preparations
from ._node_steps import mark_of
from ._retries import retried
from ._role_place import has_rescue
from ._step import Result, Step
from ._turn import judge_turn

# Of a module's result, what the next step reads.
IDENTITY = ("server_id", "server_name", "supernode_id", "supernode_name")
SHOWN = (*IDENTITY, "verdict", "status", "message", "job_id")
KEPT = frozenset(["failed", "msg", "error", "timed_out", "servers", "submitted_server_ids", "job", "job_ids", "action"])


def start(step: Step) -> Result:
    """Start the jobs for the hosts that are still there, those that request the same in as few as may be.

    The record says that jobs may exist before the first of them does.
    """
    own = step.own
    with step.run.edit() as record:
        if not step.task.check_mode and record.data["batches"]:
            # An approval, a hook or the preflight may have taken hours.
            judge_turn(record, own, step.clock)
        refused = judge_start(record, now_ms())
        left_out = step.run.left_out(record, hook=preparations(own))
        batch = [host for host in step.vars["ansible_play_batch"] if host not in left_out]
        requests, problems = ([], []) if refused else step.requests(record).of(batch)
        if not problems:
            problems = problems_of(requests, None, None, None)[:1]
        groups = groups_of(requests, record.supernode_of)
        prepared = set(record.batch.get("hook_hosts") or []) if preparations(own) else set(batch)
        if not problems and not refused:
            ids = {request["host"]: request["server_id"] for request in requests}
            record.starting([shown_group(group) for group in groups], ids, now_ms(), left_out)
        elif problems:
            record.stop("; ".join(problems), "preflight", now_ms())
        step.news().ended(record)
    if refused:
        raise AnsibleActionFail(f"No job was started for this batch: {refused}")
    if problems:
        raise AnsibleActionFail(f"{'; '.join(problems)}. No job was started for this batch.")
    # A job that cannot be started does not hold up the others: its hosts fail by their outcomes.
    started = step.batch(
        "start",
        groups=groups,
        secret_spec=step.args["secret_spec"],
        servers_per_job=own["servers_per_job"],
        unprepared=[request["server_id"] for request in requests if request["host"] not in prepared],
    )
    parts, results = parts_of(groups, started)
    outcomes, jobs = outcomes_of(parts, results, [], [], step.task.check_mode), jobs_of(parts, results)
    _record, trouble = step.run.note(lambda record: record.started(jobs, outcomes, now_ms()), jobs)
    if trouble:
        step.warnings.append(f"{trouble} The jobs are waited for all the same.")
    answer: Result = {
        "groups": parts,
        "results": [_kept(result) for result in results],
        "left_out": {host: reason for host, reason in left_out.items() if reason},
        "deadline": now_ms() // 1000 + own["wait_timeout"],
        "wait_sleep": own["wait_sleep"],
        "retries": own["retries"],
        "servers_per_job": own["servers_per_job"],
        "after": bool(own.get("after")),
        "verify": own.get("verify", "off") != "off",
        "hooks_on": own["hooks_on"],
    }
    if step.task.diff:
        # Ansible shows a diff only of what has changed. Otherwise the hosts change by their verdicts.
        answer["diff"] = _diff_by_hosts(parts, started.get("diff") or {})
        answer["changed"] = bool(started.get("changed"))
    return answer


def wait(step: Step) -> Result:
    """Wait for the jobs, and bring the outcomes together: one for each host of the batch."""
    run, started, budget = step.run, step.args["started"], step.budget()
    if not isinstance(started, dict) or "groups" not in started:
        raise AnsibleActionFail("No job was started for this batch, see the task before this one.")
    groups, results = started["groups"], started["results"]
    waits = [] if step.task.check_mode else waits_of(groups, results)
    # Nothing of the secret spec is compared; a message of the service that quotes it is masked.
    options = wait_options(waits, started, step.args["secret_spec"], now_ms()) if waits else {}
    result = step.batch("wait", **options) if waits else {}
    waited = result.get("jobs") or [result] * len(waits)
    waited_for = {server_id for one in waits for server_id in one["server_ids"]}
    outcomes = outcomes_of(groups, results, waits, waited, step.task.check_mode)
    stamp(outcomes, now_ms())
    jobs = jobs_of(groups, results)
    if not step.task.check_mode:
        outcomes, jobs = retried(step.batch, run, started, step.args["secret_spec"], outcomes, jobs)
    outcomes.update(left_out_outcomes(started["left_out"]))
    if started["verify"]:
        outcomes = unverified(outcomes)

    def settle(record: RunRecord) -> None:
        if record.batch["phase"] != "waiting":  # it could not be written after the start
            record.started(jobs, outcomes, now_ms())
        record.settled(outcomes, now_ms(), hook=started["verify"] or (started["after"] and not step.task.check_mode))
        judge_failures(record, budget(record), now_ms())
        if not started["verify"] and not has_rescue(step.task):
            play = step.task.play
            judge_batch(record, play.max_fail_percentage, bool(step.task.any_errors_fatal), now_ms())

    record, trouble = run.note(settle, jobs)
    if trouble:
        step.warnings.append(f"{trouble} Their outcomes may not be in the record; then no further batch starts.")
    if record is None:
        record = RunRecord.begin("", "", list(outcomes), None, now_ms())
        record.open_batch(outcomes, now_ms())
        settle(record)
    places = record.places
    step.outcomes.write({host: {**outcome, **places[host]} for host, outcome in outcomes.items()})
    worked = {host for host, outcome in outcomes.items() if outcome["changed"] or outcome["server_id"] in waited_for}
    worked |= set(outcomes if started["hooks_on"] == "all" else record.batch.get("hook_hosts") or [])
    return {
        "hook_hosts": [host for host in outcomes if host in worked],
        "verify_hosts": [host for host, outcome in outcomes.items() if outcome["verdict"] == UNVERIFIED],
        "mark": mark_of(step, record),
        "summary": [] if started["verify"] else step.news().settled(record),
    }


def verdict(step: Step) -> Result:
    """Pass or fail one host, by what its own server did."""
    host = step.vars["inventory_hostname"]
    outcome = step.outcomes.of(host)
    if not outcome:
        raise AnsibleActionFail(
            f"{host}: no job was started for this host, because the role's steps for the whole batch did not take it"
            " in. What to do: see the tasks before this one; choose hosts by the play's 'hosts', not by conditions."
        )
    shown: Result = {key: outcome.get(key) for key in SHOWN}
    shown["changed"] = outcome["changed"]
    if outcome["ok"]:
        return shown
    # The reason once, and the same for all that share it: an error that ansible-core 2.19 and later have shown before,
    # they show only in the line of its host.
    told = {key: shown[key] for key in (*IDENTITY, "verdict", "job_id", "changed")}
    return dict(told, failed=True, msg=outcome_line(outcome))


def close(step: Step) -> Result:
    """After the verdicts and the tasks of fleet_job_after: what these failed is in the record too.

    Also where every host has failed. Here the run has its last word, unless a further batch is to be opened.
    """
    budget, own, play = step.budget(), step.own, step.task.play
    limits = (play.max_fail_percentage, bool(step.task.any_errors_fatal))

    def note(record: RunRecord) -> None:
        step.run.note_later_failures(record)
        if record.batch["phase"] == "after":
            record.closed(now_ms())
        judge_failures(record, budget(record), now_ms())
        last = record.data["state"] == ENDED
        if record.batch["phase"] == "ended" and not has_rescue(step.task):
            judge_batch(record, *limits, now_ms())
            last = last or play_end(record, *limits) is not None
        if last:
            step.news().ended(record)

    _record, trouble = step.run.note(note, [])
    if trouble and own.get("after"):  # without a hook, the step before this one has said so
        step.warnings.append(f"{trouble} What tasks after the jobs failed is not in the record.")
    return {}


def _diff_by_hosts(parts: Sequence[Group], diff: Record) -> Result:
    """What ``--diff`` shows of a batch: each kind of change once, with the names of its hosts."""
    before, after = diff.get("before") or {}, diff.get("after") or {}
    hosts = [pair for part in parts for pair in zip(part["hosts"], part["server_ids"], strict=True)]
    changes = [(host, str(before[server_id]), str(after[server_id])) for host, server_id in hosts if server_id in after]
    return {"prepared": "\n".join(change_lines(changes))} if changes else {}


def _kept(result: Result) -> Result:
    """What the next step reads of a module's result."""
    return {name: value for name, value in result.items() if name in KEPT}
