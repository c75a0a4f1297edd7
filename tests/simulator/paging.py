# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page envelope that all lists of the service share: current, data, pages, size, total."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import invalid

MAX_LIMIT = 1024
MAX_OFFSET = 2147483647


def _whole_number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise invalid(f"{name} must be a whole number from {least} to {most}")
    return int(text)


def page(
    records: Sequence[Any],
    query: Mapping[str, str],
    mode: str,
    default_size: int,
    show: Callable[[Any], Any],
    least_limit: int = 0,
    most_limit: int = MAX_LIMIT,
) -> dict[str, Any]:
    """One page of ``records``, each passed through ``show``.

    Args:
        mode: "offset" (``offset`` counts records), "page" (``offset`` counts pages from 0)
            or "all" (everything at once, ``limit`` and ``offset`` are ignored).
        least_limit: the smallest ``limit`` allowed. Servers document 0 without saying what it
            does; here it means the default size.
        most_limit: the greatest ``limit`` allowed.

    Raises:
        ApiError: 400 for a limit or offset out of range.
    """
    total = len(records)
    if mode == "all":
        return {"current": 1, "data": [show(record) for record in records], "pages": 1, "size": total, "total": total}
    size = _whole_number(query, "limit", default_size, least_limit, most_limit) or default_size
    offset = _whole_number(query, "offset", 0, 0, MAX_OFFSET)
    first = offset * size if mode == "page" else offset
    return {
        "current": first // size + 1,
        "data": [show(record) for record in records[first : first + size]],
        "pages": -(-total // size),
        "size": size,
        "total": total,
    }
