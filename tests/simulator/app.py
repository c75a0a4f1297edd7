# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side: routes, and the one path that every request takes.

A request is logged, authenticated, throttled, meets a fault before the call, does its
work, meets a fault after the call, and is answered. Refused requests meet no faults, so
a rule is never used up by a request that would not have reached the service.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from . import api, control, errors
from .faults import SHIFTING_KINDS, Fault
from .gateway import Gateway
from .settings import Settings
from .throttle import window_text

# The real gateway refuses bodies above 12 MB.
MOST_BYTES = 12 * 1024 * 1024

_HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\r\n"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Dropped(Exception):
    """The connection is to be closed without an answer."""


def _json(status: int, body: Any, request_id: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status,
        body=json.dumps(body, separators=(",", ":")).encode(),
        content_type="application/json",
        headers={"X-Request-Id": request_id, **(headers or {})},
    )


def _error(error: errors.ApiError, request_id: str) -> web.Response:
    body = error.body
    if isinstance(error, errors.GatewayError):
        body = {**body, "request_id": request_id}
    return _json(error.status, body, request_id, error.headers)


def _drop(request: web.Request) -> web.Response:
    """Close the connection; the response is never seen, aiohttp only wants one."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _faulty_answer(fault: Fault, gateway: Gateway, request_id: str) -> web.Response:
    """The answer that ``fault`` gives instead of the true one."""
    kind, parameters = fault.kind, fault.parameters
    if kind in ("drop_before", "drop_after"):
        raise _Dropped
    if kind == "throttled":
        error = errors.throttled(
            parameters.get("scope", "user"),
            parameters.get("limit", 100),
            parameters.get("window", window_text(60)),
            parameters.get("retry_after"),
        )
        return _error(error, request_id)
    if kind == "error_500":
        body = {"error_code": "ModelArts.0010", "error_msg": "Internal error."}
        return _json(500, body, request_id)
    if kind == "error_502_html":
        return web.Response(status=502, text=_HTML, content_type="text/html", headers={"X-Request-Id": request_id})
    if kind in ("error_503_before", "error_503_after"):
        return _error(errors.GatewayError(503, "APIGW.0613", "The service is unavailable."), request_id)
    if kind == "error_504_after":
        return _error(errors.GatewayError(504, "APIGW.0201", "Backend timeout."), request_id)
    if kind == "bad_json":
        return web.Response(body=b'{"id": "64e0', content_type="application/json", headers={"X-Request-Id": request_id})
    if kind == "empty_body":
        return web.Response(body=b"", content_type="application/json", headers={"X-Request-Id": request_id})
    if kind == "wrong_shape":
        return _json(200, parameters.get("body", ["unexpected"]), request_id)
    if kind == "unauthorized":
        return _error(errors.unauthorized("verify aksk signature fail"), request_id)
    if kind == "forbidden":
        return _error(errors.GatewayError(403, "APIGW.0302", "The user is not authorized to do this."), request_id)
    if kind == "redirect":
        return web.Response(status=302, headers={"Location": parameters["location"], "X-Request-Id": request_id})
    if kind == "not_found":
        return _error(errors.not_found("Object", "fault", gateway.settings.not_found), request_id)
    raise AssertionError(f"no answer for the fault {kind}")


async def _delay(fault: Fault, gateway: Gateway) -> None:
    """For as long as the fault says, or until the test lets go."""
    if fault.kind == "slow":
        await asyncio.sleep(fault.parameters["delay"])
    else:
        await gateway.hold()


async def _answer(
    gateway: Gateway, entry: dict[str, Any], request_id: str, work: Callable[[], web.Response]
) -> web.Response:
    """Run ``work`` with the fault that the request meets, if any."""
    fault = gateway.faults.next_for(entry["operation"])
    if fault is None:
        return work()
    entry["fault"] = fault.kind
    if not fault.is_after:
        if fault.kind not in ("slow", "hold"):
            return await _faulty_answer(fault, gateway, request_id)
        # The client may be gone when this ends; the work is done all the same, as a real service would.
        await _delay(fault, gateway)
        return work()
    try:
        answer = work()
    except errors.ApiError as error:
        answer = _error(error, request_id)
    if fault.kind in ("slow", "hold"):
        await _delay(fault, gateway)
        return answer
    if fault.kind in SHIFTING_KINDS:
        shift = gateway.world.shift_jobs if entry["operation"] == "list_jobs" else gateway.world.shift_servers
        shift(fault.parameters.get("count", 1), grow=fault.kind == "grows")
        return answer
    return await _faulty_answer(fault, gateway, request_id)


async def _serve(
    gateway: Gateway,
    request: web.Request,
    operation: str,
    checks: Callable[[bytes], None],
    work: Callable[[bytes, str], web.Response],
) -> web.Response:
    request_id = secrets.token_hex(16)
    body = await request.read()
    entry = gateway.record(request, operation, body)
    try:
        checks(body)
        answer = await _answer(gateway, entry, request_id, lambda: work(body, request_id))
    except errors.ApiError as error:
        answer = _error(error, request_id)
    except _Dropped:
        return _drop(request)
    entry["status"] = answer.status
    return answer


def _call_handler(gateway: Gateway, operation: Callable[[api.Call], Any]) -> Handler:
    name = operation.__name__

    async def handle(request: web.Request) -> web.StreamResponse:
        # A slow request that outlives a reset must not touch the new world.
        world = gateway.world

        def checks(body: bytes) -> None:
            gateway.authenticate(request, body)
            gateway.limit(name)

        def work(body: bytes, request_id: str) -> web.Response:
            call = api.Call(world, request.match_info, request.rel_url.query, body)
            return _json(200, operation(call), request_id)

        return await _serve(gateway, request, name, checks, work)

    return handle


def _login_handler(gateway: Gateway) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        def work(body: bytes, request_id: str) -> web.Response:
            try:
                document = json.loads(body)
            except ValueError:
                document = None
            token, answer = gateway.tokens.login(
                document, gateway.settings, gateway.clock.now(), with_catalog=not request.rel_url.query.get("nocatalog")
            )
            return _json(201, answer, request_id, {"X-Subject-Token": token})

        return await _serve(gateway, request, "create_token", lambda body: gateway.limit("create_token"), work)

    return handle


def _unknown_path(gateway: Gateway) -> Middleware:
    """Turns aiohttp's own 404, 405 and 413 into the gateway's answers."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPRequestEntityTooLarge:
            error = errors.GatewayError(413, "APIGW.0201", "The request body is too large.")
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
            error = errors.unknown_api()
        if not request.path.startswith("/_control"):
            gateway.record(request, "unknown", b"")["status"] = error.status
        return _error(error, secrets.token_hex(16))

    return middleware


def build(settings: Settings, servers: int, history: int) -> web.Application:
    """The application: the service, the identity service and the control interface."""
    gateway = Gateway(settings, servers, history)
    app = web.Application(middlewares=[_unknown_path(gateway)], client_max_size=MOST_BYTES)
    for method, path, operation in api.ROUTES:
        app.router.add_route(method, path, _call_handler(gateway, operation))
    app.router.add_post("/v3/auth/tokens", _login_handler(gateway))
    control.add_routes(app.router, gateway)
    return app
