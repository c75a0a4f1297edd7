# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Jobs, items and tasks as the service tells them, read into plain values.

Source: the tables of "Creating a Lite Server task" and its siblings. Where the
documents contradict each other (times as numbers or as texts, statuses) either
form is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..._errors import BadAnswer
from ..._shapes import Record
from .._times import milliseconds

# The documented statuses. Everything else is neither a success nor a failure.
DELETED = "DELETED"
JOB_ENDED = frozenset(["FINISHED", DELETED])
JOB_STATUSES = JOB_ENDED | {"PROCESSING", "ACTIVE"}
SUCCESS, FAILED, SKIPPED, PROCESSING = "SUCCESS", "FAILED", "SKIPPED", "PROCESSING"
TASK_ENDED = frozenset([SUCCESS, FAILED, SKIPPED])
TASK_STATUSES = TASK_ENDED | {PROCESSING}


@dataclass(frozen=True)
class Item:
    """One piece of work: its type, and its spec as sorted (key, value) pairs."""

    type: str
    spec: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Task:
    """What one job did on one server."""

    server_id: str
    status: str
    id: str = ""
    server_name: str = ""
    message: str = ""

    @property
    def ended(self) -> bool:
        """Whether the task has ended in a documented way."""
        return self.status in TASK_ENDED


@dataclass(frozen=True)
class Job:
    """A job with its items and tasks.

    :ivar created: milliseconds since the epoch on the service's clock.
    :ivar raw: the answer it was read from.
    """

    id: str
    name: str = ""
    status: str = "PROCESSING"
    created: int = 0
    items: tuple[Item, ...] = ()
    tasks: tuple[Task, ...] = ()
    raw: Record = field(default_factory=dict, compare=False, repr=False)

    @property
    def ended(self) -> bool:
        """Whether the service says that nothing more will happen."""
        return self.status in JOB_ENDED

    @property
    def item_types(self) -> tuple[str, ...]:
        """The types of the items, whatever their order."""
        return tuple(sorted(item.type for item in self.items))

    @cached_property
    def task_of(self) -> dict[str, Task]:
        """{server id: Task}.

        Should a job have several for one server, the least finished, else the
        least successful speaks for all.
        """
        order = {FAILED: 1, SKIPPED: 2, SUCCESS: 3}
        found: dict[str, Task] = {}
        for task in self.tasks:
            known = found.get(task.server_id)
            if known is None or order.get(task.status, 0) < order.get(known.status, 0):
                found[task.server_id] = task
        return found


@dataclass(frozen=True)
class Summary:
    """A job as a list shows it: no items, no tasks."""

    id: str
    name: str
    status: str
    created: int


def newest(job: Job | Summary) -> tuple[int, str]:
    """The key by which one job is newer than another: the service's own creation time, whatever its list's order."""
    return job.created, job.id


def items_of(items: Iterable[Item]) -> tuple[Item, ...]:
    """Items in a form that compares equal whatever their order and that of their spec."""
    return tuple(sorted(items, key=lambda item: (item.type, item.spec)))


def read_summary(raw: Record) -> Summary:
    """A record of the job list; raises BadAnswer where it cannot be placed in time."""
    return Summary(raw["id"], _text(raw, "name"), _text(raw, "status"), _created(raw))


def read_job(raw: Record) -> Job:
    """A job's detail; raises BadAnswer with the field that has another shape."""
    where = "job '{}'".format(raw["id"])
    return Job(
        id=raw["id"],
        name=_text(raw, "name"),
        status=_text(raw, "status"),
        created=_created(raw),
        items=items_of(_item(entry, where) for entry in _list(raw, "items", where)),
        tasks=tuple(_task(entry, where) for entry in _list(raw, "tasks", where)),
        raw=raw,
    )


def _item(entry: Any, where: str) -> Item:
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        raise BadAnswer(f"{where}: an entry of 'items' has no 'type'")
    spec = entry.get("spec") or {}
    if not isinstance(spec, dict):
        raise BadAnswer(f"{where}: 'spec' of an item is not an object")
    return Item(entry["type"], tuple(sorted((str(key), spec_text(value)) for key, value in spec.items())))


def spec_text(value: object) -> str:
    """A spec value as the API wants it: a text; true and false in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _task(entry: Any, where: str) -> Task:
    if not isinstance(entry, dict) or not isinstance(entry.get("server_id"), str):
        raise BadAnswer(f"{where}: an entry of 'tasks' has no 'server_id'")
    return Task(
        server_id=entry["server_id"],
        status=_text(entry, "status"),
        id=_text(entry, "id"),
        server_name=_text(entry, "server_name"),
        message=_text(entry, "message"),
    )


def _list(raw: Record, key: str, where: str) -> list[Any]:
    value = raw.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadAnswer(f"{where}: '{key}' is not a list")
    return value


def _text(raw: Record, key: str) -> str:
    value = raw.get(key)
    return "" if value is None else str(value)


def _created(raw: Record) -> int:
    created = milliseconds(raw.get("create_at"))
    if created is None:
        # Without it, which of two jobs is the newer one cannot be told.
        raise BadAnswer("job '{}': 'create_at' is not a time".format(raw["id"]))
    return created
