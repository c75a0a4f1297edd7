# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every request of every module, every fault, with and without wait: the cells of ``matrix.py``.

One test is one request with ``wait`` or without: a row of cells. The cells of a row run side by side, each in a
lab of its own, since most of their time is waiting. The end of the run prints cells, passed, failed.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import queue
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from faults.lab import ITEMS, Lab, job, servers
from faults.matrix import EXCEPTIONS, FAULTS, MOVES, RULES, THROTTLED, TOO_SLOW, rule
from simulator.faults import KINDS, SHIFTED_OPERATIONS

LABS = 6
Options = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Request:
    """A request that a module makes, and how to bring it about.

    Attributes:
        kind: what it is, as ``matrix.RULES`` knows it.
        operation: the simulator's name of it.
        skip: how many of this operation come before it.
        set_up: prepares the simulator.
        later: whether the job was created by then.
        polled: whether its number depends on time.
    """

    kind: str
    operation: str
    module: str
    options: Options
    skip: int = 0
    login: str = "keys"
    set_up: Callable[[Lab], Any] = lambda lab: None
    later: bool = False
    polled: bool = False
    waits: tuple[bool | None, ...] = (False, True)


def history(lab: Lab, count: int = 1, *numbers: int) -> list[str]:
    """Jobs of the name that did the work on other servers, and one on these."""
    record = {"name": "upgrade", "items": ITEMS}
    # The newest is not the one that counts: a list that shrinks loses that.
    jobs = [{**record, "servers": {servers(9)[0]: "SUCCESS"}, "age": 60 * n + 1} for n in range(count)]
    if numbers:
        jobs.append({**record, "servers": dict.fromkeys(servers(*numbers), "SUCCESS"), "age": 30})
    return lab.simulator.seed(jobs)


def done(lab: Lab) -> None:
    history(lab, 0, 1, 2)


def long_history(lab: Lab) -> None:
    history(lab, 25, 1, 2)


def long_job(lab: Lab) -> None:
    lab.simulator.set(job_duration=0.6)


def in_status(status: str) -> Callable[[Lab], None]:
    def set_up(lab: Lab) -> None:
        for number in range(1, 6):
            lab.simulator.server(number, status=status)

    return set_up


def long_power(status: str) -> Callable[[Lab], None]:
    def set_up(lab: Lab) -> None:
        in_status(status)(lab)
        # As long as a reboot must last to be seen after request_timeout; one page, so that each look is one request.
        lab.simulator.set(power_duration=1.6 if status == "RUNNING" else 0.6, page_size=100)

    return set_up


def power(state: str, *numbers: int) -> Options:
    force = {"force": True} if state == "stopped" else {}
    return {"state": state, "server_ids": servers(*numbers), "request_timeout": 1, "progress": 0, **force}


JOB, POWER = "liteserver_job", "liteserver_power"
ONE = (None,)
ABSENT = {"state": "absent", "name": "upgrade", "request_timeout": 1}
QUICK = {"request_timeout": 1}
REQUESTS = {
    # liteserver_job, in the order in which it asks.
    "login": Request("read", "create_token", JOB, job(1, 2), login="password"),
    "jobs, the first page": Request("read", "list_jobs", JOB, job(1, 2)),
    "jobs, a further page": Request("read", "list_jobs", JOB, job(1, 2), skip=1, set_up=long_history),
    "job, in the history": Request("read", "get_job", JOB, job(1, 2), set_up=done),
    "job, adopted": Request(
        "read", "get_job", JOB, {"job_id": "00000000", **QUICK, "progress": 0}, set_up=done, waits=(False, True)
    ),
    "templates": Request("read", "list_templates", JOB, job(1, 2, template_check="strict")),
    "jobs, before the create": Request("read", "list_jobs", JOB, job(1, 2), skip=1),
    "create": Request("create", "create_job", JOB, job(1, 2)),
    "jobs, until it is listed": Request("look", "list_jobs", JOB, job(1, 2), 2, "keys", long_job, True, True),
    "job, waited for": Request(
        "poll", "get_job", JOB, job(1, 2), set_up=long_job, later=True, polled=True, waits=(False, True)
    ),
    "jobs, to delete": Request("read", "list_jobs", JOB, ABSENT, set_up=done, waits=ONE),
    "job, to delete": Request(
        "read", "get_job", JOB, {"state": "absent", "job_id": "00000000", **QUICK}, set_up=done, waits=ONE
    ),
    "delete": Request("change", "delete_jobs", JOB, ABSENT, set_up=done, waits=ONE),
    # liteserver_power.
    "server": Request("read", "get_server", POWER, power("started", 1), set_up=in_status("STOPPED")),
    "servers": Request("read", "list_servers", POWER, power("started", 1, 2, 3, 4), set_up=in_status("STOPPED")),
    "start": Request("change", "start_server", POWER, power("started", 1), set_up=in_status("STOPPED")),
    "stop": Request("change", "stop_server", POWER, power("stopped", 1)),
    "reboot": Request("change", "reboot_server", POWER, power("rebooted", 1), set_up=long_power("RUNNING")),
    "server, waited for": Request(
        "poll", "get_server", POWER, power("started", 1), 1, "keys", long_power("STOPPED"), True, True
    ),
    "servers, waited for": Request(
        "poll", "list_servers", POWER, power("started", 1, 2, 3, 4), 1, "keys", long_power("STOPPED"), True, True
    ),
    # The modules that only read.
    "info: jobs": Request("read", "list_jobs", "liteserver_job_info", QUICK, set_up=done, waits=ONE),
    "info: job": Request(
        "read", "get_job", "liteserver_job_info", {"job_ids": ["00000000"], **QUICK}, set_up=done, waits=ONE
    ),
    "info: templates": Request("read", "list_templates", "liteserver_job_template_info", QUICK, waits=ONE),
    "info: events": Request("read", "list_scheduled_events", "liteserver_event_info", QUICK, waits=ONE),
    "info: software": Request("read", "list_software", "liteserver_software_info", QUICK, waits=ONE),
    "info: service": Request(
        "read",
        "get_service",
        "liteserver_service_info",
        {"service_id": "service-1", **QUICK},
        set_up=lambda lab: lab.simulator.seed_service(id="service-1"),
        waits=ONE,
    ),
    "info: servers": Request("read", "list_servers", "liteserver_info", QUICK, waits=ONE),
    "info: all servers": Request("read", "list_all_servers", "liteserver_info", {"scope": "all", **QUICK}, waits=ONE),
    "info: server": Request("read", "get_server", "liteserver_info", {"server_ids": servers(1), **QUICK}, waits=ONE),
}
ROWS = [(name, wait) for name, request in REQUESTS.items() for wait in request.waits]


def faults_of(request: Request) -> list[str]:
    """The faults that can meet a request: lists that move are of lists."""
    return [name for name in FAULTS if name not in MOVES or request.operation in SHIFTED_OPERATIONS]


def expectation(name: str, fault: str, wait: bool | None) -> str:
    """The one expectation of a cell; KeyError where there is none."""
    request = REQUESTS[name]
    if request.kind == "poll" and not wait:
        return "not asked"
    own = EXCEPTIONS.get(name, {})
    return own[fault] if fault in own else RULES[request.kind][fault]


def test_the_matrix_is_whole():
    cells = [(name, fault, wait) for name, wait in ROWS for fault in faults_of(REQUESTS[name])]
    assert all(expectation(*cell) for cell in cells)
    assert {each["kind"] for each in FAULTS.values()} == set(KINDS) - {"hold"}
    assert set(EXCEPTIONS) <= set(REQUESTS)
    for name, own in EXCEPTIONS.items():
        same = [fault for fault, expected in own.items() if RULES[REQUESTS[name].kind].get(fault) == expected]
        assert not same, f"{name}: no exception at all: {same}"


@pytest.fixture(scope="module")
def labs() -> Iterator[queue.SimpleQueue[Lab]]:
    free: queue.SimpleQueue[Lab] = queue.SimpleQueue()
    opened = []
    try:
        for _n in range(LABS):
            opened.append(Lab().__enter__())
            free.put(opened[-1])
        yield free
    finally:
        for lab in opened:
            lab.__exit__()


class Cell:
    """A run with a fault.

    Args:
        plain: of the same run ``without_fault``; None makes it.
    """

    def __init__(self, lab: Lab, name: str, wait: bool | None, plain: tuple[dict[str, Any], int] | None) -> None:
        self.lab, self.request = lab, REQUESTS[name]
        self.options = dict(self.request.options)
        if wait is not None:
            self.options["wait"] = wait
        self.plain, self.asked = plain or self.without_fault()

    def without_fault(self) -> tuple[dict[str, Any], int]:
        """The result, and how many of the requests were sent."""
        self.reset()
        result = self.run()
        assert not result.get("failed"), result
        return result, self.lab.simulator.count(self.request.operation)

    def reset(self) -> None:
        self.lab.simulator.reset()
        self.ids = self.request.set_up(self.lab)
        jobs = [each["id"] for each in self.lab.simulator.jobs()]
        if "job_id" in self.options:
            self.options["job_id"] = jobs[0]
        if "job_ids" in self.options:
            self.options["job_ids"] = jobs[:1]

    def run(self, fault: str | None = None) -> dict[str, Any]:
        # A second is enough for what is never answered, but not for every answer of a busy machine, and a request that
        # timed out would be counted. Where an answer is lost, request_timeout is also how long its work is looked for.
        read = self.request.kind == "read" and fault not in TOO_SLOW
        patience = {"request_timeout": 30} if read or fault in (None, "slow", *THROTTLED) else {}
        return self.lab.run(self.request.module, {**self.options, **patience}, self.request.login)

    def check(self, fault: str, expected: str) -> None:
        """Run with the fault; fails unless it ends as expected."""
        self.reset()
        before = self.lab.simulator.jobs()
        self.lab.simulator.fault(self.request.operation, skip=self.request.skip, **rule(fault, self.request.kind))
        result = self.run(fault)
        met = not self.lab.simulator.faults()
        sent = self.lab.simulator.count(self.request.operation)
        assert met == (expected != "not asked"), "the fault was not met" if expected != "not asked" else "it was asked"
        method = "expect_" + expected.replace(" ", "_")
        if hasattr(self, method):
            getattr(self, method)(result, sent)
        else:
            self.expect_code(expected, result, before)
        self.follow_up(expected, fault)

    # What is expected

    def same(self, result: dict[str, Any]) -> None:
        assert not result.get("failed"), result["msg"]
        for key in ("changed", "action", "counts", "complete"):
            assert result.get(key) == self.plain.get(key), key
        verdicts = [[row.get("verdict") for row in each.get("servers", [])] for each in (result, self.plain)]
        assert verdicts[0] == verdicts[1] or self.request.module == "liteserver_info"

    def expect_as_ever(self, result: dict[str, Any], sent: int) -> None:
        self.same(result)
        assert "warnings" not in result, result["warnings"]

    def expect_not_asked(self, result: dict[str, Any], sent: int) -> None:
        self.same(result)

    def expect_repeated(self, result: dict[str, Any], sent: int) -> None:
        self.same(result)
        if not self.request.polled and not self.options.get("wait"):
            assert sent == self.asked + 1

    def expect_looked_again(self, result: dict[str, Any], sent: int) -> None:
        self.same(result)

    def expect_warned(self, result: dict[str, Any], sent: int) -> None:
        self.same(result)
        assert result["warnings"]

    def expect_found(self, result: dict[str, Any], sent: int) -> None:
        assert not result.get("failed"), result["msg"]
        assert (result["changed"], result["action"], sent) == (True, "attached", 1)
        assert any(result["job"]["id"] in str(each) and "was lost" in str(each) for each in result["warnings"])

    def expect_unknown(self, result: dict[str, Any], sent: int) -> None:
        assert (result["failed"], result["error"]["code"], sent) == (True, "outcome_unknown", 1)
        assert (result["error"]["outcome"], result["changed"], result["action"]) == ("unknown", True, "none")
        assert {row["verdict"] for row in result["servers"]} == {"unknown"}

    def expect_once(self, result: dict[str, Any], sent: int, times: int = 1) -> None:
        assert not result.get("failed"), result["msg"]
        assert (result["changed"], result["action"], sent) == (True, self.plain["action"], times)
        verdicts = {row["verdict"] for row in result["servers"]}
        assert verdicts <= ({"done"} if self.options.get("wait") else {"done", "running"})

    def expect_again(self, result: dict[str, Any], sent: int) -> None:
        self.expect_once(result, sent, 2)

    def expect_not_known(self, result: dict[str, Any], sent: int) -> None:
        assert (result["failed"], result["error"]["code"], sent) == (True, "servers_failed", 1)
        assert (result["error"]["outcome"], result["changed"]) == ("unknown", True)
        assert {row["verdict"] for row in result["servers"]} == {"unknown"}

    def expect_gone(self, result: dict[str, Any], sent: int) -> None:
        assert not result.get("failed"), result["msg"]
        assert (result["changed"], result.get("action", "none")) == (False, "none")
        for missing, asked in (("missing_job_ids", "job_ids"), ("missing_server_ids", "server_ids")):
            assert missing not in result or result[missing] == self.options[asked]

    def expect_record_deleted(self, result: dict[str, Any], sent: int) -> None:
        if not self.options["wait"]:
            self.same(result)
            return
        assert (result["failed"], result["error"]["code"], result["changed"]) == (True, "servers_failed", True)
        assert {row["verdict"] for row in result["servers"]} == {"unknown"}

    def expect_server_left(self, result: dict[str, Any], sent: int) -> None:
        assert (result["failed"], result["error"]["code"]) == (True, "servers_failed")
        assert result["servers"][0]["verdict"] in ("failed", "unknown")
        assert {row["verdict"] for row in result["servers"][1:]} <= {"done", "running"}

    def expect_code(self, code: str, result: dict[str, Any], before: list[dict[str, Any]]) -> None:
        assert result.get("failed"), "the task did not fail"
        assert result["error"]["code"] == code, result["error"]
        assert len(result["error"]["message"]) > 20 and result["msg"].startswith(result["error"]["message"][:20])
        if self.request.later:
            return
        assert not result.get("changed"), "nothing was done"
        assert self.lab.simulator.jobs() == before

    def follow_up(self, expected: str, fault: str) -> None:
        """The same task once more, with no fault: it succeeds, and each server is in one job of these items."""
        simulator = self.lab.simulator
        simulator.clear_faults()
        if self.request.module != JOB or "name" not in self.options or self.options.get("state") == "absent":
            return
        result = self.lab.run(JOB, {**self.options, "wait": True})
        assert not result.get("failed"), result["msg"]
        assert {row["verdict"] for row in result["servers"]} == {"done"}
        alive = [each for each in simulator.jobs() if not each["deleted"] and each["name"] == "upgrade"]
        mine = [each for each in alive if set(each["server_ids"]) & set(servers(1, 2))]
        assert [sorted(each["server_ids"]) for each in mine] == [sorted(servers(1, 2))], "exactly one job"


@pytest.mark.parametrize(("name", "wait"), ROWS, ids=lambda value: str(value).replace(" ", "_"))
def test_row(labs, record_property, name, wait):
    lab = labs.get()
    try:
        cell = Cell(lab, name, wait, None)
    finally:
        labs.put(lab)

    def check(fault: str) -> str | None:
        lab = labs.get()
        try:
            Cell(lab, name, wait, (cell.plain, cell.asked)).check(fault, expectation(name, fault, wait))
            return None
        except Exception as error:
            return f"{name} x {fault}, wait={wait}: {expectation(name, fault, wait)}: {type(error).__name__} {error}"
        finally:
            labs.put(lab)

    cells = faults_of(REQUESTS[name])
    with concurrent.futures.ThreadPoolExecutor(LABS) as pool:
        failures = [text for text in pool.map(check, cells) if text]
    record_property("cells", len(cells))
    record_property("failed", len(failures))
    assert not failures, "\n".join(failures)
