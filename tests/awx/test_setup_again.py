# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook awx_setup after a failure and in a second organization, and how its workflow ends."""

from __future__ import annotations

import copy
import pathlib
from typing import Any

from awx.controller import Controller
from awx.launches import forgiven, slices, take_launch
from awx.setup_run import VARIABLES, Run, project_files
from awx.workflows import run_workflow

HOSTS = [f"liteserver-{n:05d}" for n in range(1, 13)]
NOTICES = [
    {"name": "chat", "type": "slack", "configuration": {"token": "t", "channels": ["#npu"]}, "events": ["error"]},
    {
        "name": "hook",
        "type": "webhook",
        "configuration": {"url": "https://example.com", "headers": {}},
        "events": ["success", "approvals"],
    },
]
GIVEN = {**VARIABLES, "awx_setup_slices": 4, "awx_setup_notifications": NOTICES}
WORKFLOW = "Lite Server fleet upgrade"


def test_it_recovers_and_keeps_organizations_apart(tmp_path: pathlib.Path) -> None:
    """One story, because each of its steps stands on the one before."""
    with Controller([name for name in project_files() if name != "failure.yml"]) as controller:
        after_a_failed_sync(controller, tmp_path)
        workflow_ends_as_its_servers_do(controller)
        canary_is_one_slice(controller)
        events_have_notifications(controller)
        machine_credential(controller, tmp_path)
        second_organization(controller, tmp_path)
        changed_credential_type(controller, tmp_path)


def after_a_failed_sync(controller: Controller, tmp_path: pathlib.Path) -> None:
    """AWX tries nothing again by itself."""
    controller.sync_fails = True
    first = Run(controller, tmp_path, variables=GIVEN)
    assert first.status == 2
    assert "The project Lite Server could not be synced with https://git.example.com/npu.git" in first.output
    assert "run awx_setup again" in first.output

    controller.sync_fails = False
    second = Run(controller, tmp_path, variables=GIVEN)
    assert second.status == 2
    assert "https://git.example.com/npu.git lacks failure.yml" in second.output
    assert controller.names("job_templates") == []

    controller.playbooks = project_files()
    third = Run(controller, tmp_path, variables=GIVEN)
    assert third.status == 0, third.output
    assert len(controller.names("job_templates")) == 7


def workflow_ends_as_its_servers_do(controller: Controller) -> None:
    """With a report in any case."""
    nodes = controller.workflow(WORKFLOW)

    def ends(**failing: str) -> tuple[str, list[str]]:
        # The playbook of the report of a failure always fails; see test_surveys.py.
        run = run_workflow(nodes, lambda name: {"failure-report": "failed", **failing}.get(name, "successful"))
        return run.status, list(run.ran)

    to_canary = ["plan", "approve-plan", "canary"]
    to_fleet = [*to_canary, "approve-fleet", "fleet"]
    assert ends() == ("successful", [*to_fleet, "report"])
    for outcome in ("failed", "canceled", "error"):
        assert ends(fleet=outcome) == ("failed", [*to_fleet, "failure-report"])
        assert ends(canary=outcome) == ("failed", [*to_canary, "failure-report"])
        assert ends(plan=outcome) == ("failed", ["plan"])
    # Denied, or not approved in time.
    assert ends(**{"approve-plan": "failed"}) == ("failed", ["plan", "approve-plan"])
    assert ends(**{"approve-fleet": "failed"}) == ("failed", [*to_canary, "approve-fleet"])


def canary_is_one_slice(controller: Controller) -> None:
    """Whatever the slices of its template are: those without a host of the canary would fail."""
    template = controller.named("job_templates", "Lite Server upgrade")
    assert template["job_slice_count"] == 4
    counts = {}
    for name in ("canary", "fleet"):
        node = controller.named("workflow_job_template_nodes", name)
        taken, _ignored, errors = take_launch(template, [], {**node, "extra_vars": {}})
        assert forgiven(errors, node=True) == {}
        counts[name] = {**template, **taken}["job_slice_count"]
    assert counts == {"canary": 1, "fleet": 4}
    canary = {HOSTS[4], HOSTS[5]}
    assert [set(hosts) for hosts in slices(HOSTS, counts["canary"], limit=canary)] == [canary]
    assert all(slices(HOSTS, counts["fleet"]))
    # As it would be otherwise.
    assert [] in slices(HOSTS, counts["fleet"], limit=canary)


def events_have_notifications(controller: Controller) -> None:
    """Those of the workflow."""
    attached = {
        event: controller.linked("workflow_job_templates", WORKFLOW, f"notification_templates_{event}")
        for event in ("started", "success", "error", "approvals")
    }
    assert attached == {
        "started": [],
        "success": ["Lite Server hook"],
        "error": ["Lite Server chat"],
        "approvals": ["Lite Server hook"],
    }
    assert controller.named("notification_templates", "Lite Server chat")["notification_type"] == "slack"


def machine_credential(controller: Controller, tmp_path: pathlib.Path) -> None:
    """It logs in on the servers, in the templates whose playbooks do. Whose it is, and of which type, is looked at."""
    machine, cloud = (
        controller.named("credential_types", name)["id"] for name in ("Machine", "Huawei Cloud ModelArts")
    )
    default = controller.named("organizations", "Default")["id"]
    other = controller.add("organizations", name="Other")["id"]
    controller.add("credentials", name="npu login", organization=other, credential_type=machine)
    controller.add("credentials", name="npu login", organization=default, credential_type=cloud)
    given = {**GIVEN, "awx_setup_machine_credential": "npu login"}
    for arguments in (["--check"], []):
        refused = Run(controller, tmp_path, *arguments, variables=given)
        assert (refused.status, refused.writes) == (2, [])
        assert "awx_setup_machine_credential: 0 credentials of type Machine have the name npu login" in refused.output

    own = controller.add("credentials", name="npu login", organization=default, credential_type=machine)["id"]
    run = Run(controller, tmp_path, variables=given)
    assert (run.status, run.changed) == (0, ["Job templates"]), run.output
    again = Run(controller, tmp_path, variables=given)
    assert (again.status, again.changed, again.writes) == (0, [], []), again.output
    attached = {
        template["name"].removeprefix("Lite Server "): controller.links["job_templates", number, "credentials"]
        for number, template in controller.objects["job_templates"].items()
    }
    with_login = ["doctor", "plan", "resume", "upgrade"]
    assert sorted(name for name, credentials in attached.items() if own in credentials) == with_login
    assert {len(credentials) for credentials in attached.values()} == {1, 2}

    # Without it, it is taken off: the variables are what is to be.
    run = Run(controller, tmp_path, variables=GIVEN)
    assert (run.status, run.changed) == (0, ["Job templates"]), run.output
    assert not any(own in credentials for key, credentials in controller.links.items() if key[2] == "credentials")
    for number in [each["id"] for each in controller.objects["credentials"].values() if each["name"] == "npu login"]:
        del controller.objects["credentials"][number]


def second_organization(controller: Controller, tmp_path: pathlib.Path) -> None:
    """With the same names, and the first one's runs go on as before."""
    first = controller.named("organizations", "Default")["id"]
    second = controller.add("organizations", name="Second")["id"]
    before = copy.deepcopy((controller.objects, controller.links))
    run = Run(controller, tmp_path, variables={**GIVEN, "awx_setup_organization": "Second"})
    assert run.status == 0, run.output
    unchanged(before, controller)
    for kind in ("projects", "inventories", "workflow_job_templates", "credentials", "notification_templates"):
        organizations = [each["organization"] for each in controller.objects[kind].values()]
        assert organizations.count(first) == organizations.count(second) > 0
    # Each one's template stands on its own objects.
    for organization in (first, second):
        template = controller.named("job_templates", "Lite Server upgrade", organization)
        for field, kind in (("project", "projects"), ("inventory", "inventories")):
            assert template[field] == controller.named(kind, "Lite Server", organization)["id"]
        environment = controller.objects["execution_environments"][template["execution_environment"]]
        assert environment["organization"] == organization
        (credential,) = controller.links["job_templates", template["id"], "credentials"]
        assert controller.objects["credentials"][credential]["organization"] == organization
    again = Run(controller, tmp_path, variables=GIVEN)
    assert (again.status, again.changed, again.writes) == (0, [], []), again.output
    nowhere = Run(controller, tmp_path, variables={**GIVEN, "awx_setup_organization": "Third"})
    assert (nowhere.status, nowhere.writes) == (2, [])
    assert "there is no organization Third" in nowhere.output


def unchanged(before: tuple[Any, Any], controller: Controller) -> None:
    """What was there is there as it was."""
    for kind, objects in before[0].items():
        for number, item in objects.items():
            assert controller.objects[kind][number] == item
    for key, links in before[1].items():
        assert controller.links[key] == links


def changed_credential_type(controller: Controller, tmp_path: pathlib.Path) -> None:
    """AWX does not let it change while it is in use, so the way out is said before anything is written."""
    kind = controller.named("credential_types", "Huawei Cloud ModelArts")
    kind["inputs"]["fields"].pop()
    for arguments in (["--check"], []):
        refused = Run(controller, tmp_path, *arguments, variables=GIVEN)
        assert (refused.status, refused.writes) == (2, [])
        assert "rename the type and these credentials in AWX" in refused.output
        assert "in use, here by Lite Server." in refused.output
    kind["name"] = "Huawei Cloud ModelArts (old)"
    for credential in controller.objects["credentials"].values():
        credential["name"] += " (old)"
    run = Run(controller, tmp_path, variables=GIVEN)
    assert run.status == 0, run.output
    template = controller.named(
        "job_templates", "Lite Server upgrade", controller.named("organizations", "Default")["id"]
    )
    (number,) = controller.links["job_templates", template["id"], "credentials"]
    credential = controller.objects["credentials"][number]
    assert credential["name"] == "Lite Server"
    assert controller.objects["credential_types"][credential["credential_type"]]["name"] == "Huawei Cloud ModelArts"
