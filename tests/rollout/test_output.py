# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run shows: a plan that can be reviewed, and lines that grow with what went wrong and not with the hosts.

Counted is what stands beside Ansible's own lines for each host, its titles of plays and tasks, and its recap.
"""

from __future__ import annotations

import re

import pytest
from rollout.rollout import VERSION, host, own_lines, play, role

UPGRADE = "modelarts.liteserver.hdk_upgrade"
WAYS = {"default": {}, "display_ok_hosts=false": {"ANSIBLE_DISPLAY_OK_HOSTS": "false"}}
ways = pytest.mark.parametrize("environment", WAYS.values(), ids=WAYS)


def fleet(simulator, rollout, count):
    simulator.reset(servers=count, job_duration=0.3, supernode_share=0.5, supernode_size=8)
    rollout.inventory(count)


@pytest.mark.parametrize("count", [60, pytest.param(500, marks=pytest.mark.thorough)])
@ways
def test_a_plan_is_short_whatever_the_fleet(simulator, rollout, count, environment):
    if count == 500 and environment:
        pytest.skip("what differs does not grow")
    fleet(simulator, rollout, count)
    plan = rollout.directory / "plan.md"
    variables = {"fleet_job_version": VERSION, "fleet_job_plan_file": str(plan), "fleet_job_preflight": "off"}
    run = rollout.run(UPGRADE, variables=variables, arguments=("--check", "--diff"), environment=environment)
    assert (run.status, simulator.counts()["writes"]) == (0, 0)
    lines = own_lines(run.output)
    title = next(index for index, line in enumerate(lines) if line.startswith("plan: "))
    table = lines[title + 1 :]
    waves = [line.split() for line in table if re.match(r" +[0-9]+ ", line)]
    assert len(lines) <= len(waves) + 60, run.output
    # Behind the table stands where the plan was written, whole.
    assert max(map(len, table[:-1])) <= 80
    assert lines[title] == f"plan: hdk_upgrade_{VERSION}, {count} servers in {len(waves)} waves. Nothing was created"
    assert table[0].split() == ["wave", "servers", "supernodes", "to", "submit", "done", "to", "wait", "for"]
    assert sum(int(wave[1]) for wave in waves) == sum(int(wave[-3]) for wave in waves) == count
    assert any("supernode-" in wave[2] for wave in waves)
    assert any(line.startswith("+ to be submitted: ") and "liteserver-[" in line for line in lines)
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", "\n".join(lines)), "hosts by their names"
    text = plan.read_text()
    assert f"| total | {count} |" in text and "## Wave 1" in text
    assert plan.stat().st_mode & 0o077 == 0


@ways
def test_many_failures_of_one_reason_are_few_lines(simulator, rollout, environment):
    fleet(simulator, rollout, 60)
    for number in range(3, 27):
        simulator.server(number, fail=1, message="npu busy")
    rollout.expect_warnings()
    run = rollout.run(play(role(record=str(rollout.record)), serial=[2, 30, 100]), environment=environment)
    assert len(run.failed) == 24
    lines = own_lines(run.output)
    assert len(lines) <= 60, run.output
    for name in run.failed:
        (own,) = [line for line in run.output.splitlines() if line.startswith(f"fatal: [{name}]")]
        assert own.count("npu busy") == 1
    end = lines[next(index for index, line in enumerate(lines) if line.startswith("result: ")) :]
    assert end[:3] == [
        "result: ended with failures: 36 of 60 done, 24 failed",
        "failed: 24 servers",
        "  FAILED: npu busy: liteserver-[00003:00026] (24 servers)",
    ]
    assert end[-1].startswith("continue: ansible-playbook -i ")
    # The last words of the run: behind them is nothing but Ansible's recap.
    assert run.output.index("continue: ") > run.output.rindex("fatal: [")
    assert "batch 2 of 3: 6 of 30 done, 24 failed" in run.output
    assert re.search(r"slowest liteserver-000\d\d with", run.output.replace("\n  ", " "))
    assert re.search(r"run: 8 of 60 done, 24 failed, 28 pending, .*; about .* left", run.output.replace("\n  ", " "))


def test_the_run_says_where_the_one_before_it_stands(simulator, rollout):
    simulator.server(3, fail=1, message="npu busy")
    rollout.inventory(4)
    first = rollout.run(play(role(record=str(rollout.record), max_failures=0), serial=[1, 2, 1]))
    assert first.status == 2
    second = rollout.run(play(role(record=str(rollout.record)), serial=[1, 2, 1]))
    assert second.status == 0
    before, after = rollout.records()
    assert (
        f"run before, {before['run_id']}: stopped by budget: 2 of 4 done, 1 failed, 1 pending"
        in second.output.replace("\n  ", " ")
    )
    assert f"run {after['run_id']}: 4 servers in 3 batches" in second.output
    assert "result: ended: 4 of 4 done" in second.output
    assert "continue:" not in second.output


def test_a_password_on_the_command_line_is_not_in_the_command_that_continues(simulator, rollout):
    simulator.server(1, fail=1, message="npu busy")
    rollout.inventory(1)
    secret = "Geheim-8471"
    run = rollout.run(play(role(record=str(rollout.record))), variables={"db_password": secret, "fleet_job_soak": 0})
    assert '"db_password": "..."' in run.output and '"fleet_job_soak": 0' in run.output
    assert secret not in run.output
    assert all(secret not in path.read_text() for path in rollout.record.iterdir())


def test_failing_hosts_are_told_below_the_plan(simulator, rollout):
    simulator.set(job_duration=600)
    rollout.inventory(3)
    running = rollout.start(play(role(version="24.1.rc3.9")), arguments=("--limit", host(1)), new_session=True)
    running.wait_until(lambda: "under way" in running.output())
    rollout.expect_warnings()
    run = rollout.run(play(role()), arguments=("--check",))
    running.kill()
    assert run.status == 2
    assert "would fail: 3 servers" in run.output
