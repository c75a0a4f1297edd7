# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms of a secret: what the writers of other texts make of it is among them."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Callable

import pytest
from ansible.module_utils.common.parameters import remove_values
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._untrusted import as_line
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._connection_options import hide
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._secrets import SHORTEST, Secrets, forms_of

ODD = "pa/ss  wo\\rd \"quoted\" & 'it' <ü> 100% +1\tend"
WRITERS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent": lambda text: urllib.parse.quote(text, safe=""),
    "percent, slashes stay": urllib.parse.quote,
    "percent, lower case": lambda text: re.sub(
        "%..", lambda found: found[0].lower(), urllib.parse.quote(text, safe="")
    ),
    "form": urllib.parse.quote_plus,
    "query": lambda text: urllib.parse.urlencode({"": text})[1:],
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON, slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "doubled JSON": lambda text: json.dumps(json.dumps(text))[3:-3],
    "HTML": html.escape,
    "HTML, quotes stay": lambda text: html.escape(text, quote=False),
    "HTML by markupsafe": lambda text: str(escape(text)),
    "repr": lambda text: repr(text)[1:-1],
    "ascii": lambda text: ascii(text)[1:-1],
    "unicode escapes": lambda text: text.encode("unicode_escape").decode(),
    "one line": as_line,
    "JSON in HTML": lambda text: html.escape(json.dumps(text)[1:-1]),
    "repr of JSON": lambda text: repr(json.dumps(text)[1:-1])[1:-1],
    "one line, JSON": lambda text: json.dumps(as_line(text))[1:-1],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
}


def concealed(text: str, secret: str) -> str:
    hidden = Secrets()
    hide(hidden, secret)
    # Behind something, since a text that is a secret and nothing else is replaced by a word of Ansible's.
    return str(remove_values(f"x {text}", hidden)).replace("********", "*").removeprefix("x ")


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("secret", [ODD, "plain-secret-key", "pass word/", "geheim/ü+=="])
def test_a_writer(writer: str, secret: str) -> None:
    assert concealed(f"before {WRITERS[writer](secret)} behind", secret) == "before * behind"


@settings(max_examples=200)
@given(st.text(st.characters(codec="utf-8"), min_size=SHORTEST, max_size=20), st.sampled_from(sorted(WRITERS)))
def test_any_secret(secret: str, writer: str) -> None:
    written = WRITERS[writer](secret)
    if len(written) >= (8 if "base64" in writer else SHORTEST):
        assert written in forms_of(secret)


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("behind", range(4))
def test_base64_of_a_text_around_it(before: int, behind: int) -> None:
    """As in a header for basic authentication."""
    text = base64.b64encode(b"u" * before + b"a-secret-password" + b"x" * behind).decode()
    left = concealed(text, "a-secret-password")
    # What stays holds some bits of the first and the last letter at the most.
    assert len(left.replace("*", "")) <= len(base64.b64encode(b"u" * before)) + len(base64.b64encode(b"x" * behind)) + 2
    assert "*" in left


def test_a_secret_that_begins_as_another_one_leaves_nothing() -> None:
    hidden = Secrets()
    hide(hidden, "a-secret-key", "a-secret-key-and-more", "more-of-a-secret-key")
    # Since 2.19, ansible-core takes the longest first by itself.
    assert list(hidden) == sorted(hidden, key=len, reverse=True) and len(hidden) > 3
    text = "x a-secret-key-and-more, more-of-a-secret-key, a-secret-key"
    assert remove_values(text, hidden) == "x ********, ********, ********"


def test_short_secrets_are_hidden_in_few_forms() -> None:
    assert forms_of("a/b") == {"a/b", "a%2Fb"}


def test_no_form_is_so_short_that_it_would_hide_everything() -> None:
    assert min(map(len, forms_of("a      b"))) >= SHORTEST
    assert min(map(len, forms_of("     "))) >= SHORTEST


def test_a_usual_secret_costs_little() -> None:
    assert len(forms_of("ABCDEFGHIJ0123456789")) <= 6


def test_half_characters() -> None:
    assert "half\udcff" in forms_of("half\udcff")
