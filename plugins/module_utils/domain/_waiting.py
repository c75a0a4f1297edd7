# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Waiting for jobs or servers: a pure step over what was seen, the loop around it, and the one driver of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from .._clock import Clock
from .._errors import InvalidOption, LiteServerError, WaitTimedOut
from .._shapes import Options
from ._progress import Progress
from ._result import ServerRow
from ._wording import duration, name_servers

FIRST_PAUSE = 0.5  # seconds
PAUSE_GROWTH = 1.6
LONGEST_POLL_PAUSE = 5.0  # seconds, where nobody set another
GO_ON_WAITING = "running the same task again goes on waiting"
# What was there and is not found so many times in a row, for so many seconds, is gone: a service may not find a new job
# for a moment.
GONE_AFTER = 3
GONE_SECONDS = 10.0


# What a poll sees: a Job, or a ServerPower.
Seen = TypeVar("Seen")


@dataclass(frozen=True)
class WaitLimits:
    """How long a wait lasts, and its longest pause between two polls, in seconds."""

    timeout: float
    longest_pause: float

    @classmethod
    def of(cls, options: Options) -> WaitLimits:
        """From the options of a module."""
        return cls(options["wait_timeout"], options["wait_sleep"])


@dataclass(frozen=True)
class WaitState(Generic[Seen]):
    """What is waited for, and what was seen last.

    :ivar seen: {id: what was seen of it last}: jobs by job id, or servers by server id.
    :ivar ended: takes (id, what was seen) and returns whether it needs no further poll.
    :ivar gone: takes what was seen last of something that is not found any more, and
        returns what that means.
    :ivar deadline: seconds on the clock that the steps are given.
    :ivar longest_pause: seconds.
    :ivar missing: {id: (how many times in a row it was not found, since when)}.
    :ivar last_error: of the last round of polls, or None.
    :ivar closed_until: seconds on the clock: before that the service takes no request, as it said.
    """

    seen: dict[str, Seen]
    ended: Callable[[str, Seen], bool]
    gone: Callable[[Seen], Seen]
    deadline: float
    longest_pause: float
    next_pause: float = FIRST_PAUSE
    missing: dict[str, tuple[int, float]] = field(default_factory=dict)
    timed_out: bool = False
    last_error: LiteServerError | None = None
    closed_until: float = 0


def check_wait_options(options: Options) -> None:
    """The options of a wait that every module with one has; raises InvalidOption."""
    for option, least in (("wait_timeout", 1), ("wait_sleep", 1), ("progress", 0)):
        if options[option] < least:
            raise InvalidOption(f"must be {least} or more seconds", (option,))


def timed_out_error(
    options: Options,
    rows: list[ServerRow],
    wanted: str,
    last_error: LiteServerError | None,
    hint: str,
    retryable: bool | None = None,
) -> WaitTimedOut:
    """The error of a wait that has taken too long.

    :param rows: entries of a result's ``servers``; those that still run are named.
    :param wanted: what the servers are not, in a word.
    """
    running = [row for row in rows if row["verdict"] == "running"]
    message = (
        f"wait_timeout: after {duration(options['wait_timeout'])}, {len(running)} of {len(rows)} servers are not"
        f" {wanted}: {name_servers(running)}"
    )
    if last_error is not None:
        message += f". The last poll failed: {last_error.message}"
    return WaitTimedOut(message, hint=hint, retryable=retryable)


def growing_pauses(clock: Clock, patience: float) -> Iterator[float]:
    """Yield at once, and again after growing pauses, until the patience (seconds) is used up."""
    end, pause = clock.now() + patience, FIRST_PAUSE
    while True:
        yield pause
        left = end - clock.now()
        if left <= 0:
            return
        clock.sleep(min(pause, left))
        pause = min(pause * PAUSE_GROWTH, LONGEST_POLL_PAUSE)


def poll_within(clock: Clock, patience: float, poll: Callable[[], Seen | None]) -> Seen | LiteServerError | None:
    """Poll with growing pauses until something is seen, or the patience (seconds) is used up.

    While the service throttles, nothing is sent: where its window outlasts the patience, that is the end.

    :returns: what was seen, or the error of the last poll, or None. An error that no repetition fixes ends it at once.
    """
    end, pause = clock.now() + patience, FIRST_PAUSE
    while True:
        failure: LiteServerError | None = None
        try:
            seen = poll()
        except LiteServerError as error:
            seen, failure = None, error
        if seen is not None or (failure is not None and not failure.retryable):
            return seen or failure
        left = end - clock.now()
        asked = failure.retry_after or 0 if failure else 0
        if left <= 0 or asked > left:
            return failure
        clock.sleep(max(min(pause, left), asked))
        pause = min(pause * PAUSE_GROWTH, LONGEST_POLL_PAUSE)


def still_open(state: WaitState[Seen]) -> list[str]:
    """The ids that need a further poll."""
    return [identifier for identifier, seen in state.seen.items() if not state.ended(identifier, seen)]


def step(
    state: WaitState[Seen], polled: Mapping[str, Seen | LiteServerError | None], now: float
) -> tuple[WaitState[Seen], float | None]:
    """Take what one round of polls saw.

    :param polled: {id: what was seen, or None where it was not found, or the LiteServerError of
        a poll that may be repeated}.
    :returns: (state, seconds to pause before the next round, or None where the wait is over).
    """
    seen, missing = dict(state.seen), dict(state.missing)
    last_error = None if polled else state.last_error
    closed_until = state.closed_until
    for identifier, answer in polled.items():
        if isinstance(answer, LiteServerError):
            last_error, closed_until = answer, max(closed_until, now + (answer.retry_after or 0))
        elif answer is None:
            times, since = missing.get(identifier, (0, now))
            missing[identifier] = times + 1, since
            if times + 1 >= GONE_AFTER and now - since >= GONE_SECONDS:
                seen[identifier] = state.gone(seen[identifier])
        else:
            missing.pop(identifier, None)
            seen[identifier] = answer
    state = replace(state, seen=seen, missing=missing, last_error=last_error, closed_until=closed_until)
    if not still_open(state):
        return state, None
    if now >= state.deadline:
        return replace(state, timed_out=True), None
    pause = min(state.next_pause, state.longest_pause)
    # The last poll falls on the deadline itself, whatever the pause would be, but for one that the service asked for.
    pause = min(max(pause, closed_until - now), state.deadline - now)
    return replace(state, next_pause=state.next_pause * PAUSE_GROWTH), pause


def _sleep(clock: Clock, seconds: float) -> None:
    clock.sleep(seconds)


def wait(
    state: WaitState[Seen],
    poll: Callable[[list[str]], Mapping[str, Seen | LiteServerError | None]],
    clock: Clock,
    on_step: Callable[[WaitState[Seen]], None],
    sleep: Callable[[Clock, float], None] = _sleep,
) -> WaitState[Seen]:
    """Poll, step and sleep until the wait is over; returns the last state.

    :param poll: takes the ids that are still open; returns the ``polled`` of :func:`step`.
    :param on_step: called with each new state.
    :param sleep: takes (clock, seconds) and sleeps so long, see :meth:`._progress.Progress.sleep`.
    """
    # What was read a moment ago may already be the end.
    state, pause = step(state, {}, clock.now())
    while pause is not None:
        polled = poll(still_open(state)) if clock.now() >= state.closed_until else {}
        state, pause = step(state, polled, clock.now())
        on_step(state)
        if pause is not None:
            sleep(clock, pause)
    return state


def watch(
    seen: dict[str, Seen],
    poll: Callable[[list[str]], Mapping[str, Seen | LiteServerError | None]],
    take: Callable[[dict[str, Seen]], object],
    *,
    ended: Callable[[str, Seen], bool],
    gone: Callable[[Seen], Seen],
    rows: Callable[[], list[ServerRow]],
    clock: Clock,
    limits: WaitLimits,
    progress: Progress,
    resume: str | None,
    closed_until: float = 0,
) -> WaitState[Seen]:
    """Wait with lines of progress until all have ended or ``limits.timeout`` has passed; returns the last state.

    The one driver of all waits. ``seen``, ``ended`` and ``gone`` are those of :class:`WaitState`, ``poll`` is that
    of :func:`wait`, ``closed_until`` that of :class:`WaitState`.

    :param take: called with what was seen, after each round of polls.
    :param rows: returns entries of a result's ``servers``, for the lines of progress.
    :param resume: how to come back to this wait, or None where there is no way.
    """

    def on_step(state: WaitState[Seen]) -> None:
        take(state.seen)
        progress.saw(rows(), clock.now())

    state = WaitState(seen, ended, gone, clock.now() + limits.timeout, limits.longest_pause)
    state = replace(state, closed_until=closed_until)
    if still_open(state):
        progress.begins(rows(), resume)
    return wait(state, poll, clock, on_step, progress.sleep)
