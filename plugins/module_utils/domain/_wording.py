# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Words for people: servers with their messages, and durations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .._shapes import Conceal

if TYPE_CHECKING:
    from ._result import ServerRow

# What a terminal obeys instead of showing it: control characters but tab and line feed, the marks that turn
# the direction of a text, and halves of characters, which cannot be written at all.
_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def name_servers(rows: Sequence[ServerRow], most: int = 5) -> str:
    """Servers by name, with their messages, and how many more there are."""
    texts = []
    for row in rows[:most]:
        name = on_one_line(row["server_name"] or row["server_id"])
        message = on_one_line(row["message"] or "")
        texts.append(f"{name}: {message[:200]}" if message else name)
    if len(rows) > most:
        texts.append(f"and {len(rows) - most} more")
    return "; ".join(texts)


def showable(value: Any, conceal: Conceal = str) -> Any:
    """A value with all texts in it as they can be shown: what could steer a terminal becomes U+FFFD.

    :param conceal: takes a text and returns it without secrets, which nobody would find in it afterwards.
    """
    if isinstance(value, str):
        return _UNSHOWN.sub("\ufffd", conceal(value).replace("\r\n", "\n")) if _UNSHOWN.search(value) else value
    if isinstance(value, dict):
        return {showable(key, conceal): showable(item, conceal) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [showable(item, conceal) for item in value]
    return value


def on_one_line(text: str) -> str:
    """A text of the service as one line without control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def some_of(names: Sequence[str], most: int = 5) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def servers(count: int) -> str:
    """``1 server``, ``2 servers``."""
    return f"{count} server" if count == 1 else f"{count} servers"


def duration(seconds: float) -> str:
    """Seconds in words: ``4 min 10 s``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{value} {unit}" for value, unit in parts)
