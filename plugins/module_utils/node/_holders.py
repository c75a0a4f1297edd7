# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""Who holds an NPU: open or mapped device files, and containers that a device is mapped into."""

import json
import os
import re
from functools import partial
from typing import Any, Dict, List, Optional, Set, Tuple

from ._asking import Asker
from ._chips import Chip, Chips
from ._layouts import Info
from ._machine import Answer, Node
from ._outputs import read_processes

# The device files that the driver's installer checks, and those of virtual NPUs.
DEVICE = re.compile(r"/dev/(davinci_manager|devmm_svm|hisi_hdc|v?davinci\d+)\b")
CONTAINER = re.compile(r"[0-9a-f]{64}")
HOST = "pid:[4026531836]"  # the kernel's number of the first namespace of processes (PROC_PID_INIT_INO)
NO_DAEMON = "Cannot connect to the Docker daemon"

Holder = Dict[str, Any]  # pid, name, container (id or None), devices


def take_holders(asker: Asker, chips: Chips) -> Optional[List[Holder]]:
    """Who holds a device, and the processes of each chip.

    An empty list says that nobody does, so it stands only where everything was seen.
    """
    holders, seen, unknown = find_holders(asker.node)
    asker.note("holders", unknown)
    _take_processes(asker, chips)
    pids = {holder["pid"] for holder in holders}
    for chip in chips.all:
        if chip["processes"] == [] and not seen:
            chip["processes"] = None  # this user may not be shown the processes of others
        for process in chip["processes"] or []:
            if process["pid"] not in pids:
                pids.add(process["pid"])
                holders.append({"pid": process["pid"], "name": process["name"], "container": None, "devices": []})
    quiet = chips.all and all(chip["processes"] == [] for chip in chips.all)
    return holders if holders or (seen and quiet) else None


def _take_processes(asker: Asker, chips: Chips) -> None:
    """What the tool says of the processes of each chip, in its table or where it has none, when asked for them."""
    info = chips.info

    def ask(npu_id: int, of_npu: List[Chip]) -> None:
        read = partial(read_processes, chips=len(of_npu))
        processes = asker.value(read, "npu-smi", "info", "-t", "proc-mem", "-i", str(npu_id))
        for chip in of_npu:
            chip["processes"] = processes

    if info.processes is None:
        chips.each_npu(ask)
        return
    busy = {npu_id for npu_id, _chip in info.processes}
    for chip in chips.all:
        chip["processes"] = _processes_of(chip, info)
        if chip["npu_id"] not in info.idle and chip["npu_id"] not in busy:
            asker.note("npu-smi info", ["NPU {}: neither idle nor with a process".format(chip["npu_id"])])


def find_holders(node: Node) -> Tuple[List[Holder], bool, List[str]]:
    """Who holds a device, whether everything could be seen, and the texts that no pattern knows."""
    holders, seen = _processes(node)
    containers, listed, unknown = _containers(node)
    known = {holder["container"] for holder in holders}
    holders.extend(container for container in containers if container["container"] not in known)
    return holders, seen and listed, unknown


def _processes_of(chip: Chip, info: Info) -> Optional[List[Dict[str, Any]]]:
    """The processes of a chip by the table; [] only where the tool calls the whole NPU idle."""
    if info.processes is None:
        raise AssertionError("the tool printed no table of processes")
    found = info.processes.get((chip["npu_id"], chip["chip_id"])) or info.processes.get((chip["npu_id"], None))
    if found:
        return found
    others = any(npu_id == chip["npu_id"] for npu_id, _chip_id in info.processes)
    return [] if chip["npu_id"] in info.idle and not others else None


def _processes(node: Node) -> Tuple[List[Holder], bool]:
    """The processes with a device open or mapped, and whether each process could be looked at."""
    holders: List[Holder] = []
    hidden: List[str] = []
    proc = node.path("/proc")
    try:
        pids = [name for name in os.listdir(proc) if name.isdigit()]
    except OSError:
        pids = []
    if "1" not in pids:
        hidden.append("1")  # proc is not mounted, or mounted without the processes of others
    for pid in sorted(pids, key=int):
        devices: Set[str] = set()
        try:
            devices = _devices_of(os.path.join(proc, pid))
        except PermissionError:
            hidden.append(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
        except OSError as error:
            hidden.append(pid)
            node.unseen.append(f"/proc/{pid}: {error.strerror}")
        if devices:
            container = CONTAINER.search(node.read(f"/proc/{pid}/cgroup") or "")
            holders.append(
                {
                    "pid": int(pid),
                    "name": (node.read(f"/proc/{pid}/comm") or "").strip(),
                    "container": container.group() if container else None,
                    "devices": sorted(devices),
                }
            )
    if hidden:
        text = "holders: {0} processes cannot be read; run as root, on the host, with /proc mounted without hidepid"
        node.unseen.append(text.format(len(hidden)))
    inside = not hidden and _inside_container(node)
    if inside:
        node.unseen.append("holders: this is a container, and the processes of its host cannot be seen")
    return holders, not hidden and not inside


def _devices_of(process: str) -> Set[str]:
    """The device files that a process has open or mapped; raises OSError where that cannot be seen."""
    devices = set()
    for name in os.listdir(os.path.join(process, "fd")):
        try:
            found = DEVICE.match(os.readlink(os.path.join(process, "fd", name)))
        except (FileNotFoundError, ProcessLookupError):
            continue
        if found:
            devices.add(found.group())
    with open(os.path.join(process, "maps"), "rb") as maps:
        for line in maps:
            if b"/dev/" in line:
                found = DEVICE.search(line.decode("utf-8", "replace"))
                if found:
                    devices.add(found.group())
    return devices


def _inside_container(node: Node) -> bool:
    """Whether this runs in a container, where other processes exist that nobody here can see."""
    try:
        return os.readlink(node.path("/proc/1/ns/pid")) != HOST
    except OSError:
        return True


def _containers(node: Node) -> Tuple[List[Holder], bool, List[str]]:
    """The running docker containers that a device is mapped into, idle ones too: the driver's installer refuses them.

    Containers of other engines are seen by the files that they have open.
    """
    running, listed, unknown = running_containers(node)
    try:
        holders = [_container(each) for each in running]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [], False, [f"docker inspect: {type(error).__name__}: {error}"]
    return [holder for holder in holders if holder], listed, unknown


def running_containers(node: Node) -> Tuple[List[Dict[str, Any]], bool, List[str]]:
    """What ``docker inspect`` says of the running containers, whether it is all of them, and the unknown texts."""
    if node.find("docker") is None:
        return [], True, []
    for _attempt in range(3):  # a container may start or end between the commands
        counted = node.run("docker", "info", "--format", "{{.ContainersRunning}} running")
        listed = node.run("docker", "ps", "--quiet", "--no-trunc")
        ids = listed.text.split()
        if listed.problem == "failed" and NO_DAEMON in listed.text:
            return [], True, []
        if "timeout" in (counted.problem, listed.problem):
            node.unseen.append("holders: docker did not answer")
            return [], False, []
        if listed.problem or not all(CONTAINER.fullmatch(each) for each in ids):
            return [], False, ["docker ps: " + listed.text]
        if counted.problem or counted.text.strip() != f"{len(ids)} running":
            details = Answer("failed", f"{counted.text.strip()}, but {len(ids)} listed")
            continue
        if not ids:
            return [], True, []
        details = node.run("docker", "inspect", *ids)
        if "No such object" not in details.text:
            break
    if details.problem:
        return [], False, ["docker: " + details.text]
    try:
        found = json.loads(details.text)
    except ValueError as error:
        return [], False, [f"docker inspect: {type(error).__name__}: {details.text[:80]}"]
    if not isinstance(found, list) or len(found) != len(ids):
        return [], False, [f"docker inspect: not one answer for each of {len(ids)} containers"]
    return found, True, []


def _container(details: Dict[str, Any]) -> Optional[Holder]:
    """A container as a holder, where a device is mapped into it."""
    mapped = "davinci" in json.dumps(details["HostConfig"])
    runtime = details["HostConfig"].get("Runtime") == "ascend"
    asked = any(each.startswith("ASCEND_VISIBLE_DEVICES=") for each in details["Config"].get("Env") or [])
    if not (mapped or runtime or asked):
        return None
    return {
        "pid": int(details["State"]["Pid"]),
        "name": str(details["Name"]).lstrip("/"),
        "container": str(details["Id"]),
        "devices": ["mapped"],
    }
