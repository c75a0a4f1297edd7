# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Window, stop file, soak and webhook in real runs; each reason to stop has the same words wherever it is said.

What depends on time is in tests/unit/wiring/test_turn.py, on a clock that the test moves.
"""

from __future__ import annotations

import datetime
import json
import time

import pytest
from receiver import TOKEN, Receiver
from rollout.rollout import host, play, role
from simulator.state import server_id

from ansible_collections.modelarts.liteserver.plugins.action.fleet_job_step import OF_NO_RUN, STEPS

NOTHING = {"name": "Nothing", "ansible.builtin.debug": {"msg": "nothing"}}


def created(simulator):
    """The numbers of the servers of each create that reached the API."""
    numbers = {server_id(number): number for number in range(1, 13)}
    return [
        sorted(numbers[one] for one in request["body"]["server_ids"]) for request in simulator.requests("create_job")
    ]


def in_minutes(minutes):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


def touch(path):
    """A task of the user's that puts the stop file there once the first host had its turn."""
    return {
        "name": "Enough",
        "ansible.builtin.copy": {"content": "", "dest": str(path), "mode": "0600"},
        "connection": "local",
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "when": f"inventory_hostname == '{host(1)}'",
    }


# {reason: (how many creates reach the API, options of the role)}; four servers, one in the first batch.
STOPS = {
    "window": (0, lambda _s, _r: {"window_end": in_minutes(20), "wave_minutes": 30}),
    "stop_file": (1, lambda _s, r: {"stop_file": str(r.directory / "stop")}),
    "budget": (2, lambda s, _r: s.server(2, fail=1, message="npu busy") and {"max_failures": 0}),
    "approval": (1, lambda _s, _r: {"approve": "canary"}),
    "preflight": (0, lambda s, _r: s.server(2, status="STOPPED") and {"preflight": "strict"}),
    "all_failed": (1, lambda s, _r: s.server(1, fail=1, message="npu busy") and {}),
}


@pytest.mark.parametrize("reason", STOPS)
def test_each_reason_to_stop_has_the_same_words_everywhere(simulator, rollout, reason):
    simulator.reset(servers=12, job_duration=0.3, supernode_share=0)
    creates, options_of = STOPS[reason]
    rollout.inventory(4)
    rollout.expect_warnings()
    options = options_of(simulator, rollout)
    tasks = [touch(rollout.directory / "stop")] if reason == "stop_file" else []
    with Receiver() as receiver:
        task = role(record=str(rollout.record), notify_url=receiver.url, **options)
        run = rollout.run(play(task, *tasks, serial=[1, 2, 1]))
    assert (run.status != 0, len(created(simulator))) == (True, creates), run.output
    (record,) = rollout.records()
    assert (record["state"], record["stopped_by"], record["reported"]) == ("stopped", reason, True)
    text = run.output.replace("\n  ", " ")
    assert text.count(f"result: stopped by {reason}: ") == 1, run.output
    # Without blanks: a word that is longer than a line, such as a path, is broken.
    assert "reason:" + "".join(record["stopped"].split()) in run.text
    assert "continue: ansible-playbook " in text
    (markdown,), (page,) = rollout.record.glob("*.md"), rollout.record.glob("*.html")
    assert f"Result: stopped by {reason}: " in markdown.read_text()
    assert f"stopped by {reason}: " in page.read_text()
    last = receiver.events[-1]
    assert (last["kind"], last["stopped_by"], last["reason"]) == ("stopped", reason, record["stopped"])
    assert receiver.kinds[0] == "started" and receiver.kinds.count("stopped") == 1
    assert receiver.kinds.count("batch") == creates
    # The same command goes on from there.
    simulator.server(2, status="RUNNING")
    (rollout.directory / "stop").unlink(missing_ok=True)
    second = rollout.run(play(role(record=str(rollout.record)), serial=[1, 2, 1]))
    assert second.status == 0
    assert f"run before, {record['run_id']}: stopped by {reason}: " in second.output.replace("\n  ", " ")
    assert sorted(number for servers in created(simulator)[creates:] for number in servers)[-1] == 4


def test_a_stop_file_that_a_hook_leaves_holds_back_the_jobs_of_its_own_batch(simulator, rollout):
    rollout.inventory(2)
    hook = rollout.directory / "hook.yml"
    hook.write_text(json.dumps([touch(rollout.directory / "stop")]))
    run = rollout.run(
        play(role(before=str(hook), stop_file=str(rollout.directory / "stop"), record=str(rollout.record)))
    )
    assert (run.status, created(simulator)) == (2, [])
    assert "fleet_job_stop_file: " in run.message("Start the jobs")
    assert [record["stopped_by"] for record in rollout.records()] == ["stop_file"]


def test_check_mode_is_not_held_back_but_a_senseless_window_is_an_error(simulator, rollout):
    rollout.inventory(2)
    (rollout.directory / "stop").touch()
    options = {"window_end": in_minutes(1), "stop_file": str(rollout.directory / "stop"), "wave_minutes": 60}
    with Receiver() as receiver:
        plan = rollout.run(play(role(**options, notify_url=receiver.url)), arguments=("--check",))
    assert plan.status == 0 and "time: 1 wave of at most 1 h 0 min 0 s" in plan.output
    assert receiver.events == []
    for option, word in (("2020-01-01T00:00Z", "has ended"), ("06:00 Mars/Base", "no time zone"), (360, "is a number")):
        run = rollout.run(play(role(window_end=option)))
        assert run.status != 0 and word in run.message("Open the batch")
    assert simulator.counts()["writes"] == 0


def test_a_soak_is_between_batches_and_not_after_the_last(simulator, rollout):
    rollout.inventory(3)
    run = rollout.run(play(role(soak=5, record=str(rollout.record)), serial=1))
    assert run.status == 0
    (record,) = rollout.records()
    pauses = [
        (after["started_at"] - before["ended_at"]) / 1000
        for before, after in zip(record["batches"], record["batches"][1:], strict=False)
    ]
    assert len(pauses) == 2 and min(pauses) >= 5
    assert "soak: " not in run.output[run.output.index("batch 3 of 3") :]
    again = rollout.run(play(role(soak=600), serial=1))
    assert again.status == 0 and "soak: " not in again.output


def test_a_receiver_gets_the_life_of_a_run(simulator, rollout):
    simulator.server(3, fail=1, message="npu {{ busy }}")
    rollout.inventory(3)
    with Receiver() as receiver:
        run = rollout.run(
            play(role(notify_url=receiver.url, record=str(rollout.record)), serial=[1, 2]), arguments=("-vvv",)
        )
    assert receiver.kinds == ["started", "batch", "batch", "failed"]
    started, first, second, failed = receiver.events
    (record,) = rollout.records()
    assert {event["run"] for event in receiver.events} == {record["run_id"]}
    assert (started["counts"], started["batch"]) == ({"total": 3, "pending": 3}, 0)
    assert (first["batch"], first["batches"], first["counts"]["done"]) == (1, 2, 1)
    assert first["estimate_seconds"] is not None and second["estimate_seconds"] is None
    assert failed["failed_hosts"] == [host(3)] and failed["state"] == "ended"
    assert failed["text"] == f"hdk_upgrade_24.1.rc3.10: ended with failures: 2 of 3 done, 1 failed (failed: {host(3)})"
    assert failed["record"] and failed["who"]
    # It is a secret, whatever the verbosity.
    assert TOKEN not in run.output
    assert all(TOKEN not in path.read_text() for path in rollout.record.iterdir())


def test_a_receiver_that_does_not_answer_harms_nothing(simulator, rollout):
    rollout.inventory(2)
    rollout.expect_warnings()
    with Receiver() as receiver:
        receiver.held.clear()
        begun = time.monotonic()
        run = rollout.run(play(role(notify_url=receiver.url)), arguments=("-vvv",))
        seconds = time.monotonic() - begun
    assert (run.status, created(simulator)) == (0, [[1, 2]])
    assert receiver.kinds == ["started", "batch", "ended"]
    assert "theevent'batch'wasnotdeliveredto127.0.0.1" in run.text
    assert TOKEN not in run.output
    assert seconds < 3 * 5 + 60
    far = role(notify_url=f"http://example.com/{TOKEN}")
    refused = rollout.start(play(far), arguments=("-vvv",)).finish(raised=True)
    assert "must begin with https" in refused.message("Open the batch") and TOKEN not in refused.output


# {step in which the run is interrupted: (the request that it then waits for, options of the role, how many creates have
# reached the API)}; the opening of a batch waits for its soak. Two servers, one in each batch.
MOMENTS = {
    "preflight": ("list_servers", {"preflight": "strict"}, 0),
    "needed": ("list_jobs", {"before": "../hook.yml"}, 0),
    "start": ("create_job", {}, 1),
    "wait": ("get_job", {}, 1),
    "open": (None, {"soak": 600}, 1),
}
# Steps that neither ask the service nor wait: they are over before anybody could interrupt them.
AT_ONCE = {"approve", "hook_ended", "verified", "close"}


def test_every_step_of_a_run_has_its_moment():
    assert {*MOMENTS, *AT_ONCE} == set(STEPS) - OF_NO_RUN


@pytest.mark.parametrize("by", ["Ctrl-C", "timeout"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interruption_is_told_whatever_the_run_is_at(simulator, rollout, moment, by):
    """In record, page and webhook; and of a play that goes on in spite of it, nothing further starts."""
    request, options, creates = MOMENTS[moment]
    simulator.set(job_duration=0.3)
    if request:
        simulator.fault(request, "hold", times=None)
    rollout.inventory(2)
    (rollout.directory / "hook.yml").write_text(json.dumps([NOTHING]))
    with Receiver() as receiver:
        task = role(record=str(rollout.record), notify_url=receiver.url, **options)
        if by == "timeout":
            task = {"name": "Go on", "block": [{**task, "timeout": 10}], "rescue": [NOTHING]}
        running = rollout.start(play(task, serial=1), new_session=True)
        if by == "timeout":
            running.finish(raised=True)
        else:
            running.wait_until(lambda: "soak: " in running.output() or simulator.held())
            running.interrupt()
        record = running.last_word()
        receiver.wait_until(3 if moment == "open" else 2)
    told = receiver.events[-1]
    assert (record["state"], record["stopped_by"]) == ("stopped", "interrupted") == (told["state"], told["stopped_by"])
    assert ("ended by its timeout" if by == "timeout" else "ansible-playbook was interrupted") in record["stopped"]
    assert receiver.kinds == ["started", *(["batch"] if moment == "open" else []), "stopped"]
    assert len(record["batches"]) == 1
    (page,) = rollout.record.glob("*.html")
    assert "stopped by interrupted: " in page.read_text()
    assert created(simulator) == [[1]] * creates


def test_after_a_kill_record_page_and_the_next_run_agree(simulator, rollout):
    simulator.set(job_duration=600)
    rollout.inventory(2)
    running = rollout.start(play(role(record=str(rollout.record)), serial=1), new_session=True)
    running.wait_until(lambda: "under way" in running.output())
    (going,) = rollout.records()
    assert (going["state"], going["batches"][-1]["phase"]) == ("running", "waiting")
    (page,) = rollout.record.glob("*.html")
    assert "running: 0 of 2 done, 1 running, 1 pending" in page.read_text()
    running.kill(and_workers_end=True)
    simulator.set(job_duration=0.3)
    simulator.advance(600)
    after = rollout.run(play(role(record=str(rollout.record)), serial=1))
    assert after.status == 0
    first, _second = rollout.records()
    assert (first["state"], first["stopped_by"]) == ("stopped", "interrupted")
    told = "stopped by interrupted: 0 of 2 done, 1 running, 1 pending"
    assert f"run before, {first['run_id']}: {told}" in after.output.replace("\n  ", " ")
    assert told in page.read_text() and told in page.with_suffix(".md").read_text()
    assert len(created(simulator)) == 2, "nothing was started twice"


def test_reports_are_made_of_records(simulator, rollout):
    simulator.server(2, fail=1, message='=HYPERLINK("http://x")')
    rollout.inventory(3)
    rollout.run(play(role(record=str(rollout.record)), serial=[1, 2]))
    rollout.run(play(role(record=str(rollout.record)), serial=[1, 2]))
    reports = rollout.directory / "reports"
    simulator.clear_requests()
    variables = {"run_report_records": str(rollout.record), "run_report_folder": str(reports)}
    run = rollout.run("modelarts.liteserver.run_report", variables=variables)
    assert (run.status, simulator.counts()["total"]) == (0, 0)
    newest = rollout.records()[-1]["run_id"]
    assert sorted(path.name for path in reports.iterdir()) == [
        f"campaign-{newest}.{ending}" for ending in ("csv", "html", "md")
    ]
    table = (reports / f"campaign-{newest}.csv").read_text().splitlines()
    assert len(table) == 7 and table[0].startswith("run_id,host,server_id,")
    assert ",=HYPERLINK" not in "\n".join(table)
    assert "ended: 3 of 3 done" in (reports / f"campaign-{newest}.md").read_text()
    one = next(rollout.record.glob("*.json"))
    single = rollout.run("modelarts.liteserver.run_report", variables={"run_report_records": str(one)})
    assert single.status == 0 and one.with_suffix(".csv").exists()
    nothing = rollout.run("modelarts.liteserver.run_report", variables={"run_report_records": str(reports)})
    assert nothing.status != 0 and "norecordofarunin" in nothing.text


def test_logs_of_failed_servers_are_collected_at_the_end_in_one_job(simulator, rollout):
    simulator.server(2, fail=1, message="npu busy")
    simulator.server(3, fail=1, message="npu busy")
    rollout.inventory(4)
    spec = {"obs_path": "obs://bucket/folder"}
    run = rollout.run(
        play(role(record=str(rollout.record), collect_logs="failed", logs_spec=spec), serial=[1, 3]), arguments=("-v",)
    )
    assert created(simulator) == [[1], [2, 3, 4], [2, 3]]
    *_upgrades, collection = simulator.requests("create_job")
    assert collection["body"]["items"] == [{"type": "DEVICE_LOG_COLLECT", "spec": spec}]
    (record,) = rollout.records()
    (job_id,) = record["logs_job_ids"]
    assert f"logs of failed servers: job {job_id}" in run.output.replace("\n  ", " ")
    (page,) = rollout.record.glob("*.html")
    assert job_id in page.read_text()
    without = rollout.run(play(role(collect_logs="failed")))
    assert "fleet_job_logs_spec: needed with" in without.message("Open the batch")
    assert len(created(simulator)) == 3


def test_a_second_terminal_sees_the_batch_and_the_estimate(simulator, rollout):
    simulator.reset(servers=12, job_duration=0.3, supernode_share=8 / 12, supernode_size=4)
    simulator.server(6, duration=600)
    rollout.inventory(8)
    task = role(record=str(rollout.record), preflight="strict")
    running = rollout.start(play(task, serial=4), new_session=True)
    running.wait_until(lambda: "batch 2 of 2" in running.output() and "3 of 4 done" in running.output())
    look = rollout.run("modelarts.liteserver.job_status", variables={"job_status_record": str(rollout.record)})
    running.kill()
    (lines,) = (
        event["result"]["msg"] for event in look.of("The run, its waves, and supernodes of which a part is done")
    )
    (record,) = rollout.records()
    text = " ".join(" ".join(lines).split())
    assert f"run {record['run_id']}: running: 4 of 8 done, 4 running batch 2 of 2: waiting" in text
    assert "wave 1: 4 of 4 done wave 2: 0 of 4 done, 4 running" in text
    (shown,) = look.of("Jobs, and each server's newest task")
    assert shown["result"]["msg"][0] == "2 jobs, 8 servers: 7 of 8 done, 1 PROCESSING"
    after = rollout.run("modelarts.liteserver.job_status", variables={"job_status_record": str(rollout.record)})
    (event,) = after.of("The run, its waves, and supernodes of which a part is done")
    assert "stopped by interrupted: 4 of 8 done, 4 running" in event["result"]["msg"][0]
