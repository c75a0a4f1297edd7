# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every switch of the simulator, in one place, each with its check."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any


class SettingsError(ValueError):
    """An unknown setting, or a value that the setting does not take; the text says which and why."""


def _field(default: Any, check: Callable[[Any], bool], rule: str) -> Any:
    # The dataclass below calls this.
    # pylint: disable-next=invalid-field-call
    return dataclasses.field(default=default, metadata={"check": check, "rule": rule})


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e12


def _choice(*values: Any) -> Any:
    """A setting that takes one of ``values``; the first is the default."""

    def check(value: Any) -> bool:
        return any(value == allowed and type(value) is type(allowed) for allowed in values)

    return _field(values[0], check, "must be one of " + ", ".join(repr(value) for value in values))


def _flag(default: bool) -> Any:
    return _field(default, lambda value: isinstance(value, bool), "must be true or false")


def _seconds(default: float) -> Any:
    return _field(default, lambda value: _is_number(value) and value >= 0, "must be a number of seconds, 0 or more")


def _count(default: int, least: int, most: int) -> Any:
    def check(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return _field(default, check, f"must be a whole number from {least} to {most}")


def _text(default: str) -> Any:
    return _field(default, lambda value: isinstance(value, str) and value != "", "must be a string that is not empty")


def _is_throttle(value: Any) -> bool:
    if value is None:
        return True
    return (
        isinstance(value, dict)
        and set(value) in ({"limit", "window"}, {"limit", "window", "scope"})
        and isinstance(value["limit"], int)
        and not isinstance(value["limit"], bool)
        and value["limit"] >= 1
        and _is_number(value["window"])
        and value["window"] > 0
        and value.get("scope", "user") in ("user", "ip", "api")
    )


@dataclasses.dataclass(frozen=True)
class Settings:
    """How the simulated service behaves. Times are seconds. README.md explains each switch."""

    # What the documentation of the job calls leaves open.
    name_filter: str = _choice("exact", "substring", "none")
    paging: str = _choice("offset", "all", "page")
    server_paging: str = _choice("offset", "all", "page")
    page_size: int = _count(10, 1, 1024)
    order: str = _choice("newest", "oldest", "random")
    event_paging: str = _choice("offset", "all", "page", "first")
    event_page_size: int = _count(100, 1, 100)
    event_count: str = _choice("total", "page")
    event_filters: str = _choice("exact", "none")
    event_instance_id: str = _choice("server", "cloud", "underlying")
    timestamps: str = _choice("int", "string", "iso", "short", "offset")
    rename: bool = _flag(True)
    processing_status: str = _text("PROCESSING")
    finished_status: str = _text("FINISHED")
    unique_names: bool = _flag(False)
    not_found: int = _choice(400, 404)
    deleted_jobs: str = _choice("hidden", "listed")
    delete_running: str = _choice("allow", "refuse")
    create_answer: str = _choice("fresh", "empty_tasks")
    mask_specs: bool = _flag(False)
    # What nobody has seen, and nobody has ruled out; see oddities.py.
    normalize_versions: bool = _flag(False)
    add_defaults: bool = _flag(False)
    items_delay: float = _seconds(0.0)
    tasks_in_parts: float = _seconds(0.0)
    finished_early: float = _seconds(0.0)
    detail_delay: float = _seconds(0.0)
    lagging_query: str = _choice("none", "plain", "name", "id", "any")
    query_lag: float = _seconds(1.0)
    tasks_retention: float = _seconds(0.0)
    retention: float = _seconds(0.0)
    null_times_after: float = _seconds(0.0)
    upper_ids: bool = _flag(False)
    restart_failed: float = _seconds(0.0)
    null_data: bool = _flag(False)
    # How long things take.
    tasks_delay: float = _seconds(0.0)
    list_lag: float = _seconds(0.0)
    job_duration: float = _seconds(0.3)
    duration_spread: float = _seconds(0.0)
    power_duration: float = _seconds(0.3)
    reboot_delay: float = _seconds(0.0)
    clock_offset: float = _field(0.0, _is_number, "must be a number of seconds")
    # The gateway.
    throttle: dict[str, Any] | None = _field(
        None,
        _is_throttle,
        "must be null or {limit: whole number, window: seconds, scope: user, ip or api}",
    )
    throttle_retry_after: bool = _flag(False)
    lock_seconds: float = _seconds(300.0)
    token_lifetime: float = _seconds(86400.0)
    token_error: str = _choice("APIGW.0307", "APIGW.0301")
    # Who may call.
    project_id: str = _field(
        "0123456789abcdef0123456789abcdef",
        lambda value: isinstance(value, str) and re.fullmatch(r"[-a-zA-Z0-9]{1,64}", value) is not None,
        "must be 1 to 64 letters, digits and hyphens",
    )
    access_key: str = _text("SIMULATORACCESSKEY00")
    secret_key: str = _text("simulatorSecretKeySimulatorSecretKey0000")
    security_token: str | None = _field(
        None,
        lambda value: value is None or (isinstance(value, str) and value != ""),
        "must be null or a string that is not empty",
    )
    user_name: str = _text("sim-user")
    password: str = _text("sim-password")
    domain_name: str = _text("sim-domain")
    static_token: str = _text("sim-static-token")
    # The fleet; read when the simulator starts or is reset.
    supernode_share: float = _field(
        0.5, lambda value: _is_number(value) and 0 <= value <= 1, "must be a number from 0 to 1"
    )
    supernode_size: int = _count(8, 1, 1024)
    foreign_servers: int = _count(0, 0, 100_000)
    # The simulator itself.
    record_bodies: bool = _flag(True)

    def changed(self, values: Any) -> Settings:
        """A copy with ``values`` (a mapping of setting to value) on top.

        Raises:
            SettingsError: not a mapping, an unknown name, or a value outside its rule.
        """
        if not isinstance(values, dict):
            raise SettingsError("settings must be an object of names and values")
        fields = {field.name: field for field in dataclasses.fields(self)}
        for name, value in values.items():
            if name not in fields:
                raise SettingsError(f"unknown setting '{name}'; known are: {', '.join(sorted(fields))}")
            if not fields[name].metadata["check"](value):
                raise SettingsError(f"setting '{name}' {fields[name].metadata['rule']}, not {value!r}")
        return dataclasses.replace(self, **values)

    def as_dict(self) -> dict[str, Any]:
        """All settings as JSON data."""
        return dataclasses.asdict(self)
