# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several processes of one controller at once: they share Ansible's home, and with it the lock."""

from __future__ import annotations

import signal

import pytest
from faults.lab import job, servers

PAIRS, SHARES = 50, 5


@pytest.fixture
def home(tmp_path):
    return {"ANSIBLE_HOME": str(tmp_path)}


@pytest.mark.parametrize("share", range(SHARES))
def test_pairs_start_one_job(lab, home, record_property, share):
    """Both have the same servers and nothing else in common but their controller; the list lags behind the create."""
    lab.simulator.set(job_duration=1000, list_lag=0.2)
    for pair in range(PAIRS // SHARES):
        lab.simulator.reset()
        lab.simulator.set(job_duration=1000, list_lag=0.2)
        names = [f"run_{pair}", f"other_{pair}"]
        runs = [
            lab.start("liteserver_job", job(1, 2, name=name, request_timeout=30), environment=home) for name in names
        ]
        results = [lab.check(run.finish()) for run in runs]
        assert sorted(result["action"] for result in results) == ["attached", "created"]
        assert [sorted(each["server_ids"]) for each in lab.simulator.jobs()] == [sorted(servers(1, 2))]
        assert not any("warnings" in result for result in results)
    record_property("pairs of processes on one controller", PAIRS // SHARES)


def test_five_processes_with_the_whole_list(lab, home):
    """As five hosts of one play without run_once."""
    lab.simulator.set(job_duration=1000)
    runs = [lab.start("liteserver_job", job(*range(1, 6), request_timeout=30), environment=home) for _host in range(5)]
    results = [lab.check(run.finish()) for run in runs]
    assert sorted(result["action"] for result in results) == ["attached"] * 4 + ["created"]
    assert len(lab.simulator.jobs()) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_holder_holds_up_nobody(lab, home, number):
    """It is ended while its create request is under way, and another process waits for its lock."""
    lab.simulator.set(job_duration=1000)
    lab.simulator.fault("create_job", "hold", when="after")
    holder = lab.start("liteserver_job", job(1, 2, request_timeout=30), environment=home)
    lab.simulator.await_held()
    waiting = lab.start("liteserver_job", job(1, 2, request_timeout=30), environment=home)
    holder.send(number)
    assert holder.finish().status == -number
    lab.simulator.release()
    result = lab.check(waiting.finish())
    assert result["action"] == "attached" and len(lab.simulator.jobs()) == 1


def test_another_project_is_not_waited_for(lab, home):
    lab.simulator.fault("create_job", "hold", when="before")
    holder = lab.start("liteserver_job", job(1, request_timeout=30), environment=home)
    lab.simulator.await_held()
    other = {"project_id": "another", "request_timeout": 5, "max_retries": 0}
    assert lab.run("liteserver_job", job(2, **other), environment=home)["failed"], "the simulator has one project"
    lab.simulator.release()
    assert lab.check(holder.finish())["action"] == "created"
