# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of each host, where real jobs are started and waited for, over a service in memory."""

from __future__ import annotations

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    AnswerLost,
    ApiError,
    LiteServerError,
    OutcomeUnknown,
    Unauthorized,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._operation import Given
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._present import PresentJob
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._outcomes import (
    outcome_line,
    outcomes_of,
    waits_of,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._requests import groups_of
from ansible_collections.modelarts.liteserver.tests.unit.domain.role_requests import request


class Role:
    """What the role's tasks do between the steps: start one job for each group, and wait for them."""

    def __init__(self, api, clock, options):
        self._api, self._clock = api, clock
        self._options = dict(options, fail_on="never", name=None, type=None, server_ids=None, spec=None)

    def start(self, groups, **more):
        keys = ("name", "type", "items", "server_ids")
        return [self._run(**{key: group[key] for key in keys}, **group["options"], **more) for group in groups]

    def wait(self, waits, **more):
        return [self._run(job_id=wait["job_id"], server_ids=wait["server_ids"], wait=True, **more) for wait in waits]

    def _run(self, **options):
        operation = PresentJob(Given(self._clock, {**self._options, **options}))
        try:
            operation.prepare()
            operation.run(self._api)
        except LiteServerError as error:
            return dict(operation.result(), failed=True, msg=str(error), error=error.as_result())
        return operation.result()


@pytest.fixture
def role(api, clock, options):
    return Role(api, clock, options)


def groups_unchecked(count=2, **values):
    return groups_of([request(f"h{n}", server_id=f"s{n}", template_check="off", **values) for n in range(1, count + 1)])


def end(api, clock, **statuses):
    """Jobs end at the next sleep: s1=FAILED, the others as SUCCESS."""

    def finish():
        for job in api.jobs.values():
            job["status"] = "FINISHED"
            for task in job["tasks"]:
                task["status"] = statuses.get(task["server_id"], "SUCCESS")

    clock.on_sleep = finish


def test_a_real_run(role, api, clock):
    groups = groups_unchecked(3)
    started = role.start(groups)
    waits = waits_of(groups, started)
    assert [(wait["job_id"], wait["server_ids"]) for wait in waits] == [("job-1", ["s1", "s2", "s3"])]
    end(api, clock, s2="FAILED")
    found = outcomes_of(groups, started, waits, role.wait(waits))
    assert [(outcome["ok"], outcome["changed"], outcome["job_id"]) for outcome in found.values()] == [
        (True, True, "job-1"),
        (False, True, "job-1"),
        (True, True, "job-1"),
    ]

    # The same again: only the failed one is submitted.
    started = role.start(groups)
    waits = waits_of(groups, started)
    assert [(wait["job_id"], wait["server_ids"]) for wait in waits] == [("job-2", ["s2"])]
    end(api, clock)
    found = outcomes_of(groups, started, waits, role.wait(waits))
    assert [(outcome["ok"], outcome["changed"], outcome["job_id"]) for outcome in found.values()] == [
        (True, False, "job-1"),
        (True, True, "job-2"),
        (True, False, "job-1"),
    ]


def test_a_real_create_that_is_refused(role, api):
    groups = groups_unchecked(3)
    api.add({"s2": "SUCCESS"}, name="earlier", items=groups[0]["items"])
    api.script["create_job"] = [ApiError("no quota", http_status=400)]
    started = role.start(groups)
    assert waits_of(groups, started) == []
    found = outcomes_of(groups, started, [], [])
    assert [(outcome["ok"], outcome["changed"]) for outcome in found.values()] == [
        (False, False),
        (True, False),
        (False, False),
    ]
    assert found["h1"]["text"] == "no job was created for it: no quota"


def test_a_real_job_of_other_items_is_not_waited_for(role, api):
    groups = groups_unchecked(3)
    own = api.add({"s1": "PROCESSING"}, name="mine", status="PROCESSING", items=groups[0]["items"])
    other = api.add({"s2": "PROCESSING"}, name="other", status="PROCESSING")
    started = role.start(groups)
    assert started[0]["error"]["code"] == "servers_busy"
    assert [(wait["job_id"], wait["server_ids"]) for wait in waits_of(groups, started)] == [(own, ["s1"])]
    found = outcomes_of(groups, started, [], [])
    assert found["h2"]["job_id"] == other
    assert api.count("create_job") == 0


def test_a_real_create_whose_answer_was_lost(role, api):
    groups = groups_unchecked()
    api.script["create_job"] = [OutcomeUnknown("the connection broke")]
    started = role.start(groups)
    found = outcomes_of(groups, started, waits_of(groups, started), [])
    for outcome in found.values():
        assert (outcome["ok"], outcome["verdict"], outcome["changed"]) == (False, "unknown", True)
        assert outcome["text"].startswith("the connection broke. It is not known whether the job was created")


def test_a_real_wait_that_times_out(role, api, clock):
    groups = groups_unchecked()
    started = role.start(groups)
    waits = waits_of(groups, started)
    clock.on_sleep = lambda: api.jobs["job-1"]["tasks"][0].update(status="SUCCESS")
    found = outcomes_of(groups, started, waits, role.wait(waits, wait_timeout=30))
    assert [outcome["ok"] for outcome in found.values()] == [True, False]
    assert found["h2"]["text"] == "still running when the wait ended"
    assert found["h2"]["hint"] == "the job goes on; run the same play again to go on waiting"


def test_a_real_wait_for_a_job_that_the_same_play_would_create_again(role, api):
    groups = groups_unchecked(reuse="never")
    started = role.start(groups)
    waits = waits_of(groups, started)
    found = outcomes_of(groups, started, waits, role.wait(waits, wait_timeout=30))
    for outcome in found.values():
        assert outcome["text"] == "still running when the wait ended"
        assert "starts a new job" in outcome["hint"] and "go on waiting" not in outcome["hint"]


def test_a_real_wait_that_is_refused_in_the_middle(role, api):
    groups = groups_unchecked()
    started = role.start(groups)
    waits = waits_of(groups, started)
    refused = Unauthorized("the key is refused", http_status=401, hint="check the key")
    api.script["get_job"] = [None, AnswerLost("no answer"), refused]
    found = outcomes_of(groups, started, waits, role.wait(waits))
    for outcome in found.values():
        assert (outcome["verdict"], outcome["job_id"]) == ("running", "job-1")
        assert outcome["text"] == "still running, and not waited for any more: the key is refused"
        assert outcome["hint"] == "check the key"


def test_a_real_wait_that_is_refused_at_its_first_look(role, api):
    groups = groups_unchecked()
    started = role.start(groups)
    waits = waits_of(groups, started)
    api.script["get_job"] = [Unauthorized("the key is refused", http_status=401, hint="check the key")]
    waited = role.wait(waits)
    assert [(entry["verdict"], entry["job_id"]) for entry in waited[0]["servers"]] == [("unknown", None)] * 2
    for outcome in outcomes_of(groups, started, waits, waited).values():
        assert (outcome["verdict"], outcome["job_id"], outcome["changed"]) == ("running", "job-1", True)
        assert "the key is refused" in outcome_line(outcome)


@pytest.mark.parametrize(("skipped", "passes"), [("ok", True), ("failed", False)])
def test_a_real_server_that_was_skipped(role, api, clock, skipped, passes):
    groups = groups_unchecked(1, skipped=skipped)
    started = role.start(groups)
    waits = waits_of(groups, started)
    end(api, clock, s1="SKIPPED")
    outcome = outcomes_of(groups, started, waits, role.wait(waits, skipped=skipped))["h1"]
    assert outcome["ok"] is passes
    if not passes:
        assert outcome["text"].startswith("SKIPPED: ")


@pytest.mark.parametrize("status", ["PAUSED", "PROCESSING"])
def test_a_real_job_that_is_over_without_saying_what_became_of_a_server(role, api, clock, status):
    groups = groups_unchecked(2)
    started = role.start(groups)
    waits = waits_of(groups, started)
    end(api, clock, s1=status)
    found = outcomes_of(groups, started, waits, role.wait(waits))
    assert (found["h1"]["verdict"], found["h1"]["status"]) == ("unknown", status)
    told = {
        "PAUSED": "its task ended as PAUSED",
        "PROCESSING": "its job has ended or was deleted, and its task was still PROCESSING",
    }
    assert told[status] in found["h1"]["text"]
    assert found["h2"]["ok"]
