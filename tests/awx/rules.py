# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX 24.6.1 refuses of an object, a launch configuration and a link; see ``controller.py``."""

from __future__ import annotations

import re
from typing import Any

from awx.kinds import KINDS, LINKS, REFERENCES, TEMPLATES, UNIQUE
from awx.launches import forgiven, take_launch
from awx.schemas import credential_inputs_errors, credential_type_errors

# type of a notification: (fields that are never shown, what AWX adds where they are missing)
NOTIFICATION_TYPES: dict[str, tuple[set[str], dict[str, Any]]] = {
    "slack": ({"token"}, {}),
    "webhook": (
        {"password"},
        {"http_method": "POST", "disable_ssl_verification": False, "username": "", "password": ""},
    ),
}


class Refused(Exception):
    """An answer that is no success.

    Args:
        body: of the answer.
        status: of the answer.
    """

    def __init__(self, body: Any, status: int = 400) -> None:
        super().__init__(body)
        self.body, self.status = body, status


class Rules:
    """Objects, and the checks of a new one or a change.

    Attributes:
        objects: {kind: {id: fields}}.
        links: {(kind, id, sub-list): ids}.
        surveys: {id of a template: survey}.
    """

    def __init__(self) -> None:
        self.objects: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in KINDS}
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[int, dict[str, Any]] = {}
        # Of each project its playbooks, as of its last update that succeeded.
        self._known: dict[int, list[str]] = {}

    def _linked_ids(self, kind: str, number: int, link: str) -> list[int]:
        return self.links.get((kind, number, link), [])

    def _kind_of(self, template: int) -> str:
        found = [kind for kind in TEMPLATES if template in self.objects[kind]]
        if not found:
            raise Refused({"unified_job_template": [f'Invalid pk "{template}" - object does not exist.']})
        return found[0]

    def _questions(self, template: dict[str, Any]) -> list[dict[str, Any]]:
        enabled = template.get("survey_enabled")
        return self.surveys.get(template["id"], {}).get("spec", []) if enabled else []

    def _checked(self, kind: str, item: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """The fields to set; refuses what a controller refuses."""
        # It is in every answer, and the module for nodes sends it back.
        body = {name: value for name, value in body.items() if name != "type"}
        self._refuse({name: ["no such field"]} for name in body if name not in KINDS[kind])
        new = {**item, **body}
        if kind == "credential_types" and item.get("id") and new["inputs"] != item["inputs"]:
            used = any(each["credential_type"] == item["id"] for each in self.objects["credentials"].values())
            if used:
                text = "Modifications to inputs are not allowed for credential types that are in use"
                raise Refused({"detail": text}, 403)
        if kind == "execution_environments" and item.get("id"):
            # Taking it away is allowed.
            moved = body.get("organization") not in (None, item["organization"])
            text = "Cannot change the organization of an execution environment"
            self._refuse([{"organization": [text]}] if moved else [])
        if kind == "job_templates" and new["project"] in self.objects["projects"]:
            # Not to be set: it is the project's.
            new["organization"] = body["organization"] = self.objects["projects"][new["project"]]["organization"]
        self._refuse(
            {name: [f'Invalid pk "{new[name]}" - object does not exist.']}
            for name, target in REFERENCES.items()
            if name in KINDS[kind] and new[name] is not None and new[name] not in self.objects[target]
        )
        unique = UNIQUE.get(kind, ("organization", "name"))
        same = [each for each in self.objects[kind].values() if all(each.get(f) == new.get(f) for f in unique)]
        if kind != "workflow_approval_templates":
            taken = any(each["id"] != item.get("id") for each in same)
            self._refuse([{"__all__": ["This combination already exists."]}] if taken else [])
        checks = {
            "credential_types": self._check_credential_type,
            "credentials": self._check_credential,
            "projects": self._check_project,
            "inventory_sources": self._check_inventory_source,
            "job_templates": self._check_job_template,
            "workflow_job_template_nodes": self._check_node,
            "schedules": self._check_schedule,
            "notification_templates": self._check_notification,
        }
        if kind in checks:
            checks[kind](new)
        return body

    @staticmethod
    def _refuse(errors: Any) -> None:
        for error in errors:
            raise Refused(error)

    def _check_credential_type(self, new: dict[str, Any]) -> None:
        self._refuse({"inputs": [error]} for error in credential_type_errors(new["inputs"], new["injectors"]))

    def _check_credential(self, new: dict[str, Any]) -> None:
        kind = self.objects["credential_types"][new["credential_type"]]
        self._refuse({"inputs": [error]} for error in credential_inputs_errors(kind["inputs"], new["inputs"]))

    def _check_project(self, new: dict[str, Any]) -> None:
        if new["scm_type"] == "git" and not new["scm_url"]:
            raise Refused({"scm_url": ["SCM URL is required."]})

    def _check_inventory_source(self, new: dict[str, Any]) -> None:
        if new["source"] == "scm" and not new["source_project"]:
            raise Refused({"source_project": ["Project required for scm type sources."]})

    def _check_job_template(self, new: dict[str, Any]) -> None:
        if new["project"] is None:
            raise Refused({"project": ["This field is required."]})
        if new["playbook"] not in self._known.get(new["project"], []):
            raise Refused({"playbook": ["Playbook not found for project."]})
        if new["inventory"] is None and not new["ask_inventory_on_launch"]:
            raise Refused({"inventory": ["Job Template must provide 'inventory' or allow prompting for it."]})

    def _check_node(self, new: dict[str, Any]) -> None:
        if new["workflow_job_template"] is None:
            raise Refused({"workflow_job_template": ["This field is required."]})
        self._check_prompts(new, node=True)

    def _check_schedule(self, new: dict[str, Any]) -> None:
        if not re.match(r"DTSTART(;TZID=[\w/+-]+)?:\d{8}T\d{6}Z? RRULE:.*INTERVAL=", new["rrule"]):
            raise Refused({"rrule": ["Valid DTSTART and INTERVAL required in rrule."]})
        self._check_prompts(new)

    def _check_prompts(self, new: dict[str, Any], node: bool = False) -> None:
        """What a template does not ask for cannot be given on its launch."""
        if new["unified_job_template"] is None:
            return
        template = self.objects[self._kind_of(new["unified_job_template"])][new["unified_job_template"]]
        given = {**new, "extra_vars": new["extra_data"]}
        _taken, _ignored, errors = take_launch(template, self._questions(template), given)
        if left := forgiven(errors, node=node):
            raise Refused({"extra_data" if name == "extra_vars" else name: error for name, error in left.items()})

    def _check_notification(self, new: dict[str, Any]) -> None:
        if new["notification_type"] not in NOTIFICATION_TYPES:
            raise Refused({"notification_type": ["Not modelled, or not valid."]})
        for name, value in NOTIFICATION_TYPES[new["notification_type"]][1].items():
            new["notification_configuration"].setdefault(name, value)

    def _check_credential_link(self, template: int, other: int) -> None:
        credentials = self.objects["credentials"]
        kinds = {
            credentials[each]["credential_type"] for each in self._linked_ids("job_templates", template, "credentials")
        }
        if credentials[other]["credential_type"] in kinds:
            raise Refused({"error": "Cannot assign multiple credentials of one type."})

    def _check_link(self, kind: str, number: int, link: str, other: int) -> None:
        nodes = self.objects[kind]
        if nodes[number]["workflow_job_template"] != nodes[other]["workflow_job_template"]:
            raise Refused({"detail": "Nodes are of two workflows."})
        if any(other in self.links.get((kind, number, each), []) for each in LINKS[kind] if each != link):
            raise Refused({"Error": "Relationship not allowed."})
        seen, ahead = set(), [other]
        while ahead:
            node = ahead.pop()
            if node == number:
                raise Refused({"Error": "Cycle detected."})
            if node not in seen:
                seen.add(node)
                ahead += [each for name in LINKS[kind] for each in self.links.get((kind, node, name), [])]
