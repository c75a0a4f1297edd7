# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of a controller: lists, changes, updates of projects, launches, sub-lists; see ``controller.py``."""

from __future__ import annotations

import copy
import json
from typing import Any

from awx.kinds import KINDS, LINKS, REFERENCES, TEMPLATES
from awx.launches import forgiven, job_variables, take_launch
from awx.rules import NOTIFICATION_TYPES, Refused, Rules

SECRET = "$encrypted$"
# The fields of a project whose change starts an update.
SOURCE_OF_PROJECT = {"scm_type", "scm_url", "scm_branch", "scm_refspec"}


class Store(Rules):
    """The objects.

    Args:
        playbooks: what the repository of every project holds; known to a project only after its next update.

    Attributes:
        sync_fails: whether updates of projects fail.
        launches: of each launch its job, as it would run.
    """

    def __init__(self, playbooks: list[str]) -> None:
        super().__init__()
        self.playbooks = playbooks
        self.sync_fails = False
        self.launches: list[dict[str, Any]] = []
        self._updates: dict[int, dict[str, Any]] = {}
        self._ids = iter(range(1, 1_000_000))
        self.add("organizations", name="Default")
        self.add("instance_groups", name="default")
        # Comes with AWX. Its other fields, which nothing here fills in, are left out.
        fields = [{"id": "username", "label": "Username", "type": "string"}]
        self.add("credential_types", name="Machine", managed=True, inputs={"fields": fields})["kind"] = "ssh"

    def add(self, kind: str, /, **values: Any) -> dict[str, Any]:
        """Make an object, past all checks."""
        item = {"id": next(self._ids), **copy.deepcopy(KINDS[kind]), **values}
        self.objects[kind][item["id"]] = item
        return item

    def _list(self, kind: str, query: dict[str, str]) -> dict[str, Any]:
        kinds = TEMPLATES if kind == "unified_job_templates" else (kind,)
        if kinds[0] not in self.objects:
            raise KeyError(kind)
        found = [self._shown(each, item) for each in kinds for item in self.objects[each].values()]
        alternatives = {name[4:]: value for name, value in query.items() if name.startswith("or__")}
        filters = {name: value for name, value in query.items() if name not in ("page", "page_size")}
        for name in alternatives:
            del filters["or__" + name]
        for name in [*filters, *alternatives]:
            own = name.split("__")[0]
            if own not in ("id", "type") and not any(own in KINDS[each] for each in kinds):
                raise Refused({"detail": f"{kind} has no field named '{name}'"})
        return page(
            [
                item
                for item in found
                if all(self._value(item, name) == value for name, value in filters.items())
                and (not alternatives or any(self._value(item, name) == value for name, value in alternatives.items()))
            ]
        )

    def _value(self, item: dict[str, Any], name: str) -> str:
        """A field, or with ``reference__field`` one of the object that it refers to."""
        own, *fields = name.split("__")
        if not fields:
            return str(item.get(own))
        return str(self.objects[REFERENCES[own]].get(item.get(own), {}).get(fields[0]))

    def _shown(self, kind: str, item: dict[str, Any]) -> dict[str, Any]:
        number = item["id"]
        url = f"/api/v2/{kind}/{number}/"
        shown = copy.deepcopy(item)
        shown.update(url=url, type=kind.removesuffix("s"), related={}, summary_fields={})
        if kind == "inventories":
            shown["type"] = "inventory"
        if kind in ("job_templates", "workflow_job_templates"):
            shown["related"]["survey_spec"] = url + "survey_spec/"
        if kind == "workflow_job_template_nodes" and item["unified_job_template"]:
            of = self._kind_of(item["unified_job_template"])
            shown["related"]["unified_job_template"] = "/api/v2/{}/{}/".format(of, item["unified_job_template"])
        if kind == "credentials":
            fields = self.objects["credential_types"][item["credential_type"]]["inputs"].get("fields", [])
            secrets = {field["id"] for field in fields if field.get("secret")}
            shown["inputs"] = {
                key: SECRET if key in secrets and value else value for key, value in item["inputs"].items()
            }
        if kind == "projects" and item["scm_type"]:
            shown["related"]["update"] = url + "update/"
            # Only an answer to what has just started an update has it: by the next request it has ended.
            if update := item.get("_update"):
                shown["summary_fields"]["current_update"] = {"id": update}
            shown.pop("_update", None)
        if kind == "notification_templates":
            secrets = NOTIFICATION_TYPES[item["notification_type"]][0]
            configuration = item["notification_configuration"]
            shown["notification_configuration"] = {
                key: SECRET if key in secrets and value else value for key, value in configuration.items()
            }
        return shown

    def _create(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        item = self.add(kind, **self._checked(kind, copy.deepcopy(KINDS[kind]), body))
        if kind == "projects" and item["scm_type"]:
            return {**item, "_update": self._update_project(item)["id"]}
        return item

    def _change(self, kind: str, item: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if kind == "credentials" and "inputs" in body:
            kept = {key: item["inputs"].get(key) if value == SECRET else value for key, value in body["inputs"].items()}
            body = {**body, "inputs": kept}
        checked = self._checked(kind, item, body)
        moved = kind == "projects" and any(item[name] != checked[name] for name in SOURCE_OF_PROJECT & set(checked))
        item.update(checked)
        return {**item, "_update": self._update_project(item)["id"]} if moved else item

    def _update_project(self, project: dict[str, Any]) -> dict[str, Any]:
        """Its playbooks are known afterwards; after a failure it knows what it knew before."""
        number = next(self._ids)
        if not self.sync_fails:
            self._known[project["id"]] = list(self.playbooks)
            project["scm_revision"] = f"{number:040x}"
        project["status"] = "failed" if self.sync_fails else "successful"
        self._updates[number] = {
            "id": number,
            "url": f"/api/v2/project_updates/{number}/",
            "status": project["status"],
            "failed": self.sync_fails,
            "finished": "2027-01-06T02:00:00Z",
            "scm_revision": project["scm_revision"],
        }
        return self._updates[number]

    def _launch(self, kind: str, template: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        questions = self._questions(template)
        taken, ignored, errors = take_launch(template, questions, body)
        self._refuse([left] if (left := forgiven(errors, launch=True)) else [])
        if kind == "job_templates" and self.objects["projects"][template["project"]]["status"] == "failed":
            raise Refused({"playbook": ["The last update of the project failed."]})
        variables = job_variables(questions, taken.pop("extra_vars", {}))
        self.launches.append({"template": template["name"], **template, **taken, "extra_vars": variables})
        return {"job": next(self._ids), "ignored_fields": ignored}

    def _link(self, kind: str, number: int, link: str, body: dict[str, Any]) -> None:
        target, other = LINKS[kind][link], int(body["id"])
        if number not in self.objects[kind] or other not in self.objects[target]:
            raise KeyError(number)
        if kind == "job_templates" and link == "credentials" and not body.get("disassociate"):
            self._check_credential_link(number, other)
        links = self.links.setdefault((kind, number, link), [])
        if body.get("disassociate"):
            links.remove(other)
            return
        if target == kind:
            self._check_link(kind, number, link, other)
        links.append(other)


def page(items: list[dict[str, Any]]) -> dict[str, Any]:
    return json.loads(json.dumps({"count": len(items), "next": None, "previous": None, "results": items}))
