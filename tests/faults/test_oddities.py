# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""However a service shows its jobs, alone and all at once: what is done is done as without it.

A cell is a switch and a history of runs. Its expectation is ``EXPECTED``, the same for every switch; a cell without one
fails. The matrix is played on the fleet in memory; what that does not have, and all at once, through real processes.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from faults.fake_fleet import Fleet, Oddities, Run
from faults.fake_fleet import play as play_runs
from faults.lab import Lab, job, servers
from simulator.settings import Settings

OLD, NEW = "24.1.rc3.9", "24.1.rc3.10"
SOON, LATER, LONG_AGO, NEVER = 0.5, 3.0, 5000.0, 1e9
SWITCHES: dict[str, dict[str, Any]] = {
    "none": {},
    "normalize_versions": {"normalize_versions": True},
    "add_defaults": {"add_defaults": True},
    "mask_specs": {"mask_specs": True},
    "items_delay": {"items_delay": LATER},
    "items_delay, for ever": {"items_delay": NEVER},
    "tasks_in_parts": {"tasks_in_parts": LATER},
    "finished_early": {"finished_early": LATER},
    "detail_delay": {"detail_delay": LATER},
    "tasks_retention": {"tasks_retention": LONG_AGO},
    "retention": {"retention": LONG_AGO},
    "null_times_after": {"null_times_after": LONG_AGO},
    "upper_ids": {"upper_ids": True},
    "restart_failed": {"restart_failed": LATER},
    "null_data": {"null_data": True},
    "lagging_query": {"lagging_query": "plain", "query_lag": LATER},
}
ALL: dict[str, Any] = {name: value for settings in SWITCHES.values() for name, value in settings.items()}
ALL["items_delay"] = LATER
SWITCHES["all"] = ALL
# What the fleet in memory does not have, because it is about HTTP or about queries, and everything at once.
SIMULATED: dict[str, dict[str, Any]] = {
    "none": {},
    "null_data": {"null_data": True},
    "lagging_query": {"lagging_query": "plain", "query_lag": SOON},
    "restart_failed": {"restart_failed": SOON},
    "all": {
        **{name: SOON if value == LATER else value for name, value in ALL.items()},
        "null_data": True,
        "restart_failed": SOON,
        "lagging_query": "any",
        "query_lag": SOON,
        "tasks_delay": SOON,
        "list_lag": SOON,
        "create_answer": "empty_tasks",
        "deleted_jobs": "listed",
        "order": "random",
        "name_filter": "none",
        "paging": "page",
        "page_size": 1,
        "timestamps": "iso",
        "processing_status": "ACTIVE",
    },
}


class History:
    """Runs on a fleet, one after the other; ``runs`` says what came of each."""

    def __init__(self) -> None:
        self.runs: list[tuple[Any, ...]] = []

    def run(self, *numbers: int, version: str = NEW, name: str = "upgrade", wait: bool = True) -> None:
        """Bring servers to a version."""
        options = job(*numbers, version=version, name=name, wait=wait, request_timeout=30)
        result = self.result_of(options)
        submitted = [number for number in numbers if servers(number)[0] in result["submitted_server_ids"]]
        code = (result.get("error") or {}).get("code")
        verdicts = [row["verdict"] for row in result["servers"]] if wait else None
        self.runs.append((result["action"], submitted, code, verdicts))

    def result_of(self, options: dict[str, Any]) -> dict[str, Any]:
        """The result of a run with these options."""
        raise NotImplementedError

    def fail_once(self, number: int) -> None:
        """Let the next task of a server fail."""
        raise NotImplementedError

    def lose_an_answer(self) -> None:
        """Let the answer to the next create be lost."""
        raise NotImplementedError


class InMemory(History):
    """On the fleet in memory, with its own clock; ``old`` is a job of the same type on another server."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()
        self.fleet = Fleet()
        self.fleet.odd = Oddities(**settings)
        self.faults: dict[int, str] = {}
        if "tasks_retention" not in settings:  # else nobody could tell that it was on another server
            self.fleet.create("old", OLD, "", servers(9))
        self.fleet.now += 2 * LONG_AGO

    def result_of(self, options: dict[str, Any]) -> dict[str, Any]:
        run = Run(self.fleet, options, faults=self.faults)
        self.faults = {}
        play_runs(self.fleet, [run], itertools.repeat(0))
        return {**run.operation.result(), "error": run.error and run.error.as_result()}

    def fail_once(self, number: int) -> None:
        self.fleet.fates[servers(number)[0]] = ["FAILED"]

    def lose_an_answer(self) -> None:
        self.faults = dict.fromkeys(range(99), "create lost after")


class Simulated(History):
    """On the simulator, through real processes."""

    def __init__(self, lab: Lab, settings: dict[str, Any], duration: float) -> None:
        super().__init__()
        self.lab = lab
        lab.simulator.set(job_duration=duration, **settings)

    def result_of(self, options: dict[str, Any]) -> dict[str, Any]:
        return self.lab.run("liteserver_job", options)

    def fail_once(self, number: int) -> None:
        self.lab.simulator.server(number, fail=1)

    def lose_an_answer(self) -> None:
        self.lab.simulator.fault("create_job", "drop_after")


def create(history: History) -> None:
    history.run(1, 2)


def lost_answer(history: History) -> None:
    history.lose_an_answer()
    history.run(1, 2)
    history.run(1, 2)


def repeat(history: History) -> None:
    history.run(1, 2)
    history.run(1, 2)


def repeat_at_once(history: History) -> None:
    history.run(1, 2, wait=False)
    history.run(1, 2)


def partial_failure(history: History) -> None:
    history.fail_once(2)
    history.run(1, 2)
    history.run(1, 2)
    history.run(1, 2)


def growth(history: History) -> None:
    history.run(1, 2)
    history.run(1, 2, 3)


def rollback(history: History) -> None:
    """With README's own names: the version is in the name."""
    history.run(1, 2, version=OLD, name="upgrade_" + OLD)
    history.run(1, 2, version=NEW, name="upgrade_" + NEW)
    history.run(1, 2, version=OLD, name="upgrade_" + OLD)


DONE = ["done", "done"]
CREATED, NOTHING = ("created", [1, 2], None, DONE), ("none", [], None, DONE)
# {history: what comes of its runs, whatever the service shows}
EXPECTED: dict[Callable[[History], None], list[tuple[Any, ...]]] = {
    create: [CREATED],
    lost_answer: [("attached", [1, 2], None, DONE), NOTHING],
    repeat: [CREATED, NOTHING],
    repeat_at_once: [("created", [1, 2], None, None), ("attached", [], None, DONE)],
    partial_failure: [
        ("created", [1, 2], "servers_failed", ["done", "failed"]),
        ("created", [2], None, DONE),
        NOTHING,
    ],
    growth: [CREATED, ("created", [3], None, ["done", "done", "done"])],
    rollback: [CREATED, CREATED, CREATED],
}


def missed(
    history_of: Callable[[History], None], history: History, created: int, doubled: Sequence[object]
) -> str | None:
    """What is not as expected after a history was played."""
    expected = EXPECTED[history_of]
    if history.runs != expected:
        return f"{history_of.__name__}: {history.runs}, not {expected}"
    if doubled or created != sum(1 for _action, submitted, *_rest in expected if submitted):
        return f"{history_of.__name__}: {created} jobs, started twice: {doubled}"
    return None


def test_every_oddity_is_a_row():
    names = [field.name for field in dataclasses.fields(Settings)]
    oddities = set(names[names.index("normalize_versions") : names.index("tasks_delay")])
    assert len(oddities) > 12
    assert oddities <= set(SIMULATED["all"]), "a switch of the simulator without a row"
    assert {field.name for field in dataclasses.fields(Oddities)} == set(ALL), "a switch in memory without a row"


@pytest.mark.parametrize("history_of", EXPECTED, ids=lambda history_of: history_of.__name__)
@pytest.mark.parametrize("switch", SWITCHES)
def test_cell(record_property, switch, history_of):
    history = InMemory(SWITCHES[switch])
    history_of(history)
    created = sum(1 for each in history.fleet.jobs if each.name != "old")
    failure = missed(history_of, history, created, history.fleet.doubled)
    record_property("oddities, cells", 1)
    assert not failure, failure


@pytest.mark.parametrize("history_of", EXPECTED, ids=lambda history_of: history_of.__name__)
@pytest.mark.parametrize("switches", SIMULATED)
def test_through_real_processes(lab, record_property, switches, history_of):
    # Long enough for a second run to find it under way.
    history = Simulated(lab, SIMULATED[switches], 8.0 if history_of is repeat_at_once else 1.0)
    history_of(history)
    failure = missed(history_of, history, len(lab.simulator.jobs()), lab.twice_started())
    record_property("oddities, cells through real processes", 1)
    assert not failure, failure
