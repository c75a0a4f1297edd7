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
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_ISO = re.compile(
    r"(?P<seconds>\d{4}-\d\d-\d\d[ Tt]\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,12}))?"
    r"\s?(?P<zone>[Zz]|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?)?",
    re.ASCII,
)


def milliseconds(value: object) -> int | None:
    """A time of the service in milliseconds since the epoch, or None.

    Seen are numbers, and, by the field tables, texts: digits or ISO 8601, in UTC where no zone is given.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,15}\s*", value):
        value = int(value)
    if isinstance(value, (int, float)):
        return int(value) if 0 <= value <= LAST_TIME else None
    if not isinstance(value, str):
        return None
    found = _ISO.fullmatch(value.strip())
    if found is None:
        return None
    # Python 3.10 reads no other fraction than of three or six digits, and no "Z" or "+0800".
    fraction = f"{found['fraction'] or '0':0<6.6}"
    zone = (
        "+00:00" if found["zone"] in (None, "Z", "z") else f"{found['sign']}{found['hours']}:{found['minutes'] or '00'}"
    )
    try:
        time = datetime.datetime.fromisoformat(f"{found['seconds'].upper()}.{fraction}{zone}")
    except ValueError:
        return None
    # Whole milliseconds: a float of seconds would lose some.
    return milliseconds((time - _EPOCH) // datetime.timedelta(milliseconds=1))
