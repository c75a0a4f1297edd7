# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule for host names, by itself."""

from __future__ import annotations

import itertools
import random

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._inventory import host_names


def test_plain_names():
    assert host_names({"1": "a", "2": "b", "3": None, "4": "", "5": "c d", "6": "e\n", "7": "{f"}) == (
        {"1": "a", "2": "b", "3": "3", "4": "4", "5": "5", "6": "6", "7": "7"},
        set(),
    )


def test_alike():
    wished = {"12345678-a": "x", "12345679-b": "x", "9": "y"}
    names = {"12345678-a": "x_12345678", "12345679-b": "x_12345679", "9": "y"}
    assert host_names(wished) == (names, {"12345678-a", "12345679-b"})


def test_ids_that_begin_alike():
    wished = {"12345678-a": "x", "12345678-b": "x", "99999999-c": "x"}
    assert host_names(wished)[0] == {each: f"x_{each}" for each in wished}


def test_a_server_that_has_the_name_another_would_get():
    wished = {"12345678-a": "x", "9-b": "x", "7-c": "x_12345678"}
    names, renamed = host_names(wished)
    assert len(set(names.values())) == 3
    assert renamed == set(wished)


def test_any_fleet():
    """Names differ, and do not depend on the order."""
    generator = random.Random(1)
    # Nine characters, so that two of them begin alike.
    ids = ["12345" + "".join(each) for each in itertools.product("ab", repeat=4)]
    words = [None, "", "a", "a_12345aaa", "a_12345aab", "a_12345aaaa", "12345aaaa", "12345aaab", "b"]
    for _fleet in range(3000):
        wished = {each: generator.choice(words) for each in generator.sample(ids, generator.randint(1, 9))}
        names, renamed = host_names(wished)
        assert names.keys() == wished.keys() >= renamed
        assert len(set(names.values())) == len(names)
        shuffled = dict(generator.sample(list(wished.items()), len(wished)))
        assert host_names(shuffled) == (names, renamed)
