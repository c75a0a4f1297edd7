# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts there are, in what order, under what names, with what variables and in what groups."""

from __future__ import annotations

import json

import pytest
from inventory.harness import GRAPH, HOSTS, answer, server
from simulator.servers import server_id, supernode_id

NUMBER = 5000
KEYED = [
    {"key": "liteserver_category", "prefix": "category"},
    {"key": "liteserver_flavor", "prefix": "flavor"},
    {"key": "liteserver_status", "prefix": "status"},
    {"key": "liteserver_supernode_name or ''", "prefix": "supernode", "default_value": "none"},
]


def name(number):
    return f"liteserver-{number:05d}"


def names(*numbers):
    return [name(number) for number in numbers]


def listed(inventory, **options):
    """The hosts of a run, in order."""
    return sorted(inventory.run(**options).hostvars)


@pytest.mark.parametrize("scope", ["own", "all"])
def test_five_thousand(simulator, inventory, scope):
    simulator.reset(servers=NUMBER)
    run = inventory.run(scope=scope)
    assert sorted(run.hostvars) == names(*range(1, NUMBER + 1))
    assert {each["operation"] for each in run.requests} == {"list_servers" if scope == "own" else "list_all_servers"}
    assert len(run.requests) <= 10
    assert run.groups["ungrouped"] == names(*range(1, NUMBER + 1))


def test_graph_of_five_thousand(simulator, inventory):
    simulator.reset(servers=NUMBER)
    run = inventory.run(*GRAPH, keyed_groups=KEYED).succeeded()
    assert len(run.requests) <= 10
    lines = run.stdout.splitlines()
    groups = [line.strip("|- @:") for line in lines if "--@" in line]
    assert [group for group in groups if group.startswith("category")] == [
        "category_HPS",
        "category_SERVER",
        "category_SPOD",
    ]
    assert "status_RUNNING" in groups
    assert "flavor_hps_snt9b23_8xlarge_sim" in groups
    assert "supernode_none" in groups
    assert len([group for group in groups if group.startswith("supernode_supernode")]) == NUMBER // 2 // 8 + 1
    # Each server is in a group of each kind.
    assert len([line for line in lines if line.endswith(name(4711))]) == 4


def test_host_variables(simulator, inventory):
    run = inventory.run()
    variables = run.hostvars[name(1)]
    raw = variables.pop("liteserver_raw")
    assert variables == {
        "ansible_host": "10.0.0.1",
        "liteserver_id": server_id(1),
        "liteserver_name": name(1),
        "liteserver_status": "RUNNING",
        "liteserver_flavor": "hps.snt9b23.8xlarge.sim",
        "liteserver_category": "HPS",
        "liteserver_supernode_id": supernode_id(1),
        "liteserver_supernode_name": "supernode-001",
        "liteserver_private_ip": "10.0.0.1",
        "liteserver_private_ips": ["10.0.0.1"],
        "liteserver_region": None,
        "liteserver_project_id": simulator.project_id,
    }
    assert raw["id"] == server_id(1)
    assert raw["image"]["name"] == "HCE2.0-Snt9b23"
    assert (raw["volumes"][0]["size"], raw["endpoints_response"]) == (500, [])
    assert run.hostvars[name(12)]["liteserver_supernode_id"] is None


def test_variables_of_a_bare_record(simulator, inventory):
    """The keys are always there, and a server without a name is named by its id."""
    bare = {"id": "0000000f-bare"}
    simulator.fault("list_servers", "wrong_shape", body=answer(bare, server(1, name=5, endpoints=[{"uri": ""}])))
    run = inventory.run()
    keys = ("name", "status", "flavor", "category", "supernode_id", "supernode_name", "private_ip")
    assert run.hostvars["0000000f-bare"] == {
        "liteserver_id": "0000000f-bare",
        "liteserver_private_ips": [],
        "liteserver_raw": bare,
        "liteserver_region": None,
        "liteserver_project_id": simulator.project_id,
        **{f"liteserver_{key}": None for key in keys},
    }
    assert set(run.hostvars) == {"0000000f-bare", server(1)["id"]}


def test_order(simulator, inventory):
    """By supernode, then name, then id, whatever the order of the service; in "all" and in groups."""
    hps = {node: {"server_hps": {"id": f"id-{node}", "name": node}} for node in "ab"}
    servers = [
        server(1, name="z"),
        server(2, name="n2", **hps["b"]),
        server(3, name="n9", **hps["a"]),
        server(4, name="c"),
        server(5, name="n1", **hps["b"]),
        server(6, name="n3", **hps["a"]),
    ]
    wanted = ["n3", "n9", "n1", "n2", "c", "z"]
    for order in (servers, servers[::-1]):
        simulator.fault("list_servers", "wrong_shape", body=answer(*order), times=2)
        run = inventory.run(*HOSTS, groups={"everything": "true"}).succeeded()
        assert [line.strip() for line in run.stdout.splitlines()[1:]] == wanted
        assert inventory.again().groups == {"everything": wanted}


def test_an_empty_fleet(simulator, inventory):
    simulator.reset(servers=0)
    run = inventory.run()
    assert run.status == 0
    assert json.loads(run.stdout)["_meta"]["hostvars"] == {}


def test_scope(simulator, inventory):
    simulator.reset(servers=3, foreign_servers=2)
    own = inventory.run()
    assert sorted(own.hostvars) == names(1, 2, 3)
    assert inventory.run(scope="own").hostvars == own.hostvars
    everyone = inventory.run(scope="all")
    assert len(everyone.hostvars) == 5
    assert set(own.hostvars) < set(everyone.hostvars)


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({"name": name(2)}, [2]),
        ({"name": [name(2), name(5), "other"]}, [2, 5]),
        ({"status": "STOPPED"}, [3, 4]),
        ({"status": ["STOPPED", "ERROR"]}, [3, 4, 7]),
        ({"flavor": "hps.snt9b23.8xlarge.sim"}, [1, 2, 3, 4, 5, 6]),
        ({"category": ["SERVER", "SPOD"]}, [7, 8, 9, 10, 11, 12]),
        ({"supernode": "supernode-001"}, [1, 2, 3, 4, 5, 6]),
        ({"supernode": [supernode_id(1)], "status": "RUNNING", "name": None}, [1, 2, 5, 6]),
        ({}, list(range(1, 13))),
    ],
    ids=json.dumps,
)
def test_filters(simulator, inventory, filters, numbers):
    for number, status in ((3, "STOPPED"), (4, "STOPPED"), (7, "ERROR")):
        simulator.server(number, status=status)
    assert listed(inventory, filters=filters) == names(*numbers)


def test_a_filter_that_no_server_passes(simulator, inventory):
    run = inventory.run(filters={"status": "RUNING"}).warned("none of 12 servers passes the filters")
    assert json.loads(run.stdout)["_meta"]["hostvars"] == {}


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ({"state": "RUNNING"}, "filters: state: no such filter; there are name, status, flavor, category, supernode"),
        ({"status": []}, "filters: status: has no value"),
        ({"status": ""}, "filters: status: has no value, or an empty one"),
        ({"status": {"is": "RUNNING"}}, "filters: status: must be a text"),
        ({"name": [True]}, "filters: name: must be a text"),
        ("RUNNING", "filters"),
    ],
)
def test_wrong_filters(simulator, inventory, filters, text):
    assert inventory.run(filters=filters).failed(text).requests == []


# Names and addresses


def test_hostname(simulator, inventory):
    assert listed(inventory, hostname="{{ liteserver_name | upper }}.npu", filters={"name": names(1, 2)}) == [
        "LITESERVER-00001.npu",
        "LITESERVER-00002.npu",
    ]
    # Nothing, and what no host can be called, is the id; a number is an address.
    only = {"name": name(1)}
    for template in ("{{ '' }}", "{{ ' ' }}"):
        assert listed(inventory, hostname=template, filters=only) == [server_id(1)]
    for template in ("{{ 'two words' }}", "{{ 'a' ~ '{' }}", "{{ liteserver_name[-2:] | int }}"):
        run = inventory.run(hostname=template, filters=only).warned(f"are called by their ids: {server_id(1)}")
        assert sorted(run.hostvars) == [server_id(1)]
    # Its own address may be its name.
    assert listed(inventory, hostname="{{ liteserver_private_ip }}", filters=only) == ["10.0.0.1"]


def test_a_hostname_that_cannot_be_rendered(simulator, inventory):
    template = "{{ liteserver_raw.server_hps.name }}-{{ liteserver_name }}"
    inventory.run(hostname=template).failed("hostname: server liteserver-00007: ", "server_hps")
    # Only for servers that are wanted.
    assert len(listed(inventory, hostname=template, filters={"category": "HPS"})) == 6
    inventory.run(hostname="{{ liteserver_name").failed("hostname: server liteserver-00001: ")


def test_address(simulator, inventory):
    two = [{"uri": "10.0.0.8"}, {"uri": "10.0.0.9"}]
    servers = [server(1, name="a", endpoints=two), server(2, name="b")]
    simulator.fault("list_servers", "wrong_shape", body=answer(*servers), times=None)

    def hosts(**options):
        hostvars = inventory.run(**options).hostvars
        return [hostvars[each].get("ansible_host") for each in "ab"]

    assert hosts() == hosts(address="private_ip") == ["10.0.0.8", None]
    assert hosts(address="none") == [None, None]
    assert hosts(address="{{ liteserver_private_ips | last | default('') }}") == ["10.0.0.9", None]
    assert hosts(address="{{ liteserver_name }}.example.com") == ["a.example.com", "b.example.com"]
    inventory.run(address="{{ liteserver_adress }}").failed("address: server a: ", "liteserver_adress")
    inventory.run(address="privat_ip").failed("address: private_ip, none or a template, not 'privat_ip'")


def test_servers_of_one_name(simulator, inventory):
    """All of them get the beginning of their ids, whichever comes first, and whichever are wanted."""
    servers = [server(1, name="a", status="STOPPED"), server(2, name="b"), server(3, name="a")]
    for order in (servers, servers[::-1]):
        simulator.fault("list_servers", "wrong_shape", body=answer(*order))
        run = inventory.run().warned("servers whose names others have, too")
        assert sorted(run.hostvars) == ["a_00000001", "a_00000003", "b"]
        assert run.hostvars["a_00000003"]["liteserver_id"] == servers[2]["id"]
    simulator.fault("list_servers", "wrong_shape", body=answer(*servers))
    run = inventory.run(filters={"status": "RUNNING"}).warned("their ids behind them: a_00000003")
    assert "a_00000001" not in run.stdout
    assert sorted(run.hostvars) == ["a_00000003", "b"]
    # Also where a template makes them alike.
    simulator.fault("list_servers", "wrong_shape", body=answer(*servers))
    run = inventory.run(hostname="x").warned("x_00000002")
    assert sorted(run.hostvars) == ["x_00000001", "x_00000002", "x_00000003"]


# Constructed


def test_compose_and_groups(simulator, inventory):
    simulator.server(2, status="STOPPED")
    run = inventory.run(
        strict=True,
        compose={"image": "liteserver_raw.image.name", "rack": "liteserver_name[-2:] | int // 10"},
        groups={
            "stopped": "liteserver_status == 'STOPPED'",
            "first": "rack | int == 0",
            "reachable": "ansible_host != ''",
        },
        keyed_groups=[*KEYED, {"key": "rack | string", "prefix": "rack"}],
    )
    assert run.groups["stopped"] == names(2)
    assert run.groups["first"] == run.groups["rack_0"] == names(*range(1, 10))
    assert run.groups["rack_1"] == names(10, 11, 12)
    assert run.groups["category_SPOD"] == names(10)
    assert run.groups["status_STOPPED"] == names(2)
    assert run.groups["supernode_supernode_001"] == names(1, 2, 3, 4, 5, 6)
    assert run.groups["supernode_none"] == names(*range(7, 13))
    assert run.groups["reachable"] == names(*range(1, 13))
    assert "HCE2.0-Snt9b23" in str(run.hostvars[name(1)]["image"])


@pytest.mark.parametrize(
    ("option", "value", "failing"),
    [
        ("compose", {"node": "liteserver_raw.server_hps.name"}, "node"),
        ("groups", {"node": "liteserver_raw.server_hps.name == 'supernode-001'"}, "node"),
        ("keyed_groups", [{"key": "liteserver_raw.server_hps.name", "prefix": "node"}], "server_hps"),
    ],
)
def test_strict(simulator, inventory, option, value, failing):
    """An expression that fails for some servers: they go without, or all fails."""
    run = inventory.run(**{option: value})
    assert sorted(run.hostvars) == names(*range(1, 13))
    if option == "compose":
        assert [each for each in sorted(run.hostvars) if "node" in run.hostvars[each]] == names(*range(1, 7))
    else:
        group = "node" if option == "groups" else "node_supernode_001"
        assert run.groups[group] == names(*range(1, 7))
    inventory.run(strict=True, **{option: value}).failed("liteserver-00007", failing)


def test_what_the_service_says_is_never_a_template(simulator, inventory):
    evil = "{{ lookup('ansible.builtin.pipe', 'touch ' ~ '%s') }}"
    touched = inventory.directory / "touched"
    simulator.fault(
        "list_servers", "wrong_shape", body=answer(server(1, name=evil % touched, flavor=evil % touched)), times=None
    )
    options = {
        "compose": {"flavor": "liteserver_flavor", "size": "liteserver_raw.flavor | length"},
        "groups": {"evil": "'touch' in liteserver_flavor"},
        "keyed_groups": [{"key": "liteserver_flavor"}],
    }
    run = inventory.run(strict=True, **options).warned("names that no host may have")
    assert run.groups["evil"] == [server(1)["id"]]
    run = inventory.run(
        "ansible",
        "all",
        arguments=("-c", "local", "-m", "ansible.builtin.debug", "-a", "msg={{ liteserver_raw.flavor ~ flavor }}"),
        **options,
    )
    assert run.status == 0
    assert run.stdout.count("lookup(") == 2
    assert not touched.exists()
