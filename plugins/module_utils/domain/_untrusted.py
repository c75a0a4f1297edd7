# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What a string of the service may become: a value, a name, an address, a line for people, a cell of a page.

Whoever may name a server, or answer in the service's place, chooses these strings. Each function here returns a string
that is fit for one purpose, whatever it was given; docs/security.md has the rules as a table.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from ipaddress import ip_address
from typing import Any

from .._shapes import Conceal
from ._fields import FIELDS

# Characters of a line for people.
LONGEST_LINE = 4000
# Characters of a server's name, where the service allows 64, of an id, and of a group.
LONGEST_NAME = 128
LONGEST_ID = 64
# Characters of one string of an event, which programs read.
LONGEST_EVENT_TEXT = 4000
# Characters of one string of a result: none of the documented ones is longer.
LONGEST_VALUE = 16384
# What a terminal obeys instead of showing it: control characters but tab and line feed, the marks that turn
# the direction of a text, and halves of characters, which cannot be written at all.
_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Where a template begins, and the header by which a text without braces becomes one. In any case: "lower" is a filter.
_OPENING = re.compile(r"(\{)(?=[{%#])|(#)(?=jinja2:)", re.IGNORECASE)
# Keys by which Ansible's JSON reader knows what is no plain value: a vault string, and others.
_TYPE_KEY = re.compile(r"^_(?=_ansible_)")
# The service allows these in a server's name. It allows a leading "-" and "." too, which are an option and a path.
_HOST_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?<!\.)")
_DNS_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# What the C library reads as an IPv4 address: one to four numbers, hexadecimal ones too.
_NUMBERS = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*", re.IGNORECASE)
# Ansible's own words, names that mean the controller wherever they are resolved, files in which Ansible looks for the
# variables of another host, and what digest_name() makes.
_RESERVED = re.compile(
    r"all|ungrouped|none|null|true|false|(.*\.)?(localhost|localdomain)[46]?|ip6-(localhost|loopback)|"
    r".*\.(ya?ml|json)|liteserver-[0-9a-f]{32}",
    re.IGNORECASE,
)
# What GitHub's Markdown acts on inside of a line: links, images, HTML, code, emphasis, formulas, cells.
_MARKDOWN = re.compile(r"[\\`*\[\]<>&|~$@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.", re.IGNORECASE)


def as_shown(value: Any, conceal: Conceal = str) -> Any:
    """A value with all strings in it as they can be shown, what could steer a terminal as U+FFFD, and none endless.

    :param conceal: takes a string and returns it without secrets, which nobody would find in it afterwards. Keys go
        through it too, but for the names of fields, since a short secret may be a part of one.
    """
    if isinstance(value, str):
        value = conceal(value)
        if len(value) <= LONGEST_VALUE and not _UNSHOWN.search(value):
            return value
        return _shortened(_UNSHOWN.sub("\ufffd", value.replace("\r\n", "\n")), LONGEST_VALUE)
    if isinstance(value, dict):
        return {
            key if key in FIELDS else as_shown(key, conceal): as_shown(item, conceal) for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [as_shown(item, conceal) for item in value]
    return value


def as_value(value: Any) -> Any:
    """A value of a variable: no string in it, and no key, begins a template, and no key is one of Ansible's own.

    The inventory also marks it as untrusted, each ansible-core in its own way. The mark is lost where
    ansible-core 2.16 joins strings of ``hostvars``, and where a file or AWX keeps keys.
    """
    if isinstance(value, str):
        return _OPENING.sub(r"\g<0> ", value)
    if isinstance(value, dict):
        return {_TYPE_KEY.sub("_ ", as_value(key)): as_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_value(item) for item in value]
    return value


def as_event(value: Any) -> Any:
    """A value of an event, as :func:`as_value`, with bounded strings.

    ansible-rulebook hands an event to playbooks as an extra variable, which Ansible trusts.
    """
    if isinstance(value, str):
        return as_value(as_shown(_shortened(value, LONGEST_EVENT_TEXT)))
    if isinstance(value, dict):
        return {_TYPE_KEY.sub("_ ", as_event(key)): as_event(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_event(item) for item in value]
    return value


def as_host_name(text: str, addresses: Collection[str] = ()) -> str | None:
    """The string, if a host of an inventory may have it as its name, or None.

    Nothing that Ansible, ssh or a path takes for something else: a pattern, an option, a group of Ansible's own, the
    controller, an address that is not the server's.

    :param addresses: the server's own addresses, which may be its name.
    """
    if text in addresses and as_address(text) == text:
        return text
    if len(text) > LONGEST_NAME or not _HOST_NAME.fullmatch(text):
        return None
    return None if _RESERVED.fullmatch(text) or _NUMBERS.fullmatch(text) else text


def as_id_name(text: str) -> str:
    """A host name made of an id: the id itself, or :func:`digest_name`. Different ids have different names."""
    return text if len(text) <= LONGEST_ID and as_host_name(text) else digest_name(text)


def digest_name(text: str) -> str:
    """``liteserver-`` and the beginning of the string's digest, as no name or id of the service may look."""
    return "liteserver-" + _digest(text)


def as_group_name(text: str) -> str:
    """The name of a group, which Ansible has made of letters, digits and underscores, with a bounded length."""
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 33]}_{_digest(text)}"


def as_address(text: str) -> str | None:
    """The string, if it is an IP address at which a server can be, or None.

    Without a zone, and none that leads to the controller itself or to many.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    if "%" in text or mapped or address.is_loopback or address.is_unspecified or address.is_multicast:
        return None
    return None if address.is_link_local or str(address) == "255.255.255.255" else str(address)


def as_remote(text: str) -> str | None:
    """The string, if it is an address by :func:`as_address` or a plain name of the DNS, or None."""
    if address := as_address(text):
        return address
    labels = text.split(".")
    plain = len(text) <= 253 and all(_DNS_LABEL.fullmatch(label) for label in labels) and labels[-1][:1].isalpha()
    return text if plain and as_host_name(text) else None


def as_line(text: str, longest: int = LONGEST_LINE) -> str:
    """One line for people, without control characters and invisible ones, of at most so many characters."""
    # More than one character may become a blank, or nothing. The rest is cut before it costs anything.
    begin = text[: longest * 4]
    line = " ".join("".join(char if char.isprintable() else " " for char in begin).split())
    return line if len(line) <= longest and len(begin) == len(text) else _shortened(line + "...", longest)


def as_markdown_cell(text: str, longest: int = LONGEST_LINE) -> str:
    """Text of a Markdown page, in a cell of a table or inside of a line: it is shown, and does nothing.

    Written as entities, which no rule of Markdown acts on, in tables and out of them.
    """
    return _MARKDOWN.sub(lambda match: f"&#{ord(match.group())};", as_line(text, longest))


def as_html(text: str, longest: int = LONGEST_LINE) -> str:
    """Text of an HTML page, between tags or as the value of an attribute in quotes."""
    return re.sub("[&<>\"'`]", lambda match: f"&#{ord(match.group())};", as_line(text, longest))


def as_csv_cell(text: str, longest: int = LONGEST_LINE) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula; quoting it is the writer's work."""
    line = as_line(text, longest)
    return "'" + line if line[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20") else line


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: max(longest - 3, 0)] + "..."
