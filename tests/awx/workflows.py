# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How AWX 24.6.1 runs a workflow, and when it calls it failed.

Source: ``awx/main/scheduler/dag_workflow.py``. Not modelled: nodes that wait for all of their parents, nodes without a
template, and the time between nodes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

LINKS = ("success_nodes", "failure_nodes", "always_nodes")

Nodes = Mapping[str, Mapping[str, Sequence[str]]]


@dataclasses.dataclass
class WorkflowRun:
    """A finished workflow.

    Attributes:
        status: ``successful`` or ``failed``.
        ran: the nodes that ran, in their order, and how each ended.
    """

    status: str
    ran: dict[str, str]


def run_workflow(nodes: Nodes, outcome_of: Callable[[str], str]) -> WorkflowRun:
    """Run a workflow.

    Args:
        nodes: name of a node: {kind of link: names of the nodes that it leads to}.
        outcome_of: how the job of a node ends: ``successful``, ``failed``, ``error`` or ``canceled``. Of an approval
            that is denied or times out, it is ``failed``.
    """
    ran: dict[str, str] = {}
    # Nodes that no way leads to any more.
    passed_over: set[str] = set()
    parents = {name: [each for each in nodes if name in _children(nodes[each])] for name in nodes}
    while True:
        ready = []
        for name in nodes:
            if name in ran or name in passed_over:
                continue
            if any(each not in ran and each not in passed_over for each in parents[name]):
                continue
            if not parents[name] or any(name in _next(nodes[each], ran[each]) for each in parents[name] if each in ran):
                ready.append(name)
            else:
                passed_over.add(name)
                break
        else:
            if not ready:
                break
            for name in ready:
                ran[name] = outcome_of(name)
    # A failure counts as handled where any link for failures leaves its node, whatever that leads to.
    unhandled = [
        name
        for name, outcome in ran.items()
        if outcome != "successful" and not [*nodes[name].get("failure_nodes", []), *nodes[name].get("always_nodes", [])]
    ]
    return WorkflowRun("failed" if unhandled else "successful", ran)


def _children(links: Mapping[str, Sequence[str]]) -> set[str]:
    return {child for link in LINKS for child in links.get(link, [])}


def _next(links: Mapping[str, Sequence[str]], outcome: str) -> set[str]:
    way = "success_nodes" if outcome == "successful" else "failure_nodes"
    return {*links.get(way, []), *links.get("always_nodes", [])}
