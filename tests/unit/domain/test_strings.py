# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strings that YAML or a survey has made something else of."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._strings import restore_strings

OPTIONS: dict[str, dict[str, Any]] = {
    "fleet_job_name": {"type": "str"},
    "fleet_job_version": {"type": "str", "required": True},
    "fleet_job_record": {"type": "path"},
    "fleet_job_max_failures": {"type": "str"},
    "fleet_job_preflight": {"type": "str", "choices": ["strict", "off"]},
    "fleet_job_wait_timeout": {"type": "int"},
    "fleet_job_spec": {"type": "dict"},
    "fleet_job_is_reboot": {"type": "bool"},
}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (7, "a number (7)"),
        (0, "a number (0)"),
        (24.1, "a number (24.1)"),
        (False, "the truth value false"),
        (True, "the truth value true"),
        (datetime.date(2027, 1, 6), "a date (2027-01-06)"),
        (["a"], "a list"),
        ({"a": 1}, "a dictionary"),
    ],
)
@pytest.mark.parametrize("name", ["fleet_job_name", "fleet_job_version", "fleet_job_record"])
def test_what_is_no_string_is_refused(name: str, value: object, said: str) -> None:
    with pytest.raises(InvalidOption, match="in a survey of AWX, type the quotes") as caught:
        restore_strings({name: value}, OPTIONS)
    assert f"{name}: is {said} in YAML, not a string" in caught.value.message


def test_all_of_them_are_named_at_once() -> None:
    with pytest.raises(InvalidOption) as caught:
        restore_strings({"fleet_job_name": 7, "fleet_job_version": 24.1, "fleet_job_record": "/r"}, OPTIONS)
    assert "fleet_job_name" in caught.value.message
    assert "fleet_job_version" in caught.value.message
    assert "fleet_job_record" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("'24.10'", "24.10"),
        ('"007"', "007"),
        ("'off'", "off"),
        ("24.10", "24.10"),
        ("it's", "it's"),
        ("'", "'"),
        ("'a' and 'b'", "'a' and 'b'"),
        ("'half", "'half"),
        ("'other\"", "'other\""),
    ],
)
def test_a_pair_of_quotes_is_taken_away(text: str, read: str) -> None:
    assert restore_strings({"fleet_job_name": text}, OPTIONS) == {"fleet_job_name": read}


@pytest.mark.parametrize("name", ["fleet_job_before", "fleet_job_after", "fleet_job_delegate_to"])
def test_what_tasks_read_as_well_stays_as_it_was_written(name: str) -> None:
    """Two of them would not be the same, and one would run what the other does not know of."""
    options = {name: {"type": "str"}}
    assert restore_strings({name: "'a'"}, options) == {name: "'a'"}
    with pytest.raises(InvalidOption, match="the truth value false"):
        restore_strings({name: False}, options)


@pytest.mark.parametrize("text", ["''", '""'])
def test_quotes_around_nothing_are_no_value(text: str) -> None:
    assert restore_strings({"fleet_job_name": text}, OPTIONS) == {}


def test_a_count_may_be_a_number() -> None:
    assert restore_strings({"fleet_job_max_failures": 10}, OPTIONS) == {"fleet_job_max_failures": 10}


@pytest.mark.parametrize("value", [True, False, 2.5])
def test_a_count_is_a_whole_number(value: object) -> None:
    with pytest.raises(InvalidOption, match="fleet_job_max_failures"):
        restore_strings({"fleet_job_max_failures": value}, OPTIONS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fleet_job_preflight", False),
        ("fleet_job_wait_timeout", "'3'"),
        ("fleet_job_spec", {"a": 1}),
        ("fleet_job_is_reboot", True),
        ("fleet_job_is_reboot", False),
        ("unknown", 7),
    ],
)
def test_the_rest_is_left_to_the_argument_spec(name: str, value: object) -> None:
    assert restore_strings({name: value}, OPTIONS) == {name: value}
