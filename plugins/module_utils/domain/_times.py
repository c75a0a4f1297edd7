# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Times of the service."""

from __future__ import annotations

import datetime
import re

# The end of the year 9999: what lies beyond it is no time.
LAST_TIME = 253402300799999


def milliseconds(value: object) -> int | None:
    """A time of the service in milliseconds since the epoch, or None.

    Seen are numbers, and, by the field tables, texts: digits or ISO 8601 in UTC.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,15}\s*", value):
        value = int(value)
    if isinstance(value, (int, float)):
        return int(value) if 0 <= value <= LAST_TIME else None
    if not isinstance(value, str):
        return None
    try:
        time = datetime.datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.timezone.utc)
    return milliseconds(int(time.timestamp() * 1000))
