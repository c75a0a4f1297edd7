# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a fake node without a process: its files are real, and its tools are function calls."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

from node import fake_tools
from node.fake_node import FakeNode, Tree

from ansible_collections.modelarts.liteserver.plugins.module_utils.node._machine import Answer, Node
from ansible_collections.modelarts.liteserver.plugins.module_utils.node._outputs import refusal_in
from ansible_collections.modelarts.liteserver.plugins.module_utils.node._report import SUBSETS, collect

Garble = Callable[[str, str], str]


class Clock:
    """Seconds that pass only where something waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Machine(Node):
    """A node whose tools answer at once; each output passes ``garble`` (command, text)."""

    def __init__(self, node: FakeNode, garble: Garble | None = None) -> None:
        self.clock = Clock()
        super().__init__(str(node.folder), 5, {"PATH": "/usr/bin:/bin"}, self.clock, self.clock.sleep)
        self.state = node.state
        self.garble = garble or (lambda _command, text: text)
        self.commands: list[str] = []

    def _run_once(self, path: str, arguments: list[str]) -> Answer:
        tool = pathlib.Path(path).name
        self.commands.append(" ".join([tool, *arguments]))
        if tool in self.state.get("hangs", []):
            return Answer("timeout", "no end within 5 s")
        text, status = fake_tools.output(self.state, tool, arguments)
        text = self.garble(self.commands[-1], text)
        refusal = refusal_in(text, status)
        return Answer(refusal or ("failed" if status else None), text)


def ask(folder: pathlib.Path, state: Tree, garble: Garble | None = None) -> dict[str, Any]:
    """The result of ``npu_info`` on a node in this state."""
    return collect(Machine(FakeNode(folder, state), garble), SUBSETS)
