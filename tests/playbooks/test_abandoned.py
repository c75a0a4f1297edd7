# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task's ``timeout`` ends the task and leaves its module running: its requests have to stop."""

from __future__ import annotations

import stat
import sys
import time

import pytest
from playbooks.harness import JOB, RUN_SECONDS, job, processes_of, servers

POWER = "modelarts.liteserver.liteserver_power"
# Nothing ends by itself.
SLOW = 600
# Seconds, in which a task on a busy machine gets as far as to its wait.
TIMEOUT = 8
# The ssh program and the server behind it: they live on without a reader until there is something to write.
# It has no terminal (-tt), no connection that is kept for others, and no server that could end by itself.
SSH = """#!{python}
import os, subprocess, sys
process = subprocess.Popen(["/bin/sh", "-c", sys.argv[-1]], stdout=subprocess.PIPE)
while part := os.read(process.stdout.fileno(), 65536):
    os.write(1, part)
sys.exit(process.wait())
"""
BECOME = '#!/bin/sh\nfor last; do :; done\nexec /bin/sh -c "$last"\n'


@pytest.fixture(autouse=True)
def slow(simulator):
    simulator.set(job_duration=SLOW)


@pytest.fixture
def program(tmp_path):
    """Writes a program; its path."""

    def program(name, text):
        path = tmp_path / name
        path.write_text(text.replace("{python}", sys.executable))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return program


def ended(directory):
    """Wait until no process of a play is left."""
    end = time.monotonic() + RUN_SECONDS
    while left := processes_of(directory):
        assert time.monotonic() < end, left
        time.sleep(0.1)


def timed_out(playbook, task, **options):
    """Run a task that runs into its time-out."""
    run = playbook.run({**task, "timeout": TIMEOUT, "ignore_errors": True}, **options)
    assert run[0].failed
    # With no_log, Ansible tells nothing of it, and 2.16 has no key for it.
    assert {"timedout", "censored"} & set(run[0].raw) or "expected time frame" in run[0]["msg"]
    return run


@pytest.mark.parametrize("way", ["local", "no lines", "no_log", "become", "ssh"])
def test_a_wait_for_a_job(simulator, playbook, program, tmp_path, way):
    task = job(1, 2, wait=True, wait_sleep=1, **({"progress": 0} if way == "no lines" else {}))
    if way == "no_log":
        task["no_log"] = True
    if way == "become":
        task.update(become=True, vars={"ansible_become_exe": program("become", BECOME)})
    if way == "ssh":
        task["vars"] = {"ansible_connection": "ssh", "ansible_ssh_executable": program("ssh", SSH)}
    timed_out(playbook, task)
    ended(tmp_path)
    assert simulator.jobs()[0]["status"] == "PROCESSING"
    asked = simulator.count("total")
    # The job goes on, and the same task goes on waiting for it.
    simulator.advance(SLOW)
    (again,) = playbook.run(job(1, 2, wait=True))
    assert again.verdicts == ["done", "done"]
    assert simulator.count("create_job") == 1
    assert simulator.count("total") > asked


def test_a_wait_for_servers(simulator, playbook, tmp_path):
    simulator.set(power_duration=SLOW)
    simulator.server(1, status="STOPPED")
    options = {"server_ids": servers(1), "state": "started", "wait": True, "wait_sleep": 1}
    timed_out(playbook, {POWER: options})
    ended(tmp_path)
    assert simulator.count("start_server") == 1


def test_with_async_somebody_listens_for_longer_than_the_task(simulator, playbook, tmp_path):
    """What Ansible leaves behind to take the result: the wait goes on, also after the end of the play."""
    task = {**job(1, wait=True, wait_sleep=1), "async": RUN_SECONDS, "poll": 0}
    jobs = tmp_path / "async"
    playbook.run(task, environment={"ANSIBLE_ASYNC_DIR": str(jobs)})
    asked = simulator.count("get_job")
    end = time.monotonic() + RUN_SECONDS
    while simulator.count("get_job") < asked + 3:
        assert time.monotonic() < end
        assert processes_of(tmp_path)
        time.sleep(0.1)
    simulator.advance(SLOW)
    ended(tmp_path)
    (result,) = [path.read_text() for path in jobs.iterdir()]
    assert '"verdict": "done"' in result


def test_a_throttled_create_is_not_sent_for_nobody(simulator, playbook, tmp_path):
    """The task has failed: a job that begins afterwards would be a surprise."""
    simulator.fault("create_job", "throttled", times=None, retry_after=TIMEOUT + 4)
    timed_out(playbook, {JOB: job(1)[JOB]})
    simulator.clear_faults()
    ended(tmp_path)
    assert simulator.jobs() == []
