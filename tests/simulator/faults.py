# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on request: rules that make chosen calls go wrong."""

from __future__ import annotations

import dataclasses
from typing import Any

# Kind: the parameters it takes besides operation, kind, times and skip.
KINDS: dict[str, frozenset[str]] = {
    "drop_before": frozenset(),
    "drop_after": frozenset(),
    "throttled": frozenset({"retry_after", "window", "limit", "scope"}),
    "error_500": frozenset({"when"}),
    "error_502_html": frozenset({"when"}),
    "error_503_before": frozenset(),
    "error_503_after": frozenset(),
    "error_504_after": frozenset(),
    "bad_json": frozenset(),
    "empty_body": frozenset(),
    "wrong_shape": frozenset({"body"}),
    "slow": frozenset({"delay", "when"}),
    "hold": frozenset({"when"}),
    "unauthorized": frozenset(),
    "forbidden": frozenset(),
    "redirect": frozenset({"location"}),
    "not_found": frozenset(),
    "grows": frozenset({"count"}),
    "shrinks": frozenset({"count"}),
}
# Kinds that leave the answer alone and change the list behind it, so that the next page is shifted.
SHIFTING_KINDS = frozenset({"grows", "shrinks"})
SHIFTED_OPERATIONS = frozenset({"list_jobs", "list_servers", "list_all_servers"})

_AFTER = SHIFTING_KINDS | frozenset(
    {"drop_after", "error_503_after", "error_504_after", "bad_json", "empty_body", "wrong_shape"}
)


class FaultError(ValueError):
    """A fault rule that makes no sense; the text says why."""


@dataclasses.dataclass
class Fault:
    """One rule: from the ``skip``-th matching call on, ``times`` calls (None: all) go wrong."""

    operation: str
    kind: str
    times: int | None
    skip: int
    parameters: dict[str, Any]

    @property
    def is_after(self) -> bool:
        """Whether the call does its work first, and only then goes wrong."""
        return self.kind in _AFTER or self.parameters.get("when") == "after"

    def as_dict(self) -> dict[str, Any]:
        """The rule as JSON data, with what is left of its counters."""
        return {
            "operation": self.operation,
            "kind": self.kind,
            "times": self.times,
            "skip": self.skip,
            **self.parameters,
        }


def _is_count(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_seconds(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def parse(rule: Any, operations: frozenset[str]) -> Fault:
    """Check one rule as the control interface gets it.

    Raises:
        FaultError: an unknown operation, kind or parameter, or a bad value.
    """
    if not isinstance(rule, dict):
        raise FaultError("a fault must be an object")
    operation, kind = rule.get("operation"), rule.get("kind")
    if operation != "*" and operation not in operations:
        raise FaultError(f"unknown operation {operation!r}; known are: *, {', '.join(sorted(operations))}")
    if kind not in KINDS:
        raise FaultError(f"unknown kind {kind!r}; known are: {', '.join(sorted(KINDS))}")
    times, skip = rule.get("times", 1), rule.get("skip", 0)
    if times is not None and not _is_count(times, 1):
        raise FaultError(f"times must be null or a whole number from 1, not {times!r}")
    if not _is_count(skip, 0):
        raise FaultError(f"skip must be a whole number from 0, not {skip!r}")
    parameters = {name: value for name, value in rule.items() if name not in ("operation", "kind", "times", "skip")}
    unknown = sorted(set(parameters) - KINDS[kind])
    if unknown:
        known = ", ".join(sorted(KINDS[kind])) or "nothing"
        raise FaultError(f"{kind} does not take {', '.join(unknown)}; it takes: {known}")
    if kind == "slow" and not _is_seconds(parameters.get("delay")):
        raise FaultError("slow needs a delay in seconds, 0 or more")
    if parameters.get("when", "before") not in ("before", "after"):
        raise FaultError("when must be before or after")
    if kind == "redirect" and not isinstance(parameters.get("location"), str):
        raise FaultError("redirect needs a location")
    if "retry_after" in parameters and not _is_seconds(parameters["retry_after"]):
        raise FaultError("retry_after must be a number of seconds, 0 or more")
    if kind in SHIFTING_KINDS and operation not in SHIFTED_OPERATIONS:
        raise FaultError(f"{kind} goes with one of {', '.join(sorted(SHIFTED_OPERATIONS))}, not {operation}")
    if "count" in parameters and not _is_count(parameters["count"], 1):
        raise FaultError("count must be a whole number from 1")
    if "limit" in parameters and not _is_count(parameters["limit"], 1):
        raise FaultError("limit must be a whole number from 1")
    for name in ("window", "scope"):
        if name in parameters and not isinstance(parameters[name], str):
            raise FaultError(f"{name} must be a string")
    return Fault(operation, kind, times, skip, parameters)


class FaultPlan:
    """The rules in force, in the order they were given."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def next_for(self, operation: str) -> Fault | None:
        """The rule that this call meets, if any; counters move on.

        A rule that still skips lets the call pass to the rules after it.
        """
        for rule in self.rules:
            if rule.operation not in ("*", operation):
                continue
            if rule.skip:
                rule.skip -= 1
                continue
            if rule.times is not None:
                rule.times -= 1
                if rule.times == 0:
                    self.rules.remove(rule)
            return rule
        return None
