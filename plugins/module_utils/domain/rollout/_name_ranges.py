# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Many names in few words: numbered ones as ranges, in the form that an inventory of Ansible takes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .._untrusted import LONGEST_NAME, as_line

# The last number of a name is what counts up.
_NUMBERED = re.compile(r"(.*?)([0-9]{1,15})([^0-9]*)", re.DOTALL)


def name_ranges(names: Iterable[str]) -> list[tuple[str, int]]:
    """Names, with ``node-[07:12]`` for those that follow each other, and how many each stands for."""
    found: list[tuple[str, int]] = []
    head = tail = first = last = ""
    count = 0

    def close() -> None:
        if count:
            found.append((f"{head}{first}{tail}" if count == 1 else f"{head}[{first}:{last}]{tail}", count))

    for name in (as_line(each, LONGEST_NAME) for each in names):
        parts = _NUMBERED.fullmatch(name)
        if parts is None:
            close()
            count = 0
            found.append((name, 1))
            continue
        number = parts[2]
        follows = (
            count and (head, tail, len(last)) == (parts[1], parts[3], len(number)) and int(number) == int(last) + 1
        )
        if not follows:
            close()
            head, first, tail = parts.groups()
            count = 0
        last, count = number, count + 1
    close()
    return found


def named(names: Iterable[str], most: int = 10) -> str:
    """Names in one string: at most so many names or ranges, and how many names more there are."""
    ranges = name_ranges(names)
    shown = ", ".join(text for text, _count in ranges[:most])
    more = sum(count for _text, count in ranges[most:])
    return f"{shown} and {more} more" if more else shown
