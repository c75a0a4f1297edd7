# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for jobs: a pure step over what was seen, and the small loop around it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..errors import LiteServerError

FIRST_PAUSE = 0.5  # seconds
PAUSE_GROWTH = 1.6
LONGEST_LOOK_PAUSE = 5.0  # seconds, where nobody set another
# A job that was there and is not found so many times in a row is gone.
GONE_AFTER = 3


@dataclass(frozen=True)
class WaitState:
    """What is waited for, and what was seen last.

    :ivar servers: {server id: job id} to wait for.
    :ivar jobs: {job id: Job} as last seen.
    :ivar deadline: seconds on the clock that the steps are given.
    :ivar longest_pause: seconds.
    :ivar missing: {job id: how many times in a row it was not found}.
    """

    servers: dict
    jobs: dict
    deadline: float
    longest_pause: float
    next_pause: float = FIRST_PAUSE
    missing: dict = None
    timed_out: bool = False
    last_error: LiteServerError = None


def growing_pauses(clock, patience):
    """Yield at once, and again after growing pauses, until the patience (seconds) is used up."""
    end, pause = clock.now() + patience, FIRST_PAUSE
    while True:
        yield pause
        left = end - clock.now()
        if left <= 0:
            return
        clock.sleep(min(pause, left))
        pause = min(pause * PAUSE_GROWTH, LONGEST_LOOK_PAUSE)


def open_jobs(state):
    """Ids of the jobs that some server still waits for, each once."""
    return list(
        dict.fromkeys(job_id for server_id, job_id in state.servers.items() if not _ended(state, server_id, job_id))
    )


def step(state, looks, now):
    """Take what one round of looks saw.

    :param looks: {job id: Job, or None where it was not found, or the LiteServerError of a look
        that may be repeated}.
    :returns: (state, seconds to pause before the next round, or None where the wait is over).
    """
    jobs, missing = dict(state.jobs), dict(state.missing or {})
    last_error, asked = None, 0
    for job_id, look in looks.items():
        if isinstance(look, LiteServerError):
            last_error, asked = look, max(asked, look.retry_after or 0)
        elif look is None:
            missing[job_id] = missing.get(job_id, 0) + 1
            if missing[job_id] >= GONE_AFTER:
                jobs[job_id] = replace(jobs[job_id], status="DELETED")
        else:
            missing.pop(job_id, None)
            jobs[job_id] = look
    seen = replace(state, jobs=jobs, missing=missing, last_error=last_error)
    if not open_jobs(seen):
        return seen, None
    if now >= state.deadline:
        return replace(seen, timed_out=True), None
    pause = min(state.next_pause, state.longest_pause)
    # The last look falls on the deadline itself, whatever the pause would be.
    pause = min(max(pause, asked), state.deadline - now)
    return replace(seen, next_pause=state.next_pause * PAUSE_GROWTH), pause


def wait(state, look, clock, on_step):
    """Look, step and sleep until the wait is over; returns the last state.

    :param look: takes a job id; returns a Job, None where it is not found, or raises.
    :param on_step: called with each new state.
    :raises LiteServerError: one that no repetition can mend, such as a refused key.
    """
    while True:
        looks = {job_id: _attempt(look, job_id) for job_id in open_jobs(state)}
        state, pause = step(state, looks, clock.now())
        on_step(state)
        if pause is None:
            return state
        clock.sleep(pause)


def _attempt(look, job_id):
    try:
        return look(job_id)
    except LiteServerError as error:
        if not error.retryable:
            raise
        return error


def _ended(state, server_id, job_id):
    job = state.jobs[job_id]
    task = job.task_of.get(server_id)
    return job.over or (task is not None and task.over)
