# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a whole list, however the service pages it: nothing is dropped without saying so."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    AnswerLost,
    ApiError,
    BadAnswer,
    LiteServerError,
    NotFound,
    ServiceFailed,
    Throttled,
    Unauthorized,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport import _paging as paging
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._paging import (
    Listing,
    envelope_of,
    events_of,
    read_all,
)

EXAMPLES = 900
# An empty list of requests, or one that never ends, must not hang a test.
MOST_REQUESTS = 20_000


class FakeList:
    """A list of records that is served in one of many ways.

    Args:
        count: number of records.
        mode: how ``offset`` counts: "records", "pages from 0", "pages from 1"; or "all" (no paging at all),
            or "first" (parameters are ignored: always the first page).
        size: records on a page where no limit is asked for.
        cap: a greater limit is cut down to this.
        refused_over: a greater limit is refused with 400.
        counts: whether the envelope tells "total and pages", "total", "pages" or "nothing".
        changes: request number -> what happens to the list before it is answered.
        fails: request number -> an error.
    """

    def __init__(
        self,
        count: int,
        mode: str = "records",
        size: int = 10,
        cap: int = 10**9,
        refused_over: int | None = None,
        counts: str = "total and pages",
        changes: dict[int, Callable[[list[str]], None]] | None = None,
        fails: dict[int, Exception] | None = None,
    ) -> None:
        self.ids = [f"id-{number}" for number in range(count)]
        self.first_ids = list(self.ids)
        self.always = set(self.ids)
        self.mode = mode
        self.size = size
        self.cap = cap
        self.refused_over = refused_over
        self.counts = counts
        self.changes = changes or {}
        self.fails = fails or {}
        self.asked: list[dict[str, int]] = []

    def __repr__(self) -> str:
        shown = ("mode", "size", "cap", "refused_over", "counts")
        changes = f", changed at {sorted(self.changes)[:3]}" if self.changes else ""
        return "FakeList({}, {}{})".format(
            len(self.first_ids), ", ".join(f"{name}={getattr(self, name)!r}" for name in shown), changes
        )

    def fetch(self, parameters: dict[str, int]) -> dict[str, Any]:
        """One page; what read_all is given."""
        number = len(self.asked)
        self.asked.append(dict(parameters))
        assert number < MOST_REQUESTS
        assert set(parameters) <= {"offset", "limit"}
        assert all(isinstance(value, int) and value >= 0 for value in parameters.values())
        assert parameters.get("limit", 1) >= 1
        if number in self.changes:
            self.changes[number](self.ids)
            self.always &= set(self.ids)
        if number in self.fails:
            raise self.fails[number]
        if self.refused_over is not None and parameters.get("limit", 0) > self.refused_over:
            raise ApiError("limit is too great", code="ModelArts.6400", http_status=400)
        size = min(parameters.get("limit", self.size), self.cap)
        offset = parameters.get("offset", 0)
        if self.mode == "all":
            size, start = max(len(self.ids), 1), 0
        elif self.mode == "first":
            size, start = self.size, 0
        elif self.mode == "records":
            start = offset
        elif self.mode == "pages from 0":
            start = offset * size
        else:
            start = max(offset - 1, 0) * size
        envelope: dict[str, Any] = {"data": [{"id": name} for name in self.ids[start : start + size]]}
        if self.counts in ("total and pages", "total"):
            envelope["total"] = len(self.ids)
        if self.counts in ("total and pages", "pages"):
            envelope.update(current=start // size + 1, pages=math.ceil(len(self.ids) / size), size=size)
        return envelope

    def read(self) -> tuple[list[str], bool]:
        """Read it, check what always holds, and return (ids, complete)."""
        listing = read_all(self.fetch)
        ids = [record["id"] for record in listing.records]
        assert len(ids) == len(set(ids)), "an id came twice"
        if listing.complete:
            # What was there all the time must be there; what came or went meanwhile may be.
            assert not self.always - set(ids), "a record was dropped, and the list says that it is complete"
        return ids, listing.complete


sizes = st.sampled_from([1, 2, 3, 7, 10, 100, 1000, 1024])
limits = st.sampled_from([1, 2, 5, 10, 99, 100, 500, 999, 1000, 1024, 10**9])
modes = st.sampled_from(["records", "pages from 0", "pages from 1", "all", "first"])


WITH_TOTAL, WITHOUT_TOTAL = ("total and pages", "total"), ("pages",)


@st.composite
def lists(draw: Any, counts: tuple[str, ...]) -> FakeList:
    """Lists that do not change while they are read."""
    size = draw(sizes)
    # Tiny pages of huge lists only take time.
    count = draw(st.integers(0, min(3000, size * 60)))
    return FakeList(
        count,
        mode=draw(modes),
        size=size,
        cap=max(draw(limits), size),
        refused_over=draw(st.none() | limits.map(lambda limit: max(limit, size))),
        counts=draw(st.sampled_from(counts)),
    )


def most_requests(served: FakeList) -> int:
    """A generous bound: a few walks over all pages, for each round."""
    pages = math.ceil(max(len(served.first_ids), 1) / min(served.size, 1000))
    return paging.ROUNDS * (2 * pages + 8)


@pytest.mark.parametrize("counts", [WITH_TOTAL, WITHOUT_TOTAL], ids=["with-total", "without-total"])
def test_list_that_stays_is_read_whole_or_said_to_be_incomplete(counts: tuple[str, ...]) -> None:
    whole = []

    @settings(max_examples=EXAMPLES // len(counts), derandomize=True, database=None)
    @given(lists(counts))
    @example(FakeList(3000, size=10, cap=10, counts=counts[0]))
    @example(FakeList(3000, size=1000, cap=1000, counts=counts[0]))
    @example(FakeList(3000, "pages from 0", counts=counts[0]))
    @example(FakeList(3000, "pages from 1", counts=counts[0]))
    def read(served: FakeList) -> None:
        ids, complete = served.read()
        assert set(ids) <= set(served.first_ids)
        assert complete == (set(ids) == set(served.first_ids))
        assert len(served.asked) <= most_requests(served)
        whole.append(complete)

    read()
    assert set(whole) == {True, False}


@pytest.mark.parametrize("counts", [WITH_TOTAL, WITHOUT_TOTAL], ids=["with-total", "without-total"])
def test_every_way_of_paging_that_a_service_may_have_gives_everything(counts: tuple[str, ...]) -> None:
    @settings(max_examples=EXAMPLES // 3, derandomize=True, database=None)
    @given(
        st.integers(0, 3000),
        st.sampled_from(["records", "pages from 0", "pages from 1", "all"]),
        st.sampled_from([10, 20, 100]),
        st.sampled_from([100, 500, 1000, 1024, 10**9]),
        st.sampled_from([None, 100, 500, 1000]),
        st.sampled_from(counts),
    )
    def read(count: int, mode: str, size: int, cap: int, refused_over: int | None, told: str) -> None:
        served = FakeList(count, mode, size, cap, refused_over, told)
        ids, complete = served.read()
        assert complete
        assert sorted(ids) == sorted(served.first_ids)

    read()


@pytest.mark.parametrize("count", [0, 1, 9, 10])
def test_one_page_takes_one_request(count: int) -> None:
    for counts in ("total and pages", "total", "pages"):
        served = FakeList(count, counts=counts)
        assert served.read() == (served.first_ids, True)
        assert served.asked == [{}]


@pytest.mark.parametrize("count", [0, 1, 3000])
def test_everything_at_once_takes_one_request(count: int) -> None:
    served = FakeList(count, mode="all")
    assert served.read() == (served.first_ids, True)
    assert served.asked == [{}]


# The contract for 500 earlier jobs: a request for each page, and at most three more.
@pytest.mark.parametrize(
    "mode, cap",
    [
        *[("records", cap) for cap in (10, 50, 100, 1000)],
        *[(mode, cap) for mode in ("pages from 0", "pages from 1") for cap in (50, 100, 1000)],
    ],
)
def test_requests_for_500_records(mode: str, cap: int) -> None:
    served = FakeList(500, mode=mode, size=10, cap=cap)
    ids, complete = served.read()
    assert (len(ids), complete) == (500, True)
    # A page begins with the last record of the one before, to see that the list has not moved. It costs
    # something only where a service gives no more than its own ten records, whatever is asked for.
    new_on_a_page = 10 if cap > 10 else 9
    assert len(served.asked) <= 3 + math.ceil(500 / new_on_a_page)


def test_wide_pages_are_used_where_they_are_given() -> None:
    served = FakeList(3000, size=10)
    served.read()
    assert len(served.asked) <= 5


def test_order_is_the_one_of_the_service() -> None:
    served = FakeList(2500, size=10)
    assert served.read()[0] == served.first_ids


def test_records_are_passed_on_whole() -> None:
    listing = read_all(lambda _parameters: {"data": [{"id": "1", "more": {"a": 1}}], "total": 1})
    assert isinstance(listing, Listing)
    assert listing.records == [{"id": "1", "more": {"a": 1}}]


def test_id_that_comes_again_is_one_record() -> None:
    answers = iter([{"data": [{"id": "1", "seen": number}], "total": 9} for number in range(99)])
    listing = read_all(lambda _parameters: next(answers))
    assert [record["id"] for record in listing.records] == ["1"]
    assert not listing.complete


# Counts that are not there, or that nobody can use


@pytest.mark.parametrize("counts", [{}, {"total": None, "pages": None, "current": None}, {"size": 10}, {"total": "25"}])
def test_page_that_says_nothing_of_others_is_not_taken_for_everything(counts: dict) -> None:
    ids = [str(number) for number in range(25)]

    def fetch(parameters: dict) -> dict:
        start = parameters.get("offset", 0)
        return {"data": [{"id": name} for name in ids[start : start + min(parameters.get("limit", 10), 10)]], **counts}

    listing = read_all(fetch)
    assert len(listing.records) == 25 or not listing.complete


def test_total_that_is_never_reached() -> None:
    served = FakeList(10)
    original = served.fetch

    def fetch(parameters: dict) -> dict:
        return {**original(parameters), "total": 11}

    listing = read_all(fetch)
    assert (len(listing.records), listing.complete) == (10, False)
    assert len(served.asked) <= most_requests(served)


# Lists that change while they are read


@st.composite
def changing_lists(draw: Any, how: str) -> FakeList:
    """Lists that grow, or shrink, or both at once, at either end or anywhere, once or again and again."""
    size = draw(st.sampled_from([2, 3, 7, 10, 100]))
    end = draw(st.sampled_from(["first", "last", "anywhere"]))
    by = draw(st.integers(1, 12))
    seed = draw(st.integers(0, 10**6))
    fresh = iter(range(10**9))

    def change(ids: list[str]) -> None:
        for step in range(by):
            place = {"first": 0, "last": len(ids), "anywhere": (seed * 7919 + step * 104729) % (len(ids) + 1)}[end]
            if how != "shrinks":
                ids.insert(place, f"new-{next(fresh)}")
            if how != "grows" and ids:
                del ids[(seed + step) % len(ids) if how == "moves" else min(place, len(ids) - 1)]

    when = draw(st.lists(st.integers(1, 25), min_size=1, max_size=3) | st.just(list(range(1, 80))))
    return FakeList(
        draw(st.integers(1, size * 20)),
        # Where pages are counted, a list that moves without changing its length cannot be told.
        mode=draw(st.sampled_from(["records", "pages from 0", "pages from 1"] if how != "moves" else ["records"])),
        size=size,
        cap=draw(st.sampled_from([size, 2 * size, 10**9])),
        refused_over=draw(st.sampled_from([None, size])),
        counts=draw(st.sampled_from(["total and pages", "total"])),
        changes=dict.fromkeys(when, change),
    )


@pytest.mark.parametrize("how", ["grows", "shrinks", "moves"])
def test_list_that_changes_meanwhile_drops_nothing_silently(how: str) -> None:
    whole = []

    @settings(max_examples=EXAMPLES // 2, derandomize=True, database=None)
    @given(changing_lists(how))
    def read(served: FakeList) -> None:
        _ids, complete = served.read()
        whole.append(complete)

    read()
    assert set(whole) == {True, False}


def test_list_that_grew_once_is_complete_in_the_end() -> None:
    served = FakeList(35, size=10, cap=10, changes={3: lambda ids: ids.insert(0, "new")})
    ids, complete = served.read()
    assert complete
    assert set(ids) == set(served.ids)


def test_list_that_shrank_once_is_complete_in_the_end() -> None:
    served = FakeList(35, size=10, cap=10, changes={3: lambda ids: ids.pop(0)})
    ids, complete = served.read()
    assert complete
    assert set(ids) >= set(served.ids)


def test_list_that_grows_for_ever_ends_incomplete() -> None:
    served = FakeList(95, size=10, cap=10)
    served.changes = {number: lambda ids: ids.insert(0, f"new-{len(ids)}") for number in range(1, 2000)}
    _ids, complete = served.read()
    assert not complete
    assert len(served.asked) <= 3 * most_requests(served)


# One job is deleted and another one created between two pages, so that the total stays.
def test_list_whose_total_stays_although_it_changed_drops_nothing_silently() -> None:
    def change(ids: list[str]) -> None:
        del ids[0]
        ids.append("new")

    for number in range(1, 5):
        FakeList(35, size=10, cap=10, changes={number: change}).read()


# Pages that never end


@pytest.mark.parametrize("counts", [{"total": 10**9}, {"current": 1, "pages": 10**9}])
def test_pages_that_never_end(monkeypatch: pytest.MonkeyPatch, counts: dict) -> None:
    monkeypatch.setattr(paging, "MAX_RECORDS", 500)
    asked = []

    def fetch(parameters: dict) -> dict:
        asked.append(1)
        start = parameters.get("offset", 0)
        return {"data": [{"id": str(number)} for number in range(start, start + 10)], **counts}

    with pytest.raises(BadAnswer, match="does not end"):
        read_all(fetch)
    assert len(asked) <= 60


def test_pages_that_are_new_whatever_is_asked_for() -> None:
    asked = []

    def fetch(_parameters: dict) -> dict:
        asked.append(1)
        return {"data": [{"id": f"{len(asked)}-{number}"} for number in range(10)], "total": 10**9}

    assert not read_all(fetch).complete
    assert len(asked) <= 10


def test_bound_of_a_list_holds_the_greatest_fleet() -> None:
    assert 50_000 <= paging.MAX_RECORDS <= 1_000_000


@pytest.mark.parametrize("counts", [{"total": 10**9}, {"current": 1, "pages": 10**9}])
def test_pages_that_repeat_for_ever(counts: dict) -> None:
    asked = []

    def fetch(_parameters: dict) -> dict:
        asked.append(1)
        return {"data": [{"id": str(number)} for number in range(10)], **counts}

    listing = read_all(fetch)
    assert (len(listing.records), listing.complete) == (10, False)
    assert len(asked) <= 30


def test_empty_pages_for_ever() -> None:
    asked = []

    def fetch(_parameters: dict) -> dict:
        asked.append(1)
        return {"data": [], "total": 5}

    listing = read_all(fetch)
    assert (listing.records, listing.complete) == ([], False)
    assert len(asked) <= 10


# Errors


ERRORS = [
    Throttled("429", http_status=429),
    ServiceFailed("500", http_status=500),
    Unauthorized("401", http_status=401),
    ApiError("403", http_status=403),
    ApiError("302", http_status=302),
    NotFound("404", http_status=404),
    AnswerLost("no answer"),
    BadAnswer("no list"),
]


@pytest.mark.parametrize("error", ERRORS, ids=str)
@pytest.mark.parametrize("mode", ["records", "pages from 0"])
def test_error_at_any_request_is_raised(error: LiteServerError, mode: str) -> None:
    served = FakeList(95, mode=mode, size=10, cap=10)
    served.read()
    for number in range(len(served.asked)):
        broken = FakeList(95, mode=mode, size=10, cap=10, fails={number: error})
        with pytest.raises(LiteServerError) as caught:
            broken.read()
        assert caught.value is error


# Only a wide limit may be refused: then the service's own page size is used.
def test_bad_request_in_the_middle_is_raised() -> None:
    for number in range(2, 8):
        refused = ApiError("bad", http_status=400)
        with pytest.raises(ApiError) as caught:
            FakeList(95, size=10, cap=10, fails={number: refused}).read()
        assert caught.value is refused


def test_refused_limit_falls_back_to_the_pages_of_the_service() -> None:
    served = FakeList(95, size=10, refused_over=10)
    assert served.read() == (served.first_ids, True)
    assert max(parameters.get("limit", 0) for parameters in served.asked[2:]) <= 10


def test_service_that_takes_no_parameters_at_all() -> None:
    # 400 for every parameter: an error, or an incomplete list, but never a whole one.
    served = FakeList(95, size=10, refused_over=0)
    try:
        _ids, complete = served.read()
    except ApiError as error:
        assert error.http_status == 400
    else:
        assert not complete


@pytest.mark.parametrize(
    "body",
    [
        {"data": None},
        {"data": None, "total": 0},
        {"total": 0},
        {"size": 0, "pages": 0, "current": 1},
        {"total": 3, "data": None},
    ],
)
def test_list_that_is_null_or_left_out_is_empty(body: dict) -> None:
    assert envelope_of(body, {})["data"] == []


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"data": {}}, {"data": "", "total": 0}, [], None, "text"),
        *({"data": None, "total": 0, "error_code": "X"}, {"total": 0, "message": "gone"}),
    ],
)
def test_what_does_not_say_that_it_is_a_list_is_not_empty(body: Any) -> None:
    with pytest.raises(BadAnswer, match="no list 'data'"):
        envelope_of(body, {})


def test_null_list_that_counts_records_is_incomplete() -> None:
    listing = read_all(lambda _paging: envelope_of({"data": None, "total": 5}, {}))
    assert (listing.records, listing.complete) == ([], False)


class Events:
    """The list of scheduled events, in the ways in which its two documents can be read.

    Args:
        mode: "records" or "pages" (what ``offset`` counts), "first" (the parameters are ignored, and a page is a page),
            or "all" (they are ignored, and there are no pages).
        counts: "total" (of all events), "page" (of the answer), or "nothing".
    """

    def __init__(self, count: int, mode: str, counts: str, size: int = 100) -> None:
        self.ids = [str(number) for number in range(count)]
        self.mode, self.counts, self.size = mode, counts, size
        self.asked: list[dict[str, int]] = []

    def fetch(self, parameters: dict[str, int]) -> dict[str, Any]:
        """One page; what read_all is given."""
        self.asked.append(parameters)
        read = parameters if self.mode in ("records", "pages") else {}
        size, offset = read.get("limit", self.size), read.get("offset", 0)
        if not 1 <= size <= 100:
            raise ApiError("limit must be from 1 to 100", http_status=400)
        begin = offset * size if self.mode == "pages" else offset
        ids = self.ids if self.mode == "all" else self.ids[begin : begin + size]
        answer: dict[str, Any] = {"events": [{"id": each} for each in ids]}
        if self.counts != "nothing":
            answer["count"] = len(self.ids if self.counts == "total" else ids)
        return events_of(parameters)(answer, {})

    def read(self) -> Listing:
        """The list as it is read."""
        return read_all(self.fetch, paging.EVENTS_LIMIT)


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 199, 200, 250])
@pytest.mark.parametrize("counts", ["total", "page", "nothing"])
@pytest.mark.parametrize("mode", ["records", "pages", "first", "all"])
def test_events_are_whole_or_said_not_to_be(mode: str, counts: str, count: int) -> None:
    listing = Events(count, mode, counts).read()
    ids = [record["id"] for record in listing.records]
    whole = len(ids) == count
    assert whole or not listing.complete
    assert len(set(ids)) == len(ids)
    if mode == "records" or count < 100 or (mode == "pages" and count != 100):
        assert (whole, listing.complete) == (True, True)


@pytest.mark.parametrize("size", [1, 7, 50])
@pytest.mark.parametrize("mode", ["records", "pages"])
def test_events_on_small_pages(mode: str, size: int) -> None:
    """The greatest limit that is documented is asked for, and no greater one."""
    events = Events(101, mode, "total", size)
    listing = events.read()
    assert (len(listing.records), listing.complete) == (101, True)
    assert {parameters.get("limit", 100) for parameters in events.asked} == {100}


def test_one_request_where_one_answer_has_all_events() -> None:
    for count in (0, 1, 99):
        events = Events(count, "records", "total")
        events.read()
        assert events.asked == [{}]


@pytest.mark.parametrize("body", [{}, None, [], {"data": []}, {"events": {}}, {"events": None, "data": []}])
def test_what_is_no_list_of_events(body: Any) -> None:
    with pytest.raises(BadAnswer, match="the answer has no list 'events'"):
        events_of({})(body, {})


@pytest.mark.parametrize("body", [{"events": None}, {"count": 0}, {"events": [], "count": 0}])
def test_no_events(body: Any) -> None:
    assert read_all(lambda parameters: events_of(parameters)(body, {})).records == []


@pytest.mark.parametrize("count", [3, 100])
def test_a_null_list_that_counts_events_is_not_whole(count: int) -> None:
    assert not read_all(lambda parameters: events_of(parameters)({"events": None, "count": count}, {})).complete
