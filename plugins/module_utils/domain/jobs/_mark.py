# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The mark in a job's description, by which a later run recognises it whatever the service makes of its items.

``lsj1-<types>-<items>-<servers>-<nonce>``: 4 hex digits for each item type (of its SHA-256; sorted, ``x`` for more than
four types), 12 hex digits of a SHA-256 over the canonical items, the number of servers, 10 random hex digits. It stands
alone, or behind a description of the user's and a ``_``. A description is the only free field that both the list and
the detail of a job show, so the list alone tells which jobs cannot matter.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._model import Item

LONGEST_DESCRIPTION = 64
MOST_TYPES = 4
MANY_TYPES = "x"
NONCE_VALUES = 16**10
# Nothing before it but a description that ends with "_", nothing behind it, and no other spelling of the same mark.
_MARK = re.compile(
    r"(?:.*_)?lsj1-(?P<types>(?:[0-9a-f]{4}){1,4}|x)-(?P<items>[0-9a-f]{12})-(?P<servers>[1-9][0-9]{0,5})-"
    r"(?P<nonce>[0-9a-f]{10})",
    re.ASCII | re.DOTALL,
)


@dataclass(frozen=True)
class Mark:
    """What a job's description says of it.

    :ivar types: 4 hex digits for each item type, sorted; None where they are too many.
    :ivar items: 12 hex digits over the items.
    :ivar servers: how many servers were submitted.
    :ivar nonce: 10 hex digits of the one create request that carried it.
    """

    types: tuple[str, ...] | None
    items: str
    servers: int
    nonce: str


def read_mark(description: object) -> Mark | None:
    """The mark of a description, or None where it has none that this collection writes."""
    found = _MARK.fullmatch(description) if isinstance(description, str) else None
    if found is None:
        return None
    digits = found["types"]
    types = None if digits == MANY_TYPES else tuple(digits[at : at + 4] for at in range(0, len(digits), 4))
    if types is not None and list(types) != sorted(types):
        return None
    return Mark(types, found["items"], int(found["servers"]), found["nonce"])


def mark_text(mark: Mark) -> str:
    """The mark as it is sent."""
    types = MANY_TYPES if mark.types is None else "".join(mark.types)
    return f"lsj1-{types}-{mark.items}-{mark.servers}-{mark.nonce}"


def marked(description: str | None, mark: Mark) -> str | None:
    """The description with the mark behind it, or None where both do not fit into the field."""
    text = f"{description}_{mark_text(mark)}" if description else mark_text(mark)
    return text if len(text) <= LONGEST_DESCRIPTION else None


def nonce_of(uniform: float) -> str:
    """A nonce from a random number from 0 up to 1."""
    return f"{int(uniform * NONCE_VALUES):010x}"


def digests_of(types: Iterable[str]) -> tuple[str, ...]:
    """4 hex digits for each of these item types, sorted."""
    return tuple(sorted(hashlib.sha256(name.encode()).hexdigest()[:4] for name in set(types)))


def types_of_mark(types: Iterable[str]) -> tuple[str, ...] | None:
    """The item types as a mark has them: None where they are too many."""
    digests = digests_of(types)
    return digests if len(digests) <= MOST_TYPES else None


def digest_of_items(items: Sequence[Item], secret_keys: Set[str]) -> str:
    """12 hex digits over the items, whatever their order and the case of a version.

    :param items: in the user's order: ``secret_spec`` goes into the first.
    :param secret_keys: of the first item; their values are left out, so that nobody can guess them from the mark.
    """
    canonical = []
    for place, item in enumerate(items):
        hidden = secret_keys if place == 0 else frozenset()
        pairs = [[key, None if key in hidden else comparable(key, value)] for key, value in sorted(item.spec)]
        canonical.append(json.dumps([item.type, pairs]))
    canonical.sort()
    return hashlib.sha256("\n".join(canonical).encode()).hexdigest()[:12]


def comparable(key: str, value: str) -> str:
    """A spec value as it is compared: a version whatever its case (nodes print ``rc``, bulletins ``RC``)."""
    return value.lower() if key == "version" else value
