# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job is known again whatever its name and however late the service shows it, and no hint promises too much."""

from __future__ import annotations

import pathlib

import certifi
import charset_normalizer
import idna
import pytest
import requests
import urllib3
from playbooks.harness import OTHER_VERSION, VERSION, advance, bare_job, control, job, servers
from playbooks.test_old_python import interpreter

ITEMS = [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]
STUCK = {"name": "upgrade", "items": ITEMS, "servers": {servers(1)[0]: "PROCESSING"}, "status": "FINISHED", "age": 60}


def named(version, *numbers, **options):
    """A task with the version in its name, as README has it."""
    return job(*numbers, name=f"hdk_upgrade_{version}", spec={"version": version}, **options)


def test_back_to_an_earlier_version_is_a_new_job_under_its_old_name(simulator, playbook):
    run = playbook.run(*[named(version, 1, wait=True) for version in (OTHER_VERSION, VERSION, OTHER_VERSION)])
    assert [step["action"] for step in run] == ["created"] * 3
    assert [each["items"][0]["spec"]["version"] for each in simulator.jobs()] == [OTHER_VERSION, VERSION, OTHER_VERSION]


def test_another_version_under_another_name_is_not_started_beside_one_that_runs(simulator, playbook):
    simulator.set(job_duration=1000)
    first, second = playbook.run(named(OTHER_VERSION, 1), named(VERSION, 1))
    assert (first["action"], second.failed, second.writes) == ("created", True, 0)
    assert second["error"]["code"] == "servers_busy"


# Hints


def test_the_hint_for_a_stuck_server_says_what_starts_it_again(simulator, playbook):
    """Not that nothing would, since a deleted record does; and what it says is so, whatever the case of the ids."""
    [stuck] = simulator.seed([STUCK])
    simulator.set(upper_ids=True)
    refused, again, deleted, started = playbook.run(
        job(1, wait=True), job(1, wait=True), bare_job(state="absent", job_id=stuck), job(1, wait=True)
    )
    for step in (refused, again):
        assert (step.failed, step.writes, step.verdicts) == (True, 0, ["unknown"])
        assert "a second time" not in step["error"]["hint"]
        assert "as long as the service shows their job, this task does not start them again" in step["error"]["hint"]
        assert "delete its record (state=absent, job_id=...), and it does" in step["error"]["hint"]
    assert (deleted["action"], started["action"], started.verdicts) == ("deleted", "created", ["done"])


def test_a_wait_with_reuse_never_does_not_promise_to_find_its_job(simulator, playbook):
    """Neither in its first line nor when it is over; and what it names instead goes on waiting."""
    simulator.set(job_duration=1000)
    run = playbook.run(
        job(1, reuse="never", wait=True, wait_timeout=1, wait_sleep=1, progress=1),
        control("POST", "advance", {"seconds": 2000}),
        bare_job(job_id="{{ first.job.id }}", wait=True),
        register=("first",),
    )
    waited, attached = run.only("action")
    assert waited["error"]["code"] == "wait_timeout"
    assert "to go on waiting, use job_id" in waited["error"]["hint"]
    assert "running the same task again creates a new job" in waited["error"]["hint"]
    assert "goes on waiting" not in run.output
    assert "this goes on if the run is cancelled" in run.output
    assert (attached["action"], attached.verdicts, len(simulator.jobs())) == ("attached", ["done"], 1)


# What is fresh, and what is not


@pytest.mark.parametrize("query", ["plain", "name", "id", "any"])
def test_the_next_run_finds_a_job_whichever_query_lags(simulator, playbook, query):
    simulator.set(lagging_query=query, query_lag=8, job_duration=1000)
    others = {"name": "other", "reuse": "any_name"}
    tasks = [job(1, 2, request_timeout=30, **more) for more in ({}, {}, others)]
    first, second, third = playbook.run(*tasks)
    assert [step["action"] for step in (first, second, third)] == ["created", "attached", "attached"]
    assert len(simulator.jobs()) == 1


# Times and versions


@pytest.fixture
def oldest_python(tmp_path):
    """Keywords of a task whose module runs on the oldest Python that there may be, which reads the fewest times."""
    path = interpreter((3, 10))
    if path is None:
        pytest.skip("this machine does not have Python 3.10")
    for package in (requests, urllib3, idna, certifi, charset_normalizer):
        folder = pathlib.Path(package.__file__).parent
        (tmp_path / folder.name).symlink_to(folder)
    return {"vars": {"ansible_python_interpreter": path}, "environment": {"PYTHONPATH": str(tmp_path)}}


@pytest.mark.parametrize("form", ["int", "string", "iso", "short", "offset"])
def test_times_in_every_form_are_read(simulator, playbook, oldest_python, form):
    """Such as ...48.2Z and +0800: with a time that is not read, nobody knows which job is the newer one."""
    simulator.set(timestamps=form)
    first, other, back, again = playbook.run(
        {**job(1, wait=True), **oldest_python},
        advance(10),
        {**job(1, spec={"version": OTHER_VERSION}, wait=True), **oldest_python},
        advance(10),
        {**job(1, wait=True), **oldest_python},
        advance(10),
        {**job(1, wait=True), **oldest_python},
    ).only("action")
    assert [step["action"] for step in (first, other, back, again)] == ["created", "created", "created", "none"]
    shown = [step["job"]["create_at"] for step in (first, other, back)]
    assert shown == sorted(shown) and all(isinstance(each, int) for each in shown)


def test_a_version_in_another_case_is_the_same(simulator, playbook):
    """Nodes print it in one, bulletins in the other."""
    first, again = playbook.run(job(1, wait=True), job(1, spec={"version": VERSION.upper()}, wait=True))
    assert (first["action"], again["action"]) == ("created", "none")
