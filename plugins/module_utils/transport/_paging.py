# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Reading a whole list from a service whose paging is not documented.

The lists answer with an envelope (``current``, ``data``, ``pages``, ``size``,
``total``), but the job list documents no parameter to ask for the next page.
So the first request has none. Where it did not bring all, ``offset`` and
``limit`` are tried as the sibling calls use them: as a number of records, and,
where that does not add up, as a number of pages. The list of events has another
envelope (``events``, ``count``), which becomes one like the others here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from .._errors import ApiError, BadAnswer, BudgetSpent
from .._shapes import Record

# Takes paging parameters and returns an envelope.
Fetch: TypeAlias = Callable[[dict[str, int]], Record]

# The server list documents limits up to 1024.
WIDE_LIMIT = 1000
# The list of events documents limits up to 100, which is what it gives where none is asked for.
EVENTS_LIMIT = 100
# A list that goes on beyond these is not a list but a loop.
MAX_RECORDS = 200000
MAX_PAGES = 2000
LONGEST_ID = 256
# A list that changes while it is read is read again so many times.
ROUNDS = 3


class Page(NamedTuple):
    """What one page of a list said of itself; what it did not say is None."""

    asked: Mapping[str, int]  # the parameters
    records: int
    total: int | None
    pages: int | None
    current: int | None


class Listing:
    """What was read.

    :ivar records: the records, each id once, in the order they were first seen.
    :ivar complete: False where the service says there are more than it gave.
    :ivar pages: the pages that were read.
    :ivar cut: whether reading ended because no further request may be sent.
    """

    def __init__(self, records: list[Record], complete: bool, pages: Sequence[Page] = (), cut: bool = False) -> None:
        self.records = records
        self.complete = complete
        self.pages = list(pages)
        self.cut = cut


_ENVELOPE = frozenset(["current", "data", "pages", "size", "total"])
_EVENTS_ENVELOPE = frozenset(["events", "count"])


def envelope_of(body: Any, headers: Mapping[str, str]) -> Record:
    """Check the shape of one page's answer; raises BadAnswer.

    An empty list may be null, or left out beside the counts. An empty object, or one with more than an envelope has,
    does not say that nothing is there: it may be anybody's.
    """
    return _checked(body, "data", _ENVELOPE)


def events_of(paging: Mapping[str, int]) -> Callable[[Any, Mapping[str, str]], Record]:
    """As :func:`envelope_of`, for one page of events, which was asked for with these parameters.

    ``count`` is documented as the number of all events, but older pages of the API reference have no paging, so it may
    be that of the answer. So as many as fill a page say nothing of the whole list, and nor does a further page that
    counts only what it has: it begins with an event of the one before.
    """

    def parse(body: Any, headers: Mapping[str, str]) -> Record:
        envelope, further = _checked(body, "events", _EVENTS_ENVELOPE), paging.get("offset", 0) > 0
        events, total = envelope["events"], envelope.get("count")
        if (events or further) and total == EVENTS_LIMIT or further and total == len(events):
            total = None
        return {"data": events, "total": total}

    return parse


def _checked(body: Any, key: str, known: frozenset[str]) -> Record:
    envelope: Record = dict(body) if isinstance(body, dict) else {}
    if envelope.get(key) is None and envelope and set(envelope) <= known:
        envelope[key] = []
    if not isinstance(envelope.get(key), list):
        raise BadAnswer(f"the answer has no list '{key}'")
    for record in envelope[key]:
        if not isinstance(record, dict) or not is_id(record.get("id")):
            raise BadAnswer("a record of the list has no 'id'")
    return envelope


def is_id(value: object) -> bool:
    """Whether a value of the service can be an id: it is put into addresses, file names and lines for people."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()


def read_all(fetch: Fetch, widest: int = WIDE_LIMIT) -> Listing:
    """Read every page.

    :param fetch: takes paging parameters (a dict, empty at first) and returns an
        envelope as :func:`envelope_of` passes it; raises ApiError where the service
        refuses the parameters.
    :param widest: the greatest limit that is documented for this list.
    """
    listing = _Reader(fetch, widest).read()
    for _round in range(ROUNDS - 1):
        if listing.complete or listing.cut:
            break
        try:
            again = _Reader(fetch, widest).read()
        except BudgetSpent:
            break
        if again.cut:
            break
        listing = again
    return listing


class _Reader:
    """One pass over a list."""

    def __init__(self, fetch: Fetch, widest: int) -> None:
        self._fetch = fetch
        self._widest = widest
        self._found: dict[str, Record] = {}
        self._pages: list[Page] = []
        self._asked = 0
        self._last_id: str | None = None  # of the last page that was read
        self._total: int | None = None
        # Stands in for the total where there is none: whether the last page says that there are
        # more, or None where it says nothing of it.
        self._more: bool | None = None
        self._changed = False
        self._followed = False  # whether the service has ever gone on from a record

    def read(self) -> Listing:
        try:
            complete, cut = self._read(), False
        except BudgetSpent:
            if not self._pages:
                raise
            # As much as there is, of which nothing can be told but that it is there.
            complete, cut = False, True
        return Listing(list(self._found.values()), complete, self._pages, cut)

    def _read(self) -> bool:
        size = self._page({})
        first_ids = list(self._found)
        if size and size < self._widest and self._missing():
            # From the first record on, so that it means the same in records and in pages.
            size = self._wide_page(first_ids) or size
        if size and self._missing() and not self._changed:
            self._walk_records(size)
        # A list that has changed is read again anyway; by pages that could take a request for each record.
        if size and self._missing() and not self._changed:
            self._walk_pages(size)
            # Pages cannot overlap. So that at least a list that moved at its beginning is noticed:
            self._changed = self._changed or [record["id"] for record in self._fetch({})["data"]] != first_ids
        # A list that says nothing of its length has ended when no page brings anything new; but one that is just as
        # long as the longest page may have been cut there, by a service that does not read the parameters.
        cut = len(self._found) == self._widest and not self._followed
        silent = self._total is None and self._more is None and not cut
        # A list that changed meanwhile may have passed over a record although the count is right.
        return (silent or not self._missing()) and not self._changed

    def _missing(self) -> bool:
        return self._more is not False if self._total is None else len(self._found) < self._total

    def _page(self, parameters: dict[str, int], begins: Sequence[str | None] = ()) -> int:
        """Read one page into the records; returns how many records it had.

        :param begins: ids that the page has to begin with, or it is not taken.
        """
        self._asked += 1
        if self._asked > MAX_PAGES:
            raise BadAnswer(f"the list does not end: more than {MAX_PAGES} pages")
        envelope = self._fetch(parameters)
        data, total = envelope["data"], _count(envelope.get("total"))
        self._changed = self._changed or (self._last_id is not None and total != self._total)
        if begins and (not data or any(record["id"] != begun for record, begun in zip(data, begins, strict=False))):
            return 0
        for record in data:
            self._found.setdefault(record["id"], record)
        if len(self._found) > MAX_RECORDS:
            raise BadAnswer(f"the list does not end: more than {MAX_RECORDS} records")
        self._total = total
        pages, current = _count(envelope.get("pages")), _count(envelope.get("current"))
        self._pages.append(Page(parameters, len(data), total, pages, current))
        if data:
            self._last_id = data[-1]["id"]
            self._more = None if pages is None or current is None else current < pages
        return len(data)

    def _wide_page(self, first_ids: list[str]) -> int | None:
        known, last_id = len(self._found), self._last_id
        try:
            size = self._page({"offset": 0, "limit": min(self._total or self._widest, self._widest)}, first_ids)
        except ApiError as error:
            if error.http_status != 400:
                raise
            return None  # this limit is not taken: go on with the service's own page size
        self._changed = self._changed or not size  # it begins where the first page began
        if len(self._found) > known:
            return size
        self._last_id = last_id  # a shorter page than the first one leads nowhere
        return None

    def _walk_records(self, size: int) -> None:
        """``offset`` as a number of records; stops at the first page that brings nothing new.

        Each page begins with the last record of the one before. If it does not, then the list
        has moved, or the number does not count records.
        """
        offset = size - 1
        while self._missing():
            known = len(self._found)
            got = self._page({"offset": offset, "limit": size}, [self._last_id])
            self._followed = self._followed or got > 0
            if len(self._found) == known:
                return
            offset += got - 1

    def _walk_pages(self, size: int) -> None:
        """``offset`` as a number of pages; a page may be known already from the walk before."""
        page, useless = 1, 0
        while self._missing() and useless < 2:
            known = len(self._found)
            got = self._page({"offset": page, "limit": size})
            new = len(self._found) - known
            # Pages do not overlap: one that is known in part is one of a list that moved.
            self._changed = self._changed or 0 < new < got
            useless = 0 if new else useless + 1
            page += 1


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
