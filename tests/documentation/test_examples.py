# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The EXAMPLES of every plugin, and the commands at the head of every playbook, are run as they stand."""

from __future__ import annotations

import ast
import pathlib
import re

import pytest
import yaml
from documentation.blocks import REPOSITORY
from documentation.pages import DEFAULT_INVENTORY, NAMES
from documentation.session import Session
from simulator.process import Simulator

PLUGINS = sorted(path for path in (REPOSITORY / "plugins").glob("*/*.py") if "\nEXAMPLES = " in path.read_text())
NOT_RUN = {
    "fleet_job_batch": "the requests of a step of role fleet_job; the role's own pages run it",
    "fleet_job_step": "a step of role fleet_job, which cannot stand alone; the role's own pages run it",
    "fleet_job_waves": "what the first play of hdk_upgrade computed; test_commands_of_a_playbook runs it",
    "npu_info": "asks a node with NPUs; tests/node runs them on a fake one",
}
# Playbooks that nobody starts against the service alone, and what runs them.
ELSEWHERE = {
    "awx_setup": "tests/awx",
    "eda_follow_up": "tests/eda",
    "eda_next_step": "tests/eda",
    "npu_versions": "tests/node",
    "run_report": "tests/rollout",
}
PLAYBOOKS = sorted(path for path in (REPOSITORY / "playbooks").glob("*.yml") if path.stem not in ELSEWHERE)
SERVICE = "a2b1d5f0-1c61-4f1b-9a7b-2f8d3c9b1e55"
# The writes that reach the API; a plugin that is not named here only reads.
WRITES = {
    "liteserver_job": {"create_job": 2, "delete_jobs": 1},
    "liteserver_power": {"start_server": 1, "reboot_server": 1, "stop_server": 1},
    "selected_hosts": {"create_job": 1},
    "waves": {"create_job": 2},
}
# What the documented values lead to, in the output.
SHOWN = {
    "liteserver_info": ["liteserver-00002 10.0.0.2"],
    "liteserver_job_template_info": ["ASCEND_SNT9B"],
    "liteserver_software_info": ["ascend_snt9b23"],
    "liteserver_service_info": ["http://10.0.0.1:8080/v1/chat/completions"],
    "job_lines": ["liteserver-00001"],
}


def examples(path: pathlib.Path) -> str:
    """The EXAMPLES of a plugin, with the simulator's ids for those of the text."""
    (text,) = [
        node.value.value
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "EXAMPLES"
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    for written, real in {**NAMES, "hps-01": "supernode-001", "hps-02": "supernode-002"}.items():
        text = text.replace(written, real)
    return text


def session_of(simulator: Simulator, folder: pathlib.Path) -> Session:
    """A session in a fleet in which all that the examples speak of is there."""
    simulator.reset(servers=12, job_duration=0)
    simulator.seed_service(id=SERVICE)
    simulator.server(1, status="STOPPED")
    items = [{"type": "COMMON", "spec": {}}]
    simulator.seed([{"name": "seeded", "items": items, "servers": {simulator.server_id(1): "PROCESSING"}}])
    session = Session(simulator, folder, {})
    inventory = session.folder / "inventory"
    inventory.mkdir()
    (inventory / "npu.liteserver.yml").write_text(DEFAULT_INVENTORY)
    return session


def test_there_are_examples() -> None:
    names = {path.stem for path in PLUGINS}
    assert {path.stem for path in (REPOSITORY / "plugins" / "modules").glob("*.py")} <= names
    assert set(NOT_RUN) | set(WRITES) | set(SHOWN) <= names
    for name, tests in ELSEWHERE.items():
        assert any(name.removeprefix("eda_") in path.read_text() for path in (REPOSITORY / tests).glob("*.py")), name


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_examples(simulator: Simulator, tmp_path: pathlib.Path, path: pathlib.Path) -> None:
    if path.stem in NOT_RUN:
        return
    session = session_of(simulator, tmp_path)
    text = examples(path)
    if path.parent.name == "inventory":
        inventories(session, text)
        return
    content = yaml.safe_load(text)
    assert content
    if "hosts" not in content[0]:
        content = [{"hosts": "localhost", "gather_facts": False, "tasks": content}]
    if path.stem in ("selected_hosts", "waves"):
        simulator.server(1, status="RUNNING")
    (session.folder / "play.yml").write_text(yaml.safe_dump(content, sort_keys=False))
    output = session.shell(path.stem, "ansible-playbook -i inventory play.yml")
    warnings = re.findall(r"\[WARNING\]: (.*)", output)
    # A parameter in an example is the user's to name; the simulator's template is made up.
    assert [text for text in warnings if not text.startswith("template_check")] == [], output
    counts = simulator.counts()
    writes = WRITES.get(path.stem, {})
    assert {name: counts[name] for name in writes} == writes
    assert counts["writes"] == sum(writes.values())
    for shown in SHOWN.get(path.stem, []):
        assert shown in output, output


def inventories(session: Session, text: str) -> None:
    """Each document is an inventory file of its own."""
    documents = text.split("\n---\n")
    assert len(documents) >= 6
    keys = session.folder.parent / "home" / ".liteserver"
    keys.mkdir(parents=True)
    for option, name in (("access_key", "HUAWEICLOUD_SDK_AK"), ("secret_key", "HUAWEICLOUD_SDK_SK")):
        (keys / option).write_text(session.environment[name])
    for number, document in enumerate(documents):
        name = f"{number}.liteserver.yml"
        (session.folder / name).write_text(document)
        unset = "unset HUAWEICLOUD_SDK_AK HUAWEICLOUD_SDK_SK; " if "access_key" in document else ""
        output = session.shell(document, f"({unset}ansible-inventory -i {name} --list)")
        assert "liteserver-0000" in output and "WARNING" not in output, output


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_commands_of_a_playbook(simulator: Simulator, tmp_path: pathlib.Path, path: pathlib.Path) -> None:
    head = path.read_text(encoding="utf-8").partition("\n- name:")[0]
    commands = re.findall(r"^#   (ansible-playbook .*)$", head, re.MULTILINE)
    assert commands
    session = session_of(simulator, tmp_path)
    simulator.server(1, status="RUNNING")
    for command in commands:
        command = command.replace("npu-07", "liteserver-00007")
        assert "PLAY RECAP" in session.shell(path.stem, command)
