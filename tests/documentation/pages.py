# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator is, and what lies in the folder, before the first block of a page."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

from documentation.session import INVENTORY
from node.local import local_variables, running, upgraded_by
from simulator.process import Simulator
from simulator.servers import server_id

# What the pages call the first two servers.
NAMES = {
    "66d210bc-023c-490a-8664-afd321a163ad": server_id(1),
    "0d6b1f0e-5a0e-4d27-9a3a-0f6a4b2f1c77": server_id(2),
}
# The inventory of the pages that do not make one: docs/inventory.md does.
DEFAULT_INVENTORY = """\
plugin: modelarts.liteserver.liteserver
address: none
groups:
  npu: true
keyed_groups:
  - {key: liteserver_category, prefix: category}
  - {key: liteserver_supernode_name, prefix: supernode}
"""


@dataclasses.dataclass(frozen=True)
class Start:
    """How a page begins.

    Attributes:
        settings: of the simulator.
        failing: numbers of servers whose next task fails.
        names: texts of the page, and what they are at the simulator, besides ``NAMES``.
        inventory: whether the folder holds an inventory of the fleet.
        nodes: {number of a server: what a job does to its node, see ``tests/node/enter.py``}.
        options: of the session.
    """

    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    servers: int = 12
    failing: tuple[int, ...] = ()
    names: dict[str, str] = dataclasses.field(default_factory=dict)
    inventory: bool = True
    nodes: dict[int, str] = dataclasses.field(default_factory=dict)
    options: dict[str, bool] = dataclasses.field(default_factory=dict)

    def prepare(self, simulator: Simulator) -> None:
        """Make the simulator what the page begins with."""
        simulator.reset(servers=self.servers, **{"job_duration": 0.2, "power_duration": 0.2, **self.settings})
        for number in self.failing:
            simulator.server(number, fail=1, message="npu busy")

    def fill(self, folder: pathlib.Path, simulator: Simulator) -> None:
        """Put into the folder what the page does not make."""
        if self.inventory:
            (folder / INVENTORY).write_text(DEFAULT_INVENTORY)
        for number, effect in self.nodes.items():
            state = upgraded_by(running("24.1.rc3.9", "7.5.0.108.220"), simulator.url, server_id(number), effect)
            variables = local_variables(folder / ".nodes" / str(number), state)
            (folder / "host_vars").mkdir(exist_ok=True)
            (folder / "host_vars" / f"liteserver-{number:05d}.json").write_text(json.dumps(variables))


_README = Start(
    settings={"supernode_share": 0},
    failing=(7,),
    inventory=False,
    options={"installed": True, "signed_in": False},
)
_GETTING_STARTED = Start(servers=4, inventory=False, options={"signed_in": False})
STARTS: dict[str, Start] = {
    "README.md": _README,
    "README.zh-CN.md": _README,
    "docs/already-done.md": Start(failing=(3,)),
    "docs/awx.md": Start(names={"liteserver-00042": "liteserver-00012", "hps-01": "supernode-001"}, inventory=False),
    "docs/authentication.md": Start(inventory=False, options={"fresh": True, "signed_in": False}),
    # The simulator offers no 24.1.rc3.9 for single servers, and the preflight takes only what is offered.
    "docs/fleet-upgrade.md": Start(servers=7, settings={"supernode_share": 0}, names={"24.1.rc3.9": "24.1.0.6"}),
    "docs/getting-started.md": _GETTING_STARTED,
    "docs/zh-CN/getting-started.md": _GETTING_STARTED,
    "docs/migrating.md": Start(settings={"job_duration": 0}, inventory=False, options={"signed_in": False}),
    "docs/inventory.md": Start(inventory=False, options={"signed_in": False}),
    "roles/fleet_job/README.md": Start(settings={"supernode_share": 0}),
    "docs/node.md": Start(servers=2, settings={"supernode_share": 0}, nodes={1: "all", 2: "seven"}),
    "docs/reports.md": Start(settings={"supernode_share": 0}),
    "docs/steering.md": Start(settings={"supernode_share": 0}),
    "docs/supernodes.md": Start(names={"supernode_sn01": "supernode_supernode_001"}),
}


def start_of(page: str) -> Start:
    """How this page begins; most begin alike."""
    return STARTS.get(page, Start())
