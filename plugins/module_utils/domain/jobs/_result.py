# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Jobs and their tasks as a result shows them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..._shapes import Record
from .._masking import masked
from .._result import ServerRow, Verdict, server_row
from .._times import milliseconds
from ._model import Job, Task


def task_row(server_id: str, verdict: Verdict, job: Job | None = None, task: Task | None = None) -> ServerRow:
    """An entry of ``servers``, with what is known of the server's task."""
    row = server_row(server_id, verdict)
    row["job_id"] = job.id if job else None
    if task is not None:
        row["server_name"] = task.server_name or None
        row["status"] = task.status or None
        row["message"] = task.message or None
        row["task_id"] = task.id or None
    return row


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


def _dicts(value: Any) -> list[Record]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _with_times(record: Record) -> Record:
    for key in ("create_at", "update_at"):
        time = milliseconds(record.get(key))
        if time is not None:
            record[key] = time
    return record
