# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each layout in each state: what ``npu_info`` reads, what the verdict is, and whether the node counts as idle."""

from __future__ import annotations

import copy
import pathlib
import threading

import pytest
from node import fake_node
from node.fake_node import LAYOUTS, FakeNode, healthy, in_state, wanted
from node.machine import Machine, ask

from ansible_collections.modelarts.liteserver.plugins.module_utils.node._report import SUBSETS, collect
from ansible_collections.modelarts.liteserver.plugins.module_utils.node._verdict import judge, occupied

# State, then the verdict on each layout; then whether the node is idle, and what the first reason says.
TABLE = """
state                        310P           910            910B           A3             A5             26
all_well                     ok             ok             ok             ok             ok             ok
lost_card                    unhealthy      unhealthy      unhealthy      unhealthy      unhealthy      unhealthy
alarm                        unhealthy      unhealthy      unhealthy      unhealthy      unhealthy      unhealthy
new_error_code               unhealthy      unhealthy      unhealthy      unhealthy      unhealthy      unhealthy
new_memory_error             unhealthy      unhealthy      unhealthy      unhealthy      unhealthy      unhealthy
link_down                    ok             unhealthy      unhealthy      unhealthy      ok             unhealthy
old_version_on_one           mismatch       mismatch       mismatch       mismatch       mismatch       mismatch
reboot_pending               reboot_pending reboot_pending reboot_pending reboot_pending reboot_pending reboot_pending
firmware_of_another_package  mismatch       mismatch       mismatch       mismatch       mismatch       mismatch
not_compatible               mismatch       mismatch       mismatch       mismatch       mismatch       mismatch
half_installed               unhealthy      unhealthy      unhealthy      unhealthy      unhealthy      unhealthy
busy_process                 ok             ok             ok             ok             ok             ok
listed_process               ok             ok             ok             ok             ok             ok
idle_exporter                ok             ok             ok             ok             ok             ok
busy_container               ok             ok             ok             ok             ok             ok
npu_smi_missing              unknown        unknown        unknown        unknown        unknown        unknown
hccn_tool_missing            ok             unknown        unknown        unknown        ok             unknown
npu_smi_hangs                unknown        unknown        unknown        unknown        unknown        unknown
docker_hangs                 ok             ok             ok             ok             ok             ok
unknown_text                 unknown        unknown        unknown        unknown        unknown        unknown
unknown_health               unknown        unknown        unknown        unknown        unknown        unknown
being_reset                  unknown        unknown        unknown        unknown        unknown        unknown
not_root                     ok             ok             ok             ok             ok             ok
in_a_container               ok             ok             ok             ok             ok             ok
no_driver                    unsupported    unsupported    unsupported    unsupported    unsupported    unsupported
"""
BUSY = {"busy_process", "listed_process", "idle_exporter", "busy_container"}
BLIND = {
    *("npu_smi_missing", "npu_smi_hangs", "docker_hangs", "unknown_text", "unknown_health", "being_reset"),
    *("not_root", "in_a_container", "no_driver"),
}
REASONS = {
    "lost_card": "on the PCI bus, but not in the driver",
    "alarm": "health Alarm",
    "new_error_code": "error code 80E01801",
    "new_memory_error": "4 double bit errors, 0 before",
    "link_down": "network of chip 0: link DOWN, was UP",
    "old_version_on_one": f"runs {fake_node.OLD_DRIVER} on NPU ",
    "reboot_pending": f"runs {fake_node.OLD_DRIVER} on every NPU, ",
    "firmware_of_another_package": f"the firmware is of package {fake_node.OLD_DRIVER}",
    "not_compatible": "driver and firmware are not compatible",
    "half_installed": "not completely installed",
    "npu_smi_missing": "the driver lists no NPU",
    "hccn_tool_missing": "network of chip 0: link not known, was UP",
    "npu_smi_hangs": "the driver lists no NPU",
    "unknown_text": "a state that did not exist before",
    "unknown_health": "its health is not known",
    "being_reset": "the driver lists no NPU",
    "no_driver": "there is no NPU driver",
}
ROWS = [line.split() for line in TABLE.strip().splitlines()]
VERDICTS = {(row[0], layout): verdict for row in ROWS[1:] for layout, verdict in zip(ROWS[0][1:], row[1:], strict=True)}
STATES = [change.__name__ for change in fake_node.STATES]


def test_every_cell_has_an_expectation() -> None:
    assert set(ROWS[0][1:]) == set(LAYOUTS)
    assert {state for state, _layout in VERDICTS} == set(STATES)
    assert {state for (state, _layout), verdict in VERDICTS.items() if verdict != "ok"} == set(REASONS)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("state", STATES)
def test_cell(state: str, layout: str, tmp_path: pathlib.Path) -> None:
    before = ask(tmp_path, healthy(layout))
    node = ask(tmp_path, in_state(layout, getattr(fake_node, state)))
    found = judge(node, wanted(layout), before)
    assert found.verdict == VERDICTS[state, layout], (found, node)
    if found.verdict != "ok":
        assert REASONS[state] in found.reasons[0], found
    assert occupied(node) == ("busy" if state in BUSY else "unknown" if state in BLIND else "idle"), node


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_read(layout: str, tmp_path: pathlib.Path) -> None:
    """Each value of a node that has all of them, against its state."""
    state = in_state(layout, fake_node.busy_process)
    fake_node.alarm(state)
    fake_node.busy_container(state)
    state["npus"][1].update(driver="23.0.rc1.b007", firmware="7.1.0.9.9")
    state["npus"][1]["chips"][0]["ecc"] = 6
    node = ask(tmp_path, state)
    chips = [(npu, chip) for npu in state["npus"] for chip in npu["chips"]]
    assert len(node["npus"]) == len(chips)
    for found, (npu, chip) in zip(node["npus"], chips, strict=True):
        holds = npu is state["npus"][1] and chip["chip_id"] == 0
        values = {key: chip[key] for key in ("chip_id", "phy_id", "name", "bus_id", "health")}
        values.update(npu_id=npu["npu_id"], driver_version=npu["driver"], firmware_version=npu["firmware"])
        values.update(compatibility="OK", error_codes=chip["codes"], ecc_double_bit=chip["ecc"])
        processes = [{"pid": 4321, "name": "python", "memory_mb": 911}] if holds else found["processes"]
        assert found == {**values, "processes": processes}
    release = fake_node.RELEASES[layout][1]
    assert node["driver"] == {"running": None, "installed": release, "package_version": release, "complete": True}
    assert node["firmware"]["installed"] == fake_node.RELEASES[layout][2]
    assert node["network"] == state["network"]
    place = state.get("supernode")
    assert node["supernode"] == (place and {key: place[key] for key in ("id", "size", "server_index")})
    assert node["boot_id"] == "0b5ce0aa-94f9-4c1f-9a53-3f1b1f3f6c11"
    assert node["lost"] == []
    assert node["holders"] == [
        {"pid": 4321, "name": "python", "container": None, "devices": ["/dev/davinci1", "/dev/davinci_manager"]},
        {"pid": 999, "name": "serving", "container": fake_node.CONTAINER, "devices": ["mapped"]},
    ]
    assert node["unknown"] == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_reset_that_passes_is_waited_for(layout: str, tmp_path: pathlib.Path) -> None:
    state = healthy(layout)
    state["resets"] = 3
    machine = Machine(FakeNode(tmp_path, state))
    node = collect(machine, SUBSETS)
    assert judge(node, wanted(layout)).verdict == "ok"
    assert machine.clock.now == 3


@pytest.mark.parametrize("state", ["npu_smi_hangs", "being_reset"])
def test_a_tool_that_hangs_is_not_run_again(state: str, tmp_path: pathlib.Path) -> None:
    machine = Machine(FakeNode(tmp_path, in_state("910B", getattr(fake_node, state))))
    collect(machine, SUBSETS)
    assert {command for command in machine.commands if command.startswith("npu-smi")} == {"npu-smi info"}


def test_a_few_commands_for_each_npu(tmp_path: pathlib.Path) -> None:
    machine = Machine(FakeNode(tmp_path, healthy("910B", npus=64)))
    node = collect(machine, SUBSETS)
    assert len(node["npus"]) == 64
    assert sum(command.startswith("npu-smi") for command in machine.commands) == 2 + 64 * 3
    assert sum(command.startswith("hccn_tool") for command in machine.commands) == 64 * 3


def test_commands_overlap(tmp_path: pathlib.Path) -> None:
    """Eight at a time: 64 chips with 386 commands of 0.4 s take less than 20 s."""
    together = threading.Barrier(8)

    def wait_for_others(command: str, text: str) -> str:
        if "board" in command:
            together.wait(60)
        return text

    assert ask(tmp_path, healthy("910B"), wait_for_others)["driver"]["running"]


def test_a_version_is_compared_whole_and_whatever_its_case(tmp_path: pathlib.Path) -> None:
    node = ask(tmp_path, healthy("910B"))
    assert judge(node, "24.1.RC3.12").verdict == "ok"
    for other in ("24.1.rc3.1", "24.1.rc3.120", "24.1.rc3", "4.1.rc3.12"):
        assert judge(node, other).verdict == "mismatch"


def test_without_a_wanted_version_the_one_on_disk_counts(tmp_path: pathlib.Path) -> None:
    assert judge(ask(tmp_path, healthy("A3"))).verdict == "ok"
    assert judge(ask(tmp_path, in_state("A3", fake_node.reboot_pending))).verdict == "reboot_pending"


def test_at_level_version_health_is_not_asked_for(tmp_path: pathlib.Path) -> None:
    machine = Machine(FakeNode(tmp_path, in_state("910B", fake_node.alarm)))
    node = collect(machine, ("versions",))
    assert judge(node, wanted("910B"), level="version").verdict == "ok"
    assert not [command for command in machine.commands if "health" in command or "ecc" in command]
    # What was not gathered is not healthy either.
    assert judge(node, wanted("910B")).verdict in ("unknown", "unhealthy")


def test_what_was_so_before_is_no_new_fault(tmp_path: pathlib.Path) -> None:
    state = in_state("910B", fake_node.alarm)
    fake_node.link_down(state)
    fake_node.first_chip(state)["ecc"] = 2
    before = ask(tmp_path, state)
    assert judge(before, wanted("910B"), before).verdict == "ok"
    assert judge(before, wanted("910B")).verdict == "unhealthy"
    worse = copy.deepcopy(state)
    fake_node.first_chip(worse)["codes"].append("80DD1000")
    assert judge(ask(tmp_path, worse), wanted("910B"), before).reasons == ["NPU 1: error code 80DD1000"]
    assert judge(ask(tmp_path, worse), wanted("910B"), before, allowed_codes=["0x80dd1000"]).verdict == "ok"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("table", "query"), [("OK", "Alarm"), ("Alarm", "OK"), ("OK", "UNKNOWN"), ("Fine", "OK")])
def test_of_two_healths_the_worse_one_holds(layout: str, table: str, query: str, tmp_path: pathlib.Path) -> None:
    state = healthy(layout)
    fake_node.first_chip(state).update(health_in_table=table, health=query)
    health = next(
        chip["health"] for chip in ask(tmp_path, state)["npus"] if chip["npu_id"] == state["npus"][1]["npu_id"]
    )
    assert health == ("Alarm" if "Alarm" in (table, query) else "UNKNOWN")


def test_a_chip_that_the_table_does_not_have_is_not_well(tmp_path: pathlib.Path) -> None:
    def lose(command: str, text: str) -> str:
        return "".join(line for line in text.splitlines(True) if "910B9" not in line or command != "npu-smi info")

    node = ask(tmp_path, healthy("910B"), lose)
    assert {chip["health"] for chip in node["npus"]} == {"UNKNOWN"}


def test_a_query_that_is_not_supported_is_unknown_and_no_fault(tmp_path: pathlib.Path) -> None:
    state = healthy("310P")
    state["unsupported"] = ["ecc"]
    node = ask(tmp_path, state)
    assert node["unknown"] == []
    assert "npu-smi info -t ecc -i 5: the device does not support it" in " ".join(node["unseen"])
    assert judge(node, wanted("310P")).verdict == "unknown"
    assert judge(node, wanted("310P"), node).verdict == "ok"


def test_a_docker_without_its_daemon_runs_no_container(tmp_path: pathlib.Path) -> None:
    state = healthy("910B")
    state["no_daemon"] = True
    assert occupied(ask(tmp_path, state)) == "idle"


@pytest.mark.parametrize(
    ("container", "counts"),
    [
        ({"devices": ["/dev/davinci0"]}, True),
        ({"devices": [], "runtime": "ascend"}, True),
        ({"devices": [], "env": ["ASCEND_VISIBLE_DEVICES=0-3"]}, True),
        ({"devices": ["/dev/fuse"], "env": None}, False),
    ],
)
def test_which_containers_count(container: dict, counts: bool, tmp_path: pathlib.Path) -> None:
    state = healthy("910B")
    state["containers"] = [{"id": "a1" * 32, "name": "x", "pid": 12, "running": True, **container}]
    assert occupied(ask(tmp_path, state)) == ("busy" if counts else "idle")


def test_a_chip_off_the_bus_is_lost(tmp_path: pathlib.Path) -> None:
    state = healthy("910B")
    fake_node.first_chip(state)["off_the_bus"] = True
    node = ask(tmp_path, state)
    assert node["lost"] == ["0000:22:00.0"]
    assert judge(node, wanted("910B")).verdict == "unhealthy"


def test_a_chip_in_the_place_of_another_one_is_missed(tmp_path: pathlib.Path) -> None:
    """As many chips as before, and all of them well: but one is not where it was."""
    before = ask(tmp_path, healthy("910B"))
    state = healthy("910B")
    fake_node.first_chip(state)["bus_id"] = "0000:9F:00.0"
    found = judge(ask(tmp_path, state), wanted("910B"), before)
    assert found.verdict == "unhealthy"
    assert found.reasons == ["NPU 1 (0000:22:00.0) is not there"]


def test_a_driver_in_another_place(tmp_path: pathlib.Path) -> None:
    state = healthy("910B")
    for path in list(state["files"]):
        if path.startswith("/usr/local/Ascend/driver"):
            state["files"][path.replace("/usr/local/Ascend", "/opt/npu")] = state["files"].pop(path)
    state["files"]["/etc/ascend_install.info"] = "Driver_Install_Path_Param=/opt/npu\nDriver_Install_Status=complete\n"
    assert judge(ask(tmp_path, state), wanted("910B")).verdict == "ok"
