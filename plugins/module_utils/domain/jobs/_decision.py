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

from .._result import Verdict
from ._model import FAILED, JOB_ENDED, SKIPPED, SUCCESS, Job, Summary, Task, newest
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
    """The standing of one server, with the job and task that decided it (or None).

    :ivar same_items: whether that job runs the wanted items.
    """

    standing: Standing
    job: Job | None = None
    task: Task | None = None
    same_items: bool = False


def verdict_of(job: Job, task: Task | None, skipped_ok: bool) -> Verdict:
    """What a server's task in a job means, where that job runs the wanted items.

    :param task: the server's Task, or None where the job has none for it.
    """
    if task is not None and task.status == SUCCESS:
        return "done"
    if task is not None and task.status == SKIPPED:
        return "done" if skipped_ok else "failed"
    if task is not None and task.status == FAILED:
        return "failed"
    # An undocumented status is neither; once the job has ended, nothing more will be known.
    return "unknown" if job.ended else "running"


# What a verdict of an earlier job asks for. Of what has no known end, a second start could double it.
STANDING_OF: dict[Verdict, Standing] = {
    "done": Standing.DONE,
    "failed": Standing.SUBMIT,
    "running": Standing.RUNNING,
    "unknown": Standing.RUNNING,
}


def admits(wanted: Wanted, summary: Summary) -> bool:
    """Whether ``reuse`` lets an earlier job count, from what a list tells of it.

    A job's own type is not compared: the service stores another than was sent.
    """
    if wanted.reuse == REUSE_NEVER:
        return False
    return wanted.reuse != REUSE_SAME_NAME or summary.name == wanted.name


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
    admitted = (summary for summary in summaries if admits(wanted, summary))
    for summary in sorted(admitted, key=newest, reverse=True):
        # Where two runs began at once, the newest task of a server may have ended and an older one not.
        if not open_servers and (not submit or summary.status in JOB_ENDED):
            continue
        job = detail(summary)
        if job is None or job.item_types != wanted.item_types:
            continue
        undecided = set(open_servers) if job.ended else open_servers | submit
        for server_id in undecided & set(job.task_of) if job.tasks else undecided:
            task = job.task_of.get(server_id)
            # A job whose servers are not known (yet) may be on any: none may be called untouched.
            standing = Standing.UNSETTLED if task is None else _standing(wanted, job, task)
            if server_id in submit and standing not in IN_FLIGHT:
                continue
            judged[server_id] = Judgement(standing, job, task, job.items == wanted.items)
            open_servers.discard(server_id)
            (submit.add if standing is Standing.SUBMIT else submit.discard)(server_id)
    return {server_id: judged.get(server_id, Judgement(Standing.SUBMIT)) for server_id in wanted.server_ids}


def _standing(wanted: Wanted, job: Job, task: Task) -> Standing:
    if job.items != wanted.items:
        return Standing.SUBMIT if task.ended or job.ended else Standing.BUSY
    return STANDING_OF[verdict_of(job, task, wanted.skipped_ok)]
