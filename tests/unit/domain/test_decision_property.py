# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule for "already done" against a slow and obvious model, over random histories.

The jobs are made as the service answers them, so reading them is part of what is tested.
"""

from __future__ import annotations

import datetime
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._decision import judge
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._model import read_job, read_summary
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._wanted import read_wanted

HISTORIES = 3000

SERVERS = ["s1", "s2", "s3", "s4"]
NAMES = ["upgrade", "upgrade.2", "other"]
ITEM = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["HDK_UPGRADE", "COMMON"]),
        "spec": st.sampled_from([{"version": "1"}, {"version": "2"}, {"version": "1", "x": "y"}, {}]),
    }
)
# Few different ones, so that equal and nearly equal items are frequent.
ITEMS = st.lists(ITEM, min_size=1, max_size=2)
TASK_STATUS = st.sampled_from(["SUCCESS", "FAILED", "SKIPPED", "PROCESSING", "PAUSED"])
JOB_STATUS = st.sampled_from(["FINISHED", "FINISHED", "PROCESSING", "ACTIVE", "DELETED", "COMPLETED"])


@st.composite
def jobs(draw):
    """A job's detail with ``when`` (its true time) beside it."""
    when = 1755005748000 + draw(st.integers(0, 12))
    tasks = draw(st.lists(st.tuples(st.sampled_from(SERVERS), TASK_STATUS), max_size=5))
    return {
        "when": when,
        "id": draw(st.uuids()).hex,
        "name": draw(st.sampled_from(NAMES)),
        "type": "ASCEND_SOFTWARE_UPGRADE",
        "status": draw(JOB_STATUS),
        "create_at": draw(st.sampled_from([when, str(when), _iso(when)])),
        "items": draw(ITEMS),
        "tasks": [{"id": f"t{n}", "server_id": server, "status": status} for n, (server, status) in enumerate(tasks)],
    }


@st.composite
def wishes(draw):
    """The options of a task."""
    return {
        "name": draw(st.sampled_from(NAMES)),
        "type": "HDK_UPGRADE",
        "server_ids": draw(st.lists(st.sampled_from(SERVERS), min_size=1, max_size=5)),
        "items": draw(ITEMS),
        "reuse": draw(st.sampled_from(["same_name", "same_name", "any_name", "any_name", "never"])),
        "skipped": draw(st.sampled_from(["ok", "failed"])),
    }


def _iso(when):
    return datetime.datetime.fromtimestamp(when / 1000, datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def model(options, history):
    """{server: standing}, and how many details had to be read: for each server, look at every job."""
    counted = []
    for job in sorted(history, key=lambda job: (job["when"], job["id"])):
        if options["reuse"] == "never":
            continue
        if options["reuse"] == "same_name" and job["name"] != options["name"]:
            continue
        counted.insert(0, job)
    answers, read = {}, set()
    for server in options["server_ids"]:
        answers[server] = _model_of_server(options, server, counted, read)
    return answers, len(read)


def _model_of_server(options, server, newest_first, read):
    """What the server's newest task says; "submit" only if no older one still runs."""
    answer = None
    for place, job in enumerate(newest_first):
        job_is_over = job["status"] in ("FINISHED", "DELETED")
        if answer == "submit" and job_is_over:
            continue
        read.add(place)
        if Counter(item["type"] for item in job["items"]) != Counter(item["type"] for item in options["items"]):
            continue
        if job["tasks"] == []:
            return "unsettled"
        statuses = {task["status"] for task in job["tasks"] if task["server_id"] == server}
        if not statuses:
            continue
        ended = statuses <= {"SUCCESS", "FAILED", "SKIPPED"}
        same = _as_set(job["items"]) == _as_set(options["items"])
        if not ended and (same or not job_is_over):
            return "running" if same else "busy"
        if answer is None and same and "FAILED" not in statuses:
            if "SKIPPED" not in statuses or options["skipped"] == "ok":
                return "done"
        answer = "submit"
    return "submit"


def _as_set(items):
    return Counter((item["type"], frozenset(item["spec"].items())) for item in items)


@pytest.mark.thorough
@settings(max_examples=HISTORIES, deadline=None, derandomize=True)
@given(options=wishes(), history=st.lists(jobs(), max_size=8, unique_by=lambda job: job["id"]))
def test_the_rule_agrees_with_the_model(options, history):
    details = {job["id"]: job for job in history}
    read = []

    def detail(summary):
        read.append(summary.id)
        return read_job(details[summary.id])

    wanted, _warnings = read_wanted(options)
    judged = judge(wanted, [read_summary(job) for job in history], detail)

    expected, reads = model(options, history)
    assert {server: judgement.standing.value for server, judgement in judged.items()} == expected
    assert list(judged) == list(dict.fromkeys(options["server_ids"]))
    assert len(read) == reads, "details are read until every server is decided, and no further"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(options=wishes(), history=st.lists(jobs(), max_size=6, unique_by=lambda job: job["id"]), data=st.data())
def test_the_order_of_the_list_does_not_matter(options, history, data):
    shuffled = data.draw(st.permutations(history))
    wanted, _warnings = read_wanted(options)
    answers = [
        judge(wanted, [read_summary(job) for job in listed], lambda summary: _detail(history, summary))
        for listed in (history, shuffled)
    ]
    assert answers[0] == answers[1]


def _detail(history, summary):
    return read_job(next(job for job in history if job["id"] == summary.id))
