# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lost answers of power actions, and looks that fail while they are waited for."""

from __future__ import annotations

import pytest
from playbooks.fleet.fleet_tasks import MALFORMED, all_in, check_error, check_power, power, power_steps
from playbooks.harness import servers

# The action was carried out, and the answer did not tell.
AFTER = {
    "drop_after": {},
    "error_503_after": {},
    "error_504_after": {},
    "error_500": {"when": "after"},
    "error_502_html": {"when": "after"},
    "slow": {"delay": 2, "when": "after"},
    **MALFORMED,
}
# It was not.
BEFORE = {"drop_before": {}, "error_500": {}, "error_502_html": {}, "error_503_before": {}}
VERB = {"started": "start_server", "stopped": "stop_server", "rebooted": "reboot_server"}
TARGET = {"started": "RUNNING", "stopped": "STOPPED"}


@pytest.mark.parametrize("state", ["started", "stopped"])
def test_a_start_or_stop_ends_right(simulator, playbook, state):
    """Once in the state that was wanted, with no second request where the first was carried out."""
    if state == "started":
        all_in(simulator, "STOPPED", *range(1, 13))
    after = {
        "started": ["drop_after", "error_503_after", "error_500", "bad_json", "empty_body"],
        "stopped": ["error_504_after", "error_502_html", "slow", "wrong_shape"],
    }[state]
    before = {"started": ["drop_before"], "stopped": ["error_503_before"]}[state]
    for kind in after:
        simulator.fault(VERB[state], kind, **AFTER[kind])
    for number, kind in enumerate(before):
        simulator.fault(VERB[state], kind, skip=number, **BEFORE[kind])
    kinds = after + before
    run = playbook.run(*[power(state, n, wait=True, request_timeout=1) for n in range(1, len(kinds) + 1)])
    for step, kind in zip(power_steps(run), kinds, strict=True):
        assert not step.failed, (kind, step["msg"])
        assert (step.verdicts, step["changed"], step["action"]) == (["done"], True, "sent"), kind
        assert step["servers"][0]["status"] == TARGET[state]
        assert [each["fault"] for each in step.asked(VERB[state])] == [kind, *[None] * (kind in before)]
    for server in simulator.servers()[: len(kinds)]:
        assert server["status"] == TARGET[state]


def test_a_reboot_whose_answer_is_lost_is_seen_under_way(simulator, playbook):
    simulator.set(power_duration=10_000)
    kinds = ["drop_after", "error_503_after", "error_500", "slow", "bad_json"]
    for kind in kinds:
        simulator.fault("reboot_server", kind, **AFTER[kind])
    run = playbook.run(*[power("rebooted", n, request_timeout=1) for n in range(1, len(kinds) + 1)])
    for step, kind in zip(power_steps(run), kinds, strict=True):
        assert not step.failed, (kind, step["msg"])
        assert (step.verdicts, step["servers"][0]["status"]) == (["running"], "REBOOTING"), kind
        assert [each["fault"] for each in step.asked("reboot_server")] == [kind]


def test_a_reboot_is_never_sent_twice(simulator, playbook):
    """Where nothing shows whether it was carried out, the task says so, and leaves the rest to people."""
    simulator.set(power_duration=1)
    faults = [("drop_before", {}), ("error_502_html", {}), ("drop_after", {}), ("empty_body", {})]
    for kind, parameters in faults:
        simulator.fault("reboot_server", kind, **parameters)
    tasks = [power("rebooted", n, wait=True, wait_timeout=60, request_timeout=1) for n in range(1, len(faults) + 1)]
    for step, (kind, _parameters) in zip(power_steps(playbook.run(*tasks)), faults, strict=True):
        assert [each["fault"] for each in step.asked("reboot_server")] == [kind]
        assert (step["changed"], step["timed_out"]) == (True, False)
        if step.failed:
            check_error(step, "servers_failed")
            assert (step.verdicts, step["error"]["outcome"]) == (["unknown"], "unknown")
            assert step["error"]["retryable"] is False
            assert "nothing shows that it was carried out" in step["servers"][0]["message"]
        else:
            assert step.verdicts == ["done"]
            assert kind in AFTER, "it was not carried out"


def test_a_reboot_that_begins_only_after_the_search(simulator, playbook):
    """Carried out or not looks the same."""
    simulator.set(reboot_delay=10_000)
    simulator.fault("reboot_server", "drop_after")
    lost, other = power_steps(
        playbook.run(power("rebooted", 1, request_timeout=1), power("rebooted", 2, request_timeout=1))
    )
    assert (lost.failed, lost.verdicts, lost["error"]["outcome"]) == (True, ["unknown"], "unknown")
    assert (other.failed, other.verdicts) == (False, ["running"])
    assert simulator.count("reboot_server") == 2


def test_one_lost_answer_among_several_servers(simulator, playbook):
    simulator.fault("reboot_server", "drop_before", skip=1)
    step = playbook.one(power("rebooted", 1, 2, 3, wait=True, wait_timeout=60, request_timeout=1))
    check_power(step)
    check_error(step, "servers_failed")
    assert step.verdicts[1] == "unknown"
    assert step["submitted_server_ids"] == servers(1, 2, 3)
    assert "1 of 3 servers have no known outcome: liteserver-00002" in step["msg"]
    assert [each["path"].split("/")[-2] for each in step.asked("reboot_server")] == servers(1, 2, 3)


def test_throttled_requests_are_repeated(simulator, playbook):
    """Surely nothing was done."""
    simulator.fault("reboot_server", "throttled", times=2, retry_after=1, window="1 second")
    step = playbook.one(power("rebooted", 1, wait=True))
    check_power(step)
    assert (step.failed, step.verdicts) == (False, ["done"])
    assert [each["fault"] for each in step.asked("reboot_server")] == ["throttled", "throttled", None]


def test_a_refused_key_ends_the_task(simulator, playbook):
    simulator.fault("stop_server", "unauthorized", skip=1)
    simulator.fault("get_server", "unauthorized", skip=4)
    sending, polling = power_steps(
        playbook.run(power("stopped", 1, 2, 3), power("rebooted", 4, wait=True, wait_timeout=3600))
    )
    check_error(sending, http_status=401)
    assert sending.verdicts == ["running", "planned", "planned"]
    assert sending["submitted_server_ids"] == servers(1)
    check_error(polling, http_status=401)
    assert (polling["timed_out"], polling["submitted_server_ids"]) == (False, servers(4))


@pytest.mark.parametrize(
    ("numbers", "operation", "first"), [((1, 2), "get_server", 2), (range(1, 6), "list_servers", 2)]
)
def test_looks_that_fail_in_the_middle_of_a_wait_are_survived(simulator, playbook, numbers, operation, first):
    """One after the other, each another way."""
    kinds = ["error_500", "error_502_html", "error_503_before", "drop_before", "bad_json", "empty_body", "wrong_shape"]
    for kind in kinds:
        simulator.fault(operation, kind, skip=first)
    simulator.fault(operation, "throttled", skip=first, retry_after=1, window="1 second")
    step = playbook.one(power("stopped", *numbers, wait=True, wait_timeout=3600, wait_sleep=1))
    check_power(step)
    assert not step.failed, step["msg"]
    assert set(step.verdicts) == {"done"}
    assert step.count("stop_server") == len(numbers)
    met = [each["fault"] for each in step.asked(operation) if each["fault"]]
    assert met == [*kinds, "throttled"]


def test_looks_that_fail_until_the_end_are_named(simulator, playbook):
    simulator.fault("get_server", "error_502_html", skip=1, times=None)
    step = playbook.one(power("stopped", 1, wait=True, wait_timeout=2))
    check_power(step)
    check_error(step, "wait_timeout")
    assert "502" in step["msg"]
    assert (step["timed_out"], step.verdicts) == (True, ["running"])


def test_a_server_that_is_gone_in_the_middle(simulator, playbook):
    """Not found once means nothing, and for good is an end."""
    simulator.fault("get_server", "not_found", skip=1, times=2)
    simulator.fault("get_server", "not_found", skip=4, times=None)
    once = playbook.one(power("stopped", 1, wait=True, wait_timeout=3600))
    check_power(once)
    assert (once.failed, once.verdicts) == (False, ["done"])
    simulator.clear_faults()
    simulator.fault("get_server", "not_found", skip=1, times=None)
    gone = playbook.one(power("stopped", 2, wait=True, wait_timeout=3600))
    check_power(gone)
    check_error(gone, "servers_failed")
    assert (gone.verdicts, gone["error"]["outcome"], gone["timed_out"]) == (["unknown"], "unknown", False)
