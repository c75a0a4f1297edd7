# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What stands at the head of a report of a run: who ran what, when, with which versions, limits and approvals."""

from __future__ import annotations

import time

from ..._shapes import Record
from .._wording import duration, servers, some_of
from ._schedule import pace_of

_APPROVALS = {"given": "given", "refused": "refused", "pending": "not answered"}


def utc(moment: int) -> str:
    """A moment for people: ``2026-11-24 10:31:28 UTC``."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(moment / 1000))


def versions_of(data: Record) -> list[str]:
    """The versions that a run brings to servers."""
    groups = [group for batch in data["batches"] for group in batch["groups"]]
    specs = [item.get("spec") or {} for group in groups for item in group["items"]]
    return list(dict.fromkeys(str(spec["version"]) for spec in specs if spec.get("version")))


def facts_of(data: Record) -> list[tuple[str, str]]:
    """(name, value) of each fact that is known."""
    ended = data["ended_at"]
    last = ended or data["updated_at"]
    slowest = pace_of(data["servers"], data["batches"]).slowest
    approvals = [
        f"batch {batch['number']} {_APPROVALS[batch['approval']]}"
        for batch in data["batches"]
        if batch["approval"] in _APPROVALS
    ]
    facts = [
        ("version", some_of(versions_of(data), 5)),
        ("servers", servers(len(data["servers"]))),
        ("batches", f"{len(data['batches'])} of {max(len(data['batches']), data['batches_planned'])}"),
        ("started", utc(data["started_at"])),
        ("ended" if ended else "as of", utc(last)),
        ("took", duration((last - data["started_at"]) / 1000)),
        ("slowest server", f"{slowest[1]}, {duration(slowest[0])}" if slowest else ""),
        ("started by", data["user"] or ""),
        ("command", data["command"] or ""),
        ("approval", "; ".join(approvals) or "none asked"),
        ("most failures", data["max_failures"] or "no limit"),
        ("preflight", data["preflight"]),
        ("window ends", utc(data["window_end"]) if data["window_end"] else ""),
        ("logs of failed servers", some_of([f"job {job_id}" for job_id in data["logs_job_ids"]], 5)),
        ("ansible-core", data["ansible_version"] or ""),
        ("run", data["run_id"]),
    ]
    return [(name, value) for name, value in facts if value]
