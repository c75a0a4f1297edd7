# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Checks of the lists: whether they are whole, in which order they are, and whether they keep what they have shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

from ..._shapes import Record
from .._api import PagedListing
from .._times import milliseconds
from ._connection_checks import FIRST
from ._facts import Facts, Read
from ._finding import Check, Outcome, Word, counted, failed, named, ok, unknown, warning

NO_JOB = "run it again after the first job"


def not_read(read: Read[Any]) -> Outcome:
    """What a check says where its list was not read."""
    if read.skipped == "budget":
        return unknown("no further request was to be sent", todo="run it again")
    return unknown("the list could not be read", todo=FIRST)


def whole(read_of: Callable[[Facts], Read[PagedListing]], noun: str, facts: Facts) -> Outcome:
    """The service gives its whole list."""
    read = read_of(facts)
    listing = read.value
    if listing is None:
        return not_read(read)
    count, pages = counted(len(listing.records), noun), counted(len(listing.pages), "page")
    total = listing.pages[-1].total
    if listing.complete:
        return ok("{} on {}, as many as the service counts", count, pages)
    if listing.cut:
        return unknown("{} on {}, and the list is longer", count, pages, todo="read it with a module for it")
    return failed(
        "the service counts {} and gives {}, or changes its list while it is read",
        Word("more") if total is None else total,
        count,
        todo="run it again; if it stays, delete the records of old jobs until the list is whole",
    )


def order(facts: Facts) -> Outcome:
    """An older job is shown no later than a younger one."""
    listing, again = facts.jobs.value, facts.again.value
    if listing is None:
        return not_read(facts.jobs)
    times = [time for record in listing.records if (time := milliseconds(record.get("create_at"))) is not None]
    if len(times) < 2:
        return unknown("there are no two jobs with a time", todo=NO_JOB)
    late = _newcomers_older_than(listing, again, max(times)) if again else []
    if late:
        return failed(
            "{} came to light after a younger one: {}",
            counted(len(late), "job"),
            named("job", [record["id"] for record in late]),
            todo="let one controller run a fleet at a time, and wait some minutes between two runs",
        )
    for rule, words in ((_falls, "the newest first"), (_rises, "the oldest first")):
        if all(rule(one, other) for one, other in pairwise(times)):
            return ok("the list has " + words)
    return warning(
        "the list of {} is in no order of time",
        counted(len(listing.records), "job"),
        todo="do not let two controllers run one fleet at the same time",
        means="a job that is created while pages are read may be missed; the lists are read again where they changed",
    )


def _falls(one: int, other: int) -> bool:
    return one >= other


def _rises(one: int, other: int) -> bool:
    return one <= other


def _newcomers(listing: PagedListing, again: PagedListing) -> list[Record]:
    known = {record["id"] for record in listing.records}
    return [record for record in again.records if record["id"] not in known]


def _newcomers_older_than(listing: PagedListing, again: PagedListing, newest: int) -> list[Record]:
    if not listing.complete:
        return []
    times = [(record, milliseconds(record.get("create_at"))) for record in _newcomers(listing, again)]
    return [record for record, time in times if time is not None and time < newest]


def keeps(facts: Facts) -> Outcome:
    """The list shows a new job soon, then always."""
    listing, again = facts.jobs.value, facts.again.value
    if listing is None or again is None:
        return not_read(facts.jobs if listing is None else facts.again)
    if not listing.complete:
        return unknown("the list was not read whole", todo=FIRST)
    if not listing.records and not again.records:
        return unknown("there is no job", todo=NO_JOB)
    newcomers = _newcomers(listing, again)
    if facts.listed_at is not None:
        before = (facts.listed_at - facts.request_timeout) * 1000
        late = [record for record in newcomers if (milliseconds(record.get("create_at")) or before) < before]
        if late:
            return failed(
                "{} came to light later than {} after it was created: {}",
                counted(len(late), "job"),
                counted(facts.request_timeout, "second"),
                named("job", [record["id"] for record in late]),
                todo="set a request_timeout that is longer than that, and wait as long between two runs",
            )
    # The first page again: what it began with, behind what is new.
    expected = [record["id"] for record in listing.records][: len(again.records) - len(newcomers)]
    gone = sorted(set(expected) - {record["id"] for record in again.records})
    if gone:
        return warning(
            "{} of the list no longer in it some seconds later: {}",
            counted(len(gone), "job"),
            named("job", gone),
            todo="if nobody deleted it, report this",
        )
    return ok("what it showed, it showed again at the end")


def finds(read_of: Callable[[Facts], Read[PagedListing]], noun: str, facts: Facts) -> Outcome:
    """A list that is asked for one job shows it."""
    read = read_of(facts)
    if read.skipped == "nothing":
        return unknown("there is no job to ask for", todo=NO_JOB) if facts.jobs.value else not_read(facts.jobs)
    if read.error is not None:
        return warning("the list cannot be read with this filter", todo="see list_jobs, or report it")
    wanted = facts.newest
    if read.value is None or wanted is None:
        return not_read(read)
    records = read.value.records
    if any(record["id"] == wanted.id for record in records):
        others = [record for record in records if record.get(noun) != getattr(wanted, noun)]
        return ok("the filter works" + (", and lets others through" if others else ""))
    if read.value.cut:
        return unknown("the filtered list was not read to its end", todo="run it again")
    todo = "wait some minutes after a job before its record is deleted; if it stays, report this"
    return warning("the list with this filter does not show a job that the whole list shows", todo=todo)


CHECKS = (
    Check(
        "job_list_whole",
        "All jobs can be listed, page by page, as many as the service counts",
        "no job is started: what is missing could be a job that runs (`list_incomplete`)",
        partial(whole, lambda facts: facts.jobs, "job"),
    ),
    Check(
        "job_list_keeps",
        "The list shows a new job within `request_timeout`, then always",
        "a warning; a run before that may start it again",
        keeps,
    ),
    Check(
        "job_list_order",
        "The list shows an older job no later than a younger one",
        "a concurrent job may be missed by both runs",
        order,
    ),
    Check(
        "job_list_by_name",
        "The list filtered by a name shows every job of that name, perhaps others too",
        "`state: absent` leaves records of that name behind",
        partial(finds, lambda facts: facts.named, "name"),
    ),
    Check(
        "job_list_by_id",
        "The list filtered by an id shows that job, perhaps others too",
        "`state: absent` may take a record for deleted that is still there",
        partial(finds, lambda facts: facts.by_id, "id"),
    ),
    Check(
        "server_list_whole",
        "All servers can be listed, page by page, as many as the service counts",
        "there is no inventory, and no preflight (`list_incomplete`)",
        partial(whole, lambda facts: facts.servers, "server"),
    ),
)
