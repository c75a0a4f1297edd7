# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of the service, without HTTP: each takes a Call and returns the answer's JSON.

Every operation is a plain function that does its work at once, so that a fault can stand
exactly before or after it.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from . import catalog, errors
from .paging import page
from .servers import POWER_ACTIONS, Server
from .state import World

_NAME = re.compile(r"[-_.a-zA-Z0-9]{1,64}")


@dataclasses.dataclass(frozen=True)
class Call:
    """One request: ``params`` from the path, ``query``, and the raw ``body``."""

    world: World
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object, else the 400 answer."""
        if not self.body:
            raise errors.invalid("the request body must not be empty")
        try:
            value = json.loads(self.body)
        except ValueError:
            raise errors.invalid("the request body is not valid JSON") from None
        if not isinstance(value, dict):
            raise errors.invalid("the request body must be a JSON object")
        return value


def _name_field(body: dict[str, Any], field: str) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise errors.invalid(f"{field} is required and must match ^[-_.a-zA-Z0-9]{{1,64}}$")
    return value


def _id_list(body: dict[str, Any], field: str) -> list[str]:
    value = body.get(field)
    if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
        raise errors.invalid(f"{field} is required and must be a list of strings that is not empty")
    return value


def _items(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The items as they are kept: type, and spec if one was given."""
    items = body.get("items")
    if not isinstance(items, list) or not items:
        raise errors.invalid("items is required and must be a list that is not empty")
    kept = []
    for index, item in enumerate(items):
        if not isinstance(item, dict) or not isinstance(item.get("type"), str) or not item["type"]:
            raise errors.invalid(f"items[{index}].type is required and must be a string")
        result: dict[str, Any] = {"type": item["type"]}
        spec = item.get("spec")
        if spec is not None:
            if not isinstance(spec, dict):
                raise errors.invalid(f"items[{index}].spec must be an object")
            for name, value in spec.items():
                # The documentation has a map of strings; a number is no string.
                if not isinstance(value, str):
                    raise errors.invalid(f"items[{index}].spec.{name} must be a string")
            result["spec"] = spec
        kept.append(result)
    return kept


# Jobs


def create_job(call: Call) -> Any:
    """POST jobs."""
    body, world = call.json_object(), call.world
    name, type_ = _name_field(body, "name"), _name_field(body, "type")
    server_ids, items = _id_list(body, "server_ids"), _items(body)
    description = body.get("description")
    if description is not None and not isinstance(description, str):
        raise errors.invalid("description must be a string")
    is_reboot = body.get("is_reboot")
    if is_reboot is not None and not isinstance(is_reboot, bool):
        raise errors.invalid("is_reboot must be true or false")
    for identifier in server_ids:
        world.server(identifier)
    if world.settings.unique_names and world.job_name_exists(name):
        raise errors.invalid(f"job name '{name}' already exists")
    job = world.create_job(name, description or "", type_, bool(is_reboot), items, server_ids)
    return world.show_job(job, without_tasks=world.settings.create_answer == "empty_tasks")


def list_jobs(call: Call) -> Any:
    """GET jobs. All filters must hold; ``type`` is compared with the type that the job is kept under."""
    world, query = call.world, call.query
    settings, now = world.settings, world.clock.now()
    jobs = world.listed_jobs(query)
    if "id" in query:
        jobs = [job for job in jobs if job.id == query["id"]]
    if "name" in query and settings.name_filter != "none":
        wanted = query["name"]
        if settings.name_filter == "exact":
            jobs = [job for job in jobs if job.name == wanted]
        else:
            jobs = [job for job in jobs if wanted in job.name]
    if "type" in query:
        jobs = [job for job in jobs if job.stored_type == query["type"]]
    if "status" in query:
        jobs = [job for job in jobs if job.status(now, settings) == query["status"]]
    if "visible" in query:
        if query["visible"] not in ("true", "false"):
            raise errors.invalid("visible must be true or false")
        # No call makes a job invisible.
        if query["visible"] == "false":
            jobs = []
    envelope = page(jobs, query, settings.paging, settings.page_size, world.show_job_summary)
    return {**envelope, "data": None} if settings.null_data and not jobs else envelope


def get_job(call: Call) -> Any:
    """GET jobs/{id}."""
    return call.world.show_job(call.world.shown_job(call.params["id"]))


def delete_jobs(call: Call) -> Any:
    """DELETE jobs, ids in the body. One unknown id refuses the whole request; so does an empty list."""
    world = call.world
    now = world.clock.now()
    jobs = [world.job(identifier) for identifier in dict.fromkeys(_id_list(call.json_object(), "job_ids"))]
    if world.settings.delete_running == "refuse":
        for job in jobs:
            if job.deleted_at is None and job.ends > now:
                raise errors.not_supported(f"Job {job.id} is still running, does not support delete.")
    for job in jobs:
        if job.deleted_at is None:
            job.deleted_at = now
    return page(jobs, {}, "all", 1, world.show_job_summary)


# Templates, services, software


def list_templates(call: Call) -> Any:
    """GET jobs/templates. Filters compare whole values; so the live service does."""
    templates = [
        template
        for template in catalog.TEMPLATES
        if all(template[name] == call.query[name] for name in ("id", "name", "type") if name in call.query)
    ]
    settings = call.world.settings

    def show(template: dict[str, Any]) -> dict[str, Any]:
        return {name: template[name] for name in ("id", "name", "description", "type", "flavor_type", "params")}

    return page(templates, call.query, settings.paging, settings.page_size, show)


def get_template(call: Call) -> Any:
    """GET jobs/templates/{id}."""
    for template in catalog.TEMPLATES:
        if template["id"] == call.params["id"]:
            return template
    raise errors.not_found("Template", call.params["id"], call.world.settings.not_found)


def get_service(call: Call) -> Any:
    """GET jobs/services/{id}."""
    found = call.world.services.get(call.params["id"])
    if found is None:
        raise errors.not_found("Service", call.params["id"], call.world.settings.not_found)
    return found


def list_software(call: Call) -> Any:
    """GET software, filtered by ``flavor_type`` and ``type``. No page envelope."""
    data = []
    for entry in catalog.SOFTWARE:
        if call.query.get("flavor_type", entry["flavor_type"]) != entry["flavor_type"]:
            continue
        support = [each for each in entry["support"] if call.query.get("type", each["type"]) == each["type"]]
        if support:
            data.append({"flavor_type": entry["flavor_type"], "support": support})
    return {"data": data}


def list_scheduled_events(call: Call) -> Any:
    """GET scheduled-events: another envelope than all others, and names in camel case.

    ``state`` and ``type`` may have several values, with commas or as several parameters; any of them will do.
    """
    world, query, settings = call.world, call.query, call.world.settings
    events = world.events
    if settings.event_filters == "exact":
        for name in ("id", "state", "type", "nodeName", "poolName"):
            wanted = [value for key, text in query.items() if key == name for value in text.split(",")]
            if wanted:
                events = [event for event in events if event[name] in wanted]
    mode = "offset" if settings.event_paging == "first" else settings.event_paging
    paging = {} if settings.event_paging == "first" else query
    answer = page(events, paging, mode, settings.event_page_size, dict, least_limit=1, most_limit=100)
    count = answer["total"] if settings.event_count == "total" else len(answer["data"])
    return {"events": answer["data"], "count": count}


def list_plugins(call: Call) -> Any:
    """GET plugins, filtered by ``name``; everything in one page."""
    plugins = [each for each in catalog.PLUGINS if call.query.get("name", each["name"]) == each["name"]]
    return page(plugins, {}, "all", 1, lambda each: each)


# Servers


def _server_page(call: Call, servers: list[Server]) -> Any:
    world, query = call.world, call.query
    direction = query.get("sort_dir", "ASC")
    if direction not in ("ASC", "DESC"):
        raise errors.invalid("sort_dir must be ASC or DESC")
    key = query.get("sort_key", "createTime")
    if key not in ("createTime", "updateTime"):
        raise errors.invalid("sort_key must be createTime or updateTime")
    if key == "updateTime":
        now = world.clock.now()
        servers = sorted(servers, key=lambda server: (server.updated_at(now), server.index))
    if direction == "DESC":
        servers = servers[::-1]
    return page(servers, query, world.settings.server_paging, world.settings.page_size, world.show_server)


def list_servers(call: Call) -> Any:
    """GET dev-servers: the caller's own."""
    return _server_page(call, [server for server in call.world.servers.values() if server.owned])


def list_all_servers(call: Call) -> Any:
    """GET dev-servers/all: those of other users too."""
    return _server_page(call, list(call.world.servers.values()))


def sync_servers(call: Call) -> Any:
    """PUT dev-servers/sync: as the list; there is nothing to refresh here."""
    return list_servers(call)


def get_server(call: Call) -> Any:
    """GET dev-servers/{id}."""
    return call.world.show_server(call.world.server(call.params["id"]), detail=True)


def _power(call: Call, action: str) -> Any:
    world = call.world
    server = world.server(call.params["id"])
    server.check_power(action, world.clock.now())
    server.begin_power(action, world.clock.now(), world.settings)
    return world.show_server(server, detail=True)


def start_server(call: Call) -> Any:
    """PUT dev-servers/{id}/start. The live service wants a JSON body, be it an empty object."""
    call.json_object()
    return _power(call, "start")


def stop_server(call: Call) -> Any:
    """PUT dev-servers/{id}/stop: power off."""
    return _power(call, "stop")


def reboot_server(call: Call) -> Any:
    """PUT dev-servers/{id}/reboot."""
    return _power(call, "reboot")


def batch_action(call: Call) -> Any:
    """POST dev-servers/action: START, STOP or REBOOT of several servers; all or none are accepted."""
    body, world = call.json_object(), call.world
    action = str(body.get("type")).lower()
    if action in ("changeos", "reinstallos", "delete"):
        raise errors.not_supported(f"the simulator does not support {action}.")
    if action not in POWER_ACTIONS:
        raise errors.invalid("type must be one of START, STOP, REBOOT, CHANGEOS, REINSTALLOS, DELETE")
    entries = body.get("servers")
    if not isinstance(entries, list) or not entries:
        raise errors.invalid("servers is required and must be a list of objects with an id")
    if not all(isinstance(each, dict) and isinstance(each.get("id"), str) for each in entries):
        raise errors.invalid("servers must be a list of objects with an id")
    servers = [world.server(identifier) for identifier in dict.fromkeys(each["id"] for each in entries)]
    now = world.clock.now()
    for server in servers:
        server.check_power(action, now)
    for server in servers:
        server.begin_power(action, now, world.settings)
    return page(servers, {}, "all", 1, world.show_server)


# Supernodes


def list_supernodes(call: Call) -> Any:
    """GET dev-servers/hyperinstance. Unlike with servers, the smallest limit is 1."""
    settings = call.world.settings
    nodes = list(call.world.supernodes.values())
    return page(nodes, call.query, settings.server_paging, settings.page_size, call.world.show_supernode, least_limit=1)


def list_all_supernodes(call: Call) -> Any:
    """GET dev-servers/hyperinstance/all."""
    return list_supernodes(call)


def get_supernode(call: Call) -> Any:
    """GET dev-servers/hyperinstance/{id}, with its servers."""
    return call.world.show_supernode(call.world.supernode(call.params["id"]))


def list_supernode_servers(call: Call) -> Any:
    """GET dev-servers/hyperinstance/{id}/servers; everything in one page."""
    world = call.world
    members = [world.servers[identifier] for identifier in world.supernode(call.params["id"])["members"]]
    return page(members, {}, "all", 1, world.show_server)


_BASE = "/v1/{project_id}/dev-servers"

# Method, path, operation. Order matters: fixed words stand where an id may stand, and must come first.
ROUTES: list[tuple[str, str, Callable[[Call], Any]]] = [
    ("POST", f"{_BASE}/jobs", create_job),
    ("GET", f"{_BASE}/jobs", list_jobs),
    ("DELETE", f"{_BASE}/jobs", delete_jobs),
    ("GET", f"{_BASE}/jobs/templates", list_templates),
    ("GET", f"{_BASE}/jobs/templates/{{id}}", get_template),
    ("GET", f"{_BASE}/jobs/services/{{id}}", get_service),
    ("GET", f"{_BASE}/jobs/{{id}}", get_job),
    ("GET", f"{_BASE}/software", list_software),
    ("GET", f"{_BASE}/plugins", list_plugins),
    ("GET", "/v1/{project_id}/scheduled-events", list_scheduled_events),
    ("GET", _BASE, list_servers),
    ("GET", f"{_BASE}/all", list_all_servers),
    ("PUT", f"{_BASE}/sync", sync_servers),
    ("POST", f"{_BASE}/action", batch_action),
    ("GET", f"{_BASE}/hyperinstance", list_supernodes),
    ("GET", f"{_BASE}/hyperinstance/all", list_all_supernodes),
    ("GET", f"{_BASE}/hyperinstance/{{id}}", get_supernode),
    ("GET", f"{_BASE}/hyperinstance/{{id}}/servers", list_supernode_servers),
    ("GET", f"{_BASE}/{{id}}", get_server),
    ("PUT", f"{_BASE}/{{id}}/start", start_server),
    ("PUT", f"{_BASE}/{{id}}/stop", stop_server),
    ("PUT", f"{_BASE}/{{id}}/reboot", reboot_server),
]

OPERATIONS = frozenset({"create_token"} | {operation.__name__ for _method, _path, operation in ROUTES})

# What changes something at the service.
WRITES = frozenset({"create_job", "delete_jobs", "start_server", "stop_server", "reboot_server", "batch_action"})
