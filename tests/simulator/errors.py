# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error answers, with codes and texts as the real service and its gateway send them.

Where a text is only known by its code (the job calls publish no error codes), the
wording is the simulator's own; the docstring then says so.
"""

from __future__ import annotations

import math


class ApiError(Exception):
    """An error answer: HTTP ``status``, JSON ``body`` and extra ``headers``."""

    def __init__(self, status: int, body: dict[str, object], headers: dict[str, str] | None = None) -> None:
        super().__init__(f"HTTP {status}: {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


class GatewayError(ApiError):
    """An error of the API gateway; its body also carries the request id (filled in on sending)."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, {"error_msg": message, "error_code": code}, headers)


def invalid(message: str) -> ApiError:
    """400 for a request that breaks a rule. The code is the family's "invalid" code; the wording is our own."""
    return ApiError(400, {"error_code": "ModelArts.6400", "error_msg": message})


def not_found(kind: str, identifier: str, status: int) -> ApiError:
    """``ModelArts.6404``: recorded from the live service with HTTP 400 for a server."""
    return ApiError(status, {"error_code": "ModelArts.6404", "error_msg": f"{kind} '{identifier}' not found."})


def not_supported(message: str) -> ApiError:
    """``ModelArts.7000``: the operation is not valid for this object now."""
    return ApiError(400, {"error_code": "ModelArts.7000", "error_msg": message})


def unknown_api() -> GatewayError:
    """No such path or method."""
    return GatewayError(404, "APIGW.0101", "The API does not exist or has not been published in the environment")


def unauthorized(reason: str, code: str = "APIGW.0301") -> GatewayError:
    """401 with the gateway's common opening words and ``reason``."""
    return GatewayError(401, code, f"Incorrect IAM authentication information: {reason}")


def key_locked() -> GatewayError:
    """More than five bad signatures in a row. The live text comes with the short code prefix."""
    return unauthorized("AK access failed to reach the limit,forbidden.", code="APIG.0301")


def token_expired(code: str) -> GatewayError:
    """Either of the two answers seen for a token that is too old; ``code`` chooses."""
    if code == "APIGW.0307":
        return GatewayError(401, "APIGW.0307", "The token must be updated.")
    return unauthorized("token expires")


def wrong_project(project_id: str) -> GatewayError:
    """The credentials are good, but not for this project."""
    return GatewayError(403, "APIGW.0310", f"The project is unavailable: {project_id}")


def throttled(scope: str, limit: int, window: str, retry_after: float | None) -> GatewayError:
    """429; ``window`` as the gateway words it ("5 second", "1 minute"); ``retry_after`` in seconds or None."""
    headers = {} if retry_after is None else {"Retry-After": str(max(0, math.ceil(retry_after)))}
    message = f"The throttling threshold has been reached: policy {scope} over ratelimit,limit:{limit},time:{window}"
    return GatewayError(429, "APIGW.0308", message, headers)


def iam(status: int, title: str, message: str) -> ApiError:
    """An error in the shape of the identity service."""
    return ApiError(status, {"error": {"code": status, "message": message, "title": title}})
