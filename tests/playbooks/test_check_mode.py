# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode: the plan, and never a write; diff mode: each server before and after."""

from __future__ import annotations

from playbooks.harness import OTHER_VERSION, VERSION, advance, info, job, planned, servers

SLOW = 60


def check_plan(step, submitted, verdicts):
    """The step is a plan to submit these servers, and no more than a plan."""
    step.check_keys()
    assert not step.failed
    assert step.writes == 0
    assert step["submitted_server_ids"] == servers(*submitted)
    assert step["changed"] is bool(submitted)
    assert step["action"] == "planned" if submitted else step["action"] in ("none", "attached")
    assert step.verdicts == verdicts
    assert set(step.diff) == {"before", "after", "before_header", "after_header"}
    assert set(step.diff["before"]) == set(step.diff["after"]) == {row["server_id"] for row in step["servers"]}
    for server_id, after in step.diff["after"].items():
        expected = "to be submitted" if server_id in servers(*submitted) else step.diff["before"][server_id]
        assert after == expected


def before(step, number):
    return step.diff["before"][servers(number)[0]]


def test_the_plan_in_each_situation(simulator, playbook):
    simulator.server(2, fail=1)
    run = playbook.run(
        planned(job(1, 2, wait=True)),
        job(1, 2, wait=True),
        planned(job(1, 2, 3, wait=True)),
        job(1, 2, wait=True),
        planned(job(1, 2, wait=True)),
        planned(job(1, 2, spec={"version": OTHER_VERSION})),
    )
    nothing_done, ran, failed, _retried, all_done, other = run
    check_plan(nothing_done, [1, 2], ["planned"] * 2)
    assert before(nothing_done, 1) == "no task of these items"
    assert (nothing_done["job"], nothing_done["job_ids"]) == (None, [])

    # A plan creates nothing, so the run after it does.
    assert ran["action"] == "created"
    check_plan(failed, [2, 3], ["done", "planned", "planned"])
    job_id = ran["job"]["id"]
    assert before(failed, 1) == f"SUCCESS, these items, job {job_id}"
    assert before(failed, 2) == f"FAILED, these items, job {job_id}"
    assert failed["servers"][1]["status"] == "FAILED"
    assert failed["counts"] == {"done": 1, "failed": 0, "running": 0, "unknown": 0, "planned": 2, "total": 3}

    check_plan(all_done, [], ["done"] * 2)
    check_plan(other, [1, 2], ["planned"] * 2)
    assert "SUCCESS, other items" in before(other, 1)
    assert len(simulator.jobs()) == 2


def test_the_plan_while_a_job_runs(simulator, playbook):
    simulator.set(job_duration=SLOW)
    run = playbook.run(
        job(1, 2),
        planned(job(1, 2, wait=True)),
        planned(job(1, 2, 3, wait=True)),
        planned(job(1, spec={"version": OTHER_VERSION})),
    )
    check_plan(run[1], [], ["running"] * 2)
    assert run[1]["action"] == "attached"
    assert run[1]["job"]["id"] == run[0]["job"]["id"]
    assert run[1]["elapsed"] < 10
    check_plan(run[2], [3], ["running", "running", "planned"])
    assert "PROCESSING, these items" in before(run[2], 1)
    # What a run would refuse, the plan refuses.
    run[3].check_keys()
    assert run[3].failed
    assert run[3]["error"]["code"] == "servers_busy"
    assert run[3].writes == 0


def test_the_command_line_for_a_whole_play(simulator, playbook):
    run = playbook.run(job(1, 2, wait=True), info(), arguments=("--check", "--diff"))
    check_plan(run[0], [1, 2], ["planned"] * 2)
    assert run[1]["jobs"] == []
    assert not run[1].failed
    assert "to be submitted" in run.output
    assert simulator.count("writes") == 0


def test_the_diff_of_a_real_run(simulator, playbook):
    simulator.server(2, fail=1)
    first, second = playbook.run(job(1, 2, wait=True), job(1, 2, 3), arguments=("--diff",))
    one, two, three = servers(1, 2, 3)
    assert first.diff["before"] == {one: "no task of these items", two: "no task of these items"}
    assert first.diff["after"] == {one: "submitted, done", two: "submitted, failed"}
    done = f"SUCCESS, these items, job {first['job']['id']}"
    assert second.diff["before"][one] == second.diff["after"][one] == done
    assert second.diff["after"][two] == second.diff["after"][three] == "submitted, done"


def test_the_plan_tells_what_the_live_template_rejects(simulator, playbook):
    wrong = {"spec": {"version": "24.1 rc3"}}
    run = playbook.run(
        planned(job(1, **wrong)),
        planned(job(1, template_check="strict", **wrong)),
        planned(job(1, template_check="off", **wrong)),
        planned(job(1, template_check="strict")),
    )
    warned, strict, off, right = run
    check_plan(warned, [1], ["planned"])
    warned.warns("spec.version: '24.1 rc3' does not match the template's regex")
    strict.check_keys()
    assert strict.failed
    assert (strict["error"]["code"], strict.writes) == ("template_rejected", 0)
    check_plan(off, [1], ["planned"])
    assert off.count("list_templates") == 0
    check_plan(right, [1], ["planned"])
    assert right.count("list_templates") >= 1
    assert simulator.jobs() == []


def test_a_plan_with_a_login_writes_nothing_either(simulator, playbook):
    step = playbook.one(planned(job(1)), credentials=simulator.password_credentials())
    check_plan(step, [1], ["planned"])
    assert (step.count("create_token"), simulator.count("writes")) == (1, 0)


def test_a_plan_after_the_end_of_what_ran(simulator, playbook):
    simulator.set(job_duration=SLOW)
    run = playbook.run(job(1), advance(SLOW), planned(job(1, spec={"version": VERSION})))
    check_plan(run[2], [], ["done"])
