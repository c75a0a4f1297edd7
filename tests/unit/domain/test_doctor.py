# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's sentences, its digests, what it makes of nothing read and of a defect, and what it may send."""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import BudgetSpent
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain import _api
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.doctor import _checks
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.doctor._checks import (
    CHECKS,
    counts_of,
    examined,
    lines_of,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.doctor._facts import Facts, Read
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.doctor._finding import (
    Check,
    Private,
    Said,
    Word,
    named,
    ok,
    version,
    word,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.doctor._report import Pseudonyms
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._answers import Answer
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._api_client import LiteServerApi
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._exchange import Call
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._read_only_api import ReadOnlyApi
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._retry import Kind
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._watch import Watch

DOCTOR = pathlib.Path(_checks.__file__).parent
UUID = "66d210bc-023c-490a-8664-afd321a163ad"


def nothing_read(skipped: Any = "nothing", **more: Any) -> Facts:
    """Facts of which every call was passed over."""
    fields = {field.name for field in dataclasses.fields(Facts) if field.default == Read(skipped="nothing")}
    assert len(fields) >= 10
    return Facts(signed=True, request_timeout=30, nodes={}, **{**dict.fromkeys(fields, Read(skipped=skipped)), **more})


# What is not known


@pytest.mark.parametrize("skipped", ["nothing", "over", "budget"])
def test_what_was_not_read_is_unknown_and_never_ok(skipped: str) -> None:
    findings = examined(nothing_read(skipped))
    assert [finding.check for finding in findings] == list(CHECKS)
    assert {finding.status for finding in findings} == {"unknown"}


@pytest.mark.parametrize("place", range(len(CHECKS)))
def test_a_defect_of_one_check_is_unknown_and_hides_no_other(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    def crash(_facts: Facts) -> None:
        raise KeyError("canary-of-a-value")

    broken = dataclasses.replace(CHECKS[place], judge=crash)
    fine = [Check(check.name, check.assumption, check.otherwise, lambda _facts: ok("it is")) for check in CHECKS]
    monkeypatch.setattr(_checks, "CHECKS", (*fine[:place], broken, *fine[place + 1 :]))
    findings = examined(nothing_read())
    assert counts_of(findings) == {"ok": len(CHECKS) - 1, "warning": 0, "failed": 0, "unknown": 1, "total": len(CHECKS)}
    (line, last) = lines_of(findings, 3)
    assert line.startswith("UNKNOWN internal error: KeyError in ")
    assert "canary" not in line
    assert last == f"{len(CHECKS) - 1} of {len(CHECKS)} checks are fine; 3 requests, nothing was written."


# Sentences


def test_a_sentence_is_shown_with_names_or_without() -> None:
    said = Said("{} of {}: {}", (2, Word("3 jobs"), named("job", ["a", "b", "a"])))
    assert str(said) == "2 of 3 jobs: a, b"
    assert said.shown(lambda private: f"<{private.kind}>") == "2 of 3 jobs: <job>, <job>"
    assert str(Said("{}", (named("job", map(str, range(9))),))) == "0, 1, 2, 3, 4 and 4 more"


@pytest.mark.parametrize("text", ["FINISHED", "ASCEND_SNT9B", "create_at", "hdk_upgrade", "ascend_snt9b23"])
def test_a_word_of_an_api_is_shown(text: str) -> None:
    assert word(text) == Word(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            UUID,
            UUID.replace("-", ""),
            "liteserver-00001",
            "10.0.0.1",
            "https://x.example",
            "two words",
            "",
            "deadbeef",
        ),
        *("abcdefab", "SIMULATORACCESSKEY00" * 3, "a" * 41, "name@host", "Müller", "x1234", "a\nb", "-", "12345678"),
    ],
)
def test_what_could_be_a_name_or_an_id_is_not(text: str) -> None:
    assert isinstance(word(text), Private)


@pytest.mark.parametrize(
    ("text", "shown"), [("24.1.rc3.10", True), ("3.11", True), ("25.2.1", True), ("10.1.2.3", False)]
)
def test_a_version_is_shown_where_it_can_be_no_address(text: str, shown: bool) -> None:
    assert isinstance(version(text), Word) == shown
    assert isinstance(version(UUID), Private)


@given(st.text(), st.text())
def test_digests_are_equal_for_equal_texts_only(one: str, other: str) -> None:
    name, later = Pseudonyms(b"key"), Pseudonyms(b"another key")
    assert (name(Private("job", one)) == name(Private("job", other))) == (one == other)
    assert name(Private("job", one)).removeprefix("job-") == name(Private("server", one)).removeprefix("server-")
    # Of another report, nothing can be compared.
    assert name(Private("job", one)) != later(Private("job", one))


# What it may send


def call_of(kind: Kind, method: str = "GET") -> Call:
    return Call(kind, "a call", method, "https://127.0.0.1/", None)  # type: ignore[arg-type]


def test_a_watch_lets_no_write_through() -> None:
    watch = Watch(5)
    for kind in Kind:
        if kind in (Kind.READ, Kind.POLL):
            watch.allow(call_of(kind))
        else:
            with pytest.raises(RuntimeError, match="only reads"):
                watch.allow(call_of(kind))
    assert watch.sent == 2


def test_a_watch_counts_every_try_and_the_pages_of_a_list() -> None:
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    watch, read, login = Watch(6), call_of(Kind.READ), call_of(Kind.READ, "POST")
    with watch.at_most(1):
        for call, status in ((login, 201), (read, 429), (read, 200)):
            watch.allow(call)
            watch.note(call, Answer({"Date": "Thu, 01 Jan 2026 00:20:00 GMT"}, b"", status), now)
        with pytest.raises(BudgetSpent):
            watch.allow(read)
    assert (watch.sent, watch.left) == (3, 3)
    assert [(seen.status, seen.skew) for seen in watch.seen] == [(201, 1200), (429, 1200), (200, 1200)]
    for _try in range(3):
        watch.allow(read)
    with pytest.raises(BudgetSpent):
        watch.allow(read)


@pytest.mark.parametrize("date", [None, "", "yesterday", "Thu, 99 Jan 2026 00:20:00 GMT"])
def test_a_time_that_cannot_be_read_is_none(date: str | None) -> None:
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    watch = Watch(1)
    watch.note(call_of(Kind.READ), Answer({"Date": date} if date is not None else {}, b"", 200), now)
    assert watch.seen[0].skew is None


def test_what_the_doctor_gets_has_no_method_that_writes() -> None:
    methods = {name for name in vars(ReadOnlyApi) if not name.startswith("_")}
    assert methods == {name for name in vars(_api.ReadOnlyApi) if not name.startswith("_")}
    writes = {
        name for name in vars(LiteServerApi) if name.split("_")[0] in ("create", "delete", "start", "stop", "reboot")
    }
    assert len(writes) == 5
    assert not methods & writes
    # And its room names no other one.
    for path in DOCTOR.glob("*.py"):
        assert not [name for name in writes if name in path.read_text(encoding="utf-8")], path.name
