# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated controller does what AWX 24.6.1 was seen to do, or does by its source.

Seen on a running AWX 24.6.1: all but the tests that name a source.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from awx.controller import TOKEN, Controller
from awx.launches import job_variables, order_of_a_run, slices, variables_file
from awx.workflows import run_workflow

TEXT = {"type": "text", "question_name": "q", "required": True}


class Client:
    """Requests to a controller."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """(status, body) of an answer."""
        request = urllib.request.Request(
            f"{self.controller.url}/api/v2/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def make(self, kind: str, /, **body: Any) -> dict[str, Any]:
        """Create an object, which must be taken."""
        status, answer = self.ask("POST", f"{kind}/", body)
        assert status == 201, answer
        return answer


@pytest.fixture
def client() -> Iterator[Client]:
    """Of a controller whose repository holds one playbook."""
    with Controller(["site.yml"]) as controller:
        yield Client(controller)


@pytest.fixture
def template(client: Client) -> dict[str, Any]:
    """A job template with a survey: one question without a default, one with, both required."""
    project = client.make("projects", name="p", organization=1, scm_type="git", scm_url="https://git.example.com/p.git")
    inventory = client.make("inventories", name="i", organization=1)
    body = {"name": "t", "project": project["id"], "inventory": inventory["id"], "playbook": "site.yml"}
    made = client.make("job_templates", **body, survey_enabled=True, ask_limit_on_launch=True, job_slice_count=4)
    questions = [{**TEXT, "variable": "version"}, {**TEXT, "variable": "hosts", "default": "all"}]
    spec = {"name": "", "description": "", "spec": questions}
    assert client.ask("POST", f"job_templates/{made['id']}/survey_spec/", spec)[0] == 200
    return made


def test_a_default_is_no_answer_to_a_required_question(client: Client, template: dict[str, Any]) -> None:
    status, answer = client.ask("POST", f"job_templates/{template['id']}/launch/", {"extra_vars": {"version": "1"}})
    assert (status, answer) == (400, {"variables_needed_to_start": ["'hosts' value missing"]})
    schedule = {
        "name": "s",
        "rrule": "DTSTART:20270106T020000Z RRULE:FREQ=WEEKLY;INTERVAL=1",
        "unified_job_template": template["id"],
        "extra_data": {"version": "1"},
    }
    assert client.ask("POST", "schedules/", schedule) == (status, answer)
    schedule["extra_data"] = {"version": "1", "hosts": "all"}
    assert client.ask("POST", "schedules/", schedule)[0] == 201


def test_a_node_needs_no_answers(client: Client, template: dict[str, Any]) -> None:
    """Source: WorkflowJobTemplateNodeSerializer.exclude_errors."""
    workflow = client.make("workflow_job_templates", name="w", organization=1)
    node = {"workflow_job_template": workflow["id"], "unified_job_template": template["id"], "identifier": "n"}
    assert client.ask("POST", "workflow_job_template_nodes/", node)[0] == 201
    # But nothing that its template does not ask for, unless it is what the template has anyway.
    node["identifier"] = "m"
    assert client.ask("POST", "workflow_job_template_nodes/", {**node, "job_slice_count": 1})[0] == 400
    assert client.ask("POST", "workflow_job_template_nodes/", {**node, "job_slice_count": 4})[0] == 201


def test_what_a_template_does_not_ask_for_is_ignored_by_a_launch(client: Client, template: dict[str, Any]) -> None:
    """A check becomes a run."""
    given = {
        "job_type": "check",
        "limit": "canary",
        "extra_vars": {"version": "1", "hosts": "all", "unasked": 1},
    }
    status, answer = client.ask("POST", f"job_templates/{template['id']}/launch/", given)
    assert (status, answer["ignored_fields"]) == (201, {"job_type": "check", "extra_vars": {"unasked": 1}})
    (job,) = client.controller.launches
    assert (job["job_type"], job["limit"], job["extra_vars"]) == ("run", "canary", {"version": "1", "hosts": "all"})


def test_a_template_that_asks_for_the_job_type_takes_it(client: Client, template: dict[str, Any]) -> None:
    assert client.ask("PATCH", f"job_templates/{template['id']}/", {"ask_job_type_on_launch": True})[0] == 200
    given = {"job_type": "check", "extra_vars": {"version": "1", "hosts": "all"}}
    status, answer = client.ask("POST", f"job_templates/{template['id']}/launch/", given)
    assert (status, answer["ignored_fields"]) == (201, {})
    assert client.controller.launches[0]["job_type"] == "check"


def test_playbooks_are_known_after_an_update_that_succeeds(client: Client) -> None:
    client.controller.sync_fails = True
    project = client.make("projects", name="p", organization=1, scm_type="git", scm_url="https://git.example.com/p.git")
    path = f"projects/{project['id']}/"
    update = project["summary_fields"]["current_update"]["id"]
    assert client.ask("GET", f"project_updates/{update}/")[1]["status"] == "failed"
    shown = client.ask("GET", path)[1]
    assert (shown["status"], shown["summary_fields"]) == ("failed", {})
    assert client.ask("GET", path + "playbooks/") == (200, [])
    inventory = client.make("inventories", name="i", organization=1)
    body = {"name": "t", "project": project["id"], "inventory": inventory["id"], "playbook": "site.yml"}
    assert client.ask("POST", "job_templates/", body) == (400, {"playbook": ["Playbook not found for project."]})

    # Neither time nor the repository change that, and a change that is none starts no update.
    client.controller.sync_fails = False
    assert client.ask("PATCH", path, {"description": "d"})[0] == 200
    assert client.ask("GET", path + "playbooks/") == (200, [])

    status, answer = client.ask("POST", path + "update/")
    assert (status, answer["status"], answer["failed"]) == (202, "successful", False)
    assert client.ask("GET", path + "playbooks/") == (200, ["site.yml"])
    assert client.ask("POST", "job_templates/", body)[0] == 201

    # A new file is known after the next one.
    client.controller.playbooks = ["site.yml", "new.yml"]
    assert client.ask("GET", path + "playbooks/") == (200, ["site.yml"])
    assert client.ask("PATCH", path, {"scm_branch": "main"})[0] == 200
    assert client.ask("GET", path + "playbooks/") == (200, ["site.yml", "new.yml"])

    # After a failure the old ones are still known, but nothing is launched.
    client.controller.sync_fails = True
    client.ask("POST", path + "update/")
    assert client.ask("GET", path + "playbooks/") == (200, ["site.yml", "new.yml"])
    template = client.controller.named("job_templates", "t")["id"]
    assert client.ask("POST", f"job_templates/{template}/launch/", {})[0] == 400


def test_inputs_of_a_credential_type_in_use_stay(client: Client) -> None:
    field = {"id": "region", "type": "string", "label": "Region"}
    more = {"fields": [field, {**field, "id": "zone"}]}
    kind = client.make("credential_types", name="k", kind="cloud", inputs={"fields": [field]}, injectors={})
    path = f"credential_types/{kind['id']}/"
    assert client.ask("PATCH", path, {"inputs": more})[0] == 200
    client.make("credentials", name="c", organization=1, credential_type=kind["id"])
    status, answer = client.ask("PATCH", path, {"inputs": {"fields": [field]}})
    assert (status, "in use" in answer["detail"]) == (403, True)
    assert client.ask("PATCH", path, {"name": "renamed", "inputs": more})[0] == 200


def test_names_are_unique_in_an_organization_or_everywhere(client: Client) -> None:
    second = client.controller.add("organizations", name="Second")["id"]
    for kind in ("projects", "inventories", "workflow_job_templates"):
        client.make(kind, name="x", organization=1)
        client.make(kind, name="x", organization=second)
        assert client.ask("GET", f"{kind}/?name=x")[1]["count"] == 2
        assert client.ask("GET", f"{kind}/?name=x&organization={second}")[1]["count"] == 1
        assert client.ask("POST", f"{kind}/", {"name": "x", "organization": 1})[0] == 400
    first = client.make("execution_environments", name="x", organization=1, image="a")
    body = {"name": "x", "organization": second, "image": "a"}
    assert client.ask("POST", "execution_environments/", body)[0] == 400
    path = f"execution_environments/{first['id']}/"
    assert client.ask("PATCH", path, {"organization": second})[0] == 400
    assert client.ask("PATCH", path, {"image": "b"})[0] == 200


def test_secrets_are_not_shown(client: Client) -> None:
    """Source: NotificationTemplateSerializer, for the defaults of a webhook."""
    body = {"name": "n", "organization": 1, "notification_type": "webhook"}
    shown = client.make("notification_templates", **body, notification_configuration={"url": "u", "password": "p"})
    assert shown["notification_configuration"] == {
        "url": "u",
        "password": "$encrypted$",
        "http_method": "POST",
        "disable_ssl_verification": False,
        "username": "",
    }


def test_answers_are_written_as_strings_that_are_not_to_be_trusted() -> None:
    """Source: safe_yaml.safe_dump; the file was seen in a job's folder."""
    variables = {"fleet_job_name": "007", "fleet_job_canary": 1, "empty": "", "lines": "a\nb", "quoted": "it's"}
    text = variables_file(variables)
    assert text.splitlines()[:3] == [
        "!unsafe 'fleet_job_name': !unsafe '007'",
        "!unsafe 'fleet_job_canary': 1",
        "!unsafe 'empty': !unsafe ''",
    ]

    class Loader(yaml.SafeLoader):
        """Reads the strings as they are."""

    Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
    assert yaml.load(text, Loader) == variables


def test_defaults_of_a_survey_are_variables_of_a_job() -> None:
    """Source: SurveyJobTemplateMixin._update_unified_job_kwargs."""
    questions = [
        {**TEXT, "variable": "a", "default": "1"},
        {**TEXT, "variable": "b", "default": "", "min": 1},
        {**TEXT, "variable": "c"},
    ]
    assert job_variables(questions, {}) == {"a": "1"}
    assert job_variables(questions, {"a": "2", "c": "3"}) == {"a": "2", "c": "3"}


def test_slices_are_dealt_before_the_limit() -> None:
    hosts = [f"h{n}" for n in range(5)]
    assert slices(hosts, 2) == [["h0", "h2", "h4"], ["h1", "h3"]]
    assert slices(hosts, 2, limit={"h0"}) == [["h0"], []]
    assert slices(hosts, 9) == [[each] for each in hosts]
    assert slices([], 9) == [[]]


def test_hosts_come_in_another_order_each_time() -> None:
    hosts = [f"h{n}" for n in range(20)]
    first, second = order_of_a_run(hosts, 1), order_of_a_run(hosts, 2)
    assert first != second
    assert sorted(first) == sorted(second) == sorted(hosts)


# name: {kind of link: names}
CHAIN: dict[str, dict[str, list[str]]] = {"a": {"success_nodes": ["b"], "failure_nodes": ["c"]}, "b": {}, "c": {}}


@pytest.mark.parametrize(
    "links, failing, status, ran",
    [
        (CHAIN, {}, "successful", ["a", "b"]),
        # A failure with a way that goes on counts as handled, and the workflow as successful.
        (CHAIN, {"a": "failed"}, "successful", ["a", "c"]),
        (CHAIN, {"a": "canceled"}, "successful", ["a", "c"]),
        (CHAIN, {"b": "failed"}, "failed", ["a", "b"]),
        (CHAIN, {"a": "failed", "c": "failed"}, "failed", ["a", "c"]),
        ({"a": {"always_nodes": ["b"]}, "b": {}}, {"a": "failed"}, "successful", ["a", "b"]),
        ({"a": {"success_nodes": ["b"]}, "b": {}}, {"a": "failed"}, "failed", ["a"]),
        # A node with two parents runs once, when both have ended or are passed over.
        (
            {
                "a": {"success_nodes": ["b"], "failure_nodes": ["d"]},
                "b": {"success_nodes": ["c"], "failure_nodes": ["d"]},
                "c": {},
                "d": {},
            },
            {"a": "failed"},
            "successful",
            ["a", "d"],
        ),
    ],
)
def test_a_workflow_fails_by_failures_that_nothing_handles(
    links: dict[str, dict[str, list[str]]], failing: dict[str, str], status: str, ran: list[str]
) -> None:
    run = run_workflow(links, lambda name: failing.get(name, "successful"))
    assert (run.status, list(run.ran)) == (status, ran)
