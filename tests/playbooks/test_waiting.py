# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting: its end, its time-out, and what goes wrong in the middle of it."""

from __future__ import annotations

import pytest
from playbooks.harness import advance, bare_job, job, servers

SLOW = 60


def test_a_time_out_and_the_same_task_again(simulator, playbook):
    simulator.server(1, duration=0)
    simulator.server(2, duration=SLOW)
    run = playbook.run(
        job(1, 2, wait=True, wait_timeout=1),
        job(1, 2, wait=True, wait_timeout=1),
        advance(SLOW),
        job(1, 2, wait=True, wait_timeout=1),
    )
    first, second, third = run.only("action")
    for step in (first, second):
        step.check_keys()
        assert step.failed
        assert step["timed_out"]
        assert step["error"]["code"] == "wait_timeout"
        assert step["error"]["retryable"]
        assert step["job"]["id"] == first["job"]["id"]
        assert step["job"]["id"] in step["error"]["hint"]
        assert "1 of 2 servers are not done: liteserver-00002" in step["msg"]
        assert step.verdicts == ["done", "running"]
        assert [row["status"] for row in step["servers"]] == ["SUCCESS", "PROCESSING"]
        assert step["elapsed"] >= 1
    assert (first["changed"], first["action"], first.count("create_job")) == (True, "created", 1)
    assert (second["changed"], second["action"], second.writes) == (False, "attached", 0)
    third.check_keys()
    assert (third.failed, third["changed"], third["action"], third["timed_out"]) == (False, False, "none", False)
    assert len(simulator.jobs()) == 1


def test_without_wait_a_job_goes_on_by_itself(simulator, playbook):
    simulator.set(job_duration=2)
    started, waited, again = playbook.run(
        job(1, 2, wait=False), bare_job(job_id="{{ started.job.id }}", wait=True), job(1, 2), register=["started"]
    )
    assert (started.failed, started["action"]) == (False, "created")
    assert started.verdicts == ["running"] * 2
    assert (started["job"]["status"], started["timed_out"]) == ("PROCESSING", False)
    assert started.count("get_job") == 0
    waited.check_keys()
    assert (waited.failed, waited["changed"], waited["action"], waited.writes) == (False, False, "attached", 0)
    assert waited.verdicts == ["done"] * 2
    assert waited["job"]["status"] == "FINISHED"
    assert again["action"] == "none"


def test_the_wait_looks_often_at_first_and_then_seldom(simulator, playbook):
    simulator.set(job_duration=8)
    step = playbook.one(job(1, wait=True, wait_sleep=2))
    assert not step.failed
    times = [each["at"] for each in step.asked("get_job")]
    pauses = [after - before for before, after in zip(times, times[1:], strict=False)]
    assert len(times) <= 8
    assert all(pause < 2.5 for pause in pauses)
    assert pauses[0] < 1.5 < pauses[-1]


def test_the_wait_ends_when_the_wanted_servers_are_done(simulator, playbook):
    """Another server of the same job that takes for ever is not waited for."""
    simulator.server(3, duration=SLOW)
    run = playbook.run(job(1, 2, 3), job(1, 2, wait=True, wait_timeout=10))
    assert not run[1].failed
    assert run[1].verdicts == ["done"] * 2
    assert run[1]["elapsed"] < 8
    assert simulator.jobs()[0]["status"] == "PROCESSING"


def test_several_jobs_are_waited_for_together(simulator, playbook):
    simulator.set(job_duration=4)
    step = playbook.run(job(1), job(2), job(3, 2, 1, wait=True))[2]
    step.check_keys()
    assert (step.failed, step.created) == (False, [servers(3)])
    assert step.verdicts == ["done"] * 3
    assert len(step["job_ids"]) == 3


FAULTS = {
    "error_500": {},
    "error_502_html": {},
    "error_503_before": {},
    "error_504_after": {},
    "drop_before": {},
    "bad_json": {},
    "empty_body": {},
    "wrong_shape": {},
    "throttled": {"retry_after": 1, "window": "1 second"},
    "slow": {"delay": 3},
    "not_found": {},
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_look_that_fails_in_the_middle_of_a_wait_is_survived(simulator, playbook, kind):
    simulator.set(job_duration=2)
    simulator.fault("get_job", kind, times=2, skip=1, **FAULTS[kind])
    step = playbook.one(job(1, 2, wait=True, request_timeout=1))
    step.check_keys()
    assert not step.failed, step["msg"]
    assert step.verdicts == ["done"] * 2
    assert (step["action"], step.count("create_job")) == ("created", 1)
    assert [each["fault"] for each in step.asked("get_job")].count(kind) == 2
    assert step.count("get_job") <= 10


def test_looks_that_fail_until_the_end_of_the_wait_are_named(simulator, playbook):
    simulator.set(job_duration=SLOW)
    simulator.fault("get_job", "error_502_html", times=None)
    step = playbook.one(job(1, wait=True, wait_timeout=2))
    step.check_keys()
    assert step.failed
    assert (step["timed_out"], step["error"]["code"]) == (True, "wait_timeout")
    assert "502" in step["msg"]
    assert step.verdicts == ["running"]
    assert step["job"] is not None
    assert 2 <= step.count("get_job") <= 6


def test_a_refused_key_in_the_middle_of_a_wait_ends_it_after_one_request(simulator, playbook):
    simulator.set(job_duration=SLOW)
    simulator.fault("get_job", "unauthorized", times=None)
    step = playbook.one(job(1, wait=True, wait_timeout=20))
    step.check_keys()
    assert step.failed
    assert (step["timed_out"], step["error"]["http_status"]) == (False, 401)
    assert step.count("get_job") == 1
    assert step["job"]["id"] == simulator.jobs()[0]["id"]
    assert step["elapsed"] < 10


def test_an_undocumented_status_is_neither_success_nor_failure(simulator, playbook):
    """While the job runs it is waited for, not too often; the time-out ends it."""
    simulator.server(1, final_status="PAUSED")
    simulator.server(2, duration=SLOW)
    first, second = playbook.run(*[job(1, 2, wait=True, wait_timeout=3, wait_sleep=1)] * 2)
    for step in (first, second):
        step.check_keys()
        assert step.failed
        assert step["timed_out"]
        assert step.verdicts == ["running", "running"]
        assert step["servers"][0]["status"] == "PAUSED"
        # 0.5 s, 0.8 s, then each second
        assert 3 <= step.count("get_job") <= 7
        step.warns("task status not documented, taken for neither success nor failure: PAUSED")
    assert first.count("create_job") == 1
    assert second.writes == 0


def test_a_job_that_is_over_with_a_task_that_never_ended(simulator, playbook):
    simulator.server(1, final_status="PAUSED")
    first, second, third = playbook.run(
        job(1, 2, wait=True, wait_timeout=20), job(1, 2, wait=True), job(1, 2, wait=True, fail_on="never")
    )
    for step in (first, second):
        step.check_keys()
        assert step.failed
        assert not step["timed_out"]
        assert step.verdicts == ["unknown", "done"]
        assert step["failed_server_ids"] == []
        assert step["error"]["code"] == "servers_failed"
        assert "no known outcome" in step["msg"]
        step.warns("PAUSED")
    assert second.writes == 0
    assert not third.failed
    third.warns("PAUSED", "fail_on=never lets this pass: liteserver-00001")


def test_an_undocumented_job_status_is_named(simulator, playbook):
    simulator.set(finished_status="ARCHIVED")
    step = playbook.one(job(1, 2, wait=True))
    assert not step.failed
    assert step.verdicts == ["done"] * 2
    step.warns("job status not documented, taken as running: ARCHIVED")


def test_a_job_whose_record_is_deleted_in_the_middle_of_a_wait(simulator, playbook):
    simulator.set(job_duration=SLOW)
    waiting = playbook.start(job(1, wait=True, wait_timeout=30, wait_sleep=1))
    job_id = None
    while job_id is None:
        job_id = next((each["id"] for each in simulator.jobs()), None)
    deleting = playbook.one(bare_job(state="absent", job_id=job_id, force=True))
    assert deleting["action"] == "deleted"
    step = waiting.finish()[0]
    step.check_keys()
    assert step.failed
    assert not step["timed_out"]
    assert step.verdicts == ["unknown"]
    assert step["elapsed"] < 20


def test_throttling_is_waited_out(simulator, playbook):
    simulator.set(throttle={"limit": 3, "window": 1}, throttle_retry_after=True)
    run = playbook.run(job(1, 2, wait=True), job(1, 2, wait=True), job(3, wait=True))
    assert [step.failed for step in run] == [False] * 3
    assert [step["action"] for step in run] == ["created", "none", "created"]
    assert len(simulator.jobs()) == 2
