# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows, the time that a batch takes, and estimates, with the clock as a value."""

from __future__ import annotations

import datetime
import time
from typing import Any

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._schedule import (
    Pace,
    batch_seconds,
    pace_of,
    rest_seconds,
    shown_time,
    window_end_of,
)


def ms(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text).timestamp() * 1000)


@pytest.fixture(autouse=True)
def controller_in_new_york(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("06:00", "2026-11-26T22:00-05:00", "2026-11-27T06:00-05:00"),
        ("06:00", "2026-11-26T05:59-05:00", "2026-11-26T06:00-05:00"),
        ("06:00", "2026-11-26T06:00-05:00", "2026-11-27T06:00-05:00"),
        ("6:00", "2026-11-26T05:00-05:00", "2026-11-26T06:00-05:00"),
        ("06:00 Europe/Berlin", "2026-11-26T22:00-05:00", "2026-11-27T06:00+01:00"),
        ("06:00 Europe/Berlin", "2026-11-27T01:00-05:00", "2026-11-28T06:00+01:00"),
        ("06:00 UTC", "2026-11-26T05:59+00:00", "2026-11-26T06:00+00:00"),
        # The night in which the clocks change: the end has the new offset.
        ("06:00 Europe/Berlin", "2026-10-24T22:00+02:00", "2026-10-25T06:00+01:00"),
        ("06:00", "2026-10-31T22:00-04:00", "2026-11-01T06:00-05:00"),
        # Twice there, the first one; not there at all, an hour after the gap begins.
        ("02:30 Europe/Berlin", "2026-10-24T22:00+02:00", "2026-10-25T02:30+02:00"),
        ("02:30 Europe/Berlin", "2026-03-28T22:00+01:00", "2026-03-29T01:30+00:00"),
        ("2026-11-27T06:00+08:00", "2026-11-26T00:00+00:00", "2026-11-27T06:00+08:00"),
        ("2026-11-27 06:00:30Z", "2026-11-26T00:00+00:00", "2026-11-27T06:00:30+00:00"),
        ("2026-11-27T06:00+0530", "2026-11-26T00:00+00:00", "2026-11-27T06:00+05:30"),
        ("2026-11-27T06:00", "2026-11-26T00:00+00:00", "2026-11-27T06:00-05:00"),
        (" 06:00 ", "2026-11-26T05:59-05:00", "2026-11-26T06:00-05:00"),
    ],
)
def test_a_window_ends_at_the_next_such_time(text: str, now: str, expected: str) -> None:
    assert window_end_of(text, ms(now)) == ms(expected)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("2026-11-26T05:59+00:00", "has ended"),
        ("2026-11-26T06:00Z", "has ended"),
        ("2027-11-26T06:00Z", "more than 31 days"),
        ("25:00", "no time 25:00"),
        ("06:60", "no time 06:60"),
        ("06:00 Mars/Base", "no time zone 'Mars/Base'"),
        ("06:00 ../etc", "must be"),
        ("06:00 Europe/../Berlin", "must be"),
        ("2026-02-30T06:00", "no time 2026-02-30"),
        ("0001-01-01T00:00", "no time 0001-01-01"),
        ("6", "must be"),
        ("", "must be"),
        ("6 am", "must be"),
        ("tomorrow", "must be"),
    ],
)
def test_a_window_that_is_over_or_senseless_is_an_error(text: str, word: str) -> None:
    with pytest.raises(InvalidOption, match="fleet_job_window_end: ") as caught:
        window_end_of(text, ms("2026-11-26T06:00+00:00"))
    assert word in str(caught.value)


def test_times_for_people() -> None:
    assert shown_time(ms("2026-11-27T06:00+01:00")) == "2026-11-27 05:00 UTC"


def row(
    host: str, seconds: float | None, verdict: str = "done", submitted: bool = True, batch: int = 1
) -> dict[str, Any]:
    return {
        "host": host,
        "verdict": verdict,
        "submitted": submitted,
        "batch": batch,
        "started_at": None if seconds is None else 1_000,
        "ended_at": None if seconds is None else int(1_000 + seconds * 1000),
    }


def batch(number: int, seconds: float | None) -> dict[str, Any]:
    return {"number": number, "started_at": 0, "ended_at": None if seconds is None else int(seconds * 1000)}


def test_the_pace_is_that_of_servers_which_this_run_has_submitted() -> None:
    rows = [
        row("quick", 100),
        row("slow", 300),
        row("done before", 0, submitted=False),
        row("attached", 900, submitted=False),
        row("failed late", 800, verdict="failed"),
        row("no turn", None),
    ]
    assert pace_of(rows, [batch(1, 400), batch(2, 7)]) == Pace((300, "slow"), 400)


def test_a_straggler_took_at_least_so_long() -> None:
    assert pace_of([row("a", 10), row("b", 3600, verdict="running")], []).slowest == (3600, "b")


def test_where_nothing_was_submitted_nothing_is_known() -> None:
    assert pace_of([row("a", 1, submitted=False)], [batch(1, 5)]) == Pace(None, None)


def test_how_long_a_batch_may_take() -> None:
    pace = Pace((600, "npu-07"), None)
    assert batch_seconds(pace, None, 3600) == (900, "1.5 times the slowest server so far, npu-07")
    assert batch_seconds(pace, 30, 3600) == (1800, "fleet_job_wave_minutes")
    # The longest that it can be: what is not known is not taken for short.
    assert batch_seconds(Pace(None, None), None, 3600)[0] == 3600


def test_what_the_rest_takes() -> None:
    assert rest_seconds(Pace(None, 100), 3, 20) == 360
    assert rest_seconds(Pace(None, None), 3, 20) is None
    assert rest_seconds(Pace(None, 100), 0, 20) is None
