# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many names in few words; each name is in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._name_ranges import (
    name_ranges,
    named,
)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ""),
        (["npu"], "npu"),
        (["npu-1"], "npu-1"),
        (["npu-07", "npu-08", "npu-09", "npu-10"], "npu-[07:10]"),
        (["npu-1", "npu-2", "npu-4"], "npu-[1:2], npu-4"),
        (["npu-9", "npu-10"], "npu-9, npu-10"),
        (["a1.example", "a2.example", "b3.example"], "a[1:2].example, b3.example"),
        (["npu-2", "npu-1"], "npu-2, npu-1"),
        (["x", "npu-1", "y", "npu-2"], "x, npu-1, y, npu-2"),
        (["rack1-01", "rack1-02", "rack2-03"], "rack1-[01:02], rack2-03"),
        (["a\x1b[31m1", "b\n2"], "a [31m1, b 2"),
    ],
)
def test_names(names: list[str], expected: str) -> None:
    assert named(names) == expected


def test_the_rest_is_counted_in_names() -> None:
    assert named([f"odd-{number}" for number in range(1, 9, 2)] + ["x-1", "x-2", "x-3"], 2) == "odd-1, odd-3 and 5 more"


@given(st.lists(st.integers(0, 120).map(lambda number: f"npu-{number:03}"), max_size=60))
def test_every_name_is_in_its_range(names: list[str]) -> None:
    found = []
    for text, count in name_ranges(names):
        head, bracket, rest = text.partition("[")
        if bracket:
            first, last = rest.rstrip("]").split(":")
            found += [f"{head}{number:03}" for number in range(int(first), int(last) + 1)]
            assert int(last) - int(first) + 1 == count
        else:
            found.append(text)
    assert found == names
