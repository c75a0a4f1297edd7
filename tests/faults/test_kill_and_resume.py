# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is ended between any two requests, and a controller that sleeps for longer than its token lives.

SIGTERM is what a cancelled AWX job gets. The simulator holds the answer of a request that it has carried out, so that
the signal falls exactly between two requests.
"""

from __future__ import annotations

import signal

import pytest
from faults.lab import job, servers

# In order: jobs, jobs before the create, create, jobs until it is listed, jobs of others, and two looks of the wait.
REQUESTS = ["list_jobs", "list_jobs", "create_job", "list_jobs", "get_job", "get_job"]


def asked(lab):
    return [request["operation"] for request in lab.simulator.requests()]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("after", range(len(REQUESTS) + 1))
def test_one_more_run_ends_the_work(lab, after, number):
    """Each server ends in exactly one job of these items, wherever the first run was ended."""
    lab.simulator.set(job_duration=1000)
    if after:
        lab.simulator.fault("*", "hold", when="after", skip=after - 1)
    else:
        lab.simulator.fault("*", "hold", when="before")  # before the first is carried out
    run = lab.start("liteserver_job", job(1, 2, wait=True))
    lab.simulator.await_held()
    run.send(number)
    ended = run.finish()
    assert (ended.status, ended.stdout) == (-number, "")
    assert asked(lab) == REQUESTS[: max(after, 1)]
    lab.simulator.release()
    lab.simulator.server(1, fail=0)
    was_created = after >= REQUESTS.index("create_job") + 1
    assert len(lab.simulator.jobs()) == was_created

    lab.simulator.clear_requests()
    started = lab.run("liteserver_job", job(1, 2))
    lab.simulator.advance(1000)
    result = lab.run("liteserver_job", job(1, 2, wait=True))
    assert (started["action"], started["changed"]) == (("attached", False) if was_created else ("created", True))
    assert (result["counts"]["done"], result["action"]) == (2, "none")
    assert [sorted(each["server_ids"]) for each in lab.simulator.jobs()] == [sorted(servers(1, 2))]
    assert lab.simulator.count("create_job") == (not was_created)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_is_ended_while_a_refused_create_is_repeated(lab, number):
    lab.simulator.fault("create_job", "throttled", window="1 second")
    lab.simulator.fault("create_job", "hold", when="after")
    run = lab.start("liteserver_job", job(1, wait=True))
    lab.simulator.await_held()
    run.send(number)
    run.finish()
    lab.simulator.release()
    assert lab.run("liteserver_job", job(1, wait=True))["action"] == "none"
    assert len(lab.simulator.jobs()) == 1


LIFETIME = 3600


def test_one_login_for_each_lifetime_of_the_token(lab):
    """The controller sleeps three times for longer than the token lives, between two looks of one wait."""
    lab.simulator.set(job_duration=10 * LIFETIME, token_lifetime=LIFETIME)
    for _n in range(3):
        lab.simulator.fault("get_job", "hold", when="after", skip=1)
    lab.simulator.clear_requests()
    # The rules skip one after the other: looks 2, 4 and 6 are held.
    run = lab.start("liteserver_job", job(1, wait=True, wait_sleep=1, request_timeout=30), login="password")
    for number in range(3):
        lab.simulator.await_held()
        run.send(signal.SIGSTOP)
        lab.simulator.advance(LIFETIME + 1 if number < 2 else 10 * LIFETIME)
        lab.simulator.release()
        run.send(signal.SIGCONT)
    result = lab.check(run.finish())
    assert (result["action"], result["counts"]["done"]) == ("created", 1)
    refused = [each["operation"] for each in lab.simulator.requests() if each["status"] == 401]
    logins = lab.simulator.count("create_token")
    assert logins == 1 + len(refused) and 2 <= logins <= 4
    assert refused == ["get_job"] * len(refused)


def test_a_given_token_that_has_ended_is_not_tried_again(lab):
    lab.simulator.set(job_duration=10 * LIFETIME)
    lab.simulator.fault("get_job", "unauthorized", times=None)
    result = lab.run("liteserver_job", job(1, wait=True), login="token")
    assert (result["failed"], result["error"]["http_status"], result["changed"]) == (True, 401, True)
    assert [row["verdict"] for row in result["servers"]] == ["running"]
    assert lab.simulator.count("get_job") == 1
    lab.simulator.clear_faults()
    lab.simulator.advance(10 * LIFETIME)
    assert lab.run("liteserver_job", job(1, wait=True))["action"] == "none"
