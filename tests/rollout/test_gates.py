# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gate is a gate: each gate in each place where the role may stand holds, or the place is refused.

What counts is which creates reached the API. Four servers in batches of two; the gates are built so that they have
something to hold back.
"""

from __future__ import annotations

import json

import pytest
from rollout.rollout import OTHER_VERSION, VERSION, host, play, role
from simulator.servers import server_id

BATCHES = 2
# What may be created where the gate holds, by the numbers of the servers.
HOLDS = {
    "preflight": [],  # server 3 is stopped
    "approval": [],  # nobody answers
    "budget": [[1, 2]],  # server 1 fails, none may
    "hook": [[1], [3, 4]],  # it fails on host 2
    "unknown_variable": [],  # fleet_job_max_failure
    "supernodes": [],  # servers 1 to 4 are one, which batches of two cut
}


def failing(name="Drain", number=2):
    """A task that fails on one host."""
    return {"name": name, "ansible.builtin.fail": {"msg": "no"}, "when": f"inventory_hostname == '{host(number)}'"}


def noop(name):
    return {"name": name, "ansible.builtin.debug": {"msg": "x"}}


def gated(gate, simulator, rollout, **more):
    """The role, with one gate that has something to hold back."""
    if gate == "preflight":
        simulator.server(3, status="STOPPED")
        more = {"preflight": "strict", **more}
    elif gate == "approval":
        more = {"approve": "batches", **more}
    elif gate == "budget":
        simulator.server(1, fail=1)
        more = {"max_failures": 0, **more}
    elif gate == "hook":
        path = rollout.directory / "a hook.yml"
        if not path.exists():
            path.write_text(json.dumps([failing()]))
        more = {"before": str(path), **more}
    elif gate == "supernodes":
        simulator.reset(servers=12, job_duration=0.3, supernode_share=4 / 12, supernode_size=4)
        more = {"supernodes": "strict", **more}
    elif gate == "unknown_variable":
        more = {"max_failure": 0, **more}
    return role(record=str(rollout.record), **more)


def alone(task, rollout):
    return [play(task, serial=BATCHES)]


def ignore_errors_on_the_play(task, rollout):
    return [play(task, serial=BATCHES, ignore_errors=True)]


def ignore_errors_on_a_block(task, rollout):
    return [play({"block": [task], "ignore_errors": True}, serial=BATCHES)]


def ignore_errors_on_the_role(task, rollout):
    return [play({**task, "ignore_errors": True}, serial=BATCHES)]


def ignore_errors_on_an_entry_of_roles(task, rollout):
    """With the keyword roles there are no entry points: main runs the same template."""
    values = {name: value for name, value in task["vars"].items() if name != "fleet_job_version"}
    values |= {"fleet_job_type": "HDK_UPGRADE", "fleet_job_spec": {"version": VERSION}}
    entry = {"role": "modelarts.liteserver.fleet_job", "ignore_errors": True, "vars": values}
    return [{**play(serial=BATCHES, roles=[entry]), "tasks": []}]


def ignore_unreachable(task, rollout):
    return [play(task, serial=BATCHES, ignore_unreachable=True)]


def in_a_block_with_rescue(task, rollout):
    return [play({"block": [task], "rescue": [noop("Rescue")]}, serial=BATCHES)]


def included_in_a_block_with_rescue(task, rollout):
    include = {"name": "Include", "ansible.builtin.include_role": task["ansible.builtin.import_role"]}
    return [play({"block": [{**include, "vars": task["vars"]}], "rescue": [noop("Rescue")]}, serial=BATCHES)]


def run_once(task, rollout):
    return [play({**task, "run_once": True}, serial=BATCHES)]


def delegated(task, rollout):
    return [play({"block": [task], "delegate_to": "localhost"}, serial=BATCHES)]


def twice_in_a_play(task, rollout):
    other = {**task, "vars": {**task["vars"], "fleet_job_version": OTHER_VERSION}}
    return [play(task, other, serial=BATCHES)]


def imported_twice(task, rollout):
    """As import_playbook does it: two plays from one text."""
    other = {**task, "vars": {**task["vars"], "fleet_job_version": OTHER_VERSION}}
    return [play(task, serial=BATCHES), play(other, serial=BATCHES)]


def playbook_imported_twice(task, rollout):
    """A runbook of one's own, for two versions."""
    value = {**task, "vars": {**task["vars"], "fleet_job_version": "{{ wanted }}"}}
    book = rollout.directory / "upgrade.yml"
    book.write_text(json.dumps([play(value, serial=BATCHES)]))
    return [
        {"name": version, "ansible.builtin.import_playbook": str(book), "vars": {"wanted": version}}
        for version in (VERSION, OTHER_VERSION)
    ]


def with_strategy_free(task, rollout):
    return [play(task, serial=BATCHES, strategy="free")]


def with_any_errors_fatal(task, rollout):
    return [play(task, serial=BATCHES, any_errors_fatal=True)]


def with_a_condition(task, rollout):
    return [play({**task, "when": f"inventory_hostname != '{host(2)}'"}, serial=BATCHES)]


def with_tags(task, rollout):
    return [play(noop("Left out"), {**task, "tags": ["upgrade"]}, serial=BATCHES)]


def with_a_retry_file(task, rollout):
    """What a run before this one left: hosts 1 to 3, the last one in a batch of its own."""
    (rollout.directory / "upgrade.retry").write_text("".join(f"{host(number)}\n" for number in (1, 2, 3)))
    return [play(task, serial=BATCHES)]


def with_add_host(task, rollout):
    add = {"name": "Add", "ansible.builtin.add_host": {"name": "new", "groups": ["npu"]}, "changed_when": False}
    return [play(task, add, serial=BATCHES)]


def with_refresh_inventory(task, rollout):
    return [play(task, {"name": "Refresh", "ansible.builtin.meta": "refresh_inventory"}, serial=BATCHES)]


def with_an_unreachable_delegate(task, rollout):
    """Whatever talks to the API would do so there."""
    client = rollout.directory / "ssh"
    client.write_text("#!/bin/sh\nexit 255\n")
    client.chmod(0o755)
    inventory = json.loads((rollout.directory / "hosts.yml").read_text())
    inventory["ungrouped"] = {
        "hosts": {"bastion": {"ansible_host": "192.0.2.1", "ansible_ssh_executable": str(client)}}
    }
    (rollout.directory / "hosts.yml").write_text(json.dumps(inventory))
    return [play({**task, "vars": {**task["vars"], "fleet_job_delegate_to": "bastion"}}, serial=BATCHES)]


def with_end_host(task, rollout):
    """Host 2 leaves the play before the role; it is neither a failure nor in a job."""
    end = {"name": "End", "ansible.builtin.meta": "end_host", "when": f"inventory_hostname == '{host(2)}'"}
    return [play(end, task, serial=BATCHES)]


PLACES = [
    alone,
    ignore_errors_on_the_play,
    ignore_errors_on_a_block,
    ignore_errors_on_the_role,
    ignore_errors_on_an_entry_of_roles,
    ignore_unreachable,
    in_a_block_with_rescue,
    included_in_a_block_with_rescue,
    run_once,
    delegated,
    twice_in_a_play,
    imported_twice,
    playbook_imported_twice,
    with_strategy_free,
    with_any_errors_fatal,
    with_a_condition,
    with_tags,
    with_a_retry_file,
    with_add_host,
    with_refresh_inventory,
    with_an_unreachable_delegate,
    with_end_host,
]
STANDS_UNDER = "role fleet_job stands under "
REFUSED = {
    run_once: STANDS_UNDER + "run_once",
    delegated: STANDS_UNDER + "delegate_to",
    with_strategy_free: "role fleet_job runs with strategy linear, not free",
    with_a_condition: STANDS_UNDER + "a condition (when)",
}
ARGUMENTS = {with_tags: ("--tags", "upgrade"), with_a_retry_file: ("--limit", "@../upgrade.retry")}
# Where something else than what the gate holds back alone reaches the API.
OTHERS = {
    # Host 2 goes on to the second use, which has a budget of its own.
    (twice_in_a_play, "budget"): [[1, 2], [2]],
    (twice_in_a_play, "hook"): [[1], [1], [3, 4], [3, 4]],
    # The hook fails on host 2 in the first play, and hosts that failed are in no later one.
    (imported_twice, "hook"): [[1], [3, 4], [1], [3, 4]],
    (playbook_imported_twice, "hook"): [[1], [3, 4], [1], [3, 4]],
    (with_any_errors_fatal, "hook"): [],
    (with_a_retry_file, "hook"): [[1], [3]],
    **{(with_an_unreachable_delegate, gate): [] for gate in HOLDS},
    (with_end_host, "budget"): [[1]],
}
# A run each costs seconds: these stand for the others, which are for the thorough suite.
QUICK = {
    *[(gate, alone) for gate in HOLDS],
    *[("approval", place) for place in PLACES if "errors" in place.__name__],
    *[("budget", with_add_host), ("budget", with_refresh_inventory), ("hook", in_a_block_with_rescue)],
    *[("preflight", with_an_unreachable_delegate), ("preflight", run_once), ("approval", delegated)],
    *[("budget", twice_in_a_play), ("preflight", included_in_a_block_with_rescue), ("hook", with_end_host)],
    *[("hook", imported_twice), ("hook", ignore_unreachable), ("supernodes", ignore_errors_on_the_role)],
    *[("budget", playbook_imported_twice), ("budget", with_any_errors_fatal), ("supernodes", with_a_retry_file)],
    *[("unknown_variable", with_strategy_free), ("hook", with_a_condition), ("preflight", with_tags)],
}
CELLS = [
    pytest.param(
        *(gate, place, [] if place in REFUSED else OTHERS.get((place, gate), HOLDS[gate])),
        marks=[] if (gate, place) in QUICK else [pytest.mark.thorough],
        id=f"{gate}-{place.__name__}",
    )
    for place in PLACES
    for gate in HOLDS
]


def created(simulator):
    """The numbers of the servers of each create that reached the API."""
    numbers = {server_id(number): number for number in range(1, 13)}
    return [
        sorted(numbers[one] for one in request["body"]["server_ids"]) for request in simulator.requests("create_job")
    ]


@pytest.mark.parametrize(("gate", "place", "expected"), CELLS)
def test_a_gate_holds_or_its_place_is_refused(simulator, rollout, gate, place, expected):
    rollout.expect_warnings()
    rollout.inventory(4)
    plays = place(gated(gate, simulator, rollout), rollout)
    run = rollout.run(*plays, arguments=ARGUMENTS.get(place, ()))
    assert created(simulator) == expected, run.output
    if place in REFUSED:
        assert REFUSED[place] in run.message("Open the batch")
        assert simulator.counts()["total"] == 0
    elif "rescue" not in place.__name__ and (gate, place) != ("hook", with_end_host):  # which ends who would fail
        assert run.status != 0, run.output
    assert "jobisover" not in run.text
    # Whom Ansible takes for unreachable leaves the play without a word of the role.
    assert all(event["status"] != "unreachable" for event in run.events)
    for record in rollout.records():
        assert (record["state"] == "stopped") == (record["stopped_by"] is not None)
        if gate in ("preflight", "approval", "budget", "supernodes") and place is not with_an_unreachable_delegate:
            assert record["stopped_by"] in (gate, "all_failed") or record["batches"][-1]["phase"] == "ended"


def test_every_cell_of_the_matrix_has_an_expectation():
    assert {(cell.values[0], cell.values[1]) for cell in CELLS} == {(gate, place) for gate in HOLDS for place in PLACES}
    assert all(isinstance(cell.values[2], list) for cell in CELLS)
    assert {(place, gate) for gate, place in QUICK}.issubset({(place, gate) for place in PLACES for gate in HOLDS})


@pytest.mark.parametrize(
    "tasks",
    [
        lambda task: [{"block": [failing(), task], "rescue": [noop("Rescue")]}],
        lambda task: [{"block": [failing()], "rescue": [noop("Rescue")]}, task],
    ],
    ids=["rescued after the role", "rescued before the role"],
)
def test_a_host_that_an_earlier_task_failed_gets_no_job_rescued_or_not(simulator, rollout, tasks):
    rollout.inventory(3)
    run = rollout.run(play(*tasks(role(record=str(rollout.record)))))
    assert created(simulator) == [[1, 3]]
    (record,) = rollout.records()
    row = record["servers"][1]
    assert (row["verdict"], row["passed"]) == ("not_started", False)
    assert "'Drain' failed on this host" in row["message"], run.output


def test_a_rescue_in_an_earlier_play_counts_for_nothing(simulator, rollout):
    rollout.inventory(2)
    before = play({"block": [failing("Before", 1)], "rescue": [noop("Rescue")]})
    first = {"block": [role(max_failures=5)], "rescue": [noop("Rescue")]}
    simulator.server(1, fail=1)
    run = rollout.run(before, play(first), play(role(version=OTHER_VERSION)))
    assert (run.status, created(simulator)) == (0, [[1, 2], [1, 2]])


def test_a_check_that_a_block_rescues_counts_against_the_budget(simulator, rollout):
    rollout.inventory(4)
    block = {"block": [role(max_failures=0, record=str(rollout.record)), failing("Health")], "rescue": [noop("Rescue")]}
    run = rollout.run(play(block, serial=BATCHES))
    assert created(simulator) == [[1, 2]]
    assert "1 of 4 servers failed, more than may fail" in run.message("Open the batch")
    (record,) = rollout.records()
    assert (record["state"], record["stopped_by"]) == ("stopped", "budget")


def test_end_host_in_a_hook_is_neither_a_failure_nor_a_job(simulator, rollout):
    rollout.inventory(4)
    hook = rollout.directory / "end.yml"
    hook.write_text(
        json.dumps([{"name": "End", "ansible.builtin.meta": "end_host", "when": f"'{host(2)}' == inventory_hostname"}])
    )
    run = rollout.run(play(role(before=str(hook), max_failures=0, record=str(rollout.record)), serial=BATCHES))
    assert (run.status, created(simulator)) == (0, [[1], [3, 4]])
    (record,) = rollout.records()
    assert [record["servers"][1][key] for key in ("verdict", "passed")] == ["not_started", None]
    assert record["state"] == "ended"


def test_a_batch_that_failed_whole_leaves_its_reason(simulator, rollout):
    simulator.server(1, fail=1)
    rollout.inventory(2)
    rollout.run(play(role(record=str(rollout.record)), serial=1))
    rollout.run(play(role(record=str(rollout.record), max_failures=0), serial=1), arguments=("--limit", host(1)))
    first, second = rollout.records()
    assert (first["state"], first["stopped_by"], created(simulator)[0]) == ("stopped", "all_failed", [1])
    assert (second["state"], second["stopped_by"]) == ("ended", None)


def test_a_hook_that_fails_everywhere_leaves_its_reason(simulator, rollout):
    rollout.inventory(2)
    hook = rollout.directory / "hook.yml"
    hook.write_text(json.dumps([{"name": "Drain", "ansible.builtin.fail": {"msg": "no"}}]))
    run = rollout.run(play(role(before=str(hook), record=str(rollout.record)), serial=1))
    assert (run.status, created(simulator)) == (2, [])
    assert [(record["state"], record["stopped_by"]) for record in rollout.records()] == [("stopped", "hook")]


def test_a_start_in_the_middle_of_the_role_is_an_error(simulator, rollout):
    rollout.inventory(2)
    for task in ("Preflight", "Start the jobs", "Wait for the jobs"):
        run = rollout.run(
            play(role(preflight="strict")),
            arguments=("--start-at-task", f"modelarts.liteserver.fleet_job : {task}"),
        )
        failed = next(event["result"]["msg"] for event in run.events if event["status"] == "failed")
        assert "'Open the batch' was left out, by --start-at-task" in failed
    assert simulator.counts()["total"] == 0
