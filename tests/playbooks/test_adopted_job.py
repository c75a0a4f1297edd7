# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``job_id`` with ``state: present``: a job that is there is followed, and none is created."""

from __future__ import annotations

from playbooks.harness import OTHER_VERSION, VERSION, advance, bare_job, job, planned, servers

ITEMS = [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]


def seeded(simulator, **changes):
    record = {
        "name": "upgrade",
        "items": ITEMS,
        "servers": dict(zip(servers(1, 2, 3), ["SUCCESS", "FAILED", "SUCCESS"], strict=True)),
        "age": 1000,
    }
    return simulator.seed([{**record, **changes}])[0]


def test_all_servers_of_the_job_count(simulator, playbook):
    job_id = seeded(simulator)
    for step in playbook.run(bare_job(job_id=job_id), bare_job(job_id=job_id, wait=True)):
        step.check_keys()
        assert step.failed
        assert (step["changed"], step["action"], step.writes) == (False, "attached", 0)
        assert step["job"]["id"] == job_id
        assert [row["server_id"] for row in step["servers"]] == servers(1, 2, 3)
        assert step.verdicts == ["done", "failed", "done"]
        assert step["failed_server_ids"] == servers(2)
        assert step.count("list_jobs") == 0


def test_only_the_wanted_servers_of_the_job_count(simulator, playbook):
    job_id = seeded(simulator)
    run = playbook.run(
        bare_job(job_id=job_id, server_ids=servers(3, 1), wait=True),
        bare_job(job_id=job_id, server_ids=servers(1, 2)),
        bare_job(job_id=job_id, server_ids=servers(1, 2), fail_on="all"),
        bare_job(job_id=job_id, server_ids=servers(1, 5), wait=True),
    )
    for step in run:
        step.check_keys()
        assert step.writes == 0
    assert [step.failed for step in run] == [False, True, False, True]
    assert run[0].verdicts == ["done", "done"]
    assert [row["server_id"] for row in run[0]["servers"]] == servers(3, 1)
    assert run[1].verdicts == ["done", "failed"]
    run[2].warns("fail_on=all lets this pass: liteserver-00002")
    # A server that the job never had has no known outcome.
    assert run[3].verdicts == ["done", "unknown"]


def test_a_running_job(simulator, playbook):
    simulator.set(job_duration=60)
    run = playbook.run(
        job(1, 2),
        bare_job(job_id="{{ started.job.id }}"),
        bare_job(job_id="{{ started.job.id }}", wait=True, wait_timeout=1),
        advance(60),
        bare_job(job_id="{{ started.job.id }}", wait=True),
        register=["started"],
    ).only("action")
    for step in run:
        step.check_keys()
    assert run[1].verdicts == ["running"] * 2
    assert not run[1].failed
    assert run[1].count("get_job") == 1
    assert (run[2].failed, run[2]["timed_out"]) == (True, True)
    assert (run[3].failed, run[3].verdicts) == (False, ["done"] * 2)
    assert len(simulator.jobs()) == 1


def test_a_running_job_that_does_not_list_its_servers_yet(simulator, playbook):
    simulator.set(job_duration=3, tasks_delay=3)
    run = playbook.run(job(1, 2), bare_job(job_id="{{ started.job.id }}", wait=True), register=["started"])
    assert [row["server_id"] for row in run[1]["servers"]] == servers(1, 2)
    assert run[1].verdicts == ["done"] * 2


def test_no_such_job(simulator, playbook):
    simulator.set(not_found=404)
    run = playbook.run(bare_job(job_id="no-such-job"), bare_job(job_id="no-such-job", server_ids=servers(1), wait=True))
    simulator.set(not_found=400)
    run = [*run, playbook.one(planned(bare_job(job_id="no-such-job")))]
    for step in run:
        step.check_keys()
        assert step.failed
        assert (step["changed"], step["action"], step["job"]) == (False, "none", None)
        assert step["error"]["code"] == "ModelArts.6404"
        assert "no-such-job" in step["msg"]
        assert (step.count("get_job"), len(step.requests)) == (1, 1)
    assert [step["error"]["http_status"] for step in run] == [404, 404, 400]
    assert run[1].verdicts == ["unknown"]


def test_items_that_the_job_does_not_run_are_an_error(simulator, playbook):
    job_id = seeded(simulator, servers={servers(1)[0]: "SUCCESS"})
    run = playbook.run(
        bare_job(job_id=job_id, type="HDK_UPGRADE", spec={"version": OTHER_VERSION}),
        bare_job(job_id=job_id, items=[{"type": "COMMON", "spec": {"version": VERSION}}]),
        bare_job(job_id=job_id, type="HDK_UPGRADE", spec={"version": VERSION}),
        bare_job(job_id=job_id, spec={"version": VERSION}),
        bare_job(job_id=job_id, items=ITEMS),
    )
    assert [step.failed for step in run] == [True, True, False, False, False]
    for step in run.steps[:2]:
        step.check_keys()
        assert step.writes == 0
        assert step["error"]["code"] == "invalid_option"
        assert step["msg"].startswith("job_id: ")
        assert "other items" in step["msg"]
    for step in run.steps[2:]:
        assert step.verdicts == ["done"]


def test_check_mode(simulator, playbook):
    job_id = seeded(simulator)
    step = playbook.one(planned(bare_job(job_id=job_id, wait=True)))
    step.check_keys()
    assert (step["changed"], step["action"], step.writes) == (False, "attached", 0)
    assert step.verdicts == ["done", "failed", "done"]
    assert step.diff["before"] == step.diff["after"]


def test_a_deleted_job_that_is_still_shown(simulator, playbook):
    simulator.set(deleted_jobs="listed")
    job_id = seeded(simulator, servers={servers(1)[0]: "SUCCESS"})
    run = playbook.run(bare_job(state="absent", job_id=job_id), bare_job(job_id=job_id, wait=True))
    assert run[0]["action"] == "deleted"
    assert run[1].verdicts == ["done"]
    assert run[1]["job"]["status"] == "DELETED"
