# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs per batch, a verdict per host, and what the next run does."""

from __future__ import annotations

from playbooks.harness import JOB
from rollout.rollout import OTHER_VERSION, ROLE, VERSION, host, hosts, play, role
from simulator.servers import server_id


def sizes(simulator):
    """How many servers each job has, oldest first."""
    return [len(job["tasks"]) for job in in_order(simulator)]


def in_order(simulator):
    """The jobs, oldest first."""
    return sorted(simulator.jobs(), key=lambda job: job["create_at"])


def submitted(simulator):
    """The servers of each create request."""
    return [request["body"]["server_ids"] for request in simulator.requests("create_job")]


def test_three_batches_are_three_jobs_and_a_repeat_is_none(simulator, rollout):
    batches = play(role(), serial=[1, 3, "100%"])
    first = rollout.run(batches)
    assert (first.status, first.failed) == (0, [])
    assert sizes(simulator) == [1, 3, 8]
    assert first.changed == hosts(*range(1, 13))
    assert {job["name"] for job in simulator.jobs()} == {f"hdk_upgrade_{VERSION}"}
    assert simulator.jobs()[0]["items"] == [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]

    simulator.clear_requests()
    second = rollout.run(batches)
    assert (second.status, second.failed, second.changed) == (0, [], [])
    assert simulator.counts()["writes"] == 0
    assert len(simulator.jobs()) == 3


def test_a_host_costs_one_task_and_the_first_of_a_batch_does_the_rest(simulator, rollout):
    run = rollout.run(play(role(preflight="strict")))
    for number in range(2, 13):
        assert [event["task"].split(" : ")[-1] for event in run.events if event["host"] == host(number)] == ["Verdict"]


def test_one_failing_server_fails_its_host_and_only_it_runs_again(simulator, rollout):
    simulator.server(5, fail=1, message="npu busy")
    first = rollout.run(play(role()))
    assert (first.status, first.failed) == (2, [host(5)])
    failed = first.verdicts()[host(5)]
    message, job_id = failed["msg"], simulator.jobs()[0]["id"]
    assert message.startswith("FAILED: npu busy. What to do: ")
    assert (failed["server_name"], failed["job_id"]) == (host(5), job_id)
    assert "run the same play again" in message
    assert "npubusy" in first.text
    passed = first.verdicts()[host(4)]
    assert (passed["server_id"], passed["verdict"], passed["job_id"]) == (server_id(4), "done", job_id)

    second = rollout.run(play(role()))
    assert (second.status, second.failed) == (0, [])
    assert submitted(simulator)[1:] == [[server_id(5)]]
    assert second.verdicts()[host(5)]["changed"] is True
    assert second.verdicts()[host(4)]["changed"] is False


def test_a_failing_canary_ends_the_play(simulator, rollout):
    simulator.server(1, fail=1)
    run = rollout.run(play(role(), serial=[1, 11], max_fail_percentage=0))
    assert (run.status, run.failed) == (2, [host(1)])
    assert sizes(simulator) == [1]
    assert set(run.recap) == {host(1)}


def test_two_wanted_versions_are_two_jobs_started_before_any_wait(simulator, rollout):
    """The wish is a template in the role's variables over a variable of the host. No job ends here by itself."""
    simulator.set(job_duration=600)
    rollout.inventory(6, {n: {"wanted_hdk": OTHER_VERSION} for n in (2, 5)}, wanted_hdk=VERSION)
    run = rollout.run(play(role(version="{{ wanted_hdk }}", wait_timeout=1)))
    assert run.failed == hosts(*range(1, 7))
    versions = {
        task["server_id"]: job["items"][0]["spec"]["version"] for job in simulator.jobs() for task in job["tasks"]
    }
    assert versions == {server_id(n): OTHER_VERSION if n in (2, 5) else VERSION for n in range(1, 7)}
    assert [job["name"] for job in in_order(simulator)] == [f"hdk_upgrade_{VERSION}", f"hdk_upgrade_{OTHER_VERSION}"]


def test_a_job_has_at_most_so_many_servers(simulator, rollout):
    simulator.reset(servers=120, job_duration=0.3)
    rollout.inventory(120)
    run = rollout.run(play(role(max_failures="1%")))
    assert (run.status, sorted(sizes(simulator))) == (0, [20, 50, 50])
    assert {job["name"] for job in simulator.jobs()} == {f"hdk_upgrade_{VERSION}"}
    assert len(run.changed) == 120


def test_a_resume_puts_what_failed_in_many_jobs_into_one(simulator, rollout):
    for number in (1, 5, 11):
        simulator.server(number, fail=1)
    first = rollout.run(play(role(servers_per_job=4)))
    assert (sizes(simulator), first.failed) == ([4, 4, 4], hosts(1, 5, 11))
    second = rollout.run(play(role(servers_per_job=4)))
    assert (second.status, submitted(simulator)[3:]) == (0, [[server_id(1), server_id(5), server_id(11)]])


def test_ten_versions_on_ten_hosts_are_started_by_one_process_and_waited_for_by_one(simulator, rollout):
    """Each wait has a first line, and -vvv a line for each module that takes a process of its own: none does."""
    simulator.set(job_duration=4)
    rollout.inventory(10, {n: {"wanted_hdk": f"24.1.rc3.{n}"} for n in range(1, 11)})
    run = rollout.run(play(role(version="{{ wanted_hdk }}")), arguments=("-vvv",))
    assert (run.status, sizes(simulator)) == (0, [1] * 10)
    assert run.output.count("under way; this goes on if the run is cancelled") == 1
    assert "10 servers under way" in run.output
    assert [len(run.of(f"{work} the jobs")) for work in ("Start", "Wait for")] == [1, 1]
    assert "Usingmodulefile" not in run.text


def test_versions_go_up_and_back(simulator, rollout):
    for version in (VERSION, OTHER_VERSION, VERSION):
        run = rollout.run(play(role(version=version)))
        assert (run.status, run.failed, len(run.changed)) == (0, [], 12)
    assert [job["items"][0]["spec"]["version"] for job in in_order(simulator)] == [VERSION, OTHER_VERSION, VERSION]


def test_a_version_in_another_case_is_the_same_for_preflight_and_rule(simulator, rollout):
    rollout.run(play(role(version=VERSION, preflight="strict")))
    again = rollout.run(play(role(version=VERSION.upper(), preflight="strict")))
    assert (again.status, again.changed, len(simulator.jobs())) == (0, [], 1)


def test_two_terminals_start_one_job(simulator, rollout, tmp_path):
    """They share Ansible's home, and with it the lock; the one that comes second waits for the job of the first."""
    simulator.set(job_duration=5, list_lag=0.5)
    home = {"ANSIBLE_HOME": str(tmp_path / "home")}
    runs = [rollout.start(play(role()), environment=home) for _terminal in range(2)]
    ended = [run.finish() for run in runs]
    assert [(run.status, run.failed) for run in ended] == [(0, [])] * 2
    assert sorted(len(run.changed) for run in ended) == [0, 12]
    assert [sorted(job["server_ids"]) for job in simulator.jobs()] == [sorted(map(server_id, range(1, 13)))]


def test_five_hosts_with_the_whole_list_and_without_run_once_start_one_job(simulator, rollout):
    """As a play is written that should have said run_once."""
    rollout.inventory(5)
    simulator.set(job_duration=3, list_lag=0.5)
    task = {
        "name": "Upgrade",
        JOB: {
            "name": "upgrade",
            "type": "HDK_UPGRADE",
            "spec": {"version": VERSION},
            "server_ids": "{{ ansible_play_hosts | map('extract', hostvars, 'liteserver_id') | list }}",
            "wait": True,
            "wait_sleep": 1,
        },
        "delegate_to": "localhost",
    }
    run = rollout.run(play(task), arguments=("--forks", "5"))
    assert (run.status, run.failed, len(run.changed)) == (0, [], 1)
    results = [event["result"] for event in run.of("Upgrade")]
    assert sorted(result["action"] for result in results) == ["attached"] * 4 + ["created"]
    assert len({result["job"]["id"] for result in results}) == 1
    assert all(result["counts"]["done"] == 5 for result in results)
    assert submitted(simulator) == [[server_id(number) for number in range(1, 6)]]


def test_hosts_by_limit(simulator, rollout):
    run = rollout.run(play(role()), arguments=("--limit", f"{host(2)},{host(4)}"))
    assert run.changed == hosts(2, 4)
    assert submitted(simulator) == [[server_id(2), server_id(4)]]


def test_check_mode_prints_the_plan_and_writes_nothing(simulator, rollout):
    rollout.run(play(role()), arguments=("--limit", f"{host(1)}"))
    simulator.clear_requests()
    run = rollout.run(play(role(record=str(rollout.record))), arguments=("--check", "--diff"))
    assert (run.status, run.failed) == (0, [])
    assert simulator.counts()["writes"] == 0
    assert run.verdicts()[host(1)]["verdict"] == "done"
    assert {run.verdicts()[name]["verdict"] for name in hosts(*range(2, 13))} == {"planned"}
    assert set(run.changed) == set(hosts(*range(1, 13)))
    assert "to be submitted: 11 servers, liteserver-[00002:00012]" in run.output
    assert "12 servers in 1 wave. Nothing was created" in run.output
    assert rollout.records() == []


def test_rescue_around_the_role_takes_only_the_failed_hosts(simulator, rollout):
    simulator.server(3, fail=1)
    block = {"block": [role()], "rescue": [{"name": "Rescue", "ansible.builtin.debug": {"msg": "rescued"}}]}
    run = rollout.run(play(block, {"name": "Later", "ansible.builtin.debug": {"msg": "later"}}))
    assert (run.status, run.failed) == (0, [])
    assert [event["host"] for event in run.of("Rescue")] == [host(3)]
    assert len(run.of("Later")) == 12


def test_the_role_by_roles_and_by_include_role(simulator, rollout):
    """With the argument validation that Ansible adds, and included while the play runs."""
    variables = {"fleet_job_type": "HDK_UPGRADE", "fleet_job_spec": {"version": VERSION}, "fleet_job_wait_sleep": 1}
    run = rollout.run(
        {**play(roles=[{"role": ROLE}]), "tasks": []},
        play({"name": "Include", "ansible.builtin.include_role": {"name": ROLE}}),
        variables=variables,
    )
    assert (run.status, run.failed) == (0, [])
    assert sizes(simulator) == [12]
    assert len(run.of("Verdict")) == 24


def test_a_group_that_cannot_start_holds_up_no_other(simulator, rollout):
    """Its hosts fail with the reason."""
    rollout.inventory(4, {1: {"wanted": "x" * 40}, 3: {"wanted": "x" * 40}}, wanted=VERSION)
    run = rollout.run(play(role(version="{{ wanted }}", template_check="strict")))
    assert run.failed == hosts(1, 3)
    assert "the live template rejects this job" in run.verdicts()[host(1)]["msg"]
    assert submitted(simulator) == [[server_id(2), server_id(4)]]


def test_a_lost_answer_fails_and_the_next_run_adopts(simulator, rollout):
    simulator.set(list_lag=6)
    simulator.fault("create_job", "drop_after")
    rollout.inventory(3)
    defaults = {"group/modelarts.liteserver.all": {"request_timeout": 1, "max_retries": 1}}
    run = rollout.run(play(role(), module_defaults=defaults))
    assert run.failed == hosts(1, 2, 3)
    assert {row["verdict"] for row in run.verdicts().values()} == {"unknown"}
    simulator.advance(6)
    again = rollout.run(play(role(), module_defaults=defaults))
    assert (again.status, again.failed, again.changed) == (0, [], [])
    assert sizes(simulator) == [3]


def test_a_wait_that_is_over_fails_and_the_next_run_goes_on_waiting(simulator, rollout):
    simulator.set(job_duration=30)
    rollout.inventory(2)
    run = rollout.run(play(role(wait_timeout=2)))
    assert run.failed == hosts(1, 2)
    assert "still running when the wait ended" in run.verdicts()[host(1)]["msg"]
    simulator.advance(30)
    again = rollout.run(play(role(wait_timeout=2)))
    assert (again.status, again.failed, again.changed) == (0, [], [])
    assert sizes(simulator) == [2]


def test_other_work_in_flight_keeps_a_host_out(simulator, rollout):
    """Two firmware jobs never run on one server at once, whatever their names."""
    simulator.set(job_duration=60)
    rollout.inventory(2)
    rollout.run(play(role(wait_timeout=1, version=OTHER_VERSION)), arguments=("--limit", host(1)))
    run = rollout.run(play(role(wait_timeout=1)))
    assert run.failed == hosts(1, 2)
    assert sizes(simulator) == [1]
    assert "still run other items" in run.verdicts()[host(2)]["msg"]


def test_two_slices_at_once_under_one_name(simulator, rollout):
    simulator.set(job_duration=2)
    slices = [
        rollout.start(play(role(), serial=3), arguments=("--limit", ",".join(hosts(*numbers))))
        for numbers in (range(1, 13, 2), range(2, 13, 2))
    ]
    for running in slices:
        run = running.finish()
        assert (run.status, run.failed) == (0, [])
    served = [task["server_id"] for job in simulator.jobs() for task in job["tasks"]]
    assert sorted(served) == sorted(server_id(n) for n in range(1, 13))


def test_a_skipped_server(simulator, rollout):
    simulator.server(2, skip=1)
    rollout.expect_warnings()
    rollout.inventory(2)
    run = rollout.run(play(role(skipped="failed")))
    assert run.failed == [host(2)]
    assert "SKIPPED" in run.verdicts()[host(2)]["msg"]
    again = rollout.run(play(role(skipped="ok")))
    assert again.failed == []
    assert sizes(simulator) == [2]
