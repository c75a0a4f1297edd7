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
from ._mark import Mark, read_mark

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

    :ivar created: milliseconds since the epoch on the service's clock; None where the service does not say.
    :ivar raw: the answer it was read from.
    """

    id: str
    name: str = ""
    status: str = "PROCESSING"
    created: int | None = 0
    mark: Mark | None = None
    items: tuple[Item, ...] = ()
    tasks: tuple[Task, ...] = ()
    raw: Record = field(default_factory=dict, compare=False, repr=False)

    @property
    def ended(self) -> bool:
        """Whether the service says that nothing more will happen."""
        return self.status in JOB_ENDED

    @property
    def lists_all(self) -> bool:
        """Whether a server without a task here is surely not one of the job's, as far as the job tells."""
        return bool(self.tasks) and (self.mark is None or len(self.task_of) >= self.mark.servers)

    def task_on(self, server_id: str) -> Task | None:
        """The task on a server, or None; the service may answer ids in another case than they were sent in."""
        return self.task_of.get(server_id.lower())

    def runs_on(self, server_ids: Iterable[str]) -> list[str]:
        """Those of the servers that have a task here."""
        return [server_id for server_id in server_ids if server_id.lower() in self.task_of]

    @cached_property
    def task_of(self) -> dict[str, Task]:
        """{server id in lower case: Task}.

        Should a job have several for one server, the least finished, else the
        least successful speaks for all.
        """
        order = {FAILED: 1, SKIPPED: 2, SUCCESS: 3}
        found: dict[str, Task] = {}
        for task in self.tasks:
            known = found.get(task.server_id.lower())
            if known is None or order.get(task.status, 0) < order.get(known.status, 0):
                found[task.server_id.lower()] = task
        return found


@dataclass(frozen=True)
class Summary:
    """A job as a list shows it: no items, no tasks."""

    id: str
    name: str
    status: str
    created: int | None
    mark: Mark | None = None

    @property
    def ended(self) -> bool:
        """Whether the service says that nothing more will happen."""
        return self.status in JOB_ENDED


def newest(job: Job | Summary) -> tuple[int, str]:
    """The key by which one job is newer than another: the service's own creation time, whatever its list's order."""
    return job.created or 0, job.id


def items_of(items: Iterable[Item]) -> tuple[Item, ...]:
    """Items in a form that compares equal whatever their order and that of their spec."""
    return tuple(sorted(items, key=lambda item: (item.type, item.spec)))


def read_summary(raw: Record) -> Summary:
    """A record of the job list."""
    return Summary(
        raw["id"], _text(raw, "name"), _text(raw, "status"), _created(raw), read_mark(raw.get("description"))
    )


def unread_job(summary: Summary) -> Job:
    """A job of which no more could be read than the list tells: neither its items nor its servers."""
    return Job(summary.id, summary.name, summary.status, summary.created, summary.mark)


def read_job(raw: Record) -> Job:
    """A job's detail; raises BadAnswer with the field that has another shape."""
    where = "job '{}'".format(raw["id"])
    return Job(
        id=raw["id"],
        name=_text(raw, "name"),
        status=_text(raw, "status"),
        created=_created(raw),
        mark=read_mark(raw.get("description")),
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


def _created(raw: Record) -> int | None:
    return milliseconds(raw.get("create_at"))
