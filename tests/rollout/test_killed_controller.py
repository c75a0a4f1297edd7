# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller is killed at any moment; one more run, and every server was upgraded exactly once."""

from __future__ import annotations

import json
import random
import time

import pytest
from rollout.rollout import play, role
from simulator.servers import server_id

SERVERS = 12
KILLS = 20
# So many requests has a run that is not killed, or a few more.
REQUESTS = 30


def check_record(record, jobs):
    """Every line of a record is true, or says that it does not know."""
    tasks = {}
    for job in jobs:
        for task in job["tasks"]:
            tasks.setdefault(task["server_id"], []).append((job["id"], task["status"]))
    for row in record["servers"]:
        served = dict(tasks.get(row["server_id"], []))
        if row["verdict"] == "done":
            assert served[row["job_id"]] == "SUCCESS"
        elif row["verdict"] == "running":
            assert row["job_id"] in served
        else:
            # Nothing is claimed of it, and a job may exist only from "starting" on.
            assert row["verdict"] in ("pending", "starting", "planned")
            assert row["verdict"] == "starting" or not served or record["state"] == "running"
            assert row["job_id"] is None
    if record["state"] == "ended":
        assert {row["verdict"] for row in record["servers"]} == {"done"}


def hooks(rollout, seed):
    """Every second run has tasks before and after the jobs, small jobs, and retries; for these the servers are judged too."""
    if seed % 2:
        return {}
    for name in ("before", "after"):
        task = {"name": f"Hook {name}", "ansible.builtin.debug": {"msg": "x"}}
        (rollout.directory / f"{name}.yml").write_text(json.dumps([task]))
    files = {name: str(rollout.directory / f"{name}.yml") for name in ("before", "after")}
    return {**files, "servers_per_job": 3, "retries": 1}


@pytest.mark.parametrize("seed", range(KILLS))
def test_after_a_kill_one_run_completes_the_fleet(simulator, rollout, seed):
    """Killed after any number of requests, and a random time later: between two, or during one."""
    chance = random.Random(seed)
    simulator.set(job_duration=1.0)
    upgrade = play(role(record=str(rollout.record), preflight="strict", **hooks(rollout, seed)), serial=[1, 3, "100%"])
    running = rollout.start(upgrade, new_session=True)
    running.wait_until(lambda: simulator.counts()["total"] >= REQUESTS * seed // KILLS)
    time.sleep(chance.uniform(0, 0.4))
    running.kill()
    killed = [json.loads(path.read_text()) for path in rollout.record.glob("*.json")]
    jobs = simulator.jobs()
    for record in killed:
        check_record(record, jobs)
    simulator.advance(2)

    run = rollout.run(upgrade)
    assert (run.status, run.failed) == (0, [])
    tasks = [(task["server_id"], task["status"]) for job in simulator.jobs() for task in job["tasks"]]
    assert sorted(tasks) == sorted((server_id(number), "SUCCESS") for number in range(1, SERVERS + 1))
    newest = rollout.records()[-1]
    check_record(newest, simulator.jobs())
    assert newest["state"] == "ended"
