# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Jobs and what they did on each server, as lines for people."""

from __future__ import annotations

import time
from collections.abc import Iterable

from ..._errors import InvalidOption
from ..._shapes import Record
from .._times import milliseconds
from .._untrusted import LONGEST_NAME, as_line
from .._wording import servers
from ._model import FAILED, SUCCESS, TASK_ENDED


def job_lines(jobs: Iterable[Record], server_ids: Iterable[str] | None = None, total: int | None = None) -> list[str]:
    """First the jobs, newest first, then every server with its newest task.

    :param jobs: records of ``liteserver_job_info`` with their tasks. Fields may be of any kind, as they came.
    :param server_ids: only these servers, or None for all that the jobs name.
    :param total: how many jobs there are, where only the newest of them were read.
    :raises InvalidOption: jobs are no list of jobs.
    """
    if not isinstance(jobs, (list, tuple)) or not all(isinstance(job, dict) for job in jobs):
        raise InvalidOption("takes a list of jobs, as liteserver_job_info reads them")
    jobs = sorted(jobs, key=lambda job: (milliseconds(job.get("create_at")) or 0, _text(job, "id")), reverse=True)
    wanted = None if server_ids is None else set(map(str, server_ids))
    lines: list[str] = []
    newest: dict[str, tuple[Record, Record]] = {}
    shown = 0
    for job in jobs:
        tasks = [task for task in _tasks(job) if wanted is None or _text(task, "server_id") in wanted]
        if wanted is not None and not tasks:
            continue
        shown += 1
        counts: dict[str, int] = {}
        for task in tasks:
            status = _text(task, "status") or "?"
            counts[status] = counts.get(status, 0) + 1
            newest.setdefault(_text(task, "server_id"), (task, job))
        states = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        lines.append(
            f"{_time(job)}  {_text(job, 'name')}  {_text(job, 'status')}  {states or 'no tasks'}  {_text(job, 'id')}"
        )
    count = f"{shown} job{'' if shown == 1 else 's'}"
    if total is not None and total > len(jobs):
        count = f"{shown} of {total} jobs" if wanted is None else f"{count} among the newest {len(jobs)} of {total}"
    lines.insert(0, f"{count}, {servers(len(newest))}{_how_many([task for task, _job in newest.values()])}")
    # What wants looking at first: failed, then running, then the rest.
    for task, job in sorted(newest.values(), key=lambda pair: (_rank(pair[0]), _text(pair[0], "server_name"))):
        name = _text(task, "server_name") or _text(task, "server_id")
        message = as_line(str(task.get("message") or ""))
        lines.append(f"{name}  {_text(task, 'status')}  {_text(job, 'name')}{'  ' + message if message else ''}")
    without = [] if wanted is None else sorted(wanted - set(newest))
    lines += [f"{as_line(server_id)}  no task in these jobs" for server_id in without]
    return lines


def _how_many(tasks: list[Record]) -> str:
    """How many of how many are done, by the newest task of each server."""
    counts: dict[str, int] = {}
    for task in tasks:
        status = _text(task, "status") or "?"
        counts[status] = counts.get(status, 0) + 1
    if not tasks:
        return ""
    done = counts.pop(SUCCESS, 0)
    return ": " + ", ".join([f"{done} of {len(tasks)} done", *(f"{counts[each]} {each}" for each in sorted(counts))])


def _tasks(job: Record) -> list[Record]:
    tasks = job.get("tasks")
    return [task for task in tasks if isinstance(task, dict)] if isinstance(tasks, list) else []


def _text(record: Record, key: str) -> str:
    """A field as a part of a line, whatever it is."""
    value = record.get(key)
    return "" if value is None else as_line(str(value), LONGEST_NAME)


def _rank(task: Record) -> int:
    status = _text(task, "status")
    return 0 if status == FAILED else 1 if status not in TASK_ENDED else 2


def _time(job: Record) -> str:
    created = milliseconds(job.get("create_at"))
    if created is None:
        return "                  ?"
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(created / 1000))
