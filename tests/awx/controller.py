# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the REST API of AWX 24.6.1 that awx.awx uses: objects of a few kinds, lists, sub-lists, launches.

It refuses what AWX was seen to refuse, or refuses by its source, and these tests could get wrong: names that are taken,
references to nothing, fields and filters that no object of the kind has, a playbook that the project is not known to
hold, prompts that a template does not ask for, required questions without an answer, a change of the inputs of a
credential type in use, another organization for an execution environment. ``test_controller.py`` has a test for each.

What launches and workflows do is in ``launches.py`` and ``workflows.py``.

Not modelled:

- users, teams and permissions: whoever has the token may do everything;
- jobs: a launch is kept, and nothing runs. So neither the inventory nor the queue of AWX is there, nor
  ``allow_simultaneous``, caches of updates, or the order in which a project, an inventory and a job are updated;
- time: an update of a project has ended when it is asked for;
- pages of lists, filters other than equality, named URLs, deletion, copies, labels;
- what AWX does to values: encryption, except that secrets are not shown; defaults of other notifications than webhooks;
- sending notifications;
- automation controller, and other versions of AWX.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from aiohttp import web
from awx.kinds import LINKS
from awx.rules import Refused
from awx.schemas import survey_errors
from awx.store import Store, page

TOKEN = "controller-token"


class Controller(Store):
    """The API on a free port of the loopback address, in a thread of this process."""

    def __init__(self, playbooks: list[str]) -> None:
        super().__init__(playbooks)
        self.requests: list[tuple[str, str]] = []
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

    def named(self, kind: str, name: str, organization: int | None = None) -> dict[str, Any]:
        """One object, as it is kept."""
        (found,) = (
            each
            for each in self.objects[kind].values()
            if name in (each.get("name"), each.get("identifier")) and organization in (None, each.get("organization"))
        )
        return found

    def workflow(self, name: str) -> dict[str, dict[str, list[str]]]:
        """The nodes of a workflow and their links, by names."""
        number = self.named("workflow_job_templates", name)["id"]
        nodes = self.objects["workflow_job_template_nodes"]
        return {
            node["identifier"]: {
                link: [
                    nodes[each]["identifier"]
                    for each in self._linked_ids("workflow_job_template_nodes", node["id"], link)
                ]
                for link in LINKS["workflow_job_template_nodes"]
            }
            for node in nodes.values()
            if node["workflow_job_template"] == number
        }

    def linked(self, kind: str, name: str, link: str) -> list[str]:
        """The names in a sub-list of an object."""
        target = LINKS[kind][link]
        ids = self._linked_ids(kind, self.named(kind, name)["id"], link)
        return [self.objects[target][each].get("name") or self.objects[target][each]["identifier"] for each in ids]

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
            status, answer = refusal.status, refusal.body
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
            case "GET", ["project_updates", number]:
                return 200, self._updates[int(number)]
            case "GET", ["projects", number, "playbooks"]:
                return 200, self._known.get(int(number), [])
            case "POST", ["projects", number, "update"]:
                return 202, self._update_project(self.objects["projects"][int(number)])
            case "POST", ["job_templates" | "workflow_job_templates" as kind, number, "launch"]:
                return 201, self._launch(kind, self.objects[kind][int(number)], body)
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
                ids = self._linked_ids(kind, int(number), link)
                return 200, page([self._shown(LINKS[kind][link], self.objects[LINKS[kind][link]][i]) for i in ids])
            case "POST", [kind, number, link]:
                self._link(kind, int(number), link, body)
                return 204, None
        raise KeyError(method)
