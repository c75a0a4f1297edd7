# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook awx_setup with the real modules of awx.awx, against a simulated controller."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from awx.conftest import EXTENSION, ROOT
from awx.controller import KINDS, TOKEN, Controller
from playbooks.harness import clean_environment

PLAYBOOK = "modelarts.liteserver.awx_setup"
SECRET = "secretKeyThatNobodyMaySee0123456789"
INPUTS = {"region": "cn-north-4", "project_id": "p", "access_key": "AK", "secret_key": SECRET}
# A run that takes longer hangs.
RUN_SECONDS = 200
VARIABLES = {
    "awx_setup_project_url": "https://git.example.com/npu.git",
    "awx_setup_execution_environment": "registry.example.com/npu-ee:1",
    "awx_setup_instance_groups": ["default"],
    "awx_setup_schedule": {
        "rrule": "DTSTART;TZID=Europe/Berlin:20270106T020000 RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=WE",
        "extra_data": {"fleet_job_version": "24.1.rc3.10"},
    },
}
# How AWX finds the playbooks of a project: files at any depth whose lines begin plays or import them.
PLAYS = re.compile(r"^\s*-?\s*(hosts|(ansible\.builtin\.)?import_playbook):", re.MULTILINE)


@pytest.fixture(scope="module")
def controller() -> Iterator[Controller]:
    """A controller whose projects hold what the project of the collection holds."""
    project = EXTENSION / "project"
    found = [path for path in project.glob("**/*.yml") if PLAYS.search(path.read_text(encoding="utf-8"))]
    with Controller([str(path.relative_to(project)) for path in found]) as controller:
        yield controller


class Run:
    """A finished awx_setup.

    Attributes:
        changed: the tasks that changed something, in their order.
        writes: the requests to the controller that could change something.
    """

    def __init__(
        self,
        controller: Controller,
        directory: pathlib.Path,
        *arguments: str,
        variables: dict[str, Any],
        awx_awx: bool = True,
    ) -> None:
        before = len(controller.writes())
        collections = os.environ["ANSIBLE_COLLECTIONS_PATH"]
        done = subprocess.run(
            [
                *[str(pathlib.Path(sys.executable).parent / "ansible-playbook"), PLAYBOOK],
                *["-e", json.dumps(variables), *arguments],
            ],
            env={
                **clean_environment(directory),
                "CONTROLLER_HOST": controller.url,
                "CONTROLLER_OAUTH_TOKEN": TOKEN,
                "ANSIBLE_COLLECTIONS_PATH": collections + (f":{os.environ['AWX_VENV']}/collections" if awx_awx else ""),
                "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
                "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
                "COLUMNS": "200",
            },
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=RUN_SECONDS,
        )
        self.status = done.returncode
        self.output = done.stdout + done.stderr
        self.changed = []
        task = ""
        for line in done.stdout.splitlines():
            if match := re.match(r"TASK \[(.*)\]", line):
                task = match[1]
            elif line.startswith("changed:") and task not in self.changed:
                self.changed.append(task)
        self.writes = controller.writes()[before:]
        # -vvv is not needed for a secret to show: an error or a diff is enough.
        assert SECRET not in self.output
        assert "WARNING" not in self.output, self.output


def test_from_nothing_to_everything_and_nothing_twice(controller: Controller, tmp_path: pathlib.Path) -> None:
    """One story, because each of its steps stands on the one before."""
    plan = Run(controller, tmp_path, "--check", variables=VARIABLES)
    assert (plan.status, plan.writes) == (0, []), plan.output
    assert "Credential type" in plan.changed
    assert "would be created, because what it stands on does not exist yet: job templates" in plan.output

    first = Run(controller, tmp_path, variables=VARIABLES)
    assert first.status == 0, first.output
    assert controller.names("credential_types") == ["Huawei Cloud ModelArts"]
    for kind in ("credentials", "execution_environments", "projects", "inventories", "inventory_sources"):
        assert controller.names(kind) == ["Lite Server"]
    names = ["logs", "plan", "resume", "status", "upgrade"]
    assert controller.names("job_templates") == [f"Lite Server {name}" for name in names]
    check_what_is_there(controller)

    # Somebody fills in the credential, which is nobody else's business.
    credential = controller.named("credentials", "Lite Server")
    assert credential["inputs"] == {}
    credential["inputs"] = {"secret_key": SECRET}
    second = Run(controller, tmp_path, variables=VARIABLES)
    assert (second.status, second.changed, second.writes) == (0, [], []), second.output
    assert credential["inputs"] == {"secret_key": SECRET}

    # Somebody changes two things by hand, and the credential is given from now on.
    template = controller.named("job_templates", "Lite Server upgrade")
    controller.surveys[template["id"]]["spec"].pop()
    canary, fleet = (controller.named("workflow_job_template_nodes", name)["id"] for name in ("canary", "fleet"))
    controller.links["workflow_job_template_nodes", canary, "success_nodes"] = [fleet]
    given = {**VARIABLES, "awx_setup_credential_inputs": INPUTS}
    third = Run(controller, tmp_path, variables=given)
    assert third.status == 0, third.output
    assert third.changed == ["Credential", "Job templates", "Links between the nodes"]
    assert credential["inputs"] == INPUTS
    check_what_is_there(controller)

    plan = Run(controller, tmp_path, "--check", variables=given)
    assert (plan.status, plan.changed, plan.writes) == (0, [], []), plan.output


def check_what_is_there(controller: Controller) -> None:
    """The objects hold what the files and the variables say, and the workflow goes its way."""
    source = controller.named("inventory_sources", "Lite Server")
    assert (source["source_path"], source["overwrite"], source["update_on_launch"]) == ("liteserver.yml", True, True)
    assert (EXTENSION / "project" / source["source_path"]).is_file()
    for name in ("plan", "upgrade", "resume", "logs", "status"):
        template = controller.named("job_templates", f"Lite Server {name}")
        assert template["job_type"] == ("check" if name == "plan" else "run")
        assert template["allow_simultaneous"] is False
        assert controller.surveys[template["id"]]["spec"]
        assert controller.linked("job_templates", f"Lite Server {name}", "credentials") == ["Lite Server"]
        assert controller.linked("job_templates", f"Lite Server {name}", "instance_groups") == ["default"]
    nodes = "workflow_job_template_nodes"
    ways = {
        (name, link): controller.linked(nodes, name, link)
        for name in controller.names(nodes)
        for link in ("success_nodes", "failure_nodes", "always_nodes")
        if controller.linked(nodes, name, link)
    }
    assert ways == {
        ("plan", "success_nodes"): ["approve-plan"],
        ("approve-plan", "success_nodes"): ["canary"],
        ("canary", "success_nodes"): ["approve-fleet"],
        ("canary", "failure_nodes"): ["report"],
        ("approve-fleet", "success_nodes"): ["fleet"],
        ("fleet", "always_nodes"): ["report"],
    }
    runs = {}
    for name in controller.names(nodes):
        template = controller.named(nodes, name)["unified_job_template"]
        (kind,) = (kind for kind in KINDS if template in controller.objects[kind])
        runs[name] = (kind, controller.objects[kind][template]["name"])
    assert runs == {
        "plan": ("job_templates", "Lite Server plan"),
        "approve-plan": ("workflow_approval_templates", "Start the canary"),
        "canary": ("job_templates", "Lite Server upgrade"),
        "approve-fleet": ("workflow_approval_templates", "Start the fleet"),
        "fleet": ("job_templates", "Lite Server upgrade"),
        "report": ("job_templates", "Lite Server status"),
    }
    assert controller.named(nodes, "canary")["limit"] == "canary"
    assert controller.names("workflow_approval_templates") == ["Start the canary", "Start the fleet"]
    (schedule,) = controller.objects["schedules"].values()
    assert schedule["extra_data"] == {"fleet_job_version": "24.1.rc3.10"}


@pytest.mark.parametrize(
    "awx_awx, variables, text",
    [
        (False, VARIABLES, "ansible-galaxy collection install awx.awx"),
        (True, {}, "awx_setup_project_url: needed"),
    ],
)
def test_what_is_missing_is_named(
    controller: Controller, tmp_path: pathlib.Path, awx_awx: bool, variables: dict[str, Any], text: str
) -> None:
    run = Run(controller, tmp_path, variables=variables, awx_awx=awx_awx)
    assert run.status == 2
    assert text in run.output
    assert run.writes == []


def test_the_collection_does_not_depend_on_it() -> None:
    assert "dependencies: {}" in (ROOT / "galaxy.yml").read_text(encoding="utf-8")
