# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Reading a project once, with few requests, for all checks together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ..._errors import AnswerLost, BudgetSpent, LiteServerError, TlsFailed, Unauthorized, Unreachable
from ..._shapes import Record
from .._api import ReadOnlyApi
from ..jobs._model import DELETED, Summary
from ._facts import NOT_ASKED, Facts, Read, job_of

# Of all: 5,000 jobs and 5,000 servers are some 25 pages.
MOST_REQUESTS = 40
# Pages of one list. With 1,000 records on a page, 12 are more than 10,000 records, however pages are counted.
JOB_PAGES = 12
SERVER_PAGES = 10
TEMPLATE_PAGES = 2
EVENT_PAGES = 3
# One request is kept for the look at the end.
KEPT = 1
# Jobs that are read because they are the newest, and statuses of which one job is.
NEWEST_JOBS = 2
MOST_STATUSES = 4
# Codes by which the service says that keys, region and project do not belong together.
PROJECT_CODES = frozenset(["APIGW.0310", "APIG.0310"])

T = TypeVar("T")


class ProjectReader:
    """Reads what the checks need, and goes on after errors that concern one call.

    It does not after errors that would come again: a key is locked after a few refusals.
    """

    def __init__(
        self, api: ReadOnlyApi, *, signed: bool, request_timeout: int, nodes: Mapping[str, Record] | None
    ) -> None:
        self._api = api
        self._facts = Facts(signed=signed, request_timeout=request_timeout, nodes=nodes)
        self._over = False
        self._accepted = False
        self._refusals = 0

    def read(self) -> Facts:
        """Read it."""
        api = self._api
        self._add(jobs=self._ask(lambda: api.list_jobs(JOB_PAGES)))
        self._add(listed_at=next((seen.date for seen in api.seen if seen.status < 300), None))
        self._add(servers=self._ask(lambda: api.list_servers(SERVER_PAGES)))
        self._add(everyone=self._ask(lambda: api.list_servers(1, everyone=True)))
        if self._facts.server_records:
            server_id = self._facts.server_records[0]["id"]
            self._add(server=self._ask(lambda: api.get_server(server_id)))
        templates = self._ask(lambda: api.list_templates(TEMPLATE_PAGES))
        self._add(templates=templates)
        if templates.value and templates.value.records:
            template_id = templates.value.records[0]["id"]
            self._add(template=self._ask(lambda: api.get_template(template_id)))
        self._add(software=self._ask(api.list_software))
        self._add(events=self._ask(lambda: api.list_events(EVENT_PAGES)))
        if newest := self._facts.newest:
            self._add(by_id=self._ask(lambda: api.list_jobs(1, id=newest.id)))
            self._add(named=self._ask(lambda: api.list_jobs(1, name=newest.name)) if newest.name else NOT_ASKED)
        for summary in self._sample():
            self._detail(summary)
        self._find_oldest_tasks()
        if self._facts.jobs.value is not None:
            self._add(again=self._ask(lambda: api.list_jobs(1)))
        self._add(sent=api.sent, seen=tuple(api.seen))
        return self._facts

    def _add(self, **facts: Any) -> None:
        self._facts = replace(self._facts, **facts)

    def _ask(self, call: Callable[[], T]) -> Read[T]:
        if self._over:
            return Read(skipped="over")
        try:
            value = call()
        except BudgetSpent:
            return Read(skipped="budget")
        except LiteServerError as error:
            self._over = self._ends_all(error)
            return Read(error=error)
        self._accepted = True
        return Read(value)

    def _ends_all(self, error: LiteServerError) -> bool:
        if isinstance(error, Unauthorized):
            self._refusals += 1
            return not self._accepted or self._refusals > 1
        if isinstance(error, AnswerLost):
            return not self._api.seen
        return isinstance(error, (TlsFailed, Unreachable)) or error.code in PROJECT_CODES

    def _sample(self) -> Iterator[Summary]:
        """Jobs that tell most: the newest; those of each status, with a mark, on several servers; the oldest."""
        there = [summary for summary in self._facts.summaries if summary.status != DELETED]
        yield from there[:NEWEST_JOBS]
        yield from list({summary.status: summary for summary in reversed(there)}.values())[-MOST_STATUSES:]
        marked = [(summary, summary.mark) for summary in there if summary.mark is not None]
        yield from [summary for summary, _mark in marked][:1]
        yield from [summary for summary, mark in marked if mark.servers > 1][:1]
        yield from there[-1:]

    def _detail(self, summary: Summary) -> Read[Record]:
        details = self._facts.details
        if summary.id not in details:
            job_id = summary.id
            kept = self._api.left <= KEPT
            details[job_id] = Read(skipped="budget") if kept else self._ask(lambda: self._api.get_job(job_id))
        return details[summary.id]

    def _find_oldest_tasks(self) -> None:
        """Where the oldest job has lost its tasks, come as near as possible to the oldest one that has not."""
        ended = [summary for summary in self._facts.summaries if summary.ended and summary.status != DELETED]
        with_tasks, without = 0, len(ended) - 1
        if without < 1 or not self._has_tasks(ended[with_tasks]) or self._has_tasks(ended[without]) is not False:
            return
        while without - with_tasks > 1 and self._api.left > KEPT and not self._over:
            middle = (with_tasks + without) // 2
            if self._has_tasks(ended[middle]) is False:
                without = middle
            else:
                with_tasks = middle

    def _has_tasks(self, summary: Summary) -> bool | None:
        """None where the job cannot be read."""
        job = job_of(self._detail(summary))
        return None if job is None else bool(job.tasks)
