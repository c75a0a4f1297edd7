# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""What a node says of its NPUs, in one result; few commands for each NPU, some at a time.

Fail closed: a value that could not be read is None (a health is UNKNOWN). A list of holders or processes is empty only
where everything was seen.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List, Optional, Tuple

from ._holders import find_holders
from ._layouts import HEALTHS, UNKNOWN, ChipTable, Info, read_info, read_mapping
from ._machine import ASCEND, INSTALL_INFO, Answer, Node
from ._outputs import (
    LINKS,
    NET_HEALTHS,
    read_address,
    read_board,
    read_ecc,
    read_health,
    read_lspci,
    read_processes,
    read_settings,
    read_supernode,
    read_word,
)

SUBSETS = ("versions", "health", "network", "supernode", "holders")
AT_ONCE = 8
MOST_UNKNOWN = 100
BOOT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
# Problems of a command that are no unknown text: what they mean is known, and the values stay None.
SEEN = {
    "missing": "not found",
    "timeout": "did not end",
    "reset": "the chips are being reset",
    "gone": "the driver does not answer",
    "unsupported": "the device does not support it",
}
Chip = Dict[str, Any]


def collect(node: Node, gather: Tuple[str, ...]) -> Dict[str, Any]:
    """The result of ``npu_info`` without ``changed``; see its RETURN."""
    return _Collector(node, gather).collect()


def no_driver() -> Dict[str, Any]:
    """The result where nothing is known yet."""
    return {
        "supported": False,
        "npus": [],
        "driver": {"running": None, "installed": None, "package_version": None, "complete": None},
        "firmware": {"running": None, "installed": None, "package_version": None},
        "holders": None,
        "network": {},
        "supernode": None,
        "lost": None,
        "boot_id": None,
        "unknown": [],
        "unseen": [],
    }


class _Collector:
    """Runs the commands in their order and puts the result together."""

    def __init__(self, node: Node, gather: Tuple[str, ...]) -> None:
        self._node = node
        self._gather = gather
        self._result = no_driver()
        self._table: Optional[ChipTable] = None

    def collect(self) -> Dict[str, Any]:
        result = self._result
        self._read_boot_id()
        settings = self._settings(INSTALL_INFO)
        driver = self._settings((settings or {}).get("Driver_Install_Path_Param", ASCEND) + "/driver/version.info")
        if self._node.find("npu-smi") is None and driver is None and not self._node.exists("/dev/davinci_manager"):
            result["unseen"] = ["no driver: neither npu-smi nor version.info nor /dev/davinci_manager"]
            return result
        result["supported"] = True
        info = self._read_chips()
        if "versions" in self._gather:
            self._read_files(settings, driver, info)
            self._each_npu(self._read_board)
            result["driver"]["running"] = self._driver_running(info)
            result["firmware"]["running"] = self._same("firmware_version")
        if "health" in self._gather:
            self._each_chip(self._read_health)
            self._each_npu(self._read_ecc)
            self._read_bus()
        if "network" in self._gather:
            self._read_network()
        if "supernode" in self._gather:
            self._read_supernode()
        if "holders" in self._gather:
            self._read_holders(info)
        if result["unknown"] and not result["holders"]:
            result["holders"] = None
        result["unseen"] = list(dict.fromkeys(self._node.unseen))
        result["unknown"] = list(dict.fromkeys(result["unknown"]))[:MOST_UNKNOWN]
        return result

    # What every part uses

    def _unknown(self, where: str, texts: List[str]) -> None:
        self._result["unknown"].extend(f"{where}: {text.strip()[:200]}" for text in texts)

    def _ask(self, tool: str, *arguments: str) -> Optional[str]:
        """A command's answer; None, with the reason in the result, where it gave none."""
        answer = self._node.run(tool, *arguments)
        return self._answer(" ".join((tool, *arguments)), answer)

    def _answer(self, where: str, answer: Answer) -> Optional[str]:
        if answer.problem is None:
            return answer.text
        if answer.problem in SEEN:
            first = (answer.text.strip().splitlines() or [""])[0]
            self._node.unseen.append(f"{where}: {SEEN[answer.problem]} ({first[:200]})")
        else:
            self._unknown(where, [f"{answer.problem}: {answer.text}"])
        return None

    def _settings(self, path: str) -> Optional[Dict[str, str]]:
        text = self._node.read(path)
        if text is None:
            return None
        values, unknown = read_settings(text)
        self._unknown(path, unknown)
        return values

    def _npus(self) -> List[Tuple[int, List[Chip]]]:
        """The chips of each NPU."""
        found: Dict[int, List[Chip]] = {}
        for chip in self._result["npus"]:
            found.setdefault(chip["npu_id"], []).append(chip)
        return sorted(found.items())

    def _each_npu(self, read: Callable[[Tuple[int, List[Chip]]], None]) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(read, self._npus()))

    def _each_chip(self, read: Callable[[Chip], None]) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(read, self._result["npus"]))

    def _same(self, key: str) -> Optional[str]:
        """The value that all NPUs have; None where they differ or one is not known."""
        values = {chip[key] for chip in self._result["npus"]}
        return values.pop() if len(values) == 1 else None

    # The chips

    def _read_chips(self) -> Info:
        """Which chips there are: those of the mapping and of the table. One in only one of them is unknown."""
        text = self._ask("npu-smi", "info")
        info = read_info(text) if text is not None else Info(None, None, [], None, [], False, [])
        self._unknown("npu-smi info", info.unknown)
        self._table = info.table
        text = self._ask("npu-smi", "info", "-m")
        mapping, unknown = read_mapping(text) if text is not None else ([], [])
        self._unknown("npu-smi info -m", unknown)
        rows: Dict[Tuple[int, Optional[int]], Chip] = {}
        for row in info.chips:
            rows[row["npu_id"], row["chip_id"]] = row
        alone = {npu_id for npu_id in {chip["npu_id"] for chip in mapping} if _count(mapping, npu_id) == 1}
        for chip in mapping:
            key = (chip["npu_id"], chip["chip_id"])
            if key not in rows and chip["npu_id"] in alone:
                key = (chip["npu_id"], None)  # layout A5
            self._add(chip, rows.pop(key, None), info)
        for row in rows.values():
            self._add(None, row, info)
        self._result["npus"].sort(key=lambda chip: (chip["npu_id"], -1 if chip["chip_id"] is None else chip["chip_id"]))
        return info

    def _add(self, chip: Optional[Chip], row: Optional[Chip], info: Info) -> None:
        known = chip or row
        if not known:
            raise AssertionError("a chip that neither table lists")
        if chip is None or row is None:
            text = "NPU {0} chip {1}: only in npu-smi info{2}"
            where = " -m" if row is None else ", not in -m"
            self._unknown("npu-smi", [text.format(known["npu_id"], known["chip_id"], where)])
        elif row["phy_id"] not in (None, chip["phy_id"]):
            self._unknown("npu-smi", ["NPU {}: two physical ids".format(chip["npu_id"])])
        self._result["npus"].append(
            {
                "npu_id": known["npu_id"],
                "chip_id": known["chip_id"],
                "phy_id": known["phy_id"],
                "name": known["name"],
                "health": row["health"] if row else UNKNOWN,
                "bus_id": row["bus_id"] if row else None,
                "driver_version": None,
                "firmware_version": None,
                "compatibility": None,
                "error_codes": None,
                "ecc_double_bit": None,
                "processes": None,
            }
        )

    # Versions

    def _read_files(self, settings: Optional[Dict[str, str]], driver: Optional[Dict[str, str]], info: Info) -> None:
        place = (settings or {}).get("Firmware_Install_Path_Param", ASCEND)
        firmware = self._settings(place + "/firmware/version.info")
        for name, values in (("driver", driver), ("firmware", firmware)):
            self._result[name]["installed"] = (values or {}).get("Version")
            self._result[name]["package_version"] = (values or {}).get("package_version")
        complete: Optional[bool] = None
        if settings is not None:
            complete = settings.get("Driver_Install_Status") == "complete"
        self._result["driver"]["complete"] = False if info.incomplete else complete

    def _read_board(self, npu: Tuple[int, List[Chip]]) -> None:
        npu_id, chips = npu
        arguments = ("info", "-t", "board", "-i", str(npu_id))
        text = self._ask("npu-smi", *arguments)
        if text is None:
            return
        values, unknown = read_board(text, npu_id)
        self._unknown(" ".join(("npu-smi", *arguments)), unknown)
        for chip in chips:
            chip.update(values)

    def _driver_running(self, info: Info) -> Optional[str]:
        """The driver that every NPU runs. The table's title has to agree, since a version may be cut to another one."""
        running = self._same("driver_version")
        if running is None or info.version is None:
            return None
        if info.version.lower() != running.lower():
            self._unknown("npu-smi info", [f"driver {info.version}, but the NPUs run {running}"])
            return None
        return running

    # Health

    def _read_health(self, chip: Chip) -> None:
        arguments = ["info", "-t", "health", "-i", str(chip["npu_id"])]
        if self._table is None or self._table.name != "A5":
            if chip["chip_id"] is None:
                return
            arguments += ["-c", str(chip["chip_id"])]
        text = self._ask("npu-smi", *arguments)
        if text is None:
            chip["health"] = UNKNOWN if chip["health"] == "OK" else chip["health"]
            return
        values, unknown = read_health(text)
        self._unknown(" ".join(("npu-smi", *arguments)), unknown)
        # Two outputs say it: the worse one holds.
        chip["health"] = max(chip["health"], values["health"], key=HEALTHS.index)
        chip["error_codes"] = values["error_codes"]

    def _read_ecc(self, npu: Tuple[int, List[Chip]]) -> None:
        npu_id, chips = npu
        arguments = ("info", "-t", "ecc", "-i", str(npu_id))
        text = self._ask("npu-smi", *arguments)
        if text is None:
            return
        if self._table is None:
            return
        counts, unknown = read_ecc(text, self._table.memory, len(chips))
        self._unknown(" ".join(("npu-smi", *arguments)), unknown)
        for chip in chips:
            chip["ecc_double_bit"] = counts.get(chip["chip_id"], counts.get(None))

    def _read_bus(self) -> None:
        """What the PCI bus shows and the driver does not list: lost chips."""
        buses = [chip["bus_id"] for chip in self._result["npus"]]
        text = self._ask("lspci", "-D", "-nn", "-d", "19e5:") if buses else None
        if text is None or None in buses:
            return
        devices, unknown = read_lspci(text)
        self._unknown("lspci", unknown)
        if not unknown:
            listed = {bus.split(":", 1)[1] if bus.count(":") == 2 else bus for bus in buses}
            self._result["lost"] = [
                device.address
                for device in devices
                if not device.answers or device.address.split(":", 1)[1] not in listed
            ]

    # Network, supernode

    def _read_network(self) -> None:
        if self._table is None or not self._table.network:
            if self._table is not None:
                self._node.unseen.append(f"network: not read on {self._table.name}")
            return
        ids = [chip["phy_id"] for chip in self._result["npus"] if chip["phy_id"] is not None]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            self._result["network"] = dict(zip(map(str, ids), pool.map(self._read_port, ids)))

    def _read_port(self, phy_id: int) -> Dict[str, Optional[str]]:
        return {
            "link": self._read_hccn(phy_id, "-link", lambda text: read_word(text, "link status", LINKS)),
            "health": self._read_hccn(
                phy_id, "-net_health", lambda text: read_word(text, "net health status", NET_HEALTHS)
            ),
            "address": self._read_hccn(phy_id, "-ip", read_address),
        }

    def _read_hccn(
        self, phy_id: int, what: str, read: Callable[[str], Tuple[Optional[str], List[str]]]
    ) -> Optional[str]:
        """One answer of hccn_tool; that no address is set it says with an exit status that is not 0."""
        arguments = ("-i", str(phy_id), what, "-g")
        where = " ".join(("hccn_tool", *arguments))
        answer = self._node.run("hccn_tool", *arguments)
        value, unknown = read(answer.text)
        if answer.problem == "failed" and value == "":
            return value
        if self._answer(where, answer) is None:
            return None
        self._unknown(where, unknown)
        return value

    def _read_supernode(self) -> None:
        if self._table is None or self._table.name != "A3" or not self._result["npus"]:
            return
        chip = self._result["npus"][0]
        arguments = ("info", "-t", "spod-info", "-i", str(chip["npu_id"]), "-c", str(chip["chip_id"]))
        text = self._ask("npu-smi", *arguments)
        if text is not None:
            self._result["supernode"], unknown = read_supernode(text)
            self._unknown(" ".join(("npu-smi", *arguments)), unknown)

    # Holders

    def _read_holders(self, info: Info) -> None:
        """Who holds a device. An empty list says that nobody does, so it stands only where everything was seen."""
        holders, seen, unknown = find_holders(self._node)
        self._unknown("holders", unknown)
        if info.processes is None:
            self._each_npu(self._ask_for_processes)
        else:
            for chip in self._result["npus"]:
                chip["processes"] = _processes_of(chip, info)
                if chip["npu_id"] not in info.idle and chip["npu_id"] not in {
                    npu_id for npu_id, _chip in info.processes
                }:
                    self._unknown("npu-smi info", ["NPU {}: neither idle nor with a process".format(chip["npu_id"])])
        pids = {holder["pid"] for holder in holders}
        for chip in self._result["npus"]:
            if chip["processes"] == [] and not seen:
                chip["processes"] = None  # this user may not be shown the processes of others
            for process in chip["processes"] or []:
                if process["pid"] not in pids:
                    pids.add(process["pid"])
                    holders.append({"pid": process["pid"], "name": process["name"], "container": None, "devices": []})
        quiet = self._result["npus"] and all(chip["processes"] == [] for chip in self._result["npus"])
        self._result["holders"] = holders if holders or (seen and quiet) else None

    def _ask_for_processes(self, npu: Tuple[int, List[Chip]]) -> None:
        npu_id, chips = npu
        arguments = ("info", "-t", "proc-mem", "-i", str(npu_id))
        text = self._ask("npu-smi", *arguments)
        if text is None:
            return
        processes, unknown = read_processes(text, len(chips))
        self._unknown(" ".join(("npu-smi", *arguments)), unknown)
        for chip in chips:
            chip["processes"] = processes

    def _read_boot_id(self) -> None:
        boot_id = (self._node.read("/proc/sys/kernel/random/boot_id") or "").strip()
        self._result["boot_id"] = boot_id if BOOT_ID.match(boot_id) else None


def _count(chips: List[Chip], npu_id: int) -> int:
    return sum(chip["npu_id"] == npu_id for chip in chips)


def _processes_of(chip: Chip, info: Info) -> Optional[List[Dict[str, Any]]]:
    """The processes of a chip by the table; [] only where the tool calls the whole NPU idle."""
    if info.processes is None:
        raise AssertionError("the tool printed no table of processes")
    found = info.processes.get((chip["npu_id"], chip["chip_id"])) or info.processes.get((chip["npu_id"], None))
    if found:
        return found
    others = any(npu_id == chip["npu_id"] for npu_id, _chip_id in info.processes)
    return [] if chip["npu_id"] in info.idle and not others else None
