# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook awx_setup with the real modules of awx.awx, against a simulated controller."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from awx.conftest import EXTENSION, ROOT
from awx.controller import Controller
from awx.kinds import KINDS
from awx.setup_run import INPUTS, SECRET, VARIABLES, Run, project_files


@pytest.fixture(scope="module")
def controller() -> Iterator[Controller]:
    """A controller whose projects hold what the project of the collection holds."""
    with Controller(project_files()) as controller:
        yield controller


def test_from_nothing_to_everything_and_nothing_twice(controller: Controller, tmp_path: pathlib.Path) -> None:
    """One story, because each of its steps stands on the one before."""
    plan = Run(controller, tmp_path, "--check", variables=VARIABLES)
    assert (plan.status, plan.writes) == (0, []), plan.output
    assert "Credential type" in plan.changed
    assert "would be created, because what it stands on does not exist yet: job templates" in plan.output

    first = Run(controller, tmp_path, variables=VARIABLES)
    assert first.status == 0, first.output
    assert controller.names("credential_types") == ["Huawei Cloud ModelArts", "Machine"]
    for kind in ("credentials", "projects", "inventories", "inventory_sources"):
        assert controller.names(kind) == ["Lite Server"]
    assert controller.names("execution_environments") == ["Lite Server (Default)"]
    names = ["doctor", "failure report", "logs", "plan", "resume", "status", "upgrade"]
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

    # On a complete controller nothing would change. That a secret was rotated cannot be seen: it says so.
    rotated = {**given, "awx_setup_credential_inputs": {**INPUTS, "secret_key": "rotated"}}
    plan = Run(controller, tmp_path, "--check", variables=rotated)
    assert (plan.status, plan.changed, plan.writes) == (0, [], []), plan.output
    assert "-e awx_setup_update_secrets=true" in plan.output
    assert credential["inputs"] == INPUTS

    written = Run(controller, tmp_path, variables={**rotated, "awx_setup_update_secrets": True}, warns=True)
    assert (written.status, written.changed) == (0, ["Credential"]), written.output
    assert credential["inputs"] == {**INPUTS, "secret_key": "rotated"}
    assert "awx_setup_update_secrets" not in written.output


def check_what_is_there(controller: Controller) -> None:
    """The objects hold what the files and the variables say, and the workflow goes its way."""
    source = controller.named("inventory_sources", "Lite Server")
    assert (source["source_path"], source["overwrite"], source["update_on_launch"]) == ("liteserver.yml", True, True)
    # What was pushed is there with the next job.
    project = controller.named("projects", "Lite Server")
    assert (project["scm_update_on_launch"], project["scm_update_cache_timeout"]) == (True, 0)
    assert source["update_cache_timeout"] == 0
    assert (EXTENSION / "project" / source["source_path"]).is_file()
    for name in ("doctor", "plan", "upgrade", "resume", "logs", "status", "failure report"):
        template = controller.named("job_templates", f"Lite Server {name}")
        assert template["job_type"] == ("check" if name == "plan" else "run")
        assert template["allow_simultaneous"] is False
        # A check that is asked for must not run, and a plan must not become a run.
        assert template["ask_job_type_on_launch"] is (name in ("upgrade", "resume", "logs"))
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
        ("canary", "failure_nodes"): ["failure-report"],
        ("approve-fleet", "success_nodes"): ["fleet"],
        ("fleet", "success_nodes"): ["report"],
        ("fleet", "failure_nodes"): ["failure-report"],
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
        "failure-report": ("job_templates", "Lite Server failure report"),
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
        (
            True,
            {**VARIABLES, "awx_setup_notifications": [{"name": "chat", "events": ["success", "failure"]}]},
            "awx_setup_notifications, chat: events must be some of started, success, error and approvals",
        ),
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
