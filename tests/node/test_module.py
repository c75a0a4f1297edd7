# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module in a real ``ansible-playbook``, its tools as processes, on each Python that the machine has."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
from typing import Any

import pytest
import yaml
from ansible.release import __version__ as ansible_version
from node import fake_node
from node.fake_node import FakeNode, healthy, in_state
from node.machine import ask
from playbooks.harness import REPOSITORY, clean_environment

MINORS = range(6, 15)
# What each ansible-core can run on the node.
OLDEST = {"2.16": 6, "2.18": 8, "2.19": 8, "2.20": 9, "2.21": 9}
NEWEST = {"2.16": 12, "2.18": 13, "2.19": 13, "2.20": 14, "2.21": 14}
RUN = """
import json, sys, time, types
package = types.ModuleType("node")
package.__path__ = [sys.argv[1]]
sys.modules["node"] = package
from node import _machine, _report, _verdict
machine = _machine.Node(sys.argv[2], 20, {"PATH": "/usr/bin:/bin"}, time.monotonic, time.sleep)
print(json.dumps([_report.collect(machine, _report.SUBSETS), sorted(sys.modules)]))
"""


def pythons() -> dict[str, str]:
    """The interpreters of the machine: {3.6: path}."""
    found = {}
    for minor in MINORS:
        name = f"python3.{minor}"
        places = [*pathlib.Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/{name}"), shutil.which(name)]
        for place in filter(None, places):
            if not subprocess.run([str(place), "-c", ""], capture_output=True, check=False).returncode:
                found[f"3.{minor}"] = str(place)
                break
    return found


PYTHONS = pythons()


def ansible(folder: pathlib.Path, hosts: dict[str, dict[str, Any]], options: dict[str, Any], *arguments: str) -> Any:
    """Run ``npu_info`` on each host; returns {host: result}."""
    tasks = [
        {"name": "Ask", "modelarts.liteserver.npu_info": options, "register": "npu", "ignore_errors": True},
        {
            "name": "Keep",
            "ansible.builtin.copy": {
                "content": "{{ npu | to_json }}",
                "dest": f"{folder}/{{{{ inventory_hostname }}}}.result",
            },
            "check_mode": False,
            "vars": {"ansible_python_interpreter": sys.executable},
        },
    ]
    run = run_tasks(folder, hosts, tasks, *arguments)
    assert run.returncode == 0 and "WARNING" not in run.stdout + run.stderr, run.stdout + run.stderr
    return {host: json.loads((folder / f"{host}.result").read_text()) for host in hosts}


def run_tasks(
    folder: pathlib.Path, hosts: dict[str, dict[str, Any]], tasks: list[dict[str, Any]], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run tasks on each host, whose fake node is the folder ``node_folder``."""
    play = {
        "name": "Test",
        "hosts": "all",
        "gather_facts": False,
        "environment": {fake_node.ROOT: "{{ node_folder }}"},
        "tasks": tasks,
    }
    for variables in hosts.values():
        variables.setdefault("ansible_connection", "local")
        variables.setdefault("ansible_python_interpreter", sys.executable)
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    (folder / "play.json").write_text(json.dumps([play]))
    program = str(pathlib.Path(sys.executable).parent / "ansible-playbook")
    return subprocess.run(
        [program, "-i", "hosts.json", *arguments, "play.json"],
        cwd=folder,
        env=clean_environment(folder),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def without_ansible(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key not in ("changed", "failed", "invocation")}


@pytest.mark.parametrize("version", PYTHONS)
def test_the_readers_run_on(version: str, tmp_path: pathlib.Path) -> None:
    """With nothing but the standard library, and the same result as here."""
    state = in_state("A3", fake_node.alarm)
    node = FakeNode(tmp_path, state)
    room = REPOSITORY / "plugins" / "module_utils" / "node"
    command = [PYTHONS[version], "-IB", "-c", RUN, str(room), str(node.folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    result, modules = json.loads(run.stdout)
    assert result == ask(tmp_path, state)
    assert not {"ansible", "requests", "yaml"} & set(modules)


def test_the_module_runs_on_every_python_that_this_core_knows(tmp_path: pathlib.Path) -> None:
    core = ".".join(ansible_version.split(".")[:2])
    usable = {
        version: path for version, path in PYTHONS.items() if OLDEST[core] <= int(version.split(".")[1]) <= NEWEST[core]
    }
    assert len(usable) > 1
    state = in_state("910B", fake_node.busy_process)
    node = FakeNode(tmp_path / "node", state)
    hosts = {
        "python" + version: {"ansible_python_interpreter": path, "node_folder": str(node.folder)}
        for version, path in usable.items()
    }
    for host, result in ansible(tmp_path, hosts, {}).items():
        assert not result["failed"] and result["changed"] is False, (host, result)
        assert without_ansible(result) == ask(tmp_path / "other", state), host


def test_the_examples(tmp_path: pathlib.Path) -> None:
    source = (REPOSITORY / "plugins" / "modules" / "npu_info.py").read_text()
    tasks = yaml.safe_load(re.search(r'EXAMPLES = r"""(.*?)"""', source, re.DOTALL).group(1))
    for change, status, shown in (
        (fake_node.all_well, 0, "All assertions passed"),
        (fake_node.idle_exporter, 2, "npu-exporter"),
    ):
        node = FakeNode(tmp_path / change.__name__, in_state("A3", change))
        hosts = {"node": {"node_folder": str(node.folder), "ansible_become": False}}
        run = run_tasks(tmp_path, hosts, tasks)
        assert run.returncode == status and shown in run.stdout + run.stderr, run.stdout + run.stderr


def test_check_mode_and_subsets(tmp_path: pathlib.Path) -> None:
    node = FakeNode(tmp_path / "node", healthy("910B"))
    result = ansible(tmp_path, {"node": {"node_folder": str(node.folder)}}, {"gather": ["versions"]}, "--check")["node"]
    assert result["driver"]["running"] == fake_node.RELEASES["910B"][1]
    # What is not gathered is not called healthy or idle by accident.
    assert result["holders"] is None and result["lost"] is None and result["network"] == {}
    assert {chip["error_codes"] for chip in result["npus"]} == {None}


def test_a_tool_that_hangs_costs_its_time_once(tmp_path: pathlib.Path) -> None:
    node = FakeNode(tmp_path / "node", in_state("910B", fake_node.npu_smi_hangs))
    result = ansible(tmp_path, {"node": {"node_folder": str(node.folder)}}, {"timeout": 1})["node"]
    assert not result["failed"] and result["npus"] == [] and result["holders"] is None
    assert "npu-smi info: did not end (no end within 1 s)" in result["unseen"]
    left = [path for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if str(node.folder) in cmdline(path)]
    assert not left, "the tool that hung was left behind"


def cmdline(path: pathlib.Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_no_driver_is_no_failure(tmp_path: pathlib.Path) -> None:
    """This machine as it is: no NPU, and nothing of it is called idle."""
    if shutil.which("npu-smi") or os.path.exists("/dev/davinci_manager"):
        pytest.skip("this machine has NPUs")
    result = ansible(tmp_path, {"node": {"node_folder": "/"}}, {})["node"]
    assert not result["failed"] and result["supported"] is False
    assert result["npus"] == [] and result["holders"] is None
    assert re.match(r"no driver: ", result["unseen"][-1])
