# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strings without end, and lists that are null: through the real modules, and the page of a run.

Not modelled: a service that leaves out ``data`` and every count beside it. That is no list here.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from security.answers import JOB_ID, SERVER_IDS, VERSION, page, true_answer

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._untrusted import as_event
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._lines import job_lines
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._closing import closing_lines
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._record_check import checked_record
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._report import page_of
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._run_record import RunRecord

ENDLESS = 3 * 1024 * 1024
JOB = {
    "name": "u",
    "type": "HDK_UPGRADE",
    "spec": {"version": VERSION},
    "server_ids": SERVER_IDS,
    "template_check": "off",
}


@pytest.fixture
def run(modules: Any, hostile: Any) -> Any:
    """Runs a module; its result."""
    return lambda module, **options: modules.run(module, {**hostile.credentials(), **options}).result


# --- strings without end ---


@pytest.mark.parametrize("key", ["message", "status", "server_name"])
def test_a_task_of_three_megabytes(run: Any, hostile: Any, key: str) -> None:
    job = true_answer("get_job")
    job["status"] = "FINISHED"
    for task in job["tasks"]:
        task[key] = "x" * ENDLESS
    hostile.answers("get_job", job)
    for options in ({"job_id": JOB_ID, "wait": True, "wait_timeout": 1}, {**JOB, "_ansible_diff": True}):
        result = run("liteserver_job", **options, _ansible_check_mode=True)
        assert SERVER_IDS[0] in json.dumps(result)
        assert len(json.dumps(result)) < 500_000
    result = run("liteserver_job_info", job_ids=[JOB_ID])
    assert len(json.dumps(result)) < 200_000
    assert sum(map(len, job_lines(result["jobs"]))) < 30_000
    assert sum(map(len, job_lines([job]))) < 30_000
    assert len(json.dumps(as_event({key: "x" * ENDLESS}))) < 5_000


def test_a_server_of_three_megabytes(run: Any, hostile: Any) -> None:
    server = true_answer("get_server")
    server.update(name="n" * ENDLESS, status="s" * ENDLESS, odd={"k": ["x" * ENDLESS]})
    hostile.answers("list_servers", page(server))
    hostile.answers("get_server", server)
    assert len(json.dumps(run("liteserver_info"))) < 200_000
    assert len(json.dumps(run("liteserver_power", server_ids=SERVER_IDS[:1], state="started"))) < 200_000


def test_a_text_that_is_not_endless_is_whole(run: Any, hostile: Any) -> None:
    """The command of a template, as long as scripts are."""
    template = {**true_answer("get_template"), "cmd": "echo " * 3000}
    hostile.answers("get_template", template)
    (shown,) = run("liteserver_job_template_info", template_id=template["id"])["templates"]
    assert shown["cmd"] == template["cmd"]


# --- lists that are null ---

COUNTS = {"current": 1, "pages": 0, "size": 0, "total": 0}
NO_LISTS: list[Any] = [
    *({}, {"message": "gone", "total": 0}, {"error_code": "X", "data": None, "total": 0}, None, []),
    *({**COUNTS, "data": odd} for odd in ({}, "", 0, False)),
]


@pytest.mark.parametrize(
    "empty", [{**COUNTS, "data": None}, COUNTS, {"total": 0}, {"data": None}], ids=["null", "gone", "a count", "alone"]
)
def test_a_list_that_is_null_is_empty(run: Any, hostile: Any, empty: Any) -> None:
    """A project without jobs can have its first one."""
    for operation in ("list_jobs", "list_servers", "list_templates"):
        hostile.answers(operation, empty)
    hostile.answers("list_software", {"data": None})
    assert run("liteserver_job_info")["jobs"] == []
    assert run("liteserver_info")["servers"] == []
    assert run("liteserver_job_template_info")["templates"] == []
    assert run("liteserver_software_info")["software"] == []
    planned = run("liteserver_job", **JOB, _ansible_check_mode=True)
    assert planned["submitted_server_ids"] == SERVER_IDS


@pytest.mark.parametrize("answer", NO_LISTS, ids=repr)
def test_what_is_no_list_is_not_empty(run: Any, hostile: Any, answer: Any) -> None:
    """Else a job could be created beside one that nobody was told of."""
    hostile.answers("list_jobs", answer)
    assert run("liteserver_job", **JOB)["error"]["code"] == "bad_answer"
    assert hostile.count("create_job") == 0


def test_a_null_list_that_counts_jobs_is_not_empty(run: Any, hostile: Any) -> None:
    hostile.answers("list_jobs", {**COUNTS, "total": 5, "data": None})
    assert run("liteserver_job", **JOB)["error"]["code"] == "list_incomplete"
    assert hostile.count("create_job") == 0


# --- the page of a run ---

# What Markdown, and GitHub's extensions of it, make something of.
ACTIVE = st.sampled_from(
    [
        *("![x](http://evil.example/x)", "[x](javascript:alert(1))", "<img src=x onerror=y>", "<!--", "&lt;", "`code`"),
        *("http://evil.example", "www.evil.example", "a@evil.example", "**x**", "_x_", "~~x~~", "# x", "- x", "1. x"),
        *(
            "|",
            "\n",
            "\r",
            "\\",
            "\u202e",
            "\x1b[2J",
            "[x]: http://evil.example",
            "$x$",
            "> x",
            "---",
            "```",
            "x" * 5000,
        ),
    ]
)
TEXTS = st.lists(st.one_of(ACTIVE, st.text(max_size=10)), max_size=5).map("".join)


@settings(max_examples=200)
@given(TEXTS, TEXTS, TEXTS)
def test_no_text_of_a_page_does_anything(status: str, message: str, name: str) -> None:
    """Each row is one row with its cells, and nothing in it is active."""
    record = RunRecord.begin("id", "hdk_upgrade", ["h1"], None, 1000)
    record.open_batch(["h1"], 1000)
    record.take_supernodes({"h1": (name, name)})
    record.starting([], {"h1": "s"}, 1000)
    outcome: Any = {"server_id": "s", "server_name": name, "verdict": "failed", "status": status, "message": message}
    outcome.update(job_id=name, job_name="j", ok=False, changed=True, text=message)
    job = {"group": 1, "name": name, "job_id": name, "action": "created", "servers": 1, "other_job_ids": []}
    record.started([{**job, "error": message}], {"h1": outcome}, 2000)
    record.settled({"h1": outcome}, 3000)
    record.stop(message, "budget", 4000)
    checked_record(json.loads(json.dumps(record.data)), "here")
    lines = page_of(record.data).split("\n")
    tables = lines[lines.index("## Servers") :]
    rows = [line for line in tables if line.startswith("| ") and not line.startswith(("| host |", "| batch |"))]
    assert len(rows) == 2
    # Nine cells of a server, seven of a job.
    assert [row.count("|") for row in rows] == [10, 8]
    shown = "\n".join(row.strip("| ") for row in rows) + "".join(line for line in lines if line.startswith("Stopped"))
    assert not re.search(r"[\[\]<>`*~\\@$\x00-\x09\x1b\u202e]|://|www\.|&(?!#[0-9]+;)", shown)
    assert max(map(len, closing_lines(record.data, "/path", None))) < 200


@pytest.mark.parametrize("odd", [None, True, 0, -1, 1.5, 10**30, "text", [], {}, [5], {"key": 5}], ids=repr)
def test_a_record_with_an_odd_value_is_refused_or_can_be_used(odd: Any) -> None:
    """Every place of it: what is not refused is safe to judge by and to show."""
    record = RunRecord.begin("id", "main", ["h1", "h2"], "1", 1000)
    record.open_batch(["h1"], 1000)
    record.starting([], {"h1": "s"}, 1000)
    job = {
        "group": 1,
        "name": "n",
        "job_id": "j",
        "action": "created",
        "servers": 1,
        "other_job_ids": [],
        "error": None,
    }
    record.started([job], {}, 2000)
    text = json.dumps(record.data)
    refused = 0
    for keys in (
        *([key] for key in record.data),
        *(["batches", 0, key] for key in record.data["batches"][0]),
        *(["batches", 0, "jobs", 0, key] for key in job),
        *(["servers", 0, key] for key in record.data["servers"][0]),
    ):
        data = json.loads(text)
        place = data
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = odd
        try:
            read = RunRecord(checked_record(data, "here"))
        except InvalidOption as error:
            assert error.message.startswith("fleet_job_record: here is not as this run has written it (")
            refused += 1
            continue
        assert isinstance(read.hosts, list)
        assert read.unsettled in (True, False)
        assert set(read.failed_hosts()) <= set(read.hosts)
        if keys != ["batches"]:
            page_of(read.data)
    assert refused > 15
