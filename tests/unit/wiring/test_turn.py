# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the next batch may start, on a clock that passes only when slept on."""

from __future__ import annotations

import datetime
import pathlib
from typing import Any

import pytest
from run_records import BEGIN, MINUTE, outcome, run_of

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._gates import refusal
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._run_record import RunRecord
from ansible_collections.modelarts.liteserver.plugins.plugin_utils._turn import await_turn, checked_turn, judge_turn

# After two batches of half an hour each.
NOW = BEGIN + 1000 + 60 * MINUTE


class Clock:
    def __init__(self, now: int = NOW) -> None:
        self.seconds = now / 1000
        self.on_sleep: Any = lambda: None

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.on_sleep()

    def utc(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.seconds, datetime.timezone.utc)

    def uniform(self) -> float:
        return 0.5


def own(**more: Any) -> dict[str, Any]:
    return {"soak": 0, "wait_timeout": 3600, **more}


def turn(record: RunRecord, clock: Clock, **more: Any) -> list[str]:
    lines: list[str] = []
    await_turn(record, own(**more), clock, lines.append)
    return lines


def under_way(window: int | None = None, **outcomes: Any) -> RunRecord:
    """Two of three batches have ended; each server took 29 min 55 s."""
    return run_of([1, 3], outcomes.get("outcomes"), total=8, facts={"batches_planned": 3, "window_end": window})


def stopped(record: RunRecord) -> tuple[Any, Any]:
    return record.data["state"], record.data["stopped_by"]


@pytest.mark.parametrize(
    ("minutes_left", "more", "goes_on"),
    [
        (45, {}, True),  # 1.5 times 29 min 55 s
        (44, {}, False),
        (20, {"wave_minutes": 20}, True),
        (19, {"wave_minutes": 20}, False),
        (54, {"soak": 600}, False),
        (55, {"soak": 600}, True),
        (0, {"wave_minutes": 1}, False),
        (-10, {"wave_minutes": 1}, False),
    ],
)
def test_no_batch_starts_that_could_not_end_before_the_window_does(
    minutes_left: int, more: dict[str, Any], goes_on: bool
) -> None:
    record = under_way(NOW + minutes_left * MINUTE)
    clock = Clock()
    turn(record, clock, **more)
    assert stopped(record) == (("running", None) if goes_on else ("stopped", "window"))
    if not goes_on:
        assert clock.seconds == NOW / 1000, "nobody waits in vain"
        assert record.data["stopped"].startswith("fleet_job_window_end: the next batch may take ")
        assert "run it again in the next window" in refusal(record)


def test_the_first_batch_may_take_as_long_as_it_is_waited_for() -> None:
    for minutes, state in ((61, "running"), (59, "stopped")):
        record = run_of([], total=3, facts={"window_end": NOW + minutes * MINUTE})
        turn(record, Clock())
        assert record.data["state"] == state


def test_servers_that_were_done_before_do_not_make_the_next_batch_short() -> None:
    done = {number: outcome(number, changed=False) for number in range(1, 5)}
    record = under_way(NOW + 59 * MINUTE, outcomes=done)
    turn(record, Clock())
    assert stopped(record) == ("stopped", "window")


def test_a_window_is_judged_again_before_the_jobs() -> None:
    record = under_way(NOW + 50 * MINUTE)
    clock = Clock()
    turn(record, clock)
    clock.sleep(3600)  # somebody thought about the approval
    judge_turn(record, own(), clock)
    assert stopped(record) == ("stopped", "window")


def test_a_soak_waits_and_says_so() -> None:
    record, clock = under_way(), Clock()
    lines = turn(record, clock, soak=150)
    assert clock.seconds == NOW / 1000 + 150
    assert lines == [
        "soak: 2 min 30 s before the next batch, after batch 2 of 3",
        "soak: 1 min 30 s left",
        "soak: 30 s left",
    ]


def test_what_has_passed_since_the_batch_counts_for_the_soak() -> None:
    clock = Clock(NOW + 100_000)
    turn(under_way(), clock, soak=150)
    assert clock.seconds == NOW / 1000 + 150


@pytest.mark.parametrize("done_before", [False, True])
def test_there_is_no_soak_before_the_first_batch_nor_after_one_without_a_job(done_before: bool) -> None:
    record, clock = run_of([], total=3), Clock()
    if done_before:
        record = run_of([3], {number: outcome(number, changed=False) for number in (1, 2, 3)}, total=4)
        record.batch["jobs"][0]["action"] = "none"
    assert turn(record, clock, soak=600) == []
    assert clock.seconds == NOW / 1000


def test_a_stop_file_stops_before_the_batch(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "stop"
    record = under_way()
    turn(record, Clock(), stop_file=str(path))
    assert stopped(record) == ("running", None)
    path.symlink_to("nowhere")
    turn(record, Clock(), stop_file=str(path))
    assert stopped(record) == ("stopped", "stop_file")
    assert record.data["stopped"] == f"fleet_job_stop_file: {path} is there"
    assert "What to do: remove the file; running the same play again" in refusal(record)


def test_a_stop_file_ends_a_soak(tmp_path: pathlib.Path) -> None:
    path, record, clock = tmp_path / "stop", under_way(), Clock()
    clock.on_sleep = lambda: path.touch() if clock.seconds > NOW / 1000 + 60 else None
    turn(record, clock, soak=3600, stop_file=str(path))
    assert stopped(record) == ("stopped", "stop_file")
    assert clock.seconds < NOW / 1000 + 70


def test_a_stop_file_that_cannot_be_looked_at_stops(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").touch()
    record = under_way()
    turn(record, Clock(), stop_file=str(tmp_path / "file" / "stop"))
    assert stopped(record) == ("stopped", "stop_file")
    assert "it cannot be seen whether" in record.data["stopped"]


def test_what_could_never_be_right_is_an_error_at_once(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InvalidOption, match="fleet_job_stop_file: there is no folder"):
        checked_turn(own(stop_file=str(tmp_path / "misspelt" / "stop")), NOW)
    with pytest.raises(InvalidOption, match="fleet_job_window_end: .* has ended"):
        checked_turn(own(window_end="2020-01-01T00:00Z"), NOW)
    with pytest.raises(InvalidOption, match="fleet_job_notify_url: "):
        checked_turn(own(notify_url="http://example.com/"), NOW)
    assert checked_turn(own(stop_file=str(tmp_path / "stop")), NOW) is None


def test_the_first_reason_to_stop_stays(tmp_path: pathlib.Path) -> None:
    (tmp_path / "stop").touch()
    record = under_way(NOW - MINUTE)
    turn(record, Clock(), stop_file=str(tmp_path / "stop"), soak=60)
    assert stopped(record) == ("stopped", "stop_file")
