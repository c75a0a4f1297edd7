# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``liteserver_job_info``: all pages, filters, and jobs by id with their tasks."""

from __future__ import annotations

# A boolean is a number to isinstance, and a subclass of an error is not the error that is meant.
# pylint: disable=unidiomatic-typecheck
import pytest
from playbooks.harness import VERSION, info, servers

UPGRADE = [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]
KEYS = {"changed", "jobs", "missing_job_ids", "complete"}
SUMMARY_KEYS = {
    *("id", "name", "user_name", "description", "type", "status", "abnormal_count", "create_at", "update_at"),
}
DETAIL_KEYS = SUMMARY_KEYS | {"items", "tasks", "template_id"}
TASK_KEYS = {
    *("id", "server_id", "server_name", "cloud_server", "status", "message", "create_at", "update_at"),
}


def seed(simulator, *names, **changes):
    """A job for each name, the first one the oldest; their ids."""
    record = {"items": UPGRADE, "servers": {servers(1)[0]: "SUCCESS"}, **changes}
    return simulator.seed([{**record, "name": name, "age": 1000 - 10 * number} for number, name in enumerate(names)])


def ids(step):
    return [each["id"] for each in step["jobs"]]


def check(step):
    assert not step.failed, step["msg"]
    assert set(step.result) == KEYS
    assert step["changed"] is False
    assert step.writes == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"paging": "offset"},
        {"paging": "page"},
        {"paging": "all"},
        {"order": "oldest", "timestamps": "string"},
        {"order": "random", "timestamps": "iso", "page_size": 7},
    ],
)
def test_all_pages_newest_first(simulator, playbook, settings):
    simulator.set(**settings)
    seeded = seed(simulator, *["upgrade"] * 35)
    step = playbook.one(info())
    check(step)
    assert ids(step) == seeded[::-1]
    assert (step["complete"], step["missing_job_ids"]) == (True, [])
    for shown in step["jobs"]:
        assert set(shown) == SUMMARY_KEYS
        assert type(shown["create_at"]) is int
    assert len(step.requests) <= 6


@pytest.mark.parametrize("name_filter", ["exact", "substring", "none"])
def test_filters(simulator, playbook, name_filter):
    simulator.set(name_filter=name_filter)
    upgrade = seed(simulator, "upgrade", "upgrade-2")
    command = seed(simulator, "upgrade", "other", items=[{"type": "COMMON", "spec": {}}])
    running = seed(simulator, "upgrade", servers={servers(2)[0]: "PROCESSING"})
    run = playbook.run(
        info(name="upgrade"),
        info(name="nothing"),
        info(type="HDK_UPGRADE"),
        info(type="ASCEND_SOFTWARE_UPGRADE"),
        info(type="COMMON", name="upgrade"),
        info(status="PROCESSING"),
        info(status="FINISHED", name="upgrade", type="HDK_UPGRADE"),
        info(visible=True),
        info(visible=False),
    )
    for step in run:
        check(step)
    assert [set(ids(step)) for step in run] == [
        {upgrade[0], command[0], running[0]},
        set(),
        {*upgrade, *running},
        {*upgrade, *running},
        {command[0]},
        set(running),
        {upgrade[0]},
        {*upgrade, *command, *running},
        set(),
    ]


@pytest.mark.parametrize("not_found", [400, 404])
def test_jobs_by_id(simulator, playbook, not_found):
    simulator.set(not_found=not_found, timestamps="iso")
    first, second = seed(simulator, "one", "two", servers=dict(zip(servers(1, 2), ["SUCCESS", "FAILED"], strict=True)))
    run = playbook.run(
        info(job_ids=[second, "no-such-job", first, second]), info(job_id=first), arguments=("--check", "--diff")
    )
    step = run[0]
    check(step)
    assert ids(step) == [second, first]
    assert step["missing_job_ids"] == ["no-such-job"]
    assert (step.count("get_job"), len(step.requests)) == (3, 3)
    shown = step["jobs"][0]
    assert set(shown) == DETAIL_KEYS
    assert (shown["name"], shown["status"], shown["abnormal_count"]) == ("two", "FINISHED", 1)
    assert shown["items"] == UPGRADE
    assert [(task["server_id"], task["status"]) for task in shown["tasks"]] == [
        (servers(1)[0], "SUCCESS"),
        (servers(2)[0], "FAILED"),
    ]
    for task in shown["tasks"]:
        assert set(task) == TASK_KEYS
        assert type(task["create_at"]) is int
    assert ids(run[1]) == [first]


def test_deleted_jobs_that_are_still_listed(simulator, playbook):
    simulator.set(deleted_jobs="listed")
    seeded = seed(simulator, "one", "two", status="DELETED")
    run = playbook.run(info(status="DELETED"), info(status="FINISHED"))
    assert [ids(step) for step in run] == [seeded[::-1], []]


def test_a_list_that_fails_is_an_error_and_never_empty(simulator, playbook):
    simulator.fault("list_jobs", "error_500", times=3)
    for kind in ("bad_json", "empty_body", "wrong_shape", "not_found"):
        simulator.fault("list_jobs", kind)
    run = playbook.run(info(max_retries=2), *[info(max_retries=0)] * 4)
    for step in run:
        assert step.failed
        assert set(step["error"]) == {
            *("code", "http_status", "request_id", "message", "retryable", "hint", "outcome"),
        }
        assert len(step["error"]["request_id"]) == 32
    assert run[0].count("list_jobs") == 3
    assert "given up after 3 tries" in run[0]["msg"]
    assert {step["error"]["code"] for step in run} == {"ModelArts.0010", "bad_answer", "ModelArts.6404"}


@pytest.mark.parametrize("kinds", [["error_500", "drop_before"], ["throttled", "error_502_html"], ["error_503_before"]])
def test_a_read_is_repeated(simulator, playbook, kinds):
    for kind in kinds:
        simulator.fault("list_jobs", kind, **({"window": "1 second"} if kind == "throttled" else {}))
    seeded = seed(simulator, "upgrade")
    step = playbook.one(info())
    check(step)
    assert ids(step) == seeded
    assert step.count("list_jobs") == len(kinds) + 1
