# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``state: absent``: the records of jobs are deleted."""

from __future__ import annotations

import pytest
from playbooks.harness import VERSION, bare_job, control, job, planned, servers

SLOW = 60


def absent(**options):
    return bare_job(state="absent", request_timeout=2, **options)


def seed(simulator, *names, **changes):
    """A finished job for each name; their ids."""
    items = [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]
    record = {"items": items, "servers": {servers(1)[0]: "SUCCESS"}}
    return simulator.seed(
        [{**record, "name": name, "age": 100 * (10 - number), **changes} for number, name in enumerate(names)]
    )


def left(simulator):
    return [each["name"] for each in simulator.jobs() if not each["deleted"]]


def check_deleted(step, job_ids):
    """The step deleted these jobs with one request."""
    step.check_keys()
    assert not step.failed
    assert (step["changed"], step["action"]) == (True, "deleted")
    assert sorted(step["job_ids"]) == sorted(job_ids)
    assert [sorted(each["body"]["job_ids"]) for each in step.asked("delete_jobs")] == [sorted(job_ids)]
    assert step.writes == 1


def check_nothing(step):
    """The step found nothing to do."""
    step.check_keys()
    assert (step.failed, step["changed"], step["action"]) == (False, False, "none")
    assert (step["job"], step["job_ids"]) == (None, [])
    assert step.writes == 0


@pytest.mark.parametrize("deleted_jobs", ["hidden", "listed"])
def test_by_id_and_by_name(simulator, playbook, deleted_jobs):
    simulator.set(deleted_jobs=deleted_jobs)
    ids = seed(simulator, "upgrade", "logs", "upgrade", "upgrade-2", "logs", "my-upgrade")
    run = playbook.run(
        absent(job_id=ids[1]),
        absent(job_id=ids[1]),
        planned(absent(name="upgrade")),
        absent(name="upgrade"),
        absent(name="upgrade"),
        absent(name="never-was"),
        absent(job_id="never-was"),
        planned(absent(job_id="never-was")),
        planned(absent(job_id=ids[3])),
    )
    check_deleted(run[0], [ids[1]])
    assert run[0]["job"]["id"] == ids[1]
    check_nothing(run[1])
    plan = run[2]
    plan.check_keys()
    assert (plan["changed"], plan["action"], plan.writes) == (True, "planned", 0)
    assert sorted(plan["job_ids"]) == sorted([ids[0], ids[2]])
    assert plan.diff["before"] == {ids[0]: "upgrade, FINISHED", ids[2]: "upgrade, FINISHED"}
    assert plan.diff["after"] == {ids[0]: "deleted", ids[2]: "deleted"}
    check_deleted(run[3], [ids[0], ids[2]])
    assert run[3]["job"]["id"] == ids[2]  # the newest
    for step in run.steps[4:8]:
        check_nothing(step)
    assert (run[8]["changed"], run[8]["action"], run[8].writes) == (True, "planned", 0)
    # Only what is named exactly so is gone.
    assert left(simulator) == ["my-upgrade", "logs", "upgrade-2"]


@pytest.mark.parametrize("name_filter", ["substring", "none"])
def test_a_name_that_the_service_filters_loosely(simulator, playbook, name_filter):
    simulator.set(name_filter=name_filter, page_size=2)
    ids = seed(simulator, "upgrade", "upgrade-2", "upgrade", "other", "my-upgrade")
    check_deleted(playbook.one(absent(name="upgrade")), [ids[0], ids[2]])
    assert left(simulator) == ["my-upgrade", "other", "upgrade-2"]


def test_a_job_that_runs_needs_force(simulator, playbook):
    simulator.set(job_duration=SLOW)
    old = seed(simulator, "upgrade")
    run = playbook.run(
        job(2, name="upgrade"),
        absent(name="upgrade"),
        absent(job_id="{{ started.job.id }}"),
        planned(absent(name="upgrade")),
        planned(absent(name="upgrade", force=True)),
        absent(name="upgrade", force=True),
        register=["started"],
    )
    running = run[0]["job"]["id"]
    for step in run.steps[1:4]:
        step.check_keys()
        assert step.failed
        assert step["error"]["code"] == "job_running"
        assert running in step["msg"]
        assert "force=true" in step["error"]["hint"]
        assert (step["changed"], step.writes) == (False, 0)
    assert (run[4]["action"], run[4].writes) == ("planned", 0)
    check_deleted(run[5], [running, *old])


def test_a_running_job_that_the_service_refuses_to_delete(simulator, playbook):
    simulator.set(job_duration=SLOW, delete_running="refuse")
    run = playbook.run(job(1, 2), absent(name="upgrade", force=True))
    step = run[1]
    step.check_keys()
    assert step.failed
    assert not step["changed"]
    assert (step["error"]["code"], step["error"]["http_status"]) == ("ModelArts.7000", 400)
    assert step.count("delete_jobs") == 1


# Fault: (parameters, how many delete requests there are)
FAULTS = {
    "drop_before": ({}, 2),
    "drop_after": ({}, 1),
    "throttled": ({"window": "1 second"}, 2),
    "error_500": ({}, 2),
    "error_502_html": ({"when": "after"}, 1),
    "error_503_before": ({}, 2),
    "error_503_after": ({}, 1),
    "error_504_after": ({}, 1),
    "bad_json": ({}, 1),
    "empty_body": ({}, 1),
    "wrong_shape": ({}, 1),
    "slow": ({"delay": 3, "when": "after"}, 1),
    "not_found": ({}, 2),
}


@pytest.mark.parametrize(
    ("deleted_jobs", "kinds"), [("hidden", list(FAULTS)), ("listed", ["drop_before", "drop_after", "bad_json"])]
)
def test_a_delete_that_goes_wrong(simulator, playbook, deleted_jobs, kinds):
    """The state is looked at, and only what is still there is deleted again."""
    simulator.set(deleted_jobs=deleted_jobs)
    tasks = []
    for kind in kinds:
        seed(simulator, kind, kind)
        tasks.append(control("POST", "faults", [{"operation": "delete_jobs", "kind": kind, **FAULTS[kind][0]}]))
        tasks.append(absent(name=kind))
    steps = playbook.run(*tasks).only("action")
    for step, kind in zip(steps, kinds, strict=True):
        step.check_keys()
        assert not step.failed, (kind, step["msg"])
        assert (step["changed"], step["action"]) == (True, "deleted")
        assert step.count("delete_jobs") == FAULTS[kind][1], kind
        assert all(each["body"]["job_ids"] for each in step.asked("delete_jobs"))
    assert left(simulator) == []


def test_a_delete_that_never_works(simulator, playbook):
    ids = seed(simulator, "upgrade")
    simulator.fault("delete_jobs", "error_503_before", times=None)
    step = playbook.one(absent(name="upgrade"))
    step.check_keys()
    assert step.failed
    assert (step["error"]["code"], step["error"]["retryable"]) == ("not_deleted", True)
    assert ids[0] in step["msg"]
    assert step.count("delete_jobs") == 3


def test_what_was_deleted_has_not_been_done(simulator, playbook):
    """The record is what the rule goes by."""
    run = playbook.run(job(1, wait=True), absent(name="upgrade"), job(1, wait=True))
    assert [step["action"] for step in run] == ["created", "deleted", "created"]
    assert len(simulator.jobs()) == 2
