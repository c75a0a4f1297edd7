# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No supernode is cut or mixed without a word: by the API's own record, before the first job of a run."""

from __future__ import annotations

import json

import pytest
from rollout.rollout import OTHER_VERSION, VERSION, host, hosts, play, role
from simulator.servers import server_id


@pytest.fixture
def fleet(simulator, rollout):
    """Servers 1 to 4 and 5 to 8 are a supernode each, 9 to 12 are in none. The inventory knows nothing of it."""
    simulator.reset(servers=12, job_duration=0.3, supernode_share=8 / 12, supernode_size=4)
    return rollout


def guarded(**variables):
    return role(supernodes=variables.pop("supernodes", "strict"), **variables)


def refusal(run):
    return next(event["result"]["msg"] for event in run.events if event["status"] == "failed")


def submitted(simulator):
    return [request["body"]["server_ids"] for request in simulator.requests("create_job")]


def test_whole_supernodes_in_one_batch_each_go(simulator, fleet):
    run = fleet.run(play(guarded(record=str(fleet.record)), serial=[4, 4, 4]))
    assert (run.status, len(submitted(simulator))) == (0, 3)
    (record,) = fleet.records()
    names = [row["supernode_name"] for row in record["servers"]]
    assert names == ["supernode-001"] * 4 + ["supernode-002"] * 4 + [None] * 4
    assert run.verdicts()[host(1)]["supernode_name"] == "supernode-001"


@pytest.mark.parametrize("preflight", ["strict", "off"])
def test_batches_that_cut_a_supernode_stop_the_run(simulator, fleet, preflight):
    run = fleet.run(play(guarded(preflight=preflight, record=str(fleet.record)), serial=[1, 5, 20]))
    assert (run.status, submitted(simulator)) == (2, [])
    assert "the servers of supernode supernode-001 are in batches 1, 2 of the play" in refusal(run)
    assert "supernode-002 are in batches 2, 3" in refusal(run)
    (record,) = fleet.records()
    assert record["stopped_by"] == "supernodes"


def test_a_part_of_a_supernode_stops_the_run(simulator, fleet):
    run = fleet.run(play(guarded()), arguments=("--limit", ",".join(hosts(1, 2, 9))))
    assert (run.status, submitted(simulator)) == (2, [])
    assert "2 of the 4 servers of supernode supernode-001 take part, and 2 that do not are not done" in refusal(run)
    assert f"{host(3)}, {host(4)}" in refusal(run)


def test_two_versions_in_a_supernode_stop_the_run(simulator, fleet):
    fleet.inventory(12, {3: {"wanted": OTHER_VERSION}}, wanted=VERSION)
    run = fleet.run(play(guarded(version="{{ wanted }}")))
    assert (run.status, submitted(simulator)) == (2, [])
    assert "the servers of supernode supernode-001 would run different versions" in refusal(run)


def test_a_resume_and_a_limit_to_what_is_unfinished_is_no_cut(simulator, fleet):
    simulator.server(2, fail=2)
    first = fleet.run(play(guarded()))
    assert first.failed == [host(2)]
    limited = fleet.run(play(guarded()), arguments=("--limit", host(2)))
    assert (limited.failed, submitted(simulator)[-1]) == ([host(2)], [server_id(2)])
    # Batches of one cut nothing either, where all but one server of the supernode are done.
    resumed = fleet.run(play(guarded(), serial=1))
    assert (resumed.status, submitted(simulator)[-1]) == (0, [server_id(2)])


def test_what_others_run_there_is_not_done(simulator, fleet):
    """The others were upgraded to another version: they are not done, however well that went."""
    fleet.run(play(guarded(version=OTHER_VERSION)))
    run = fleet.run(play(guarded()), arguments=("--limit", host(2)))
    assert run.status == 2
    assert "1 of the 4 servers" in refusal(run)


@pytest.mark.parametrize("setting", ["warn", "off"])
def test_a_cut_may_be_a_warning_or_nothing(simulator, fleet, setting):
    fleet.expect_warnings()
    run = fleet.run(play(guarded(supernodes=setting), serial=[1, 11]))
    assert (run.status, len(submitted(simulator))) == (0, 2)
    assert ("fleet_job_supernodes:" in run.output.replace("\n", " ")) is (setting == "warn")
    assert (simulator.count("list_servers") > 0) is (setting == "warn")


def test_logs_may_be_collected_from_a_part(simulator, fleet):
    spec = {"obs_path": "obs://bucket/logs"}
    run = fleet.run(play(guarded(entry="log_collect", spec=spec)), arguments=("--limit", host(1)))
    assert run.status == 0


# Hooks


def test_a_resume_runs_hooks_only_where_they_are_needed(simulator, rollout):
    """60 servers, 2 unfinished."""
    simulator.reset(servers=60, job_duration=0.3)
    rollout.inventory(60)
    for number in (7, 33):
        simulator.server(number, fail=1)
    for name in ("before", "after"):
        task = {"name": f"Hook {name}", "ansible.builtin.debug": {"msg": "x"}}
        (rollout.directory / f"{name}.yml").write_text(json.dumps([task]))
    hooks = {name: str(rollout.directory / f"{name}.yml") for name in ("before", "after")}
    first = rollout.run(play(role()))
    assert first.failed == hosts(7, 33)
    second = rollout.run(play(role(**hooks)))
    ran = {
        name: sorted(event["host"] for event in second.of(f"Hook {name}") if event["status"] == "ok")
        for name in ("before", "after")
    }
    assert ran == {"before": hosts(7, 33), "after": hosts(7, 33)}
    assert "fleet_job_before runs on 2 of 60 hosts" in second.output
    assert submitted(simulator)[-1] == [server_id(7), server_id(33)]
    everywhere = rollout.run(play(role(hooks_on="all", **hooks)), arguments=("--limit", ",".join(hosts(7, 8))))
    assert sorted(event["host"] for event in everywhere.of("Hook after") if event["status"] == "ok") == hosts(7, 8)


def test_a_readme_form_of_the_play_has_no_task_per_host_but_the_verdict(simulator, rollout):
    rollout.inventory(3)
    task = role()
    del task["ansible.builtin.import_role"]["rolespec_validate"]
    run = rollout.run(play(task))
    assert {event["task"].split(" : ")[-1] for event in run.events if event["host"] == host(2)} == {"Verdict"}


# Retries


def test_failed_servers_are_submitted_again_within_the_batch(simulator, rollout):
    for number, failures in ((2, 1), (3, 2), (5, 3)):
        simulator.server(number, fail=failures)
    rollout.inventory(6)
    run = rollout.run(
        play(role(retries=2, max_failures=0, record=str(rollout.record)), serial=[5, 1], max_fail_percentage=90)
    )
    ids = [[server_id(number) for number in numbers] for numbers in ((1, 2, 3, 4, 5), (2, 3, 5), (3, 5))]
    assert submitted(simulator) == ids
    # The budget is used up by it alone; the next batch fails as a whole.
    assert [name for name in run.failed if name in run.verdicts()] == hosts(5)
    assert run.verdicts()[host(3)]["changed"] is True
    (record,) = rollout.records()
    assert len(record["batches"][0]["jobs"]) == 3 and record["stopped_by"] == "budget"


def test_without_retries_nothing_is_submitted_again(simulator, rollout):
    simulator.server(2, fail=1)
    rollout.inventory(2)
    run = rollout.run(play(role()))
    assert (run.failed, len(submitted(simulator))) == ([host(2)], 1)
