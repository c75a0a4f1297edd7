# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch comes to: what others did meanwhile, what still ran at the end of the wait, and what the record says."""

from __future__ import annotations

import json

from ansible.release import __version__ as ansible_version
from rollout.rollout import OTHER_VERSION, VERSION, host, hosts, play, role


def rows(rollout):
    """{host: (verdict, passed)} of the newest record."""
    return {row["host"]: (row["verdict"], row["passed"]) for row in rollout.records()[-1]["servers"]}


def test_a_server_is_not_done_where_another_run_began_another_version(simulator, rollout):
    """Two controllers. Ours has judged, and its create is held up until the other's job runs; then both succeed."""
    rollout.expect_warnings()
    simulator.set(job_duration=600)
    rollout.inventory(2)
    simulator.fault("create_job", "hold", when="before")
    ours = rollout.start(play(role(record=str(rollout.record))))
    simulator.await_held(seconds=120)
    other = rollout.run(
        play(role(version=OTHER_VERSION, wait_timeout=1)),
        arguments=("--limit", host(2)),
        environment={"ANSIBLE_HOME": str(rollout.directory / "other controller")},
    )
    assert "still running when the wait ended" in other.verdicts()[host(2)]["msg"]
    simulator.release()
    ours.wait_until(lambda: "under way" in ours.output())
    simulator.advance(601)
    run = ours.finish()
    assert {task["status"] for job in simulator.jobs() for task in job["tasks"]} == {"SUCCESS"}
    assert run.status == 2 and host(2) in run.failed, run.output
    assert run.verdicts()[host(2)]["verdict"] != "done"
    assert "otheritemsatthesametime" in run.text
    assert rows(rollout)[host(2)][1] is False and rows(rollout)[host(2)][0] != "done"


def test_what_still_ran_is_looked_at_once_more_when_the_wait_is_over(simulator, rollout):
    """The looks are further apart than the wait is long: only the last one can see that the servers are done."""
    simulator.set(job_duration=3)
    rollout.inventory(2)
    run = rollout.run(play(role(wait_timeout=6, wait_sleep=60, record=str(rollout.record))))
    assert (run.status, run.failed) == (0, []), run.output
    assert rows(rollout) == dict.fromkeys(hosts(1, 2), ("done", True))


def test_the_last_word_of_a_job_is_not_from_before_the_wait_for_another(simulator, rollout):
    """The first job takes the whole wait; the second one ends meanwhile."""
    simulator.set(job_duration=2)
    simulator.server(1, duration=600)
    rollout.inventory(2, {2: {"wanted_hdk": OTHER_VERSION}}, wanted_hdk=VERSION)
    run = rollout.run(play(role(version="{{ wanted_hdk }}", wait_timeout=6, wait_sleep=1, record=str(rollout.record))))
    assert (len(simulator.jobs()), run.failed) == (2, [host(1)]), run.output
    assert rows(rollout) == {host(1): ("running", False), host(2): ("done", True)}


def test_the_last_words_of_all_jobs_are_of_one_moment(simulator, rollout):
    """Of jobs that are waited for in turn, the first one's would be old when the last one's came."""
    simulator.set(job_duration=600)
    rollout.inventory(6, {number: {"wanted_hdk": f"24.1.rc3.{number}"} for number in range(1, 7)})
    run = rollout.run(play(role(version="{{ wanted_hdk }}", wait_timeout=3, wait_sleep=1, record=str(rollout.record))))
    assert rows(rollout) == dict.fromkeys(hosts(*range(1, 7)), ("running", False)), run.output
    # A list shows all jobs at once.
    polls = [entry for entry in simulator.requests() if entry["operation"] in ("list_jobs", "get_job")]
    seen = [entry["path"].rpartition("/")[2] if entry["operation"] == "get_job" else "all" for entry in polls]
    jobs = [job["id"] for job in simulator.jobs()]
    last = min(max(at for at, one in enumerate(seen) if one in (job, "all")) for job in jobs)
    assert len(jobs) == 6 and len(set(seen[last:])) == len(seen[last:]), seen


def test_what_runs_on_after_the_last_look_is_neither_done_nor_failed(simulator, rollout):
    """A budget of none is not passed by it, and the next batch has its turn."""
    simulator.server(1, duration=600)
    rollout.inventory(4)
    run = rollout.run(
        play(role(wait_timeout=3, max_failures=0, record=str(rollout.record)), serial=2, max_fail_percentage=99)
    )
    assert run.failed == [host(1)]
    assert rows(rollout)[host(1)] == ("running", False)
    (record,) = rollout.records()
    assert (record["state"], len(record["batches"])) == ("ended", 2)


def test_the_budget_is_judged_when_a_batch_settles(simulator, rollout):
    """No later batch is there to find it passed: the play is ended behind the role."""
    simulator.server(1, fail=1)
    rollout.inventory(4)
    end = {"name": "End", "ansible.builtin.meta": "end_play"}
    rollout.run(play(role(max_failures=0, record=str(rollout.record)), end, serial=2))
    (record,) = rollout.records()
    assert (record["state"], record["stopped_by"], len(record["batches"])) == ("stopped", "budget", 1)
    assert "1 of 4 servers failed" in record["stopped"]


def test_a_play_that_one_failure_ends_fails_no_server_that_is_done(simulator, rollout):
    """``any_errors_fatal`` takes every host out of the play; what its server did stays what it was."""
    simulator.server(1, fail=1)
    rollout.inventory(4)
    rollout.run(play(role(record=str(rollout.record)), serial=2, any_errors_fatal=True))
    found = rows(rollout)
    assert (found[host(1)], found[host(2)]) == (("failed", False), ("done", True))
    assert found[host(3)][0] == "pending"
    assert rollout.records()[-1]["stopped_by"] == "budget"


def test_a_hook_that_the_end_of_the_play_left_out_has_not_passed(simulator, rollout):
    """Its task failed on nobody, and nobody knows what it would have found. ansible-core 2.16 goes on to its end."""
    simulator.server(1, fail=1)
    rollout.inventory(4)
    hook = rollout.directory / "after.yml"
    hook.write_text(json.dumps([{"name": "Hook", "ansible.builtin.debug": {"msg": "x"}}]))
    run = rollout.run(play(role(record=str(rollout.record), after=str(hook)), serial=2, any_errors_fatal=True))
    (record,) = rollout.records()
    if [event["host"] for event in run.of("Hook")] == [host(2)]:
        assert ansible_version.startswith("2.16.") and rows(rollout)[host(2)] == ("done", True)
        return
    assert rows(rollout)[host(2)] == ("failed", False)
    assert record["servers"][1]["message"] == "its job is done; the play was ended before fleet_job_after was through"
