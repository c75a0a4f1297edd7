# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Ids as the user gives them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .._errors import InvalidOption

_ID = re.compile(r"[^\s/\\?#%]{1,64}")


def check_ids(option: str, values: Iterable[str]) -> tuple[str, ...]:
    """Ids without repetition, in the order given; raises InvalidOption."""
    if not values:
        raise InvalidOption("at least one id is needed", (option,))
    for value in values:
        if not _ID.fullmatch(value) or not value.strip("."):
            raise InvalidOption(f"{value!r} is not an id: 1 to 64 characters without blanks and slashes", (option,))
    return tuple(dict.fromkeys(values))
