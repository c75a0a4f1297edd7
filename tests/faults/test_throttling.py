# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""200 calls in 5 minutes per user: what a wave asks, and what happens at the limit."""

from __future__ import annotations

import itertools

import pytest
from faults.fake_fleet import Fleet, Run, play
from faults.lab import job

LIMIT, WINDOW = 200, 300.0


class TimedRun(Run):
    """A run that notes when it asked."""

    def __init__(self, fleet, times, **options):
        super().__init__(fleet, options)
        self.times = times

    def _ask(self, what, work):
        answer = super()._ask(what, work)
        self.times.append(self.fleet.now)
        return answer


def most_in_a_window(times):
    times = sorted(times)
    return max(sum(1 for time in times[place:] if time < start + WINDOW) for place, start in enumerate(times))


@pytest.mark.parametrize(("slices", "most"), [(1, 50), (4, 195)])
def test_waves_of_500_servers_stay_below_the_limit(slices, most):
    """Jobs of 30 minutes, waited for; also as slices that are started and waited for at the same time."""
    fleet = Fleet()
    fleet.duration, fleet.lag, fleet.tasks_delay = 1800.0, 5.0, 5.0
    servers = [f"s{number}" for number in range(500)]
    times: list[float] = []
    size = len(servers) // slices
    runs = [
        TimedRun(fleet, times, server_ids=servers[size * n : size * (n + 1)], spec={"version": "1"}, wait=True)
        for n in range(slices)
    ]
    play(fleet, runs, itertools.cycle(range(slices)))
    assert [run.error for run in runs] == [None] * slices
    assert all(run.operation.result()["counts"]["done"] == size for run in runs)
    assert len(times) > 100 * slices, "they were waited for"
    assert most_in_a_window(times) <= most < LIMIT


@pytest.mark.parametrize("limit", [2, 3, 4])
def test_the_window_is_honoured(lab, limit):
    """With the text of the gateway alone: whatever is refused, nothing is asked until the window is over."""
    window = 2
    lab.simulator.set(job_duration=1.5, throttle={"limit": limit, "window": window})
    result = lab.run("liteserver_job", job(1, 2, wait=True))
    assert not result.get("failed"), result["msg"]
    assert result["counts"]["done"] == 2 and len(lab.simulator.jobs()) == 1
    requests = lab.simulator.requests()
    refused = [place for place, each in enumerate(requests) if each["status"] == 429]
    assert refused, "the limit was never met"
    for place in refused:
        assert requests[place + 1]["at"] - requests[place]["at"] >= window


def test_a_window_that_is_too_long_is_an_error_before_anything_is_created(lab):
    """Beyond five minutes a play is not held up; nothing was done, and the error says when it makes sense again."""
    lab.simulator.fault("list_jobs", "throttled", window="10 minute", times=None)
    result = lab.run("liteserver_job", job(1))
    assert (result["failed"], result["changed"]) == (True, False)
    assert (result["error"]["http_status"], result["error"]["retryable"]) == (429, True)
    assert "10 minute" in result["error"]["message"]
    assert lab.simulator.count("create_job") == 0


def test_a_throttled_look_waits_for_the_window_and_not_for_the_next_pause(lab):
    """Advanced by the test, not slept: the wait is over when the job is, and the limit was met once."""
    lab.simulator.set(job_duration=1800)
    lab.simulator.fault("get_job", "throttled", window="1 second", skip=1)
    lab.simulator.fault("get_job", "hold", when="before", skip=2)
    run = lab.start("liteserver_job", job(1, wait=True, request_timeout=30))
    lab.simulator.await_held()
    lab.simulator.advance(1800)
    lab.simulator.release()
    assert lab.check(run.finish())["counts"]["done"] == 1
    looks = lab.simulator.requests("get_job")
    [refused] = [place for place, each in enumerate(looks) if each["status"] == 429]
    assert looks[refused + 1]["at"] - looks[refused]["at"] >= 1
