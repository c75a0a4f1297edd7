# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runbooks refuse or say rather than passing it over."""

from __future__ import annotations

import json

import pytest
from rollout.rollout import OTHER_VERSION, VERSION, host
from simulator.servers import server_id

UPGRADE, LOGS = "modelarts.liteserver.hdk_upgrade", "modelarts.liteserver.collect_logs"


def variables(**more):
    """The version, quick polls, and more variables without their prefix; the fleets here are parts of a supernode."""
    values = {"version": VERSION, "wait_sleep": 1, "supernodes": "off", **more}
    return {f"fleet_job_{name}": value for name, value in values.items()}


@pytest.mark.parametrize("book", [UPGRADE, LOGS])
def test_a_selection_without_a_host_is_an_error(simulator, rollout, book):
    rollout.expect_warnings()
    spec = {"obs_path": "obs://bucket/logs"}
    run = rollout.start(book, variables=variables(hosts="mpu*", spec=spec)).finish(crashed=True)
    assert run.status != 0
    assert "nohostisselected:noneofthe12hostsoftheinventorymatches'mpu*'" in run.text
    assert simulator.counts()["total"] == 0


def test_an_inventory_without_hosts_is_an_error(simulator, rollout):
    rollout.expect_warnings()
    (rollout.directory / "hosts.yml").write_text(json.dumps({"npu": {"hosts": {}}}))
    run = rollout.start(UPGRADE, variables=variables()).finish(crashed=True)
    assert run.status != 0
    assert "nohostisselected:noneofthe0hosts" in run.text


def test_a_limit_that_leaves_no_host_of_the_selection_is_an_error(simulator, rollout):
    rollout.expect_warnings()
    run = rollout.start(UPGRADE, variables=variables(hosts="liteserver-0000*"), arguments=("--limit", host(11))).finish(
        crashed=True
    )
    assert run.status != 0
    assert "matches'liteserver-0000*'with--limitliteserver-00011" in run.text


def test_the_upgrade_imported_twice_keeps_its_versions_apart(simulator, rollout):
    """Blue to one version, green to another, in one playbook."""
    rollout.inventory(4)
    both = [
        {
            "name": colour,
            "ansible.builtin.import_playbook": UPGRADE,
            "vars": variables(hosts=",".join(host(number) for number in numbers), version=version, canary=2),
        }
        for colour, numbers, version in (("Blue", (1, 2), VERSION), ("Green", (3, 4), OTHER_VERSION))
    ]
    run = rollout.run(*both)
    assert run.status == 0, run.output
    versions = {
        task["server_id"]: job["items"][0]["spec"]["version"] for job in simulator.jobs() for task in job["tasks"]
    }
    assert versions == {server_id(number): VERSION if number < 3 else OTHER_VERSION for number in (1, 2, 3, 4)}
    assert len(simulator.jobs()) == 2


def test_a_canary_of_null_is_none(simulator, rollout):
    run = rollout.run(UPGRADE, variables=variables(canary=None, growth=None, largest=None))
    assert run.status == 0, run.output
    assert sum(len(request["body"]["server_ids"]) for request in simulator.requests("create_job")) == 12


def test_an_unknown_variable_is_an_error_that_names_the_near_one(simulator, rollout):
    run = rollout.run(UPGRADE, variables=variables(max_failure=0))
    failed = next(event["result"]["msg"] for event in run.events if event["status"] == "failed")
    assert "fleet_job_max_failure: role fleet_job has no such variable; did you mean fleet_job_max_failures?" in failed
    assert simulator.counts()["writes"] == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [({}, "missing required arguments: fleet_job_spec"), ({"spec": {"log_type": "all"}}, "spec.obs_path: template")],
)
def test_logs_without_what_the_template_needs_are_an_error(simulator, rollout, given, said):
    run = rollout.run(LOGS, variables={**variables(**given)})
    failed = next(event["result"]["msg"] for event in run.events if event["status"] == "failed")
    assert said in failed
    assert simulator.counts()["writes"] == 0


def test_the_status_says_how_many_jobs_it_leaves_out(simulator, rollout):
    rollout.inventory(3)
    for version in (VERSION, OTHER_VERSION):
        rollout.run(UPGRADE, variables=variables(version=version))
    run = rollout.run("modelarts.liteserver.job_status", variables={"job_status_jobs": 1})
    (shown,) = run.of("Jobs, and each server's newest task")
    assert shown["result"]["msg"][0] == "1 of 2 jobs, 3 servers: 3 of 3 done"
