# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Words for people: servers with their messages, and durations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ._untrusted import LONGEST_NAME, as_line

if TYPE_CHECKING:
    from ._result import ServerRow


def name_servers(rows: Sequence[ServerRow], most: int = 5) -> str:
    """Servers by name, with their messages, and how many more there are."""
    texts = []
    for row in rows[:most]:
        name = as_line(row["server_name"] or row["server_id"], LONGEST_NAME)
        message = as_line(row["message"] or "", 200)
        texts.append(f"{name}: {message}" if message else name)
    if len(rows) > most:
        texts.append(f"and {len(rows) - most} more")
    return "; ".join(texts)


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
