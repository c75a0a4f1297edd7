# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of jobs as events: each once, in order, and none lost, whatever happens between two looks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import NotFound, Unreachable
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._events import (
    LOOKS_WHEN_ENDED,
    JobWatch,
    changes,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._model import read_job
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._paging import Listing

Job = dict[str, Any]


def job(job_id: str, status: str, created: int = 1, name: str = "", **tasks: str) -> Job:
    """A job with the status of its task on each server."""
    return {
        "id": job_id,
        "name": name or f"name-of-{job_id}",
        "status": status,
        "create_at": created,
        "items": [],
        "tasks": [
            {"id": f"{job_id}-{server}", "server_id": server, "server_name": server.upper(), "status": task}
            for server, task in tasks.items()
        ],
    }


class Api:
    """Jobs in a dictionary."""

    def __init__(self, *jobs: Job) -> None:
        self.jobs = {each["id"]: each for each in jobs}
        self.asked: list[str] = []
        self.complete = True
        self.unlisted: set[str] = set()

    def put(self, *jobs: Job) -> None:
        self.jobs.update({each["id"]: each for each in jobs})

    def list_jobs(self) -> Listing:
        self.asked.append("list")
        shown = [each for each in self.jobs.values() if each["id"] not in self.unlisted]
        return Listing([{k: each[k] for k in each if k not in ("items", "tasks")} for each in shown], self.complete)

    def get_job(self, job_id: str) -> Job:
        self.asked.append(job_id)
        if job_id not in self.jobs:
            raise NotFound("no such job")
        return self.jobs[job_id]


def told(watch: JobWatch, api: Api) -> list[str]:
    """The ids of the events of one look, all of them delivered."""
    events, requests = watch.look(api)
    assert requests >= 1
    for event in events:
        watch.told(event)
    watch.ended()
    return [event["id"] for event in events]


# The pure part


def test_a_new_job_comes_before_its_tasks_and_its_end_after_them() -> None:
    running = read_job(job("j", "PROCESSING", a="PROCESSING", b="SUCCESS"))
    assert [event["id"] for event in changes(None, running)] == [
        "j/NEW/PROCESSING",
        "j/a/NEW/PROCESSING",
        "j/b/NEW/SUCCESS",
    ]
    known = {"status": "PROCESSING", "tasks": {"a": "PROCESSING", "b": "SUCCESS"}, "looks": 0}
    over = read_job(job("j", "FINISHED", a="FAILED", b="SUCCESS"))
    assert [event["id"] for event in changes(known, over)] == ["j/a/PROCESSING/FAILED", "j/PROCESSING/FINISHED"]


def test_nothing_changed() -> None:
    known = {"status": "PROCESSING", "tasks": {"a": "PROCESSING"}, "looks": 0}
    assert changes(known, read_job(job("j", "PROCESSING", a="PROCESSING"))) == []


def test_what_an_event_says() -> None:
    known = {"status": "PROCESSING", "tasks": {"a": "PROCESSING"}, "looks": 0}
    raw = job("j", "FINISHED", a="FAILED", b="SUCCESS")
    raw["tasks"][0]["message"] = "npu busy"
    first, _second, last = changes(known, read_job(raw))
    assert first == {
        "kind": "task",
        "id": "j/a/PROCESSING/FAILED",
        "job_id": "j",
        "job_name": "name-of-j",
        "previous_status": "PROCESSING",
        "status": "FAILED",
        "task_id": "j-a",
        "server_id": "a",
        "server_name": "A",
        "message": "npu busy",
    }
    assert last["kind"] == "job"
    assert (last["counts"], last["failed_server_ids"]) == ({"FAILED": 1, "SUCCESS": 1}, ["a"])


def test_tasks_that_are_not_known_are_no_news() -> None:
    known = {"status": "FINISHED", "tasks": None, "looks": 0}
    events = changes(known, read_job(job("j", "PROCESSING", a="SUCCESS")))
    assert [event["id"] for event in events] == ["j/FINISHED/PROCESSING"]


# The watch


def test_the_first_look_tells_nothing_of_what_is_there_and_reads_only_what_runs() -> None:
    api = Api(job("old", "FINISHED", a="SUCCESS"), job("now", "PROCESSING", b="PROCESSING"))
    watch = JobWatch()
    assert told(watch, api) == []
    assert api.asked == ["list", "now"]
    api.put(job("now", "FINISHED", b="SUCCESS"))
    assert told(watch, api) == ["now/b/PROCESSING/SUCCESS", "now/PROCESSING/FINISHED"]


def test_a_job_that_is_over_is_not_read_again() -> None:
    api = Api()
    watch = JobWatch()
    told(watch, api)
    api.put(job("j", "FINISHED", a="SUCCESS"))
    assert told(watch, api) == ["j/a/NEW/SUCCESS", "j/NEW/FINISHED"]
    api.asked.clear()
    assert told(watch, api) == []
    assert api.asked == ["list"]


def test_tasks_that_come_in_late() -> None:
    """A job may be over before it lists its tasks; it is looked at a few times more."""
    api = Api()
    watch = JobWatch()
    told(watch, api)
    api.put(job("j", "FINISHED"))
    assert told(watch, api) == ["j/NEW/FINISHED"]
    api.put(job("j", "FINISHED", a="SUCCESS"))
    assert told(watch, api) == ["j/a/NEW/SUCCESS"]
    api.asked.clear()
    told(watch, api)
    assert api.asked == ["list"]


def test_a_job_that_never_lists_tasks_is_not_read_for_ever() -> None:
    api = Api()
    watch = JobWatch()
    told(watch, api)
    api.put(job("j", "FINISHED"))
    for _look in range(LOOKS_WHEN_ENDED + 3):
        told(watch, api)
    assert api.asked.count("j") == LOOKS_WHEN_ENDED + 1


def test_a_job_that_was_deleted() -> None:
    api = Api(job("j", "PROCESSING", a="PROCESSING"), job("old", "FINISHED", a="SUCCESS"))
    watch = JobWatch()
    told(watch, api)
    api.jobs.clear()
    assert told(watch, api) == ["j/PROCESSING/DELETED", "old/FINISHED/DELETED"]
    assert told(watch, api) == []


def test_a_job_that_the_list_leaves_out_is_not_deleted() -> None:
    api = Api(job("j", "PROCESSING", a="PROCESSING"))
    watch = JobWatch()
    told(watch, api)
    api.unlisted.add("j")
    assert told(watch, api) == []
    api.complete = False
    api.jobs.clear()
    assert told(watch, api) == []


def test_a_job_that_is_listed_is_not_deleted_because_its_detail_is_not_found() -> None:
    api = Api(job("j", "PROCESSING", a="PROCESSING"))
    watch = JobWatch()
    told(watch, api)
    whole = api.get_job
    api.get_job = lambda _job_id: not_found()  # type: ignore[method-assign]
    assert told(watch, api) == []
    api.get_job = whole  # type: ignore[method-assign]
    assert told(watch, api) == []


def not_found() -> Job:
    raise NotFound("no such job")


def test_only_jobs_with_such_a_name() -> None:
    api = Api()
    watch = JobWatch(names=["hdk_*", "exact"])
    told(watch, api)
    for number, name in enumerate(["hdk_upgrade", "log_collect", "exact", "exactly"]):
        api.put(job(f"j{number}", "ACTIVE", name=name))
    assert told(watch, api) == ["j0/NEW/ACTIVE", "j2/NEW/ACTIVE"]


def test_one_job_that_cannot_be_read_hides_no_other() -> None:
    api = Api()
    watch = JobWatch()
    told(watch, api)
    bad, worse = job("bad", "PROCESSING"), job("worse", "PROCESSING")
    bad["tasks"], worse["create_at"] = "none", "yesterday"
    api.put(bad, worse, job("good", "PROCESSING"))
    assert told(watch, api) == ["worse/NEW/PROCESSING", "good/NEW/PROCESSING"]
    assert len(watch.warnings) == 1
    # Once it can be read, nothing of it was lost.
    api.put(job("bad", "FINISHED", a="SUCCESS"))
    assert told(watch, api) == ["bad/a/NEW/SUCCESS", "bad/NEW/FINISHED"]


def test_trouble_in_the_middle_of_a_look_loses_nothing() -> None:
    api = Api()
    watch = JobWatch()
    told(watch, api)
    api.put(job("a", "FINISHED", s="SUCCESS"), job("b", "FINISHED", created=2, s="SUCCESS"))
    whole = api.get_job
    api.get_job = lambda job_id: whole(job_id) if job_id == "a" else unreachable()  # type: ignore[method-assign]
    with pytest.raises(Unreachable):
        watch.look(api)
    api.get_job = whole  # type: ignore[method-assign]
    assert told(watch, api) == ["a/s/NEW/SUCCESS", "a/NEW/FINISHED", "b/s/NEW/SUCCESS", "b/NEW/FINISHED"]


def unreachable() -> Job:
    raise Unreachable("no network")


STATUS = st.sampled_from(["PROCESSING", "SUCCESS", "FAILED", "SKIPPED"])
HISTORY = st.lists(
    st.dictionaries(
        st.sampled_from(["j1", "j2", "j3"]),
        st.tuples(st.sampled_from(["ACTIVE", "PROCESSING"]), st.dictionaries(st.sampled_from("abc"), STATUS)),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=200)
@given(HISTORY, st.data())
def test_restarts_neither_lose_nor_repeat(history: list[dict[str, Any]], data: st.DataObject) -> None:
    """Stopped after any event and begun again from its state, a watch tells what one without a stop tells."""
    straight, stopped = JobWatch({}), JobWatch({})
    apis = Api(), Api()
    expected: list[str] = []
    found: list[str] = []
    for jobs in history:
        for api in apis:
            api.put(*(job(job_id, status, **tasks) for job_id, (status, tasks) in jobs.items()))
        expected += told(straight, apis[0])
        events, _requests = stopped.look(apis[1])
        stop = data.draw(st.integers(0, len(events)))
        for event in events[:stop]:
            stopped.told(event)
            found.append(event["id"])
        # Its state goes through a file. What was not delivered comes at the next look.
        stopped = JobWatch(json.loads(json.dumps(stopped.known)))
        found += told(stopped, apis[1])
    assert found == expected
