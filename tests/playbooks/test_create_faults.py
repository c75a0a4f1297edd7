# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A launch that cannot double: every fault at the create request, and the same task after it."""

from __future__ import annotations

import pytest
from playbooks.harness import control, job, servers
from simulator.faults import KINDS, SHIFTING_KINDS

LOST = "the answer to the create request was lost; its job was found"

# Fault, its parameters, and what the first run says:
#   created   the request was repeated by itself, because the first surely did nothing
#   attached  the answer was lost, and the job was found
#   unknown   the answer was lost, and no job was found: the task failed and says so
#   refused   the service said no
FAULTS = [
    ("drop_before", {}, "unknown"),
    ("drop_after", {}, "attached"),
    ("throttled", {"window": "1 second"}, "created"),
    ("throttled", {"window": "1 second", "retry_after": 1}, "created"),
    ("error_500", {"when": "before"}, "unknown"),
    ("error_500", {"when": "after"}, "attached"),
    ("error_502_html", {"when": "before"}, "unknown"),
    ("error_502_html", {"when": "after"}, "attached"),
    ("error_503_before", {}, "unknown"),
    ("error_503_after", {}, "attached"),
    ("error_504_after", {}, "attached"),
    ("bad_json", {}, "attached"),
    ("empty_body", {}, "attached"),
    ("wrong_shape", {}, "attached"),
    ("wrong_shape", {"body": {"id": "some-id", "items": "nonsense"}}, "attached"),
    ("slow", {"delay": 0.5}, "created"),
    ("slow", {"delay": 2.5, "when": "before"}, "attached"),
    ("slow", {"delay": 2.5, "when": "after"}, "attached"),
    ("unauthorized", {}, "refused"),
    ("forbidden", {}, "refused"),
    ("redirect", {"location": "http://127.0.0.1:9/"}, "refused"),
    ("not_found", {}, "refused"),
]


def test_every_kind_of_fault_is_in_the_table():
    # The others are of lists alone, or do nothing by themselves.
    assert {kind for kind, _parameters, _first in FAULTS} == set(KINDS) - SHIFTING_KINDS - {"hold"}


def check_first(step, expected, numbers):
    """The first run tells the truth about what happened."""
    step.check_keys()
    assert step.count("create_job") == (2 if expected == "created" and len(step.asked("create_job")) == 2 else 1)
    if expected in ("created", "attached"):
        assert not step.failed, step["msg"]
        assert (step["changed"], step["action"]) == (True, expected)
        assert step["submitted_server_ids"] == servers(*numbers)
        assert step.verdicts == ["done"] * len(numbers)
        if expected == "attached":
            step.warns(LOST)
            assert step["job"]["id"] in step.warnings[0]
        return
    assert step.failed
    assert (step["action"], step["job"]) == ("none", None)
    assert len(step["error"]["message"]) > 20
    if expected == "unknown":
        assert (step["error"]["outcome"], step["error"]["code"]) == ("unknown", "outcome_unknown")
        assert step["error"]["retryable"] is True
        assert "rerunning the task is safe" in step["error"]["hint"]
        assert step["changed"]
        assert step["submitted_server_ids"] == servers(*numbers)
        assert step.verdicts == ["unknown"] * len(numbers)
    else:
        assert step["error"]["outcome"] is None
        assert (step["changed"], step["submitted_server_ids"]) == (False, [])
        assert step.verdicts == ["planned"] * len(numbers)


@pytest.mark.parametrize(("kind", "parameters", "expected"), FAULTS)
def test_one_job_exists_after_a_repeat(simulator, playbook, kind, parameters, expected):
    fault = control("POST", "faults", [{"operation": "create_job", "kind": kind, **parameters}])
    waiting = job(1, 2, wait=True, request_timeout=2)
    starting = job(3, 4, request_timeout=2)
    both = job(1, 2, 3, 4, wait=True, request_timeout=2)
    run = playbook.run(fault, waiting, fault, starting, both).only("action")
    check_first(run[0], expected, (1, 2))
    check_first(run[1], expected, (3, 4))
    again = run[2]
    again.check_keys()
    assert not again.failed, again["msg"]
    assert again.verdicts == ["done"] * 4
    was_there = expected in ("created", "attached")
    assert again["action"] == ("none" if was_there else "created")
    # Each server is in one job, and in no other.
    expected_jobs = [servers(3, 4), servers(1, 2)] if was_there else [servers(1, 2, 3, 4)]
    assert [each["server_ids"] for each in simulator.jobs()] == expected_jobs
    assert {each["status"] for each in simulator.jobs()} == {"FINISHED"}
    assert simulator.faults() == []


def test_the_wait_goes_on_for_a_job_that_was_found(simulator, playbook):
    simulator.set(job_duration=2)
    simulator.server(2, fail=1)
    simulator.fault("create_job", "drop_after")
    first, second = playbook.run(*[job(1, 2, wait=True, request_timeout=2)] * 2)
    assert first.failed
    assert (first["action"], first["error"]["code"]) == ("attached", "servers_failed")
    assert first.verdicts == ["done", "failed"]
    first.warns(LOST)
    assert second.created == [servers(2)]
    assert not second.failed


def test_a_job_that_was_there_before_is_not_taken_for_the_lost_one(simulator, playbook):
    """The same name, servers and items, but it failed before."""
    simulator.server(1, fail=1)
    simulator.fault("create_job", "drop_before", skip=1)
    failed, lost, third = playbook.run(*[job(1, wait=True, request_timeout=2)] * 3)
    assert failed["action"] == "created"
    assert lost.failed
    assert lost["error"]["outcome"] == "unknown"
    assert third["action"] == "created"
    assert third.verdicts == ["done"]
    assert len(simulator.jobs()) == 2


def test_a_list_that_lags_behind_a_lost_answer(simulator, playbook):
    simulator.set(list_lag=1)
    simulator.fault("create_job", "drop_after")
    first, second = playbook.run(*[job(1, 2, wait=True, request_timeout=4)] * 2)
    assert first["action"] == "attached"
    first.warns(LOST)
    assert second["action"] == "none"
    assert len(simulator.jobs()) == 1


def test_looks_that_fail_after_a_lost_answer(simulator, playbook):
    simulator.fault("list_jobs", "error_502_html", skip=2, times=2)  # after the two looks before the create
    simulator.fault("create_job", "drop_after")
    first = playbook.one(job(1, 2, wait=True, request_timeout=5))
    assert (first.failed, first["action"]) == (False, "attached")
    first.warns(LOST)
    simulator.fault("list_jobs", "error_503_before", skip=2, times=None)
    simulator.fault("create_job", "error_504_after")
    second = playbook.one(job(3, wait=True, request_timeout=2))
    second.check_keys()
    assert second["error"]["outcome"] == "unknown"
    assert "the last poll failed" in second["msg"]
    assert second.count("list_jobs") <= 10
    simulator.clear_faults()
    third = playbook.one(job(3, wait=True))
    assert (third.failed, third["action"], third.writes) == (False, "none", 0)
    assert len(simulator.jobs()) == 2


def test_a_list_that_fails_after_a_good_answer_hides_nothing(simulator, playbook):
    simulator.fault("list_jobs", "error_502_html", skip=2, times=None)
    step = playbook.one(job(1, 2, wait=True, request_timeout=2))
    assert (step.failed, step["action"], step.verdicts) == (False, "created", ["done"] * 2)
    step.warns("it could not be seen whether another run started these servers")


@pytest.mark.parametrize("operation", ["list_jobs", "get_job"])
@pytest.mark.parametrize("kind", ["bad_json", "error_502_html", "drop_before"])
def test_a_history_that_cannot_be_read_creates_nothing(simulator, playbook, operation, kind):
    playbook.one(job(1, wait=True))
    simulator.fault(operation, kind, times=None)
    step = playbook.one(job(1, 2, wait=True, max_retries=1))
    step.check_keys()
    assert step.failed
    assert (step.writes, step["changed"], step["job"]) == (0, False, None)
    assert step["error"]["retryable"] is True
    assert len(simulator.jobs()) == 1
