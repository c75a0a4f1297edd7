# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a string of the service may become, for strings that somebody chose to do harm, and for generated ones."""

from __future__ import annotations

import html
import re
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._untrusted import (
    LONGEST_EVENT_TEXT,
    LONGEST_NAME,
    LONGEST_VALUE,
    as_address,
    as_csv_cell,
    as_event,
    as_host_name,
    as_html,
    as_id_name,
    as_line,
    as_markdown_cell,
    as_remote,
    as_shown,
    as_value,
)

HEADER = "#jinja2:variable_start_string:'[[',variable_end_string:']]'\n[[ lookup('pipe', 'id') ]]"
TEMPLATES = [
    "{{ 1 }}",
    "{% x %}",
    "{# x #}",
    "{{{ 1",
    "a{{b",
    HEADER,
    " " + HEADER,
    "#JINJA2:x",
    "##jinja2:#jinja2:{{{{",
]
# What tests of hosts and pages are made of: pieces that mean something to Ansible, a shell, a path or a page.
PIECES = [
    *TEMPLATES,
    "localhost",
    "all",
    "..",
    "/",
    "-i",
    "@",
    ",",
    "!",
    "&",
    "~.*",
    "[1:9]",
    "\n",
    "\x1b[2J",
    "\u202e",
]
PIECES += [
    "\u200b",
    "\ud800",
    "é",
    "a",
    "1",
    ".",
    "_",
    "|",
    "`",
    "![x](http://x)",
    "<img src=x>",
    "\\",
    "'",
    '"',
    "%",
    "$",
]
texts = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=5).map("".join))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def strings_in(value: Any) -> list[str]:
    """Every string in a value, keys too."""
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in strings_in(each)]
    if isinstance(value, list):
        return [text for each in value for text in strings_in(each)]
    return [value] if isinstance(value, str) else []


def is_template(text: str) -> bool:
    return bool(re.search(r"\{[{%#]|#jinja2:", text, re.IGNORECASE))


# Values


@pytest.mark.parametrize("text", TEMPLATES)
@pytest.mark.parametrize("become", [as_value, as_event])
def test_no_value_begins_a_template(become: Any, text: str) -> None:
    shown = become({"message": text, "failed_server_ids": [text], "counts": {text: {text: 1}}})
    assert not any(map(is_template, strings_in(shown)))
    assert shown["message"].replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("text", ['{"a": {"b": 1}}', "a { { b", "#jinja2", "RUNNING", ""])
def test_other_values_stay_as_they_are(text: str) -> None:
    assert as_value({text: [text, 1, None, True]}) == {text: [text, 1, None, True]}
    assert as_event(text) == text


@given(values)
def test_any_value(value: Any) -> None:
    assert not any(map(is_template, strings_in(as_value(value))))
    for text in strings_in(as_event(value)):
        assert not is_template(text)
        assert len(text) <= LONGEST_EVENT_TEXT * 2
    for text in strings_in(as_shown(value)):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)


def test_an_event_is_bounded() -> None:
    assert len(as_event({"message": "x" * 3_000_000})["message"]) == LONGEST_EVENT_TEXT


# Names

FIT = [
    "a",
    "liteserver-00001",
    "a.b",
    "_a",
    "A-1_b.c",
    "1a",
    "x" * LONGEST_NAME,
    "node-",
    "web01.npu.example.com",
    "al",
    "yml",
]
UNFIT = [
    "",
    " ",
    "a b",
    "a\n",
    "localhost",
    "LocalHost",
    "localhost4",
    "x.localhost",
    "localhost.localdomain",
    "127.0.0.1",
]
UNFIT += [
    "::1",
    "10.0.0.1",
    "0x7f000001",
    "2130706433",
    "127.1",
    "0177.0.0.1",
    "1",
    "all",
    "ALL",
    "ungrouped",
    "true",
    "None",
]
UNFIT += [
    "-i",
    "--help",
    "-oProxyCommand=x",
    "@file",
    "!x",
    "&x",
    "a,b",
    "a:b",
    "~.*",
    "*",
    "a[1:3]",
    "x;y",
    "$x",
    "%x",
    "a=b",
]
UNFIT += [
    "..",
    ".",
    ".a",
    "a.",
    "a/b",
    "../x",
    "\\x",
    "a\u200b",
    "\u200ba",
    "\u3164",
    "\uff4cocalhost",
    "é",
    "x" * 129,
    "{{x}}",
]
UNFIT += ["lookup('pipe','id')", "a|b", "a#b", "#jinja2:", "db.yml", "db.YAML", "db.json", "liteserver-" + "0" * 32]


@pytest.mark.parametrize("name", FIT)
def test_names(name: str) -> None:
    assert as_host_name(name) == name


@pytest.mark.parametrize("name", UNFIT)
def test_no_names(name: str) -> None:
    assert as_host_name(name) is None
    made = as_id_name(name)
    assert re.fullmatch("liteserver-[0-9a-f]{32}", made)
    assert made == as_id_name(name)


def test_an_address_is_a_name_of_its_own_server_only() -> None:
    assert as_host_name("10.0.0.1", ["10.0.0.1"]) == "10.0.0.1"
    assert as_host_name("10.0.0.2", ["10.0.0.1"]) is None
    assert as_host_name("127.0.0.1", ["127.0.0.1"]) is None


@given(texts, texts)
def test_any_id_has_a_name_of_its_own(one: str, other: str) -> None:
    for text in (one, other):
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", as_id_name(text))
    assert (as_id_name(one) == as_id_name(other)) == (one == other)


# Addresses


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "8.8.8.8", "fd00::1", "2001:db8::1", "100.64.0.1"])
def test_addresses(address: str) -> None:
    assert as_address(address) == as_remote(address) == address


@pytest.mark.parametrize(
    "address",
    ["", "-oProxyCommand=touch x", "root@10.0.0.1", "0x7f000001", "2130706433", "10.0.0.1\n", " 10.0.0.1", "10.0.0.1 x"]
    + [
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
        "169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
    ]
    + [
        "fd00::1%-oProxyCommand=x",
        "::ffff:127.0.0.1",
        "255.255.255.255",
        "10.0.0.1/24",
        "10.0.0.1:22",
        "[fd00::1]",
        "010.0.0.1",
    ]
    + ["127.1", "1"],
)
def test_no_addresses(address: str) -> None:
    assert as_address(address) is None
    assert as_remote(address) is None


def test_names_of_the_dns() -> None:
    for name in ("a", "a.example.com", "node-1.npu", "x" * 63 + ".de"):
        assert as_remote(name) == name
        assert as_address(name) is None
    for name in (
        "-a",
        "a-",
        "a.-b",
        "a..b",
        "a.",
        "a_b",
        "localhost",
        "a.localhost",
        "a.1",
        "a.0x7f",
        "x" * 64,
        "é.de",
        "a\n",
    ):
        assert as_remote(name) is None
    assert as_remote(".".join(["a" * 50] * 6)) is None


@given(texts)
def test_any_address(text: str) -> None:
    address = as_address(text)
    assert address is None or str(ip_address(address)) == address
    remote = as_remote(text)
    assert remote is None or remote == address or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", remote)


# Lines and pages


@given(texts, st.integers(3, 50))
def test_any_line(text: str, longest: int) -> None:
    line = as_line(text, longest)
    assert len(line) <= longest
    assert all(char.isprintable() for char in line)
    assert as_line(text) == " ".join(as_line(text).split())


def test_a_long_line_says_that_it_was_cut() -> None:
    assert as_line("x" * 3_000_000, 10) == "xxxxxxx..."
    assert as_line("x" * 10, 10) == "x" * 10
    assert as_line("\x00" * 50 + "x", 10) == "..."


@pytest.mark.parametrize(
    "text", ["liteserver-00001", "24.1.rc3.10", "a_b_c", "12:30 UTC", "(job 1)", "50 %", "a - b, c; d/e"]
)
def test_a_cell_of_an_honest_text_reads_as_it_is(text: str) -> None:
    assert as_markdown_cell(text) == as_html(text) == as_csv_cell(text) == text


@given(texts)
def test_any_cell(text: str) -> None:
    cell = as_markdown_cell(text)
    assert html.unescape(cell) == as_line(text)
    assert not re.search(r"[\\`*\[\]<>|~$@]|&(?!#[0-9]+;)|://|www\.|!\[", cell, re.IGNORECASE)
    page = as_html(text)
    assert html.unescape(page) == as_line(text)
    assert not re.search("[<>\"'`]|&(?!#[0-9]+;)", page)
    assert as_csv_cell(text)[:1] not in ("=", "+", "-", "@")


def test_a_cell_is_no_formula() -> None:
    assert as_csv_cell("=cmd|' /C calc'!A0") == "'=cmd|' /C calc'!A0"
    assert as_csv_cell("\t=1") == "'=1"


def test_a_secret_is_concealed_in_values_and_keys_before_anything_is_cut() -> None:
    def conceal(text: str) -> str:
        return text.replace("name-secret", "***").replace("name", "***")

    told = {"of name-secret": ["name-secret", {"name": "name"}], "x": "x" * (LONGEST_VALUE - 5) + "name-secret"}
    shown = as_shown(told, conceal)
    assert shown["of ***"] == ["***", {"name": "***"}], "a field keeps its name, whatever is secret"
    assert "name" not in shown["x"]
