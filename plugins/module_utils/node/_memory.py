# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""What is remembered of a maintenance of a node: what it was before, what was stopped for it, and whether it passed.

Pure functions of plain values, which are never changed in place. A maintenance is open from its first drain or
snapshot until it has passed and everything was returned. It is remembered before anything is stopped.
"""

import json
import re
from typing import Any, Dict, List, Optional

from ._verdict import LEVELS

PATH = "/var/lib/modelarts-liteserver/maintenance.json"
SCHEMA = 1
OPEN, CLOSED = "open", "closed"
PARTS = ("kubernetes", "services", "containers")
# A job of the service is a container that the service's agent starts on the node: without these there is none.
ENGINES = ("docker", "containerd", "crio", "cri-o", "isulad", "podman", "kubelet")
AGENT = re.compile(r"node[-_ ]?task[-_ ]?hub", re.IGNORECASE)

Memory = Dict[str, Any]


def opened(memory: Optional[Memory], new_id: str, now: int) -> Memory:
    """The maintenance that is open, or a new one.

    Args:
        memory: of the last one, None where there was none.
        new_id: of a new one.
        now: seconds since the epoch.
    """
    if memory is not None and memory["state"] == OPEN:
        return memory
    return {
        "schema_version": SCHEMA,
        "id": new_id,
        "state": OPEN,
        "opened_at": now,
        "drained": {},
        "before": None,
        "before_at": None,
        "passed": None,
    }


def with_drained(memory: Memory, part: str, values: Any) -> Memory:
    """What was stopped, added to what an earlier drain of this maintenance has stopped.

    Args:
        part: one of PARTS.
        values: a list, of which each entry is kept once, or a dictionary, of which the first value of a key is kept:
            a later drain sees only what an earlier one has left.
    """
    earlier = memory["drained"].get(part)
    if isinstance(values, dict):
        merged: Any = _first_kept(earlier or {}, values)
    else:
        merged = list(earlier or [])
        merged.extend(value for value in values if value not in merged)
    # Whoever drains begins something new on the node.
    return dict(memory, drained=dict(memory["drained"], **{part: merged}), passed=None)


def _first_kept(earlier: Dict[str, Any], values: Dict[str, Any]) -> Dict[str, Any]:
    merged = dict(values)
    for key, value in earlier.items():
        both = isinstance(value, dict) and isinstance(values.get(key), dict)
        merged[key] = _first_kept(value, values[key]) if both else value
    return merged


def with_snapshot(memory: Memory, node: Dict[str, Any], now: int, again: bool) -> Memory:
    """The node as it is before the job. An earlier snapshot of this maintenance stays: a job may have run since."""
    if memory["before"] is not None and not again:
        return memory
    return dict(memory, before=node, before_at=now, passed=None)


def with_verdict(memory: Memory, passed: bool, level: str, boot_id: Optional[str], now: int) -> Memory:
    """Whether the node has passed, at which level and in which boot. Closed where there is nothing to return."""
    if not passed:
        return dict(memory, passed=None)
    known = memory["passed"]
    if known and known["boot_id"] == boot_id:
        level = max(level, known["level"], key=LEVELS.index)
    memory = dict(memory, passed={"level": level, "boot_id": boot_id, "at": now})
    return memory if drained(memory) else closed(memory, now)


def closed(memory: Memory, now: int) -> Memory:
    """The maintenance is over. Its snapshot stays, for whoever asks the node again."""
    return dict(memory, state=CLOSED, closed_at=now, drained={})


def drained(memory: Optional[Memory]) -> bool:
    """Whether anything of the node was stopped and not returned."""
    return memory is not None and memory["state"] == OPEN and any(memory["drained"].values())


def refusal_to_return(memory: Memory, boot_id: Optional[str]) -> Optional[str]:
    """Why nothing may be returned, or None."""
    passed = memory["passed"]
    if passed is None:
        return "the node has not passed 'health' since it was drained"
    if passed["level"] != "health":
        return "the node has passed 'verify' alone, not 'health'"
    if boot_id is None or passed["boot_id"] != boot_id:
        return "the node was restarted since it passed 'health'"
    return None


def believed(on_node: Optional[Memory], on_controller: Optional[Memory]) -> Optional[Memory]:
    """Which memory holds: the node's. Only where the node has lost it, the controller's, if it was open.

    A controller's may be old: another controller may have returned everything since.
    """
    if on_node is not None:
        return on_node
    return on_controller if on_controller is not None and on_controller["state"] == OPEN else None


def checked(text: str) -> Memory:
    """The memory in a file; raises ValueError, which says what is wrong with it."""
    memory = json.loads(text)
    if not isinstance(memory, dict) or memory.get("schema_version") != SCHEMA:
        raise ValueError(f"it is not of schema_version {SCHEMA}")
    parts = memory.get("drained")
    whole = {"id", "state", "before", "before_at", "passed"} <= set(memory) and memory["state"] in (OPEN, CLOSED)
    if not whole or not isinstance(parts, dict) or not set(parts) <= set(PARTS):
        raise ValueError("it is not what this role has written")
    return memory


def never_stopped(name: str, keep: List[str]) -> bool:
    """Whether a service or container of this name stays whatever is asked for: engines, the agent, and ``keep``."""
    plain = name.strip().lower()
    if plain.endswith((".service", ".socket")):
        plain = plain.rsplit(".", 1)[0]
    return plain in ENGINES or bool(AGENT.search(name)) or plain in {each.strip().lower() for each in keep}
