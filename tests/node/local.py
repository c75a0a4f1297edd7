# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fake nodes without a login, for the demo and the guides: their Python is a command that enters the node first."""

from __future__ import annotations

import pathlib
import shlex
import sys
from typing import Any

from node.fake_node import FakeNode, Tree, healthy
from node.sshd import ENTER

FOLDER = "/usr/local/Ascend"


def running(version: str, firmware: str, npus: int = 4) -> Tree:
    """A healthy node that runs this driver and firmware."""
    state = healthy("910B", npus)
    state["title"] = version
    for npu in state["npus"]:
        npu.update(driver=version, firmware=firmware)
    state["files"][f"{FOLDER}/driver/version.info"] = f"Version={version}\npackage_version={version}\n"
    state["files"][f"{FOLDER}/firmware/version.info"] = f"Version={firmware}\npackage_version={version}\n"
    return state


def upgraded_by(state: Tree, url: str, server_id: str, effect: str = "all") -> Tree:
    """The node of a server of a simulator, whose jobs upgrade it to this effect; see ``enter.py``."""
    return {**state, "upgrade": {"url": url, "server_id": server_id, "effect": effect}}


def local_variables(folder: pathlib.Path, state: Tree) -> dict[str, Any]:
    """What makes Ansible take this folder for a node."""
    folder.mkdir(parents=True)
    FakeNode(folder, state)
    python = folder / "python"
    enter = shlex.join([sys.executable, "-IS", str(ENTER), str(folder), sys.executable])
    python.write_text(f'#!/bin/sh\nexec {enter} "$@"\n')
    python.chmod(0o755)
    return {"ansible_connection": "local", "ansible_python_interpreter": str(python), "npu_node_become": False}
