# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mark in a description: how it is written, and how little is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._mark import (
    Mark,
    digest_of_items,
    mark_text,
    marked,
    nonce_of,
    read_mark,
    types_of_mark,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._model import Item
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._wanted import read_wanted

GOOD = "lsj1-00aaffff-0123456789ab-12-00000000ff"


def test_the_mark_of_the_documented_request(options):
    """Worked out by hand from the definition, so that jobs of today are recognised by later releases."""
    wanted, _doubts = read_wanted(dict(options, spec={"version": "24.1.rc3.10"}, server_ids=["a"]))
    assert wanted.body(["a"], "0123456789")["description"] == "lsj1-dba0-eed23518a1e1-1-0123456789"


@pytest.mark.parametrize(
    ("description", "sent"),
    [
        (None, "MARK"),
        ("", "MARK"),
        ("ticket-4711", "ticket-4711_MARK"),
        ("Task description.", "Task description._MARK"),
        ("x" * 28, "x" * 28 + "_MARK"),
        ("x" * 29, "x" * 29),
        ("x" * 64, "x" * 64),
    ],
)
def test_a_description_stands_before_the_mark_where_both_fit(options, description, sent):
    wanted, _doubts = read_wanted(dict(options, description=description))
    body = wanted.body(["s1", "s2"], "0123456789")
    mark = wanted.mark_for(["s1", "s2"], "0123456789")
    assert body["description"] == (sent.replace("MARK", mark_text(mark)) if mark else sent)
    assert (mark is None) == ("MARK" not in sent)
    assert mark is None or read_mark(body["description"]) == mark
    bare, _doubts = read_wanted(dict(options, description=description, mark=False))
    assert bare.body(["s1"], "0123456789").get("description") == description


@pytest.mark.parametrize(
    ("text", "servers"),
    [(GOOD, 12), ("words_" + GOOD, 12), ("a\nb_" + GOOD, 12), ("_" + GOOD, 12), (GOOD.replace("00aaffff", "x"), 12)],
)
def test_a_mark_is_read(text, servers):
    assert read_mark(text).servers == servers


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        ["a"],
        "",
        "words",
        "words" + GOOD,
        GOOD + "_words",
        GOOD + "\n",
        GOOD.upper(),
        GOOD.replace("lsj1", "lsj2"),
        GOOD.replace("00aaffff", ""),
        GOOD.replace("00aaffff", "00aaff"),
        GOOD.replace("00aaffff", "ffff00aa"),
        GOOD.replace("00aaffff", "0001" * 5),
        GOOD.replace("-12-", "-0-"),
        GOOD.replace("-12-", "-012-"),
        GOOD.replace("-12-", "-1234567-"),
        GOOD.replace("-12-", "-\u0661\u0662-"),
        GOOD.replace("0123456789ab", "0123456789a"),
        GOOD[:-1],
    ],
)
def test_nothing_else_is_a_mark(text):
    assert read_mark(text) is None


TYPES = st.sets(st.sampled_from(["HDK_UPGRADE", "COMMON", "A", "B", "C", "D"]), min_size=1)


@settings(max_examples=200, derandomize=True)
@given(
    types=TYPES, servers=st.integers(1, 10_000), nonce=st.floats(0, 1, exclude_max=True), before=st.text(max_size=30)
)
def test_what_is_written_is_read(types, servers, nonce, before):
    mark = Mark(
        types_of_mark(types), digest_of_items([Item(name) for name in types], frozenset()), servers, nonce_of(nonce)
    )
    text = marked(before, mark)
    assert len(mark_text(mark)) <= 50
    assert text is None or (read_mark(text) == mark and len(text) <= 64 and text.startswith(before))
    assert (mark.types is None) == (len(types) > 4)


def items(*specs):
    return [Item(name, tuple(spec.items())) for name, spec in specs]


def test_what_the_items_digest_takes_for_the_same():
    one = digest_of_items(items(("A", {"version": "1rc", "x": "y"}), ("B", {})), frozenset())
    assert one == digest_of_items(items(("B", {}), ("A", {"x": "y", "version": "1RC"})), frozenset())
    for other in (
        items(("A", {"version": "1rc", "x": "Y"}), ("B", {})),
        items(("A", {"version": "1rc"}), ("B", {"x": "y"})),
        items(("A", {"version": "1rc", "x": "y"})),
        items(("A", {"version": "1rc", "x": "y"}), ("B", {}), ("B", {})),
        items(("A", {"version": "1rc", "x": None}), ("B", {})),
    ):
        assert digest_of_items(other, frozenset()) != one


def test_a_secret_value_is_not_in_the_digest_and_its_key_is():
    one, other = (items(("A", {"password": value, "x": "y"})) for value in ("hunter2", "hunter3"))
    secret = frozenset(["password"])
    assert digest_of_items(one, secret) == digest_of_items(other, secret) != digest_of_items(one, frozenset())
    assert digest_of_items(one, secret) != digest_of_items(items(("A", {"x": "y"})), secret)


def test_a_description_that_looks_like_a_mark_is_refused(options):
    for mark in (True, False):
        with pytest.raises(InvalidOption, match="description: ends like a mark"):
            read_wanted(dict(options, description="mine_" + GOOD, mark=mark))
