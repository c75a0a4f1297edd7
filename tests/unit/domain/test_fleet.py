# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers as they are read: records of any shape, their order, and how many requests it takes."""

from __future__ import annotations

import itertools
import random

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    ListIncomplete,
    NotFound,
    ServiceFailed,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._model import (
    FEW_SERVERS,
    in_order,
    list_servers,
    matches,
    private_ips,
    read_servers,
    server_record,
)

RECORD = {
    "id": "s1",
    "name": "liteserver-00001",
    "status": "RUNNING",
    "flavor": "f",
    "category": "HPS",
    "server_hps": {"id": "h1", "name": "supernode-001"},
    "cloud_server": {"id": "c1", "type": "HPS"},
    "image": {"name": "i"},
    "endpoints": [{"uri": "10.0.0.1"}],
    "charging_mode": "PRE_PAID",
    "create_at": 1755000000000,
    "update_at": "1755000100000",
}


class Fleet:
    """Servers in a dict: the caller's own, and others that only their id finds."""

    def __init__(self, listing, own, others=()):
        self._listing = listing
        self.own = {server_id: {"id": server_id, "status": "RUNNING"} for server_id in own}
        self.others = {server_id: {"id": server_id, "status": "RUNNING"} for server_id in others}
        self.complete = True
        self.calls = []

    def list_servers(self, everyone=False, polling=False):
        self.calls.append(("list", everyone, polling))
        records = [*self.own.values(), *(self.others.values() if everyone else ())]
        return self._listing(records, self.complete)

    def get_server(self, server_id, polling=False):
        self.calls.append(("get", server_id, polling))
        found = {**self.own, **self.others}.get(server_id)
        if found is None:
            raise NotFound(f"no server {server_id}")
        return found


def ids(count, letter="s"):
    return [f"{letter}{number}" for number in range(1, count + 1)]


def test_a_record_in_full():
    record = server_record(RECORD)
    assert record == {
        "id": "s1",
        "name": "liteserver-00001",
        "status": "RUNNING",
        "flavor": "f",
        "category": "HPS",
        "supernode_id": "h1",
        "supernode_name": "supernode-001",
        "cloud_server_id": "c1",
        "cloud_server_type": "HPS",
        "image": "i",
        "private_ips": ["10.0.0.1"],
        "charging_mode": "PRE_PAID",
        "create_at": 1755000000000,
        "update_at": 1755000100000,
        "raw": RECORD,
    }


@pytest.mark.parametrize("value", [None, 5, True, 1.5, "", [], {}, ["text"], {"id": 5, "name": ["x"], "type": {}}])
def test_fields_of_any_other_shape_are_null(value):
    raw = {"id": "s1", **{key: value for key in RECORD if key not in ("id", "create_at", "update_at")}}
    record = server_record(raw)
    assert set(record) == set(server_record(RECORD))
    assert record["private_ips"] == []
    for key in set(record) - {"id", "private_ips", "raw"}:
        assert record[key] is None, key
    assert record["raw"] == raw


def test_a_record_with_nothing_but_its_id():
    assert {key: value for key, value in server_record({"id": "s1"}).items() if value is not None} == {
        "id": "s1",
        "private_ips": [],
        "raw": {"id": "s1"},
    }


def test_private_ips():
    told = ["10.0.0.1", "fd00::1", "10.0.0.1", "", "a", "-oProxyCommand=x", "127.0.0.1", None, 5]
    endpoints = [*({"uri": uri} for uri in told), {}, "text", None]
    assert private_ips({"endpoints": endpoints}) == ["10.0.0.1", "fd00::1"]


def test_the_order_does_not_depend_on_the_order_before():
    servers = [
        server_record({"id": "1", "name": "b", "server_hps": {"id": "h1", "name": "n1"}}),
        server_record({"id": "2", "name": "a", "server_hps": {"id": "h2", "name": "n2"}}),
        # Two supernodes of one name stay apart.
        server_record({"id": "3", "name": "a", "server_hps": {"id": "h3", "name": "n2"}}),
        server_record({"id": "4", "name": "c", "server_hps": {"id": "h3", "name": "n2"}}),
        server_record({"id": "5", "name": "a"}),
        # Two servers of one name, by id.
        server_record({"id": "6", "name": "a"}),
        server_record({"id": "7", "name": "b"}),
    ]
    source = random.Random(20261123)
    for _n in range(50):
        shuffled = source.sample(servers, len(servers))
        assert [server["id"] for server in in_order(shuffled)] == ["1", "2", "3", "4", "5", "6", "7"]


def test_servers_of_one_supernode_stand_together_whatever_it_is_called():
    """A supernode that is renamed while it is read, or that has no name in some records."""
    places = [("1", "h1", "a"), ("2", "h1", "z"), ("3", "h1", None), ("4", "h2", "a"), ("5", "h2", "m")]
    servers = [
        server_record({"id": server_id, "name": server_id, "server_hps": {"id": supernode, "name": name}})
        for server_id, supernode, name in places
    ]
    for order in itertools.permutations(servers):
        assert [server["id"] for server in in_order(order)] == ["1", "2", "3", "4", "5"]


def test_servers_without_names_have_an_order_too():
    unnamed = [server_record({"id": str(number), "name": None, "server_hps": None}) for number in range(4)]
    for order in itertools.permutations(unnamed):
        assert [server["id"] for server in in_order(order)] == ["0", "1", "2", "3"]


def test_filters_hold_together():
    server = server_record(RECORD)
    assert matches(server, {})
    assert matches(server, {"name": None, "status": None})
    assert matches(server, {"name": ["liteserver-00001", "x"], "status": ["RUNNING"]})
    assert not matches(server, {"name": ["liteserver-00001"], "status": ["STOPPED"]})
    assert not matches(server, {"status": []})
    for accepted in (["h1"], ["supernode-001"], ["x", "h1"]):
        assert matches(server, {"supernode": accepted})
    assert not matches(server, {"supernode": ["h2"]})


def test_what_is_not_known_passes_no_filter():
    server = server_record({"id": "s1"})
    for key in ("name", "status", "flavor", "category", "supernode"):
        assert not matches(server, {key: ["None", ""]})


@pytest.mark.parametrize("everyone", [False, True])
def test_listing(listing, everyone):
    fleet = Fleet(listing, ["s2", "s1"], ["o1"])
    found = [server["id"] for server in list_servers(fleet, everyone)]
    assert found == (["o1", "s1", "s2"] if everyone else ["s1", "s2"])
    assert fleet.calls == [("list", everyone, False)]


def test_an_incomplete_list_is_an_error_that_may_pass(listing):
    fleet = Fleet(listing, ["s1"])
    fleet.complete = False
    with pytest.raises(ListIncomplete) as error:
        list_servers(fleet)
    assert error.value.retryable


@pytest.mark.parametrize("polling", [False, True])
def test_few_servers_are_asked_for_one_by_one_and_many_listed(listing, polling):
    for count in range(1, 8):
        fleet = Fleet(listing, ids(20))
        wanted = ids(count)[::-1]
        found = read_servers(fleet, wanted, polling)
        assert list(found) == wanted
        assert [raw["id"] for raw in found.values()] == wanted
        if count <= FEW_SERVERS:
            assert fleet.calls == [("get", server_id, polling) for server_id in wanted]
        else:
            assert fleet.calls == [("list", False, polling)]


def test_what_the_list_does_not_have_is_asked_for(listing):
    """Servers of others, and, where the list is not complete, one's own."""
    fleet = Fleet(listing, ids(10), ["o1", "o2"])
    found = read_servers(fleet, ["o2", *ids(10), "gone", "o1"])
    assert list(found) == ["o2", *ids(10), "gone", "o1"]
    assert found["gone"] is None
    assert found["o1"] == {"id": "o1", "status": "RUNNING"}
    assert fleet.calls == [("list", False, False), ("get", "o2", False), ("get", "gone", False), ("get", "o1", False)]


def test_an_error_other_than_not_found_is_one(listing):
    fleet = Fleet(listing, ids(10))

    def fail(server_id, polling=False):
        raise ServiceFailed("no")

    fleet.get_server = fail
    for wanted in (["s1"], [*ids(5), "gone"]):
        with pytest.raises(ServiceFailed):
            read_servers(fleet, wanted)
