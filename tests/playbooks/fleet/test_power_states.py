# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``liteserver_power``: what is sent to which server, and when a wait ends."""

from __future__ import annotations

import pytest
from playbooks.fleet.fleet_tasks import all_in, check_error, check_power, operations, power, power_steps, until
from playbooks.harness import planned, servers

MISSING = "00000000-0000-4000-8000-000000000001"
# Beyond the time that a play is given: a wait of so long that ends at all has ended by itself.
FOR_EVER = 3600
UNDER_WAY = [("started", "STARTING"), ("started", "REBOOTING"), ("stopped", "STOPPING"), ("rebooted", "REBOOTING")]


def statuses(step):
    return [row["status"] for row in step["servers"]]


def test_stop_start_and_reboot(simulator, playbook):
    """Stop and start once however often they are asked for; a reboot each time."""
    run = playbook.run(
        power("stopped", 1, 2, wait=True),
        power("stopped", 1, 2, wait=True),
        power("stopped", 3, 2, 1, wait=True),
        power("started", 1, 2, 3, wait=True),
        power("started", 1, 2, 3, wait=True),
        power("rebooted", 1, 2, wait=True),
        power("rebooted", 1, 2, wait=True),
    )
    sent = [servers(1, 2), [], servers(3), servers(1, 2, 3), [], servers(1, 2), servers(1, 2)]
    verbs = ["stop", "stop", "stop", "start", "start", "reboot", "reboot"]
    for step, ids, verb in zip(power_steps(run), sent, verbs, strict=True):
        assert not step.failed
        assert set(step.verdicts) == {"done"}
        assert set(statuses(step)) == {"STOPPED" if verb == "stop" else "RUNNING"}
        assert step["submitted_server_ids"] == ids
        assert step["action"] == ("sent" if ids else "none")
        writes = [each for each in step.requests if each["method"] != "GET"]
        assert [each["operation"] for each in writes] == [f"{verb}_server"] * len(ids)
        assert [each["path"].split("/")[-2] for each in writes] == ids
        # A start has to have a JSON body, the others have none.
        assert [each["body"] for each in writes] == [{} if verb == "start" else None] * len(ids)
        if not ids:
            assert operations(step) == ["get_server"] * len(step["servers"])
    assert [row["server_id"] for row in run[2]["servers"]] == servers(3, 2, 1)
    assert run[0]["servers"][0]["server_name"] == "liteserver-00001"
    assert run[0]["servers"][0]["message"] is None


def test_without_wait(simulator, playbook):
    simulator.set(power_duration=600)
    all_in(simulator, "STOPPED", 1)
    started, stopped, rebooted, again = power_steps(
        playbook.run(power("started", 1), power("stopped", 2), power("rebooted", 3), power("started", 1))
    )
    for step, status in ((started, "STARTING"), (stopped, "STOPPING"), (rebooted, "REBOOTING")):
        assert (step.failed, step["action"], step.verdicts, step.writes) == (False, "sent", ["running"], 1)
        assert statuses(step) == [status]
        assert len(step.requests) == 2
    assert (again["action"], again.verdicts, operations(again)) == ("none", ["running"], ["get_server"])


def test_a_stop_needs_force(simulator, playbook):
    run = playbook.run(
        power("stopped", 1, force=False),
        planned(power("stopped", 1, force=False)),
        power("stopped", 1, force="{{ omit }}"),
    )
    for step in power_steps(run):
        check_error(step, "invalid_option")
        assert step["msg"].startswith("force: ")
        assert (step["changed"], step["servers"], step.requests) == (False, [], [])
    assert simulator.servers()[0]["status"] == "RUNNING"


def test_bad_input(simulator, playbook):
    cases = [
        ({"server_ids": []}, "server_ids: at least one id"),
        ({"server_ids": ["../all"]}, "server_ids: '../all' is not an id"),
        ({"wait_timeout": 0}, "wait_timeout: must be 1"),
        ({"wait_sleep": 0}, "wait_sleep: must be 1"),
        ({"progress": -1}, "progress: must be 0"),
    ]
    run = playbook.run(*[power("started", 1, **options) for options, _text in cases])
    for step, (_options, text) in zip(power_steps(run), cases, strict=True):
        check_error(step, "invalid_option")
        assert step["msg"].startswith(text)
        assert step.requests == []


def test_repeated_ids_count_once(simulator, playbook):
    step = playbook.one(power("rebooted", 2, 1, 2, 2, 1, wait=True))
    check_power(step)
    assert [row["server_id"] for row in step["servers"]] == servers(2, 1)
    assert step.count("reboot_server") == 2


UNFIT = {
    "started": ["STOPPING", "CHANGINGOS", "CREATE_FAILED", "DELETING", "NO_SUCH_STATUS"],
    "stopped": ["STARTING", "REBOOTING", "CREATING", "ERROR", "NO_SUCH_STATUS"],
    "rebooted": ["STOPPED", "STARTING", "STOPPING", "ERROR", "NO_SUCH_STATUS"],
}


def test_an_unfit_status_is_named_before_anything_is_sent(simulator, playbook):
    fit = {"started": "STOPPED", "stopped": "RUNNING", "rebooted": "RUNNING"}
    for number, (state, unfit) in enumerate(UNFIT.items()):
        all_in(simulator, fit[state], 4 * number + 1)
        for place, status in enumerate(unfit[:2]):
            all_in(simulator, status, 4 * number + 2 + place)
    run = playbook.run(*[power(state, *range(4 * n + 1, 4 * n + 4), wait=True) for n, state in enumerate(UNFIT)])
    for number, (step, (state, unfit)) in enumerate(zip(power_steps(run), UNFIT.items(), strict=True)):
        check_error(step, "wrong_status")
        assert f"2 of 3 servers cannot be {state}" in step["msg"]
        for place, status in enumerate(unfit[:2]):
            assert f"liteserver-{4 * number + 2 + place:05d}: its status is {status}" in step["msg"]
        assert "Nothing was sent" in step["msg"]
        assert f"liteserver-{4 * number + 1:05d}" not in step["msg"]
        assert (step["changed"], step["action"], step.writes) == (False, "none", 0)
        assert statuses(step) == [fit[state], *unfit[:2]]
        assert step.verdicts[0] == "planned"


def test_a_server_in_an_unfit_status_is_not_told_as_running(simulator, playbook):
    """Nothing was sent and nothing is on its way there."""
    all_in(simulator, "STOPPED", 1)
    all_in(simulator, "CHANGINGOS", 2)
    step = playbook.one(power("rebooted", 1, 2, 3))
    check_power(step)
    check_error(step, "wrong_status")
    assert not {"running", "done"} & set(step.verdicts[:2])


def test_a_server_that_is_not_there(simulator, playbook):
    run = playbook.run(
        power("started", server_ids=[*servers(1), MISSING], wait=True),
        power("stopped", server_ids=[*servers(1, 2, 3), MISSING], wait=True),
    )
    for step in power_steps(run):
        check_error(step, "wrong_status")
        assert f"{MISSING}: not found" in step["msg"]
        assert step.writes == 0
        assert (step["servers"][-1]["status"], step["servers"][-1]["server_name"]) == (None, None)
        # Nothing runs there, and nothing is known of it.
        assert step.verdicts[-1] == "unknown"


def test_what_is_under_way_is_sent_nothing(simulator, playbook):
    for number, (_state, status) in enumerate(UNDER_WAY, 1):
        all_in(simulator, status, number)
    tasks = [power(state, number) for number, (state, _status) in enumerate(UNDER_WAY, 1)]
    waiting = power("stopped", 3, wait=True, wait_timeout=1)
    run = playbook.run(*tasks, waiting)
    for step, (_state, status) in zip(power_steps(run), UNDER_WAY, strict=False):
        assert (step.failed, step["action"], step.verdicts, statuses(step)) == (False, "none", ["running"], [status])
        assert operations(step) == ["get_server"]
    check_error(run[-1], "wait_timeout")
    assert (run[-1].writes, run[-1]["timed_out"]) == (0, True)


def test_what_is_under_way_is_waited_for(simulator, playbook):
    simulator.set(power_duration=1000)
    assert not playbook.one(power("stopped", 1)).failed
    seen = simulator.count("get_server")
    waiting = playbook.start(power("stopped", 1, wait=True, wait_timeout=FOR_EVER, wait_sleep=1))
    until(simulator, lambda: simulator.count("get_server") >= seen + 3)
    simulator.advance(1000)
    step = waiting.finish()[0]
    check_power(step)
    assert (step.failed, step["action"], step.verdicts, step.writes) == (False, "none", ["done"], 0)


def test_a_failed_action_ends_the_wait_at_once(simulator, playbook):
    all_in(simulator, "STOPPED", 1)
    for number in (1, 3, 5):
        simulator.server(number, power_fail=1)
    run = playbook.run(
        power("started", 1, 2, wait=True, wait_timeout=FOR_EVER),
        power("stopped", 3, 4, wait=True, wait_timeout=FOR_EVER),
        power("rebooted", 5, 6, wait=True, wait_timeout=FOR_EVER),
        # From the failed status the same is sent again.
        power("started", 1, 2, wait=True),
        power("stopped", 3, 4, wait=True),
        power("rebooted", 5, wait=True),
    )
    steps = power_steps(run)
    for step, number, verb in zip(steps, (1, 3, 5), ("START", "STOP", "REBOOT"), strict=False):
        check_error(step, "servers_failed")
        assert (step.verdicts, step["timed_out"], step["changed"]) == (["failed", "done"], False, True)
        assert statuses(step)[0] == f"{verb}_FAILED"
        assert step["failed_server_ids"] == servers(number)
        assert f"1 of 2 servers failed: liteserver-{number:05d}" in step["msg"]
        assert step["error"]["outcome"] is None
    assert [(step.failed, step.writes) for step in steps[3:]] == [(False, 1)] * 3


def test_a_wait_ends_only_when_the_last_server_has(simulator, playbook):
    """One has failed long before; the other is still waited for."""
    simulator.set(power_duration=1000)
    simulator.server(1, status="STOPPED", power_fail=1)
    playbook.one(power("started", 1))
    simulator.advance(500)
    all_in(simulator, "STOPPED", 2)
    waiting = playbook.start(power("started", 1, 2, wait=True, wait_timeout=FOR_EVER, wait_sleep=1))
    until(simulator, lambda: simulator.count("start_server") == 2)
    simulator.advance(500)
    seen = simulator.count("get_server")
    until(simulator, lambda: simulator.count("get_server") >= seen + 2)
    simulator.advance(500)
    step = waiting.finish()[0]
    check_power(step)
    assert (step.failed, step.verdicts) == (True, ["failed", "done"])
    assert step["submitted_server_ids"] == servers(2)


def test_check_mode_and_diff(simulator, playbook):
    all_in(simulator, "STOPPED", 1)
    all_in(simulator, "STARTING", 2)
    tasks = [power("started", 1, 2, 3, wait=True), power("stopped", 1, 3, wait=True), power("rebooted", 3, wait=True)]
    run = playbook.run(
        *[planned(task) for task in tasks],
        planned(power("rebooted", 1)),
        planned(power("started", 3)),
        {**power("started", 1, wait=True), "diff": True},
        {**power("rebooted", 3, wait=True), "diff": True},
    )
    start, stop, reboot, unfit, nothing, real_start, real_reboot = power_steps(run)
    one, two, three = servers(1, 2, 3)
    for step, ids in ((start, [one]), (stop, [three]), (reboot, [three])):
        assert (step.failed, step["changed"], step["action"], step.writes) == (False, True, "planned", 0)
        assert step["submitted_server_ids"] == ids
        assert operations(step) == ["get_server"] * len(step["servers"])
    assert start.verdicts == ["planned", "running", "done"]
    assert start.diff["before"] == {one: "STOPPED", two: "STARTING", three: "RUNNING"}
    assert start.diff["after"] == {one: "RUNNING", two: "STARTING", three: "RUNNING"}
    assert stop.diff["after"] == {one: "STOPPED", three: "STOPPED"}
    assert reboot.diff["before"] == {three: "RUNNING"}
    assert reboot.diff["after"] == {three: "RUNNING, to be rebooted"}
    check_error(unfit, "wrong_status")
    assert (nothing["changed"], nothing["action"], nothing.verdicts) == (False, "none", ["done"])
    assert nothing.diff is None or nothing.diff["before"] == nothing.diff["after"]
    assert (real_start.diff["before"], real_start.diff["after"]) == ({one: "STOPPED"}, {one: "RUNNING"})
    assert real_reboot.diff["after"] == {three: "RUNNING, rebooted"}


def test_a_time_out(simulator, playbook):
    simulator.set(power_duration=600)
    all_in(simulator, "STOPPED", 1, 2)
    simulator.server(3, status="STOPPED")
    run = playbook.run(
        power("started", 1, 2, 4, wait=True, wait_timeout=1),
        power("started", 1, 2, 4, wait=True, wait_timeout=1),
        power("rebooted", 5, wait=True, wait_timeout=1),
    )
    first, second, reboot = power_steps(run)
    for step in (first, second):
        check_error(step, "wait_timeout")
        assert step["error"]["retryable"]
        assert (step["timed_out"], step.verdicts) == (True, ["running", "running", "done"])
        assert "2 of 3 servers are not started: liteserver-00001; liteserver-00002" in step["msg"]
    assert (first["submitted_server_ids"], second["submitted_server_ids"]) == (servers(1, 2), [])
    check_error(reboot, "wait_timeout")
    # The same task again would reboot again.
    assert (reboot["timed_out"], reboot["error"]["retryable"]) == (True, False)


def test_a_reboot_is_not_over_before_it_began(simulator, playbook):
    """The RUNNING from before it, the REBOOTING, and only then the RUNNING after it."""
    simulator.set(reboot_delay=1000, power_duration=1000)
    waiting = playbook.start(power("rebooted", 1, wait=True, wait_timeout=FOR_EVER, wait_sleep=1))
    until(simulator, lambda: simulator.count("get_server") >= 4)
    simulator.advance(1000)
    seen = simulator.count("get_server")
    until(simulator, lambda: simulator.count("get_server") >= seen + 2)
    assert simulator.servers()[0]["status"] == "REBOOTING"
    simulator.advance(1000)
    step = waiting.finish()[0]
    check_power(step)
    assert (step.failed, step.verdicts, step.count("reboot_server")) == (False, ["done"], 1)


def test_a_reboot_that_never_shows(simulator, playbook):
    simulator.set(reboot_delay=1000)
    step = playbook.one(power("rebooted", 1, wait=True, wait_timeout=1))
    check_power(step)
    check_error(step, "wait_timeout")
    assert (step.verdicts, statuses(step)) == (["running"], ["RUNNING"])
    assert step["servers"][0]["message"] == "accepted, but still RUNNING"
    assert step.count("reboot_server") == 1


def test_the_service_refuses_one_server(simulator, playbook):
    """The others are not held up by it."""
    simulator.set(reboot_delay=1000)
    playbook.one(power("rebooted", 2))  # reads RUNNING, and takes no other action
    stop = playbook.one(power("stopped", 1, 2, 3, wait=True, wait_timeout=FOR_EVER))
    check_power(stop)
    check_error(stop, "servers_failed")
    assert stop.verdicts == ["done", "failed", "done"]
    assert stop["submitted_server_ids"] == servers(1, 3)
    assert stop["failed_server_ids"] == servers(2)
    assert "does not support stop" in stop["servers"][1]["message"]
    assert "liteserver-00002" in stop["msg"]
    assert stop.count("stop_server") == 3


def test_a_whole_fleet_at_once(simulator, playbook):
    """Some requests for a look, however many servers there are."""
    simulator.reset(servers=60, power_duration=0.3)
    numbers = range(60, 0, -1)
    run = playbook.run(power("stopped", *numbers, wait=True), power("stopped", *numbers, wait=True))
    first, second = power_steps(run)
    assert not first.failed
    assert [row["server_id"] for row in first["servers"]] == servers(*numbers)
    assert (first["counts"]["done"], first.count("stop_server"), first.count("get_server")) == (60, 60, 0)
    assert (second["changed"], second.count("get_server"), second.count("list_servers")) == (False, 0, 2)


@pytest.mark.parametrize("server_paging", ["page", "all"])
def test_a_fleet_by_other_pages(simulator, playbook, server_paging):
    simulator.set(server_paging=server_paging, page_size=3)
    step = playbook.one(power("rebooted", *range(1, 7), wait=True))
    check_power(step)
    assert (step.failed, step["counts"]["done"], step.count("reboot_server")) == (False, 6, 6)
