# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``liteserver_event_info``: which events, of which servers, and what is said where that cannot be told."""

from __future__ import annotations

import pytest
from playbooks.fleet.fleet_tasks import MALFORMED, check_error, check_reading, event_info, operations
from playbooks.harness import planned, servers

KEYS = ("events", "missing_server_ids", "complete")
EVENT_KEYS = {
    *("id", "catalog", "type", "description", "state", "instance_type", "instance_id", "node_name", "pool_name"),
    *("publish_time", "start_time", "finish_time", "not_before", "server_id", "server_name", "raw"),
}
STATES = ["inquiring", "scheduled", "executing", "completed", "failed", "canceled"]
MISSING = "00000000-0000-4000-8000-000000000001"


def check_events(step):
    """Assert a success with all keys, without a request that is not a list or a look at a server."""
    check_reading(step, *KEYS)
    assert all(set(event) == EVENT_KEYS for event in step["events"])
    assert set(operations(step)) <= {"list_scheduled_events", "list_servers", "get_server"}


def ids(step):
    return [event["id"] for event in step["events"]]


def test_what_is_told_of_an_event(simulator, playbook):
    seeded = simulator.seed_event(
        1,
        publishTime="2026-11-23T10:00:00Z",
        startTime="2026-11-23T10:00:01Z",
        notBefore="",
        redeployType=["SOFT", "HARD"],
        probeMsg="wait",
        access_key="stored-key",
    )
    step = playbook.one(event_info())
    check_events(step)
    assert step["events"] == [
        {
            "id": seeded["id"],
            "catalog": "hardware",
            "type": "system-maintenance",
            "description": "The server is rebooted to repair a memory module.",
            "state": "scheduled",
            "instance_type": "devserver",
            "instance_id": servers(1)[0],
            "node_name": "liteserver-00001",
            "pool_name": None,
            "publish_time": 1795428000000,
            "start_time": 1795428001000,
            "finish_time": None,
            "not_before": None,
            "server_id": None,
            "server_name": None,
            "raw": {**seeded, "access_key": "********"},
        }
    ]
    # No server is read where nobody asks for one.
    assert operations(step) == ["list_scheduled_events"]
    assert (step["complete"], step["missing_server_ids"]) == (True, [])


def test_no_events(simulator, playbook):
    every, mine = playbook.run(event_info(), event_info(server_ids=servers(1)))
    for step in (every, mine):
        check_events(step)
        assert (step["events"], step["complete"]) == ([], True)
    assert operations(every) == ["list_scheduled_events"]


@pytest.mark.parametrize("filters", ["exact", "none"])
def test_each_filter(simulator, playbook, filters):
    simulator.set(event_filters=filters)
    seeded = {state: simulator.seed_event(1, state=state)["id"] for state in STATES}
    reboot = simulator.seed_event(2, type="node_reboot", state="executing")["id"]
    newest_first = [reboot, *reversed(seeded.values())]
    cases = [
        ({}, newest_first),
        ({"states": ["scheduled", "executing"]}, [reboot, seeded["executing"], seeded["scheduled"]]),
        ({"state": "Scheduled"}, [seeded["scheduled"]]),
        ({"types": ["node_reboot", "localdisk-recovery"]}, [reboot]),
        ({"types": ["NODE_REBOOT"], "states": ["executing"]}, [reboot]),
        ({"types": ["node_reboot"], "states": ["failed"]}, []),
        ({"server_ids": servers(2)}, [reboot]),
        ({"server_ids": servers(1), "states": ["failed"]}, [seeded["failed"]]),
    ]
    run = playbook.run(*[event_info(**options) for options, _ids in cases])
    for step, (options, found) in zip(run, cases, strict=True):
        check_events(step)
        assert ids(step) == found, options
        assert step["complete"]


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("which", ["server", "cloud", "underlying"])
def test_an_event_finds_its_server_by_each_id(simulator, playbook, which, count):
    """Few servers are read one by one, many are listed. 1 is a member of a supernode, 12 is bare metal."""
    simulator.set(event_instance_id=which, page_size=100)
    member, metal = simulator.seed_event(1), simulator.seed_event(12)
    others = servers(2, 3, 4)[: count - 1]
    of_member, of_metal, of_others = playbook.run(
        event_info(server_ids=[*servers(1), *others]),
        event_info(server_ids=[*servers(12), *others]),
        event_info(server_ids=servers(2, 3, 4, 5)),
    )
    for step, event, number in ((of_member, member, 1), (of_metal, metal, 12)):
        check_events(step)
        assert [(row["id"], row["server_id"], row["server_name"]) for row in step["events"]] == [
            (event["id"], servers(number)[0], f"liteserver-{number:05d}")
        ]
    assert of_others["events"] == []
    assert len({member["instanceId"], *servers(1)}) == (1 if which == "server" else 2)


def test_the_underlying_id_alone_and_ids_in_another_case(simulator, playbook):
    below = simulator.seed_event(1, instanceId="of-nobody")
    loud = simulator.seed_event(2, instanceId=servers(2)[0].upper())
    unnamed = simulator.seed_event(None, instanceId=None)
    by_below, by_loud, every = playbook.run(
        event_info(server_ids=servers(1)), event_info(server_ids=servers(2)), event_info()
    )
    assert (ids(by_below), ids(by_loud)) == ([below["id"]], [loud["id"]])
    # A member of a supernode has both ids; they are one server.
    assert by_loud["events"][0]["server_id"] == servers(2)[0]
    assert unnamed["id"] in ids(every)


def test_a_server_that_is_gone_may_have_an_event(simulator, playbook):
    event = simulator.seed_event(None, instanceId=MISSING)
    step = playbook.one(event_info(server_ids=[MISSING]))
    check_events(step)
    assert step["missing_server_ids"] == [MISSING]
    assert [(row["id"], row["server_id"], row["server_name"]) for row in step["events"]] == [
        (event["id"], MISSING, None)
    ]


@pytest.mark.parametrize("paging", ["offset", "page", "all"])
@pytest.mark.parametrize("count", ["total", "page"])
def test_all_pages(simulator, playbook, paging, count):
    simulator.set(event_paging=paging, event_count=count)
    seeded = [simulator.seed_event(1)["id"] for _event in range(101)]
    step = playbook.one(event_info())
    check_events(step)
    assert ids(step) == seeded[::-1]
    assert step["complete"]


@pytest.mark.parametrize("count", ["total", "page"])
def test_a_service_that_ignores_the_paging(simulator, playbook, count):
    simulator.set(event_paging="first", event_count=count)
    for _event in range(101):
        simulator.seed_event(1)
    step = playbook.one(event_info())
    check_events(step)
    assert (len(step["events"]), step["complete"]) == (100, False)
    step.warns("the list may be incomplete")


def test_small_pages(simulator, playbook):
    simulator.set(event_page_size=10)
    for _event in range(35):
        simulator.seed_event(1)
    step = playbook.one(event_info())
    check_events(step)
    assert (len(step["events"]), step["complete"]) == (35, True)


def test_a_state_that_nobody_documented_is_not_left_out_in_silence(simulator, playbook):
    paused = simulator.seed_event(1, state="paused")["id"]
    nothing = simulator.seed_event(2, state=None)["id"]
    narrow, wanted, of_other, every = playbook.run(
        event_info(states=["executing"]),
        event_info(states=["paused"]),
        event_info(states=["executing"], server_ids=servers(3)),
        event_info(),
    )
    assert narrow["events"] == []
    both = ", ".join(sorted([f"{paused} (paused)", f"{nothing} (None)"]))
    narrow.warns(f"left out, in a state that is not documented: {both}")
    assert ids(wanted) == [paused]
    wanted.warns("states: not documented: paused; known are inquiring", f"documented: {nothing} (None)")
    assert of_other.warnings == every.warnings == []
    assert {event["state"] for event in every["events"]} == {"paused", None}


def test_bad_options(simulator, playbook):
    run = playbook.run(
        event_info(states=[]), event_info(types=[]), event_info(server_ids=[]), event_info(server_ids=["../jobs"])
    )
    for step, option in zip(run, ("states", "types", "server_ids", "server_ids"), strict=True):
        check_error(step, "invalid_option")
        assert step["msg"].startswith(f"{option}: ")
        assert step.requests == []


def test_another_workspace(simulator, playbook):
    step = playbook.one(event_info(workspace_id="w-1"))
    check_events(step)
    assert [request["query"] for request in step.requests] == [{"workspaceId": "w-1"}]


def test_check_mode_answers_the_same(simulator, playbook):
    simulator.seed_event(1)
    real, plan = playbook.run(event_info(server_ids=servers(1)), planned(event_info(server_ids=servers(1))))
    assert plan.result == real.result
    assert len(plan["events"]) == 1


@pytest.mark.parametrize("kind", MALFORMED)
def test_broken_answers(simulator, playbook, kind):
    """Never an empty list: that would read as "nothing is planned"."""
    simulator.seed_event(1)
    simulator.fault("list_scheduled_events", kind)
    step = playbook.one(event_info())
    check_error(step, http_status=200)
    assert "events" not in step.result


def test_answers_of_another_shape(simulator, playbook):
    bodies = [{}, {"data": [], "total": 0}, {"events": [{"id": None}], "count": 1}, {"events": ["text"], "count": 1}]
    for body in bodies:
        simulator.fault("list_scheduled_events", "wrong_shape", body=body)
    odd = {"id": "e", "state": 5, "instanceId": [1], "publishTime": "soon", "description": {"a": 1}}
    simulator.fault("list_scheduled_events", "wrong_shape", body={"events": [odd], "count": 1})
    simulator.fault("list_scheduled_events", "wrong_shape", body={"events": None, "count": 0})
    simulator.fault("list_scheduled_events", "wrong_shape", body={"events": None, "count": 3}, times=3)
    *broken, strange, none, lost = playbook.run(*[event_info()] * 7)
    for step in broken:
        check_error(step, "bad_answer", 200)
        assert "events" not in step.result
    check_events(strange)
    event = strange["events"][0]
    assert [event[key] for key in ("state", "instance_id", "publish_time", "description")] == [None] * 4
    assert event["raw"] == odd
    assert (none["events"], none["complete"]) == ([], True)
    assert (lost["events"], lost["complete"]) == ([], False)
    lost.warns("the list may be incomplete")


def test_a_server_that_cannot_be_read_is_no_server_without_events(simulator, playbook):
    simulator.seed_event(1)
    simulator.fault("get_server", "error_500", times=None)
    step = playbook.one(event_info(server_ids=servers(1), max_retries=0))
    check_error(step, http_status=500)
    assert "events" not in step.result


def test_transient_faults(simulator, playbook):
    event = simulator.seed_event(1)["id"]
    for kind in ("error_503_before", "drop_after"):
        simulator.fault("list_scheduled_events", kind)
    step = playbook.one(event_info())
    check_events(step)
    assert ids(step) == [event]
    assert step.count("list_scheduled_events") == 3
