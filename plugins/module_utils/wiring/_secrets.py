# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The forms in which a secret may come out of a program, so that each of them can be kept out of the output."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

from ..domain._untrusted import as_line

# Shorter ones would be found in words that have nothing to do with them.
SHORTEST = 4
SHORTEST_BASE64 = 8


def _json(text: str, ascii_only: bool = True) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def _percent(text: str, safe: str = "/") -> str:
    return quote(text, safe=safe, errors="surrogatepass")


# What programs make of a text when they put it into another one.
_SIMPLE_WAYS: tuple[Callable[[str], str], ...] = (
    lambda text: _percent(text, ""),
    _json,
    lambda text: _json(text, ascii_only=False),
)
_WAYS: tuple[Callable[[str], str], ...] = (
    *_SIMPLE_WAYS,
    str,
    _percent,
    lambda text: quote_plus(text, errors="surrogatepass"),
    lambda text: re.sub("%..", lambda found: found[0].lower(), _percent(text, "")),
    # As JavaScript, urllib3 (in the password of an address) and requests do it.
    lambda text: _percent(text, "!*'()"),
    lambda text: _percent(text, "!$&'()*+,;=:"),
    lambda text: _percent(text, "!#$%&'()*+,/:;=?@[]~"),
    html.escape,
    lambda text: html.escape(text, quote=False),
    lambda text: html.escape(text).replace("&#x27;", "&#39;"),
    lambda text: html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    lambda text: repr(text)[1:-1],
    lambda text: ascii(text)[1:-1],
    lambda text: text.encode("unicode_escape", "surrogatepass").decode(),
    lambda text: re.sub(r"(?<=\\u)....", lambda found: found[0].upper(), _json(text)),
    lambda text: _json(text).replace("/", "\\/"),
    lambda text: re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", _json(text, ascii_only=False)),
    as_line,
)


class Secrets(set[str]):
    """Forms of secrets; whoever goes through them gets the longest first.

    Replaced in another order, a form that is a part of another one would leave the rest of that in the text.
    """

    _longest_first: list[str] = []

    def __iter__(self) -> Iterator[str]:
        if len(self._longest_first) != len(self):
            self._longest_first = sorted(super().__iter__(), key=len, reverse=True)
        return iter(self._longest_first)


def forms_of(secret: str) -> set[str]:
    """A secret as it is and as it may be written: in addresses, JSON, HTML, Python, on one line, and one in another.

    :returns: of a usual secret, which has nothing to escape, little more than itself.
    """
    if len(secret) < SHORTEST:
        return {secret, *(way(secret) for way in _SIMPLE_WAYS)}
    once = {way(secret) for way in _WAYS}
    forms = {way(form) for form in once for way in _WAYS}
    # In others it would hide what is none of it.
    return {form for form in forms if len(form) >= SHORTEST} | _in_base64(secret.encode(errors="surrogatepass"))


def _in_base64(secret: bytes) -> set[str]:
    """A secret in base64, also in the middle of something: an encoder takes three bytes at a time."""
    forms = {base64.b64encode(secret).decode()}
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + secret).decode()
        # Without the characters that hold bits of what stands before or behind it.
        forms.add(encoded[(0, 2, 3)[before] : (before + len(secret)) * 8 // 6])
    forms |= {form.replace("+", "-").replace("/", "_") for form in forms}
    return {form for form in forms if len(form) >= SHORTEST_BASE64}
