# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule for host names, by itself."""

from __future__ import annotations

import itertools
import random

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._inventory import host_names


def test_plain_names():
    found = host_names({"1-a": "a", "2": "b", "3-c": None, "4-d": "", "5-e": "c d", "6-f": "e\n", "7-g": "{f"})
    assert found.names == {
        "1-a": "a",
        "2": "b",
        **{each: each for each in ("3-c", "4-d", "5-e", "6-f", "7-g")},
    }
    assert (found.alike, found.replaced) == (set(), {"5-e", "6-f", "7-g"})


def test_an_id_that_is_no_name():
    names = host_names({"../x": None, "all": "all", "2": "localhost"}).names
    assert all(name.startswith("liteserver-") and len(name) == 43 for name in names.values())


def test_names_and_ids_that_differ_in_case_only():
    names = host_names({"a-1": "Node", "b-2": "node", "AA": None, "aa": None}).names
    assert len({name.casefold() for name in names.values()}) == 4
    assert (names["a-1"], names["b-2"]) == ("Node_a-1", "node_b-2")


def test_names_that_are_taken():
    wished = {"1-a": "db", "2-b": "web", "3-c": "x"}
    names, alike, _replaced = host_names(
        wished, taken={"DB": None, "web": "2-b", "x": "9", "x_3-c": None, "x_3-c_3-c": None}
    )
    assert names == {"1-a": "db_1-a", "2-b": "web", "3-c": "3-c"}
    assert alike == {"1-a", "3-c"}


def test_a_server_that_is_left_without_a_name():
    id_names = [host_names({"1-a": "x"}, taken=dict.fromkeys(["x", "x_1-a", "x_1-a_1-a", "1-a"])).names["1-a"]]
    assert id_names[0].startswith("liteserver-")
    with pytest.raises(InvalidOption, match="has no other name"):
        host_names({"1-a": "x"}, taken=dict.fromkeys(["x", "x_1-a", "x_1-a_1-a", "1-a", *id_names]))


def test_alike():
    wished = {"12345678-a": "x", "12345679-b": "x", "9": "y"}
    names = {"12345678-a": "x_12345678", "12345679-b": "x_12345679", "9": "y"}
    assert host_names(wished) == (names, {"12345678-a", "12345679-b"}, set())


def test_ids_that_begin_alike():
    wished = {"12345678-a": "x", "12345678-b": "x", "99999999-c": "x"}
    assert host_names(wished).names == {each: f"x_{each}" for each in wished}


def test_a_server_that_has_the_name_another_would_get():
    wished = {"12345678-a": "x", "9-b": "x", "7-c": "x_12345678"}
    names, renamed, _replaced = host_names(wished)
    assert len(set(names.values())) == 3
    assert renamed == set(wished)


def test_any_fleet():
    """Names differ, and do not depend on the order."""
    generator = random.Random(1)
    # Nine characters, so that two of them begin alike.
    ids = ["12345" + "".join(each) for each in itertools.product("ab", repeat=4)]
    words = [
        None,
        "",
        "a",
        "A",
        "all",
        "../a",
        "a_12345aaa",
        "a_12345aab",
        "a_12345aaaa",
        "12345aaaa",
        "12345aaab",
        "b",
    ]
    for _fleet in range(3000):
        wished = {each: generator.choice(words) for each in generator.sample(ids, generator.randint(1, 9))}
        names, renamed, replaced = host_names(wished)
        assert names.keys() == wished.keys() >= renamed
        assert len(set(names.values())) == len(names)
        shuffled = dict(generator.sample(list(wished.items()), len(wished)))
        assert host_names(shuffled) == (names, renamed, replaced)
