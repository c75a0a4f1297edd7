# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role ``npu_node`` by real SSH: each entry point alone, what it stops and starts, and what it remembers."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from node import fake_node
from node.fake_node import CONTAINER, OLD_DRIVER, RELEASES, Tree, healthy, in_state
from node.sshd import Nodes
from playbooks.harness import clean_environment, recording

ROLE = "modelarts.liteserver.npu_node"
MEMORY = "var/lib/modelarts-liteserver/maintenance.json"
DRAIN = {"npu_node_drain": ["docker", "services", "holders"], "npu_node_services": ["npu-exporter", "idle-service"]}
STOPPED = ["systemctl stop npu-exporter", "docker stop serving"]
STARTED = ["docker start serving", "systemctl start npu-exporter"]


def at_work(layout: str = "910B", npus: int = 4) -> Tree:
    """A node with an exporter, a service that does not run, a container with work, and the service's agent."""
    state = healthy(layout, npus)
    state["tools"].append("systemctl")
    state["services"] = {"npu-exporter": "active", "idle-service": "inactive", "docker": "active"}
    state["containers"] = [
        {"id": CONTAINER, "name": "serving", "pid": 999, "running": True, "devices": ["/dev/davinci1"]},
        {"id": "5d" * 32, "name": "agent", "pid": 998, "running": True, "devices": ["/dev/fuse"]},
    ]
    exporter = {
        "name": "npu-exporter",
        "open": [],
        "mapped": ["/dev/hisi_hdc"],
        "cgroup": "0::/x",
        "of": "npu-exporter",
    }
    work = {"name": "python", "open": ["/dev/davinci1"], "cgroup": f"0::/docker/{CONTAINER}", "of": "serving"}
    state["proc"].update({"77": exporter, "999": work})
    return state


class Book:
    """Runs entry points of the role over nodes; ``home`` is what the controller keeps."""

    def __init__(self, folder: pathlib.Path, nodes: Nodes) -> None:
        self.folder, self.nodes = folder, nodes
        self.home = folder / "home"
        self.environment: dict[str, str] = {}
        self.said_by_others: tuple[str, ...] = ()  # parts of the warnings that are not this collection's
        self._count = 0

    def run(self, *entries: str, arguments: tuple[str, ...] = (), **variables: Any) -> Done:
        """Run entry points one after the other, on each node."""
        self._count += 1
        folder = self.folder / f"run-{self._count}"
        folder.mkdir()
        hosts = {host: self.nodes.variables(host) for host in self.nodes.node}
        (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
        tasks = [
            {"name": entry, "ansible.builtin.import_role": {"name": ROLE, "tasks_from": entry}} for entry in entries
        ]
        waits = {"npu_node_settle": 0, "npu_node_timeout": 20, "npu_node_idle_timeout": 0}
        play = {
            "name": "Test",
            "hosts": "all",
            "gather_facts": False,
            "module_defaults": {"ansible.builtin.service": {"use": "ansible.builtin.systemd"}},
            "vars": {**waits, **variables},
            "tasks": tasks,
        }
        (folder / "play.json").write_text(json.dumps([play]))
        (folder / "record").touch()
        run = subprocess.run(
            [
                str(pathlib.Path(sys.executable).parent / "ansible-playbook"),
                "-i",
                "hosts.json",
                *arguments,
                "play.json",
            ],
            cwd=folder,
            env={
                **clean_environment(folder),
                **recording(folder / "record"),
                "ANSIBLE_HOME": str(self.home),
                **self.environment,
            },
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        lines = [json.loads(line) for line in (folder / "record").read_text().splitlines()]
        text = run.stdout + run.stderr
        text = "".join(line for line in text.splitlines(True) if not any(part in line for part in self.said_by_others))
        assert "Traceback" not in text and "WARNING" not in text and "DEPRECAT" not in text, text
        return Done(run.returncode, text, [line for line in lines if "task" in line])

    def memory(self, host: str) -> Any:
        """What a node remembers."""
        return json.loads((self.nodes.node[host].folder / MEMORY).read_text())

    def log(self, host: str) -> list[str]:
        """What was stopped and started on a node."""
        return self.nodes.node[host].state.get("log", [])


class Done:
    """A run that has ended."""

    def __init__(self, status: int, output: str, events: list[dict[str, Any]]) -> None:
        self.status, self.output, self.events = status, output, events

    def of(self, task: str) -> list[dict[str, Any]]:
        """The results of a task."""
        return [event["result"] for event in self.events if event["task"].split(" : ")[-1] == task]

    @property
    def changed(self) -> list[str]:
        """The tasks that changed something."""
        return [
            e["task"].split(" : ")[-1] for e in self.events if e["result"].get("changed") and e["status"] != "skipped"
        ]

    @property
    def text(self) -> str:
        """The messages of all failures."""
        return " ".join(str(e["result"].get("msg")) for e in self.events if e["status"] in ("failed", "ignored"))


@pytest.fixture
def book(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> Iterator[Book]:
    """One node, in the state that the test asks for (at work by default)."""
    state = getattr(request, "param", None) or at_work()
    with Nodes(tmp_path, {"node-1": state}) as nodes:
        yield Book(tmp_path, nodes)


def test_a_maintenance(book: Book) -> None:
    """Drain, snapshot, job, verify, health, return; each a second time changes nothing."""
    drained = book.run("drain", **DRAIN)
    assert drained.status == 0, drained.output
    assert book.log("node-1") == STOPPED
    memory = book.memory("node-1")
    assert memory["drained"] == {"services": ["npu-exporter"], "containers": [{"id": CONTAINER, "name": "serving"}]}
    (copy,) = (book.home / "modelarts.liteserver" / "nodes").iterdir()
    assert json.loads(copy.read_text()) == memory
    assert copy.stat().st_mode & 0o777 == 0o600
    again = book.run("drain", **DRAIN)
    assert (again.status, again.changed, book.memory("node-1")["drained"]) == (0, [], memory["drained"])

    assert book.run("snapshot").changed == ["Remember the node as it is"]
    assert book.run("snapshot").changed == []

    refused = book.run("return")
    assert refused.status == 2 and "has not passed 'health'" in refused.text
    assert book.run("verify", npu_node_version=RELEASES["910B"][1]).status == 0
    refused = book.run("return")
    assert refused.status == 2 and "has passed 'verify' alone" in refused.text
    assert book.log("node-1") == STOPPED

    assert book.run("health", npu_node_version=RELEASES["910B"][1].upper()).status == 0
    returned = book.run("return")
    assert returned.status == 0, returned.output
    assert book.log("node-1") == STOPPED + STARTED
    assert book.memory("node-1")["state"] == "closed"
    assert json.loads(copy.read_text())["state"] == "closed"
    assert (book.run("return").changed, book.log("node-1")) == ([], STOPPED + STARTED)


def test_check_mode_tells_and_stops_nothing(book: Book) -> None:
    run = book.run("drain", "snapshot", arguments=("--check",), **DRAIN)
    assert run.status == 0, run.output
    assert book.log("node-1") == [] and not (book.nodes.node["node-1"].folder / MEMORY).exists()
    assert not (book.home / "modelarts.liteserver" / "nodes").exists()
    assert run.of("Stop the containers that hold an NPU")[0]["containers"] == ["serving"]
    assert {holder["name"] for holder in run.of("Wait until nobody holds an NPU")[0]["holders"]} == {
        "python",
        "npu-exporter",
    }
    assert "Remember the services that run" in run.changed


def test_what_was_stopped_in_two_drains_is_returned(book: Book) -> None:
    """As after a run that was killed between the two."""
    assert book.run("drain", npu_node_drain=["services"], npu_node_services=["npu-exporter"]).status == 0
    assert book.run("drain", **DRAIN).status == 0
    assert book.memory("node-1")["drained"]["services"] == ["npu-exporter"]
    assert book.run("health", "return").status == 0
    assert book.log("node-1") == STOPPED + STARTED


def test_a_failed_health_closes_the_way_back(book: Book) -> None:
    """Passed once, then not: nothing is returned; and a job may not pass for the snapshot."""
    node = book.nodes.node["node-1"]
    assert book.run("drain", "snapshot", "health", **DRAIN).status == 0
    npus = node.state["npus"]
    npus[1]["chips"][0].update(health="Alarm", codes=["80C9800A"])
    node.change(npus=npus)
    run = book.run("snapshot", "health")
    assert run.status == 2 and "unhealthy: NPU 1: health Alarm; NPU 1: error code" in run.text, run.output
    assert "has not passed 'health'" in book.run("return").text
    npus[1]["chips"][0].update(health="OK", codes=[])
    node.change(npus=npus)
    assert book.run("health", "return").status == 0
    assert book.log("node-1")[-2:] == STARTED


def test_after_a_restart_health_has_to_pass_again(book: Book) -> None:
    node = book.nodes.node["node-1"]
    assert book.run("drain", "snapshot", "health", **DRAIN).status == 0
    files = {**node.state["files"], "/proc/sys/kernel/random/boot_id": "0b5ce0aa-94f9-4c1f-9a53-3f1b1f3f6c12\n"}
    node.change(files=files)
    assert "was restarted since it passed 'health'" in book.run("return").text
    run = book.run("health", "return")
    assert run.status == 0
    assert "the node was restarted since the snapshot" in run.of("Ask the node what it runs")[0]["notes"]


@pytest.mark.parametrize("book", [in_state("910B", fake_node.busy_process)], indirect=True)
def test_whoever_holds_an_npu_is_named(book: Book) -> None:
    run = book.run("drain", npu_node_drain=["docker", "holders"])
    assert run.status == 2 and "node-1: an NPU is held by python (pid 4321)" in run.text


@pytest.mark.parametrize("book", [in_state("910B", fake_node.not_root)], indirect=True)
def test_unknown_holders_are_no_idle_node(book: Book) -> None:
    run = book.run("drain", npu_node_drain=["holders"])
    assert run.status == 2 and "who holds an NPU is not known" in run.text


def test_a_container_that_would_be_gone_is_not_stopped(book: Book) -> None:
    node = book.nodes.node["node-1"]
    containers = node.state["containers"]
    containers[0]["auto_remove"] = True
    node.change(containers=containers)
    run = book.run("drain", npu_node_drain=["docker"])
    assert run.status == 2 and "containers serving would be gone once stopped" in run.text
    assert book.log("node-1") == []


@pytest.mark.parametrize("name", ["NodeTaskHub", "k8s_device-plugin_x", "kept", "node-task-hub-agent"])
def test_containers_that_are_never_stopped(name: str, book: Book) -> None:
    node = book.nodes.node["node-1"]
    containers = node.state["containers"]
    containers[0]["name"] = name
    proc = {**node.state["proc"], "999": {**node.state["proc"]["999"], "of": name}}
    node.change(containers=containers, proc=proc)
    run = book.run("drain", npu_node_drain=["docker"], npu_node_keep=["kept"])
    assert run.status == 0 and book.log("node-1") == []
    assert run.of("Stop the containers that hold an NPU")[0]["kept"] == [name]


@pytest.mark.parametrize("name", ["docker", "containerd.service", "NodeTaskHub", "kubelet", "idle-service"])
def test_services_that_are_never_stopped(name: str, book: Book) -> None:
    node = book.nodes.node["node-1"]
    node.change(services={name.removesuffix(".service"): "active"})
    run = book.run("drain", npu_node_drain=["services"], npu_node_services=[name], npu_node_keep=["idle-service"])
    assert run.status == 2 and f"{name} is never stopped" in run.text, run.output
    assert book.log("node-1") == []


def test_what_the_node_has_lost_the_controller_knows(book: Book) -> None:
    assert book.run("drain", **DRAIN).status == 0
    (book.nodes.node["node-1"].folder / MEMORY).unlink()
    assert book.run("health", "return").status == 0
    assert book.log("node-1") == STOPPED + STARTED


def test_an_old_copy_of_another_controller_returns_nothing(book: Book) -> None:
    assert book.run("drain", **DRAIN).status == 0
    old = book.home
    book.home = book.folder / "other"
    assert book.run("health", "return").status == 0
    book.home = old
    assert book.run("health", "return").changed == []
    assert book.log("node-1") == STOPPED + STARTED


def test_a_broken_memory_is_an_error(book: Book) -> None:
    path = book.nodes.node["node-1"].folder / MEMORY
    path.parent.mkdir(parents=True)
    path.write_text('{"schema_version": 1}')
    for entry in ("drain", "snapshot", "health", "return"):
        run = book.run(entry, **{**DRAIN, "npu_node_timeout": 0})
        assert run.status == 2 and "maintenance.json" in run.text, run.output
    assert book.log("node-1") == []


def test_a_container_that_is_gone_is_not_forgotten(book: Book) -> None:
    node = book.nodes.node["node-1"]
    assert book.run("drain", "health", **DRAIN).status == 0
    node.change(containers=[each for each in node.state["containers"] if each["name"] != "serving"])
    run = book.run("return")
    assert run.status == 2 and "No such container" in run.text
    assert book.memory("node-1")["state"] == "open"


def test_an_old_version_is_a_mismatch(book: Book) -> None:
    node = book.nodes.node["node-1"]
    npus = node.state["npus"]
    npus[3]["driver"] = OLD_DRIVER
    node.change(npus=npus)
    run = book.run("verify", npu_node_version=RELEASES["910B"][1])
    assert run.status == 2 and f"node-1: mismatch: runs {OLD_DRIVER} on NPU 3" in run.text


def test_a_node_that_restarts_is_waited_for(book: Book) -> None:
    node = book.nodes.node["node-1"]
    assert book.run("snapshot").status == 0
    node.change(down_for=4)
    run = book.run("verify")
    assert run.status == 0, run.output
    assert node.state["down_for"] == 0


def test_a_node_that_stays_away_is_unknown(book: Book) -> None:
    book.nodes.node["node-1"].change(down_for=10**6)
    run = book.run("health", npu_node_timeout=3)
    assert run.status == 2 and "node-1: unknown: the node cannot be reached" in run.text, run.output
