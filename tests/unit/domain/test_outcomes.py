# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From results to outcomes: jobs, waits, and what came of each host."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._outcomes import (
    outcome_line,
    outcomes_of,
    waits_of,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._requests import groups_of
from ansible_collections.modelarts.liteserver.tests.unit.domain.role_requests import request

AGAIN = "run the same play again: only servers that are not done are submitted"


# --- jobs, waits and outcomes, from results as they are written down ---


def two_groups():
    """h1 to h3 (s1 to s3) want one version, h4 (s4) wants another."""
    return groups_of(
        [request(f"h{n}", server_id=f"s{n}") for n in (1, 2, 3)] + [request("h4", server_id="s4", version="25.0")]
    )


def one_group(count=3):
    return groups_of([request(f"h{n}", server_id=f"s{n}") for n in range(1, count + 1)])


def row(server_id, verdict, status=None, message=None, job_id="j1", name=None):
    if verdict == "planned":
        job_id = None
    return {
        "server_id": server_id,
        "server_name": name,
        "verdict": verdict,
        "status": status,
        "message": message,
        "task_id": None,
        "job_id": job_id,
    }


def result(*rows, submitted=(), code=None, message="it broke", hint=None, **more):
    found = {
        "changed": bool(submitted),
        "servers": list(rows),
        "job_ids": list(dict.fromkeys(entry["job_id"] for entry in rows if entry["job_id"])),
        "submitted_server_ids": list(submitted),
        "timed_out": False,
    }
    if code:
        found.update(failed=True, msg=message, error={"code": code, "message": message, "hint": hint})
    return {**found, **more}


def running(*server_ids, job_id="j1"):
    return [row(server_id, "running", "PROCESSING", job_id=job_id) for server_id in server_ids]


def test_jobs_that_run_are_waited_for():
    groups = two_groups()
    started = [
        result(*running("s1", "s3"), row("s2", "done", "SUCCESS", job_id="j0")),
        result(*running("s4", job_id="j2")),
    ]
    assert waits_of(groups, started) == [
        {
            "group": 1,
            "job_id": "j1",
            "name": "hdk_upgrade_24.1",
            "server_ids": ["s1", "s3"],
            "skipped": "ok",
            "is_reboot": None,
        },
        {
            "group": 2,
            "job_id": "j2",
            "name": "hdk_upgrade_25.0",
            "server_ids": ["s4"],
            "skipped": "ok",
            "is_reboot": None,
        },
    ]


def test_a_wait_takes_skipped_as_its_own_group_does():
    """Hosts of one batch may differ in it, and each has its own group then."""
    groups = groups_of([request(f"h{n}", server_id=f"s{n}", skipped=word) for n, word in ((1, "failed"), (2, "ok"))])
    groups += groups_of([request("h3", server_id="s3", skipped=None)])
    started = [result(*running(f"s{n}", job_id=f"j{n}")) for n in (1, 2, 3)]
    assert [wait["skipped"] for wait in waits_of(groups, started)] == ["failed", "ok", "ok"]


def test_a_group_may_have_several_jobs():
    """Some servers were in an earlier job of the same items that still runs."""
    started = [result(*running("s1", job_id="old"), *running("s2", "s3"))]
    assert [(wait["job_id"], wait["server_ids"]) for wait in waits_of(one_group(), started)] == [
        ("old", ["s1"]),
        ("j1", ["s2", "s3"]),
    ]


@pytest.mark.parametrize("verdict", ["done", "failed", "unknown", "planned"])
def test_nothing_else_is_waited_for(verdict):
    assert waits_of(one_group(1), [result(row("s1", verdict, "FAILED"))]) == []


def test_a_running_server_without_a_job_is_not_waited_for():
    assert waits_of(one_group(1), [result(row("s1", "running", job_id=None))]) == []


@pytest.mark.parametrize("found", [{"failed": True, "msg": "crashed"}, {"failed": True, "servers": None}])
def test_a_result_without_servers_gives_no_wait(found):
    assert waits_of(one_group(1), [found]) == []


def test_a_group_that_failed_to_start_still_waits_for_jobs_of_its_items():
    started = [result(*running("s1", job_id="old"), row("s2", "planned"), row("s3", "planned"), code="api_error")]
    assert [(wait["job_id"], wait["server_ids"]) for wait in waits_of(one_group(), started)] == [("old", ["s1"])]


def test_jobs_of_other_items_are_not_waited_for():
    """Where servers are busy, a running job may be the one that keeps them so."""
    busy = result(
        *running("s1", job_id="own"), *running("s2", job_id="other"), row("s3", "planned"), code="servers_busy"
    )
    busy["job_ids"] = ["own"]
    assert [(wait["job_id"], wait["server_ids"]) for wait in waits_of(one_group(), [busy])] == [("own", ["s1"])]


def test_started_results_must_match_the_groups():
    with pytest.raises(ValueError):
        waits_of(two_groups(), [result()])
    with pytest.raises(ValueError):
        outcomes_of(two_groups(), [result()], [], [])
    wait = {"group": 1, "job_id": "j1", "server_ids": ["s1"], "name": ""}
    with pytest.raises(ValueError):
        outcomes_of(one_group(1), [result(*running("s1"))], [wait, wait], [result()])


def outcomes(groups, started, waited=None, check_mode=False):
    """Outcomes with the waits that the started results ask for."""
    waits = waits_of(groups, started)
    waited = [] if waited is None else waited
    return outcomes_of(groups, started, waits, waited, check_mode)


KEYS = {"server_id", "server_name", "verdict", "status", "message", "job_id", "job_name", "ok", "changed"}


def test_a_good_run():
    started = [
        result(*running("s1", "s3"), row("s2", "done", "SUCCESS", job_id="j0", name="two"), submitted=["s1", "s3"]),
        result(*running("s4", job_id="j2"), submitted=["s4"]),
    ]
    waited = [
        result(row("s1", "done", "SUCCESS", name="one"), row("s3", "done", "SKIPPED", "was so")),
        result(row("s4", "done", "SUCCESS", job_id="j2")),
    ]
    found = outcomes(two_groups(), started, waited)
    assert list(found) == ["h1", "h2", "h3", "h4"]
    assert all(set(outcome) == KEYS for outcome in found.values()), "without text and hint: nothing to tell"
    assert all(outcome["ok"] for outcome in found.values())
    assert [outcome["changed"] for outcome in found.values()] == [True, False, True, True]
    assert found["h1"] == {
        "server_id": "s1",
        "server_name": "one",
        "verdict": "done",
        "status": "SUCCESS",
        "message": None,
        "job_id": "j1",
        "job_name": "hdk_upgrade_24.1",
        "ok": True,
        "changed": True,
    }
    assert found["h2"]["job_id"] == "j0" and found["h4"]["job_name"] == "hdk_upgrade_25.0"
    assert found["h3"]["message"] == "was so"


@pytest.mark.parametrize(
    ("ended", "text", "hint"),
    [
        (row("s1", "failed", "FAILED", "npu\n\x1b[2Jbusy"), "FAILED: npu [2Jbusy", f"fix the server, then {AGAIN}"),
        (row("s1", "failed", "FAILED"), "FAILED: the service gives no reason", f"fix the server, then {AGAIN}"),
        (row("s1", "failed"), "FAILED: the service gives no reason", f"fix the server, then {AGAIN}"),
        (
            row("s1", "failed", "SKIPPED", "no npu"),
            "SKIPPED: no npu",
            "see why the service skips it, or take that for done with fleet_job_skipped=ok",
        ),
        (
            row("s1", "unknown", "PAUSED"),
            "its task ended as PAUSED, which is neither success nor failure",
            "check the server itself: it is not submitted again under the same items",
        ),
        (
            row("s1", "unknown"),
            "its job has ended and reports nothing about it",
            "check the server itself before you run anything again",
        ),
    ],
)
def test_a_server_that_did_not_do_it(ended, text, hint):
    groups, started = one_group(2), [result(*running("s1", "s2"), submitted=["s1", "s2"])]
    found = outcomes(groups, started, [result(ended, row("s2", "done", "SUCCESS"))])
    assert (found["h1"]["ok"], found["h1"]["text"], found["h1"]["hint"]) == (False, text, hint)
    assert found["h1"]["verdict"] == ended["verdict"] and found["h1"]["status"] == ended["status"]
    assert found["h1"]["changed"]
    assert found["h2"]["ok"], "the other server of the job has nothing to do with it"


def test_a_server_that_failed_at_once_is_not_waited_for():
    started = [result(row("s1", "failed", "FAILED", "m"), *running("s2"), row("s3", "done", "SUCCESS"))]
    found = outcomes(one_group(), started, [result(row("s2", "done", "SUCCESS"))])
    assert [outcome["ok"] for outcome in found.values()] == [False, True, True]
    assert found["h1"]["text"] == "FAILED: m"


def test_a_group_that_failed_to_start_passes_who_is_done():
    started = [
        result(
            row("s1", "done", "SUCCESS", job_id="j0"),
            row("s2", "planned"),
            row("s3", "planned"),
            code="api_error",
            message="no\nquota",
            hint="ask for more",
        ),
        result(*running("s4", job_id="j2"), submitted=["s4"]),
    ]
    found = outcomes(two_groups(), started, [result(row("s4", "done", "SUCCESS", job_id="j2"))])
    assert [outcome["ok"] for outcome in found.values()] == [True, False, False, True]
    assert "text" not in found["h1"]
    for host in ("h2", "h3"):
        assert found[host]["text"] == "no job was created for it: no quota"
        assert found[host]["hint"] == "ask for more"
        assert not found[host]["changed"] and found[host]["job_id"] is None


def test_a_group_that_failed_to_start_passes_who_becomes_done_in_an_earlier_job():
    started = [result(*running("s1", "s2", job_id="old"), row("s3", "planned"), code="api_error")]
    waited = [result(row("s1", "done", "SUCCESS", job_id="old"), row("s2", "failed", "FAILED", "m", job_id="old"))]
    found = outcomes(one_group(), started, waited)
    assert [outcome["ok"] for outcome in found.values()] == [True, False, False]
    assert found["h2"]["text"] == "FAILED: m"
    assert found["h3"]["text"] == "no job was created for it: it broke"
    assert found["h3"]["hint"] == AGAIN


def test_what_an_earlier_job_did_has_nothing_to_do_with_the_start_that_failed():
    started = [result(*running("s1", job_id="old"), row("s2", "planned"), code="api_error")]
    found = outcomes(one_group(2), started, [result(row("s1", "unknown", job_id="old"))])
    assert found["h1"]["text"] == "its job has ended and reports nothing about it"
    assert found["h2"]["text"] == "no job was created for it: it broke"


def test_busy_servers_hold_up_their_group_but_not_who_runs_the_same_already():
    busy = result(
        *running("s1", job_id="own"),
        *running("s2", job_id="other"),
        row("s3", "planned"),
        code="servers_busy",
        message="1 of the servers still run other items",
        hint="wait for it first",
    )
    busy["job_ids"] = ["own"]
    found = outcomes(one_group(), [busy], [result(row("s1", "done", "SUCCESS", job_id="own"))])
    assert [outcome["ok"] for outcome in found.values()] == [True, False, False]
    for host in ("h2", "h3"):
        assert "1 of the servers still run other items" in found[host]["text"]
        assert found[host]["hint"] == "wait for it first"
    assert found["h2"]["verdict"] == "running" and found["h2"]["job_id"] == "other"
    assert found["h3"]["verdict"] == "planned"


def test_who_is_done_in_our_job_is_not_known_where_another_run_began_other_items_too():
    """The wait for our own job tells what that did, and not which of the two came last."""
    (group,) = one_group(2)
    start = result(
        *running("s1", "s2"), submitted=["s1", "s2"], code="servers_busy", message="another run", action="created"
    )
    start["job"] = {"id": "j1"}
    ended = result(row("s1", "done", "SUCCESS"), row("s2", "failed", "FAILED", "npu busy"))
    found = outcomes([group], [start], [ended])
    assert (found["h1"]["verdict"], found["h1"]["ok"], found["h1"]["text"]) == ("unknown", False, "another run")
    assert (found["h2"]["verdict"], found["h2"]["text"]) == ("failed", "FAILED: npu busy")
    # An error for other servers of the group says nothing against a job that was there before.
    found = outcomes([group], [{**start, "action": "attached"}], [ended])
    assert (found["h1"]["verdict"], found["h1"]["ok"]) == ("done", True)


def test_a_host_without_a_job_is_not_said_to_have_one_that_is_over():
    (group,) = one_group(1)
    text = outcomes([group], [result()])["h1"]["text"]
    assert text == "no job of this run is known for it"


def test_a_lost_outcome_is_no_failure_of_the_server_but_does_not_pass():
    lost = result(
        row("s1", "unknown", job_id=None),
        row("s2", "done", "SUCCESS", job_id="j0"),
        submitted=["s1"],
        code="outcome_unknown",
        message="the answer was lost",
        hint="running again is safe",
    )
    found = outcomes(one_group(2), [lost])
    assert found["h2"]["ok"] and not found["h2"]["changed"]
    assert not found["h1"]["ok"] and found["h1"]["changed"], "a job may exist"
    assert (found["h1"]["verdict"], found["h1"]["text"], found["h1"]["hint"]) == (
        "unknown",
        "the answer was lost",
        "running again is safe",
    )


def test_a_wait_that_timed_out():
    started = [result(*running("s1", "s2", "s3"), submitted=["s1", "s2", "s3"])]
    late = result(
        row("s1", "done", "SUCCESS"),
        row("s2", "failed", "FAILED", "m"),
        row("s3", "running", "PROCESSING", "50%"),
        code="wait_timeout",
        message="wait_timeout: after 1 h",
        hint="the hint of the module",
        timed_out=True,
    )
    found = outcomes(one_group(), started, [late])
    assert [outcome["ok"] for outcome in found.values()] == [True, False, False]
    assert found["h2"]["text"] == "FAILED: m"
    assert found["h3"]["text"] == "still running when the wait ended"
    assert "the job goes on" in found["h3"]["hint"]
    assert found["h3"]["message"] == "50%" and found["h3"]["job_id"] == "j1"


def test_a_wait_that_failed_says_why_to_who_still_runs_only():
    started = [result(*running("s1", "s2", "s3"), submitted=["s1", "s2"])]
    refused = result(
        row("s1", "done", "SUCCESS"),
        *running("s2", "s3"),
        code="api_error",
        message="the key is refused",
        hint="check the key",
    )
    found = outcomes(one_group(), started, [refused])
    assert found["h1"]["ok"]
    for host in ("h2", "h3"):
        assert not found[host]["ok"]
        assert found[host]["text"] == "still running, and not waited for any more: the key is refused"
        assert found[host]["hint"] == "check the key"
        assert found[host]["job_id"] == "j1"


def test_a_wait_that_failed_at_its_first_look_knows_less_than_the_start():
    started = [result(row("s1", "running", "PROCESSING", "50%", name="liteserver-1"), *running("s2"), submitted=["s1"])]
    blind = result(
        row("s1", "unknown", job_id=None),
        row("s2", "unknown", job_id=None),
        code="api_error",
        message="the key is refused.",
        hint="check the key",
    )
    found = outcomes(one_group(2), started, [blind])
    assert {key: found["h1"][key] for key in ("ok", "verdict", "status", "message", "job_id")} == {
        "ok": False,
        "verdict": "running",
        "status": "PROCESSING",
        "message": "50%",
        "job_id": "j1",
    }
    assert (found["h2"]["verdict"], found["h2"]["job_id"]) == ("running", "j1")
    assert outcome_line(found["h1"]) == (
        "still running, and not waited for any more: the key is refused. What to do: check the key."
    )


@pytest.mark.parametrize(
    ("ended", "text"),
    [
        ({"failed": True, "msg": "MODULE FAILURE\nSee stdout"}, "MODULE FAILURE See stdout"),
        ({"failed": True}, "the module ended without a result"),
        ({"failed": True, "error": None, "servers": None, "msg": ""}, "the module ended without a result"),
    ],
)
def test_a_module_that_crashed(ended, text):
    started = [result(*running("s1"), submitted=["s1"])]
    waited = outcomes(one_group(1), started, [ended])["h1"]
    assert (waited["ok"], waited["verdict"], waited["job_id"]) == (False, "running", "j1")
    assert waited["text"] == f"still running, and not waited for any more: {text}"
    assert waited["hint"] == AGAIN
    at_start = outcomes(one_group(1), [ended])["h1"]
    assert (at_start["ok"], at_start["verdict"], at_start["server_id"]) == (False, "unknown", "s1")
    assert (at_start["text"], at_start["hint"]) == (text, AGAIN)
    assert set(at_start) == KEYS | {"text", "hint"}


def test_one_wait_that_fails_leaves_the_others_alone():
    started = [result(*running("s1", job_id="old"), *running("s2", "s3"))]
    waited = [
        result(*running("s1", job_id="old"), code="api_error"),
        result(row("s2", "done", "SUCCESS"), row("s3", "done", "SUCCESS")),
    ]
    found = outcomes(one_group(), started, waited)
    assert [outcome["ok"] for outcome in found.values()] == [False, True, True]


def test_a_wait_tells_of_its_own_servers_only():
    """A job may list servers that this wait was not for."""
    started = [result(*running("s1"), row("s2", "done", "SUCCESS", job_id="j0"))]
    found = outcomes(one_group(2), started, [result(row("s1", "done", "SUCCESS"), row("s2", "failed", "FAILED"))])
    assert found["h2"]["ok"] and found["h2"]["job_id"] == "j0"


def test_before_the_wait_nothing_is_lost():
    """The record is written between start and wait, with outcomes that have no waits yet."""
    started = [result(*running("s1"), row("s2", "done", "SUCCESS"), submitted=["s1"])]
    found = outcomes_of(one_group(2), started, waits_of(one_group(2), started), [])
    assert [outcome["verdict"] for outcome in found.values()] == ["running", "done"]
    assert [outcome["ok"] for outcome in found.values()] == [False, True]


def test_check_mode():
    started = [
        result(row("s1", "planned"), *running("s2", job_id="old"), row("s3", "done", "SUCCESS"), submitted=["s1"]),
        result(row("s4", "planned"), code="template_rejected", message="no such parameter", submitted=["s4"]),
    ]
    groups = two_groups()
    found = outcomes_of(groups, started, [], [], check_mode=True)
    assert [outcome["ok"] for outcome in found.values()] == [True, True, True, False]
    assert [outcome["changed"] for outcome in found.values()] == [True, False, False, True]
    assert found["h4"]["text"] == "no job was created for it: no such parameter"


@pytest.mark.parametrize("verdict", ["failed", "unknown"])
def test_check_mode_passes_no_other_verdict(verdict):
    found = outcomes_of(one_group(1), [result(row("s1", verdict, "FAILED"))], [], [], check_mode=True)
    assert not found["h1"]["ok"]


def test_outside_of_check_mode_planned_and_running_do_not_pass():
    started = [result(row("s1", "planned"), *running("s2"))]
    found = outcomes_of(one_group(2), started, [], [])
    assert [outcome["ok"] for outcome in found.values()] == [False, False]


VERDICTS = ("done", "failed", "running", "unknown", "planned")
STATUSES = ("SUCCESS", "FAILED", "SKIPPED", "PROCESSING", "PAUSED", None)
ERRORS = (None, "api_error", "servers_busy", "outcome_unknown", "wait_timeout")


@pytest.mark.thorough
@settings(max_examples=600, derandomize=True)
@given(data=st.data(), check_mode=st.booleans())
def test_in_every_combination_only_done_passes_and_all_else_says_why(data, check_mode):
    groups = two_groups()

    def drawn(server_ids, job_id=None):
        rows = []
        for server_id in data.draw(st.lists(st.sampled_from(server_ids), unique=True, max_size=len(server_ids))):
            verdict, status = data.draw(st.sampled_from(VERDICTS)), data.draw(st.sampled_from(STATUSES))
            message = data.draw(st.sampled_from([None, "", "m\nn"]))
            job = job_id or data.draw(st.sampled_from(["j1", "j2", None]))
            rows.append(row(server_id, verdict, status, message, job))
        code = data.draw(st.sampled_from(ERRORS))
        return result(*rows, code=code, timed_out=code == "wait_timeout", submitted=data.draw(SUBMITTED))

    submitted = ["s1", "s4"]
    SUBMITTED = st.sampled_from([[], submitted])
    started = [drawn(group["server_ids"]) for group in groups]
    waits = [] if check_mode else waits_of(groups, started)
    waited = [drawn(wait["server_ids"], wait["job_id"]) for wait in waits]
    found = outcomes_of(groups, started, waits, waited, check_mode)

    assert list(found) == ["h1", "h2", "h3", "h4"]
    json.dumps(found)
    last = {}
    for told in started:
        last.update({entry["server_id"]: entry["verdict"] for entry in told["servers"]})
    for told in waited:
        last.update({entry["server_id"]: entry["verdict"] for entry in told["servers"] if entry["job_id"]})
    for group, told in zip(groups, started, strict=True):
        for host, server_id in zip(group["hosts"], group["server_ids"], strict=True):
            outcome = found[host]
            assert (outcome["server_id"], outcome["job_name"]) == (server_id, group["name"])
            assert outcome["verdict"] == last.get(server_id, "unknown")
            assert outcome["changed"] is (server_id in told["submitted_server_ids"])
            may_pass = {"done"} | ({"planned", "running"} if check_mode and not told.get("failed") else set())
            assert outcome["ok"] is (outcome["verdict"] in may_pass)
            assert ("text" in outcome) is ("hint" in outcome) is (not outcome["ok"])
            if not outcome["ok"]:
                assert outcome["text"] and outcome["hint"]
                line = outcome_line(outcome)
                assert "\n" not in line and "None" not in line.replace("job_None", "")
                assert ".." not in line and line.endswith(".")
                assert host not in line


# --- a failed host's message ---


def test_the_line_of_a_failed_host():
    started = [result(row("s1", "failed", "FAILED", "npu busy", name="liteserver-00001"))]
    outcome = next(iter(outcomes_of(one_group(1), started, [], []).values()))
    expected = (
        "FAILED: npu busy. What to do: fix the server, then run the same play again: only servers that are not done"
    )
    assert outcome_line(outcome) == expected + " are submitted."
    # The same for all that share the reason.
    assert outcome_line(dict(outcome, server_name="other", job_id=None)) == outcome_line(outcome)


@pytest.mark.parametrize("end", ["", ".", "..."])
def test_a_line_has_one_full_stop_where_a_sentence_ends(end):
    refused = result(row("s1", "planned"), code="api_error", message="no quota" + end, hint="ask for more" + end)
    ended = result(row("s1", "failed", "FAILED", "npu busy" + end))
    planned = next(iter(outcomes_of(one_group(1), [refused], [], []).values()))
    failed = next(iter(outcomes_of(one_group(1), [ended], [], []).values()))
    assert outcome_line(planned) == "no job was created for it: no quota. What to do: ask for more."
    assert outcome_line(failed).startswith("FAILED: npu busy. What to do: fix the server, ")
