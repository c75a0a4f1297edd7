# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fake node: a folder with the files and tools that ``npu_info`` finds on a node, of any layout and in any state."""

from __future__ import annotations

import copy
import json
import pathlib
import shutil
import sys
from typing import Any

from node import fake_tools

HERE = pathlib.Path(__file__).resolve().parent
ROOT = "MODELARTS_LITESERVER_NODE_ROOT"
HOST = "pid:[4026531836]"
LAYOUTS = ("310P", "910", "910B", "A3", "A5", "26")
# layout -> name of its chips, driver, firmware; and another release, which is older
RELEASES = {
    "310P": ("310P9", "23.0.8", "7.1.0.12.220"),
    "910": ("910X", "23.0.8", "7.1.0.12.220"),
    "910B": ("910B9", "24.1.rc3.12", "7.5.0.111.220"),
    "A3": ("Ascend910", "25.2.4", "7.7.0.11.220"),
    "A5": ("Ascend950XX", "26.1.rc2", "9.1.0.3.220"),
    "26": ("910B9", "26.0.rc2", "8.2.0.4.220"),
}
OLD_DRIVER, OLD_FIRMWARE = "22.0.9", "6.9.0.1.220"
CONTAINER = "4c" * 32
Tree = dict[str, Any]


def healthy(layout: str, npus: int = 0) -> Tree:
    """The state of a node on which all is well."""
    name, driver, firmware = RELEASES[layout]
    dies = 2 if layout == "A3" else 1
    ids = {"310P": [5, 32768], "A3": range(4), "A5": range(4)}.get(layout, range(8))
    chips_of = [2 if npu_id == 32768 else dies for npu_id in ids] if not npus else [dies] * npus
    state: Tree = {"layout": layout, "title": driver, "npus": [], "processes": [], "containers": [], "network": {}}
    physical = 0
    for npu_id, count in zip(ids if not npus else range(npus), chips_of, strict=True):
        chips = []
        for chip_id in range(count):
            bus_id = f"0000:{0x21 + physical:02X}:00.0"
            chips.append({"chip_id": chip_id, "phy_id": physical, "bus_id": bus_id, "name": name})
            chips[-1].update(health="OK", codes=[], ecc=0)
            if layout not in ("310P", "A5"):
                port = {"link": "UP", "health": "Success", "address": f"198.51.100.{physical + 1}/255.255.255.0"}
                state["network"][str(physical)] = port
            physical += 1
        npu = {"npu_id": npu_id, "driver": driver, "firmware": firmware, "compatibility": "OK", "chips": chips}
        state["npus"].append(npu)
    if layout == "A3":
        state["supernode"] = {"id": 2, "size": 192, "server_index": 9, "sdid": 5242880}
    state["files"] = {
        "/etc/ascend_install.info": "Driver_Install_Type=full\nDriver_Install_Status=complete\n"
        "Driver_Install_Path_Param=/usr/local/Ascend\n",
        "/usr/local/Ascend/driver/version.info": f"Version={driver}\naicpu_version=1.0\npackage_version={driver}\n",
        "/usr/local/Ascend/firmware/version.info": f"Version={firmware}\npackage_version={driver}\n",
        "/proc/sys/kernel/random/boot_id": "0b5ce0aa-94f9-4c1f-9a53-3f1b1f3f6c11\n",
        "/dev/davinci_manager": "",
    }
    # pid -> name, files open, control group; 1 is always there on a host, as root
    state["proc"] = {"1": {"name": "systemd", "open": [], "cgroup": "0::/init.scope", "namespace": HOST}}
    state["tools"] = ["npu-smi", "hccn_tool", "lspci", "docker"]
    return state


def wanted(layout: str) -> str:
    """The version that a healthy node runs, in other letters than its tools print."""
    return RELEASES[layout][1].upper()


class FakeNode:
    """The folder of a node; ``put`` makes it hold a state."""

    def __init__(self, folder: pathlib.Path, state: Tree) -> None:
        self.folder = folder
        self.put(state)

    @property
    def state(self) -> Tree:
        """The state as it is now: the tools change it too."""
        return json.loads((self.folder / "state.json").read_text())

    @property
    def environment(self) -> dict[str, str]:
        """What makes ``npu_info`` look here."""
        return {ROOT: str(self.folder)}

    def put(self, state: Tree) -> None:
        """Hold this state, and nothing of the one before."""
        for name in ("etc", "usr", "proc", "dev"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for path, text in state["files"].items():
            target = self.folder / path[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        for tool in state["tools"]:
            place = "usr/local/Ascend/driver/tools" if tool == "hccn_tool" else "usr/local/bin"
            path = self.folder / place / tool
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = [f"#!{sys.executable} -IS", "import sys", f"sys.path.insert(0, {str(HERE)!r})", "import fake_tools"]
            path.write_text("\n".join([*lines, "sys.exit(fake_tools.main(__file__, sys.argv[1:]))\n"]))
            path.chmod(0o755)
        fake_tools.save(str(self.folder), state)

    def change(self, **values: Any) -> None:
        """Change some of the state."""
        self.put({**self.state, **values})


def first_chip(state: Tree) -> Tree:
    """The chip of the second NPU to which the faults happen."""
    return state["npus"][1]["chips"][0]


def lost_card(state: Tree) -> None:
    for chip in state["npus"][1]["chips"]:
        chip["lost"] = True


def alarm(state: Tree) -> None:
    first_chip(state).update(health="Alarm", codes=["80C9800A", "81B38009"])


def new_error_code(state: Tree) -> None:
    first_chip(state)["codes"] = ["80E01801"]


def new_memory_error(state: Tree) -> None:
    first_chip(state)["ecc"] = 4


def link_down(state: Tree) -> None:
    for port in state["network"].values():
        port["link"] = "DOWN"
        break


def old_version_on_one(state: Tree) -> None:
    state["npus"][1]["driver"] = OLD_DRIVER


def reboot_pending(state: Tree) -> None:
    state["title"] = OLD_DRIVER
    for npu in state["npus"]:
        npu.update(driver=OLD_DRIVER)


def firmware_of_another_package(state: Tree) -> None:
    path = "/usr/local/Ascend/firmware/version.info"
    state["files"][path] = f"Version={state['npus'][0]['firmware']}\npackage_version={OLD_DRIVER}\n"


def not_compatible(state: Tree) -> None:
    for npu in state["npus"]:
        npu["compatibility"] = "NOK"


def half_installed(state: Tree) -> None:
    state["incomplete"] = True
    state["files"]["/etc/ascend_install.info"] = "Driver_Install_Path_Param=/usr/local/Ascend\n"


def busy_process(state: Tree) -> None:
    listed_process(state)
    opened = ["/dev/null", "/dev/davinci1", "/dev/davinci_manager"]
    state["proc"]["4321"] = {"name": "python", "open": opened, "cgroup": "0::/user.slice"}


def listed_process(state: Tree) -> None:
    """One that only npu-smi sees."""
    npu = state["npus"][1]
    state["processes"].append({"pid": 4321, "name": "python", "memory_mb": 911, "on": [npu["npu_id"], 0]})


def idle_exporter(state: Tree) -> None:
    """A process that no chip lists, and that holds the driver."""
    state["proc"]["77"] = {"name": "npu-exporter", "open": [], "mapped": ["/dev/hisi_hdc"], "cgroup": "0::/x"}


def busy_container(state: Tree) -> None:
    """One that holds nothing open, so that only docker knows of it."""
    container = {"id": CONTAINER, "name": "serving", "pid": 999, "running": True, "devices": ["/dev/davinci1"]}
    other = {"id": "5d" * 32, "name": "NodeTaskHub", "pid": 998, "running": True, "devices": ["/dev/fuse"]}
    state["containers"] = [other, container]


def npu_smi_missing(state: Tree) -> None:
    state["tools"].remove("npu-smi")


def hccn_tool_missing(state: Tree) -> None:
    state["tools"].remove("hccn_tool")


def npu_smi_hangs(state: Tree) -> None:
    state["hangs"] = ["npu-smi"]


def docker_hangs(state: Tree) -> None:
    busy_container(state)
    state["hangs"] = ["docker"]


def unknown_text(state: Tree) -> None:
    state["footer"] = "[NOTICE] chip 3 is in a state that did not exist before"


def unknown_health(state: Tree) -> None:
    first_chip(state)["health"] = "Fine"


def being_reset(state: Tree) -> None:
    state["resets"] = 10**6


def not_root(state: Tree) -> None:
    del state["proc"]["1"]
    for npu in state["npus"]:
        npu["compatibility"] = "NOT SUPPORT"


def in_a_container(state: Tree) -> None:
    state["proc"]["1"]["namespace"] = "pid:[4026532177]"


def no_driver(state: Tree) -> None:
    state["tools"], state["files"], state["proc"] = ["docker"], {}, {}


def all_well(_state: Tree) -> None:
    pass


def in_state(layout: str, change: Any) -> Tree:
    """A node to which something happened."""
    state = copy.deepcopy(healthy(layout))
    change(state)
    return state


STATES = (
    *(all_well, lost_card, alarm, new_error_code, new_memory_error, link_down, old_version_on_one, reboot_pending),
    *(firmware_of_another_package, not_compatible, half_installed, busy_process, listed_process, idle_exporter),
    *(busy_container, npu_smi_missing, hccn_tool_missing, npu_smi_hangs, docker_hangs, unknown_text, unknown_health),
    *(being_reset, not_root, in_a_container, no_driver),
)
