# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a wait: there while it goes on, and nothing else is changed by them."""

from __future__ import annotations

import re
import stat
import time

import ansible.release
import pytest
from module_process import ModuleProcesses
from playbooks.harness import INFO, JOB, RUN_SECONDS, bare_job, job, planned, processes_of, servers

POWER = "modelarts.liteserver.liteserver_power"
# Nothing ends by itself: a test ends it when it has seen what it waits for.
SLOW = 600
UNDER_WAY = "under way; this goes on if the run is cancelled"


@pytest.fixture(autouse=True)
def slow(simulator):
    simulator.set(job_duration=SLOW)


def lines_of(output, name="upgrade"):
    """The lines about a wait, without the ids of jobs."""
    lines = [line for line in output.splitlines() if re.match(rf"{name}( job [-0-9a-f, ]+)?: ", line)]
    return [re.sub(" job [-0-9a-f, ]+:", ":", line) for line in lines]


def test_a_failure_is_told_while_the_rest_still_runs(simulator, playbook):
    simulator.server(2, duration=0, fail=1, message="npu busy")
    running = playbook.start(job(1, 2, 3, wait=True))
    output = running.until("1 failed (liteserver-00002: npu busy), 2 running")
    job_id = simulator.jobs()[0]["id"]
    assert f"upgrade job {job_id}: 2 servers {UNDER_WAY}, and running the same task again goes on waiting" in output
    assert f"upgrade job {job_id}: 0 of 3 done, 1 failed (liteserver-00002: npu busy), 2 running, " in output
    simulator.advance(SLOW)
    step = running.finish()[0]
    step.check_keys()
    assert step.verdicts == ["done", "failed", "done"]


def test_off_is_off_and_without_a_wait_there_is_nothing_to_tell(simulator, playbook):
    running = playbook.start(
        job(1, wait=True, wait_timeout=2, progress=0),
        job(2),
        planned(job(3, wait=True)),
        {**job(4, wait=True, wait_timeout=2), "no_log": True},
    )
    run = running.finish()
    assert [step.failed for step in run] == [True, False, False, True]
    assert lines_of(run.output) == []


def test_power_tells_too(simulator, playbook):
    simulator.set(power_duration=SLOW)
    simulator.server(2, power_fail=1)
    running = playbook.start({POWER: {"state": "rebooted", "server_ids": servers(1, 2), "wait": True}})
    output = running.until("rebooted: 0 of 2 done, 2 running")
    assert f"rebooted: 2 servers {UNDER_WAY}\n" in output
    simulator.advance(SLOW)
    run = running.finish(may_fail=True)
    assert "rebooted: 1 of 2 done, 1 failed (liteserver-00002), " in run.output
    assert run[0]["failed_server_ids"] == servers(2)


def test_result_and_requests_are_those_of_the_module_alone(simulator, playbook):
    """Also the logins: one for the whole wait."""
    simulator.set(job_duration=1.5)
    simulator.server(2, fail=1, message="npu busy")
    options = {**job(1, 2, 3, wait=True)[JOB], **simulator.password_credentials()}
    with ModuleProcesses() as processes:
        alone = processes.run("liteserver_job", options).result
    counts_alone = simulator.counts()
    simulator.reset(job_duration=1.5)
    simulator.server(2, fail=1, message="npu busy")
    run = playbook.run(bare_job(**options), credentials={})
    assert lines_of(run.output)
    step = run[0]
    assert step.failed and alone["failed"]
    with_lines = dict(step.raw)
    for result in (alone, with_lines):
        for key in [key for key in result if key.startswith("_ansible") or key in ("elapsed", "exception", "failed")]:
            del result[key]
        # The mark is another one for each create.
        volatile = ("create_at", "update_at", "description")
        result["job"] = {key: value for key, value in result["job"].items() if key not in volatile}
    assert with_lines == alone
    assert simulator.counts() == counts_alone
    assert (counts_alone["create_token"], counts_alone["create_job"]) == (1, 1)


def test_loops_delegation_and_runs_once(simulator, playbook):
    task = {
        **job(name="upgrade-{{ item }}", server_ids=["{{ ids[item] }}"], wait=True, wait_timeout=1),
        "vars": {"ids": servers(1, 2)},
        "loop": [0, 1],
        "delegate_to": "localhost",
        "run_once": True,
        "environment": {"KEPT": "{{ item }}"},
    }
    running = playbook.start(task)
    run = running.finish()
    step = run[0]
    assert [result["servers"][0]["verdict"] for result in step.raw["results"]] == ["running"] * 2
    for number in (0, 1):
        assert lines_of(run.output, f"upgrade-{number}")[0].startswith(f"upgrade-{number}: 1 server {UNDER_WAY}")


def test_with_become_the_lines_come_as_well(simulator, playbook, tmp_path):
    """What becomes another user here is a program that only runs the command."""
    program = tmp_path / "become"
    program.write_text('#!/bin/sh\nfor last; do :; done\nexec /bin/sh -c "$last"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    running = playbook.start(
        {**job(1, wait=True, wait_timeout=2), "become": True, "vars": {"ansible_become_exe": str(program)}}
    )
    run = running.finish()
    assert run[0]["timed_out"]
    assert lines_of(run.output)[0].startswith("upgrade: 1 server")


@pytest.mark.parametrize("poll", [0, 1])
def test_async_detaches_the_module_and_its_result_is_whole(simulator, playbook, tmp_path, poll):
    simulator.set(job_duration=2)
    tasks = [{**job(1, 2, wait=True), "async": RUN_SECONDS, "poll": poll}]
    if not poll:
        tasks.append(
            {
                "ansible.builtin.async_status": {"jid": "{{ started.ansible_job_id }}"},
                "register": "ended",
                "until": "ended is finished",
                "delay": 1,
                "retries": RUN_SECONDS,
            }
        )
    running = playbook.start(*tasks, register=["started"], environment={"ANSIBLE_ASYNC_DIR": str(tmp_path / "async")})
    run = running.finish()
    step = run[-1]
    assert not step.failed
    assert step.verdicts == ["done", "done"]
    assert lines_of(run.output) == []
    assert simulator.count("create_job") == 1


def test_a_secret_that_is_also_in_a_name(simulator, playbook):
    simulator.server(1, message="installed with canary-text")
    running = playbook.start(
        job(1, name="with-canary-text", secret_spec={"code": "canary-text"}, template_check="off", wait=True),
        arguments=("-vvvv",),
    )
    running.until("1 running")
    simulator.advance(SLOW)
    run = running.finish()
    assert "canary-text" not in run.output
    assert "with-********" in run.output


@pytest.mark.skipif(ansible.release.__version__ < "2.19", reason="its workers are in the process group of the run")
def test_when_the_run_is_killed_its_processes_end_and_the_next_one_goes_on(simulator, playbook, tmp_path):
    """Ansible's workers are in sessions of their own, so that what kills the run does not reach them."""
    running = playbook.start(job(1, 2, wait=True))
    running.until("0 of 2 done, 2 running")
    assert processes_of(tmp_path)
    running.kill()
    end = time.monotonic() + RUN_SECONDS
    while left := processes_of(tmp_path):
        assert time.monotonic() < end, left
        time.sleep(0.1)
    asked = simulator.count("get_job")
    job_id = simulator.jobs()[0]["id"]
    assert simulator.jobs()[0]["status"] == "PROCESSING"
    again = playbook.start(job(1, 2, wait=True))
    again.until(f"upgrade job {job_id}: 2 servers {UNDER_WAY}")
    simulator.advance(SLOW)
    step = again.finish()[0]
    assert (step["action"], step["job"]["id"], step.verdicts) == ("attached", job_id, ["done", "done"])
    assert simulator.count("create_job") == 1
    assert simulator.count("get_job") > asked


def test_other_modules_have_no_lines(playbook):
    running = playbook.start({INFO: {}, "ignore_errors": True})
    run = running.finish()
    assert not run[0].failed
    assert UNDER_WAY not in run.output
