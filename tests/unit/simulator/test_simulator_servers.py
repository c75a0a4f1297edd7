# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers, supernodes and power."""

from __future__ import annotations

import pytest
from simulator.servers import server_id, supernode_id


def ids(answer):
    return [server["id"] for server in answer["data"]]


def put(client, simulator, action, index=1, **options):
    if action == "start":
        options.setdefault("json", {})
    return client.call("PUT", f"/{simulator.server_id(index)}/{action}", **options)


def status(client, simulator, index=1):
    return client.get(f"/{simulator.server_id(index)}")["status"]


def test_the_fleet(client, simulator):
    servers = client.get(limit=100)["data"]
    assert [server["name"] for server in servers] == [f"liteserver-{index:05d}" for index in range(1, 13)]
    assert [server["id"] for server in servers] == [server_id(index) for index in range(1, 13)]
    assert [server["category"] for server in servers] == ["HPS"] * 6 + ["SERVER"] * 3 + ["SPOD"] + ["SERVER"] * 2
    assert {server["server_hps"]["id"] for server in servers[:6]} == {supernode_id(1)}
    assert all("server_hps" not in server for server in servers[6:])
    assert servers[0]["cloud_server"].keys() == {"id", "type", "hps_id", "hps_ecs_id"}
    assert [server["cloud_server"]["type"] for server in servers[5:9]] == ["HPS", "BMS", "BMS", "ECS"]
    assert len({server["endpoints"][0]["uri"] for server in servers}) == 12
    assert {server["status"] for server in servers} == {"RUNNING"}
    detail = client.get(f"/{server_id(1)}")
    assert detail == {**servers[0], "resource_flavor": servers[0]["flavor"]}
    with pytest.raises(ValueError, match="from 1"):
        server_id(0)


def test_the_same_server_is_the_same_in_any_fleet(client, simulator):
    simulator.reset(servers=40)
    assert client.get(f"/{server_id(1)}")["name"] == "liteserver-00001"
    nodes = client.get("/hyperinstance")
    assert [len(node["servers"]) for node in nodes["data"]] == [8, 8, 4]


def test_fleet_settings(client, simulator):
    simulator.reset(servers=10, supernode_share=1, supernode_size=4, foreign_servers=2)
    assert [len(node["servers"]) for node in client.get("/hyperinstance")["data"]] == [4, 4, 2]
    assert client.get()["total"] == 10
    assert client.get("/all")["total"] == 12
    assert set(ids(client.get("/all", limit=100))) > set(ids(client.get(limit=100)))


def test_server_paging(client, simulator):
    expected = [server_id(index) for index in range(1, 13)]
    assert (ids(client.get()), ids(client.get(offset=10))) == (expected[:10], expected[10:])
    assert client.get(limit=0)["size"] == 10
    simulator.set(server_paging="page")
    assert ids(client.get(limit=5, offset=2)) == expected[10:]
    simulator.set(server_paging="all")
    assert ids(client.get(limit=5, offset=2)) == expected
    simulator.set(server_paging="offset", paging="all")
    assert len(ids(client.get("/all", limit=5))) == 5
    assert len(ids(client.call("PUT", "/sync", params={"limit": 7}).json())) == 7


def test_server_sorting(client, simulator, is_error):
    expected = [server_id(index) for index in range(1, 13)]
    assert ids(client.get(limit=20, sort_dir="DESC")) == expected[::-1]
    put(client, simulator, "stop", 3)
    simulator.advance(1)
    assert ids(client.get(limit=20, sort_key="updateTime"))[-1] == server_id(3)
    assert ids(client.get(limit=20, sort_key="createTime")) == expected
    is_error(client.call("GET", params={"sort_dir": "asc"}), 400, "ModelArts.6400")
    is_error(client.call("GET", params={"sort_key": "name"}), 400, "ModelArts.6400")


def test_supernodes(client, simulator, is_error):
    simulator.reset(servers=32)
    assert [node["name"] for node in client.get("/hyperinstance", limit=1)["data"]] == ["supernode-001"]
    assert client.get("/hyperinstance/all")["total"] == 2
    node = client.get(f"/hyperinstance/{supernode_id(2)}")
    assert [server["id"] for server in node["servers"]] == [server_id(index) for index in range(9, 17)]
    assert (node["status"], node["id"]) == ("ACTIVE", supernode_id(2))
    members = client.get(f"/hyperinstance/{supernode_id(2)}/servers")
    assert members["data"] == node["servers"]
    assert members["data"][0]["cloud_server"]["hps_id"] == node["hps_id"]
    is_error(client.call("GET", "/hyperinstance", params={"limit": 0}), 400, "ModelArts.6400")


def test_power_cycle(client, simulator, is_error):
    assert put(client, simulator, "stop").json()["status"] == "STOPPING"
    is_error(put(client, simulator, "stop"), 400, "ModelArts.7000")
    simulator.advance(1)
    assert status(client, simulator) == "STOPPED"
    for action in ("stop", "reboot"):
        is_error(put(client, simulator, action), 400, "ModelArts.7000")
    assert put(client, simulator, "start").json()["status"] == "STARTING"
    simulator.advance(1)
    assert status(client, simulator) == "RUNNING"
    is_error(put(client, simulator, "start"), 400, "ModelArts.7000")
    assert status(client, simulator, 2) == "RUNNING"


def test_power_duration(client, simulator):
    simulator.set(power_duration=100)
    put(client, simulator, "stop")
    simulator.advance(90)
    assert status(client, simulator) == "STOPPING"
    simulator.advance(11)
    assert status(client, simulator) == "STOPPED"


def test_start_wants_a_json_body(client, simulator, is_error):
    simulator.server(1, status="STOPPED")
    is_error(put(client, simulator, "start", json=None), 400, "ModelArts.6400")
    assert status(client, simulator) == "STOPPED"
    assert put(client, simulator, "start", json={"arch": "ARM"}).status_code == 200


def test_a_reboot_may_show_late(client, simulator, is_error):
    simulator.set(reboot_delay=10, power_duration=20)
    assert put(client, simulator, "reboot").json()["status"] == "RUNNING"
    # Accepted is accepted, whatever the status still says.
    is_error(put(client, simulator, "reboot"), 400, "ModelArts.7000")
    simulator.advance(11)
    assert status(client, simulator) == "REBOOTING"
    simulator.advance(20)
    assert status(client, simulator) == "RUNNING"
    updated = client.get(f"/{server_id(1)}")["update_at"]
    assert updated > client.get(f"/{server_id(2)}")["update_at"]


@pytest.mark.parametrize(
    ("action", "before", "meanwhile", "failed"),
    [
        ("start", "STOPPED", "STARTING", "START_FAILED"),
        ("stop", "RUNNING", "STOPPING", "STOP_FAILED"),
        ("reboot", "RUNNING", "REBOOTING", "REBOOT_FAILED"),
    ],
)
def test_failing_power_actions(client, simulator, action, before, meanwhile, failed):
    simulator.server(1, status=before, power_fail=1)
    assert put(client, simulator, action).json()["status"] == meanwhile
    simulator.advance(1)
    assert status(client, simulator) == failed
    # The next try works.
    assert put(client, simulator, action).status_code == 200
    simulator.advance(1)
    assert status(client, simulator) in ("RUNNING", "STOPPED")


def test_batch_action(client, simulator, is_error):
    servers = [{"id": server_id(index)} for index in (1, 2)]
    answer = client.call("POST", "/action", json={"type": "STOP", "servers": servers}).json()
    assert [(each["id"], each["status"]) for each in answer["data"]] == [(each["id"], "STOPPING") for each in servers]
    simulator.advance(1)
    mixed = {"type": "STOP", "servers": [{"id": server_id(3)}, servers[0]]}
    is_error(client.call("POST", "/action", json=mixed), 400, "ModelArts.7000")
    assert status(client, simulator, 3) == "RUNNING"
    is_error(client.call("POST", "/action", json={"type": "DELETE", "servers": servers}), 400, "ModelArts.7000")
    is_error(client.call("POST", "/action", json={"type": "HALT", "servers": servers}), 400, "ModelArts.6400")
    is_error(client.call("POST", "/action", json={"type": "STOP", "servers": []}), 400, "ModelArts.6400")


def test_five_thousand_servers_and_jobs(client, simulator):
    simulator.reset(servers=5000, history=5000)
    seen = []
    while page := ids(client.get(limit=1000, offset=len(seen))):
        seen.extend(page)
    assert seen == [server_id(index) for index in range(1, 5001)]
    assert client.get("/jobs", name="history-05000")["total"] == 1
    job = client.created(server_ids=seen)
    assert len(job["tasks"]) == 5000
