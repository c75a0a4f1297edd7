# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entry points of the role, and its variables."""

from __future__ import annotations

import pytest
from rollout.rollout import VERSION, host, hosts, play, role
from simulator.servers import server_id

SECRET = "canary-value-4711"


def test_each_collection_of_logs_is_a_new_one(simulator, rollout):
    logs = play(role("log_collect", spec={"obs_path": "obs://bucket/logs"}), serial=6)
    for _time in range(2):
        run = rollout.run(logs)
        assert (run.status, run.failed, len(run.changed)) == (0, [], 12)
    jobs = sorted(simulator.jobs(), key=lambda job: job["create_at"])
    assert [len(job["tasks"]) for job in jobs] == [6] * 4
    assert {job["type"] for job in jobs} == {"LOG_COLLECT"}
    assert jobs[0]["items"] == [{"type": "DEVICE_LOG_COLLECT", "spec": {"obs_path": "obs://bucket/logs"}}]
    # The batches of one run share a name.
    assert jobs[0]["name"] == jobs[1]["name"] != jobs[2]["name"] == jobs[3]["name"]


def test_a_common_template(simulator, rollout):
    common = play(role("common", spec={"command": "uptime", "run_as": "root"}, preflight="strict"))
    assert len(rollout.run(common).changed) == 12
    assert rollout.run(common).changed == []
    assert [job["items"] for job in simulator.jobs()] == [
        [{"type": "COMMON", "spec": {"command": "uptime", "run_as": "root"}}]
    ]


def test_items_name_and_options_reach_the_api(simulator, rollout):
    rollout.run(
        play(
            role(
                "main",
                type="HDK_UPGRADE",
                items=[{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}],
                name="change-0815",
                description="change-0815",
                is_reboot=True,
            )
        ),
        arguments=("--limit", host(3)),
    )
    (request,) = simulator.requests("create_job")
    description, _joint, mark = request["body"]["description"].partition("_")
    assert mark.startswith("lsj1-")
    assert {**request["body"], "description": description} == {
        "name": "change-0815",
        "type": "HDK_UPGRADE",
        "server_ids": [server_id(3)],
        "items": [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}],
        "description": "change-0815",
        "is_reboot": True,
    }


def test_the_secret_spec_is_sent_and_never_shown(simulator, rollout):
    rollout.inventory(3, secret_of_the_fleet=SECRET)
    common = role(
        "common",
        spec={"command": "uptime"},
        secret_spec={"password": "{{ secret_of_the_fleet }}"},
        template_check="off",
        record=str(rollout.record),
    )
    simulator.server(2, fail=1, message=f"refused {SECRET}")
    run = rollout.run(play(common), arguments=("-vvvv", "--diff"))
    (request,) = simulator.requests("create_job")
    assert request["body"]["items"][0]["spec"] == {"command": "uptime", "password": SECRET}
    assert run.failed == [host(2)]
    assert SECRET not in run.output
    assert all(SECRET not in path.read_text() for path in rollout.record.glob("*"))
    # Also where the items are compared with what ran.
    again = rollout.run(play(common), arguments=("-vvvv",))
    assert again.changed == [host(2)]
    assert SECRET not in again.output


@pytest.mark.parametrize(
    ("inventory", "variables", "message"),
    [
        ({}, {"version": None}, "missing required arguments: fleet_job_version"),
        ({}, {"version": 24.1}, "fleet_job_version: is a number (24.1) in YAML"),
        ({}, {"version": "{{ nowhere }}"}, "fleet_job_version: 'nowhere' is undefined"),
        ({}, {"name": "has blanks"}, "fleet_job_name: 'has blanks' is not allowed"),
        ({}, {"reuse": "sometimes"}, "value of fleet_job_reuse must be one of"),
        ({}, {"max_failures": "many"}, "fleet_job_max_failures: must be a count or a percentage"),
        ({}, {"wait_timeout": "{{ timeout_of_host }}"}, "fleet_job_wait_timeout: must be the same for all hosts"),
        ({"liteserver_id": None}, {}, "fleet_job_server_id: is empty"),
        ({"liteserver_id": "a/b"}, {}, "fleet_job_server_id: 'a/b' is not an id"),
        ({"liteserver_id": server_id(1)}, {}, "2 hosts have one server id"),
        ({"secret": "other"}, {"secret_spec": {"password": "{{ secret }}"}}, "fleet_job_secret_spec: must be the same"),
        ({"hook": "x.yml"}, {}, "fleet_job_before: is set where a play cannot see it"),
    ],
)
def test_bad_input_is_one_clear_error_before_any_request(simulator, rollout, inventory, variables, message):
    own = {"timeout_of_host": 5, **inventory}
    if "hook" in own:
        own["fleet_job_before"] = own.pop("hook")
    rollout.inventory(3, {2: own}, timeout_of_host=9, secret="everybody")
    run = rollout.run(play(role(**variables)))
    assert run.status == 2
    assert run.failed == hosts(1)
    failed = [event for event in run.events if event["status"] == "failed"]
    assert len(failed) == 1
    assert message in failed[0]["result"]["msg"]
    assert "everybody" not in run.output
    assert simulator.counts()["total"] == 0


@pytest.mark.parametrize(
    ("wrap", "what"),
    [
        (lambda task: {**task, "when": "inventory_hostname != 'liteserver-00002'"}, "a condition (when)"),
        (lambda task: {"block": [task], "when": "true"}, "a condition (when)"),
        (
            lambda task: {"block": [{"name": "Fail", "ansible.builtin.command": "false"}], "rescue": [task]},
            "a rescue or always section",
        ),
        (
            lambda task: {
                "name": "Include",
                "ansible.builtin.include_role": task["ansible.builtin.import_role"],
                "vars": task["vars"],
                "loop": [1, 2],
            },
            "a loop",
        ),
        (
            lambda task: {
                "name": "Include",
                "ansible.builtin.include_role": {
                    **task["ansible.builtin.import_role"],
                    "tasks_from": "{{ 'hdk_upgrade' }}",
                },
                "vars": task["vars"],
            },
            "an include whose name is a template",
        ),
    ],
)
def test_places_where_only_some_hosts_would_run_the_role_are_refused(simulator, rollout, wrap, what):
    rollout.inventory(2, ansible_connection="local", ansible_python_interpreter="{{ ansible_playbook_python }}")
    run = rollout.run(play(wrap(role())))
    assert run.status == 2
    assert f"role fleet_job stands under {what}" in run.message("Open the batch")
    assert simulator.counts()["total"] == 0


def test_another_strategy_is_refused(simulator, rollout):
    rollout.inventory(2)
    rollout.expect_warnings()
    run = rollout.run(play(role(), strategy="free"))
    assert run.status == 2
    assert "with strategy linear, not free" in run.message("Open the batch")
    assert simulator.counts()["total"] == 0
