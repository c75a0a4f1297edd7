# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found before the first job, budgets, approvals, hooks, and the record that a run leaves."""

from __future__ import annotations

import json
import re
import stat

import pytest
import requests
from rollout.rollout import OTHER_VERSION, VERSION, host, hosts, play, role
from simulator.servers import server_id

MISSING = "00000000-0000-4000-8000-00000000beef"


def failed_message(run):
    """The message of the only failure."""
    (failed,) = [event["result"]["msg"] for event in run.events if event["status"] == "failed"]
    return failed


def submitted(simulator):
    """How many servers each create request had."""
    return [len(request["body"]["server_ids"]) for request in simulator.requests("create_job")]


# Preflight


def cloud_server_id(simulator, number):
    """The id of what is underneath a Lite Server, as the API tells it."""
    credentials = simulator.credentials()
    answer = requests.get(
        f"{simulator.url}/v1/{credentials['project_id']}/dev-servers/{server_id(number)}",
        headers={"X-Auth-Token": "sim-static-token"},
        timeout=30,
    )
    simulator.clear_requests()
    return answer.json()["cloud_server"]["id"]


def test_preflight_names_all_problems_at_once_and_starts_nothing(simulator, rollout):
    underlying = cloud_server_id(simulator, 9)
    simulator.server(4, status="STOPPED")
    rollout.inventory(
        12,
        {
            1: {"liteserver_id": None},
            3: {"liteserver_id": server_id(2)},
            5: {"liteserver_id": MISSING},
            6: {"liteserver_id": underlying},
            7: {"wanted": "99.1"},
            8: {"wanted": "not a version"},
        },
        wanted=VERSION,
    )
    run = rollout.run(play(role(version="{{ wanted }}", preflight="strict"), serial=[1, 11]))
    message = failed_message(run)
    assert "fleet_job_server_id: is empty" in message and f"({host(1)})" in message
    assert f"2 hosts have one server id, {server_id(2)}: {host(2)}, {host(3)}" in message
    assert f"no such Lite Server for 1 of 11 hosts: {host(5)} ({MISSING})" in message
    assert f"{host(6)}: {underlying} is the id of the" in message and host(9) in message and server_id(9) in message
    assert f"1 of 11 servers are STOPPED, not RUNNING: {host(4)}" in message
    assert "the service does not offer HDK 99.1" in message and host(7) in message
    assert "'not a version' does not match the template's regex" in message and host(8) in message
    assert "No job was started" in message
    assert simulator.counts()["writes"] == 0
    assert set(run.recap) == {host(1)}  # the play has ended with its first batch


def test_preflight_names_events_and_missing_parameters(simulator, rollout):
    """Events name the server by any of its ids. They are read once for all batches."""
    rollout.inventory(4)
    for number, instance_id in ((1, "server"), (2, "cloud"), (3, "underlying")):
        simulator.set(event_instance_id=instance_id)
        simulator.seed_event(number, state="executing" if number == 3 else "scheduled")
    simulator.seed_event(4, state="completed")
    simulator.seed_event(9)
    run = rollout.run(play(role(preflight="strict"), serial=1))
    message = failed_message(run)
    assert "the service plans or does work of its own on servers of this run: " in message
    assert all(f"{host(number)} (system-maintenance, scheduled, not before 20" in message for number in (1, 2))
    assert f"{host(3)} (system-maintenance, executing" in message
    assert host(4) not in message and host(9) not in message
    assert (simulator.counts()["writes"], simulator.count("list_scheduled_events")) == (0, 1)
    # Of a server that is about to be repaired, logs are wanted all the more: no event is asked for.
    logs = rollout.run(play(role("log_collect", preflight="strict", spec={"log_type": "all"})))
    message = failed_message(logs)
    assert "spec.obs_path: template 'log-collect' has no default for it, and it is not given" in message
    assert (simulator.counts()["writes"], simulator.count("list_scheduled_events")) == (0, 1)


def test_events_that_nobody_may_read_are_said_and_stop_nothing(simulator, rollout):
    rollout.inventory(2)
    rollout.expect_warnings()
    simulator.fault("list_scheduled_events", "forbidden", times=None)
    run = rollout.run(play(role(preflight="strict"), serial=1))
    assert (run.status, submitted(simulator)) == (0, [1, 1])
    assert "thescheduledeventscannotberead,sowhetheraserverofthisrunhasaneventisnotknown" in run.text


def test_preflight_may_warn_or_be_off(simulator, rollout):
    simulator.server(2, status="STOPPED")
    rollout.inventory(2)
    rollout.expect_warnings()
    warned = rollout.run(play(role(preflight="warn")))
    assert (warned.status, submitted(simulator)) == (0, [2])
    assert "serversareSTOPPED,notRUNNING" in warned.text
    simulator.clear_requests()
    rollout.run(play(role(preflight="off")))
    assert simulator.count("list_servers") == 0


def test_preflight_happens_once_and_sees_servers_of_others(simulator, rollout):
    simulator.reset(servers=4, foreign_servers=2, job_duration=0)
    foreign = next(server["id"] for server in simulator.servers() if server["id"] not in map(server_id, range(1, 5)))
    rollout.inventory(3, {3: {"liteserver_id": foreign}})
    run = rollout.run(play(role(preflight="strict"), serial=1))
    assert run.status == 0
    assert submitted(simulator) == [1, 1, 1]
    assert (simulator.count("list_servers"), simulator.count("list_all_servers")) == (1, 1)
    assert simulator.count("list_software") == 1


def test_a_rescued_preflight_still_stops_the_run(simulator, rollout):
    simulator.server(2, status="STOPPED")
    rollout.inventory(2)
    block = {"block": [role(preflight="strict")], "rescue": [{"name": "Go on", "ansible.builtin.debug": {"msg": "x"}}]}
    run = rollout.run(play(block, serial=1))
    assert len(run.of("Go on")) == 2
    assert simulator.counts()["writes"] == 0


# The budget


def test_the_budget_counts_over_the_whole_run(simulator, rollout):
    """5 % of 200 are 10. No batch of 20 has more than 2 that fail."""
    simulator.reset(servers=200, job_duration=0)
    rollout.inventory(200)
    for batch in range(10):
        for number in (1, 2):
            simulator.server(20 * batch + number, fail=1)
    run = rollout.run(play(role(max_failures="5%", record=str(rollout.record)), serial=20))
    assert submitted(simulator) == [20] * 6
    assert len([name for name in run.failed if run.verdicts().get(name)]) == 12
    message = run.message("Open the batch")
    assert "12 of 200 servers failed, more than may fail (5%, that is 10); no further batch is started" in message
    assert "80 servers not touched" in message
    (record,) = rollout.records()
    assert record["stopped"] in message
    assert (record["state"], len(record["batches"])) == ("stopped", 6)
    verdicts = [row["verdict"] for row in record["servers"]]
    assert (verdicts.count("done"), verdicts.count("failed"), verdicts.count("pending")) == (108, 12, 80)


def test_a_budget_that_is_just_met_goes_on(simulator, rollout):
    simulator.server(1, fail=1)
    simulator.server(2, fail=1)
    run = rollout.run(play(role(max_failures=2), serial=4))
    assert submitted(simulator) == [4, 4, 4]
    assert run.failed == hosts(1, 2)


# Approval


def test_an_approval_that_nobody_can_give_stops_after_the_canary(simulator, rollout):
    rollout.expect_warnings()
    run = rollout.run(play(role(approve="canary"), serial=[1, 11]))
    assert run.status == 2
    assert submitted(simulator) == [1]
    assert "batch 2 was not approved (there was no answer" in run.message("Stop without approval")


@pytest.mark.parametrize(("answer", "batches"), [("yes", [2, 10]), ("no", [2])])
def test_an_approval_is_typed(simulator, rollout, answer, batches):
    running = rollout.start(play(role(approve="canary"), serial=[2, 10]), terminal=True)
    running.type(answer, after="Type yes to start this batch")
    run = running.finish()
    assert submitted(simulator) == batches
    assert run.status == (0 if answer == "yes" else 2)


def test_no_approval_is_asked_for_in_check_mode(simulator, rollout):
    run = rollout.run(play(role(approve="batches"), serial=[1, 11]), arguments=("--check",))
    assert run.status == 0
    assert len(run.verdicts()) == 12


# Hooks


def hook(rollout, name, failing):
    """A task file that fails on one host."""
    path = rollout.directory / f"{name}.yml"
    task = {"name": f"Hook {name}", "ansible.builtin.fail": {"msg": "drain failed"}}
    path.write_text(json.dumps([{**task, "when": f"inventory_hostname == '{host(failing)}'"}]))
    return str(path)


def test_hooks_before_and_after(simulator, rollout):
    rollout.inventory(4)
    upgrade = role(
        before=hook(rollout, "before", 2),
        after=hook(rollout, "after", 3),
        record=str(rollout.record),
        max_failures="100%",
    )
    run = rollout.run(play(upgrade, serial=[3, 1]))
    assert run.failed == hosts(2, 3)
    assert [request["body"]["server_ids"] for request in simulator.requests("create_job")] == [
        [server_id(1), server_id(3)],
        [server_id(4)],
    ]
    # Within a batch hosts run beside each other, and end in any order.
    before, after = ([event["host"] for event in run.of(name)] for name in ("Hook before", "Hook after"))
    assert [*sorted(before[:3]), *before[3:]] == hosts(1, 2, 3, 4)
    assert [*sorted(after[:2]), *after[2:]] == hosts(1, 3, 4)
    (record,) = rollout.records()
    assert record["state"] == "ended"
    rows = {row["host"]: row for row in record["servers"]}
    assert [rows[name]["verdict"] for name in hosts(1, 2, 3, 4)] == ["done", "not_started", "failed", "done"]
    assert "a task after it failed" in rows[host(3)]["message"]


def test_what_hooks_fail_counts_for_the_budget(simulator, rollout):
    rollout.inventory(4)
    run = rollout.run(play(role(after=hook(rollout, "after", 2), max_failures=0), serial=2))
    assert submitted(simulator) == [2]
    assert "1 of 4 servers failed" in run.message("Open the batch")


def test_a_hook_is_found_beside_the_playbook(simulator, rollout):
    rollout.inventory(1)
    running = rollout.start(
        play(role(before="drain.yml")), files={"drain.yml": [{"name": "Drain", "ansible.builtin.debug": {"msg": "x"}}]}
    )
    run = running.finish()
    assert (run.status, len(run.of("Drain"))) == (0, 1)


# The record


def test_the_record_tells_what_happened(simulator, rollout):
    simulator.server(2, fail=1, message="npu busy")
    run = rollout.run(play(role(record=str(rollout.record), max_failures="50%"), serial=[1, 11]))
    (path,) = rollout.record.glob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert str(path).replace("\n", "") in run.text
    (record,) = rollout.records()
    assert (record["schema_version"], record["entry"], record["state"]) == (2, "hdk_upgrade", "ended")
    assert (record["max_failures"], record["stopped"]) == ("50%", None)
    # Its last words are taken down after its end.
    assert record["started_at"] <= record["ended_at"] <= record["updated_at"]
    jobs = {job["id"]: job for job in simulator.jobs()}
    assert [[job["job_id"] for job in batch["jobs"]] for batch in record["batches"]] == [
        [job["id"]] for job in sorted(jobs.values(), key=lambda job: job["create_at"])
    ]
    assert record["batches"][0]["groups"] == [
        {
            "number": 1,
            "name": f"hdk_upgrade_{VERSION}",
            "type": "HDK_UPGRADE",
            "items": [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}],
            "hosts": 1,
        }
    ]
    assert [row["host"] for row in record["servers"]] == hosts(*range(1, 13))
    for row in record["servers"]:
        task = next(task for task in jobs[row["job_id"]]["tasks"] if task["server_id"] == row["server_id"])
        assert row["verdict"] == {"SUCCESS": "done", "FAILED": "failed"}[task["status"]]
        assert row["status"] == task["status"]
        assert row["started_at"] <= row["ended_at"]
    assert record["servers"][1]["message"] == "npu busy"
    (page,) = rollout.record.glob("*.md")
    assert (page.stem, stat.S_IMODE(page.stat().st_mode)) == (path.stem, 0o600)
    rows = [line for line in page.read_text().splitlines() if line.startswith("| liteserver-")]
    failed = record["servers"][1]
    cells = rows[0].strip("| ").split(" | ")
    assert cells[:8] == [host(2), server_id(2), "", "2", "failed", "FAILED", "npu busy", failed["job_id"]]
    assert re.fullmatch("[0-9.]+ s", cells[8])
    assert [row.split(" | ")[4] for row in rows[1:]] == ["done"] * 11
    assert (record["servers"][0]["batch"], record["servers"][11]["batch"]) == (1, 2)


def test_a_folder_that_cannot_be_written_is_an_error_before_any_request(simulator, rollout):
    blocked = rollout.directory / "file"
    blocked.write_text("")
    run = rollout.run(play(role(record=str(blocked))))
    assert "fleet_job_record: cannot write" in run.message("Open the batch")
    assert simulator.counts()["total"] == 0


def test_two_uses_of_the_role_in_one_play_are_two_runs(simulator, rollout):
    rollout.inventory(4)
    record = str(rollout.record)
    both = [role(record=record), role("log_collect", spec={"obs_path": "obs://bucket/folder"}, record=record)]
    run = rollout.run(play(*both, serial=2))
    assert run.status == 0
    records = rollout.records()
    assert sorted(record["entry"] for record in records) == ["hdk_upgrade", "log_collect"]
    assert all(len(record["batches"]) == 2 and record["state"] == "ended" for record in records)


def test_the_last_lines_fit_a_terminal_of_80_columns(simulator, rollout):
    simulator.reset(servers=1000, job_duration=0)
    rollout.inventory(1000)
    for number in range(1, 1001, 3):
        simulator.server(number, fail=1, message=f"reason {number % 5}: " + "the device is held by a process " * 5)
    run = rollout.run(play(role(), any_errors_fatal=False))
    assert len(run.failed) == 334
    lines = run.output.splitlines()
    start = lines.index("result: ended with failures: 666 of 1000 done, 334 failed")
    end = next(index for index in range(start, len(lines)) if lines[index].startswith("continue: "))
    assert max(len(line) for line in lines[start:end]) <= 80
    assert end - start < 40


def test_other_versions_of_two_uses_do_not_mix(simulator, rollout):
    """The same entry twice in a play: the second use wants something else, and is a run of its own."""
    rollout.inventory(2)
    run = rollout.run(
        play(role(record=str(rollout.record)), role(version=OTHER_VERSION, record=str(rollout.record)), serial=1)
    )
    assert run.status == 0
    assert submitted(simulator) == [1, 1, 1, 1]
    assert [row["verdict"] for record in rollout.records() for row in record["servers"]] == ["done"] * 4
