# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What "already done" means: which servers are submitted, and which are left alone."""

from __future__ import annotations

import pytest
from playbooks.harness import OTHER_VERSION, VERSION, advance, control, job, servers

SLOW = 60


def check_created(step, *numbers):
    """The step sent one create request, for exactly these servers, and no other write."""
    step.check_keys()
    assert step.created == [servers(*numbers)]
    assert step.writes == 1
    assert (step["changed"], step["action"]) == (True, "created")
    assert step["submitted_server_ids"] == servers(*numbers)


def check_nothing(step, action="none"):
    """The step succeeded without a write."""
    step.check_keys()
    assert step.writes == 0
    assert (step.failed, step["changed"], step["action"]) == (False, False, action)
    assert step["submitted_server_ids"] == []


def test_the_same_task_twice_creates_one_job(simulator, playbook):
    simulator.set(job_duration=0.3)
    first, second = playbook.run(job(1, 2, 3, wait=True), job(1, 2, 3, wait=True))
    check_created(first, 1, 2, 3)
    assert not first.failed
    assert first.verdicts == ["done"] * 3
    check_nothing(second)
    assert second["job"] is None
    assert second["servers"] == first["servers"]
    assert second["job_ids"] == first["job_ids"] == [first["job"]["id"]]
    assert len(simulator.jobs()) == 1


def test_after_a_partial_failure_only_the_failed_server_is_submitted(simulator, playbook):
    simulator.set(job_duration=0.3)
    simulator.server(2, fail=1, message="npu busy")
    first, second, third = playbook.run(*[job(1, 2, 3, wait=True)] * 3)
    check_created(first, 1, 2, 3)
    assert first.failed
    assert first.verdicts == ["done", "failed", "done"]
    assert first["failed_server_ids"] == servers(2)
    assert first["counts"] == {"done": 2, "failed": 1, "running": 0, "unknown": 0, "planned": 0, "total": 3}
    assert first["servers"][1] == {
        "server_id": servers(2)[0],
        "server_name": "liteserver-00002",
        "status": "FAILED",
        "message": "npu busy",
        "task_id": simulator.jobs()[1]["tasks"][1]["id"],
        "job_id": first["job"]["id"],
        "verdict": "failed",
    }
    assert (first["error"]["code"], first["error"]["retryable"]) == ("servers_failed", False)
    assert "1 of 3 servers failed: liteserver-00002: npu busy" in first["msg"]
    assert (first["job"]["status"], first["job"]["abnormal_count"]) == ("FINISHED", 1)

    check_created(second, 2)
    assert not second.failed
    assert second.verdicts == ["done"] * 3
    assert second["failed_server_ids"] == []
    # Each server's entry tells of the job that served it.
    jobs = [second["servers"][index]["job_id"] for index in range(3)]
    assert jobs == [first["job"]["id"], second["job"]["id"], first["job"]["id"]]
    assert second["job_ids"] == [first["job"]["id"], second["job"]["id"]]
    check_nothing(third)
    assert third["servers"] == second["servers"]
    assert len(simulator.jobs()) == 2


def test_a_server_that_fails_again_is_submitted_again(simulator, playbook):
    simulator.server(1, fail=2)
    run = playbook.run(*[job(1, 2, wait=True)] * 4)
    assert [step.created for step in run] == [[servers(1, 2)], [servers(1)], [servers(1)], []]
    assert [step.failed for step in run] == [True, True, False, False]


def test_a_fleet_that_grew_submits_only_the_new_servers(playbook):
    run = playbook.run(job(1, 2, wait=True), job(3, 1, 4, 2, wait=True), job(2, 4, wait=True))
    check_created(run[0], 1, 2)
    check_created(run[1], 3, 4)
    assert run[1].verdicts == ["done"] * 4
    check_nothing(run[2])  # and one that shrank submits none


def test_another_version_is_a_new_job_and_going_back_is_another(simulator, playbook):
    new, old = {"spec": {"version": VERSION}}, {"spec": {"version": OTHER_VERSION}}
    run = playbook.run(
        job(1, 2, wait=True, **new),
        job(1, 2, wait=True, **old),
        job(1, 2, wait=True, **old),
        job(1, 2, wait=True, **new),
        job(1, wait=True, **old),
        job(1, 2, wait=True, **new),
    )
    check_created(run[0], 1, 2)
    check_created(run[1], 1, 2)
    check_nothing(run[2])
    check_created(run[3], 1, 2)
    check_created(run[4], 1)
    # Only the server that went another way since.
    check_created(run[5], 1)
    assert run[5].verdicts == ["done", "done"]
    versions = [each["items"][0]["spec"]["version"] for each in simulator.jobs()]
    assert versions == [VERSION, OTHER_VERSION, VERSION, OTHER_VERSION, VERSION]


def test_slices_of_one_name_do_not_disturb_each_other(simulator, playbook):
    simulator.server(2, fail=1)
    run = playbook.run(
        job(1, 2, wait=True), job(3, 4, wait=True), job(1, 2, wait=True), job(3, 4, wait=True), job(1, 2, 3, 4)
    )
    check_created(run[0], 1, 2)
    assert run[0].failed
    check_created(run[1], 3, 4)
    check_created(run[2], 2)
    check_nothing(run[3])
    check_nothing(run[4])
    assert len(simulator.jobs()) == 3


@pytest.mark.parametrize("lost", [False, True])
def test_slices_of_one_name_at_the_same_time(simulator, playbook, lost):
    """Also where both creates lose their answer, and each has to find its own job."""
    simulator.set(job_duration=2)
    if lost:
        simulator.fault("create_job", "slow", delay=6, when="after", times=2)
    slices = [(1, 2, 3), (4, 5), (6,)]
    processes = [playbook.start(job(*numbers, wait=True, request_timeout=2)) for numbers in slices]
    steps = [process.finish()[0] for process in processes]
    for step, numbers in zip(steps, slices, strict=True):
        assert not step.failed
        assert step["changed"]
        assert step["submitted_server_ids"] == servers(*numbers)
        assert step.verdicts == ["done"] * len(numbers)
        assert [row["server_id"] for row in step["servers"]] == servers(*numbers)
        if step["action"] == "attached":
            step.warns("the answer to the create request was lost")
    assert sum(step["action"] == "attached" for step in steps) == (2 if lost else 0)
    created = [each["server_ids"] for each in simulator.jobs()]
    assert sorted(created) == sorted(servers(*numbers) for numbers in slices)
    check_nothing(playbook.one(job(1, 2, 3, 4, 5, 6)))


def test_what_runs_is_attached_to_and_never_started_again(simulator, playbook):
    simulator.set(job_duration=SLOW)
    run = playbook.run(
        job(1, 2),
        job(1, 2),
        job(2, 1, 3),  # a new server beside two that run
        advance(SLOW),
        job(1, 2, 3, wait=True),
    )
    check_created(run[0], 1, 2)
    assert run[0].verdicts == ["running"] * 2
    assert not run[0].failed
    check_nothing(run[1], "attached")
    assert run[1].verdicts == ["running"] * 2
    assert run[1]["job"]["id"] == run[0]["job"]["id"]
    check_created(run[2], 3)
    assert run[2].verdicts == ["running"] * 3
    assert run[2]["job_ids"] == [run[0]["job"]["id"], run[2]["job"]["id"]]
    check_nothing(run[4])
    assert run[4].verdicts == ["done"] * 3
    assert len(simulator.jobs()) == 2


def test_attaching_waits_for_the_end(simulator, playbook):
    simulator.server(2, duration=SLOW, fail=1)
    running = playbook.start(job(1, 2), job(1, 2, wait=True), job(1, 2, wait=True))
    running.until("1 of 2 done, 1 running")
    simulator.server(2, duration=0)
    simulator.advance(SLOW)
    run = running.finish()
    check_created(run[0], 1, 2)
    second = run[1]
    second.check_keys()
    assert (second.writes, second["changed"], second["action"]) == (0, False, "attached")
    assert second.failed
    assert second.verdicts == ["done", "failed"]
    assert second["job"]["status"] == "FINISHED"
    check_created(run[2], 2)


def test_without_wait_a_job_that_failed_is_seen_by_the_next_run(simulator, playbook):
    simulator.server(1, fail=1)
    run = playbook.run(job(1, 2), advance(5), job(1, 2), advance(5), job(1, 2))
    check_created(run[0], 1, 2)
    check_created(run[2], 1)
    assert not run[2].failed
    check_nothing(run[4])


def test_servers_that_run_other_items_are_not_touched(simulator, playbook):
    simulator.set(job_duration=SLOW)
    run = playbook.run(
        job(1, 2, spec={"version": OTHER_VERSION}),
        job(1, 2, 3),
        advance(SLOW),
        job(1, 2, 3),
    )
    busy = run[1]
    busy.check_keys()
    assert busy.failed
    assert busy.writes == 0
    assert (busy["changed"], busy["action"], busy["submitted_server_ids"]) == (False, "none", [])
    assert (busy["error"]["code"], busy["error"]["retryable"]) == ("servers_busy", True)
    assert run[0]["job"]["id"] in busy["error"]["hint"]
    assert busy.verdicts == ["running", "running", "planned"]
    check_created(run[3], 1, 2, 3)


def test_reuse(simulator, playbook):
    run = playbook.run(
        job(1, name="first", wait=True),
        job(1, name="second", wait=True),
        job(1, 2, name="third", reuse="any_name", wait=True),
        job(2, name="third", reuse="never", wait=True),
        job(2, name="third", reuse="never", wait=True),
        job(1, 2, name="fourth", reuse="any_name"),
        # Jobs with other item types say nothing.
        job(1, name="fourth", type="COMMON", spec={"command": "version"}, reuse="any_name"),
    )
    check_created(run[0], 1)
    check_created(run[1], 1)
    check_created(run[2], 2)
    assert run[2]["servers"][0]["job_id"] == run[1]["job"]["id"]
    check_created(run[3], 2)
    check_created(run[4], 2)
    check_nothing(run[5])
    assert run[5]["job_ids"] == [run[1]["job"]["id"], run[4]["job"]["id"]]
    check_created(run[6], 1)
    assert len(simulator.jobs()) == 6


def test_any_name_looks_at_the_newest_job_whatever_its_name(playbook):
    run = playbook.run(
        job(1, name="first", wait=True),
        job(1, name="second", spec={"version": OTHER_VERSION}, wait=True),
        job(1, name="third", reuse="any_name", wait=True),
        job(1, name="first", wait=True),
    )
    check_created(run[2], 1)
    # Of its own name there is only a job since which other items ran: going back is a new job under every name.
    check_created(run[3], 1)


def test_readmes_own_names_go_back_to_an_earlier_version(simulator, playbook):
    """The version in the name, and reuse=same_name: what runs or ran under another name counts against a start."""
    first, second = {"name": "hdk_upgrade_one"}, {"name": "hdk_upgrade_two", "spec": {"version": OTHER_VERSION}}
    run = playbook.run(job(1, wait=True, **first), job(1, wait=True, **second), job(1, wait=True, **first))
    for step in run:
        check_created(step, 1)
    simulator.set(job_duration=1000)
    running, refused = playbook.run(job(2, **first), job(2, **second))
    check_created(running, 2)
    assert (refused["error"]["code"], refused.writes) == ("servers_busy", 0)
    assert "force=true" in refused["error"]["hint"]


def test_skipped(simulator, playbook):
    simulator.server(1, skip="always", message="not applicable")
    run = playbook.run(
        job(1, 2, wait=True),
        job(1, 2, wait=True),
        job(1, 2, wait=True, skipped="failed"),
        job(1, 2, wait=True, skipped="failed", fail_on="never"),
    )
    check_created(run[0], 1, 2)
    assert not run[0].failed
    assert run[0].verdicts == ["done", "done"]
    assert run[0]["servers"][0]["status"] == "SKIPPED"
    run[0].warns("skipped by the service, and taken as done (skipped=ok): liteserver-00001: not applicable")
    check_nothing(run[1])
    run[1].warns("liteserver-00001")
    check_created(run[2], 1)
    assert run[2].failed
    assert run[2].verdicts == ["failed", "done"]
    check_created(run[3], 1)
    assert not run[3].failed
    run[3].warns("fail_on=never lets this pass: liteserver-00001")


def test_fail_on(simulator, playbook):
    for number in (1, 2):
        simulator.server(number, fail="always")
    run = playbook.run(
        job(1, 3, name="one", fail_on="any", wait=True),
        job(2, 3, name="two", fail_on="all", wait=True),
        job(1, 2, name="three", fail_on="all", wait=True),
        job(1, 2, name="four", fail_on="never", wait=True),
        job(1, 2, name="four", fail_on="never", wait=True),
    )
    assert [step.failed for step in run] == [True, False, True, False, False]
    for step in run:
        step.check_keys()
        assert step.writes == 1
    run[1].warns("fail_on=all lets this pass: liteserver-00002")
    run[3].warns("fail_on=never lets this pass: liteserver-00001")
    assert run[1]["failed_server_ids"] == servers(2)
    assert run[3]["failed_server_ids"] == servers(1, 2)
    # A failure that passed is still not done.
    check_created(run[4], 1, 2)
    run[4].warns("fail_on=never")


def test_what_is_not_compared(simulator, playbook):
    """Order of items and of spec keys, the kind of a value, description, is_reboot, and the job's own type."""
    items = [
        {"type": "HDK_UPGRADE", "spec": {"version": VERSION, "force": "true"}},
        {"type": "COMMON", "spec": {"command": "7"}},
    ]
    turned = [
        {"type": "COMMON", "spec": {"command": 7}},
        {"type": "HDK_UPGRADE", "spec": {"force": True, "version": VERSION}},
    ]
    run = playbook.run(
        job(1, 2, spec=None, items=items, template_check="off", wait=True),
        job(2, 1, spec=None, items=turned, template_check="off", description="other", is_reboot=True, wait=True),
        job(1, 2, spec=None, items=turned, type="COMMON", template_check="off", wait=True),
        # One item less is another job.
        job(1, 2, spec=None, items=items[:1], template_check="off", wait=True),
    )
    check_created(run[0], 1, 2)
    check_nothing(run[1])
    check_nothing(run[2])
    check_created(run[3], 1, 2)
    assert len(simulator.jobs()) == 2


def test_a_server_that_a_job_of_this_name_never_had_is_submitted(simulator, playbook):
    """A job that is over, and had no task for the server."""
    simulator.seed(
        [
            {
                "name": "upgrade",
                "items": [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}],
                "servers": {servers(1)[0]: "SUCCESS"},
                "age": 1000,
            }
        ]
    )
    run = playbook.run(job(1), job(1, 2, wait=True))
    check_nothing(run[0])
    check_created(run[1], 2)


def test_the_order_of_the_servers_is_the_order_given(playbook):
    run = playbook.run(job(5, 3, 5, 1, 3, wait=True), job(1, 5, 2, 3, wait=True))
    check_created(run[0], 5, 3, 1)
    assert [row["server_id"] for row in run[0]["servers"]] == servers(5, 3, 1)
    check_created(run[1], 2)
    assert [row["server_id"] for row in run[1]["servers"]] == servers(1, 5, 2, 3)


def test_a_name_that_must_be_unique_is_a_clear_error(simulator, playbook):
    simulator.set(unique_names=True)
    simulator.server(2, fail=1)
    run = playbook.run(
        job(1, 2, wait=True),
        job(1, 2, wait=True),
        job(1, 2, name="upgrade-2", reuse="any_name", wait=True),
    )
    taken = run[1]
    taken.check_keys()
    assert taken.failed
    assert taken.count("create_job") == 1
    assert taken["error"]["http_status"] == 400
    assert "already exists" in taken["error"]["message"]
    assert "reuse=any_name" in taken["error"]["hint"]
    assert taken.verdicts == ["done", "planned"]
    # What the hint says works.
    check_created(run[2], 2)
    assert run[2].verdicts == ["done", "done"]


def test_a_server_that_does_not_exist(simulator, playbook):
    run = playbook.run(
        job(1, 99), control("PATCH", "settings", {"not_found": 404}), job(1, server_ids=["nonsense"], name="other")
    )
    for step in run.only("action"):
        step.check_keys()
        assert step.failed
        assert step.count("create_job") == 1
        assert step["error"]["code"] == "ModelArts.6404"
        assert "Lite Servers" in step["error"]["hint"]
        assert len(step["error"]["request_id"]) == 32
        assert step["job"] is None
        assert not step["changed"]
    assert [step["error"]["http_status"] for step in run.only("action")] == [400, 404]
    assert simulator.jobs() == []


def test_a_service_that_changes_the_items_is_named_where_there_is_no_mark(simulator, playbook):
    """Only then it cannot be recognised what a job ran."""
    simulator.set(mask_specs=True)
    run = playbook.run(*[job(1, wait=True)] * 2, job(2, wait=True, mark=False))
    check_created(run[0], 1)
    check_nothing(run[1])
    check_created(run[2], 2)
    run[2].warns("the service stored other items than were sent")
