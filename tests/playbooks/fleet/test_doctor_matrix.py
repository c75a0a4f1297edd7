# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every switch and every fault of the simulator against every check of the doctor.

A cell says which checks are not ok, and with which status; all others have to be. A switch, a value of it or a fault
that has no cell is a failure.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playbooks.fleet.doctor_lab import (
    ITEMS,
    PROJECT_CHECKS,
    LabClock,
    examine,
    job_of,
    mark_of,
    not_ok,
    only_reads,
)
from simulator.faults import KINDS, SHIFTED_OPERATIONS, SHIFTING_KINDS
from simulator.process import Simulator
from simulator.settings import Settings

from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._connection import build_api
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._connection_options import (
    connection_argument_spec,
)

OK: dict[str, str] = {}
OF_JOBS = {
    *("job_list_keeps", "job_list_order", "job_list_by_name", "job_list_by_id", "job_times", "job_statuses"),
    *("job_descriptions", "job_items", "job_tasks", "job_ends", "job_retention", "task_servers"),
}
OF_DETAILS = {"job_descriptions", "job_items", "job_tasks", "job_ends", "job_retention", "task_servers"}
OF_SERVERS = {"server_list_whole", "server_ids", "server_names", "server_statuses", "supernodes"}


def unknown(*checks: str) -> dict[str, str]:
    return dict.fromkeys(checks, "unknown")


# What is there before each cell: marked jobs that have ended and one that runs, and some of before the collection.


def populate(simulator: Simulator) -> None:
    simulator.seed(
        [
            {"name": "old", "items": ITEMS, "servers": {simulator.server_id(4): "FAILED"}, "age": 90000},
            job_of(simulator, 1, 2, age=7200),
            job_of(simulator, 3, age=3600),
            job_of(simulator, 5, age=50, task_status="PROCESSING"),
        ]
    )


def create(simulator: Simulator) -> None:
    """A job that is really started, as the collection does it."""
    options = {name: spec.get("default") for name, spec in connection_argument_spec().items()}
    api = build_api({**options, **simulator.credentials()}, LabClock(simulator), lambda _token: None)
    body = {"name": "upgrade", "type": "HDK_UPGRADE", "items": ITEMS, "description": mark_of(2)}
    api.create_job({**body, "server_ids": [simulator.server_id(number) for number in (6, 7)]})
    simulator.clear_requests()


def event(simulator: Simulator) -> None:
    simulator.seed_event(1)


def deleted_job(simulator: Simulator) -> None:
    simulator.seed([job_of(simulator, 8, age=10, status="DELETED")])


def late_job(simulator: Simulator) -> None:
    """One that comes to light between the first list and the last one, as old as the lag is long."""
    simulator.set(query_lag=1000)
    simulator.seed([job_of(simulator, 8, age=999.7)])
    simulator.fault("list_software", "slow", delay=0.6)


def young_job(simulator: Simulator) -> None:
    simulator.set(query_lag=1000)
    simulator.seed([job_of(simulator, 8, age=5)])


@dataclasses.dataclass(frozen=True)
class Cell:
    """A value of a switch, what is made ready besides, and the checks that are not ok then."""

    value: Any
    expected: dict[str, str]
    prepare: Callable[[Simulator], None] = lambda _simulator: None
    more: dict[str, Any] = dataclasses.field(default_factory=dict)


SWITCHES: dict[str, list[Cell]] = {
    "name_filter": [Cell("substring", OK), Cell("none", OK)],
    "paging": [Cell("all", OK), Cell("page", OK, more={"page_size": 2})],
    "server_paging": [Cell("all", OK), Cell("page", OK)],
    "page_size": [Cell(3, OK), Cell(1024, OK)],
    "order": [Cell("oldest", OK), Cell("random", {"job_list_order": "warning"})],
    "event_paging": [
        Cell("all", {"scheduled_events": "warning"}, event),
        Cell("page", {"scheduled_events": "warning"}, event),
        Cell("first", {"scheduled_events": "warning"}, event),
    ],
    "event_page_size": [Cell(1, {"scheduled_events": "warning"}, event)],
    "event_count": [Cell("page", {"scheduled_events": "warning"}, event)],
    "event_filters": [Cell("none", {"scheduled_events": "warning"}, event)],
    "event_instance_id": [
        Cell("cloud", {"scheduled_events": "warning"}, event),
        Cell("underlying", {"scheduled_events": "warning"}, event),
    ],
    "timestamps": [Cell(form, OK) for form in ("string", "iso", "short", "offset")],
    "rename": [Cell(False, OK)],
    "processing_status": [Cell("RUNNING", {"job_statuses": "warning"})],
    "finished_status": [
        Cell("COMPLETED", {"job_statuses": "failed", "job_ends": "unknown", "job_retention": "unknown"})
    ],
    "unique_names": [Cell(True, OK)],
    "not_found": [Cell(404, OK)],
    "deleted_jobs": [Cell("listed", OK, deleted_job)],
    "delete_running": [Cell("refuse", OK)],
    "create_answer": [Cell("empty_tasks", OK)],
    "mask_specs": [Cell(True, {"job_items": "warning"})],
    "normalize_versions": [Cell(True, OK)],
    "add_defaults": [Cell(True, {"job_items": "warning"})],
    "items_delay": [Cell(1e6, {"job_items": "warning"})],
    "tasks_in_parts": [Cell(1e6, {"job_tasks": "warning"})],
    "finished_early": [Cell(3600, {"job_ends": "failed"}, create, {"job_duration": 1800})],
    "detail_delay": [
        Cell(1e6, {"read_job": "warning", **unknown(*OF_DETAILS), "job_statuses": "unknown"}),
        Cell(60, {"read_job": "warning"}),
    ],
    "lagging_query": [
        Cell("plain", {"job_list_keeps": "failed"}, late_job),
        Cell("name", {"job_list_by_name": "warning"}, young_job),
        Cell("id", {"job_list_by_id": "warning"}, young_job),
        Cell("any", OK, young_job),
    ],
    "query_lag": [Cell(1000, OK)],
    "tasks_retention": [
        Cell(7200, {"job_retention": "warning"}),
        Cell(10, {"job_tasks": "failed", "job_ends": "unknown", "job_retention": "warning"}),
    ],
    "retention": [Cell(7200, OK)],
    "null_times_after": [
        Cell(7000, {"job_times": "warning"}),
        Cell(1, {"job_times": "failed", "job_list_order": "unknown"}),
    ],
    "upper_ids": [Cell(True, OK)],
    "restart_failed": [Cell(60, OK)],
    "null_data": [Cell(True, OK)],
    "tasks_delay": [Cell(3600, {"job_tasks": "warning"}, create, {"job_duration": 7200})],
    "list_lag": [Cell(1000, OK, create)],
    "job_duration": [Cell(3600, OK, create)],
    "duration_spread": [Cell(60, OK, create)],
    "power_duration": [Cell(60, OK)],
    "reboot_delay": [Cell(60, OK)],
    "clock_offset": [Cell(28800, OK), Cell(-28800, OK)],
    "throttle": [
        Cell({"limit": 5, "window": 60}, {"throttling": "warning"}),
        Cell({"limit": 100, "window": 60}, OK),
    ],
    "throttle_retry_after": [Cell(True, {"throttling": "warning"}, more={"throttle": {"limit": 5, "window": 60}})],
    "lock_seconds": [Cell(1, OK)],
    "token_lifetime": [Cell(60, OK)],
    "token_error": [Cell("APIGW.0301", OK)],
    "supernode_share": [Cell(0, OK), Cell(1, OK)],
    "supernode_size": [Cell(2, OK)],
    "foreign_servers": [Cell(3, OK)],
    "record_bodies": [Cell(False, OK)],
}
# Credentials: what comes of wrong ones is in tests/security/test_doctor.py.
NO_SWITCH = {
    *("project_id", "access_key", "secret_key", "security_token", "user_name", "password", "domain_name"),
    "static_token",
}
CELLS = [(name, cell) for name, cells in SWITCHES.items() for cell in cells]


def test_on_the_plain_simulator_all_is_ok(simulator: Simulator) -> None:
    populate(simulator)
    result = examine(simulator)
    assert not_ok(result) == OK, result["lines"]
    assert [check["check"] for check in result["checks"]] == PROJECT_CHECKS
    assert result["lines"] == [
        f"{len(PROJECT_CHECKS)} of {len(PROJECT_CHECKS)} checks are fine;"
        f" {result['requests']} requests, nothing was written."
    ]
    assert result["requests"] == simulator.count("total")
    only_reads(simulator)


@pytest.mark.parametrize(("name", "cell"), CELLS, ids=[f"{name}={cell.value}" for name, cell in CELLS])
def test_a_switch(simulator: Simulator, name: str, cell: Cell) -> None:
    simulator.reset(**{"job_duration": 0, **cell.more, name: cell.value})
    populate(simulator)
    cell.prepare(simulator)
    result = examine(simulator)
    assert not_ok(result) == cell.expected, result["lines"]
    only_reads(simulator)


def values_of(field: dataclasses.Field[Any]) -> Iterator[Any]:
    """The values of a switch other than its default, where they can be counted."""
    rule = field.metadata["rule"]
    if rule.startswith("must be one of "):
        yield from ast.literal_eval(f"({rule.removeprefix('must be one of ')},)")[1:]
    elif isinstance(field.default, bool):
        yield not field.default


def test_every_switch_and_every_value_has_a_cell() -> None:
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    assert set(SWITCHES) | NO_SWITCH == set(fields)
    assert not set(SWITCHES) & NO_SWITCH
    for name, cells in SWITCHES.items():
        there = [cell.value for cell in cells]
        assert there and fields[name].default not in there, name
        assert [value for value in values_of(fields[name]) if value not in there] == [], name


# Faults

# operation: (its check, its status where the call fails, checks that cannot be made without it)
CALLS: dict[str, tuple[str, str, set[str]]] = {
    "list_jobs": ("list_jobs", "failed", {"read_job", "job_list_whole", *OF_JOBS}),
    "get_job": ("read_job", "failed", {*OF_DETAILS, "job_statuses"}),
    "list_servers": ("list_servers", "failed", {"read_server", "task_servers", *OF_SERVERS}),
    "list_all_servers": ("list_all_servers", "warning", set()),
    "get_server": ("read_server", "failed", set()),
    "list_templates": ("list_templates", "failed", {"read_template", "upgrade_template", "template_defaults"}),
    "get_template": ("read_template", "warning", set()),
    "list_software": ("list_software", "failed", {"hdk_versions"}),
    "list_scheduled_events": ("list_events", "warning", {"scheduled_events"}),
}
OF_ONE = {"get_job", "get_server", "get_template"}
FINE, LOST, BROKEN, ABSENT, REFUSED, THROTTLED = "fine", "lost", "broken", "absent", "refused", "throttled"
# kind: (what comes of it where it stays, its parameters)
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "drop_before": (LOST, {}),
    "drop_after": (LOST, {}),
    "throttled": (THROTTLED, {"window": "1 minute"}),
    "error_500": (BROKEN, {}),
    "error_502_html": (BROKEN, {}),
    "error_503_before": (BROKEN, {}),
    "error_503_after": (BROKEN, {}),
    "error_504_after": (BROKEN, {}),
    "bad_json": (BROKEN, {}),
    "empty_body": (BROKEN, {}),
    "wrong_shape": (BROKEN, {}),
    "slow": (FINE, {"delay": 0.01}),
    "hold": (LOST, {}),
    "unauthorized": (REFUSED, {}),
    # A permission that is missing: what the other calls say stands.
    "forbidden": (BROKEN, {}),
    "redirect": (BROKEN, {"location": "http://127.0.0.1:9/"}),
    "not_found": (ABSENT, {}),
    "grows": (FINE, {}),
    "shrinks": (FINE, {}),
}
# Of these, one that comes once is repeated.
REPEATED = {
    "drop_before",
    "drop_after",
    "error_500",
    "error_502_html",
    "error_503_before",
    "error_503_after",
    "error_504_after",
}
# What a list has shown is deleted before it is read.
GONE = {"read_job": "warning", **dict.fromkeys(("job_list_keeps", "job_list_by_name", "job_list_by_id"), "warning")}
SHRUNK = {"list_jobs": GONE, "list_servers": OK, "list_all_servers": {"read_server": "warning"}}
FAULTS_OF_CALLS = [
    (operation, kind)
    for operation in CALLS
    for kind in FAULTS
    if kind not in SHIFTING_KINDS or operation in SHIFTED_OPERATIONS
]


def everything_but(**expected: str) -> dict[str, str]:
    """All unknown but these; ``ok`` for those that are."""
    found = {**dict.fromkeys(PROJECT_CHECKS, "unknown"), **expected}
    return {check: status for check, status in found.items() if status != "ok"}


def expected_of(operation: str, kind: str) -> dict[str, str]:
    """The checks that are not ok where every call of an operation meets this fault."""
    check, status, without = CALLS[operation]
    effect = FAULTS[kind][0]
    if kind == "shrinks":
        return SHRUNK[operation]
    if effect == FINE:
        return OK
    if operation == "list_jobs" and effect == LOST:
        # Nothing has answered yet, and nothing more is asked.
        return everything_but(connection="failed")
    if operation == "list_jobs" and effect == REFUSED:
        return everything_but(connection="ok", clock="ok", credentials="failed")
    if effect == ABSENT and operation in OF_ONE:
        status = "warning"
    expected = {check: status, **unknown(*without)}
    if operation == "list_jobs":
        expected = {**expected, **unknown(*OF_JOBS)}
    if effect == REFUSED:
        expected["credentials"] = "warning"
    if effect == REFUSED and operation == "get_job":
        # The second refusal is the last one.
        expected.update(unknown("job_list_keeps", "throttling"))
    if effect == THROTTLED:
        expected["throttling"] = "warning"
    return expected


def test_every_fault_has_a_row() -> None:
    assert set(FAULTS) == set(KINDS)


@pytest.mark.parametrize(("operation", "kind"), FAULTS_OF_CALLS)
def test_a_fault_that_stays(simulator: Simulator, operation: str, kind: str) -> None:
    populate(simulator)
    # A list that changes at each page cannot be read whole by anybody.
    simulator.fault(operation, kind, times=1 if kind in SHIFTING_KINDS else None, **FAULTS[kind][1])
    result = examine(simulator, **({"request_timeout": 1, "max_retries": 0} if kind == "hold" else {}))
    assert not_ok(result) == expected_of(operation, kind), result["lines"]
    only_reads(simulator)


@pytest.mark.parametrize(("operation", "kind"), [each for each in FAULTS_OF_CALLS if each[1] in REPEATED])
def test_a_fault_that_passes(simulator: Simulator, operation: str, kind: str) -> None:
    populate(simulator)
    simulator.fault(operation, kind, **FAULTS[kind][1])
    result = examine(simulator)
    assert not_ok(result) == OK, result["lines"]
    only_reads(simulator)
