# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The work of a step of role ``fleet_job`` at the API: its options, and the operation that does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..domain._operation import Given, Operation
from ..domain.jobs._batch import StartBatch, WaitBatch
from ..domain.rollout._survey import Survey

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "work": {"type": "str", "required": True, "choices": ["read", "judge", "start", "wait"]},
    "server_ids": {"type": "list", "elements": "str"},
    "software": {"type": "bool", "default": False},
    "templates": {"type": "bool", "default": False},
    "events": {"type": "bool", "default": False},
    "supernodes": {"type": "bool", "default": False},
    "batches": {"type": "list", "elements": "list"},
    "groups": {"type": "list", "elements": "dict"},
    "secret_spec": {"type": "dict", "no_log": True},
    "servers_per_job": {"type": "int", "default": 50},
    "unprepared": {"type": "list", "elements": "str"},
    "jobs": {"type": "list", "elements": "dict"},
    "again": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 3600},
    "wait_sleep": {"type": "int", "default": 10},
    "progress": {"type": "int", "default": 60},
}


def operation_of(given: Given) -> Operation:
    """What the option ``work`` names."""
    if given.options["work"] == "judge":
        return StartBatch(given.in_check_mode())
    works: dict[str, Callable[[Given], Operation]] = {"read": Survey, "start": StartBatch, "wait": WaitBatch}
    return works[given.options["work"]](given)
