# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control interface under ``/_control``: sets the simulator up and tells what happened.

It needs no credentials, is not logged, and meets no throttle and no faults. Its errors are
400 or 404 with ``{"error": "..."}``.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from aiohttp import web

from . import faults
from .api import OPERATIONS
from .catalog import NAMESPACE
from .gateway import Gateway
from .servers import BehaviourError
from .settings import SettingsError

_JOB_FIELDS = {"name", "items", "type", "servers", "age", "status", "description"}


class ControlError(ValueError):
    """A control request that makes no sense; the text says why."""


def _is_seconds(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e12


def _optional_count(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise ControlError(f"{name} must be a whole number from 0")
    return value


def _no_other_fields(body: Any, known: set[str], what: str) -> None:
    if not isinstance(body, dict):
        raise ControlError(f"{what} must be an object")
    unknown = sorted(set(body) - known)
    if unknown:
        raise ControlError(f"{what} does not take {', '.join(unknown)}; it takes: {', '.join(sorted(known))}")


def _check_job(gateway: Gateway, record: Any) -> dict[str, Any]:
    _no_other_fields(record, _JOB_FIELDS, "a job")
    items, servers = record.get("items"), record.get("servers")
    for name in ("name", "type", "status", "description"):
        if name in record and not isinstance(record[name], str):
            raise ControlError(f"a job's {name} must be a string")
    if not record.get("name"):
        raise ControlError("a job needs a name")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) and "type" in item for item in items):
        raise ControlError("a job needs items, a list of objects with a type")
    if not isinstance(servers, dict) or not servers or not all(isinstance(final, str) for final in servers.values()):
        raise ControlError("a job needs servers, an object of server id and final status")
    for identifier in servers:
        if identifier not in gateway.world.servers:
            raise ControlError(f"no server '{identifier}'")
    if not _is_seconds(record.get("age", 0)):
        raise ControlError("a job's age must be a number of seconds, 0 or more")
    return record


def _service(body: Any, number: int) -> dict[str, Any]:
    """A deployed service in the shape of the service's detail, with defaults for what is not given."""
    _no_other_fields(body, {"id", "name", "status", "spec", "instances", "model"}, "a service")
    identifier = body.get("id", str(uuid.uuid5(NAMESPACE, f"service/{number}")))
    if not isinstance(identifier, str) or not identifier:
        raise ControlError("a service's id must be a string that is not empty")
    return {
        "id": identifier,
        "name": f"service-{number}",
        "status": "RUNNING",
        "spec": {},
        "instances": [
            {
                "id": str(uuid.uuid5(NAMESPACE, f"service/{identifier}/instance")),
                "status": "RUNNING",
                "endpoints": "http://10.0.0.1:8080/v1/chat/completions",
            }
        ],
        "model": {"name": "sim-model", "url": "obs://sim-bucket/models/sim-model", "quant_type": "fp16"},
        **body,
    }


def add_routes(router: web.UrlDispatcher, gateway: Gateway) -> None:
    """Hang the control interface of ``gateway`` into ``router``."""

    def add(method: str, path: str, action: Callable[[web.Request, Any], Any], status: int = 200) -> None:
        async def handle(request: web.Request) -> web.Response:
            raw = await request.read()
            try:
                body = json.loads(raw) if raw else {}
                answer, answer_status = action(request, body), status
            except KeyError as error:
                answer, answer_status = {"error": str(error.args[0])}, 404
            except json.JSONDecodeError as error:
                answer, answer_status = {"error": f"the body is not JSON: {error}"}, 400
            except (ControlError, SettingsError, BehaviourError, faults.FaultError) as error:
                answer, answer_status = {"error": str(error)}, 400
            return web.json_response(answer, status=answer_status)

        router.add_route(method, f"/_control/{path}", handle)

    def reset(_request: web.Request, body: Any) -> Any:
        _no_other_fields(body, {"settings", "servers", "history"}, "a reset")
        gateway.reset(body.get("settings") or {}, _optional_count(body, "servers"), _optional_count(body, "history"))
        return gateway.settings.as_dict()

    def get_settings(_request: web.Request, _body: Any) -> Any:
        return gateway.settings.as_dict()

    def change_settings(_request: web.Request, body: Any) -> Any:
        gateway.change_settings(body)
        return gateway.settings.as_dict()

    def get_faults(_request: web.Request, _body: Any) -> Any:
        return [rule.as_dict() for rule in gateway.faults.rules]

    def add_faults(request: web.Request, body: Any) -> Any:
        if not isinstance(body, list):
            raise ControlError("faults must be a list of rules")
        # All are checked before the first counts.
        gateway.faults.rules.extend([faults.parse(rule, OPERATIONS) for rule in body])
        return get_faults(request, body)

    def clear_faults(_request: web.Request, _body: Any) -> Any:
        gateway.faults.rules.clear()
        return []

    def get_held(_request: web.Request, _body: Any) -> Any:
        return {"held": gateway.held()}

    def release(request: web.Request, body: Any) -> Any:
        gateway.release()
        return get_held(request, body)

    def get_requests(_request: web.Request, _body: Any) -> Any:
        return list(gateway.log)

    def clear_requests(_request: web.Request, _body: Any) -> Any:
        gateway.clear_log()
        return []

    def get_counts(_request: web.Request, _body: Any) -> Any:
        return gateway.counts()

    def get_jobs(_request: web.Request, _body: Any) -> Any:
        return [gateway.world.true_job(job) for job in gateway.world.all_jobs()]

    def seed_jobs(_request: web.Request, body: Any) -> Any:
        if not isinstance(body, list):
            raise ControlError("jobs must be a list")
        for record in body:
            _check_job(gateway, record)
        return {"ids": [gateway.world.seed(record).id for record in body]}

    def get_servers(_request: web.Request, _body: Any) -> Any:
        now = gateway.clock.now()
        return [server.behaviour(now) for server in gateway.world.servers.values()]

    def change_server(request: web.Request, body: Any) -> Any:
        identifier = request.match_info["id"]
        server = gateway.world.servers.get(identifier)
        if server is None:
            raise KeyError(f"no server '{identifier}'")
        now = gateway.clock.now()
        server.behave(body, now)
        return server.behaviour(now)

    def add_service(_request: web.Request, body: Any) -> Any:
        service = _service(body, len(gateway.world.services) + 1)
        gateway.world.services[service["id"]] = service
        return service

    def add_event(_request: web.Request, body: Any) -> Any:
        if not isinstance(body, dict):
            raise ControlError("an event must be an object")
        record = dict(body)
        identifier = record.pop("server", None)
        if identifier is not None and identifier not in gateway.world.servers:
            raise ControlError(f"no server '{identifier}'")
        return gateway.world.add_event(gateway.world.servers.get(identifier), record)

    def advance(_request: web.Request, body: Any) -> Any:
        _no_other_fields(body, {"seconds"}, "advance")
        if not _is_seconds(body.get("seconds")):
            raise ControlError("seconds must be a number, 0 or more")
        gateway.clock.advance(body["seconds"])
        return {"now": gateway.clock.now()}

    add("POST", "reset", reset)
    add("GET", "settings", get_settings)
    add("PATCH", "settings", change_settings)
    add("GET", "faults", get_faults)
    add("POST", "faults", add_faults)
    add("DELETE", "faults", clear_faults)
    add("GET", "held", get_held)
    add("DELETE", "held", release)
    add("GET", "requests", get_requests)
    add("DELETE", "requests", clear_requests)
    add("GET", "counts", get_counts)
    add("GET", "jobs", get_jobs)
    add("POST", "jobs", seed_jobs)
    add("GET", "servers", get_servers)
    add("PATCH", "servers/{id}", change_server)
    add("POST", "services", add_service)
    add("POST", "events", add_event)
    add("POST", "advance", advance)
