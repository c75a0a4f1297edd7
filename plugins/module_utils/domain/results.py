# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result that a task returns: the same keys whatever happened."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, TypedDict

from ..shapes import Record
from .records import FAILED, SKIPPED, SUCCESS, Job, Task, milliseconds

VERDICTS = ("done", "failed", "running", "unknown", "planned")
MASK = "********"
# Spec keys that are secrets by their name, wherever a job with them came from.
_SECRET_NAME = re.compile(
    r"(pass(word|wd|phrase)?|secret(_?key)?|token|credentials?|(private|access)_?key|_[as]k)$", re.IGNORECASE
)


class ServerRow(TypedDict):
    """An entry of a result's ``servers``; ``verdict`` is one of :data:`VERDICTS`."""

    server_id: str
    server_name: str | None
    status: str | None
    message: str | None
    task_id: str | None
    job_id: str | None
    verdict: str


def verdict_of(job: Job, task: Task | None, skipped_ok: bool) -> str:
    """What a server's task in a job means: one of :data:`VERDICTS`.

    :param task: the server's Task, or None where the job has none for it.
    """
    if task is not None and task.status == SUCCESS:
        return "done"
    if task is not None and task.status == SKIPPED:
        return "done" if skipped_ok else "failed"
    if task is not None and task.status == FAILED:
        return "failed"
    # An undocumented status is neither; once the job is over, nothing more will be known.
    return "unknown" if job.over else "running"


def server_row(server_id: str, verdict: str, job: Job | None = None, task: Task | None = None) -> ServerRow:
    """An entry of ``servers``."""
    return {
        "server_id": server_id,
        "server_name": (task.server_name or None) if task else None,
        "status": (task.status or None) if task else None,
        "message": (task.message or None) if task else None,
        "task_id": (task.id or None) if task else None,
        "job_id": job.id if job else None,
        "verdict": verdict,
    }


def counts_of(rows: Sequence[ServerRow]) -> dict[str, int]:
    """``counts``: one per verdict, and ``total``."""
    counts = dict.fromkeys(VERDICTS, 0)
    for row in rows:
        counts[row["verdict"]] += 1
    counts["total"] = len(rows)
    return counts


def job_record(raw: Record, secret_keys: Collection[str] = frozenset(), with_tasks: bool = False) -> Record:
    """A job as results show it: times as milliseconds, spec values that are secret masked.

    :param raw: the service's record; fields that nobody documented are passed through.
    """
    record = masked({key: value for key, value in raw.items() if key not in ("items", "tasks")})
    if "items" in raw:
        record["items"] = [masked_item(item, secret_keys) for item in _dicts(raw["items"])]
    if with_tasks:
        record["tasks"] = [_with_times(masked(task)) for task in _dicts(raw.get("tasks"))]
    return _with_times(record)


def masked_item(item: Record, secret_keys: Collection[str]) -> Record:
    """An item with each secret value of its spec masked."""
    spec = item.get("spec")
    return dict(item, spec=masked(spec, secret_keys) if isinstance(spec, dict) else {})


def masked(value: Any, secret_keys: Collection[str] = frozenset()) -> Any:
    """A value without its secrets: what stands under these keys, or under keys that are named like a secret."""
    if isinstance(value, dict):
        return {
            key: MASK if key in secret_keys or _SECRET_NAME.search(str(key)) else masked(inner, secret_keys)
            for key, inner in value.items()
        }
    return [masked(inner, secret_keys) for inner in value] if isinstance(value, list) else value


def _dicts(value: Any) -> list[Record]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _with_times(record: Record) -> Record:
    for key in ("create_at", "update_at"):
        time = milliseconds(record.get(key))
        if time is not None:
            record[key] = time
    return record
