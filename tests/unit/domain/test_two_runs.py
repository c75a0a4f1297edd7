# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once: what another run does between the requests of this one."""

from __future__ import annotations

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    AnswerLost,
    JobUnsettled,
    LiteServerError,
    NotFound,
    OutcomeUnknown,
    ServersBusy,
    ServersFailed,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._operation import Given
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._present import PresentJob

OTHER = [{"type": "HDK_UPGRADE", "spec": {"version": "2"}}]


@pytest.fixture
def run(clock, api, options):
    """Run with these options; returns the operation, with what it raised as ``error``."""

    def run(**given):
        operation = PresentJob(Given(clock, dict(options, **given)))
        operation.error = None
        operation.prepare()
        try:
            operation.run(api)
        except LiteServerError as error:
            operation.error = error
        return operation

    return run


def elder(api, servers=("s1",), **fields):
    """The other run's create is carried out just before this one's."""

    def create(api, body):
        api.elder = api.add(dict.fromkeys(servers, "PROCESSING"), status="PROCESSING", **fields)

    api.script["create_job"] = [create]


def younger(api, **fields):
    """The other run's create is carried out just after this one's."""

    def create(api, body):
        job = api.commit(body)
        api.younger = api.add({"s1": "PROCESSING"}, status="PROCESSING", **fields)
        return job

    api.script["create_job"] = [create]


def verdicts(operation):
    return {row["server_id"]: (row["verdict"], row["job_id"]) for row in operation.result()["servers"]}


@pytest.mark.parametrize("begin", [elder, younger])
def test_the_other_run_is_told_of(run, api, begin):
    begin(api)
    operation = run()
    assert operation.error is None
    [warning] = operation.warnings
    other, own = ("job-1", "job-2") if begin is elder else ("job-2", "job-1")
    assert warning == (
        f"started twice, since another run created job 'upgrade' ({other}) with the same items at the same time: s1"
    )
    assert (operation.result()["action"], operation.result()["job"]["id"]) == ("created", own)
    assert sorted(operation.result()["job_ids"]) == ["job-1", "job-2"]


@pytest.mark.parametrize("begin", [elder, younger])
@pytest.mark.parametrize(("old", "new"), [("SUCCESS", "FAILED"), ("FAILED", "SUCCESS"), ("SUCCESS", "SUCCESS")])
def test_both_runs_and_the_next_one_go_by_the_younger_job(run, api, clock, begin, old, new):
    begin(api)

    def finish():
        # One at a time, the younger first: nothing is over while the elder runs.
        if clock.time > 1010:
            api.finish("job-2", new)
        if clock.time > 1030:
            api.finish("job-1", old)

    clock.on_sleep = finish
    operation = run(wait=True)
    assert clock.time > 1030, "both are waited for"
    assert verdicts(operation)["s1"] == ("done" if new == "SUCCESS" else "failed", "job-2")
    assert isinstance(operation.error, ServersFailed) == ("FAILED" in (new, new if begin is elder else old))
    after = run(server_ids=["s1"])
    assert after.result()["changed"] == (new == "FAILED")


@pytest.mark.parametrize("begin", [elder, younger])
def test_other_items_at_the_same_time_are_an_error(run, api, begin):
    begin(api, items=OTHER)
    operation = run(wait=True)
    assert isinstance(operation.error, ServersBusy)
    other, own = ("job-1", "job-2") if begin is elder else ("job-2", "job-1")
    assert other in operation.error.message and f"'{own}' was created and goes on" in operation.error.message
    result = operation.result()
    assert (result["changed"], result["action"], result["job_ids"]) == (True, "created", [own])
    assert verdicts(operation) == {"s1": ("running", "job-2"), "s2": ("running", own)}


def test_a_younger_job_with_other_items_that_is_over_says_nothing_of_these(run, api):
    younger(api, items=OTHER)
    api.script["get_job"] = [lambda api, job_id: api.finish("job-2")]
    operation = run()
    assert isinstance(operation.error, ServersBusy)
    assert verdicts(operation)["s1"] == ("running", "job-1"), "this run's own job goes on"


def test_a_younger_job_with_other_items_counts_where_both_are_over(run, api):
    def create(api, body):
        job = api.commit(body)
        api.finish("job-1")
        api.add({"s1": "SUCCESS"}, items=OTHER)
        return job

    api.script["create_job"] = [create]
    operation = run()
    assert isinstance(operation.error, ServersBusy)
    assert verdicts(operation) == {"s1": ("unknown", "job-2"), "s2": ("done", "job-1")}


def test_other_servers_and_item_types_are_nobodys_twins(run, api):
    def create(api, body):
        api.add({"s3": "PROCESSING"}, status="PROCESSING")
        api.add({"s1": "PROCESSING"}, status="PROCESSING", items=[{"type": "COMMON", "spec": {}}])

    api.script["create_job"] = [create]
    operation = run()
    assert (operation.error, operation.warnings) == (None, [])


@pytest.mark.parametrize("reuse", ["any_name", "same_name", "never"])
def test_a_twin_of_another_name_is_seen(run, api, reuse):
    elder(api, name="other")
    assert "job 'other' (job-1)" in run(reuse=reuse).warnings[0]


def test_a_twin_that_lists_its_servers_late_is_waited_for(run, api, clock):
    elder(api, servers=())

    def show():
        if clock.time > 1005:
            api.jobs["job-1"]["tasks"] = [{"id": "t", "server_id": "s2", "status": "PROCESSING"}]

    clock.on_sleep = show
    assert run().warnings[0].endswith("at the same time: s2")


def test_a_twin_that_never_lists_its_servers_is_named(run, api):
    elder(api, servers=())
    assert "(job-1) of another run began at the same time and does not list all of its servers" in run().warnings[0]


def test_a_look_that_fails_is_told_of_and_hides_nothing(run, api):
    api.script["list_jobs"] = [None, None, *[AnswerLost("reset")] * 99]
    operation = run()
    assert operation.error is None and operation.result()["action"] == "created"
    assert operation.warnings == [
        "it could not be seen whether another run started these servers at the same time: reset"
    ]


def test_a_twin_of_a_job_whose_answer_was_lost(run, api):
    def create(api, body):
        api.add({"s1": "PROCESSING"}, status="PROCESSING")
        api.commit(body)
        raise OutcomeUnknown("reset")

    api.script["create_job"] = [create]
    operation = run()
    assert operation.result()["job"]["id"] == "job-2"
    assert any("started twice" in warning and "job-1" in warning for warning in operation.warnings)


# --- the look before the create ---


def test_what_begins_while_templates_are_read_is_seen_before_the_create(run, api, listing):
    def read(api, filters):
        api.add({"s1": "PROCESSING"}, status="PROCESSING")
        return listing([])

    api.script["list_templates"] = [read]
    operation = run(template_check="warn")
    assert [call[1]["server_ids"] for call in api.calls if call[0] == "create_job"] == [["s2"]]
    assert verdicts(operation)["s1"] == ("running", "job-1")
    assert not any("started twice" in warning for warning in operation.warnings)


def test_nothing_is_created_where_other_items_began_meanwhile(run, api, listing):
    def read(api, filters):
        api.add({"s1": "PROCESSING"}, status="PROCESSING", items=OTHER)
        return listing([])

    api.script["list_templates"] = [read]
    operation = run(template_check="warn")
    assert isinstance(operation.error, ServersBusy) and api.count("create_job") == 0
    assert operation.result()["changed"] is False


def test_a_list_that_is_short_before_the_create_is_judged_anew(run, api, listing):
    api.script["list_jobs"] = [None, lambda api, filters: listing([], complete=False)]
    assert run().result()["action"] == "created"
    assert api.count("list_jobs") == 4  # judged, looked, judged, listed with twins


def test_a_run_that_creates_nothing_looks_once(run, api):
    api.add({"s1": "SUCCESS", "s2": "SUCCESS"})
    run()
    assert api.count("list_jobs") == 1


# --- after two runs at once ---


@pytest.mark.parametrize(
    ("items", "standing"),
    [(None, "running"), (OTHER, "busy")],
)
def test_an_older_job_that_still_runs_is_no_reason_for_a_third(run, api, items, standing):
    older = api.add({"s1": "PROCESSING"}, status="PROCESSING", items=items)
    api.add({"s1": "FAILED", "s2": "SUCCESS"})
    operation = run()
    assert api.count("create_job") == 0
    assert verdicts(operation)["s1"] == ("running", older)
    assert isinstance(operation.error, ServersBusy) == (standing == "busy")


# --- a job that is listed and not found ---


def test_a_listed_job_that_is_not_found_once_still_counts(run, api):
    api.add({"s1": "SUCCESS", "s2": "SUCCESS"})
    api.script["get_job"] = [NotFound("no such job")]
    operation = run()
    assert (operation.error, operation.result()["action"]) == (None, "none")


def test_a_listed_job_that_is_never_found_creates_nothing(run, api):
    api.add({"s1": "SUCCESS", "s2": "SUCCESS"})
    api.script["get_job"] = [NotFound("no such job")] * 100
    operation = run()
    assert isinstance(operation.error, JobUnsettled) and "job-1" in operation.error.message
    assert api.count("create_job") == 0 and operation.result()["changed"] is False


def test_a_job_that_was_deleted_while_it_was_read_does_not_count(run, api):
    api.add({"s1": "SUCCESS", "s2": "SUCCESS"})

    def delete(api, job_id):
        del api.jobs[job_id]

    api.script["get_job"] = [delete]
    assert run().result()["action"] == "created"


def test_a_job_that_the_list_calls_deleted_need_not_be_found(run, api, clock):
    api.add({"s1": "SUCCESS", "s2": "SUCCESS"}, status="DELETED")
    api.script["get_job"] = [NotFound("no such job")]
    assert run().result()["action"] == "created"
    assert clock.sleeps == []
