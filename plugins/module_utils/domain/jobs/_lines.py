# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Jobs and what they did on each server, as lines for people."""

from __future__ import annotations

import time
from collections.abc import Iterable

from ..._shapes import Record
from .._times import milliseconds
from .._wording import on_one_line, servers, showable
from ._model import TASK_ENDED


def job_lines(jobs: Iterable[Record], server_ids: Iterable[str] | None = None) -> list[str]:
    """First the jobs, newest first, then every server with its newest task.

    :param jobs: records of ``liteserver_job_info`` with their tasks.
    :param server_ids: only these servers, or None for all that the jobs name.
    """
    jobs = sorted(jobs, key=lambda job: (milliseconds(job.get("create_at")) or 0, job["id"]), reverse=True)
    wanted = None if server_ids is None else set(server_ids)
    lines: list[str] = []
    newest: dict[str | None, tuple[Record, Record]] = {}
    shown = 0
    for job in jobs:
        tasks = [task for task in job.get("tasks") or [] if wanted is None or task.get("server_id") in wanted]
        if wanted is not None and not tasks:
            continue
        shown += 1
        counts: dict[str, int] = {}
        for task in tasks:
            counts[task.get("status") or "?"] = counts.get(task.get("status") or "?", 0) + 1
            newest.setdefault(task.get("server_id"), (task, job))
        states = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        lines.append(f"{_time(job)}  {job.get('name')}  {job.get('status')}  {states or 'no tasks'}  {job['id']}")
    lines.insert(0, f"{shown} job{'' if shown == 1 else 's'}, {servers(len(newest))}")
    # What wants looking at first: failed, then running, then the rest.
    for task, job in sorted(newest.values(), key=lambda pair: (_rank(pair[0]), pair[0].get("server_name") or "")):
        name = task.get("server_name") or task.get("server_id")
        message = on_one_line(task.get("message") or "")
        lines.append(f"{name}  {task.get('status')}  {job.get('name')}{'  ' + message if message else ''}")
    without = [] if wanted is None else sorted(wanted - set(newest))
    lines += [f"{server_id}  no task in these jobs" for server_id in without]
    return [showable(line) for line in lines]


def _rank(task: Record) -> int:
    status = task.get("status")
    return 0 if status == "FAILED" else 1 if status not in TASK_ENDED else 2


def _time(job: Record) -> str:
    created = milliseconds(job.get("create_at"))
    if created is None:
        return "                  ?"
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(created / 1000))
