# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents of the API leave open changes nothing about which jobs are created.

Each switch of the simulator, with each of its values, under one story: a partial failure and
its repeat, two slices of one name, a fleet that grows, and a last run that has nothing to do.
"""

from __future__ import annotations

# A boolean is a number to isinstance, and a subclass of an error is not the error that is meant.
# pylint: disable=unidiomatic-typecheck
import pytest
from playbooks.harness import OTHER_VERSION, VERSION, job, servers

DAY = 86400

# Settings, and what a warning may say then. Switches that have nothing to do with each other share a
# run; those that make things late, or name a status that nobody documented, have one of their own.
SWITCHES = [
    ({"name_filter": "exact", "order": "newest", "timestamps": "int", "paging": "offset", "page_size": 3}, None),
    ({"name_filter": "substring", "order": "oldest", "timestamps": "string", "not_found": 404}, None),
    ({"name_filter": "none", "order": "random", "timestamps": "iso", "rename": False}, None),
    ({"name_filter": "none", "paging": "offset", "page_size": 4, "clock_offset": 400 * DAY}, None),
    ({"paging": "page", "page_size": 3, "order": "oldest", "clock_offset": -400 * DAY}, None),
    ({"paging": "all", "page_size": 3, "deleted_jobs": "listed"}, None),
    ({"page_size": 1, "order": "random"}, None),
    ({"tasks_delay": 1}, None),
    ({"tasks_delay": 1, "create_answer": "empty_tasks", "job_duration": 1.5}, None),
    ({"list_lag": 1.5}, None),
    ({"finished_status": "ARCHIVED"}, "job status not documented"),
    ({"processing_status": "QUEUED", "job_duration": 0.3}, "job status not documented"),
    ({"processing_status": "ACTIVE", "job_duration": 0.5, "duration_spread": 1}, None),
    ({"create_answer": "empty_tasks"}, None),
    ({"throttle": {"limit": 4, "window": 1}}, None),
    (
        {
            "name_filter": "none",
            "paging": "page",
            "page_size": 4,
            "order": "random",
            "timestamps": "iso",
            "tasks_delay": 0.5,
            "list_lag": 1,
            "job_duration": 0.7,
            "finished_status": "ARCHIVED",
            "not_found": 404,
            "rename": False,
            "deleted_jobs": "listed",
            "clock_offset": -30 * DAY,
        },
        "job status not documented",
    ),
]


def name_of(switch):
    return "-".join(f"{key}={value}" for key, value in switch.items()) if isinstance(switch, dict) else ""


def past_jobs():
    """Jobs that say nothing about this one: other names with the same items, and an older version."""
    fleet = dict.fromkeys(servers(*range(1, 7)), "SUCCESS")
    upgrade = [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]
    older = [{"type": "HDK_UPGRADE", "spec": {"version": OTHER_VERSION}}]
    other = [{"type": "COMMON", "spec": {"command": VERSION}}]
    return [
        {"name": "upgrade", "items": upgrade, "servers": fleet, "age": 9000},
        {"name": "upgrade", "items": older, "servers": fleet, "age": 8000},
        {"name": "upgrade", "items": older, "servers": fleet, "age": 7000, "status": "DELETED"},
        {"name": "my-upgrade", "items": upgrade, "servers": fleet, "age": 6000},
        {"name": "upgrade-2", "items": upgrade, "servers": fleet, "age": 5000},
        {"name": "Upgrade", "items": upgrade, "servers": fleet, "age": 4000},
        {"name": "upgrade", "items": other, "servers": fleet, "age": 3000},
        {"name": "upgrade", "items": other, "servers": dict.fromkeys(fleet, "PROCESSING"), "age": 2000},
    ]


@pytest.mark.parametrize(("switch", "warning"), SWITCHES, ids=name_of)
def test_the_outcome_is_the_same(simulator, playbook, switch, warning):
    simulator.set(**{"job_duration": 0.3, **switch})
    simulator.seed(past_jobs())
    simulator.server(2, fail=1)
    run = playbook.run(
        job(1, 2, 3, wait=True),
        job(4, 5),
        job(1, 2, 3, wait=True),
        job(5, 3, 2, 1, 4, 6, wait=True),
        job(1, 2, 3, 4, 5, 6, wait=True),
    )
    for step in run:
        step.check_keys()
        if warning and step.warnings:
            step.warns(warning)
    assert [step.created for step in run] == [
        [servers(1, 2, 3)],
        [servers(4, 5)],
        [servers(2)],
        [servers(6)],
        [],
    ]
    assert [step.failed for step in run] == [True, False, False, False, False]
    assert [step["changed"] for step in run] == [True, True, True, True, False]
    assert len(simulator.jobs()) == len(past_jobs()) + 4
    assert run[0].verdicts == ["done", "failed", "done"]
    for step in run.steps[2:]:
        assert set(step.verdicts) == {"done"}
    assert run[4]["action"] == "none"
    assert [row["server_id"] for row in run[3]["servers"]] == servers(5, 3, 2, 1, 4, 6)
    # Times are told in one form, whatever the service's is.
    assert type(run[0]["job"]["create_at"]) is int
    # Nothing was asked in a hot loop.
    assert max(len(step.requests) for step in run) <= 60
