# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``state: present`` on a service in memory: what the playbook tests cannot bring about."""

from __future__ import annotations

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    AnswerLost,
    ApiError,
    InvalidOption,
    JobUnsettled,
    ListIncomplete,
    OutcomeUnknown,
    ServersBusy,
    ServersFailed,
    Unauthorized,
    WaitTimedOut,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._operation import Given
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._history import (
    SETTLE_SECONDS,
    SETTLE_SECONDS_WHEN_ENDED,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._present import PresentJob


@pytest.fixture
def run(clock, api, options):
    """Run with these options; returns the operation, with what it raised as ``error``."""

    def run(check_mode=False, **given):
        lines = []
        operation = PresentJob(Given(clock, dict(options, **given), check_mode, lines.append))
        operation.lines, operation.error = lines, None
        operation.prepare()
        try:
            operation.run(api)
        except Exception as error:  # looked at by each test
            operation.error = error
        return operation

    return run


def created(api):
    return [call[1] for call in api.calls if call[0] == "create_job"]


def verdicts(operation):
    return {row["server_id"]: row["verdict"] for row in operation.result()["servers"]}


# --- a server that still runs other items ---


def test_no_second_job_where_other_items_still_run(run, api):
    other = [{"type": "HDK_UPGRADE", "spec": {"version": "2"}}]
    running = api.add({"s1": "PROCESSING"}, status="PROCESSING", items=other)
    operation = run()
    assert isinstance(operation.error, ServersBusy) and running in str(operation.error)
    assert created(api) == [] and operation.result()["changed"] is False
    assert verdicts(operation) == {"s1": "running", "s2": "planned"}


def test_a_stuck_task_of_a_job_that_is_over_blocks_nothing(run, api):
    api.add({"s1": "PROCESSING"}, items=[{"type": "HDK_UPGRADE", "spec": {"version": "2"}}])
    assert run().error is None and created(api)[0]["server_ids"] == ["s1", "s2"]


def test_a_job_whose_end_is_not_known_is_not_started_again(run, api, clock):
    job_id = api.add({"s1": "PROCESSING", "s2": "SUCCESS"})
    operation = run()
    assert isinstance(operation.error, ServersFailed) and created(api) == []
    assert verdicts(operation) == {"s1": "unknown", "s2": "done"}
    # The hint keeps what it promises, whether the service forgets a deleted record or shows it on.
    assert "delete its record" in operation.error.hint
    api.jobs[job_id]["status"] = "DELETED"
    assert run().result()["submitted_server_ids"] == ["s1"]


def test_a_job_that_ends_before_its_tasks_say_so_is_waited_for(run, api, clock):
    job_id = api.add({"s1": "PROCESSING", "s2": "SUCCESS"})
    clock.on_sleep = lambda: api.finish(job_id) if len(clock.sleeps) == 3 else None
    operation = run()
    assert operation.error is None and created(api) == []
    assert verdicts(operation) == {"s1": "done", "s2": "done"}


@pytest.mark.parametrize("items", [None, [{"type": "HDK_UPGRADE", "spec": {"version": "2"}}]])
def test_a_new_job_that_ends_before_its_tasks_say_so(run, api, clock, items):
    """Those that failed are known as such in the end, and the next run starts them."""
    run()
    api.jobs["job-1"]["status"] = "FINISHED"
    clock.on_sleep = lambda: api.finish("job-1", "FAILED") if len(clock.sleeps) == 3 else None
    operation = run(wait=True, items=items, spec=None if items else {"version": "1"})
    assert len(created(api)) == 2 and operation.result()["submitted_server_ids"] == ["s1", "s2"]


# --- a running job that does not list its servers yet ---


def test_a_job_without_tasks_is_waited_for_until_it_lists_them(run, api, clock):
    job_id = api.add({}, status="PROCESSING")

    def list_tasks():
        if len(clock.sleeps) == 3:
            api.jobs[job_id]["tasks"] = [{"server_id": "s1", "status": "PROCESSING"}]

    clock.on_sleep = list_tasks
    operation = run()
    assert created(api) == [dict(created(api)[0], server_ids=["s2"])]
    assert verdicts(operation) == {"s1": "running", "s2": "running"}


def test_a_job_that_never_lists_its_servers_is_an_error_and_no_create(run, api, clock):
    api.add({}, status="PROCESSING")
    operation = run()
    assert isinstance(operation.error, JobUnsettled) and created(api) == []
    assert sum(clock.sleeps) == pytest.approx(SETTLE_SECONDS)


def test_a_finished_job_whose_tasks_are_gone_is_named_and_starts_nothing(run, api, clock):
    job_id = api.add({}, status="FINISHED")
    operation = run()
    assert isinstance(operation.error, JobUnsettled) and created(api) == [] and job_id in operation.error.message
    assert SETTLE_SECONDS_WHEN_ENDED <= sum(clock.sleeps) <= SETTLE_SECONDS_WHEN_ENDED + 5
    # A server of which a newer job tells is none of its business, and its record can be deleted.
    api.add({"s1": "SUCCESS"})
    assert run(server_ids=["s1"]).result()["action"] == "none"
    assert f"job_id={job_id}" in operation.error.hint
    del api.jobs[job_id]
    assert run().result()["submitted_server_ids"] == ["s2"]


def test_a_job_that_is_over_before_it_lists_its_servers_is_not_started_again(run, api, clock):
    job_id = api.add({}, status="FINISHED")
    tasks = [{"server_id": server, "status": "SUCCESS"} for server in ("s1", "s2")]
    clock.on_sleep = lambda: api.jobs[job_id].update(tasks=tasks) if len(clock.sleeps) == 3 else None
    operation = run()
    assert operation.error is None and created(api) == []
    assert verdicts(operation) == {"s1": "done", "s2": "done"}


@pytest.mark.parametrize("wait", [False, True])
def test_a_new_job_that_is_over_before_it_lists_its_servers(run, api, clock, wait):
    def finish_at_once(api, body):
        job = api.commit(body)
        job.update(status="FINISHED", tasks=[])
        return dict(job)

    api.script["create_job"] = [finish_at_once]
    tasks = [{"server_id": server, "status": "SUCCESS"} for server in ("s1", "s2")]
    clock.on_sleep = lambda: api.jobs["job-1"].update(tasks=tasks) if len(clock.sleeps) == 3 else None
    assert verdicts(run(wait=wait)) == {"s1": "done", "s2": "done"}


def test_a_wait_whose_job_ends_before_it_lists_its_servers(run, api, clock):
    def late(api, body):
        api.commit(body)["tasks"] = []
        return api.jobs["job-1"]

    def pass_by():
        if len(clock.sleeps) == 2:
            api.jobs["job-1"]["status"] = "FINISHED"
        if len(clock.sleeps) == 4:
            api.jobs["job-1"]["tasks"] = [{"server_id": s, "status": "SUCCESS"} for s in ("s1", "s2")]

    api.script["create_job"] = [late]
    clock.on_sleep = pass_by
    operation = run(wait=True)
    assert operation.error is None and verdicts(operation) == {"s1": "done", "s2": "done"}


# --- the list ---


def test_an_incomplete_list_never_leads_to_a_create(run, api):
    api.complete = False
    operation = run()
    assert isinstance(operation.error, ListIncomplete) and created(api) == []


def test_an_incomplete_list_never_says_done(run, api):
    """The newer job of another version may be on the page that is not shown."""
    api.add({"s1": "SUCCESS", "s2": "SUCCESS"})
    api.complete = False
    operation = run()
    assert isinstance(operation.error, ListIncomplete) and "delete the records of old jobs" in operation.error.hint
    assert operation.result()["counts"]["done"] == 0


def test_an_incomplete_list_is_enough_where_every_server_runs(run, api):
    api.add({"s1": "PROCESSING", "s2": "PROCESSING"}, status="PROCESSING")
    api.complete = False
    assert (run().error, run().result()["action"]) == (None, "attached")


def test_a_new_job_is_given_back_only_when_the_list_shows_it(run, api, clock):
    api.hidden.add("job-1")
    clock.on_sleep = lambda: api.hidden.clear() if len(clock.sleeps) == 3 else None
    operation = run()
    assert operation.error is None and len(clock.sleeps) == 3 and operation.warnings == []


def test_a_new_job_that_the_list_never_shows_is_a_warning(run, api, clock):
    api.hidden.add("job-1")
    operation = run()
    assert operation.result()["action"] == "created"
    assert sum(clock.sleeps) == pytest.approx(30)
    assert any("does not show job 'job-1'" in warning for warning in operation.warnings)


# --- a create whose answer is lost ---


def lose(api, body):
    api.commit(body)
    raise OutcomeUnknown("reset")


def test_a_lost_create_is_found_and_attached_to(run, api):
    api.script["create_job"] = [lose]
    result = run().result()
    assert (result["action"], result["changed"], result["job"]["id"]) == ("attached", True, "job-1")
    assert api.count("create_job") == 1


def test_a_lost_create_that_did_not_happen_is_not_repeated(run, api, clock):
    api.script["create_job"] = [OutcomeUnknown("reset")]
    operation = run()
    assert isinstance(operation.error, OutcomeUnknown) and operation.error.as_result()["outcome"] == "unknown"
    assert "safe" in operation.error.hint and api.count("create_job") == 1
    assert sum(clock.sleeps) == pytest.approx(30)
    result = operation.result()
    assert result["changed"] is True and result["submitted_server_ids"] == ["s1", "s2"]
    assert verdicts(operation) == {"s1": "unknown", "s2": "unknown"}


def test_running_again_is_not_called_safe_with_reuse_never(run, api):
    api.script["create_job"] = [OutcomeUnknown("reset")]
    assert "in any case" in run(reuse="never").error.hint


@pytest.mark.parametrize(
    "stranger",
    [
        {"servers": {"s1": "PROCESSING"}},
        {"servers": {"s1": "PROCESSING", "s2": "PROCESSING", "s3": "PROCESSING"}},
        {"servers": {"s1": "PROCESSING", "s2": "PROCESSING"}, "name": "other"},
        {"servers": {"s1": "SUCCESS", "s2": "SUCCESS"}, "items": [{"type": "HDK_UPGRADE", "spec": {"version": "2"}}]},
    ],
    ids=["fewer servers", "more servers", "another name", "other items"],
)
def test_a_lost_create_never_adopts_a_stranger(run, api, stranger):
    def lose_beside(api, body):
        api.add(**dict({"status": "PROCESSING"}, **stranger))
        raise OutcomeUnknown("reset")

    api.script["create_job"] = [lose_beside]
    assert isinstance(run().error, OutcomeUnknown)


def test_a_job_that_was_there_before_is_never_adopted_for_a_lost_create(run, api):
    api.add({"s1": "FAILED", "s2": "FAILED"})
    api.script["create_job"] = [OutcomeUnknown("reset")]
    assert isinstance(run().error, OutcomeUnknown)


def test_a_lost_create_never_adopts_a_stranger_of_another_name(run, api):
    """The same servers and items, where any name counts: it may be another run's, and ours may yet appear."""

    def lose_beside(api, body):
        api.add({"s1": "PROCESSING", "s2": "PROCESSING"}, name="other", status="PROCESSING")
        raise OutcomeUnknown("reset")

    api.script["create_job"] = [lose_beside]
    operation = run(reuse="any_name")
    assert isinstance(operation.error, OutcomeUnknown)
    assert operation.result()["job"] is None


def test_a_lost_job_that_lists_its_servers_late_is_found(run, api, clock):
    def lose_without_tasks(api, body):
        api.commit(body)
        api.late, api.jobs["job-1"]["tasks"] = api.jobs["job-1"]["tasks"], []
        raise OutcomeUnknown("reset")

    api.script["create_job"] = [lose_without_tasks]
    clock.on_sleep = lambda: api.jobs["job-1"].update(tasks=api.late)
    assert run().result()["action"] == "attached"


def test_an_answer_that_cannot_be_read_is_looked_for_too(run, api):
    def garble(api, body):
        return dict(api.commit(body), tasks="many")

    api.script["create_job"] = [garble]
    # The job itself reads well when asked for again.
    result = run().result()
    assert (result["action"], result["job"]["id"]) == ("attached", "job-1")


def test_looks_that_fail_are_repeated_within_the_time(run, api):
    api.script["create_job"] = [lose]
    api.script["list_jobs"] = [None, None, AnswerLost("reset"), AnswerLost("reset")]
    assert run().result()["action"] == "attached"


def test_a_twin_of_another_run_is_named(run, api):
    def lose_twice(api, body):
        api.commit(dict(body, description=body["description"][:-10] + "0123456789"))
        lose(api, body)

    api.script["create_job"] = [lose_twice]
    operation = run()
    assert operation.result()["job"]["id"] == "job-2"
    assert any("job-1" in warning for warning in operation.warnings)


def test_a_refused_create_changed_nothing(run, api):
    api.script["create_job"] = [ApiError("no quota", http_status=400)]
    operation = run()
    assert operation.result()["changed"] is False and operation.result()["submitted_server_ids"] == []
    assert verdicts(operation) == {"s1": "planned", "s2": "planned"}


def test_a_name_that_is_taken_gets_a_hint_that_says_what_to_do(run, api):
    api.script["create_job"] = [ApiError("job name 'upgrade' already exists", http_status=400)]
    assert "reuse=any_name" in run().error.hint


@pytest.mark.parametrize("mark", [True, False])
def test_items_that_the_service_changes_are_a_warning_without_a_mark(run, api, mark):
    def alter(api, body):
        job = api.commit(body)
        job["items"] = [{"type": "HDK_UPGRADE", "spec": {"version": "1", "added": "x"}}]
        return job

    api.script["create_job"] = [alter]
    assert any("will not recognise it" in warning for warning in run(mark=mark).warnings) is not mark


# --- the wait ---


def test_wait_ends_with_the_job_and_tells_each_server(run, api, clock):
    clock.on_sleep = lambda: api.finish("job-1") if len(clock.sleeps) == 4 else None
    operation = run(wait=True)
    assert operation.error is None and verdicts(operation) == {"s1": "done", "s2": "done"}


def test_a_finished_job_with_a_failed_task_is_a_failure(run, api, clock):
    clock.on_sleep = lambda: api.finish("job-1", "FAILED")
    operation = run(wait=True)
    assert isinstance(operation.error, ServersFailed)
    assert operation.result()["failed_server_ids"] == ["s1", "s2"]


def test_a_time_out_has_the_last_states(run, api):
    operation = run(wait=True, wait_timeout=60)
    assert isinstance(operation.error, WaitTimedOut) and "job-1" in str(operation.error)
    result = operation.result()
    assert result["timed_out"] and result["elapsed"] == pytest.approx(60)
    assert verdicts(operation) == {"s1": "running", "s2": "running"}


def test_a_refused_key_in_the_middle_of_a_wait_ends_it_with_the_last_states(run, api):
    api.script["get_job"] = [None, None, Unauthorized("locked")]
    operation = run(wait=True)
    assert isinstance(operation.error, Unauthorized) and operation.result()["job_ids"] == ["job-1"]


def test_progress_writes_changes_and_signs_of_life(run, api, clock):
    clock.on_sleep = lambda: api.finish("job-1") if clock.time > 1200 else None
    lines = run(wait=True, progress=60).lines
    assert lines[0].startswith("upgrade job job-1: 2 servers under way; this goes on if the run is cancelled")
    assert lines[1].startswith("upgrade job job-1: 0 of 2 done, 2 running")
    assert lines[-1].startswith("upgrade job job-1: 2 of 2 done")
    assert 5 <= len(lines) <= 7, "two at the start, one a minute, one at the end"


def test_progress_is_silent_where_nothing_is_waited_for(run, api):
    api.add({"s1": "SUCCESS", "s2": "SUCCESS"})
    assert run(wait=True, progress=60).lines == []


def test_what_to_do_next_is_told_as_it_is(run, api, clock):
    """The same task again attaches, unless it would create a job in any case."""
    never = run(wait=True, wait_timeout=60, reuse="never")
    assert "creates a new job" in never.error.hint and "use job_id" in never.error.hint
    assert not never.error.as_result()["retryable"] and "again" not in never.lines[0]
    other = run(wait=True, wait_timeout=60, name="other", server_ids=["s3"])
    assert other.error.hint.endswith("goes on waiting") and other.error.as_result()["retryable"]
    assert other.lines[0].endswith("running the same task again goes on waiting")
    clock.on_sleep = lambda: [api.finish(job_id, "FAILED") for job_id in api.jobs]
    failed = {"reuse": "never", "name": "third"}
    assert run(wait=True, **failed).error.hint == "with reuse=never, running the same task again creates a new job"
    assert "submits only the failed servers" in run(wait=True).error.hint
    assert "nothing is submitted with job_id" in run(wait=True, job_id="job-1").error.hint


def test_progress_can_be_switched_off(run, api, clock):
    clock.on_sleep = lambda: api.finish("job-1")
    assert run(wait=True, progress=0).lines == []


@pytest.mark.parametrize(
    ("status", "task", "is_over", "verdict"),
    [
        ("PROCESSING", "PROCESSING", False, "running"),
        ("ACTIVE", "PROCESSING", False, "running"),
        ("COMPLETED", "PROCESSING", False, "running"),
        ("PROCESSING", "PAUSED", False, "running"),
        ("PROCESSING", "SUCCESS", True, "done"),
        ("PROCESSING", "FAILED", True, "failed"),
        ("PROCESSING", "SKIPPED", True, "done"),
        ("DELETED", "PROCESSING", True, "unknown"),
    ],
)
def test_a_wait_ends_with_the_task_or_its_job(run, api, clock, status, task, is_over, verdict):
    job_id = api.add({"s1": task, "s9": "PROCESSING"}, status=status)
    operation = run(job_id=job_id, server_ids=["s1"], wait=True, wait_timeout=60)
    assert isinstance(operation.error, WaitTimedOut) is not is_over
    assert verdicts(operation) == {"s1": verdict}
    assert (clock.time > 1000) is not is_over


def test_a_server_whose_task_is_not_there_yet_is_waited_for(run, api, clock):
    job_id = api.add({"s2": "SUCCESS"}, status="PROCESSING")
    clock.on_sleep = lambda: api.jobs[job_id]["tasks"].append({"server_id": "s1", "status": "SUCCESS"})
    operation = run(job_id=job_id, wait=True)
    assert operation.error is None and verdicts(operation) == {"s1": "done", "s2": "done"}


def test_a_job_whose_record_is_deleted_in_the_middle_of_a_wait_has_no_known_end(run, api, clock):
    clock.on_sleep = api.jobs.clear
    operation = run(wait=True)
    assert isinstance(operation.error, ServersFailed) and verdicts(operation) == {"s1": "unknown", "s2": "unknown"}


# --- adopting a job ---


def test_an_adopted_job_with_other_items_is_refused(run, api):
    job_id = api.add({"s1": "SUCCESS"})
    assert isinstance(run(job_id=job_id, spec={"version": "2"}).error, InvalidOption)
    assert run(job_id=job_id, spec={"version": "1"}, server_ids=None).error is None


@pytest.mark.parametrize("status", ["FINISHED", "PROCESSING"])
def test_a_server_that_the_adopted_job_does_not_have_is_an_error(run, api, status):
    job_id = api.add({"s1": "SUCCESS"}, status=status)
    operation = run(job_id=job_id, wait=True)
    assert isinstance(operation.error, InvalidOption) and "does not list 1 of the 2 servers: s2" in str(operation.error)
    assert verdicts(operation) == {"s1": "done", "s2": "unknown"}


@pytest.mark.parametrize("task", ["PROCESSING", "PAUSED"])
def test_a_job_that_has_ended_without_a_known_end_is_given_some_time(run, api, clock, task):
    job_id = api.add({"s1": task, "s9": "PROCESSING"})
    operation = run(job_id=job_id, server_ids=["s1"], wait=True, wait_timeout=60)
    assert isinstance(operation.error, ServersFailed) and verdicts(operation) == {"s1": "unknown"}
    assert 1000 + SETTLE_SECONDS_WHEN_ENDED <= clock.time <= 1040


# --- secrets ---


def test_secret_values_are_masked_in_the_job_but_sent(run, api):
    operation = run(secret_spec={"login": "canary-value"})
    assert created(api)[0]["items"][0]["spec"] == {"version": "1", "login": "canary-value"}
    assert operation.result()["job"]["items"][0]["spec"]["login"] == "********"
    assert operation.result()["job"]["items"][0]["spec"]["version"] == "1"
