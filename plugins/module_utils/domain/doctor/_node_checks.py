# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Checks of the nodes, as they speak for themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..._shapes import Record
from ._facts import Facts
from ._finding import Check, Outcome, Word, counted, named, ok, several, unknown, version, warning

_PYTHON = re.compile(r"\b([0-9]{1,2}\.[0-9]{1,3})")
TODO_REACH = "check the inventory, the SSH access and the Python of those hosts"


def _answered(nodes: Mapping[str, Record]) -> dict[str, Record]:
    return {host: node for host, node in nodes.items() if isinstance(node.get("supported"), bool)}


def python(facts: Facts) -> Outcome | None:
    """Modules can run on the nodes."""
    nodes = facts.nodes
    if nodes is None:
        return None
    if not nodes:
        return unknown("no node was asked", todo="name hosts in doctor_hosts, and give an inventory")
    silent = [host for host, node in nodes.items() if host not in _answered(nodes)]
    if silent:
        return warning(
            "{} of {} did not run module npu_info: {}",
            len(silent),
            counted(len(nodes), "node"),
            named("host", silent),
            todo=TODO_REACH,
        )
    # Who has run a module has a Python that can.
    found = {told[1] for node in nodes.values() if (told := _PYTHON.search(str(node.get("python") or "")))}
    versions = several(map(version, sorted(found))) if found else Word("of no known version")
    return ok("{} answered, with Python {}", counted(len(nodes), "node"), versions)


def _judged(facts: Facts) -> Outcome | dict[str, Record] | None:
    """The nodes that answered, or what a check says where there is none."""
    if facts.nodes is None:
        return None
    return _answered(facts.nodes) or unknown("no node answered", todo=TODO_REACH)


def driver(facts: Facts) -> Outcome | None:
    """Nodes run the driver that is installed."""
    nodes = _judged(facts)
    if not isinstance(nodes, dict):
        return nodes
    without = [host for host, node in nodes.items() if not node.get("supported")]
    if without:
        todo = "install it, or leave these hosts out"
        return warning("{} without an NPU driver: {}", counted(len(without), "node"), named("host", without), todo=todo)
    bad = [host for host, node in nodes.items() if not _runs_what_is_installed(_dict(node.get("driver")))]
    if bad:
        return warning(
            "{} without one driver that runs and is completely installed: {}",
            counted(len(bad), "node"),
            named("host", bad),
            todo="restart those nodes, or finish the upgrade",
        )
    if silent := _not_answered(facts, nodes):
        return silent
    found = {str(_dict(node.get("driver")).get("running")) for node in nodes.values()}
    return ok("{} with {}", counted(len(nodes), "node"), several(map(version, sorted(found))))


def _runs_what_is_installed(told: Record) -> bool:
    running, installed = told.get("running"), told.get("installed")
    return bool(running) and str(running).lower() == str(installed).lower() and told.get("complete") is True


def health(facts: Facts) -> Outcome | None:
    """NPUs are healthy."""
    nodes = _judged(facts)
    if not isinstance(nodes, dict):
        return nodes
    bad = [host for host, node in nodes.items() if not _is_healthy(node)]
    if bad:
        return warning(
            "{} with an NPU that is lost, or whose health is not OK or not known: {}",
            counted(len(bad), "node"),
            named("host", bad),
            todo="read them with module npu_info, and leave them out (--limit)",
        )
    if silent := _not_answered(facts, nodes):
        return silent
    count = sum(len(_npus(node)) for node in nodes.values())
    return ok("all of {} in {}", counted(count, "NPU"), counted(len(nodes), "node"))


def _is_healthy(node: Record) -> bool:
    npus = _npus(node)
    good = bool(npus) and all(npu.get("health") == "OK" for npu in npus)
    return good and node.get("lost") == [] and node.get("unknown") == []


def _npus(node: Record) -> list[Record]:
    npus = node.get("npus")
    return [npu for npu in npus if isinstance(npu, dict)] if isinstance(npus, list) else []


def _not_answered(facts: Facts, nodes: Mapping[str, Any]) -> Outcome | None:
    """What is good in those that answered says nothing of the others."""
    left = len(facts.nodes or ()) - len(nodes)
    return unknown("{} did not answer", counted(left, "node"), todo=TODO_REACH) if left else None


def _dict(value: object) -> Record:
    return value if isinstance(value, dict) else {}


CHECKS = (
    Check(
        "node_python", "Nodes can be reached, and have a Python on which modules run", "they cannot be asked", python
    ),
    Check(
        "node_driver",
        "Nodes run the driver that is installed on them, on all NPUs",
        "what a job has installed is not what runs",
        driver,
    ),
    Check("node_health", "The NPUs of the nodes are healthy", "an upgrade may fail, or be refused", health),
)
