# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a run from its begin to its end, or to where it was aborted, and what people read of it."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils._version import VERSION
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._closing import (
    batch_lines,
    closing_lines,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._report import page_of
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._run_record import RunRecord

# A terminal has 100 columns; Ansible puts blanks, quotes and a comma around a line.
WIDTH = 79
HOSTS = ["h1", "h2", "h3", "h4", "h5"]
GROUP = {"number": 1, "name": "upgrade", "type": "HDK_UPGRADE", "items": [], "hosts": 2}


def begin(hosts=None, now=1000):
    return RunRecord.begin("run-1", "hdk_upgrade", list(hosts or HOSTS), "5%", now)


def ids(*hosts):
    return {host: host.replace("h", "s") for host in hosts}


def found(verdict, status=None, message=None, job_id="j1", name=None, text=None):
    """An outcome of :func:`.rollout._outcomes.outcomes_of`."""
    outcome = {
        "server_id": "-",
        "server_name": name,
        "verdict": verdict,
        "status": status,
        "message": message,
        "job_id": job_id,
        "job_name": "upgrade",
        "ok": verdict == "done",
        "changed": True,
    }
    return outcome if text is None else dict(outcome, text=text, hint="-")


def job(number=1, count=2, **more):
    return {
        "group": 1,
        "name": "upgrade",
        "job_id": f"j{number}",
        "action": "created",
        "servers": count,
        "other_job_ids": [],
        "error": None,
        **more,
    }


def rows(record):
    """{host: row}; a record is JSON at any time."""
    json.dumps(record.data)
    return {row["host"]: row for row in record.data["servers"]}


def verdicts(record):
    return [row["verdict"] for row in rows(record).values()]


def to_the_wait(record, *hosts, now=2000):
    """A batch up to its wait, with every server running."""
    record.open_batch(list(hosts), now)
    record.starting([GROUP], ids(*hosts), now + 1)
    number = record.batch["number"]
    record.started(
        [job(number, len(hosts))], {h: found("running", "PROCESSING", job_id=f"j{number}") for h in hosts}, now
    )


def through(record, outcomes, now=2000, hook=False):
    to_the_wait(record, *outcomes, now=now)
    record.settled(outcomes, now + 9, hook=hook)


def test_a_run_that_did_nothing_yet():
    record = begin()
    assert {key: value for key, value in record.data.items() if key != "servers"} == {
        "schema_version": 2,
        "collection_version": VERSION,
        "run_id": "run-1",
        "entry": "hdk_upgrade",
        "state": "running",
        "process": {},
        "user": None,
        "command": None,
        "ansible_version": None,
        "batches_planned": 0,
        "window_end": None,
        "started_at": 1000,
        "updated_at": 1000,
        "ended_at": None,
        "max_failures": "5%",
        "preflight": "pending",
        "stopped": None,
        "stopped_by": None,
        "reported": False,
        "logs_job_ids": [],
        "batches": [],
    }
    assert record.hosts == HOSTS
    assert record.seen == set()
    assert record.failed_hosts() == []
    row = rows(record)["h1"]
    assert row["verdict"] == "pending"
    assert {value for key, value in row.items() if key not in ("host", "verdict")} == {None}


def test_the_life_of_a_run_over_two_batches():
    record = begin()

    record.open_batch(["h1", "h2"], 2000)
    assert record.seen == {"h1", "h2"}
    assert record.batch == {
        "number": 1,
        "phase": "preparing",
        "approval": "not_needed",
        "started_at": 2000,
        "ended_at": None,
        "groups": [],
        "jobs": [],
    }
    assert verdicts(record) == ["pending"] * 5

    record.starting([GROUP], ids("h1", "h2"), 2100)
    assert (record.batch["phase"], record.batch["groups"]) == ("starting", [GROUP])
    assert verdicts(record) == ["starting", "starting", "pending", "pending", "pending"]
    assert (rows(record)["h2"]["server_id"], rows(record)["h2"]["started_at"]) == ("s2", 2100)

    record.started([job()], {"h1": found("running", "PROCESSING"), "h2": found("done", "SUCCESS", name="two")}, 2200)
    assert (record.batch["phase"], record.batch["jobs"]) == ("waiting", [job()])
    assert verdicts(record)[:2] == ["running", "done"]
    assert [rows(record)[host]["ended_at"] for host in ("h1", "h2")] == [None, 2200]
    assert rows(record)["h1"]["job_id"] == "j1" and rows(record)["h2"]["server_name"] == "two"

    record.settled({"h1": found("failed", "FAILED", "npu busy"), "h2": found("done", "SUCCESS")}, 2300)
    assert (record.batch["phase"], record.batch["ended_at"]) == ("ended", 2300)
    assert (record.data["state"], record.data["ended_at"]) == ("running", None), "a batch is left"
    assert rows(record)["h1"] == {
        "host": "h1",
        "server_id": "s1",
        "server_name": None,
        "supernode_id": None,
        "supernode_name": None,
        "batch": 1,
        "verdict": "failed",
        "passed": False,
        "status": "FAILED",
        "message": "npu busy",
        "job_id": "j1",
        **dict.fromkeys(("driver_before", "driver_after", "firmware_before", "firmware_after")),
        "submitted": True,
        "started_at": 2100,
        "ended_at": 2300,
    }
    assert rows(record)["h2"]["ended_at"] == 2200, "it was done before the wait"
    assert record.failed_hosts() == ["h1"]

    before = json.dumps(record.data["batches"][0]), json.dumps(record.data["servers"][:2])
    through(record, {host: found("done", "SUCCESS", job_id="j2") for host in ("h3", "h4", "h5")}, now=3000)
    assert (json.dumps(record.data["batches"][0]), json.dumps(record.data["servers"][:2])) == before
    assert (record.batch["number"], record.batch["started_at"], record.batch["ended_at"]) == (2, 3000, 3009)
    assert [row["batch"] for row in rows(record).values()] == [1, 1, 2, 2, 2]
    assert (record.data["state"], record.data["ended_at"], record.data["updated_at"]) == ("ended", 3009, 3009)
    assert record.failed_hosts() == ["h1"]
    assert record.seen == set(HOSTS)


def test_the_life_of_a_run_with_tasks_after_each_batch():
    record = begin(["h1", "h2", "h3"])
    through(record, {"h1": found("done", "SUCCESS"), "h2": found("done", "SUCCESS")}, hook=True)
    assert (record.batch["phase"], record.batch["ended_at"]) == ("after", None)
    record.lost_later({"h2"}, 2500)
    record.closed(2500)
    assert (record.batch["phase"], record.batch["ended_at"], record.data["state"]) == ("ended", 2500, "running")

    through(record, {"h3": found("done", "SUCCESS")}, now=3000, hook=True)
    assert (record.data["state"], record.data["ended_at"]) == ("running", None), "its tasks may yet fail"
    record.closed(3500)
    assert (record.batch["phase"], record.data["state"], record.data["ended_at"]) == ("ended", "ended", 3500)
    assert verdicts(record) == ["done", "failed", "done"]


@pytest.mark.parametrize("step", ["open_batch", "starting", "started", "settled", "closed", "lost_later", "stop"])
def test_every_step_says_when_it_was(step):
    record = begin()
    record.open_batch(["h1"], 2000)
    arguments = {
        "open_batch": [["h2"]],
        "starting": [[], {}],
        "started": [[], {}],
        "settled": [{}],
        "closed": [],
        "lost_later": [[]],
        "stop": ["why", "budget"],
    }
    getattr(record, step)(*arguments[step], 7777)
    assert record.data["updated_at"] == 7777
    assert record.data["started_at"] == 1000


# --- aborted runs: what may have happened ---


def test_aborted_before_the_first_request():
    record = begin()
    record.open_batch(["h1", "h2"], 2000)
    record = RunRecord(json.loads(json.dumps(record.data)))
    assert (record.data["state"], record.batch["phase"]) == ("running", "preparing")
    assert verdicts(record) == ["pending"] * 5, "no job exists"


def test_aborted_while_jobs_were_started():
    record = begin()
    record.open_batch(["h1", "h2"], 2000)
    record.starting([GROUP], ids("h1", "h2"), 2100)
    record = RunRecord(json.loads(json.dumps(record.data)))
    assert (record.data["state"], record.batch["phase"]) == ("running", "starting")
    assert verdicts(record) == ["starting", "starting", "pending", "pending", "pending"]
    assert [rows(record)[host]["server_id"] for host in ("h1", "h2")] == ["s1", "s2"]
    assert record.batch["groups"] == [GROUP], "what to look for"
    assert "2 starting, 3 pending" in closing_lines(record.data, None, None)[1]


def test_aborted_while_it_waited():
    record = begin()
    to_the_wait(record, "h1", "h2")
    record = RunRecord(json.loads(json.dumps(record.data)))
    assert (record.data["state"], record.batch["phase"]) == ("running", "waiting")
    assert verdicts(record)[:2] == ["running", "running"]
    assert [rows(record)[host]["job_id"] for host in ("h1", "h2")] == ["j1", "j1"]


def test_a_record_that_was_written_goes_on_as_it_was():
    straight, resumed = begin(), begin()
    steps = [
        ("open_batch", ["h1", "h2"], 2000),
        ("starting", [GROUP], ids("h1"), 2100),
        ("started", [job()], {"h1": found("running")}, 2200),
        ("settled", {"h1": found("done", "SUCCESS")}, 2300),
        ("open_batch", ["h3", "h4", "h5"], 2400),
    ]
    for step, *arguments in steps:
        getattr(straight, step)(*arguments)
        resumed = RunRecord(json.loads(json.dumps(resumed.data)))
        getattr(resumed, step)(*arguments)
    assert resumed.data == straight.data


# --- hosts that fall out ---


def test_hosts_that_failed_before_their_job():
    record = begin()
    record.open_batch(["h1", "h2", "h3"], 2000)
    record.starting([GROUP], ids("h1", "h3"), 2100)
    assert verdicts(record) == ["starting", "not_started", "starting", "pending", "pending"]
    row = rows(record)["h2"]
    assert (row["message"], row["ended_at"], row["server_id"], row["started_at"]) == (
        "the host failed before its job was started",
        2100,
        None,
        None,
    )
    assert record.failed_hosts() == ["h2"]
    record.settled({"h1": found("done"), "h3": found("done")}, 2200)
    assert verdicts(record)[:3] == ["done", "not_started", "done"]
    # In the next batch, hosts of the one before are not looked at again.
    record.open_batch(["h4", "h5"], 3000)
    record.starting([GROUP], ids("h4"), 3100)
    assert record.failed_hosts() == ["h2", "h5"]
    assert rows(record)["h2"]["ended_at"] == 2100


def test_a_server_whose_job_could_not_be_created_was_not_started():
    record = begin()
    refused = found("planned", job_id=None, text="no job was created for it: no quota")
    through(record, {"h1": found("done", "SUCCESS"), "h2": refused, "h3": refused})
    assert verdicts(record) == ["done", "not_started", "not_started", "pending", "pending"]
    row = rows(record)["h2"]
    assert (row["message"], row["status"], row["job_id"]) == ("no job was created for it: no quota", None, None)
    assert row["ended_at"] == 2009
    assert record.failed_hosts() == ["h2", "h3"]
    lines = closing_lines(record.data, None, None)
    assert lines[1] == "result: running: 1 of 5 done, 2 not started, 2 pending"
    assert lines[3] == "  no job was created for it: no quota: h[2:3] (2 servers)"


def test_what_check_mode_plans_stays_planned():
    record = begin(["h1", "h2"])
    planned = dict(found("planned", job_id=None), ok=True)
    refused = found("planned", job_id=None, text="no job was created for it: no such parameter")
    through(record, {"h1": planned, "h2": refused})
    assert verdicts(record) == ["planned", "not_started"]
    assert rows(record)["h1"]["message"] is None
    assert record.failed_hosts() == ["h2"]


@pytest.mark.parametrize("verdict", ["failed", "unknown", "running"])
def test_whoever_did_not_do_it_has_failed_unless_it_still_runs(verdict):
    record = begin()
    through(record, {"h1": found("done", "SUCCESS"), "h2": found(verdict, text="why")})
    assert (record.failed_hosts() or record.running_hosts()) == ["h2"]
    assert (record.running_hosts() == ["h2"]) == (verdict == "running")


def test_pending_and_done_are_no_failures():
    record = begin()
    record.open_batch(["h1", "h2"], 2000)
    assert record.failed_hosts() == []
    record.starting([], ids("h1", "h2"), 2100)
    record.settled({"h1": found("done"), "h2": found("done")}, 2200)
    assert record.failed_hosts() == []


def test_a_later_task_fails_only_who_was_done():
    record = begin()
    through(
        record,
        {"h1": found("done", "SUCCESS"), "h2": found("failed", "FAILED", "m"), "h3": found("unknown", text="lost")},
    )
    record.lost_later(["h1", "h2", "h3", "h4", "nobody"], 5000)
    assert verdicts(record) == ["failed", "failed", "unknown", "pending", "pending"]
    lost = rows(record)["h1"]
    assert (lost["message"], lost["ended_at"], lost["status"], lost["job_id"]) == (
        "its job is done; a task after it failed",
        5000,
        "SUCCESS",
        "j1",
    )
    assert (rows(record)["h2"]["message"], rows(record)["h2"]["ended_at"]) == ("m", 2009)
    assert record.failed_hosts() == ["h1", "h2", "h3"]


def test_a_host_is_lost_once():
    record = begin()
    through(record, {"h1": found("done", "SUCCESS")})
    record.lost_later(["h1"], 5000)
    record.lost_later(["h1"], 6000)
    assert rows(record)["h1"]["ended_at"] == 5000
    assert record.failed_hosts() == ["h1"]


def test_nobody_is_lost():
    record = begin()
    through(record, {"h1": found("done", "SUCCESS")})
    record.lost_later(set(), 5000)
    assert verdicts(record)[0] == "done"


def test_a_stopped_run():
    record = begin()
    through(record, {"h1": found("failed", "FAILED", "m")})
    record.stop("fleet_job_max_failures: too many", "budget", 5000)
    assert (record.data["state"], record.data["stopped"], record.data["ended_at"]) == (
        "stopped",
        "fleet_job_max_failures: too many",
        5000,
    )
    assert verdicts(record) == ["failed", "pending", "pending", "pending", "pending"]
    assert closing_lines(record.data, None, None)[1:3] == [
        "result: stopped by budget: 0 of 5 done, 1 failed, 4 pending",
        "reason: fleet_job_max_failures: too many",
    ]


def test_the_message_of_the_service_goes_before_ours():
    record = begin()
    through(
        record,
        {
            "h1": found("failed", "FAILED", "npu busy", text="FAILED: npu busy"),
            "h2": found("unknown", text="the answer was lost"),
            "h3": found("done", "SUCCESS", "well"),
            "h4": found("done", "SUCCESS"),
        },
    )
    assert [rows(record)[host]["message"] for host in HOSTS[:4]] == ["npu busy", "the answer was lost", "well", None]


# --- for people ---


def thousand(reason):
    """1,000 servers in 20 batches that all failed, each by its own reason or by the same."""
    hosts = [f"liteserver-{number:05}" for number in range(1000)]
    record = begin(hosts)
    for batch in range(20):
        turn = hosts[batch * 50 : batch * 50 + 50]
        outcomes = {host: found("failed", "FAILED", reason(host), job_id=f"j{batch}") for host in turn}
        record.open_batch(turn, 2000)
        record.starting([GROUP], {host: host for host in turn}, 2100)
        jobs = [job(batch, 50, name="n" * 64, job_id=f"{batch:02}345678-90ab-cdef-1234-567890abcdef")]
        record.started(jobs, outcomes, 2200)
        record.settled(outcomes, 36000000)
    return record.data


LONG = "the driver could not be installed because the device was in use by a process of a user that did not end"


def test_a_thousand_servers_with_a_reason_each():
    lines = closing_lines(thousand(lambda host: f"{LONG}, {host}"), "/var/records/run.json", None)
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) <= 50
    assert lines[1] == "result: ended with failures: 0 of 1000 done, 1000 failed"
    assert sum(f"FAILED: {LONG[:20]}" in line for line in lines) == 15
    assert lines.count("  and 985 more reasons; the record has them all") == 1


def test_a_thousand_servers_with_one_reason():
    lines = closing_lines(thousand(lambda host: LONG), None, None)
    assert max(map(len, lines)) <= WIDTH
    text = " ".join(" ".join(lines).split())
    assert f"FAILED: {LONG}: liteserver-[00000:00999] (1000 servers)" in text


def test_line_breaks_of_the_service_break_no_lines():
    record = begin(["h1"])
    through(record, {"h1": found("failed", "FAILED", "npu\r\n\tbusy\n")})
    assert "  FAILED: npu busy: h1" in closing_lines(record.data, None, None)


def test_paths_and_commands_stay_whole():
    """They are there to be copied."""
    record = begin(["h1"])
    through(record, {"h1": found("failed", "FAILED", LONG)})
    for path in ("/run-1.json", "/var/lib/awx/projects/" + "folder-with-hyphens/" * 20 + "run-1.json"):
        lines = closing_lines(record.data, path, f"ansible-playbook {path}")
        assert lines[-2:] == [f"record: {path}", f"continue: ansible-playbook {path}"]


def columns(line):
    """As wide as a terminal shows it."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


@pytest.mark.parametrize(
    "message",
    [
        "\u9a71\u52a8\u5b89\u88c5\u5931\u8d25" * 50,
        "\u9a71\u52a8 \u5b89\u88c5 " * 50,
        "npu " * 20 + "\uff0c\u5931\u8d25\u3002" * 40,
        "\uff21\uff22" * 100,
        "\U0001f525" * 150,
        "x" * 1000,
        "x" * 87 + "\u9a71",
    ],
)
def test_no_line_is_wider_than_a_terminal(message):
    """Characters of East Asian scripts are two columns wide."""
    record = begin(["h1", "h2", "h3"])
    outcomes = {
        "h1": found("failed", "FAILED", message, name="\u670d\u52a1\u5668" * 20),
        "h2": found("failed", "FAILED", "busy"),
        "h3": found("unknown", text=message),
    }
    through(record, outcomes)
    record.stop(message, "budget", 3000)
    lines = closing_lines(record.data, None, None)
    assert max(map(columns, lines)) <= WIDTH
    assert "  FAILED: busy: h2" in lines


@settings(max_examples=300, derandomize=True)
@given(messages=st.lists(st.none() | st.text(max_size=400), min_size=1, max_size=5))
def test_whatever_the_service_says_lines_are_short_and_plain(messages):
    record = begin([f"h{number}" for number in range(len(messages))])
    through(record, {f"h{number}": found("failed", "FAILED", text) for number, text in enumerate(messages)})
    for line in [*closing_lines(record.data, None, None), *batch_lines(record.data)]:
        assert line.isprintable() and columns(line) <= WIDTH


def test_long_messages_are_cut():
    record = begin(["h1", "h2", "h3"])
    outcomes = {
        "h1": found("failed", "FAILED", "x" * 5000),
        "h2": found("failed", message=("word " * 1000).strip()),
        "h3": found("unknown", text="y" * 200),
    }
    through(record, outcomes)
    text = "".join(line.strip() for line in closing_lines(record.data, None, None))
    assert text.count("x") == 200 - len("FAILED: ...")
    assert text.count("word") == 39
    assert text.count("yyyy") == 50, "this one is just short enough"
    assert rows(record)["h1"]["message"] == "x" * 4000, "the record has more of it"


def test_messages_are_shown_without_control_characters():
    record = begin(["h1", "h2"])
    odd = {
        "h1": found("failed", "FAILED", "npu\x1b[2J\x00\n\u202ebusy\x07"),
        "h2": found("failed", "FAILED", "npu [2J busy"),
    }
    through(record, odd)
    lines = closing_lines(record.data, None, None)
    assert all(line.isprintable() for line in lines)
    assert lines[3:] == ["  FAILED: npu [2J busy: h[1:2] (2 servers)"], "what looks the same is one reason"


def test_the_last_lines_do_not_change_the_record():
    data = thousand(lambda host: host)
    before = json.dumps(data)
    closing_lines(data, "/x", "again")
    assert json.dumps(data) == before


def test_the_page_shows_who_did_not_pass_first_and_nothing_breaks_its_tables():
    record = begin(["h1", "h2"])
    through(record, {"h1": found("done", "SUCCESS"), "h2": found("failed", "FAILED", "a|b <c>\n\x1b[2Jd\\")})
    record.stop("enough", "budget", 3000)
    lines = page_of(record.data).splitlines()
    rows = [line for line in lines if line.startswith("| h")]
    assert rows[0] == "| host | server id | supernode | batch | verdict | status | message | job | took |"
    assert rows[1].startswith("| h2 | s2 |  | 1 | failed | FAILED | a&#124;b &#60;c&#62; &#91;2Jd&#92; | ")
    assert rows[2].startswith("| h1 | s1 |  | 1 | done | SUCCESS |  | ")
    assert "Stopped: enough" in lines
    assert "Result: stopped by budget: 1 of 2 done, 1 failed" in lines
    assert "| started | 1970-01-01 00:00:01 UTC |" in lines
