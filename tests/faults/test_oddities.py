# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""However a service shows its jobs, alone and all at once: what is done is done as without it.

A cell is a switch and a history of runs. Its expectation is ``EXPECTED``; a cell without one fails. The histories of a
switch run side by side, each in a lab of its own.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from faults.lab import Lab, job, servers
from simulator.settings import Settings

OLD, NEW = "24.1.rc3.9", "24.1.rc3.10"
SOON, LONG_AGO, NEVER = 0.5, 100.0, 1e6
SWITCHES: dict[str, dict[str, Any]] = {
    "none": {},
    "normalize_versions": {"normalize_versions": True},
    "add_defaults": {"add_defaults": True},
    "mask_specs": {"mask_specs": True},
    "items_delay": {"items_delay": SOON},
    "items_delay, for ever": {"items_delay": NEVER},
    "tasks_delay": {"tasks_delay": SOON},
    "tasks_in_parts": {"tasks_in_parts": SOON},
    "finished_early": {"finished_early": SOON},
    "detail_delay": {"detail_delay": SOON},
    "list_lag": {"list_lag": SOON},
    "lagging_query, plain": {"lagging_query": "plain", "query_lag": SOON},
    "lagging_query, name": {"lagging_query": "name", "query_lag": SOON},
    "lagging_query, id": {"lagging_query": "id", "query_lag": SOON},
    "tasks_retention": {"tasks_retention": LONG_AGO},
    "retention": {"retention": LONG_AGO},
    "null_times_after": {"null_times_after": LONG_AGO},
    "upper_ids": {"upper_ids": True},
    "restart_failed": {"restart_failed": SOON},
    "null_data": {"null_data": True},
    "create_answer": {"create_answer": "empty_tasks"},
    "deleted_jobs": {"deleted_jobs": "listed"},
    "order": {"order": "random"},
    "name_filter": {"name_filter": "none"},
    "paging": {"paging": "page", "page_size": 1},
    "timestamps": {"timestamps": "iso"},
    "processing_status": {"processing_status": "ACTIVE"},
}
ALL: dict[str, Any] = {}
for _settings in SWITCHES.values():
    ALL |= _settings
ALL |= {"lagging_query": "any", "items_delay": SOON}
SWITCHES["all"] = ALL


class History:
    """Runs on a fleet, one after the other; ``runs`` says what came of each."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.runs: list[tuple[Any, ...]] = []

    def run(self, *numbers: int, version: str = NEW, name: str = "upgrade", wait: bool = True) -> None:
        options = job(*numbers, version=version, name=name, wait=wait, request_timeout=10)
        result = self.lab.run("liteserver_job", options)
        submitted = [number for number in numbers if servers(number)[0] in result["submitted_server_ids"]]
        code = result.get("error", {}).get("code")
        verdicts = [row["verdict"] for row in result["servers"]] if wait else None
        self.runs.append((result["action"], submitted, code, verdicts))


def create(history: History) -> None:
    history.run(1, 2)


def lost_answer(history: History) -> None:
    history.lab.simulator.fault("create_job", "drop_after")
    history.run(1, 2)
    history.run(1, 2)


def repeat(history: History) -> None:
    history.run(1, 2)
    history.run(1, 2)


def repeat_at_once(history: History) -> None:
    history.run(1, 2, wait=False)
    history.run(1, 2)


def partial_failure(history: History) -> None:
    history.lab.simulator.server(2, fail=1)
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


def play(history_of: Callable[[History], None], settings: dict[str, Any]) -> str | None:
    """Play one cell in a lab of its own; what is not as expected."""
    with Lab() as lab:
        lab.simulator.set(job_duration=1.0, **settings)
        # What was there before: of the same type, but for a service that does not tell any more whose it was.
        item = (
            {"type": "COMMON"} if "tasks_retention" in settings else {"type": "HDK_UPGRADE", "spec": {"version": OLD}}
        )
        lab.simulator.seed(
            [{"name": "old", "items": [item], "servers": {servers(9)[0]: "SUCCESS"}, "age": 2 * LONG_AGO}]
            if "retention" not in settings or "tasks_retention" not in settings
            else []
        )
        history = History(lab)
        history_of(history)
        doubled = lab.twice_started()
        created = sum(1 for each in lab.simulator.jobs() if each["name"] != "old")
    expected = EXPECTED[history_of]
    if history.runs != expected:
        return f"{history_of.__name__}: {history.runs}, not {expected}"
    if doubled or created != sum(1 for _action, submitted, *_rest in expected if submitted):
        return f"{history_of.__name__}: {created} jobs, started twice: {doubled}"
    return None


def test_every_oddity_is_a_row():
    names = [field.name for field in dataclasses.fields(Settings)]
    oddities = names[names.index("normalize_versions") : names.index("tasks_delay")]
    assert len(oddities) > 12
    assert set(oddities) <= set(ALL), "a switch without a row"
    assert set(EXPECTED) == {create, lost_answer, repeat, repeat_at_once, partial_failure, growth, rollback}


@pytest.mark.parametrize("switch", SWITCHES)
def test_row(record_property, switch):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        failures = [text for text in pool.map(lambda history: play(history, SWITCHES[switch]), EXPECTED) if text]
    record_property("oddities, cells", len(EXPECTED))
    assert not failures, "\n".join(failures)
