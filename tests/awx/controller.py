# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a controller's REST API that awx.awx uses: objects of a few kinds, lists with filters, and sub-lists.

It refuses what a real controller refuses and these tests could get wrong: names that are taken, references to nothing,
fields and filters that no object of the kind has, a playbook that the project does not hold, prompts that a template
does not ask for.
"""

from __future__ import annotations

import asyncio
import copy
import json
import re
import threading
from typing import Any

from aiohttp import web
from awx.schemas import credential_inputs_errors, credential_type_errors, survey_errors

TOKEN = "controller-token"
SECRET = "$encrypted$"
ASKS = ("variables", "limit", "tags", "skip_tags", "labels", "inventory", "scm_branch")
JOB_ASKS = (
    *ASKS,
    *("diff_mode", "job_type", "verbosity", "credential", "execution_environment", "forks", "instance_groups"),
    *("job_slice_count", "timeout"),
)
PROMPTS = ("scm_branch", "job_type", "job_tags", "skip_tags", "limit", "diff_mode", "verbosity", "forks", "timeout")


def _asks(names: tuple[str, ...]) -> dict[str, Any]:
    return {f"ask_{name}_on_launch": False for name in names}


# kind: {field: its value where none is given}
KINDS: dict[str, dict[str, Any]] = {
    "organizations": {"name": "", "description": ""},
    "instance_groups": {"name": ""},
    "credential_types": {"name": "", "description": "", "kind": "", "inputs": {}, "injectors": {}, "managed": False},
    "credentials": {"name": "", "description": "", "organization": None, "credential_type": None, "inputs": {}},
    "execution_environments": {
        "name": "",
        "description": "",
        "organization": None,
        "image": "",
        "credential": None,
        "pull": "",
    },
    "projects": {
        "name": "",
        "description": "",
        "organization": None,
        "scm_type": "",
        "scm_url": "",
        "scm_branch": "",
        "scm_refspec": "",
        "scm_clean": False,
        "scm_update_on_launch": False,
        "scm_update_cache_timeout": 0,
        "credential": None,
        "default_environment": None,
        "allow_override": False,
        "timeout": 0,
        "scm_revision": "0123456789abcdef",
        "status": "successful",
    },
    "inventories": {
        "name": "",
        "description": "",
        "organization": None,
        "kind": "",
        "host_filter": None,
        "variables": "",
    },
    "inventory_sources": {
        "name": "",
        "description": "",
        "inventory": None,
        "source": "",
        "source_path": "",
        "source_vars": "",
        "source_project": None,
        "credential": None,
        "execution_environment": None,
        "overwrite": False,
        "overwrite_vars": False,
        "update_on_launch": False,
        "update_cache_timeout": 0,
        "timeout": 0,
        "verbosity": 1,
        "limit": "",
        "scm_branch": "",
    },
    "job_templates": {
        "name": "",
        "description": "",
        "organization": None,
        "job_type": "run",
        "inventory": None,
        "project": None,
        "playbook": "",
        "scm_branch": "",
        "forks": 0,
        "limit": "",
        "verbosity": 0,
        "extra_vars": "",
        "job_tags": "",
        "skip_tags": "",
        "timeout": 0,
        "execution_environment": None,
        "survey_enabled": False,
        "diff_mode": False,
        "become_enabled": False,
        "allow_simultaneous": False,
        "job_slice_count": 1,
        **_asks(JOB_ASKS),
    },
    "workflow_job_templates": {
        "name": "",
        "description": "",
        "organization": None,
        "extra_vars": "",
        "survey_enabled": False,
        "allow_simultaneous": False,
        "inventory": None,
        "limit": None,
        "scm_branch": None,
        **_asks(ASKS),
    },
    "workflow_job_template_nodes": {
        "identifier": "",
        "workflow_job_template": None,
        "unified_job_template": None,
        "extra_data": {},
        "all_parents_must_converge": False,
        "inventory": None,
        "execution_environment": None,
        "job_slice_count": None,
        **dict.fromkeys(PROMPTS),
    },
    "workflow_approval_templates": {"name": "", "description": "", "timeout": 0},
    "schedules": {
        "name": "",
        "description": "",
        "rrule": "",
        "unified_job_template": None,
        "extra_data": {},
        "enabled": True,
        "inventory": None,
        **dict.fromkeys(PROMPTS),
    },
}
# Templates of every kind share their ids and one list.
TEMPLATES = ("projects", "inventory_sources", "job_templates", "workflow_job_templates", "workflow_approval_templates")
# kind: {sub-list: kind of what is in it}
LINKS = {
    "job_templates": {"credentials": "credentials", "instance_groups": "instance_groups"},
    "workflow_job_template_nodes": {
        **dict.fromkeys(("success_nodes", "failure_nodes", "always_nodes"), "workflow_job_template_nodes"),
    },
}
# field: kind that it refers to
REFERENCES = {
    "organization": "organizations",
    "credential_type": "credential_types",
    "credential": "credentials",
    "project": "projects",
    "source_project": "projects",
    "inventory": "inventories",
    "execution_environment": "execution_environments",
    "default_environment": "execution_environments",
    "workflow_job_template": "workflow_job_templates",
}
# What tells objects of a kind apart.
UNIQUE = {
    "workflow_job_template_nodes": ("workflow_job_template", "identifier"),
    "credentials": ("organization", "name", "credential_type"),
    "inventory_sources": ("inventory", "name"),
    "schedules": ("unified_job_template", "name"),
    "credential_types": ("name", "kind"),
}


class Refused(Exception):
    """An answer 400 with this body."""


class Controller:
    """The API on a free port of the loopback address, in a thread of this process.

    Args:
        playbooks: what a project is found to hold.
    """

    def __init__(self, playbooks: list[str]) -> None:
        self.playbooks = playbooks
        self.requests: list[tuple[str, str]] = []
        self._ids = iter(range(1, 1_000_000))
        self.objects: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in KINDS}
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[int, dict[str, Any]] = {}
        self._add("organizations", {"name": "Default"})
        self._add("instance_groups", {"name": "default"})
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Controller:
        self._thread.start()
        assert self._started.wait(30)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)

    def writes(self) -> list[tuple[str, str]]:
        """The requests that could change something."""
        return [request for request in self.requests if request[0] != "GET"]

    def names(self, kind: str) -> list[str]:
        """The names of all objects of a kind."""
        return sorted(each.get("name") or each["identifier"] for each in self.objects[kind].values())

    def named(self, kind: str, name: str) -> dict[str, Any]:
        """One object, as it is kept."""
        return next(each for each in self.objects[kind].values() if name in (each.get("name"), each.get("identifier")))

    def linked(self, kind: str, name: str, link: str) -> list[str]:
        """The names in a sub-list of an object."""
        target = LINKS[kind][link]
        ids = self.links.get((kind, self.named(kind, name)["id"], link), [])
        return [self.objects[target][each].get("name") or self.objects[target][each]["identifier"] for each in ids]

    # --- HTTP ---

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._started.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.path))
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"detail": "Authentication credentials were not provided."}, status=401)
        parts = request.path.strip("/").split("/")
        if parts[:2] != ["api", "v2"] or not request.path.endswith("/"):
            return web.json_response({"detail": "Not found."}, status=404)
        body = await request.json() if request.can_read_body else {}
        try:
            status, answer = self._route(request.method, parts[2:], dict(request.query), body)
        except Refused as refusal:
            status, answer = 400, refusal.args[0]
        except KeyError:
            status, answer = 404, {"detail": "Not found."}
        headers = {"X-API-Product-Name": "AWX", "X-API-Product-Version": "24.6.1"}
        if answer is None:
            return web.Response(status=status, headers=headers)
        return web.json_response(answer, status=status, headers=headers)

    def _route(self, method: str, parts: list[str], query: dict[str, str], body: Any) -> tuple[int, Any]:
        match method, parts:
            case "GET", [kind]:
                return 200, self._list(kind, query)
            case "POST", [kind]:
                return 201, self._shown(kind, self._create(kind, body))
            case "GET", ["project_updates", _number]:
                return 200, {"status": "successful"}
            case "GET", [kind, number]:
                return 200, self._shown(kind, self.objects[kind][int(number)])
            case "PATCH", [kind, number]:
                return 200, self._shown(kind, self._change(kind, self.objects[kind][int(number)], body))
            case "GET", ["job_templates" | "workflow_job_templates", number, "survey_spec"]:
                return 200, self.surveys.get(int(number), {})
            case "POST", ["job_templates" | "workflow_job_templates", number, "survey_spec"]:
                self._refuse({"error": error} for error in survey_errors(body))
                self.surveys[int(number)] = body
                return 200, None
            case "POST", ["workflow_job_template_nodes", number, "create_approval_template"]:
                node = self.objects["workflow_job_template_nodes"][int(number)]
                approval = self._create("workflow_approval_templates", body)
                node["unified_job_template"] = approval["id"]
                return 201, self._shown("workflow_approval_templates", approval)
            case "GET", [kind, number, link]:
                ids = self.links.get((kind, int(number), link), [])
                return 200, _page([self._shown(LINKS[kind][link], self.objects[LINKS[kind][link]][i]) for i in ids])
            case "POST", [kind, number, link]:
                self._link(kind, int(number), link, body)
                return 204, None
        raise KeyError(method)

    # --- objects ---

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
            if name not in ("id", "type") and not any(name in KINDS[each] for each in kinds):
                raise Refused({"detail": f"{kind} has no field named '{name}'"})
        return _page(
            [
                item
                for item in found
                if all(str(item.get(name)) == value for name, value in filters.items())
                and (not alternatives or any(str(item.get(name)) == value for name, value in alternatives.items()))
            ]
        )

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
            shown["inputs"] = {key: SECRET if key in secrets else value for key, value in item["inputs"].items()}
        if kind == "projects" and item["scm_type"]:
            shown["summary_fields"]["current_update"] = {"id": number}
        return shown

    def _kind_of(self, template: int) -> str:
        found = [kind for kind in TEMPLATES if template in self.objects[kind]]
        if not found:
            raise Refused({"unified_job_template": [f'Invalid pk "{template}" - object does not exist.']})
        return found[0]

    def _add(self, kind: str, values: dict[str, Any]) -> dict[str, Any]:
        item = {"id": next(self._ids), **copy.deepcopy(KINDS[kind]), **values}
        self.objects[kind][item["id"]] = item
        return item

    def _create(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._add(kind, self._checked(kind, copy.deepcopy(KINDS[kind]), body))

    def _change(self, kind: str, item: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if kind == "credentials" and "inputs" in body:
            kept = {key: item["inputs"].get(key) if value == SECRET else value for key, value in body["inputs"].items()}
            body = {**body, "inputs": kept}
        item.update(self._checked(kind, item, body))
        return item

    def _checked(self, kind: str, item: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """The fields to set; refuses what a controller refuses."""
        # It is in every answer, and the module for nodes sends it back.
        body = {name: value for name, value in body.items() if name != "type"}
        self._refuse({name: ["no such field"]} for name in body if name not in KINDS[kind])
        new = {**item, **body}
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
        if new["project"] is None or new["playbook"] not in self.playbooks:
            raise Refused({"playbook": ["Playbook not found for project."]})
        if new["inventory"] is None and not new["ask_inventory_on_launch"]:
            raise Refused({"inventory": ["Job Template must provide 'inventory' or allow prompting for it."]})

    def _check_node(self, new: dict[str, Any]) -> None:
        if new["workflow_job_template"] is None:
            raise Refused({"workflow_job_template": ["This field is required."]})
        self._check_prompts(new)

    def _check_schedule(self, new: dict[str, Any]) -> None:
        if not re.match(r"DTSTART(;TZID=[\w/+-]+)?:\d{8}T\d{6}Z? RRULE:.*INTERVAL=", new["rrule"]):
            raise Refused({"rrule": ["Valid DTSTART and INTERVAL required in rrule."]})
        self._check_prompts(new)

    def _check_prompts(self, new: dict[str, Any]) -> None:
        """What a template does not ask for cannot be given on its launch."""
        template = new["unified_job_template"]
        if template is None:
            return
        asks = self.objects[self._kind_of(template)][template]
        self._refuse(
            {name: ["Field is not configured to prompt on launch."]}
            for name in PROMPTS
            if new[name] is not None and not asks.get(f"ask_{name.removeprefix('job_')}_on_launch")
        )
        questions = {question["variable"] for question in self.surveys.get(template, {}).get("spec", [])}
        unknown = sorted(set(new["extra_data"]) - questions)
        if unknown and not asks.get("ask_variables_on_launch"):
            raise Refused({"extra_vars": [f"Variables {', '.join(unknown)} are not allowed on launch."]})

    # --- sub-lists ---

    def _link(self, kind: str, number: int, link: str, body: dict[str, Any]) -> None:
        target, other = LINKS[kind][link], int(body["id"])
        if number not in self.objects[kind] or other not in self.objects[target]:
            raise KeyError(number)
        links = self.links.setdefault((kind, number, link), [])
        if body.get("disassociate"):
            links.remove(other)
            return
        if target == kind:
            self._check_link(kind, number, link, other)
        links.append(other)

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


def _page(items: list[dict[str, Any]]) -> dict[str, Any]:
    return json.loads(json.dumps({"count": len(items), "next": None, "previous": None, "results": items}))
