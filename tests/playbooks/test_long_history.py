# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repeat asks where 500 jobs of one name lie behind it."""

from __future__ import annotations

import hashlib
import math

import pytest
from playbooks.harness import OTHER_VERSION, VERSION, info, job, servers

HISTORY = 500
ITEMS = [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]
OLD_ITEMS = [{"type": "HDK_UPGRADE", "spec": {"version": OTHER_VERSION}}]


def seed(simulator, newest):
    """Jobs of one name; ``newest`` (servers, items) come last, everything before them is of server 12."""
    old = {"name": "upgrade", "items": OLD_ITEMS, "servers": {servers(12)[0]: "SUCCESS"}}
    jobs = [{**old, "age": 60 * (HISTORY - number)} for number in range(HISTORY - len(newest))]
    for number, (ids, items) in enumerate(newest):
        jobs.append({**old, "items": items, "servers": dict.fromkeys(ids, "SUCCESS"), "age": len(newest) - number})
    simulator.seed(jobs)


@pytest.mark.parametrize("paging", ["offset", "page", "all"])
@pytest.mark.parametrize(("page_size", "order"), [(10, "newest"), (100, "random")])
def test_requests_of_a_repeat(simulator, playbook, paging, page_size, order):
    simulator.set(paging=paging, page_size=page_size, order=order)
    seed(simulator, [(servers(3), ITEMS), (servers(4), OLD_ITEMS), (servers(1, 2), ITEMS)])
    newest, deeper, by_any_name = playbook.run(
        job(1, 2, wait=True), job(1, 2, 3), job(1, 2, name="other", reuse="any_name")
    )
    most = 3 + math.ceil(HISTORY / page_size)
    for step, details in ((newest, 1), (deeper, 3), (by_any_name, 1)):
        step.check_keys()
        assert (step.failed, step["action"], step.writes) == (False, "none", 0)
        assert set(step.verdicts) == {"done"}
        # Only until every server is decided.
        assert step.count("get_job") == details
        assert len(step.requests) <= most + details
        assert step.count("list_jobs") == len(step.requests) - details


def test_a_server_without_history_costs_every_detail_once(simulator, playbook):
    """And still creates one job; a warning says why it takes so long, and what ends that."""
    simulator.set(page_size=100)
    seed(simulator, [(servers(1), ITEMS)])
    step = playbook.one(job(1, 2, wait=True, template_check="off"))
    assert step.created == [servers(2)]
    assert HISTORY <= step.count("get_job") <= HISTORY + 2
    step.warns("500 earlier jobs have no mark and were read one by one")


@pytest.mark.parametrize("paging", ["offset", "page"])
def test_more_jobs_than_the_widest_page_holds(simulator, playbook, paging):
    """Of the jobs of other item types, which the list tells by their marks, none is read."""
    simulator.set(paging=paging, name_filter="none")
    items = [{"type": "COMMON", "spec": {}}]
    mark = "lsj1-{}-0123456789ab-1-0123456789".format(hashlib.sha256(b"COMMON").hexdigest()[:4])
    record = {"name": "other", "items": items, "description": mark, "servers": {servers(12)[0]: "SUCCESS"}}
    ids = simulator.seed([{**record, "age": 60 * (2400 - number)} for number in range(2400)])
    done = {"name": "upgrade", "items": ITEMS, "servers": dict.fromkeys(servers(1, 2), "SUCCESS")}
    simulator.seed([{**done, "age": 60 * 3000}])
    listed, repeated = playbook.run(info(), job(1, 2))
    assert [each["id"] for each in listed["jobs"]][:2400] == ids[::-1]
    assert (len(listed["jobs"]), listed["complete"]) == (2401, True)
    assert len(listed.requests) <= 10
    assert (len(repeated.requests), repeated.count("get_job")) == (len(listed.requests) + 1, 1)
    # The oldest job of all, on the last page, did the work.
    assert (repeated.failed, repeated["action"], repeated.writes) == (False, "none", 0)


@pytest.mark.parametrize(("paging", "kind"), [("offset", "grows"), ("offset", "shrinks"), ("page", "shrinks")])
def test_a_list_that_moves_while_it_is_read(simulator, playbook, paging, kind):
    """A record that is passed over must not be taken for one that is not there."""
    simulator.set(paging=paging)
    other = {"name": "other", "items": OLD_ITEMS, "servers": {servers(12)[0]: "SUCCESS"}}
    done = {"name": "upgrade", "items": ITEMS, "servers": dict.fromkeys(servers(1, 2), "SUCCESS")}
    # The job that did the work is the first or the second one after the widest page of 1000.
    for shift in (0, 1):
        simulator.reset(job_duration=0, paging=paging)
        jobs = [{**other, "age": 10 * (1500 - number)} for number in range(1500)]
        jobs.insert(len(jobs) - 1000 - shift, {**done, "age": 10 * (1000 + shift) + 5})
        simulator.seed(jobs)
        simulator.fault("list_jobs", kind, skip=1)
        step = playbook.one(job(1, 2, reuse="any_name"))
        step.check_keys()
        assert (step.failed, step["action"], step.writes) == (False, "none", 0)
        step.warns("earlier jobs have no mark")
        assert simulator.faults() == []
