# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks that start by name: the upgrade in waves, the collection of logs, the status of jobs."""

from __future__ import annotations

import json

import pytest
from rollout.rollout import VERSION, host, hosts
from simulator.servers import server_id

UPGRADE = "modelarts.liteserver.hdk_upgrade"


@pytest.fixture(autouse=True)
def single_servers(simulator):
    """Servers in no supernode, unless a test asks for others."""
    simulator.reset(servers=12, job_duration=0.3, supernode_share=0)


def in_supernodes(simulator):
    """Servers 1 to 4 and 5 to 8 are a supernode each, 9 to 12 are in none."""
    simulator.reset(servers=12, job_duration=0.3, supernode_share=8 / 12, supernode_size=4)


def shuffled(rollout, *numbers):
    """An inventory in another order than the service's, which says nothing of supernodes."""
    members = {host(number): {"liteserver_id": server_id(number)} for number in numbers}
    (rollout.directory / "hosts.yml").write_text(json.dumps({"npu": {"hosts": members}}))


def waves(simulator):
    """The servers of each job by number, oldest job first."""
    numbers = {server_id(number): number for number in range(1, 101)}
    return [
        sorted(numbers[each] for each in request["body"]["server_ids"]) for request in simulator.requests("create_job")
    ]


def variables(**more):
    """Extra variables of the upgrade."""
    return {
        "fleet_job_version": VERSION,
        "fleet_job_wait_sleep": 1,
        "fleet_job_preflight": "off",
        "fleet_job_supernodes": "off",
        **more,
    }


def test_single_servers_go_in_growing_waves(simulator, rollout):
    first = rollout.run(UPGRADE, variables=variables())
    assert (first.status, first.failed) == (0, [])
    assert waves(simulator) == [[1], [2, 3, 4], [5, 6, 7, 8, 9, 10, 11, 12]]
    simulator.clear_requests()
    second = rollout.run(UPGRADE, variables=variables())
    assert (second.status, second.changed, simulator.counts()["writes"]) == (0, [], 0)


def test_no_supernode_is_cut_and_the_canary_is_a_whole_one(simulator, rollout):
    """Servers stand mixed up in the inventory, as in one of AWX, and the guard is on."""
    in_supernodes(simulator)
    shuffled(rollout, 11, 7, 2, 9, 5, 1, 12, 8, 3, 6, 10, 4)
    run = rollout.run(UPGRADE, variables=variables(fleet_job_growth=1, fleet_job_largest=2))
    assert (run.status, run.failed) == (0, [])
    assert waves(simulator) == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10], [11, 12]]


def test_under_limit_the_waves_are_of_the_hosts_that_are_left(simulator, rollout):
    in_supernodes(simulator)
    limit = ",".join(hosts(10, 5, 6, 7, 8, 9))
    run = rollout.run(UPGRADE, variables=variables(), arguments=("--limit", limit))
    assert (run.status, run.failed) == (0, [])
    assert waves(simulator) == [[5, 6, 7, 8], [9, 10]]


def test_the_waves_cost_no_task_on_a_host(simulator, rollout):
    run = rollout.run(UPGRADE, variables=variables())
    assert len(run.of("Compute the waves")) == 1
    # It is not the first of its batch, which is where everything else runs.
    assert {event["task"].split(" : ")[-1] for event in run.events if event["host"] == host(6)} == {"Verdict"}


def test_imported_twice_each_upgrades_its_own_servers(simulator, rollout):
    """Blue to one version, green to another, in one playbook."""
    rollout.inventory(12)
    blue, green = ",".join(hosts(1, 2, 3)), ",".join(hosts(4, 5))
    common = {"fleet_job_wait_sleep": 1, "fleet_job_preflight": "off", "fleet_job_canary": 100}
    imports = [
        {"import_playbook": UPGRADE, "vars": {**common, "fleet_job_hosts": blue, "fleet_job_version": VERSION}},
        {"import_playbook": UPGRADE, "vars": {**common, "fleet_job_hosts": green, "fleet_job_version": "24.1.rc3.9"}},
    ]
    run = rollout.run(*imports)
    assert (run.status, waves(simulator)) == (0, [[1, 2, 3], [4, 5]])
    versions = [request["body"]["items"][0]["spec"]["version"] for request in simulator.requests("create_job")]
    assert versions == [VERSION, "24.1.rc3.9"]


def test_a_second_import_that_selects_nobody_is_an_error_and_upgrades_nobody(simulator, rollout):
    common = {"fleet_job_wait_sleep": 1, "fleet_job_preflight": "off", "fleet_job_version": VERSION}
    rollout.expect_warnings()
    run = rollout.start(
        {"import_playbook": UPGRADE, "vars": {**common, "fleet_job_hosts": host(1)}},
        {"import_playbook": UPGRADE, "vars": {**common, "fleet_job_hosts": "misspelt"}},
    ).finish(crashed=True)
    assert run.status != 0
    assert "nohostisselected" in run.text
    assert waves(simulator) == [[1]]


@pytest.mark.parametrize("listing", ["--list-hosts", "--list-tasks", "--syntax-check"])
def test_it_can_be_listed(simulator, rollout, listing):
    run = rollout.start(UPGRADE, variables=variables(), arguments=(listing,)).finish(crashed=True)
    assert run.status == 0, run.output


def test_check_mode_shows_the_waves(simulator, rollout):
    run = rollout.run(UPGRADE, variables=variables(), arguments=("--check", "--diff"))
    assert (run.status, simulator.counts()["writes"]) == (0, 0)
    assert len(run.verdicts()) == 12


def test_a_play_whose_order_tears_a_supernode_apart_is_an_error(rollout):
    rollout.inventory(4, {number: {"torn": "first"} for number in (1, 3)})
    members = {
        "name": "Groups",
        "hosts": "npu",
        "gather_facts": False,
        "tasks": [
            {"name": "Group", "ansible.builtin.group_by": {"key": "sn_{{ 'first' if torn is defined else 'none' }}"}}
        ],
    }
    torn = {
        "name": "Torn",
        "hosts": "npu",
        "gather_facts": False,
        "serial": "{{ groups['npu'] | modelarts.liteserver.waves(groups, 'sn_first') }}",
        "tasks": [{"name": "Nothing", "ansible.builtin.debug": {"msg": "x"}}],
    }
    # The play does not even begin: there is no recap.
    run = rollout.start(members, torn).finish(crashed=True)
    assert run.status != 0
    assert "donotstandtogetherintheplay'sorder:liteserver-00001,liteserver-00003" in run.text
    assert run.of("Nothing") == []


def test_a_failing_canary_and_the_budget(simulator, rollout):
    simulator.server(1, fail=1, message="npu busy")
    run = rollout.run(UPGRADE, variables=variables(fleet_job_max_failures=0))
    assert (run.status, waves(simulator)) == (2, [[1]])
    resumed = rollout.run(UPGRADE, variables=variables(fleet_job_max_failures=0))
    assert (resumed.status, waves(simulator)) == (0, [[1], [1], [2, 3, 4], [5, 6, 7, 8, 9, 10, 11, 12]])


def test_logs_are_collected(simulator, rollout):
    rollout.inventory(3)
    run = rollout.run(
        "modelarts.liteserver.collect_logs",
        variables={"fleet_job_spec": {"obs_path": "obs://bucket/logs"}, "fleet_job_wait_sleep": 1},
    )
    assert (run.status, run.failed, waves(simulator)) == (0, [], [[1, 2, 3]])


def test_the_status_of_jobs_is_read_only(simulator, rollout):
    simulator.server(2, fail=1, message="npu busy")
    rollout.run(UPGRADE, variables=variables())
    simulator.clear_requests()
    run = rollout.run("modelarts.liteserver.job_status")
    (shown,) = run.of("Jobs, and each server's newest task")
    lines = shown["result"]["msg"]
    assert lines[0] == "3 jobs, 12 servers: 11 of 12 done, 1 FAILED"
    assert f"{host(2)}  FAILED  hdk_upgrade_{VERSION}  npu busy" in lines
    assert f"{host(1)}  SUCCESS  hdk_upgrade_{VERSION}" in lines
    assert simulator.counts()["writes"] == 0
    of_one = rollout.run(
        "modelarts.liteserver.job_status", variables={"job_status_server_ids": [server_id(1), "nobody"]}
    )
    (shown,) = of_one.of("Jobs, and each server's newest task")
    assert shown["result"]["msg"][0] == "1 job, 1 server: 1 of 1 done"
    assert "nobody  no task in these jobs" in shown["result"]["msg"]


def test_a_fleet_without_jobs_has_a_status_too(simulator, rollout):
    run = rollout.run("modelarts.liteserver.job_status")
    (shown,) = run.of("Jobs, and each server's newest task")
    assert shown["result"]["msg"] == ["0 jobs, 0 servers"]
