# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wait: a step over what was seen, and the loop around it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    AnswerLost,
    Throttled,
    Unauthorized,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._waiting import (
    GONE_AFTER,
    GONE_SECONDS,
    WaitState,
    one_by_one,
    poll_within,
    step,
    wait,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._model import Job, Task


def job(status="PROCESSING", job_id="j1", **tasks):
    return Job(id=job_id, name="n", status=status, tasks=tuple(Task(s, v) for s, v in tasks.items()))


def state_of(*jobs, timeout=100.0, longest=10.0):
    def ended(job_id, job):
        return job.ended or all(task.ended for task in job.tasks)

    def gone(job):
        return replace(job, status="DELETED")

    return WaitState({j.id: j for j in jobs}, ended, gone, deadline=timeout, longest_pause=longest)


def test_pauses_grow_from_short_to_the_longest():
    state, pauses, now = state_of(job(s1="PROCESSING"), longest=3.0), [], 0.0
    for _round in range(6):
        state, pause = step(state, {"j1": job(s1="PROCESSING")}, now)
        pauses.append(pause)
    assert pauses[0] < 1 and pauses == sorted(pauses) and pauses[-1] == 3.0


def test_the_last_look_falls_on_the_deadline_and_then_it_times_out():
    running = job(s1="PROCESSING")
    state, pause = step(state_of(running, timeout=100.0), {"j1": running}, now=99.9)
    assert pause == pytest.approx(0.1)
    state, pause = step(state, {"j1": running}, now=100.0)
    assert pause is None and state.timed_out


def test_an_end_on_the_deadline_is_an_end():
    state, pause = step(state_of(job(s1="PROCESSING"), timeout=100.0), {"j1": job(s1="SUCCESS")}, now=100.0)
    assert pause is None and not state.timed_out


def test_a_failed_look_keeps_what_was_known_and_honours_the_window():
    running = job(s1="PROCESSING")
    error = Throttled("slow down", retry_after=60)
    state, pause = step(state_of(running), {"j1": error}, now=0.0)
    assert state.seen == {"j1": running} and state.last_error is error and pause == 60


def test_a_window_beyond_the_deadline_is_cut_to_it():
    _state, pause = step(state_of(job(s1="PROCESSING")), {"j1": Throttled("slow down", retry_after=900)}, now=40.0)
    assert pause == 60.0


def test_a_job_is_gone_only_after_several_looks_in_a_row():
    state, now = state_of(job(s1="PROCESSING")), 0.0
    for _look in range(GONE_AFTER - 1):
        state, pause = step(state, {"j1": None}, now=now)
        assert pause is not None
        now += GONE_SECONDS
    state, pause = step(state, {"j1": job(s1="PROCESSING")}, now=now)
    for _look in range(GONE_AFTER - 1):
        now += GONE_SECONDS
        state, pause = step(state, {"j1": None}, now=now)
        assert pause is not None, "the count begins anew once it was seen"
    state, pause = step(state, {"j1": None}, now=now)
    assert pause is None and state.seen["j1"].status == "DELETED"


def test_many_looks_in_a_moment_that_do_not_find_a_job_mean_nothing():
    state = state_of(job(s1="PROCESSING"))
    for look in range(9):
        state, pause = step(state, {"j1": None}, now=look * GONE_SECONDS / 10)
        assert pause is not None
    assert state.seen["j1"].status == "PROCESSING"


def test_nothing_is_asked_while_the_service_throttles(clock):
    """Not even at the deadline: the wait ends there, with the error that it ended on."""
    asked = []

    def look(job_id):
        asked.append(clock.now())
        raise Throttled("slow down", retry_after=900)

    start = state_of(job(s1="PROCESSING"), timeout=clock.now() + 10)
    end = wait(start, one_by_one(look), clock, lambda state: None)
    assert end.timed_out and isinstance(end.last_error, Throttled) and len(asked) == 1


@pytest.mark.parametrize(
    ("answers", "seen", "times"),
    [
        ([None, None, "it"], "it", [0, 0.5, 1.3]),
        ([Throttled("slow", retry_after=4), "it"], "it", [0, 4]),
        ([Throttled("slow", retry_after=11), "it"], Throttled, [0]),
        ([Unauthorized("no"), "it"], Unauthorized, [0]),
        ([AnswerLost("reset"), None, "it"], "it", [0, 0.5, 1.3]),
        ([None] * 99, None, None),
    ],
)
def test_poll_within(clock, answers, seen, times):
    asked, start = [], clock.now()

    def poll():
        asked.append(round(clock.now() - start, 3))
        answer = answers[len(asked) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    found = poll_within(clock, 10, poll)
    assert isinstance(found, seen) if isinstance(seen, type) else found == seen
    assert times is None or asked == times
    assert asked[-1] <= 10


def test_one_look_that_does_not_find_a_job_means_nothing():
    _state, pause = step(state_of(job(s1="PROCESSING")), {"j1": None}, now=0.0)
    assert pause is not None


def test_only_jobs_that_are_still_open_are_looked_at(clock):
    looked = []

    def look(job_id):
        looked.append(job_id)
        return job("FINISHED", job_id, s2="SUCCESS")

    first, second = job(job_id="j1", s1="SUCCESS"), job(job_id="j2", s2="PROCESSING")
    end = wait(state_of(first, second, timeout=clock.now() + 10), one_by_one(look), clock, lambda state: None)
    assert looked == ["j2"] and not end.timed_out


def test_an_undocumented_status_is_no_hot_loop(clock):
    looks = []

    def look(job_id):
        looks.append(clock.now())
        return job(s1="PAUSED")

    end = wait(state_of(job(s1="PAUSED"), timeout=clock.now() + 600), one_by_one(look), clock, lambda state: None)
    assert end.timed_out and 60 <= len(looks) <= 70
    assert min(clock.sleeps[:-1]) >= 0.5


def test_a_look_that_can_be_repeated_is_and_one_that_cannot_ends_the_wait(clock):
    answers = [AnswerLost("reset"), AnswerLost("reset"), job(s1="SUCCESS")]

    def look(job_id):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    start = state_of(job(s1="PROCESSING"), timeout=clock.now() + 100)
    assert wait(start, one_by_one(look), clock, lambda state: None).seen["j1"].task_of["s1"].status == "SUCCESS"
    answers[:] = [Unauthorized("locked")]
    with pytest.raises(Unauthorized):
        wait(start, one_by_one(look), clock, lambda state: None)
    assert answers == []
