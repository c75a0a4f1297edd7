# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much may fail."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._budget import FailureBudget


@pytest.mark.parametrize(
    ("text", "total", "most"),
    [
        ("0", 100, 0),
        (0, 100, 0),
        ("10", 100, 10),
        (10, 100, 10),
        (" 10 ", 100, 10),
        ("5%", 200, 10),
        ("5%", 219, 10),
        ("5%", 220, 11),
        ("5%", 10, 0),
        ("0%", 1000, 0),
        ("100%", 7, 7),
        ("2.5%", 200, 5),
        ("0.125%", 800, 1),
        ("33.333%", 3, 0),
        ("33.334%", 3, 1),
        # As floats, 9.2 * 750 / 100 is a bit less than 69.
        ("9.2%", 750, 69),
    ],
)
def test_what_may_fail(text, total, most):
    budget = FailureBudget(text, total)
    assert not budget.passed_by(most)
    assert budget.passed_by(most + 1)


@settings(max_examples=1000, derandomize=True)
@given(percent=st.integers(0, 100), total=st.integers(1, 5000), failed=st.integers(0, 5000))
def test_whole_percentages_are_exact(percent, total, failed):
    assert FailureBudget(f"{percent}%", total).passed_by(failed) is (failed * 100 > percent * total)


@settings(max_examples=1000, derandomize=True)
@given(thousandths=st.integers(0, 100_000), total=st.integers(1, 5000), off=st.integers(-1, 1))
def test_fractions_of_a_percent_are_exact(thousandths, total, off):
    failed = max(thousandths * total // 100_000 + off, 0)
    text = f"{thousandths // 1000}.{thousandths % 1000:03}%"
    assert FailureBudget(text, total).passed_by(failed) is (failed * 100_000 > thousandths * total)


@pytest.mark.parametrize("text", [None, ""])
def test_no_limit(text):
    budget = FailureBudget(text, 10)
    assert not budget.passed_by(10**9)
    assert str(budget) == "no limit"
    assert budget.text is None


@pytest.mark.parametrize(
    "text",
    ["x", "-1", "1.5", "5.0", True, False, "True", "%", "5%%", "%5", "-5%", "+5", "1e2", "5 10", ".5%", "5.%"]
    + ["5,5%", "inf", "nan", " ", "٥", "1234567", "5.1234%", 1.5, [5], {}],
)
def test_neither_a_count_nor_a_percentage(text):
    with pytest.raises(InvalidOption) as error:
        FailureBudget(text, 100)
    assert error.value.message.startswith("fleet_job_max_failures: must be a count or a percentage such as 5%, not ")
    assert repr(text) in error.value.message


def test_a_bad_text_is_one_for_a_run_without_hosts_too():
    with pytest.raises(InvalidOption):
        FailureBudget("x", 0)


def test_a_budget_in_words():
    assert str(FailureBudget("10", 200)) == "10"
    assert str(FailureBudget("5%", 200)) == "5%, that is 10"
    assert str(FailureBudget("5%", 30)) == "5%, that is 1.5"
    assert str(FailureBudget("9.2%", 750)) == "9.2%, that is 69"
    assert FailureBudget(" 5% ", 200).text == "5%"
    assert FailureBudget(0, 200).text == "0"
