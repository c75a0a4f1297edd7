# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory plugin costs, beside a static inventory of the same hosts."""

from __future__ import annotations

import json
import pathlib
import statistics
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

from measure import BIN, Cost, command_cost
from simulator.process import Simulator

GROUPS = ("category", "flavor", "status", "supernode_name")
PLUGIN, STATIC = "inventory plugin", "static YAML file"


@dataclass(frozen=True)
class Row:
    """Medians of ``ansible-inventory --list``."""

    inventory: str
    servers: int
    requests: int
    seconds: float
    cpu: float
    memory: float


def measured(servers: int, rounds: int) -> list[Row]:
    """Each round runs once with each, so that what else the machine does falls on both."""
    with Simulator(servers=servers) as simulator, tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = pathlib.Path(name)
        plugin, static = folder / "liteserver.yml", folder / "static.yml"
        keyed = [{"key": f"liteserver_{group}", "prefix": group} for group in GROUPS]
        options = {"plugin": "modelarts.liteserver.liteserver", **simulator.credentials(), "keyed_groups": keyed}
        plugin.write_text(json.dumps(options))
        first = _list(plugin, folder)
        requests = simulator.count("total")
        static.write_bytes(_list(plugin, folder, "--yaml").output)
        second = _list(static, folder)
        if _unordered(first) != _unordered(second):
            sys.exit("the two inventories differ, so the figures would mean nothing")
        costs = {PLUGIN: [first], STATIC: [second]}
        for _round in range(rounds - 1):
            costs[PLUGIN].append(_list(plugin, folder))
            costs[STATIC].append(_list(static, folder))
    return [
        Row(
            title,
            servers,
            requests if title == PLUGIN else 0,
            statistics.median(cost.wall for cost in of_it),
            statistics.median(cost.cpu for cost in of_it),
            statistics.median(cost.memory for cost in of_it),
        )
        for title, of_it in costs.items()
    ]


def _list(inventory: pathlib.Path, folder: pathlib.Path, *arguments: str) -> Cost:
    command = [str(BIN / "ansible-inventory"), "-i", str(inventory), "--list", *arguments]
    return command_cost(command, {"ANSIBLE_NOCOLOR": "1"}, folder)


def _unordered(cost: Cost) -> dict[str, Any]:
    """A listing without the order of hosts and groups, which the YAML output sorts, and without Ansible's marks.

    What the service says is marked as no template; a static file has no such marks.
    """
    listing = json.loads(cost.output, object_hook=lambda value: value.get("__ansible_unsafe", value))
    return {
        name: {key: value if name == "_meta" else sorted(value) for key, value in group.items()}
        for name, group in listing.items()
    }
