# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``liteserver_info``: whose servers, which of them, in which order, and what is told of each."""

from __future__ import annotations

from playbooks.fleet.fleet_tasks import check_error, check_reading, named, names, operations, server_info
from playbooks.harness import planned, servers
from simulator.servers import supernode_id

KEYS = ("servers", "missing_server_ids")
RECORD_KEYS = {
    *("id", "name", "status", "flavor", "category", "supernode_id", "supernode_name", "cloud_server_id"),
    *("cloud_server_type", "image", "private_ips", "charging_mode", "create_at", "update_at", "raw"),
}
ALL = range(1, 13)
# Nothing of that id.
MISSING = "00000000-0000-4000-8000-000000000001"
ALSO_MISSING = "11111111-0000-4000-8000-000000000002"


def test_what_is_told_of_a_server(simulator, playbook):
    simulator.reset(servers=4)
    step = playbook.one(server_info())
    check_reading(step, *KEYS)
    assert names(step) == named(1, 2, 3, 4)
    for record in step["servers"]:
        assert set(record) == RECORD_KEYS
        raw = record["raw"]
        assert (record["id"], record["status"], record["flavor"]) == (raw["id"], "RUNNING", raw["flavor"])
        assert record["private_ips"] == [raw["endpoints"][0]["uri"]]
        assert record["image"] == raw["image"]["name"]
        assert (record["create_at"], record["update_at"]) == (raw["create_at"], raw["update_at"])
    in_supernode, single = step["servers"][0], step["servers"][2]
    assert (in_supernode["category"], in_supernode["cloud_server_type"]) == ("HPS", "HPS")
    assert (in_supernode["supernode_id"], in_supernode["supernode_name"]) == (supernode_id(1), "supernode-001")
    assert (in_supernode["charging_mode"], single["charging_mode"]) == ("PRE_PAID", "POST_PAID")
    assert (single["category"], single["supernode_id"], single["supernode_name"]) == ("SERVER", None, None)
    assert single["cloud_server_id"] == single["raw"]["cloud_server"]["id"] != single["id"]


def test_each_filter(simulator, playbook):
    """The API has none, so they work on the whole list, and no request carries one."""
    simulator.reset(servers=20, supernode_size=8)  # 1 to 8 and 9, 10 in supernodes
    for number in (2, 12):
        simulator.server(number, status="STOPPED")
    simulator.server(13, status="CHANGINGOS")
    virtual = "ecs.snt9b.4xlarge.sim"
    cases = [
        ({"names": named(3, 11)}, [3, 11]),
        ({"name": "liteserver-00003"}, [3]),
        ({"names": ["liteserver"]}, []),
        ({"statuses": ["STOPPED"]}, [2, 12]),
        ({"statuses": ["STOPPED", "CHANGINGOS"]}, [2, 12, 13]),
        ({"flavors": [virtual]}, [13, 17]),
        ({"categories": ["SPOD"]}, [14, 18]),
        ({"category": "HPS"}, list(range(1, 11))),
        ({"supernodes": [supernode_id(2)]}, [9, 10]),
        ({"supernodes": ["supernode-002"]}, [9, 10]),
        ({"supernodes": ["supernode-002", supernode_id(1)], "statuses": ["STOPPED"]}, [2]),
        ({"supernodes": ["supernode-009"]}, []),
        ({"names": []}, []),
        ({"statuses": ["STOPPED"], "server_ids": servers(2, 3)}, [2]),
    ]
    run = playbook.run(*[server_info(**options) for options, _numbers in cases])
    for step, (options, numbers) in zip(run, cases, strict=True):
        check_reading(step, *KEYS)
        assert names(step) == named(*numbers), options
        for request in step.requests:
            assert set(request["query"]) <= {"limit", "offset"}, options


def test_own_servers_and_all(simulator, playbook):
    simulator.reset(servers=12, foreign_servers=3)
    own, explicit, everyone, foreign, by_id = playbook.run(
        server_info(),
        server_info(scope="own"),
        server_info(scope="all"),
        server_info(scope="all", names=named(14, 15)),
        # By id the answer does not depend on the owner, however many are asked for.
        server_info(server_ids=servers(15, 1, 2, 13, 3)),
    )
    for step in (own, explicit):
        assert sorted(names(step)) == named(*ALL)
        assert set(operations(step)) == {"list_servers"}
    assert sorted(names(everyone)) == named(*range(1, 16))
    assert set(operations(everyone)) == {"list_all_servers"}
    assert sorted(names(foreign)) == named(14, 15)
    assert sorted(names(by_id)) == named(1, 2, 3, 13, 15)
    assert by_id["missing_server_ids"] == []


def test_by_id(simulator, playbook):
    """Few are read one by one, many from the list; either way in the order of the fleet."""
    few, many, some_missing, all_missing, repeated, one = playbook.run(
        server_info(server_ids=servers(9, 2)),
        server_info(server_ids=servers(12, 5, 9, 1, 7, 3)),
        server_info(server_ids=[ALSO_MISSING, *servers(7, 6, 5), MISSING]),
        server_info(server_ids=[MISSING]),
        server_info(server_ids=servers(1, 1, 1, 1, 1)),
        server_info(server_id=servers(4)),
    )
    for step in (few, many, some_missing, all_missing, repeated, one):
        check_reading(step, *KEYS)
    assert (names(few), operations(few)) == (named(2, 9), ["get_server"] * 2)
    assert names(many) == named(1, 3, 5, 7, 9, 12)
    assert set(operations(many)) == {"list_servers"}
    assert many["missing_server_ids"] == []
    assert names(some_missing) == named(5, 6, 7)
    # In the order in which they were asked for; only these cost a request of their own.
    assert some_missing["missing_server_ids"] == [ALSO_MISSING, MISSING]
    assert some_missing.count("get_server") == 2
    assert (all_missing["servers"], all_missing["missing_server_ids"]) == ([], [MISSING])
    assert (names(repeated), operations(repeated)) == (named(1), ["get_server"])
    assert names(one) == named(4)
    # What the service tells in a detail only is passed on.
    assert "resource_flavor" in one["servers"][0]["raw"]


def test_the_order_of_a_fleet(simulator, playbook):
    """By supernode and name, those without a supernode last, in a list and by id, whatever the service's order."""
    simulator.reset(servers=40, supernode_size=4, page_size=7)
    listed, by_id = playbook.run(server_info(), server_info(server_ids=servers(*range(40, 0, -1))))
    keys = [
        (server["supernode_id"] is None, server["supernode_name"] or "", server["name"]) for server in listed["servers"]
    ]
    assert len(keys) == 40
    assert keys == sorted(keys)
    assert names(by_id) == names(listed)


def test_check_mode_answers_the_same(simulator, playbook):
    tasks = [server_info(statuses=["RUNNING"]), server_info(server_ids=[MISSING, *servers(3)])]
    run = playbook.run(*tasks, *[planned(task) for task in tasks])
    for real, plan in zip(run.steps[:2], run.steps[2:], strict=True):
        check_reading(plan, *KEYS)
        assert plan.result == real.result
        assert operations(plan) == operations(real)
        assert plan.diff is None


def test_bad_ids(simulator, playbook):
    cases = {"": "''", "../jobs": "'../jobs'", "a?limit=0": "'a?limit=0'"}
    run = playbook.run(*[server_info(server_ids=[bad]) for bad in cases], server_info(server_ids=[]))
    for step, text in zip(run, [*cases.values(), "at least one id"], strict=True):
        check_error(step, "invalid_option")
        assert step["msg"].startswith("server_ids: ")
        assert text in step["msg"]
        assert step.requests == []
