# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of role ``npu_node`` that talks to Kubernetes: kubernetes.core and the real client, over HTTP."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from node.fake_node import Tree, healthy
from node.kubernetes_api import Cluster, pod
from node.sshd import Nodes
from node.test_role import Book
from playbooks.harness import collections_path

# What kubernetes.core warns of by itself: of DaemonSets, and of how it warns.
KUBERNETES_CORE = (
    "Ignoring DaemonSet-managed Pods",
    "Deprecation warnings can be disabled",
    "Passing `warnings` to `exit_json`",
    "from 'ansible.module_utils._text' is deprecated",
)
LABEL = "example.com/npu"
LABELS = {LABEL: "yes", "zone": "a"}
DRAIN = {"npu_node_drain": ["kubernetes", "holders"], "npu_node_kubernetes_labels": [LABEL, "example.com/absent"]}


def with_pods() -> Tree:
    """A node whose NPUs two pods hold: a workload, and the device plugin."""
    state = healthy("910B", 2)
    for pid, name in (("500", "training"), ("501", "device-plugin")):
        process = {"name": name, "open": ["/dev/davinci_manager"], "cgroup": f"0::/kubepods/{name}"}
        state["proc"][pid] = process
    return state


@pytest.fixture
def book(tmp_path: pathlib.Path) -> Iterator[tuple[Book, Cluster, dict[str, Any]]]:
    """A node, its cluster, and the variables that lead there."""
    venv = pathlib.Path(os.environ["KUBERNETES_VENV"])  # set by make node
    with Nodes(tmp_path, {"node-1": with_pods()}) as nodes:
        node = nodes.node["node-1"]

        def ended(name: str) -> None:
            node.change(proc={pid: each for pid, each in node.state["proc"].items() if each["name"] != name})

        pods = [pod("training"), pod("device-plugin", LABEL), pod("log-agent", "zone")]
        with Cluster(LABELS, pods, ended) as cluster:
            variables = {
                "npu_node_kubernetes_config": cluster.config(tmp_path / "kubeconfig"),
                "npu_node_kubernetes_python": str(venv / "bin" / "python"),
                "npu_node_kubernetes_timeout": 30,
            }
            runs = Book(tmp_path, nodes)
            runs.environment["ANSIBLE_COLLECTIONS_PATH"] = f"{collections_path()}:{venv / 'collections'}"
            runs.said_by_others = KUBERNETES_CORE
            yield runs, cluster, variables


Fixture = tuple[Book, Cluster, dict[str, Any]]


def test_a_maintenance(book: Fixture) -> None:
    """The device plugin ends too, although a drain leaves DaemonSets alone; other DaemonSets stay."""
    runs, cluster, variables = book
    drained = runs.run("drain", **DRAIN, **variables)
    assert drained.status == 0, drained.output
    assert cluster.log == ["cordon", "evicted training", f"label {LABEL}=None", "ended device-plugin"]
    assert set(cluster.pods) == {"log-agent"}
    remembered = {"node": "node-1", "cordoned": False, "labels": {LABEL: "yes"}}
    assert runs.memory("node-1")["drained"] == {"kubernetes": remembered}
    # Again, as after a kill: what was so before is still known.
    assert runs.run("drain", **DRAIN, **variables).status == 0
    assert runs.memory("node-1")["drained"] == {"kubernetes": remembered}
    assert len(cluster.log) == 4

    assert runs.run("return", **variables).status == 2
    assert len(cluster.log) == 4
    returned = runs.run("health", "return", **variables)
    assert returned.status == 0, returned.output
    assert cluster.log[4:] == [f"label {LABEL}=yes", "uncordon"]
    assert cluster.node["metadata"]["labels"] == LABELS
    assert runs.memory("node-1")["state"] == "closed"


def test_a_node_that_was_cordoned_stays_so(book: Fixture) -> None:
    runs, cluster, variables = book
    cluster.node["spec"]["unschedulable"] = True
    run = runs.run("drain", "health", "return", **DRAIN, **variables)
    assert run.status == 0, run.output
    assert cluster.node["spec"]["unschedulable"] is True
    assert "uncordon" not in cluster.log and cluster.node["metadata"]["labels"] == LABELS


def test_check_mode_changes_nothing(book: Fixture) -> None:
    runs, cluster, variables = book
    run = runs.run("drain", arguments=("--check",), **DRAIN, **variables)
    assert run.status == 0, run.output
    assert cluster.log == [] and len(cluster.pods) == 3
    assert "Remember the node in Kubernetes" in run.changed


def test_a_node_that_kubernetes_does_not_know(book: Fixture) -> None:
    runs, cluster, variables = book
    run = runs.run("drain", **DRAIN, **variables, npu_node_kubernetes_node="node-2")
    assert run.status == 2 and cluster.log == []
    assert "Remember the node in Kubernetes" not in [event["task"].split(" : ")[-1] for event in run.events]
