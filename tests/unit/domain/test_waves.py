# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Batch sizes: they add up, cut no supernode in two, and are as large as they may be, but no larger."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._waves import (
    waves,
    waves_of_groups,
    waves_of_servers,
)

FLEETS = 1500
PREFIX = "wave_supernode_"


def fleet(*units):
    """(hosts, supernodes): ``1`` is a single host, any other number a supernode of so many."""
    hosts, supernodes = [], {}
    for number, size in enumerate(units):
        members = [f"h{number}-{member}" for member in range(size)]
        hosts += members
        if size != 1:
            supernodes[f"n{number}"] = members
    return hosts, supernodes


def batches_of(units, sizes):
    """The units in each batch; fails where a batch ends inside of a unit."""
    left, batches = list(units), []
    for size in sizes:
        batch = []
        while sum(batch) < size:
            batch.append(left.pop(0))
        assert sum(batch) == size, f"a batch of {size} cuts a unit: {batch}"
        batches.append(batch)
    assert left == []
    return batches


UNITS = st.lists(st.sampled_from([1, 1, 1, 2, 3, 8]), max_size=30)
CANARY = st.integers(1, 20)
# Exact in binary, so that the wish can be computed here too.
GROWTH = st.sampled_from([1, 1.0, 1.25, 1.5, 2, 3, 10])
LARGEST = st.none() | st.integers(1, 24)


@pytest.mark.thorough
@settings(max_examples=FLEETS, derandomize=True)
@given(units=UNITS, canary=CANARY, growth=GROWTH, largest=LARGEST)
def test_each_batch_is_as_many_whole_units_as_its_wish_allows(units, canary, growth, largest):
    sizes = waves(*fleet(*units), canary=canary, growth=growth, largest=largest)
    assert sum(sizes) == sum(units)
    assert all(isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in sizes)
    batches = batches_of(units, sizes)
    wish = canary
    for number, batch in enumerate(batches):
        most = wish if largest is None else min(wish, largest)
        assert sum(batch) <= most or len(batch) == 1, "no larger than wished, but for one supernode"
        if number + 1 < len(batches):
            assert sum(batch) + batches[number + 1][0] > most, "the next unit would have fitted"
        # It never shrinks, and a supernode that was larger than wished counts as what it was.
        wish = max(wish, sum(batch)) * growth


@settings(max_examples=500, derandomize=True)
@given(units=UNITS.filter(bool), canary=CANARY, growth=GROWTH)
def test_the_canary_is_one_unit_or_what_fits(units, canary, growth):
    first = waves(*fleet(*units), canary=canary, growth=growth)[0]
    fitting = [sum(units[:count]) for count in range(1, len(units) + 1) if sum(units[:count]) <= canary]
    assert first == max([units[0], *fitting])


@settings(max_examples=500, derandomize=True)
@given(count=st.integers(0, 400), canary=CANARY, growth=GROWTH, largest=LARGEST)
def test_single_hosts_fill_each_wish_that_never_shrinks(count, canary, growth, largest):
    sizes = waves(*fleet(*[1] * count), canary=canary, growth=growth, largest=largest)
    left, wish, expected = count, float(canary), []
    while left:
        expected.append(min(left, int(wish), largest or count))
        left, wish = left - expected[-1], wish * growth
    assert sizes == expected
    assert sizes[:-1] == sorted(sizes[:-1])


@pytest.mark.parametrize(
    ("units", "given", "expected"),
    [
        ([1] * 12, {"canary": 1, "growth": 3}, [1, 3, 8]),
        ([1] * 12, {}, [1, 2, 4, 5]),
        ([1] * 13, {"canary": 1, "growth": 3}, [1, 3, 9]),
        ([1] * 14, {"canary": 1, "growth": 3}, [1, 3, 9, 1]),
        ([1] * 5, {"growth": 1}, [1, 1, 1, 1, 1]),
        ([1] * 7, {"growth": 1.5}, [1, 1, 2, 3]),
        ([1] * 5, {"canary": 10}, [5]),
        ([1] * 20, {"canary": 2, "growth": 2, "largest": 5}, [2, 4, 5, 5, 4]),
        # The first host is in a supernode: this whole supernode is the canary.
        ([8, 1, 1, 1], {}, [8, 3]),
        ([8, 8, 8, 8], {}, [8, 16, 8]),
        ([8, 8, 8, 8], {"growth": 1}, [8, 8, 8, 8]),
        # Nothing is cut to fill a batch: 1, then 2 would end inside of the supernode.
        ([1, 1, 8, 1], {}, [1, 1, 8, 1]),
        ([1, 8, 1, 1, 8], {"growth": 3}, [1, 8, 10]),
        ([2, 3, 2], {"canary": 5, "growth": 1}, [5, 2]),
        ([8, 1, 1, 8, 1], {"largest": 4}, [8, 2, 8, 1]),
        ([], {}, []),
    ],
)
def test_examples(units, given, expected):
    assert waves(*fleet(*units), **given) == expected


def test_a_wish_for_small_batches_is_kept_in_mind():
    """A batch that stayed small because a supernode followed does not make the next ones small."""
    # Wishes 4, 8, 16: the first batch holds 1 only.
    assert waves(*fleet(1, 8, *[1] * 20), canary=4, growth=2) == [1, 8, 16, 4]


def test_members_that_do_not_take_part_do_not_count():
    hosts, supernodes = fleet(8, 1, 1)
    assert waves(hosts[5:], supernodes) == [3, 2]


def test_a_supernode_of_one_host_is_a_single_host():
    assert waves(["a", "b", "c"], {"n1": ["a"], "n2": ["b"], "n3": []}) == [1, 2]


def test_the_order_of_the_groups_does_not_matter():
    hosts, supernodes = fleet(2, 1, 3, 2)
    turned = {name: members[::-1] for name, members in reversed(supernodes.items())}
    assert waves(hosts, turned) == waves(hosts, supernodes) == [2, 4, 2]


def test_hosts_of_a_supernode_that_do_not_stand_together_are_named():
    supernodes = {"near": ["a1", "a2"], "far": ["b1", "b2", "b3"]}
    with pytest.raises(InvalidOption) as error:
        waves(["a1", "a2", "b1", "x", "b2", "b3"], supernodes)
    assert error.value.message.startswith("supernodes: the hosts of far do not stand together")
    assert "b1, b2, b3." in error.value.message
    assert "a1" not in error.value.message


def test_another_supernode_between_sets_hosts_apart_too():
    with pytest.raises(InvalidOption, match="hosts of n1 do not stand together.*: a1, a2"):
        waves(["a1", "b1", "a2"], {"n1": ["a1", "a2"], "n2": ["b1"]})


def test_of_many_hosts_apart_the_first_are_named():
    hosts = [f"h{number:02}" for number in range(16)]
    with pytest.raises(InvalidOption) as error:
        waves([*hosts[:8], "x", *hosts[8:]], {"n": hosts})
    assert "h00, " in error.value.message and "h09 and 6 more" in error.value.message
    assert "h10" not in error.value.message


@settings(max_examples=300, derandomize=True)
@given(units=UNITS, data=st.data())
def test_any_order_either_keeps_supernodes_together_or_is_refused(units, data):
    hosts, supernodes = fleet(*units)
    shuffled = data.draw(st.permutations(hosts))
    number_of = {host: number for number, members in enumerate(supernodes.values()) for host in members}
    runs = []
    for host in shuffled:
        number = number_of.get(host, host)
        if not runs or runs[-1] != number:
            runs.append(number)
    if len(runs) == len(set(runs)):
        assert sum(waves(shuffled, supernodes)) == len(hosts)
    else:
        with pytest.raises(InvalidOption, match="do not stand together"):
            waves(shuffled, supernodes)


def test_a_host_in_two_supernodes_is_an_error_that_names_all_three():
    with pytest.raises(InvalidOption, match="supernodes: host a is in two: n1 and n2"):
        waves(["a", "b"], {"n1": ["a"], "n2": ["b", "a"]})


def test_a_host_that_is_there_twice_is_an_error():
    with pytest.raises(InvalidOption, match="^hosts: "):
        waves(["a", "b", "a"], {})


@pytest.mark.parametrize("name", ["canary", "largest"])
@pytest.mark.parametrize("value", [0, -1, 1.5, 2.0, True, False, "x", "2", [1]])
def test_sizes_that_are_no_whole_numbers_of_one_or_more(name, value):
    with pytest.raises(InvalidOption) as error:
        waves(["a"], {}, **{name: value})
    assert error.value.message == f"{name}: must be a whole number from 1 to 1000000, not {value!r}"


@pytest.mark.parametrize("name", ["canary", "growth", "largest"])
def test_numbers_that_no_fleet_needs(name):
    """Such a number does not fit into a float, and used to end in a traceback."""
    for value in (1_000_001, 10**400):
        with pytest.raises(InvalidOption, match=rf"^{name}: must be a .*number from 1 to 1000000, not 10+1?$"):
            waves(["a", "b", "c"], {}, **{name: value})
    assert sum(waves(["a", "b", "c"], {}, **{name: 1_000_000})) == 3


def test_a_canary_cannot_be_left_out():
    with pytest.raises(InvalidOption, match="^canary: "):
        waves(["a"], {}, canary=None)


@pytest.mark.parametrize("value", [0, 0.99, -2, True, None, "x", "2", float("inf"), float("nan"), [2]])
def test_growth_that_would_shrink_or_is_no_number(value):
    with pytest.raises(InvalidOption, match="^growth: must be a number from 1 to 1000000, not "):
        waves(["a"], {}, growth=value)


def test_bad_numbers_are_errors_without_hosts_too():
    with pytest.raises(InvalidOption, match="^canary: "):
        waves([], {}, canary=0)


def test_ten_thousand_hosts_with_steep_growth():
    assert waves(*fleet(*[1] * 10000), growth=1000.0) == [1, 1000, 8999]
    sizes = waves(*fleet(*[1] * 10000), canary=1, growth=1e6, largest=10)
    assert sizes == [1, *[10] * 999, 9]


# --- the filter ---


def apply(hosts, groups, *given, **named):
    return waves_of_groups(hosts, groups, PREFIX, *given, **named)


def groups_with(supernodes, hosts):
    """The inventory's groups as Ansible has them: all hosts, and others that are no supernodes."""
    return {
        "all": list(hosts),
        "ungrouped": [],
        "wave_single": list(hosts)[::2],
        **{PREFIX + name: members for name, members in supernodes.items()},
    }


def test_the_filter_takes_groups_of_the_prefix_only():
    hosts, supernodes = fleet(8, 1, 1, 4, 1)
    groups = groups_with(supernodes, hosts)
    assert apply(hosts, groups) == [8, 7]
    assert apply(hosts, groups, largest=4) == [8, 2, 4, 1]
    assert apply(hosts, {"all": hosts}, growth=3) == [1, 3, 9, 2]


def test_the_documented_example():
    hosts, supernodes = fleet(*[1] * 12)
    assert apply(hosts, groups_with(supernodes, hosts), growth=3, largest=64) == [1, 3, 8]


@pytest.mark.parametrize("largest", [0, "0", None, ""])
def test_no_limit(largest):
    hosts, _none = fleet(*[1] * 12)
    assert apply(hosts, {}, 1, 3, largest) == [1, 3, 8]


def test_text_is_taken_for_the_number_that_it_is():
    """Extra vars on the command line are texts."""
    hosts, _none = fleet(*[1] * 12)
    assert apply(hosts, {}, canary="2", growth="1.5", largest="4") == [2, 3, 4, 3]
    assert apply(hosts, {}, canary="2", growth="3") == [2, 6, 4]


@pytest.mark.parametrize(
    ("name", "value"),
    [("canary", "x"), ("canary", "0"), ("canary", "1.5"), ("canary", ""), ("growth", "0.5"), ("growth", "x.y")]
    + [
        ("growth", "inf"),
        ("growth", "1" * 400),
        ("canary", "1" * 400),
        ("largest", "-1"),
        ("largest", "many"),
        ("largest", 2.5),
        ("largest", True),
    ],
)
def test_bad_numbers_fail_the_filter_and_name_the_option(name, value):
    with pytest.raises(InvalidOption, match=rf"^{name}: "):
        apply(["a"], {}, **{name: value})


def test_the_filter_names_hosts_that_do_not_stand_together():
    with pytest.raises(InvalidOption, match=r"hosts of wave_supernode_n1 do not stand together.*: a, c\."):
        apply(["a", "b", "c"], {PREFIX + "n1": ["a", "c"]})


# By the API's record


def server(number, supernode=None):
    return {"id": f"s{number}", "name": f"n{number:03d}", "supernode_id": supernode, "supernode_name": supernode}


@pytest.mark.parametrize("seed", range(5))
def test_the_order_is_the_services_whatever_the_inventorys(seed):
    servers = [server(1), server(2, "b"), server(3, "a"), server(4, "b"), server(5, "a"), server(6)]
    hosts = [f"h{number}" for number in range(1, 7)]
    chance = random.Random(seed)
    chance.shuffle(hosts)
    chance.shuffle(servers)
    found = waves_of_servers({host: f"s{host[1:]}" for host in hosts}, servers, canary="1", growth="1", largest="2")
    assert found == (["h3", "h5", "h2", "h4", "h1", "h6"], [2, 2, 2])


def test_hosts_of_no_known_server_come_last():
    found = waves_of_servers({"z": "s9", "y": None, "x": "s1"}, [server(1)], canary=1, growth=1)
    assert found == (["x", "y", "z"], [1, 1, 1])


def test_servers_that_do_not_take_part_have_no_place():
    assert waves_of_servers({"h2": "s2"}, [server(1, "a"), server(2, "a")]) == (["h2"], [1])
