# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two real runs at once, and random sequences through real processes: a sample of what the state machine does."""

from __future__ import annotations

import os
import random
import signal

import pytest
from faults.lab import job, servers
from faults.matrix import FAULTS, MOVES, rule

SEED = int(os.environ.get("FAULTS_SEED", "1"))
SCALE = int(os.environ.get("FAULTS_SCALE", "1"))


def told(result):
    """The warnings of a job that another run started at the same time."""
    return [str(each) for each in result.get("warnings", []) if "started twice" in str(each)]


@pytest.mark.parametrize("version", ["24.1.rc3.10", "24.1.rc3.9"])
def test_the_run_of_the_younger_job_tells(lab, version):
    """Both have found nothing. The first one's create is held up until the second one is over."""
    lab.simulator.set(job_duration=1000)
    lab.simulator.fault("create_job", "hold", when="before")
    held = lab.start("liteserver_job", job(1, 2, request_timeout=30))
    lab.simulator.await_held()
    quick = lab.run("liteserver_job", job(2, 3, version=version))
    lab.simulator.release()
    late = lab.check(held.finish())
    assert told(quick) == [] and quick["action"] == "created"
    [warning] = told(late)
    assert quick["job"]["id"] in warning and "liteserver-00002" in warning
    assert lab.twice_started() == servers(2)
    assert (late["action"], late["changed"]) == ("created", True)
    if version == "24.1.rc3.10":
        assert not late.get("failed")
        assert late["job_ids"] == [late["job"]["id"], quick["job"]["id"]]
    else:
        assert (late["failed"], late["error"]["code"]) == (True, "servers_busy")
        assert late["job_ids"] == [late["job"]["id"]]
    # Nothing is started a third time, and whoever comes next waits for what runs.
    third = lab.run("liteserver_job", job(1, 2))
    assert third["changed"] is False and len(lab.simulator.jobs()) == 2
    if version == "24.1.rc3.10":
        assert third["action"] == "attached"
    else:
        assert third["error"]["code"] == "servers_busy" and quick["job"]["id"] in third["error"]["hint"]


def test_both_creates_at_the_same_moment(lab):
    lab.simulator.set(job_duration=1000)
    lab.simulator.fault("create_job", "hold", when="before", times=2)
    runs = [lab.start("liteserver_job", job(1, 2, request_timeout=30)) for _n in range(2)]
    lab.simulator.await_held(2)
    lab.simulator.release()
    results = [lab.check(run.finish()) for run in runs]
    assert any(told(result) for result in results)
    assert lab.twice_started() == sorted(servers(1, 2))
    younger = max(lab.simulator.jobs(), key=lambda each: each["create_at"])["id"]
    assert told(next(result for result in results if result["job"]["id"] == younger))


def test_what_begins_before_the_last_look_is_attached_to(lab):
    """While the first run reads templates, the second one starts: there is one job, and both follow it."""
    lab.simulator.set(job_duration=1000)
    lab.simulator.fault("list_templates", "hold", when="after")
    held = lab.start("liteserver_job", job(1, 2, template_check="warn", request_timeout=30))
    lab.simulator.await_held()
    quick = lab.run("liteserver_job", job(1, 2))
    lab.simulator.release()
    late = lab.check(held.finish())
    assert (quick["action"], late["action"], late["changed"]) == ("created", "attached", False)
    assert late["job"]["id"] == quick["job"]["id"] and len(lab.simulator.jobs()) == 1


@pytest.mark.parametrize("share", range(4 * SCALE))
def test_a_random_sequence(lab, record_property, share):
    """Growth, failing servers, faults, and kills, one run after the other."""
    number = random.Random(f"{SEED}/{share}")
    faults = [name for name in FAULTS if name not in [*MOVES, "shrinks"]]
    steps = 10
    for _step in range(steps):
        fleet = sorted(number.sample(range(1, 7), number.randint(1, 6)))
        version = number.choice(["24.1.rc3.10", "24.1.rc3.9"])
        for server in number.sample(range(1, 7), number.randint(0, 2)):
            lab.simulator.server(server, fail=number.randint(0, 1))
        lab.simulator.clear_faults()
        lab.simulator.clear_requests()
        options = job(*fleet, version=version, wait=number.random() < 0.5)
        check = number.random() < 0.1
        if number.random() < 0.3:
            lab.simulator.fault("*", "hold", when="after", skip=number.randint(0, 3))
            run = lab.start("liteserver_job", {**options, "request_timeout": 30}, check=check)
            try:
                lab.simulator.await_held(seconds=1)
            except Exception:
                lab.check(run.finish())  # it asked less
            else:
                run.send(number.choice([signal.SIGKILL, signal.SIGTERM]))
                run.finish()
            lab.simulator.release()
        else:
            if number.random() < 0.7:
                operation = number.choice(["list_jobs", "create_job", "get_job"])
                met = rule(number.choice(faults), "create" if operation == "create_job" else "read")
                lab.simulator.fault(operation, **met, skip=number.randint(0, 1))
            result = lab.run("liteserver_job", options, check=check)
            created = [
                each for each in lab.simulator.requests("create_job") if each["status"] not in (302, 400, 401, 429)
            ]
            assert len(created) <= 1 and not (check and created)
            assert check or result["changed"] == bool(created)
            true = {each["id"]: each for each in lab.simulator.jobs()}
            for row in result["servers"]:
                if row["verdict"] == "done":
                    tasks = {task["server_id"]: task["status"] for task in true[row["job_id"]]["tasks"]}
                    assert tasks[row["server_id"]] == "SUCCESS"
                    assert true[row["job_id"]]["items"] == [{"type": "HDK_UPGRADE", "spec": {"version": version}}]
        # A request whose client has gone may still be carried out.
        lab.simulator.advance(10)
        assert lab.twice_started() == []
    record_property("random sequences through real processes, steps", steps)
    lab.simulator.clear_faults()
    for server in range(1, 7):
        lab.simulator.server(server, fail=0)
    fleet = job(*range(1, 7), wait=True)
    first, second = lab.run("liteserver_job", fleet), lab.run("liteserver_job", fleet)
    assert first["counts"]["done"] == second["counts"]["done"] == 6
    assert (second["changed"], second["action"]) == (False, "none")
