# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power on a fleet in memory: what a playbook cannot bring about, and every status there is."""

from __future__ import annotations

import pytest
from module_options import options_of

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    AnswerLost,
    ApiError,
    InvalidOption,
    LiteServerError,
    NotFound,
    OutcomeUnknown,
    PowerRefused,
    ServersFailed,
    ServiceFailed,
    Throttled,
    Unauthorized,
    WaitTimedOut,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._operation import Given
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._model import FAILED_STATUSES
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._power import REBOOT_POLL_PAUSE, Power
from ansible_collections.modelarts.liteserver.plugins.modules import liteserver_power

# All statuses of a server in the vendor's SDK 3.1.219, and one that is not there.
STATUSES = [
    *("CREATING", "CREATE_FAILED", "RUNNING", "STARTING", "START_FAILED", "STOPPING", "STOPPED", "STOP_FAILED"),
    *("REBOOTING", "REBOOT_FAILED", "CHANGINGOS", "CHANGINGOS_FAILED", "REINSTALLINGOS", "REINSTALLINGOS_FAILED"),
    *("DELETING", "DELETE_FAILED", "DELETED", "ERROR", "NO_SUCH_STATUS"),
]
# State: (sent from, under way, there).
EXPECTED = {
    "started": ({"STOPPED", "START_FAILED", "REBOOT_FAILED"}, {"STARTING", "REBOOTING"}, {"RUNNING"}),
    "stopped": ({"RUNNING", "STOP_FAILED"}, {"STOPPING"}, {"STOPPED"}),
    "rebooted": ({"RUNNING", "REBOOT_FAILED"}, {"REBOOTING"}, set()),
}
VERBS = {"started": "start", "stopped": "stop", "rebooted": "reboot"}
LOST = OutcomeUnknown("no answer")


class Fleet:
    """Servers whose statuses follow a plan.

    Attributes:
        plan: {server id: the statuses that the next looks see; the last one stays}. An exception is raised.
        answers: {server id: what the next power actions do: an exception to raise, or the status to answer}.
    """

    def __init__(self, clock, listing, plan):
        self._clock = clock
        self._listing = listing
        self.plan = {server_id: list(statuses) for server_id, statuses in plan.items()}
        self.answers = {}
        self.names = {}
        self.looks = []
        self.sent = []

    def _record(self, server_id):
        statuses = self.plan[server_id]
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        if isinstance(status, Exception):
            raise status
        return {"id": server_id, "name": self.names.get(server_id, f"name-{server_id}"), "status": status}

    def get_server(self, server_id, polling=False):
        self.looks.append((self._clock.now(), server_id))
        if server_id not in self.plan:
            raise NotFound(f"no server {server_id}")
        return self._record(server_id)

    def list_servers(self, everyone=False, polling=False):
        self.looks.append((self._clock.now(), "list"))
        return self._listing([self._record(server_id) for server_id in self.plan])

    def _act(self, verb, server_id):
        self.sent.append((verb, server_id))
        queue = self.answers.get(server_id)
        answer = queue.pop(0) if queue else {"start": "STARTING", "stop": "STOPPING", "reboot": "REBOOTING"}[verb]
        if isinstance(answer, Exception):
            raise answer
        return {"id": server_id, "name": f"name-{server_id}", "status": answer}

    def start_server(self, server_id):
        return self._act("start", server_id)

    def stop_server(self, server_id):
        return self._act("stop", server_id)

    def reboot_server(self, server_id):
        return self._act("reboot", server_id)


@pytest.fixture
def fleet(clock, listing):
    return lambda **plan: Fleet(clock, listing, plan)


@pytest.fixture
def run(clock):
    """Runs the module's operation; returns (result, error or None, operation)."""

    def run(fleet, state, *server_ids, check_mode=False, **options):
        asked = {"state": state, "server_ids": list(server_ids or fleet.plan), "force": True, "wait": True}
        options = options_of(liteserver_power, **{**asked, "request_timeout": 30, **options})
        power = Power(Given(clock, options, check_mode))
        error = None
        try:
            power.prepare()
            power.run(fleet)
        except LiteServerError as raised:
            error = raised
            str(error)
        return power.result(), error, power

    return run


def verdicts(result):
    return [row["verdict"] for row in result["servers"]]


@pytest.mark.parametrize("state", EXPECTED)
@pytest.mark.parametrize("status", STATUSES)
def test_every_status(fleet, run, state, status):
    sent_from, under_way, there = EXPECTED[state]
    servers = fleet(s1=[status])
    result, error, _power = run(servers, state, wait=False)
    if status in sent_from | under_way | there:
        assert error is None
        assert servers.sent == ([(VERBS[state], "s1")] if status in sent_from else [])
        assert result["changed"] is (status in sent_from)
        assert verdicts(result) == ["done" if status in there else "running"]
    else:
        assert isinstance(error, PowerRefused)
        assert (servers.sent, result["changed"], result["action"]) == ([], False, "none")
        assert status in str(error)


@pytest.mark.parametrize("state", EXPECTED)
@pytest.mark.parametrize("status", sorted(FAILED_STATUSES))
def test_every_failure_status_ends_the_wait_at_once(fleet, run, clock, state, status):
    before = "STOPPED" if state == "started" else "RUNNING"
    servers = fleet(s1=[before, status])
    result, error, _power = run(servers, state)
    assert isinstance(error, ServersFailed)
    assert (verdicts(result), result["failed_server_ids"], result["timed_out"]) == (["failed"], ["s1"], False)
    assert len(servers.looks) == 2


@pytest.mark.parametrize("status", [None, 5, True, ["RUNNING"], {"a": 1}, ""])
@pytest.mark.parametrize("state", EXPECTED)
def test_a_status_of_another_type_is_unfit(fleet, run, state, status):
    servers = fleet(s1=[status], s2=["RUNNING"])
    result, error, power = run(servers, state)
    assert isinstance(error, PowerRefused)
    assert servers.sent == []
    assert verdicts(result)[0] != "done"
    power.diff()


def test_no_status_is_told_as_null(fleet, run):
    servers = fleet(s1=[None])
    result, error, _power = run(servers, "started")
    assert isinstance(error, PowerRefused)
    assert result["servers"][0]["status"] is None
    assert "None" not in str(error)


@pytest.mark.parametrize("status", [None, 5, ["RUNNING"], "NO_SUCH_STATUS"])
def test_a_strange_status_in_the_middle_is_waited_on_without_haste(fleet, run, status):
    servers = fleet(s1=["STOPPED", status])
    result, error, _power = run(servers, "started", wait_timeout=600)
    assert isinstance(error, WaitTimedOut)
    assert (verdicts(result), result["timed_out"]) == (["running"], True)
    assert 50 <= len(servers.looks) <= 80
    servers = fleet(s1=["STOPPED", status, status, "RUNNING"])
    result, error, _power = run(servers, "started")
    assert (error, verdicts(result)) == (None, ["done"])


@pytest.mark.parametrize("name", [None, 5, "", ["n"], {"a": 1}])
def test_a_name_of_another_type(fleet, run, name):
    """Never a crash, in the result or in a message."""
    for statuses in (["STOPPED", "STARTING"], ["STOPPED", "START_FAILED"], ["CREATING"]):
        servers = fleet(s1=statuses)
        servers.names["s1"] = name
        result, error, _power = run(servers, "started", wait_timeout=5)
        assert error is not None
        assert "s1" in str(error)


def test_the_statuses_of_the_wrong_way_are_not_believed(fleet, run):
    """A reboot is over with the RUNNING after another status, and with no other."""
    servers = fleet(s1=["RUNNING"] * 4 + ["REBOOTING", "REBOOTING", "RUNNING"])
    servers.answers = {"s1": ["RUNNING"]}
    result, error, _power = run(servers, "rebooted")
    assert (error, verdicts(result)) == (None, ["done"])
    assert servers.sent == [("reboot", "s1")]
    assert servers.plan["s1"] == ["RUNNING"], "the looks went on to the end"


def test_a_reboot_is_looked_for_often(fleet, run, clock):
    """However long a pause is allowed: the REBOOTING between two looks would be missed."""
    servers = fleet(s1=["RUNNING"])
    servers.answers = {"s1": ["RUNNING"]}
    result, error, _power = run(servers, "rebooted", wait_sleep=300, wait_timeout=100)
    assert isinstance(error, WaitTimedOut)
    assert error.retryable is False
    assert max(clock.sleeps) <= REBOOT_POLL_PAUSE
    assert verdicts(result) == ["running"]


def test_a_reboot_failed_from_before_is_not_the_new_one(fleet, run):
    servers = fleet(s1=["REBOOT_FAILED", "REBOOT_FAILED", "REBOOTING", "RUNNING"])
    servers.answers = {"s1": ["REBOOT_FAILED"]}
    result, error, _power = run(servers, "rebooted")
    assert (error, verdicts(result)) == (None, ["done"])
    servers = fleet(s1=["REBOOT_FAILED", "REBOOTING", "REBOOT_FAILED"])
    result, error, _power = run(servers, "rebooted")
    assert (type(error), verdicts(result)) == (ServersFailed, ["failed"])


def test_results_in_the_order_of_the_ids(fleet, run):
    ids = [f"s{number}" for number in range(9, 0, -1)]
    servers = fleet(**{server_id: ["STOPPED", "RUNNING"] for server_id in sorted(ids)})
    result, error, _power = run(servers, "started", *ids, *ids)
    assert error is None
    assert [row["server_id"] for row in result["servers"]] == ids
    assert servers.sent == [("start", server_id) for server_id in ids]
    assert result["submitted_server_ids"] == ids


def test_many_servers_take_few_requests(fleet, run):
    ids = [f"s{number}" for number in range(2000)]
    servers = fleet(**{server_id: ["RUNNING", "STOPPING", "STOPPING", "STOPPED"] for server_id in ids})
    result, error, _power = run(servers, "stopped")
    assert error is None
    assert result["counts"]["done"] == 2000
    assert {what for _time, what in servers.looks} == {"list"}
    assert len(servers.looks) == 4


def test_only_the_last_ones_are_looked_at(fleet, run):
    """Ended servers cost no further request."""
    servers = fleet(
        a=["STOPPED", "RUNNING"], b=["STOPPED", "START_FAILED"], c=["STOPPED", *["STARTING"] * 5, "RUNNING"]
    )
    result, error, _power = run(servers, "started")
    assert verdicts(result) == ["done", "failed", "done"]
    assert [what for _time, what in servers.looks].count("a") == 2
    assert [what for _time, what in servers.looks].count("c") == 7


def test_a_server_that_is_gone(fleet, run, clock):
    servers = fleet(s1=["RUNNING", NotFound("no"), NotFound("no"), "STOPPING", "STOPPED"], s2=["RUNNING", "STOPPED"])
    result, error, _power = run(servers, "stopped")
    assert (error, verdicts(result)) == (None, ["done", "done"])
    servers = fleet(s1=["RUNNING", NotFound("no")], s2=["RUNNING", "STOPPED"])
    result, error, _power = run(servers, "stopped")
    assert (type(error), error.outcome) == (ServersFailed, "unknown")
    assert (verdicts(result), result["timed_out"]) == (["unknown", "done"], False)


@pytest.mark.parametrize("trouble", [AnswerLost("reset"), ServiceFailed("500"), Throttled("429", retry_after=30)])
def test_looks_that_fail(fleet, run, clock, trouble):
    servers = fleet(s1=["RUNNING", trouble, trouble, "STOPPED"])
    result, error, _power = run(servers, "stopped")
    assert (error, verdicts(result), servers.sent) == (None, ["done"], [("stop", "s1")])
    if isinstance(trouble, Throttled):
        assert sum(clock.sleeps) >= 60


def test_a_look_that_no_repetition_can_mend(fleet, run):
    servers = fleet(s1=["RUNNING", Unauthorized("locked", http_status=401)])
    result, error, _power = run(servers, "stopped")
    assert isinstance(error, Unauthorized)
    assert len(servers.looks) == 2
    assert (verdicts(result), result["submitted_server_ids"]) == (["running"], ["s1"])


@pytest.mark.parametrize("state", ["started", "stopped"])
def test_a_lost_start_or_stop_that_was_carried_out(fleet, run, state):
    before, after = ("STOPPED", "RUNNING") if state == "started" else ("RUNNING", "STOPPED")
    servers = fleet(s1=[before, before, before, after])
    servers.answers = {"s1": [LOST]}
    result, error, _power = run(servers, state, wait=False)
    assert (error, verdicts(result), len(servers.sent)) == (None, ["done"], 1)


@pytest.mark.parametrize("state", ["started", "stopped"])
def test_a_lost_start_or_stop_that_was_not(fleet, run, clock, state):
    """It is sent once more, after as long as an answer may take, and no third time."""
    before, after = ("STOPPED", "RUNNING") if state == "started" else ("RUNNING", "STOPPED")
    servers = fleet(s1=[before])
    servers.answers = {"s1": [LOST, after]}
    result, error, _power = run(servers, state, request_timeout=30)
    assert (error, verdicts(result), len(servers.sent)) == (None, ["done"], 2)
    assert 30 <= sum(clock.sleeps) <= 40
    servers = fleet(s1=[before])
    servers.answers = {"s1": [LOST, LOST, LOST]}
    result, error, _power = run(servers, state)
    assert len(servers.sent) == 2
    assert (type(error), error.outcome, verdicts(result)) == (ServersFailed, "unknown", ["unknown"])
    assert result["changed"]


def test_a_lost_action_that_is_refused_the_second_time(fleet, run):
    """The first was carried out and the status lags: the refusal of the second is no reason to give up the others."""
    servers = fleet(s1=["STOPPED"], s2=["STOPPED", "STARTING", "RUNNING"])
    servers.answers = {"s1": [LOST, ApiError("status is STARTING, does not support start", http_status=400)]}
    result, error, _power = run(servers, "started")
    assert ("start", "s2") in servers.sent
    assert verdicts(result)[1] == "done"
    assert verdicts(result)[0] in ("unknown", "failed", "running")
    assert isinstance(error, ServersFailed)


def test_a_server_that_is_gone_after_a_lost_answer(fleet, run):
    """The others are not held up by it."""
    servers = fleet(s1=["RUNNING", NotFound("no", http_status=400)], s2=["RUNNING", "STOPPED"])
    servers.answers = {"s1": [LOST]}
    result, error, _power = run(servers, "stopped")
    assert ("stop", "s2") in servers.sent
    assert verdicts(result) == ["unknown", "done"]
    assert (type(error), error.outcome) == (ServersFailed, "unknown")


def test_a_lost_reboot(fleet, run, clock):
    servers = fleet(s1=["RUNNING"])
    servers.answers = {"s1": [LOST]}
    result, error, _power = run(servers, "rebooted")
    assert servers.sent == [("reboot", "s1")]
    assert (type(error), error.outcome, error.retryable) == (ServersFailed, "unknown", False)
    assert (verdicts(result), result["changed"], result["timed_out"]) == (["unknown"], True, False)
    assert sum(clock.sleeps) <= 40
    servers = fleet(s1=["RUNNING", "RUNNING", "REBOOTING", "RUNNING"])
    servers.answers = {"s1": [LOST]}
    result, error, _power = run(servers, "rebooted")
    assert (error, verdicts(result), servers.sent) == (None, ["done"], [("reboot", "s1")])


def test_a_refusal_concerns_one_server(fleet, run):
    servers = fleet(a=["RUNNING", "STOPPED"], b=["RUNNING"], c=["RUNNING", "STOPPED"])
    servers.answers = {"b": [ApiError("type is BMS, does not support stop", http_status=400)]}
    result, error, _power = run(servers, "stopped")
    assert (type(error), verdicts(result)) == (ServersFailed, ["done", "failed", "done"])
    assert result["servers"][1]["message"] == "type is BMS, does not support stop"
    assert result["submitted_server_ids"] == ["a", "c"]


@pytest.mark.parametrize(
    "trouble", [Unauthorized("no", http_status=401), ApiError("no", http_status=403), Throttled("no", http_status=429)]
)
def test_a_refusal_that_concerns_all_ends_the_sending(fleet, run, trouble):
    servers = fleet(a=["RUNNING"], b=["RUNNING"], c=["RUNNING"])
    servers.answers = {"b": [trouble]}
    result, error, _power = run(servers, "stopped")
    assert error is trouble
    assert len(servers.sent) == 2
    assert verdicts(result) == ["running", "planned", "planned"]
    assert result["submitted_server_ids"] == ["a"]


def test_check_mode_sends_nothing(fleet, run, clock):
    servers = fleet(a=["STOPPED"], b=["STARTING"], c=["RUNNING"])
    result, error, power = run(servers, "started", check_mode=True)
    assert (error, servers.sent, clock.sleeps) == (None, [], [])
    assert (verdicts(result), result["action"]) == (["planned", "running", "done"], "planned")
    assert power.diff()["after"] == {"a": "RUNNING", "b": "STARTING", "c": "RUNNING"}


@pytest.mark.parametrize(
    "options",
    [{"wait_timeout": 0}, {"wait_sleep": 0}, {"progress": -1}, {"force": False}, {"server_ids": []}],
)
def test_bad_options_send_nothing(fleet, run, options):
    servers = fleet(s1=["RUNNING"])
    result, error, power = run(servers, "stopped", **options)
    assert isinstance(error, InvalidOption)
    assert (servers.sent, servers.looks, result["servers"], result["changed"]) == ([], [], [], False)
    assert power.diff()["before"] == {}
