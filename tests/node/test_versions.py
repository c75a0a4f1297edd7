# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook ``npu_versions``: the table, the file and the exit status, over real nodes and over 500."""

from __future__ import annotations

import copy
import json
import os
import pathlib
import subprocess
import sys
from typing import Any

from node import fake_node
from node.fake_node import OLD_DRIVER, RELEASES, healthy, in_state
from node.machine import ask
from node.sshd import Nodes
from playbooks.harness import clean_environment

from ansible_collections.modelarts.liteserver.plugins.module_utils.node._fleet import fleet_of, lines_of

VERSION = RELEASES["910B"][1]


def run(folder: pathlib.Path, hosts: dict[str, dict[str, Any]], **variables: Any) -> subprocess.CompletedProcess[str]:
    """The playbook over these hosts."""
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    values = {"npu_versions_become": False, "npu_versions_file": str(folder / "versions.json"), **variables}
    command = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), "-i", "hosts.json"]
    command += ["-e", json.dumps(values), "modelarts.liteserver.npu_versions"]
    environment = {**clean_environment(folder), "ANSIBLE_SSH_RETRIES": "0"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200, check=False
    )


def test_a_fleet(tmp_path: pathlib.Path) -> None:
    """Two nodes of a supernode that are mixed, one with drift, one that nobody reaches."""
    old = healthy("910B", 2)
    fake_node.reboot_pending(old)
    for path, text in old["files"].items():
        old["files"][path] = text.replace(VERSION, OLD_DRIVER)
    states = {"n1": healthy("910B", 2), "n2": old, "n3": in_state("910B", fake_node.old_version_on_one)}
    with Nodes(tmp_path / "n", states) as nodes:
        hosts = {host: nodes.variables(host) for host in states}
        hosts["n1"]["liteserver_supernode_id"] = hosts["n2"]["liteserver_supernode_id"] = "sn-1"
        hosts["n4"] = {**hosts["n3"], "ansible_host": "127.0.1.99"}
        done = run(tmp_path, hosts)
        assert done.returncode == 2, done.stdout
        found = json.loads((tmp_path / "versions.json").read_text())
        assert found["schema_version"] == 1
        drift, unreachable, mixed = found["problems"]
        assert drift == f"n3: mismatch: runs {OLD_DRIVER} on NPU 1, {VERSION} is on disk"
        assert unreachable.startswith("n4: unknown: ")
        assert mixed == f"supernode sn-1 is mixed: {OLD_DRIVER} on n2; {VERSION} on n1"
        assert [(row["host"], row["driver"], row["verdict"]) for row in found["nodes"]] == [
            ("n1", VERSION, "ok"),
            ("n2", OLD_DRIVER, "ok"),
            ("n3", f"{OLD_DRIVER}/{VERSION}", "mismatch"),
            ("n4", None, "unknown"),
        ]
        for text in (drift, mixed, "supernode sn-1 (2)", "no supernode (2)"):
            assert text in done.stdout.replace('\\"', '"'), done.stdout

        well = {host: hosts[host] for host in ("n1",)}
        assert run(tmp_path, well).returncode == 0
        assert run(tmp_path, well, npu_versions_wanted=VERSION.upper()).returncode == 0
        done = run(tmp_path, well, npu_versions_wanted=VERSION + "0")
        assert done.returncode == 2 and f"{VERSION} is on disk, not {VERSION}0" in done.stdout
        done = run(tmp_path, well, npu_versions_wanted=24.1)
        assert done.returncode == 2 and "is not a string in YAML" in done.stdout + done.stderr
        assert os.stat(tmp_path / "versions.json").st_mode & 0o777 == 0o600


def test_lines_grow_with_the_differences_and_not_with_the_nodes(tmp_path: pathlib.Path) -> None:
    good = ask(tmp_path, healthy("910B"))
    bad = ask(tmp_path, in_state("910B", fake_node.alarm))
    nodes = {f"node-{n:03d}": {"npu": copy.copy(good), "supernode": f"sn-{n % 4}"} for n in range(500)}
    nodes["node-007"]["npu"] = bad
    fleet = fleet_of(nodes, VERSION)
    lines = lines_of(fleet)
    assert (len(lines), len(fleet.rows), fleet.problems) == (1 + 2 * 4 + 1, 500, [])
    assert [line for line in lines if "node-007" in line and "Alarm" in line]
    assert max(map(len, lines)) < 120


def test_a_node_that_says_nothing_is_a_problem(tmp_path: pathlib.Path) -> None:
    good = ask(tmp_path, healthy("A3"))
    for npu in (None, {}, {"unreachable": True, "msg": "no route"}, {"failed": True, "msg": "no python"}):
        fleet = fleet_of({"a": {"npu": good, "supernode": None}, "b": {"npu": npu, "supernode": None}}, None)
        assert [row["verdict"] for row in fleet.rows] == ["ok", "unknown"]
        assert len(fleet.problems) == 1 and fleet.problems[0].startswith("b: unknown: ")
    blind = ask(tmp_path, in_state("A3", fake_node.npu_smi_missing))
    assert fleet_of({"b": {"npu": blind, "supernode": None}}, None).problems


def test_the_supernode_that_a_node_names_counts_where_the_inventory_names_none(tmp_path: pathlib.Path) -> None:
    one, other = ask(tmp_path, healthy("A3")), ask(tmp_path, in_state("A3", fake_node.reboot_pending))
    fleet = fleet_of({"a": {"npu": one, "supernode": None}, "b": {"npu": other, "supernode": None}}, None)
    assert any("supernode 2 (as the node reports) is mixed" in problem for problem in fleet.problems)
