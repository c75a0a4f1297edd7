# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is cancelled, and runs that go on side by side."""

from __future__ import annotations

import time

import ansible.release
from playbooks.harness import processes_of
from runner.launch import LAUNCH_SECONDS

VERSION = "24.1.rc3.10"
HELD = 3600
HOSTS, SLICES = 1000, 4


def test_a_cancelled_run_names_its_job_and_the_next_one_attaches_to_it(simulator, awx):
    variables = {"fleet_job_version": VERSION, "fleet_job_canary": 12, "fleet_job_wait_sleep": 1}
    launch = awx.launch("hdk_upgrade", **variables)
    launch.until("0 of 12 done, 12 running")
    job_id = simulator.jobs()[0]["id"]
    launch.cancel()
    assert launch.finish() == "canceled"
    title = f"hdk_upgrade_{VERSION} job {job_id}: "
    assert launch.progress()[0].startswith(f"{title}12 servers under way; this goes on if the run is cancelled")
    assert "".join(launch.progress()[-1].split()) in "".join(launch.output.split())[-2000:]
    # No process goes on waiting for nobody. In older versions the runner's signal reaches them all by itself.
    end = time.monotonic() + LAUNCH_SECONDS
    while left := processes_of(launch.private):
        assert time.monotonic() < end, (ansible.release.__version__, left)
        time.sleep(0.1)
    assert simulator.jobs()[0]["status"] == "PROCESSING"

    again = awx.launch("hdk_upgrade", **variables)
    line = again.until("12 servers under way")
    assert job_id in line["stdout"]
    simulator.advance(HELD)
    assert again.finish() == "successful"
    assert simulator.count("create_job") == 1
    assert [job["id"] for job in simulator.jobs()] == [job_id]


def test_slices_at_the_same_time_start_every_server_once(simulator, awx):
    """Each in a process of its own, with one job name; the jobs run until all slices have theirs."""
    simulator.reset(servers=HOSTS, job_duration=HELD, supernode_share=0)
    names = [f"liteserver-{number:05d}" for number in range(1, HOSTS + 1)]
    variables = {"fleet_job_version": VERSION, "fleet_job_canary": HOSTS, "fleet_job_largest": HOSTS}
    launches = [awx.launch("hdk_upgrade", limit=",".join(names[n::SLICES]), **variables) for n in range(SLICES)]
    for launch in launches:
        launch.until(f"0 of {HOSTS // SLICES} done, {HOSTS // SLICES} running")
    simulator.advance(HELD)
    assert [launch.finish() for launch in launches] == ["successful"] * SLICES
    # At most so many servers to a job: the role's fleet_job_servers_per_job.
    assert simulator.count("create_job") == SLICES * (HOSTS // SLICES // 50)
    served = [task["server_id"] for job in simulator.jobs() for task in job["tasks"]]
    assert sorted(served) == sorted(simulator.server_id(number) for number in range(1, HOSTS + 1))
    assert {job["name"] for job in simulator.jobs()} == {f"hdk_upgrade_{VERSION}"}
