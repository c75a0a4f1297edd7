# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of a batch: cut, started by one process, and waited for side by side."""

from __future__ import annotations

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    AnswerLost,
    ApiError,
    BadAnswer,
    InvalidOption,
    OutcomeUnknown,
    Unauthorized,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._operation import Given
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._batch import (
    StartBatch,
    WaitBatch,
    cut,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._remembering import RememberingApi

NOTHING = [].append


def ids(count, first=1):
    return [f"s{number}" for number in range(first, first + count)]


def group(server_ids, number=1, name="upgrade", version="1", supernodes=None, **options):
    return {
        "number": number,
        "name": name,
        "type": "HDK_UPGRADE",
        "items": [{"type": "HDK_UPGRADE", "spec": {"version": version}}],
        "server_ids": server_ids,
        "options": {"reuse": "any_name", "template_check": "off", **options},
        "supernodes": supernodes,
    }


def started(api, clock, *groups, most=50, check_mode=False, **more):
    options = {"groups": groups, "servers_per_job": most, "secret_spec": None, "request_timeout": 5, **more}
    batch = StartBatch(Given(clock, options, check_mode))
    batch.prepare()
    batch.run(api)
    return batch


def creates(api):
    """The servers of each create request."""
    return [call[1]["server_ids"] for call in api.calls if call[0] == "create_job"]


# Cutting


def test_parts_are_as_large_as_they_may_be_and_in_order():
    parts = cut(ids(120), {}, 50)
    assert [len(part) for part in parts] == [50, 50, 20]
    assert [server for part in parts for server in part] == ids(120)


def test_a_supernode_is_in_one_part_where_it_fits_into_one():
    supernodes = {f"s{number}": f"n{(number - 1) // 8}" for number in range(1, 65)}
    parts = cut(ids(64), supernodes, 50)
    assert [len(part) for part in parts] == [48, 16]
    for part in parts:
        for other in parts:
            if part is not other:
                assert {supernodes[each] for each in part}.isdisjoint(supernodes[each] for each in other)
    assert sorted(server for part in parts for server in part) == sorted(ids(64))


def test_mixed_up_servers_of_a_supernode_come_together():
    assert cut(["a1", "b1", "a2", "b2"], {"a1": "a", "a2": "a", "b1": "b", "b2": "b"}, 2) == [
        ("a1", "a2"),
        ("b1", "b2"),
    ]


def test_a_supernode_that_is_larger_than_a_job_is_cut_since_no_job_is_larger():
    assert [len(part) for part in cut(ids(120), dict.fromkeys(ids(120), "n"), 50)] == [50, 50, 20]


def test_nothing_is_cut_of_nothing():
    assert cut([], {}, 50) == []


# Starting


def test_twenty_jobs_of_a_thousand_servers_are_twenty_creates(api, clock):
    batch = started(api, clock, group(ids(1000)))
    assert [len(servers) for servers in creates(api)] == [50] * 20
    assert sorted(server for servers in creates(api) for server in servers) == sorted(ids(1000))
    results = batch.result()["jobs"]
    assert {result["action"] for result in results} == {"created"}
    assert {row["verdict"] for result in results for row in result["servers"]} == {"running"}
    assert batch.result()["changed"]


def test_a_second_start_creates_nothing_and_finds_every_server(api, clock):
    started(api, clock, group(ids(120)))
    api.calls.clear()
    again = started(api, clock, group(ids(120)))
    assert creates(api) == [] and not again.result()["changed"]
    rows = [row for result in again.result()["jobs"] for row in result["servers"]]
    assert sorted(row["server_id"] for row in rows) == sorted(ids(120))
    assert {row["verdict"] for row in rows} == {"running"}


def test_a_resume_puts_the_failed_servers_of_many_jobs_into_one(api, clock):
    started(api, clock, group(ids(120)))
    for job_id in list(api.jobs):
        api.finish(job_id)
    for job in api.jobs.values():
        job["tasks"][3]["status"] = "FAILED"
    api.calls.clear()
    batch = started(api, clock, group(ids(120)))
    assert creates(api) == [["s4", "s54", "s104"]]
    rows = [row for result in batch.result()["jobs"] for row in result["servers"]]
    assert [row["server_id"] for row in rows if row["verdict"] == "running"] == ["s4", "s54", "s104"]
    assert sum(row["verdict"] == "done" for row in rows) == 117


def test_ended_jobs_are_read_once_however_many_are_started(api, clock):
    for _each in range(30):
        api.add({"other": "SUCCESS"})
    started(api, clock, group(ids(200)))
    read = [call[1] for call in api.calls if call[0] == "get_job"]
    assert all(read.count(f"job-{number}") <= 1 for number in range(1, 31))


def test_the_requests_of_a_start_grow_with_its_jobs_and_not_with_their_square(api, clock):
    started(api, clock, group(ids(1000)))
    read = [call[1] for call in api.calls if call[0] == "get_job"]
    assert len(creates(api)) == 20 and max(read.count(job_id) for job_id in api.jobs) <= 2, read


def test_a_created_job_that_does_not_list_its_servers_yet_is_read_again(api, clock):
    remembering = RememberingApi(api, clock)
    job_id = remembering.create_job({"name": "n", "type": "COMMON", "items": [], "server_ids": ["s1", "s2"]})["id"]
    whole = list(api.jobs[job_id]["tasks"])
    api.jobs[job_id]["tasks"] = whole[:1]
    assert len(remembering.get_job(job_id)["tasks"]) == 1
    api.jobs[job_id]["tasks"] = whole
    assert len(remembering.get_job(job_id)["tasks"]) == 2
    api.calls.clear()
    remembering.get_job(job_id)
    assert api.calls == []


def test_only_what_cannot_change_is_remembered(api, clock):
    """A job that runs may end between two starts, and one that has ended may still correct what it says."""
    ended = api.add({"s1": "SUCCESS", "s2": "FAILED"})
    others = [
        api.add({"s1": "PROCESSING"}, status="PROCESSING"),
        api.add({"s1": "SUCCESS"}, status="PROCESSING"),
        api.add({"s1": "PROCESSING"}),
        api.add({}),
    ]
    remembering = RememberingApi(api, clock)
    for job_id in [ended, *others] * 2:
        remembering.get_job(job_id)
    read = [call[1] for call in api.calls if call[0] == "get_job"]
    assert [read.count(job_id) for job_id in [ended, *others]] == [1, 2, 2, 2, 2]


def test_a_start_of_many_jobs_asks_for_the_list_once_before_and_after_each_create(api, clock):
    """The list after a create stands before the next one too, since nothing is asked between them."""
    api.add({"other": "SUCCESS"})
    started(api, clock, group(ids(1000)))
    asked = [call[0] for call in api.calls]
    # The first list judges; what it shows is read, so the list before the first create is another one.
    assert asked == ["list_jobs", "get_job", "list_jobs", *["create_job", "list_jobs"] * 20]


def test_a_list_is_asked_for_again_after_anything_else_or_any_time(api, clock):
    job_id = api.add({"s1": "PROCESSING"}, status="PROCESSING")
    remembering = RememberingApi(api, clock)
    assert remembering.list_jobs() is remembering.list_jobs()
    others = [
        lambda: remembering.get_job(job_id),
        lambda: remembering.create_job({"name": "a", "server_ids": ["s2"], "items": []}),
        lambda: remembering.delete_jobs([job_id]),
        remembering.list_templates,
        lambda: clock.sleep(0.5),
    ]
    for number, other in enumerate(others, 2):
        other()
        remembering.list_jobs()
        assert api.count("list_jobs") == number
    remembering.list_jobs(polling=True)
    assert api.count("list_jobs") == number + 1
    remembering.list_jobs(name="a")
    assert api.count("list_jobs") == number + 2


@pytest.mark.parametrize("lacks", ["tasks", "create_at"])
def test_a_new_job_that_does_not_say_all_is_read(api, clock, lacks):
    """Its answer lists other servers than were submitted, or not when it was created."""
    remembering = RememberingApi(api, clock)
    body = {"name": "a", "server_ids": ["s2"], "items": [], "description": "lsj1-dba0-0123456789ab-1-0123456789"}
    for each, asked in ((body, 0), ({**body, "name": "b"}, 1)):
        if asked:
            api.script["create_job"] = [lambda service, sent: {**service.commit(sent), lacks: None}]
        remembering.get_job(remembering.create_job(each)["id"])
        assert api.count("get_job") == asked
    remembering.get_job("job-1", polling=True)
    assert api.count("get_job") == 2


def test_a_list_that_is_not_whole_is_not_remembered(api, clock):
    api.complete = False
    remembering = RememberingApi(api, clock)
    assert remembering.list_jobs() is not remembering.list_jobs()


def test_several_groups_are_started_by_one(api, clock):
    batch = started(
        api, clock, *(group([f"s{number}"], number, f"upgrade_{number}", str(number)) for number in range(1, 11))
    )
    assert creates(api) == [[f"s{number}"] for number in range(1, 11)]
    assert [result["group"] for result in batch.result()["jobs"]] == list(range(1, 11))


def test_a_busy_server_holds_up_its_group_and_no_other(api, clock):
    api.add({"s70": "PROCESSING"}, status="PROCESSING", items=[{"type": "HDK_UPGRADE", "spec": {"version": "9"}}])
    batch = started(api, clock, group(ids(120)), group(["t1"], 2))
    first, second = batch.result()["jobs"]
    assert (first["failed"], first["error"]["code"], len(first["servers"])) == (True, "servers_busy", 120)
    assert creates(api) == [["t1"]] and second["action"] == "created"


@pytest.mark.parametrize("error", [ApiError("quota", http_status=403), OutcomeUnknown("reset")])
def test_a_job_that_cannot_be_started_holds_up_no_other(api, clock, error):
    api.script["create_job"] = [lambda *_args: None, error]
    batch = started(api, clock, group(ids(150)))
    failed = [result["failed"] for result in batch.result()["jobs"]]
    assert failed == [False, True, False]
    assert len(api.jobs) == 2
    verdict = "unknown" if isinstance(error, OutcomeUnknown) else "planned"
    assert {row["verdict"] for row in batch.result()["jobs"][1]["servers"]} == {verdict}


def test_check_mode_plans_each_job(api, clock):
    batch = started(api, clock, group(ids(120)), check_mode=True)
    assert creates(api) == []
    assert [len(result["submitted_server_ids"]) for result in batch.result()["jobs"]] == [50, 50, 20]
    assert len(batch.diff()["after"]) == 120 and set(batch.diff()["after"].values()) == {"to be submitted"}


def test_a_lock_is_held_from_the_first_request_to_the_last(api, clock):
    held = []

    class Lock:
        def __enter__(self):
            held.append(len(api.calls))

        def __exit__(self, *_details):
            held.append(len(api.calls))

    options = {"groups": [group(ids(120))], "servers_per_job": 50, "secret_spec": None, "request_timeout": 5}
    StartBatch(Given(clock, options, True, lock=Lock())).run(api)
    assert held == []  # nothing is created in check mode
    batch = StartBatch(Given(clock, options, lock=Lock()))
    batch.prepare()
    batch.run(api)
    assert held == [0, len(api.calls)]


def test_a_job_has_at_least_one_server(clock):
    with pytest.raises(InvalidOption, match="servers_per_job"):
        StartBatch(Given(clock, {"groups": [], "servers_per_job": 0})).prepare()


# Waiting


def waiting(api, clock, *jobs, timeout=3600, again=True, lines=NOTHING):
    options = {
        "jobs": [
            {"job_id": job_id, "name": "upgrade", "server_ids": list(server_ids), "skipped": "ok"}
            for job_id, server_ids in jobs
        ],
        "again": again,
        "wait_timeout": timeout,
        "wait_sleep": 10,
        "progress": 60,
    }
    batch = WaitBatch(Given(clock, options, write_progress=lines))
    batch.prepare()
    batch.run(api)
    return batch.result()["jobs"]


def twenty_jobs(api):
    """Twenty jobs that run on fifty servers each, with the times that a list has."""
    jobs = []
    for number in range(20):
        servers = ids(50, 50 * number + 1)
        jobs.append((api.add(dict.fromkeys(servers, "PROCESSING"), status="PROCESSING", update_at=1), servers))
    return jobs


def test_five_minutes_of_twenty_jobs_are_at_most_sixty_requests(api, clock):
    jobs = twenty_jobs(api)
    results = waiting(api, clock, *jobs, timeout=300)
    assert len(api.calls) <= 60
    assert all(result["timed_out"] and result["error"]["code"] == "wait_timeout" for result in results)
    assert {row["verdict"] for result in results for row in result["servers"]} == {"running"}


def at(clock, moments):
    """Run functions at their moments, in seconds after now."""
    begin, left = clock.now(), sorted(moments.items())

    def pass_by():
        while left and clock.now() - begin >= left[0][0]:
            left.pop(0)[1]()

    clock.on_sleep = pass_by


def test_all_are_waited_for_side_by_side_to_their_ends(api, clock):
    jobs = twenty_jobs(api)
    api.jobs["job-7"]["tasks"][0]["message"] = "npu busy"

    def end(job_id, status="SUCCESS"):
        api.finish(job_id, status)
        api.jobs[job_id]["update_at"] += 1

    at(clock, {100 + number: lambda number=number: end(f"job-{number}") for number in range(1, 21) if number != 7})
    clock_on_sleep = clock.on_sleep
    begin = clock.now()

    def last():
        clock_on_sleep()
        if clock.now() - begin >= 130 and api.jobs["job-7"]["status"] == "PROCESSING":
            end("job-7", "FAILED")

    clock.on_sleep = last
    results = waiting(api, clock, *jobs)
    assert clock.now() - begin < 160
    verdicts = [{row["verdict"] for row in result["servers"]} for result in results]
    assert verdicts == [{"failed"} if number == 7 else {"done"} for number in range(1, 21)]
    assert results[6]["servers"][0]["message"] == "npu busy"


@pytest.mark.parametrize("stale", ["update_at", "everything"])
def test_a_stale_list_hides_an_end_only_for_a_while(api, clock, listing, stale):
    """A list that never changes: each job is read now and then, whatever it says."""
    jobs = twenty_jobs(api)
    frozen = [dict(job) for job in api.jobs.values()]
    if stale == "everything":
        api.list_jobs = lambda polling=False, **_filters: listing([dict(job) for job in frozen])
    begin = clock.now()
    at(clock, {60: lambda: [api.finish(job_id) for job_id, _servers in jobs]})
    results = waiting(api, clock, *jobs)
    assert {row["verdict"] for result in results for row in result["servers"]} == {"done"}
    assert clock.now() - begin < 600


def test_a_job_that_the_list_does_not_show_is_read(api, clock):
    jobs = twenty_jobs(api)
    api.hidden.update(job_id for job_id, _servers in jobs)
    begin = clock.now()
    at(clock, {60: lambda: [api.finish(job_id) for job_id, _servers in jobs]})
    results = waiting(api, clock, *jobs)
    assert {row["verdict"] for result in results for row in result["servers"]} == {"done"}
    assert clock.now() - begin < 80


def test_an_end_in_the_list_alone_is_none(api, clock, listing):
    """The list says FINISHED, the job itself does not."""
    jobs = twenty_jobs(api)
    api.list_jobs = lambda polling=False, **_filters: listing(
        [{**job, "status": "FINISHED"} for job in api.jobs.values()]
    )
    results = waiting(api, clock, *jobs, timeout=30)
    assert all(result["timed_out"] for result in results)
    assert {row["verdict"] for result in results for row in result["servers"]} == {"running"}


def test_a_list_that_fails_for_a_while_does_not_end_the_wait(api, clock):
    jobs = twenty_jobs(api)
    api.script["list_jobs"] = [AnswerLost("reset")] * 5
    at(clock, {30: lambda: [api.finish(job_id) for job_id, _servers in jobs]})
    results = waiting(api, clock, *jobs)
    assert {row["verdict"] for result in results for row in result["servers"]} == {"done"}


def test_a_list_that_may_not_be_read_ends_the_wait_and_claims_nothing(api, clock):
    jobs = twenty_jobs(api)
    api.script["list_jobs"] = [Unauthorized("locked")]
    results = waiting(api, clock, *jobs)
    assert all(result["failed"] and not result["timed_out"] and result["servers"] == [] for result in results)


@pytest.mark.parametrize("count", [2, 20])
def test_one_job_that_cannot_be_read_any_more_does_not_end_the_wait_for_the_others(api, clock, count):
    jobs = twenty_jobs(api)[:count]
    real = api.get_job

    def get_job(job_id, polling=False):
        if job_id == "job-2":
            raise BadAnswer("job 'job-2': 'tasks' is not a list")
        return real(job_id, polling)

    api.get_job = get_job
    at(clock, {60: lambda: [(api.finish(job_id), api.jobs[job_id].update(update_at=2)) for job_id, _ids in jobs]})
    results = waiting(api, clock, *jobs)
    assert [result["failed"] for result in results] == [number == 1 for number in range(count)]
    assert {row["verdict"] for result in results if not result["failed"] for row in result["servers"]} == {"done"}


def test_a_deleted_job_is_no_success(api, clock):
    jobs = twenty_jobs(api)
    at(
        clock,
        {
            30: lambda: api.jobs.pop("job-3"),
            60: lambda: [api.finish(job_id) for job_id, _servers in jobs if job_id != "job-3"],
        },
    )
    results = waiting(api, clock, *jobs)
    assert {row["verdict"] for row in results[2]["servers"]} == {"unknown"}
    assert {row["verdict"] for row in results[3]["servers"]} == {"done"}


def test_a_job_that_ends_before_its_tasks_do_is_read_on(api, clock):
    jobs = twenty_jobs(api)

    def end_jobs():
        for job in api.jobs.values():
            job.update(status="FINISHED", tasks=[], update_at=2)

    def show_tasks():
        for job_id, servers in jobs:
            api.jobs[job_id]["tasks"] = [
                {"id": f"t-{each}", "server_id": each, "status": "SUCCESS"} for each in servers
            ]

    at(clock, {30: end_jobs, 38: show_tasks})
    results = waiting(api, clock, *jobs)
    assert {row["verdict"] for result in results for row in result["servers"]} == {"done"}


def test_one_set_of_lines_names_the_last_three_servers_that_run(api, clock):
    jobs = [(api.add({f"s{n}": "PROCESSING"}, name=f"n{n}", status="PROCESSING"), [f"s{n}"]) for n in range(1, 11)]
    lines = []

    def end(*numbers):
        for number in numbers:
            api.finish(f"job-{number}")

    at(clock, {20: lambda: end(1, 2, 3, 4, 5, 6, 7), 90: lambda: end(8, 9, 10)})
    waiting(api, clock, *jobs, lines=lines.append)
    assert "10 servers under way" in lines[0]
    assert any("7 of 10 done, 3 running (s8, s9, s10)" in line for line in lines)
    assert "10 of 10 done" in lines[-1]
    assert not any("9 running (" in line or "10 running (" in line for line in lines)


@pytest.mark.parametrize("again", [True, False])
def test_what_a_repeat_does_is_promised_only_where_it_does_it(api, clock, again):
    lines = []
    waiting(api, clock, *twenty_jobs(api), timeout=5, again=again, lines=lines.append)
    assert ("goes on waiting" in lines[0]) is again


# Servers whose hooks did not run


def test_no_job_is_created_where_the_hooks_did_not_run(api, clock):
    """The judgement before the hooks found it done; its job's record was deleted since."""
    batch = started(api, clock, group(ids(3)), unprepared=["s2"])
    assert creates(api) == [["s1", "s3"]]
    kept, created = batch.result()["jobs"]
    assert (kept["failed"], kept["error"]["code"], kept["servers"][0]["verdict"]) == (True, "job_unsettled", "planned")
    assert (created["failed"], created["action"]) == (False, "created")


def test_what_is_done_or_runs_needs_no_hook(api, clock):
    api.add({"s1": "SUCCESS"})
    running = api.add({"s2": "PROCESSING"}, status="PROCESSING")
    batch = started(api, clock, group(ids(3)), unprepared=["s1", "s2"])
    assert creates(api) == [["s3"]]
    kept, _created = batch.result()["jobs"]
    assert not kept["failed"] and kept["job"]["id"] == running
    assert [row["verdict"] for row in kept["servers"]] == ["done", "running"]


def test_a_wait_tells_how_long_ago_each_server_ended(api, clock):
    """Polls are the clock: a server ended when its end was seen."""
    api.jobs["j1"] = {
        "id": "j1",
        "name": "n",
        "status": "PROCESSING",
        "create_at": 1,
        "items": [],
        "tasks": [{"server_id": name, "status": "PROCESSING"} for name in ("s1", "s2")],
    }
    begun = clock.now()

    def end():
        tasks = api.jobs["j1"]["tasks"]
        if clock.now() >= begun + 10:
            tasks[0]["status"] = "SUCCESS"
        if clock.now() >= begun + 100:
            tasks[1]["status"] = "SUCCESS"
            api.jobs["j1"]["status"] = "FINISHED"

    clock.on_sleep = end
    options = {"jobs": [{"job_id": "j1", "name": "n", "server_ids": ["s1", "s2"], "skipped": "ok"}], "again": True}
    wait = WaitBatch(Given(clock, {**options, "wait_timeout": 600, "wait_sleep": 10, "progress": 0}))
    wait.prepare()
    wait.run(api)
    first, second = (row["ended_ago"] for row in wait.result()["jobs"][0]["servers"])
    assert 80 <= first <= 100 and second == 0
