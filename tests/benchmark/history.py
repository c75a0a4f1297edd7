# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run that finds nothing to do costs, over a long history of jobs."""

from __future__ import annotations

import statistics
import sys
from dataclasses import dataclass

from contenders import ITEMS, JOB
from measure import connection, play_cost
from simulator.process import Simulator

SERVERS = 64
# A task takes a third of a second, so that a median of fewer would be that of the machine's moods.
LEAST_ROUNDS = 10
BASELINE = "a module that imports requests and does one GET"
SAME_NAME, ANY_NAME = "reuse: same_name", "reuse: any_name"


@dataclass(frozen=True)
class Row:
    """The median of one task over a history of so many jobs.

    :ivar requests: of one such task.
    """

    task: str
    jobs: int
    seconds: float
    requests: float


def measured(jobs: int, rounds: int) -> list[Row]:
    """Measure in one play, one task after the other, so that what else the machine does falls on all."""
    with Simulator(servers=SERVERS, settings={"record_bodies": False}, history=jobs - 1) as simulator:
        ids = [simulator.server_id(number) for number in range(1, SERVERS + 1)]
        simulator.seed([{"name": JOB["name"], "items": ITEMS, "servers": dict.fromkeys(ids, "SUCCESS"), "age": 1}])
        wanted = {**JOB, "items": ITEMS, "server_ids": ids}
        tasks = {
            BASELINE: {"requests_get": {"url": simulator.url + "/_control/settings"}},
            SAME_NAME: {"modelarts.liteserver.liteserver_job": wanted},
            ANY_NAME: {"modelarts.liteserver.liteserver_job": {**wanted, "reuse": "any_name"}},
        }
        rows = []
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "tasks": [{**task, "name": name} for _round in range(rounds) for name, task in tasks.items()],
        }
        cost = play_cost(play, None, connection(simulator))
        if any(line["failed"] or line["changed"] for line in cost.tasks) or simulator.count("writes"):
            sys.exit(f"a task failed or changed something, so the figures would mean nothing: {cost.tasks}")
        by_name = dict.fromkeys(tasks, 0)
        for entry in simulator.requests("list_jobs"):
            by_name[SAME_NAME if entry["query"].get("name") else ANY_NAME] += 1
        for name in tasks:
            seconds = [line["seconds"] for line in cost.tasks if line["task"] == name]
            # One look at the newest job, which decides, besides the list.
            requests = by_name[name] / rounds + (name != BASELINE)
            rows.append(Row(name, jobs, statistics.median(seconds), requests))
    return rows
