# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a pause is: the arithmetic, without any request."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._retry import (
    Backoff,
    Kind,
    Move,
    Trouble,
    move_after,
    retry_after,
    throttle_window,
)
from ansible_collections.modelarts.liteserver.tests.unit.transport.fake_clock import START


def test_pauses_double_up_to_a_cap() -> None:
    backoff = Backoff(base=0.5, cap=30, patience=300)
    longest = [backoff.pause(repeat, 1.0) for repeat in range(9)]
    assert longest == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


@given(st.integers(0, 60), st.floats(0, 1, exclude_max=True))
def test_jitter_takes_away_up_to_half(repeat: int, uniform: float) -> None:
    backoff = Backoff()
    whole = backoff.pause(repeat, 1.0)
    assert whole / 2 <= backoff.pause(repeat, uniform) <= whole <= backoff.cap


def test_jitter_depends_on_the_random_number() -> None:
    backoff = Backoff()
    assert backoff.pause(3, 0.0) == 2
    assert backoff.pause(3, 0.5) == 3


@given(st.integers(0, 8), st.floats(0, 1, exclude_max=True), st.floats(0, 300))
def test_what_the_service_asks_for_is_never_shortened(repeat: int, uniform: float, asked: float) -> None:
    backoff = Backoff()
    pause = backoff.pause(repeat, uniform, asked)
    assert pause >= asked
    assert pause <= max(backoff.pause(repeat, uniform), asked * 1.1) + 1e-9


def test_clients_that_were_asked_for_the_same_do_not_come_back_together() -> None:
    assert Backoff().pause(0, 0.0, 60) != Backoff().pause(0, 0.9, 60)


@pytest.mark.parametrize(
    "message, seconds",
    [
        ("The throttling threshold has been reached: policy user over ratelimit,limit:100,time:1 minute", 60),
        ("The throttling threshold has been reached: policy ip over ratelimit,limit:5,time:5 second", 5),
        ("The throttling threshold has been reached: policy api over ratelimit,limit:200,time:1 second", 1),
        ("over ratelimit,limit:9,time:2 minutes", 120),
        ("over ratelimit,limit:9,time: 1 hour", 3600),
        ("OVER RATELIMIT,LIMIT:9,TIME:1 MINUTE", 60),
        ("Too many requests", None),
        ("time: soon", None),
        ("", None),
        (None, None),
    ],
)
def test_window_of_the_gateway(message: str | None, seconds: int | None) -> None:
    assert throttle_window(message) == seconds


@pytest.mark.parametrize(
    "header, seconds",
    [
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("Thu, 15 Jan 2026 08:31:30 GMT", 90),
        ("Thu, 15 Jan 2026 16:31:30 +0800", 90),
        ("Thu, 15 Jan 2026 08:00:00 GMT", 0),
        (None, None),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("1.5", None),
        ("Thu, 99 Jan 2026 08:31:30 GMT", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, START) == seconds


@settings(max_examples=300, derandomize=True, database=None)
@given(st.text(st.characters(max_codepoint=0xFF), max_size=30) | st.integers().map(str))
@example("\u00b2")
@example("9" * 400)
@example("9" * 5000)
@example("Thu, 15 Jan 2026 08:31:30 +99999999999999999999")
@example("Thu, 15 Jan 99999999999999999999 08:31:30 GMT")
def test_retry_after_of_any_text_is_a_number_or_nothing(header: str) -> None:
    seconds = retry_after(header, START)
    assert seconds is None or (seconds >= 0 and not math.isnan(seconds))


@given(st.text(max_size=40) | st.from_regex(r"time:\s*\d+\s*(second|minute|hour)"))
def test_window_of_any_text_is_a_number_or_nothing(message: str) -> None:
    seconds = throttle_window(message)
    assert seconds is None or seconds >= 0


def test_what_the_table_does_not_name_is_final() -> None:
    assert {move_after(kind, Trouble.REFUSED) for kind in Kind} == {Move.FAIL}
