# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The rule for "already done".

The wanted result is: every server has run these items. Each server is judged by
itself, by its newest task of the same item types among the earlier jobs. None is
submitted while any of its tasks of these item types still runs.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ._model import FAILED, JOB_OVER, SKIPPED, SUCCESS, Job, Summary, Task
from ._wanted import REUSE_NEVER, REUSE_SAME_NAME, Wanted


class Standing(enum.Enum):
    """Where a server stands before anything is done."""

    DONE = "done"
    RUNNING = "running"  # these items are in flight: attach, never start again
    SUBMIT = "submit"
    BUSY = "busy"  # other items of the same types are in flight
    UNSETTLED = "unsettled"  # a job does not list its servers (yet), and may be on this one


IN_FLIGHT = frozenset([Standing.RUNNING, Standing.BUSY, Standing.UNSETTLED])


@dataclass(frozen=True)
class Judgement:
    """The standing of one server, with the job and task that decided it (or None)."""

    standing: Standing
    job: Job | None = None
    task: Task | None = None


def admits(wanted: Wanted, summary: Summary) -> bool:
    """Whether ``reuse`` lets an earlier job count, from what a list tells of it.

    A job's own type is not compared: the service stores another than was sent.
    """
    if wanted.reuse == REUSE_NEVER:
        return False
    return wanted.reuse != REUSE_SAME_NAME or summary.name == wanted.name


def newest_first(summaries: Iterable[Summary]) -> list[Summary]:
    """Jobs by the service's own creation time, whatever order it listed them in."""
    return sorted(summaries, key=lambda summary: (summary.created, summary.id), reverse=True)


def judge(
    wanted: Wanted, summaries: Iterable[Summary], detail: Callable[[Summary], Job | None]
) -> dict[str, Judgement]:
    """Judge every wanted server by its newest task, and by whether an older one still runs.

    :param summaries: every job of the list, in any order.
    :param detail: takes a Summary and returns its Job, or None where that is gone; called newest
        first, and only for jobs that can still decide something.
    :returns: {server id: Judgement} for every wanted server, in their order.
    """
    open_servers, submit = set(wanted.server_ids), set[str]()
    judged: dict[str, Judgement] = {}
    for summary in newest_first(summary for summary in summaries if admits(wanted, summary)):
        # Where two runs began at once, the newest task of a server may be over and an older one not.
        if not open_servers and (not submit or summary.status in JOB_OVER):
            continue
        job = detail(summary)
        if job is None or job.item_types != wanted.item_types:
            continue
        undecided = set(open_servers) if job.over else open_servers | submit
        for server_id in undecided & set(job.task_of) if job.tasks else undecided:
            task = job.task_of.get(server_id)
            # A job whose servers are not known (yet) may be on any: none may be called untouched.
            standing = Standing.UNSETTLED if task is None else _standing(wanted, job, task)
            if server_id in submit and standing not in IN_FLIGHT:
                continue
            judged[server_id] = Judgement(standing, job, task)
            open_servers.discard(server_id)
            (submit.add if standing is Standing.SUBMIT else submit.discard)(server_id)
    return {server_id: judged.get(server_id, Judgement(Standing.SUBMIT)) for server_id in wanted.server_ids}


def _standing(wanted: Wanted, job: Job, task: Task) -> Standing:
    if job.items != wanted.items:
        return Standing.SUBMIT if task.over or job.over else Standing.BUSY
    if task.status == SUCCESS:
        return Standing.DONE
    if task.status == SKIPPED:
        return Standing.DONE if wanted.skipped_ok else Standing.SUBMIT
    if task.status == FAILED:
        return Standing.SUBMIT
    # Running, or a status that nobody documented: starting it again could double it.
    return Standing.RUNNING
