# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Checks of the jobs that are there: their times, words, marks, items and tasks, and how long they are kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations

from ..._shapes import Record
from .._times import milliseconds
from ..jobs._mark import digest_of_items
from ..jobs._model import JOB_STATUSES, PROCESSING, TASK_STATUSES, Item, Job
from ._connection_checks import FIRST
from ._facts import Facts
from ._finding import Check, Outcome, Word, counted, failed, named, ok, unknown, warning, words
from ._list_checks import NO_JOB, not_read

DAY = 86400
# Keys of an item that may be secret; with more of them nothing is told.
MOST_KEYS = 8
REPORT = "report it, with the report of this playbook"


def _no_details(facts: Facts) -> Outcome:
    """What a check says where no job could be read."""
    if facts.jobs.value is None:
        return not_read(facts.jobs)
    if not facts.details:
        return unknown("there is no job", todo=NO_JOB)
    return unknown("no job could be read", todo=FIRST)


def times(facts: Facts) -> Outcome:
    """`create_at` orders jobs."""
    if facts.jobs.value is None:
        return not_read(facts.jobs)
    records = facts.jobs.value.records
    if not records:
        return unknown("there is no job", todo=NO_JOB)
    forms = Counter(_form(record.get("create_at")) for record in records)
    silent = forms.pop(None, 0)
    if silent:
        bad = failed if silent == len(records) else warning
        return bad(
            "{} of {} without a time of creation",
            silent,
            counted(len(records), "job"),
            todo="delete the records of those jobs, if they have ended",
            means="a run that meets such a job on one of its servers fails with job_unsettled, and starts nothing",
        )
    differing = [
        detail.summary.id
        for detail, job in facts.details_in_shape
        if job.created is not None and job.created != detail.summary.created
    ]
    if differing:
        text = "list and detail differ in when a job was created: {}"
        return warning(text, named("job", differing), todo=REPORT)
    return ok("they are {}", words(form for form in forms if form))


def _form(value: object) -> str | None:
    """The form of a time, in one word; None where it is none."""
    if milliseconds(value) is None:
        return None
    if isinstance(value, str):
        return "digits" if re.fullmatch(r"\s*[0-9]+\s*", value) else "iso"
    return "numbers"


def statuses(facts: Facts) -> Outcome:
    """Jobs and tasks have the statuses that are documented."""
    if facts.jobs.value is None:
        return not_read(facts.jobs)
    if not facts.summaries:
        return unknown("there is no job", todo=NO_JOB)
    strange = {summary.status for summary in facts.summaries} - JOB_STATUSES
    endless: set[str] = set()
    for _detail, job in facts.details_in_shape:
        seen = {task.status for task in job.tasks}
        strange |= seen - TASK_STATUSES
        # Which word ends a job, or a task, and is not known to: it would be waited for until the time-out.
        if job.status not in JOB_STATUSES and job.tasks and all(task.ended for task in job.tasks):
            endless.add(job.status)
        if job.ended:
            endless |= seen - TASK_STATUSES
    if endless:
        return failed(
            "jobs or tasks end with a word that is not documented: {}",
            words(endless),
            todo="do not run anything yet, and " + REPORT,
            means="what has this status never counts as ended or done: a wait goes on until its time-out",
        )
    if strange:
        return warning("there are statuses that are not documented: {}", words(strange), todo=REPORT)
    if not facts.details_in_shape:
        return _no_details(facts)
    return ok("they are all documented")


def descriptions(facts: Facts) -> Outcome:
    """List and detail show the description that was sent."""
    details = facts.details_in_shape
    if not details:
        return _no_details(facts)
    differing = [
        detail.summary.id
        for detail, job in details
        if (detail.listed.get("description") or "") != (job.raw.get("description") or "")
    ]
    if differing:
        return warning("list and detail of a job differ in its description: {}", named("job", differing), todo=REPORT)
    marked = sum(summary.mark is not None for summary in facts.summaries)
    if not marked:
        text = "no job carries a mark of this collection, so it cannot be seen whether the service keeps it"
        return unknown(text, todo="run it again after the first job of this collection")
    return ok("{} of {} with a mark", marked, counted(len(facts.summaries), "job"))


def items(facts: Facts) -> Outcome:
    """Items are shown as they were sent."""
    marked = [(detail, job) for detail, job in facts.details_in_shape if job.mark is not None]
    if not marked:
        if not facts.details_in_shape:
            return _no_details(facts)
        text = "no job with a mark of this collection was read, which would show what was sent"
        return unknown(text, todo="run it again after the first job of this collection")
    other = [job.id for _detail, job in marked if not _as_sent(job)]
    if other:
        return warning(
            "{} of {} with a mark not shown as sent (changed, completed, masked, or not at all): {}",
            len(other),
            counted(len(marked), "job"),
            named("job", other),
            todo="leave mark at true, by which these jobs are recognised all the same; and " + REPORT,
        )
    return ok("they are, in {} with a mark", counted(len(marked), "job"))


def _as_sent(job: Job) -> bool:
    """Whether a job's items are those of its mark, whichever values were left out of it as secret."""
    return job.mark is not None and any(
        digest_of_items([first, *rest], frozenset(keys)) == job.mark.items
        for first, rest in _first_items(job.items)
        for keys in _subsets([key for key, _value in first.spec])
    )


def _first_items(all_items: tuple[Item, ...]) -> Iterator[tuple[Item, tuple[Item, ...]]]:
    for place, item in enumerate(all_items):
        yield item, all_items[:place] + all_items[place + 1 :]


def _subsets(keys: list[str]) -> Iterable[tuple[str, ...]]:
    sizes = range(len(keys) + 1) if len(keys) <= MOST_KEYS else (0,)
    return (subset for size in sizes for subset in combinations(keys, size))


def tasks(facts: Facts) -> Outcome:
    """A job lists a task for each of its servers."""
    shapeless = [detail.summary.id for detail in facts.read_details if detail.read.value and detail.job is None]
    if shapeless:
        text = "items or tasks have another shape than documented: {}"
        means = "such a job cannot be followed, and holds up a run that meets it"
        return failed(text, named("job", shapeless), todo="do not run anything yet, and " + REPORT, means=means)
    details = facts.details_in_shape
    if not details:
        return _no_details(facts)
    newest_ended = next((job for _detail, job in details if job.ended), None)
    if newest_ended is not None and not newest_ended.tasks:
        return failed(
            "the newest job that has ended lists no task: {}",
            named("job", [newest_ended.id]),
            todo="if its tasks were there once, delete its record; else report it",
            means="it is not known on which servers a job ran: a run fails with job_unsettled, and starts nothing",
        )
    short = [(job.ended, job.id) for _detail, job in details if job.tasks and not job.lists_all]
    short += [(False, job.id) for _detail, job in details if not job.ended and not job.tasks]
    if short:
        return warning(
            "{} of {} with fewer tasks than servers: {}",
            len(short),
            counted(len(details), "job"),
            named("job", [job_id for _ended, job_id in short]),
            todo="run it again when they have ended" if not short[0][0] else REPORT,
            means="a run waits up to 60 s for the tasks of a job that runs, then fails with job_unsettled",
        )
    return ok("they are whole, in {}", counted(sum(bool(job.tasks) for _detail, job in details), "job"))


def ends(facts: Facts) -> Outcome:
    """A job that has ended does nothing more."""
    ended = [job for _detail, job in facts.details_in_shape if job.ended and job.tasks]
    if not ended:
        if not facts.details_in_shape:
            return _no_details(facts)
        return unknown("no job that has ended lists tasks", todo="run it again when a job has ended")
    running = [job for job in ended if any(task.status == PROCESSING for task in job.tasks)]
    if running:
        return failed(
            "{} of {} that ended still with tasks under way: {}",
            len(running),
            counted(len(ended), "job"),
            named("job", [job.id for job in running]),
            todo="wait until those tasks have ended, and " + REPORT,
        )
    return ok("no task is under way in {} that ended", counted(len(ended), "job"))


def retention(facts: Facts) -> Outcome:
    """Records of jobs, and their tasks, are kept."""
    ended = [(detail, job) for detail, job in facts.details_in_shape if job.ended]
    if not ended:
        if not facts.details_in_shape:
            return _no_details(facts)
        return unknown("no job that has ended was read", todo=NO_JOB)
    oldest = _days(facts, facts.summaries[-1].created)
    empty = [detail for detail, job in ended if not job.tasks]
    if not empty:
        return ok("the oldest job is {} old, and has its tasks", oldest)
    kept = [detail for detail, job in ended if job.tasks]
    return warning(
        "old jobs have lost their tasks: one that is {} old has none, and the oldest seen with tasks is {} old",
        _days(facts, empty[0].summary.created),
        _days(facts, kept[-1].summary.created) if kept else Word("of no age"),
        todo="delete the records of such jobs once you know that their servers have what they shall have",
        means="for servers without a newer job, a run fails with job_unsettled",
    )


def _days(facts: Facts, created: int | None) -> Word:
    """How long before the list was read, or before the newest job, in words."""
    now = facts.listed_at or max((summary.created or 0) / 1000 for summary in facts.summaries)
    if created is None:
        return Word("an unknown time")
    seconds = max(now - created / 1000, 0)
    return counted(round(seconds / DAY), "day") if seconds > 2 * DAY else counted(round(seconds / 3600), "hour")


def task_servers(facts: Facts) -> Outcome:
    """Tasks name servers by the ids of the server list."""
    details = [(detail, job) for detail, job in facts.details_in_shape if job.tasks]
    if not details:
        if not facts.details_in_shape:
            return _no_details(facts)
        return unknown("no job that was read lists tasks", todo=NO_JOB)
    servers, everyone = facts.servers.value, facts.everyone.value
    if servers is None:
        return not_read(facts.servers)
    ids = {record["id"].lower() for record in servers.records}
    ids |= {record["id"].lower() for record in everyone.records} if everyone else set()
    below = {text.lower() for record in servers.records for text in _ids_below(record)}
    told = {task.server_id.lower() for _detail, job in details for task in job.tasks}
    if told & ids:
        return ok("{} of {} of tasks found in the server list", len(told & ids), counted(len(told), "server"))
    if told & below:
        return failed(
            "tasks name their servers by the ids of the machines below them: {}",
            named("server", sorted(told & below)),
            todo="do not run anything yet, and " + REPORT,
            means="no job is recognised on any server: the next run starts everything again",
        )
    return unknown("no server of the tasks is in the server list; they may be of other users", todo="use scope: all")


def _ids_below(record: Record) -> Iterator[str]:
    below = record.get("cloud_server")
    for value in below.values() if isinstance(below, dict) else ():
        if isinstance(value, str) and len(value) >= 8:
            yield value


CHECKS = (
    Check("job_times", "`create_at` orders jobs", "a wrong job may count as the newest", times),
    Check(
        "job_statuses",
        "An undocumented status may still be running",
        "none: such a server is not started again, and not called done",
        statuses,
    ),
    Check(
        "job_descriptions",
        "List and detail show the `description` that was sent",
        "jobs are recognised by their items alone, as with `mark: false`",
        descriptions,
    ),
    Check(
        "job_items",
        "Jobs without a mark show the items that were sent",
        "such a job counts as one of other items; with a mark nothing changes",
        items,
    ),
    Check(
        "job_tasks",
        "A job lists a task for each of its servers, within seconds and at the latest when it has ended",
        "the task fails with `job_unsettled`, and nothing is created",
        tasks,
    ),
    Check(
        "job_ends",
        "A job that is `FINISHED` or `DELETED` does nothing more on its servers",
        "a server may be started while old work goes on",
        ends,
    ),
    Check(
        "job_retention",
        "The service keeps the records of jobs, with their tasks",
        "a job that is forgotten was never there: its servers are started again",
        retention,
    ),
    Check(
        "task_servers",
        "Tasks name servers by the ids of the server list",
        "no job is recognised on any server",
        task_servers,
    ),
)
