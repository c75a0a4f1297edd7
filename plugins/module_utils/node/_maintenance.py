# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""The steps of role ``npu_node`` that run on the node: each reads what is remembered, acts, and remembers.

What is to be stopped is on the disk before it is stopped.
"""

import json
import os
from typing import Any, Callable, Dict, List, Optional

from . import _memory
from ._holders import find_holders, running_containers
from ._machine import Node
from ._memory import Memory
from ._report import SUBSETS, collect
from ._verdict import NOT_KNOWN, OK, UNSUPPORTED, judge

Result = Dict[str, Any]
KUBERNETES = "k8s_"  # the containers of pods, where docker runs them: Kubernetes would start them again


class Refused(Exception):
    """A step that cannot be taken; the text says what, why, and what to do."""


class Maintenance:
    """The steps. Each returns a result with ``changed``, and sets ``memory`` to what is remembered now.

    Args:
        node: the machine; its commands may take as long as a container may take to stop.
        elsewhere: what the controller remembers.
        check: whether nothing may be changed.
        new_id: of a maintenance that begins.
        now: seconds since the epoch.
    """

    def __init__(self, node: Node, elsewhere: Optional[Memory], check: bool, new_id: str, now: int) -> None:
        self._node, self._check, self._id, self._now = node, check, new_id, now
        self._path = node.path(_memory.PATH)
        self.memory = _memory.believed(self._read(), elsewhere)

    # The steps

    def remember(self, part: str, values: Any, keep: List[str]) -> Result:
        """Before something is stopped from the controller: ``values`` as for ``with_drained``."""
        if part == "services":
            refused = [name for name in values if _memory.never_stopped(name, keep)]
            if refused:
                text = "npu_node_services: {} is never stopped: the job of the service needs it. Take it off the list"
                raise Refused(text.format(", ".join(refused)))
        return {"changed": self._keep(_memory.with_drained(self._opened(), part, values)) if values else False}

    def containers(self, keep: List[str], grace: int) -> Result:
        """Stop the docker containers that hold an NPU, and remember them."""
        running = self._running()
        holders = {holder["container"] for holder in find_holders(self._node)[0]}
        found: List[Dict[str, str]] = []
        lost: List[str] = []
        kept: List[str] = []
        for each in running:
            name, image = str(each["Name"]).lstrip("/"), str((each.get("Config") or {}).get("Image"))
            if each["Id"] not in holders:
                continue
            if name.startswith(KUBERNETES) or _memory.never_stopped(name, keep) or _memory.AGENT.search(image):
                kept.append(name)
                continue
            if each["HostConfig"].get("AutoRemove"):
                lost.append(name)
            found.append({"id": each["Id"], "name": name})
        if lost:
            text = "containers {} would be gone once stopped (docker run --rm): stop them by hand, or keep them"
            raise Refused(text.format(", ".join(lost)))
        names = [each["name"] for each in found]
        if found:
            self._keep(_memory.with_drained(self._opened(), "containers", found))
            if not self._check:
                self._docker("stop", "--time", str(grace), *[each["id"] for each in found])
        return {"changed": bool(found), "containers": names, "kept": kept}

    def holders(self) -> Result:
        """Who holds an NPU now; None where that is not known."""
        result = collect(self._node, ("holders",))
        return {"changed": False, **{key: result[key] for key in ("supported", "holders", "unseen", "unknown")}}

    def snapshot(self, again: bool) -> Result:
        """Remember the node as it is, before a job."""
        before = self.memory["before"] if self.memory and self.memory["state"] == _memory.OPEN else None
        if before is not None and not again:
            node = before
        else:
            node = collect(self._node, tuple(subset for subset in SUBSETS if subset != "holders"))
        changed = self._keep(_memory.with_snapshot(self._opened(), node, self._now, again))
        at = self.memory["before_at"] if self.memory else self._now
        return {"changed": changed, "supported": node["supported"], "taken_at": at, **running_versions(node)}

    def judge(self, wanted: Optional[str], level: str, allowed_codes: List[str]) -> Result:
        """Judge the node against the snapshot, and remember whether it has passed."""
        before = self.memory["before"] if self.memory else None
        subsets = ("versions",) if level == "version" else tuple(each for each in SUBSETS if each != "holders")
        node = collect(self._node, subsets)
        found = judge(node, wanted, before, level, allowed_codes)
        was_drained = _memory.drained(self.memory)
        if self.memory and self.memory["state"] == _memory.OPEN:
            # Without the id of this boot, nobody could tell later whether this still holds.
            passed = found.verdict == OK and node["boot_id"] is not None
            self._keep(_memory.with_verdict(self.memory, passed, level, node["boot_id"], self._now))
        reasons = found.reasons
        if found.verdict in (NOT_KNOWN, UNSUPPORTED):
            reasons = reasons + node["unseen"]
        old = running_versions(before) if before else {"driver": None, "firmware": None}
        new = running_versions(node)
        return {
            "changed": False,
            "verdict": found.verdict,
            "reasons": reasons,
            "notes": found.notes,
            "driver_before": old["driver"],
            "driver_after": new["driver"],
            "firmware_before": old["firmware"],
            "firmware_after": new["firmware"],
            "restarted": bool(before and before["boot_id"] and before["boot_id"] != node["boot_id"]),
            "drained": was_drained,
            "snapshot_at": self.memory["before_at"] if self.memory and before else None,
        }

    def start(self) -> Result:
        """Start the remembered containers, where the node has passed; returns what else is to be returned."""
        if not _memory.drained(self.memory) or self.memory is None:
            return {"changed": False, "services": [], "kubernetes": {}, "containers": []}
        boot_id = (self._node.read("/proc/sys/kernel/random/boot_id") or "").strip() or None
        refused = _memory.refusal_to_return(self.memory, boot_id)
        if refused:
            text = "nothing is returned: {}. Run 'health' of role npu_node, and 'return' once it has passed"
            raise Refused(text.format(refused))
        parts = self.memory["drained"]
        stopped: List[Dict[str, str]] = []
        if parts.get("containers"):
            ids = {each["Id"] for each in self._running()}
            stopped = [each for each in parts["containers"] if each["id"] not in ids]
            if stopped and not self._check:
                self._docker("start", *[each["id"] for each in stopped])
        return {
            "changed": bool(stopped),
            "containers": [each["name"] for each in stopped],
            "services": parts.get("services") or [],
            "kubernetes": parts.get("kubernetes") or {},
        }

    def close(self) -> Result:
        """Everything was returned."""
        if self.memory is None or self.memory["state"] != _memory.OPEN:
            return {"changed": False}
        return {"changed": self._keep(_memory.closed(self.memory, self._now))}

    # What they share

    def _opened(self) -> Memory:
        return _memory.opened(self.memory, self._id, self._now)

    def _running(self) -> List[Dict[str, Any]]:
        """The running docker containers, each with the values that are read of it."""
        running, listed, unknown = running_containers(self._node)
        for each in running:
            whole = isinstance(each, dict) and isinstance(each.get("HostConfig"), dict)
            if not whole or not {"Id", "Name"} <= set(each):
                unknown = ["docker inspect: a container without Id, Name or HostConfig"]
        if not listed or unknown:
            text = "which containers run is not known: {}. Nothing was stopped or started"
            raise Refused(text.format("; ".join(unknown + self._node.unseen)))
        return running

    def _docker(self, *arguments: str) -> None:
        answer = self._node.run("docker", *arguments)
        if answer.problem:
            text = "docker {}: {}. What was remembered stays in {}; rerun once docker does it"
            raise Refused(text.format(arguments[0], answer.text.strip() or answer.problem, _memory.PATH))

    def _read(self) -> Optional[Memory]:
        try:
            with open(self._path, encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{_memory.PATH}: {error}. Run as root") from error
        try:
            return _memory.checked(text)
        except ValueError as error:
            text = (
                "{}: {}: what was stopped for a maintenance is not known. See what the node lacks, then remove the file"
            )
            raise Refused(text.format(_memory.PATH, error)) from error

    def _keep(self, memory: Memory) -> bool:
        """Write what is remembered; whether it is anything new."""
        if memory == self._read():
            self.memory = memory
            return False
        self.memory = memory
        if not self._check:
            try:
                write_whole(self._path, json.dumps(memory))
            except OSError as error:
                raise Refused(f"{_memory.PATH}: {error}. Nothing was stopped") from error
        return True


def running_versions(node: Result) -> Dict[str, Optional[str]]:
    """The driver and the firmware that a node runs; several where its NPUs differ, None where one is not known."""
    shown: Dict[str, Optional[str]] = {}
    for name in ("driver", "firmware"):
        values = [chip[name + "_version"] for chip in node["npus"]]
        shown[name] = ", ".join(sorted(set(values))) if values and None not in values else None
    return shown


def write_whole(path: str, text: str) -> None:
    """Replace a file in one step, readable for its owner only; on the disk when this returns. Raises OSError."""
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    handle = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


STEPS: Dict[str, Callable[["Maintenance", Dict[str, Any]], Result]] = {
    "remember": lambda work, asked: work.remember(asked["part"], asked["values"], asked["keep"]),
    "containers": lambda work, asked: work.containers(asked["keep"], asked["grace"]),
    "holders": lambda work, _asked: work.holders(),
    "snapshot": lambda work, asked: work.snapshot(asked["again"]),
    "judge": lambda work, asked: work.judge(asked["version"], asked["level"], asked["allowed_codes"]),
    "start": lambda work, _asked: work.start(),
    "close": lambda work, _asked: work.close(),
}
