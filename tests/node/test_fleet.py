# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role ``fleet_job`` with drain and verify, over twelve fake nodes by real SSH that the simulator's jobs upgrade."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from node.fake_node import Tree
from node.local import running, upgraded_by
from node.sshd import Nodes
from node.test_role import MEMORY, at_work
from rollout.rollout import VERSION, Rollout, host, hosts, play, role
from simulator.process import Simulator
from simulator.state import server_id

SERVERS = 12
OLD, OLD_FIRMWARE = "24.1.rc3.9", "7.5.0.108.220"
MISMATCH, PENDING, HELD = 7, 8, 9
DRAIN = {"drain": ["docker", "services", "holders"], "verify": "health"}
WAITS = {
    "npu_node_settle": 0,
    "npu_node_timeout": 30,
    "npu_node_idle_timeout": 0,
    "npu_node_services": ["npu-exporter"],
}
STOPPED = ["systemctl stop npu-exporter", "docker stop serving"]
STARTED = ["docker start serving", "systemctl start npu-exporter"]


def on_old(number: int, simulator: Simulator, effect: str = "all") -> Tree:
    """A node at work that runs the old version; jobs for its server upgrade it, to this effect."""
    work = at_work()
    state = running(OLD, OLD_FIRMWARE)
    state.update({key: work[key] for key in ("tools", "services", "containers", "proc")})
    return upgraded_by(state, simulator.url, server_id(number), effect)


def upgrade(rollout: Rollout, **variables: Any) -> dict[str, Any]:
    """The play of an upgrade with drain and verify."""
    values = {**DRAIN, "record": str(rollout.record), **variables}
    defaults = {"ansible.builtin.service": {"use": "ansible.builtin.systemd"}}
    return play(role(**values), vars=WAITS, module_defaults=defaults)


class Fleet:
    """The nodes, and the plays over them."""

    def __init__(self, rollout: Rollout, nodes: Nodes) -> None:
        self.rollout, self.nodes = rollout, nodes
        numbers = range(1, len(nodes.node) + 1)
        rollout.inventory(len(nodes.node), {number: nodes.variables(host(number)) for number in numbers})

    def log(self, number: int) -> list[str]:
        """What was stopped and started on a node."""
        return self.nodes.node[host(number)].state.get("log", [])

    def is_drained(self, number: int) -> bool:
        """Whether what held the NPUs is stopped, and remembered."""
        state = self.nodes.node[host(number)].state
        stopped = state["services"]["npu-exporter"] == "inactive" and not state["containers"][0]["running"]
        path = self.nodes.node[host(number)].folder / MEMORY
        remembered = path.exists() and json.loads(path.read_text())["state"] == "open"
        assert stopped == (remembered and bool(json.loads(path.read_text())["drained"])), host(number)
        return stopped

    def rows(self) -> dict[str, dict[str, Any]]:
        """The servers in the newest record."""
        return {row["host"]: row for row in self.rollout.records()[-1]["servers"]}


@pytest.fixture
def few(rollout: Rollout, simulator: Simulator, tmp_path: pathlib.Path) -> Iterator[Fleet]:
    """Three nodes: on the second the job leaves an NPU out."""
    states = {host(n): on_old(n, simulator) for n in range(1, 4)}
    states[host(2)]["upgrade"]["effect"] = "seven"
    with Nodes(tmp_path / "n", states) as nodes:
        yield Fleet(rollout, nodes)


@pytest.fixture
def fleet(rollout: Rollout, simulator: Simulator, tmp_path: pathlib.Path) -> Iterator[Fleet]:
    """Twelve nodes: on one the job leaves an NPU out, one needs a restart, one is held by somebody."""
    states = {host(n): on_old(n, simulator) for n in range(1, SERVERS + 1)}
    states[host(MISMATCH)]["upgrade"]["effect"] = "seven"
    states[host(PENDING)]["upgrade"]["effect"] = "disk"
    states[host(HELD)]["proc"]["4711"] = {"name": "train", "open": ["/dev/davinci0"], "cgroup": "0::/user.slice"}
    with Nodes(tmp_path / "n", states) as nodes:
        yield Fleet(rollout, nodes)


GOOD = [number for number in range(1, SERVERS + 1) if number not in (MISMATCH, PENDING, HELD)]


def test_a_fleet(fleet: Fleet, simulator: Simulator) -> None:
    """Drain, job, verify, return: who passes is back at work, and everybody else stays drained."""
    rollout = fleet.rollout
    run = rollout.run(upgrade(rollout))
    assert run.status == 2
    assert run.failed == hosts(MISMATCH, PENDING, HELD)
    # The held one got no job, the others one.
    (created,) = [request["body"]["server_ids"] for request in simulator.requests("create_job")]
    assert sorted(created) == sorted(server_id(n) for n in range(1, SERVERS + 1) if n != HELD)
    assert "an NPU is held by train (pid 4711)" in run.message("Wait until nobody holds an NPU")

    rows = fleet.rows()
    assert {name: row["verdict"] for name, row in rows.items()} == {
        **dict.fromkeys(hosts(*GOOD), "done"),
        host(MISMATCH): "mismatch",
        host(PENDING): "reboot_pending",
        host(HELD): "not_started",
    }
    keys = ("driver_before", "driver_after", "status", "passed")
    assert [rows[host(1)][key] for key in keys] == [OLD, VERSION, "SUCCESS", True]
    assert rows[host(1)]["firmware_before"] == OLD_FIRMWARE
    assert rows[host(1)]["firmware_after"].startswith("7.9.")
    assert [rows[host(MISMATCH)][key] for key in keys] == [OLD, f"{VERSION}, {OLD}", "SUCCESS", False]
    assert [rows[host(PENDING)][key] for key in keys] == [OLD, OLD, "SUCCESS", False]
    assert rows[host(HELD)]["driver_after"] is None

    (line,) = run.of("Bring in what the nodes report")[0]["result"]["summary"]
    assert line == (
        f"9 verified, 1 mismatch: {host(MISMATCH)} runs {OLD} on NPU 3, {VERSION} is on disk,"
        f" 1 reboot pending: {host(PENDING)} runs {OLD} on every NPU, {VERSION} is on disk"
    )
    assert f"runs {OLD} on NPU 3" in run.verdicts()[host(MISMATCH)]["msg"]
    for number in GOOD:
        assert fleet.log(number) == STOPPED + STARTED, number
        assert not fleet.is_drained(number)
    for number in (MISMATCH, PENDING, HELD):
        assert fleet.log(number) == STOPPED
        assert fleet.is_drained(number)

    # The same again: the service calls the two done, their nodes do not, and neither is anything returned.
    node = fleet.nodes.node
    simulator.clear_requests()
    run = rollout.run(upgrade(rollout))
    assert (run.status, run.failed) == (2, hosts(MISMATCH, PENDING, HELD))
    assert not simulator.requests("create_job")
    assert all(fleet.is_drained(number) for number in (MISMATCH, PENDING, HELD))
    assert {row["verdict"] for row in fleet.rows().values()} == {"done", "mismatch", "reboot_pending", "not_started"}

    # Mended: all of them pass, and are returned.
    for number in (MISMATCH, PENDING):
        npus = node[host(number)].state["npus"]
        for npu in npus:
            npu.update(driver=VERSION, firmware="7.9.0.241310.220")
        node[host(number)].change(npus=npus, title=VERSION)
    held = node[host(HELD)]
    held.change(proc={pid: process for pid, process in held.state["proc"].items() if pid != "4711"})
    run = rollout.run(upgrade(rollout))
    assert (run.status, run.failed) == (0, []), run.output
    assert not any(fleet.is_drained(number) for number in range(1, SERVERS + 1))
    assert fleet.log(HELD) == STOPPED + STARTED
    assert all(fleet.log(number) == STOPPED + STARTED for number in GOOD), "what was done was drained again"
    assert fleet.rows()[host(MISMATCH)]["driver_before"] == OLD, "the snapshot is from before the job"


def check_after_a_kill(few: Fleet, simulator: Simulator) -> None:
    """One more run: each server had one job, who passed is back at work, and who did not is not."""
    run = few.rollout.run(upgrade(few.rollout))
    assert (run.status, run.failed) == (2, hosts(2)), run.output
    created = [each for request in simulator.requests("create_job") for each in request["body"]["server_ids"]]
    assert sorted(created) == sorted(server_id(n) for n in (1, 2, 3))
    assert [few.is_drained(n) for n in (1, 2, 3)] == [False, True, False]
    assert few.log(2) == STOPPED
    assert few.log(1) == few.log(3) == STOPPED + STARTED


def test_killed_after_the_drain(few: Fleet, simulator: Simulator) -> None:
    running = few.rollout.start(upgrade(few.rollout), new_session=True)
    running.wait_until(lambda: all(few.log(n) == STOPPED for n in (1, 2, 3)))
    running.kill()
    assert not simulator.requests("create_job") or few.rows()[host(1)]["passed"] is None
    check_after_a_kill(few, simulator)


def test_killed_after_the_job(few: Fleet, simulator: Simulator) -> None:
    """The service calls the servers done; nobody has asked their nodes, and they are still drained."""
    running = few.rollout.start(upgrade(few.rollout), new_session=True)
    running.wait_until(
        lambda: [batch["phase"] for record in few.rollout.records() for batch in record["batches"]] == ["after"]
    )
    running.kill()
    killed = few.rows()
    assert {(row["verdict"], row["passed"]) for row in killed.values()} == {("unverified", None)}
    check_after_a_kill(few, simulator)


def test_killed_in_the_middle_of_the_return(few: Fleet, simulator: Simulator) -> None:
    running = few.rollout.start(upgrade(few.rollout), new_session=True)
    running.wait_until(lambda: any("start" in line for n in (1, 3) for line in few.log(n)))
    running.kill()
    check_after_a_kill(few, simulator)


def test_who_fails_the_hook_after_the_job_stays_drained(few: Fleet) -> None:
    hook = few.rollout.directory / "after.yml"
    fail = {"name": "Refuse", "ansible.builtin.fail": {}, "when": "inventory_hostname.endswith('3')"}
    hook.write_text(json.dumps([fail]))
    run = few.rollout.run(upgrade(few.rollout, after=str(hook)))
    assert (run.status, run.failed) == (2, hosts(2, 3)), run.output
    assert [few.is_drained(n) for n in (1, 2, 3)] == [False, True, True]
    assert few.rows()[host(3)]["verdict"] == "failed"


def test_a_mismatch_counts_for_the_budget(few: Fleet, simulator: Simulator) -> None:
    run = few.rollout.run({**upgrade(few.rollout, max_failures=0), "serial": [2, 1]})
    assert run.status == 2
    record = few.rollout.records()[-1]
    assert (record["state"], record["stopped_by"]) == ("stopped", "budget")
    assert [row["verdict"] for row in record["servers"]] == ["done", "mismatch", "pending"]
    assert few.log(3) == []


def test_check_mode_asks_and_changes_nothing(few: Fleet, simulator: Simulator) -> None:
    run = few.rollout.run(upgrade(few.rollout), arguments=("--check",))
    assert run.status == 0, run.output
    assert not simulator.requests("create_job")
    assert [few.log(n) for n in (1, 2, 3)] == [[], [], []]
    assert run.of("Stop the containers that hold an NPU")[0]["result"]["containers"] == ["serving"]


def test_verify_alone_logs_in_only_to_ask(few: Fleet) -> None:
    run = few.rollout.run(upgrade(few.rollout, drain=[], verify="version"))
    assert (run.status, run.failed) == (2, hosts(2)), run.output
    assert [few.log(n) for n in (1, 2, 3)] == [[], [], []]
    assert few.rows()[host(2)]["verdict"] == "mismatch"


def test_without_verify_and_drain_nothing_is_paid_for(rollout: Rollout, simulator: Simulator) -> None:
    """No task, no request and no login more: the hosts have an address at which nobody answers."""
    seen = []
    for values in ({}, {"drain": [], "verify": "off"}):
        simulator.reset(servers=3, job_duration=0.3)
        rollout.inventory(3, ansible_host="192.0.2.1", ansible_connection="ansible.builtin.ssh")
        run = rollout.run(play(role(**values)))
        assert run.status == 0, run.output
        assert not [event for event in run.events if "npu_node" in event["task"]]
        assert [event["task"].split(" : ")[-1] for event in run.events if event["host"] == host(2)] == ["Verdict"]
        # Sorted, since hosts of one task end in any order.
        tasks = sorted((event["task"], event["host"]) for event in run.events)
        seen.append((tasks, simulator.counts()["writes"]))
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"drain": ["docker"]}, "fleet_job_drain: needs fleet_job_verify: health"),
        ({"drain": ["docker"], "verify": "version"}, "fleet_job_drain: needs fleet_job_verify: health"),
        ({"drain": ["podman"], "verify": "health"}, "value of fleet_job_drain must be one or more of"),
    ],
)
def test_what_does_not_fit_is_refused(
    values: dict[str, Any], text: str, rollout: Rollout, simulator: Simulator
) -> None:
    rollout.inventory(2)
    run = rollout.run(play(role(**values)))
    assert run.status == 2 and text.replace(" ", "") in run.text, run.output
    assert not simulator.requests("create_job")


def test_an_inventory_cannot_ask_for_it(rollout: Rollout, simulator: Simulator) -> None:
    rollout.inventory(2, fleet_job_verify="version")
    run = rollout.run(play(role()))
    assert run.status == 2 and "issetwhereaplaycannotseeit" in run.text, run.output
    assert not simulator.requests("create_job")
