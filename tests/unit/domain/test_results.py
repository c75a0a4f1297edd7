# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What results show: verdicts, masks, times, words."""

from __future__ import annotations

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._progress import Progress
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._result import concealed_row, server_row
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._wording import duration, name_servers
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._decision import verdict_of
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._model import Job, Task, milliseconds
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._result import job_record


@pytest.mark.parametrize(
    ("job_status", "task_status", "skipped_ok", "verdict"),
    [
        ("PROCESSING", "SUCCESS", True, "done"),
        ("FINISHED", "SUCCESS", True, "done"),
        ("FINISHED", "FAILED", True, "failed"),
        ("PROCESSING", "FAILED", True, "failed"),
        ("FINISHED", "SKIPPED", True, "done"),
        ("FINISHED", "SKIPPED", False, "failed"),
        ("PROCESSING", "PROCESSING", True, "running"),
        ("PROCESSING", "PAUSED", True, "running"),
        ("PROCESSING", None, True, "running"),
        ("COMPLETED", "PROCESSING", True, "running"),
        ("FINISHED", "PROCESSING", True, "unknown"),
        ("FINISHED", "PAUSED", True, "unknown"),
        ("FINISHED", None, True, "unknown"),
        ("DELETED", "PROCESSING", True, "unknown"),
        ("DELETED", None, True, "unknown"),
    ],
)
def test_verdicts(job_status, task_status, skipped_ok, verdict):
    task = None if task_status is None else Task("s1", task_status)
    assert verdict_of(Job("j", status=job_status), task, skipped_ok) == verdict


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1755005748201, 1755005748201),
        ("1755005748201", 1755005748201),
        ("2025-08-12T13:35:48.201Z", 1755005748201),
        ("2025-08-12T13:35:48.201+00:00", 1755005748201),
        ("2025-08-12T15:35:48.201+02:00", 1755005748201),
        ("2025-08-12 13:35:48", 1755005748000),
        ("soon", None),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_times_in_any_form(value, expected):
    assert milliseconds(value) == expected


@pytest.mark.parametrize(
    ("key", "is_secret"),
    [
        ("password", True),
        ("db_passwd", True),
        ("passphrase", True),
        ("client_secret", True),
        ("secret_key", True),
        ("API_TOKEN", True),
        ("obs_ak", True),
        ("obs_sk", True),
        ("access_key", True),
        ("privateKey", True),
        ("credentials", True),
        ("user_data", True),
        ("userPwd", True),
        ("passwd_b64", True),
        ("api_key", True),
        ("AccessKeyId", True),
        ("token_id", True),
        ("key_pair_name", False),
        ("user_database", False),
        ("tokenizer", False),
        ("version", False),
        ("max_tokens", False),
        ("secretary", False),
        ("task", False),
        ("obs_path", False),
        ("keyboard", False),
    ],
)
def test_keys_that_are_named_like_a_secret_are_masked(key, is_secret):
    record = job_record({"id": "j", "items": [{"type": "T", "spec": {key: "canary"}}]})
    assert (record["items"][0]["spec"][key] != "canary") is is_secret


def test_a_record_keeps_what_nobody_documented_and_drops_the_tasks():
    raw = {
        "id": "j",
        "new": {"x": 1},
        "tasks": [{"server_id": "s1"}],
        "create_at": "1755005748201",
        "update_at": "soon",
    }
    assert job_record(raw) == {"id": "j", "new": {"x": 1}, "create_at": 1755005748201, "update_at": "soon"}
    assert job_record(raw, with_tasks=True)["tasks"] == [{"server_id": "s1"}]
    assert raw["create_at"] == "1755005748201", "the answer itself is not touched"


def test_messages_of_servers_cannot_steer_a_terminal():
    row = {"server_id": "s1", "server_name": "one", "message": "\x1b[2J\x07npu\nbusy\u202e"}
    assert name_servers([row]) == "one: [2J npu busy"


def test_many_servers_are_named_in_short():
    rows = [{"server_id": f"s{number}", "server_name": None, "message": None} for number in range(8)]
    assert name_servers(rows) == "s0; s1; s2; s3; s4; and 3 more"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.9, "59 s"), (250, "4 min 10 s"), (3600, "1 h 0 min 0 s"), (86399, "23 h 59 min 59 s")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_progress_tells_changes_at_once_and_repeats_itself_only_now_and_then():
    lines = []
    progress = Progress("upgrade", 60, started=100.0, write=lines.append)
    running = {"server_id": "s1", "server_name": "one", "job_id": "j1", "verdict": "running", "message": None}
    failed = dict(running, verdict="failed", message="npu busy")
    for now, row in ((100, running), (110, running), (159, running), (160, running), (161, failed), (350, failed)):
        progress.saw([row], now)
    assert lines == [
        "upgrade job j1: 0 of 1 done, 1 running, 0 s",
        "upgrade job j1: 0 of 1 done, 1 running, 1 min 0 s",
        "upgrade job j1: 0 of 1 done, 1 failed (one: npu busy), 1 min 1 s",
        "upgrade job j1: 0 of 1 done, 1 failed (one: npu busy), 4 min 10 s",
    ]


RUNNING = {"server_id": "s1", "server_name": "one", "job_id": "j1", "verdict": "running", "message": None}


def test_progress_begins_with_what_goes_on_without_this_run():
    lines = []
    progress = Progress("upgrade", 60, started=0.0, write=lines.append)
    progress.begins([RUNNING, dict(RUNNING, job_id="j2"), dict(RUNNING, verdict="done")])
    progress.begins([RUNNING], "so and so goes on waiting")
    assert lines == [
        "upgrade job j1, j2: 2 servers under way; this goes on if the run is cancelled",
        "upgrade job j1: 1 server under way; this goes on if the run is cancelled, and so and so goes on waiting",
    ]


@pytest.mark.parametrize(
    ("every", "pause", "due"), [(60, 59, []), (60, 130, [60, 120]), (7, 20, [7, 14]), (0, 500, [])]
)
def test_progress_gives_signs_of_life_while_it_sleeps(clock, every, pause, due):
    """Also where the pause between two looks is longer than a silence may be; the pause stays what it is."""
    lines, started = [], clock.now()
    progress = Progress("upgrade", every, started, write=lambda line: lines.append((clock.now() - started, line)))
    progress.saw([RUNNING], clock.now())
    del lines[:]
    progress.sleep(clock, pause)
    assert [time for time, _line in lines] == due
    assert all(line.startswith("upgrade job j1: 0 of 1 done, 1 running, ") for _time, line in lines)
    assert clock.now() - started == pause


def test_progress_is_one_line_without_control_characters():
    lines = []
    row = dict(RUNNING, verdict="failed", server_name="o\x1b[2Jne", message="npu\r\nbusy\x07")
    progress = Progress("up\x1b[31mgrade", 60, started=0.0, write=lines.append)
    progress.begins([row])
    progress.saw([row], 1.0)
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


def test_progress_of_many_jobs_names_some():
    lines = []
    rows = [dict(RUNNING, job_id=f"j{number}") for number in range(200)]
    Progress("upgrade", 60, started=0.0, write=lines.append).saw(rows, 1.0)
    assert lines == ["upgrade job j0, j1, j2 and 197 more: 0 of 200 done, 200 running, 1 s"]


def test_progress_of_servers_without_jobs_names_none():
    lines = []
    row = {"server_id": "s1", "server_name": "one", "job_id": None, "verdict": "done", "message": None}
    Progress("rebooted", 60, started=0.0, write=lines.append).saw([row], 5.0)
    assert lines == ["rebooted: 1 of 1 done, 5 s"]


@pytest.mark.parametrize("field", ["server_name", "status", "message"])
def test_what_the_service_says_of_a_server_is_concealed(field):
    """Before any of it is cut for a line: what is left of a secret there is no longer known as one."""
    row = {**server_row("s1", "failed"), field: "of a-secret"}
    shown = concealed_row(row, lambda text: text.replace("a-secret", "***"))
    assert shown == {**row, field: "of ***"}
