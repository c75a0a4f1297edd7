# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The rule for "already done".

The wanted result is: every server has run these items. Each server is judged by itself, over the earlier jobs that
share an item type with the wanted items: :func:`standing_of` is the rule, :func:`sighting` says what one job means for
one server, and :func:`judge` reads no more jobs than the rule needs.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._result import Verdict
from ._mark import comparable
from ._model import DELETED, FAILED, SKIPPED, SUCCESS, Item, Job, Summary, Task, newest
from ._wanted import REUSE_NEVER, REUSE_SAME_NAME, Wanted


class Standing(enum.Enum):
    """Where a server stands before anything is done."""

    DONE = "done"
    RUNNING = "running"  # these items are in flight: attach, never start again
    SUBMIT = "submit"
    BUSY = "busy"  # other items of the same types are in flight
    UNSETTLED = "unsettled"  # a job may be on this server, and does not say (yet) whether, or with which end


class State(enum.Enum):
    """What a job that shares an item type means for one server."""

    UNSETTLED = "may be on it, and does not list it"
    RUNNING = "runs"
    DONE = "has done its work"
    FAILED = "has failed, or was deleted before its end was known"
    STUCK = "ended without a known end"


@dataclass(frozen=True)
class Sighting:
    """A job on a server.

    :ivar same_items: whether it ran the wanted items.
    :ivar admitted: whether ``reuse`` lets it count as having done the work.
    """

    state: State
    same_items: bool = False
    admitted: bool = True
    job: Job | None = None
    task: Task | None = None


@dataclass(frozen=True)
class Judgement:
    """The standing of one server, with the job and task that decided it (or None).

    :ivar same_items: whether that job runs the wanted items.
    """

    standing: Standing
    job: Job | None = None
    task: Task | None = None
    same_items: bool = False


def standing_of(sightings: Sequence[Sighting]) -> tuple[Standing | None, Sighting | None]:
    """The rule: where a server stands by the jobs on it, newest first, and which of them decides.

    None instead of a standing: an older job that has ended may still have done the work.
    """
    for seen in sightings:
        if seen.state is State.UNSETTLED:
            return Standing.UNSETTLED, seen
    running = [seen for seen in sightings if seen.state is State.RUNNING]
    for seen in running:
        if not seen.same_items:
            return Standing.BUSY, seen
    if running:
        return Standing.RUNNING, running[0]
    for place, seen in enumerate(sightings):
        if not seen.same_items:
            return Standing.SUBMIT, sightings[0]
        if seen.state is State.DONE and seen.admitted:
            return Standing.DONE, seen
        if place == 0 and seen.state is State.FAILED:
            return Standing.SUBMIT, seen
        if place == 0 and seen.state is State.STUCK:
            return Standing.RUNNING, seen  # it may have worked, or work still: nothing starts it a second time
    return None, sightings[0] if sightings else None


def sighting(wanted: Wanted, job: Job, server_id: str, same_items: bool | None, patient: bool) -> Sighting | None:
    """What a job that shares an item type means for a server; None where it is surely not on it.

    :param same_items: of :func:`ran_same_items`.
    :param patient: whether a job that has ended may still correct what it says of its servers.
    """
    task, deleted = job.task_on(server_id), job.status == DELETED
    if (task is None and (job.lists_all or deleted)) or (deleted and job.created is None):
        return None
    verdict = verdict_of(job, task, wanted.skipped_ok, wanted.is_reboot)
    if task is None or (same_items is None and not deleted):
        state = State.UNSETTLED
    elif verdict == "running":
        state = State.RUNNING
    elif job.created is None:
        state = State.UNSETTLED  # it cannot be told what ran before it and what after
    elif verdict == "unknown" and deleted:
        state = State.FAILED
    elif verdict == "unknown":
        state = State.UNSETTLED if patient else State.STUCK
    else:
        state = State.DONE if verdict == "done" else State.FAILED
    admitted = wanted.reuse != REUSE_SAME_NAME or job.name == wanted.name
    return Sighting(state, bool(same_items), admitted, job, task)


def verdict_of(job: Job, task: Task | None, skipped_ok: bool, is_reboot: bool | None = None) -> Verdict:
    """What a server's task in a job means, where that job runs the wanted items.

    :param task: the server's Task, or None where the job has none for it.
    :param is_reboot: as the job was or would be sent, where the service does not show it: a failed task of such a job
        may be started again until the job is over.
    """
    if task is not None and task.status == SUCCESS:
        return "done"
    if task is not None and task.status == SKIPPED:
        return "done" if skipped_ok else "failed"
    if task is not None and task.status == FAILED and (job.ended or not job.raw.get("is_reboot", is_reboot)):
        return "failed"
    # An undocumented status is neither; once the job has ended, nothing more will be known.
    return "unknown" if job.ended else "running"


# Takes a job without a mark and returns {parameter: value that its live template gives it by default}.
Defaults = Callable[[Job], Mapping[str, str]]


def ran_same_items(wanted: Wanted, job: Job, defaults: Defaults) -> bool | None:
    """Whether a job ran the wanted items, perhaps among others; None where it shows neither a mark nor items."""
    if job.mark is not None:
        return job.mark.items == wanted.digest
    if not job.items:
        return None
    return all(
        any(_is_item(item, other, wanted.secret_keys, lambda: defaults(job)) for other in job.items)
        for item in wanted.items
    )


def _is_item(item: Item, other: Item, secret_keys: frozenset[str], defaults: Callable[[], Mapping[str, str]]) -> bool:
    wanted, shown = dict(item.spec), dict(other.spec)
    if item.type != other.type or not wanted.keys() <= shown.keys():
        return False
    for key, value in wanted.items():
        hidden = key in secret_keys and _is_masked(shown[key])
        if not hidden and comparable(key, shown[key]) != comparable(key, value):
            return False
    further = {key: value for key, value in shown.items() if key not in wanted and not _is_masked(value)}
    return not further or further.items() <= defaults().items()


def _is_masked(value: str) -> bool:
    return len(value) >= 3 and not value.strip("*")


def may_share_types(wanted: Wanted, job: Job | Summary) -> bool:
    """Whether a job may share an item type with the wanted items, from what is known of it."""
    if job.mark is not None:
        return job.mark.types is None or not wanted.type_digests.isdisjoint(job.mark.types)
    items = job.items if isinstance(job, Job) else ()
    return not items or any(item.type in wanted.item_types for item in items)


def judge(
    wanted: Wanted,
    summaries: Iterable[Summary],
    detail: Callable[[Summary], Job | None],
    defaults: Defaults,
    patient: Callable[[Job], bool],
) -> dict[str, Judgement]:
    """Judge every wanted server.

    :param summaries: every job of the list, in any order.
    :param detail: takes a Summary and returns its Job, or None where that is gone; called newest first, and only for
        jobs that can still decide something: a job that runs may be on any server, one that has ended only matters to
        the servers of which no newer one has decided.
    :param patient: whether a job that has ended may still correct what it says of its servers.
    :returns: {server id: Judgement} for every wanted server, in their order.
    """
    if wanted.reuse == REUSE_NEVER:
        return dict.fromkeys(wanted.server_ids, Judgement(Standing.SUBMIT))
    sightings: dict[str, list[Sighting]] = {server_id: [] for server_id in wanted.server_ids}
    undecided = dict.fromkeys(wanted.server_ids)
    for summary in sorted(summaries, key=newest, reverse=True):
        if not may_share_types(wanted, summary) or (not undecided and _is_history(summary)):
            continue
        job = detail(summary)
        if job is None or not may_share_types(wanted, job):
            continue
        same_items = ran_same_items(wanted, job, defaults)
        candidates = list(undecided if _is_history(job) else wanted.server_ids)
        for server_id in job.runs_on(candidates) if job.lists_all else candidates:
            seen = sighting(wanted, job, server_id, same_items, patient(job))
            if seen is not None:
                sightings[server_id].append(seen)
                if standing_of(sightings[server_id])[0] is not None:
                    undecided.pop(server_id, None)
    return {server_id: _judgement(seen) for server_id, seen in sightings.items()}


def _is_history(job: Job | Summary) -> bool:
    """Whether a job only matters where no newer one decides."""
    return job.ended and job.created is not None


def _judgement(sightings: Sequence[Sighting]) -> Judgement:
    standing, seen = standing_of(sightings)
    seen = seen or Sighting(State.FAILED)
    return Judgement(standing or Standing.SUBMIT, seen.job, seen.task, seen.same_items)
