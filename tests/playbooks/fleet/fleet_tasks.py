# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of the modules about servers, templates, software, services and power, and what is common to their results."""

from __future__ import annotations

# A boolean is a number to isinstance, and a subclass of an error is not the error that is meant.
# pylint: disable=unidiomatic-typecheck
from collections.abc import Callable
from typing import Any

from playbooks.harness import COUNT_KEYS, ERROR_KEYS, SERVER_KEYS, Run, Step, Task, servers

SERVER_INFO = "modelarts.liteserver.liteserver_info"
TEMPLATE_INFO = "modelarts.liteserver.liteserver_job_template_info"
SOFTWARE_INFO = "modelarts.liteserver.liteserver_software_info"
SERVICE_INFO = "modelarts.liteserver.liteserver_service_info"
EVENT_INFO = "modelarts.liteserver.liteserver_event_info"
DOCTOR = "modelarts.liteserver.liteserver_doctor"
POWER = "modelarts.liteserver.liteserver_power"

POWER_KEYS = {
    *("changed", "action", "servers", "counts", "failed_server_ids", "submitted_server_ids", "timed_out", "elapsed"),
}
# Faults of one request that go away by themselves.
TRANSIENT: dict[str, dict[str, Any]] = {
    "error_500": {},
    "error_502_html": {},
    "error_503_before": {},
    "error_504_after": {},
    "drop_before": {},
    "drop_after": {},
    "throttled": {"retry_after": 1, "window": "1 second"},
}
# Answers of another shape: something else may be answering there.
MALFORMED: dict[str, dict[str, Any]] = {"bad_json": {}, "empty_body": {}, "wrong_shape": {}}


def task(module: str, **options: Any) -> Task:
    """A task whose failure does not end the play."""
    return {module: options, "ignore_errors": True}


def server_info(**options: Any) -> Task:
    """A ``liteserver_info`` task."""
    return task(SERVER_INFO, **options)


def template_info(**options: Any) -> Task:
    """A ``liteserver_job_template_info`` task."""
    return task(TEMPLATE_INFO, **options)


def software_info(**options: Any) -> Task:
    """A ``liteserver_software_info`` task."""
    return task(SOFTWARE_INFO, **options)


def service_info(**options: Any) -> Task:
    """A ``liteserver_service_info`` task."""
    return task(SERVICE_INFO, **options)


def event_info(**options: Any) -> Task:
    """A ``liteserver_event_info`` task."""
    return task(EVENT_INFO, **options)


def doctor(**options: Any) -> Task:
    """A ``liteserver_doctor`` task."""
    return task(DOCTOR, **options)


def power(state: str, *numbers: int, **options: Any) -> Task:
    """A ``liteserver_power`` task over the simulator's servers with these numbers; a stop has ``force``."""
    defaults: Task = {"state": state, "server_ids": servers(*numbers), "request_timeout": 5}
    if state == "stopped":
        defaults["force"] = True
    return task(POWER, **{**defaults, **options})


def all_in(simulator: Any, status: str, *numbers: int) -> None:
    """Put servers into a status."""
    for number in numbers:
        simulator.server(number, status=status)


def names(step: Step) -> list[str]:
    """The numbers in the names of the servers that a step tells, in its order."""
    return [server["name"] for server in step["servers"]]


def named(*numbers: int) -> list[str]:
    """The names of the simulator's servers with these numbers."""
    return [f"liteserver-{number:05d}" for number in numbers]


def operations(step: Step) -> list[str]:
    """The requests of a step by their operation, in their order."""
    return [each["operation"] for each in step.requests]


def check_reading(step: Step, *keys: str) -> None:
    """Assert a success of an info module with these keys, without a write."""
    assert not step.failed, step["msg"]
    assert set(step.result) == {"changed", *keys}
    assert step["changed"] is False
    assert step.writes == 0


def check_error(step: Step, code: str | None = None, http_status: int | None = None) -> None:
    """Assert a failure that tells what it is."""
    assert step.failed
    assert set(step["error"]) == ERROR_KEYS
    assert step["error"]["message"] in step["msg"]
    assert step["error"]["http_status"] == http_status
    if code is not None:
        assert step["error"]["code"] == code
    if http_status is not None:
        assert len(step["error"]["request_id"]) == 32
        assert step["error"]["request_id"] in step["msg"]


def check_power(step: Step) -> None:
    """Assert that a ``liteserver_power`` result has its keys, and that its parts agree."""
    result = step.result
    assert set(result) == POWER_KEYS | ({"msg", "error"} if step.failed else set()), result
    assert type(result["changed"]) is bool
    assert type(result["timed_out"]) is bool
    assert type(result["elapsed"]) is float
    assert set(result["counts"]) == COUNT_KEYS
    for row in result["servers"]:
        assert set(row) == SERVER_KEYS
        assert (row["task_id"], row["job_id"]) == (None, None)
    for verdict in COUNT_KEYS - {"total"}:
        assert result["counts"][verdict] == step.verdicts.count(verdict)
    assert result["counts"]["total"] == len(result["servers"])
    assert result["failed_server_ids"] == [row["server_id"] for row in result["servers"] if row["verdict"] == "failed"]
    assert result["changed"] is bool(result["submitted_server_ids"])
    assert (result["action"] == "none") is not result["changed"]
    if step.failed:
        assert set(result["error"]) == ERROR_KEYS
        assert result["error"]["message"] in result["msg"]


def power_steps(run: Run) -> list[Step]:
    """The steps of ``liteserver_power``, each checked."""
    steps = run.only("action")
    for step in steps:
        check_power(step)
    return steps


def until(simulator: Any, condition: Callable[[], bool]) -> None:
    """Ask the simulator until something has happened there; each look is a request, so this is no hot loop."""
    for _look in range(100_000):
        if condition():
            return
    raise AssertionError("it did not happen")
