# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What was read of a project, and what could not be: all that the checks judge by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from ..._errors import BadAnswer, LiteServerError
from ..._shapes import Record
from .._api import PagedListing, Seen
from ..jobs._model import DELETED, Job, Summary, newest, read_job, read_summary
from ..servers._model import ServerRecord, server_record

T = TypeVar("T")


@dataclass(frozen=True)
class Read(Generic[T]):
    """What came of one call.

    :ivar value: the answer, or None.
    :ivar error: why there is none, or None where nothing was asked.
    :ivar skipped: why nothing was asked: ``over`` after an error that ends all, ``budget`` where no further request may
        be sent, ``nothing`` where there was nothing to ask for.
    """

    value: T | None = None
    error: LiteServerError | None = None
    skipped: Literal["", "over", "budget", "nothing"] = ""


NOT_ASKED: Read[Any] = Read(skipped="nothing")


class Detail(NamedTuple):
    """A job of the list, and its detail.

    :ivar job: None where it could not be read, or has another shape.
    """

    summary: Summary
    listed: Record
    read: Read[Record]
    job: Job | None


@dataclass(frozen=True)
class Facts:
    """What was read of a project.

    :ivar details: of some jobs, {job id: what came of reading it}.
    :ivar again: the first page of the job list, after everything else was read.
    :ivar signed: whether requests are signed with keys, so that clocks matter.
    :ivar nodes: {host: what its node said}, or None where no node was asked.
    """

    signed: bool
    request_timeout: int
    nodes: Mapping[str, Record] | None = None
    jobs: Read[PagedListing] = NOT_ASKED
    again: Read[PagedListing] = NOT_ASKED
    named: Read[PagedListing] = NOT_ASKED
    by_id: Read[PagedListing] = NOT_ASKED
    details: dict[str, Read[Record]] = field(default_factory=dict)
    servers: Read[PagedListing] = NOT_ASKED
    everyone: Read[PagedListing] = NOT_ASKED
    server: Read[Record] = NOT_ASKED
    templates: Read[PagedListing] = NOT_ASKED
    template: Read[Record] = NOT_ASKED
    software: Read[list[Record]] = NOT_ASKED
    events: Read[PagedListing] = NOT_ASKED
    sent: int = 0
    seen: Sequence[Seen] = ()
    listed_at: float | None = None  # the service's time in seconds, when the job list was read

    @property
    def reads(self) -> Iterator[Read[Any]]:
        """Every call."""
        first: tuple[Read[Any], ...] = (self.jobs, self.servers, self.everyone, self.server)
        offers: tuple[Read[Any], ...] = (self.templates, self.template, self.software, self.events)
        yield from (*first, *offers, self.named, self.by_id, *self.details.values(), self.again)

    @property
    def errors(self) -> list[LiteServerError]:
        """Every error, in the order of the calls."""
        return [read.error for read in self.reads if read.error is not None]

    @cached_property
    def summaries(self) -> list[Summary]:
        """The jobs of the list, newest first."""
        records = self.jobs.value.records if self.jobs.value else []
        return sorted(map(read_summary, records), key=newest, reverse=True)

    @property
    def newest(self) -> Summary | None:
        """The newest job of the list whose record is not deleted."""
        return next((summary for summary in self.summaries if summary.status != DELETED), None)

    @cached_property
    def read_details(self) -> list[Detail]:
        """The jobs that were asked for, newest first."""
        records = {record["id"]: record for record in (self.jobs.value.records if self.jobs.value else [])}
        return [
            Detail(summary, records[summary.id], read, job_of(read))
            for summary in self.summaries
            if (read := self.details.get(summary.id)) is not None
        ]

    @property
    def details_in_shape(self) -> list[tuple[Detail, Job]]:
        """Those that could be read, newest first."""
        return [(detail, detail.job) for detail in self.read_details if detail.job is not None]

    @cached_property
    def shown_servers(self) -> list[ServerRecord]:
        """The servers of the list as results show them."""
        return [server_record(record) for record in self.server_records]

    @property
    def server_records(self) -> list[Record]:
        """The servers of the list."""
        return self.servers.value.records if self.servers.value else []


def job_of(read: Read[Record]) -> Job | None:
    """The job of an answer; None where there is none, or of another shape than documented."""
    if read.value is None:
        return None
    try:
        return read_job(read.value)
    except BadAnswer:
        return None
