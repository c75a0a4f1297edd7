# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of a service that answers otherwise than one would wish, through real processes."""

from __future__ import annotations

import hashlib

import pytest
from faults.lab import ITEMS, VERSION, job, servers

OTHER = "24.1.rc3.9"
COMMON_MARK = "lsj1-{}-{:012x}-1-{:010x}"


def hdk(version=VERSION, **more):
    return {"type": "HDK_UPGRADE", "spec": {"version": version, **more}}


def seed(lab, items, *numbers, age=60, status="SUCCESS", **fields):
    record = {"name": "upgrade", "items": items, "servers": dict.fromkeys(servers(*numbers), status), "age": age}
    return lab.simulator.seed([{**record, **fields}])


def run(lab, *numbers, **options):
    lab.simulator.clear_requests()
    return lab.run("liteserver_job", job(*numbers, **options))


def test_requests_beside_a_long_history_of_marked_jobs(lab):
    """A server without any job, beside 600 jobs of other item types: the list alone rules them out."""
    digest = hashlib.sha256(b"COMMON").hexdigest()[:4]
    lab.simulator.seed(
        [
            {
                "name": f"other-{number}",
                "description": COMMON_MARK.format(digest, number, number),
                "items": [{"type": "COMMON"}],
                "servers": {servers(9)[0]: "SUCCESS"},
                "age": 60 * number + 60,
            }
            for number in range(600)
        ]
    )
    assert run(lab, 1, reuse="any_name")["action"] == "created"
    assert len(lab.simulator.requests()) <= 20
    assert lab.simulator.count("get_job") == 0
    lab.simulator.advance(10)
    assert run(lab, 1)["action"] == "none"
    assert lab.simulator.count("get_job") == 1


def test_a_repeat_asks_for_the_list_and_one_detail(lab):
    seed(lab, ITEMS, 1)
    for reuse in ("same_name", "any_name"):
        assert run(lab, 1, reuse=reuse)["action"] == "none"
        assert [each["operation"] for each in lab.simulator.requests()] == ["list_jobs", "get_job"]


def test_item_types_are_shared_and_not_equal(lab):
    """HDK 24.1.rc3.9 with a COMMON item, and then 24.1.rc3.10 without: one undoes the other."""
    seed(lab, ITEMS, 1, age=200)
    seed(lab, [hdk(OTHER), {"type": "COMMON"}], 1, age=100)
    assert run(lab, 1)["action"] == "created", "the newer job of two items ran another version"
    seed(lab, [hdk(OTHER), {"type": "COMMON"}], 2, status="PROCESSING")
    refused = run(lab, 2)
    assert (refused["error"]["code"], lab.simulator.count("create_job")) == ("servers_busy", 0)


@pytest.mark.parametrize("items", [ITEMS, [hdk(OTHER)]])
def test_a_success_while_an_older_job_runs_is_not_done(lab, items):
    seed(lab, items, 1, age=200, status="PROCESSING")
    seed(lab, ITEMS, 1, age=100)
    result = run(lab, 1)
    assert lab.simulator.count("create_job") == 0 and result["counts"]["done"] == 0
    assert result.get("error", {}).get("code") == (None if items == ITEMS else "servers_busy")


@pytest.mark.parametrize(
    ("shown", "action"),
    [
        (hdk(VERSION.upper()), "none"),
        (hdk(reset_mode="hot"), "none"),
        (hdk(reset_mode="reboot"), "created"),
        (hdk(reset_mode="******"), "none"),
        (hdk("******"), "created"),
        (hdk(VERSION + "0"), "created"),
    ],
)
def test_jobs_without_a_mark_are_recognised_by_their_items(lab, shown, action):
    """A version whatever its case; beside it what the live template has by default, or what is masked."""
    seed(lab, [shown, {"type": "COMMON"}], 1)
    assert run(lab, 1)["action"] == action


def test_a_masked_secret_is_recognised_without_a_mark(lab):
    seed(lab, [hdk(password="******")], 1)
    assert run(lab, 1, secret_spec={"password": "canary-password"})["action"] == "none"


def test_an_incomplete_list_does_not_say_done(lab):
    seed(lab, ITEMS, 1, age=200)
    seed(lab, [hdk(OTHER)], 1, age=100)
    lab.simulator.set(paging="page", page_size=1, order="oldest")
    assert run(lab, 1)["action"] == "created", "the pages were all read"
    lab.simulator.reset()
    record = {"id": seed(lab, ITEMS, 1, age=200)[0], "name": "upgrade", "status": "FINISHED", "create_at": 1}
    lab.simulator.fault("list_jobs", "wrong_shape", body={"data": [record], "total": 2}, times=None)
    result = run(lab, 1)
    assert (result["error"]["code"], result["counts"]["done"]) == ("list_incomplete", 0)
    assert "delete the records of old jobs" in result["error"]["hint"]


def test_a_job_without_a_time_holds_up_its_own_servers_alone(lab):
    lab.simulator.set(null_times_after=1000)
    [old] = seed(lab, ITEMS, 9, age=2000)
    assert run(lab, 1)["action"] == "created"
    refused = run(lab, 9)
    assert (refused["error"]["code"], lab.simulator.count("create_job")) == ("job_unsettled", 0)
    assert f"job_id={old}" in refused["error"]["hint"]
    # The way out that the hint names.
    assert run(lab, state="absent", job_id=old, name=None)["changed"]
    assert run(lab, 9)["action"] == "created"


def test_a_record_that_is_listed_and_never_found_can_be_deleted(lab):
    lab.simulator.set(detail_delay=1e6)
    [lost] = seed(lab, ITEMS, 9)
    refused = run(lab, 1)
    assert refused["error"]["code"] == "job_unsettled" and f"job_id={lost}" in refused["error"]["hint"]
    assert run(lab, state="absent", job_id=lost, name=None)["changed"]
    lab.simulator.set(detail_delay=0)
    assert run(lab, 1)["action"] == "created"


def test_a_job_whose_tasks_are_gone_is_named(lab):
    lab.simulator.set(tasks_retention=1000)
    seed(lab, ITEMS, 1, age=2000)
    refused = run(lab, 1)
    assert (refused["error"]["code"], lab.simulator.count("create_job")) == ("job_unsettled", 0)
    assert "which servers it serves" in refused["msg"]


def test_a_deleted_record_that_is_listed_holds_nothing_up(lab):
    lab.simulator.set(deleted_jobs="listed")
    [stuck] = seed(lab, ITEMS, 1, status="PROCESSING")
    assert run(lab, 1)["action"] == "attached"
    assert run(lab, state="absent", job_id=stuck, name=None, force=True)["changed"]
    assert run(lab, 1)["action"] == "created"


def test_a_failed_task_that_is_restarted_is_not_submitted_again(lab):
    lab.simulator.set(restart_failed=4, job_duration=0.2)
    lab.simulator.server(1, fail=1)
    lab.simulator.server(2, fail=1)
    first = run(lab, 1, is_reboot=True)
    second = run(lab, 1, is_reboot=True, wait=True)
    assert (first["action"], second["action"], second["counts"]["done"]) == ("created", "attached", 1)
    assert run(lab, 2, is_reboot=True, wait=True)["counts"]["done"] == 1
    assert len(lab.simulator.jobs()) == 2


def test_an_adopted_job_has_to_list_the_servers(lab):
    """Only for a job that lists others: it is an error, and not a wait."""
    [old] = seed(lab, ITEMS, 1)
    result = run(lab, 1, 2, job_id=old, name=None)
    assert (result["error"]["code"], [row["verdict"] for row in result["servers"]]) == (
        "invalid_option",
        ["done", "unknown"],
    )


def test_a_window_of_the_throttle_does_not_lengthen_what_follows_a_create(lab):
    lab.simulator.set(job_duration=1000)
    lab.simulator.fault("list_jobs", "throttled", window="1 minute", skip=2, times=None)
    result = run(lab, 1, wait=True, wait_timeout=3, request_timeout=1)
    assert (result["error"]["code"], result["timed_out"], result["changed"]) == ("wait_timeout", True, True)
    assert result["elapsed"] < 30
    assert sum(1 for each in lab.simulator.requests() if each["status"] == 429) == 1
    assert any("could not be seen whether another run" in str(each) for each in result["warnings"])
