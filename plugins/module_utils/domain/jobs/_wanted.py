# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What the user wants, checked before any request is sent."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sized
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..._errors import InvalidOption, OptionPath
from ..._shapes import Options, Record
from .._ids import check_ids
from ._mark import LONGEST_DESCRIPTION, Mark, digest_of_items, digests_of, marked, nonce_of, read_mark, types_of_mark
from ._model import Item, items_of, spec_text

NAME_PATTERN = r"[-_.a-zA-Z0-9]{1,64}"
_NAME = re.compile(NAME_PATTERN)
# Ansible blanks every occurrence of a secret in the whole result. A very short
# one would blank ids and counts, and so make the result lie.
SHORTEST_SECRET = 4

# What it costs where a description of the user's leaves no room for the mark.
UNMARKED = (
    f"description leaves no room for the mark (the field takes {LONGEST_DESCRIPTION} characters), so the job is created"
    " without one, and later runs recognise it by its items alone: where the service stores those otherwise than they"
    " were sent, each run starts the work again. Shorten it, or set mark=false"
)

REUSE_SAME_NAME, REUSE_ANY_NAME, REUSE_NEVER = "same_name", "any_name", "never"


@dataclass(frozen=True)
class Wanted:
    """Every server in ``server_ids`` has run these items.

    :ivar items: comparable items, see :func:`._model.items_of`.
    :ivar body_items: the same in the user's order, as the request carries them.
    :ivar secret_keys: spec keys whose values are never shown.
    :ivar mark: whether jobs are created with a mark, see :mod:`._mark`.
    """

    name: str
    type: str
    server_ids: tuple[str, ...]
    items: tuple[Item, ...]
    body_items: tuple[Item, ...] = ()
    reuse: str = REUSE_SAME_NAME
    skipped_ok: bool = True
    template_check: str = "off"
    description: str | None = None
    is_reboot: bool | None = None
    secret_keys: frozenset[str] = frozenset()
    mark: bool = True

    @property
    def item_types(self) -> frozenset[str]:
        """The types of the items."""
        return frozenset(item.type for item in self.items)

    @cached_property
    def type_digests(self) -> frozenset[str]:
        """The types of the items as marks have them."""
        return frozenset(digests_of(self.item_types))

    @cached_property
    def digest(self) -> str:
        """The items as a mark has them."""
        return digest_of_items(self.body_items or self.items, self.secret_keys)

    def has_room_for_mark(self, server_ids: Sized) -> bool:
        """Whether the mark of a job for these servers fits behind the description."""
        return self.mark_for(server_ids, nonce_of(0)) is not None

    def mark_for(self, server_ids: Sized, nonce: str) -> Mark | None:
        """The mark of a job for these servers; None where none is sent."""
        mark = Mark(types_of_mark(self.item_types), self.digest, len(server_ids), nonce)
        return mark if self.mark and marked(self.description, mark) is not None else None

    def body(self, server_ids: Collection[str], nonce: str) -> Record:
        """The create request for these servers.

        :param nonce: 10 hex digits that no other create request has.
        """
        # In the order of the documented example, so that it goes out as it stands there.
        body: Record = {
            "server_ids": list(server_ids),
            "type": self.type,
            "items": [{"spec": dict(item.spec), "type": item.type} for item in self.body_items],
            "name": self.name,
        }
        mark = self.mark_for(server_ids, nonce)
        description = self.description if mark is None else marked(self.description, mark)
        if description is not None:
            body["description"] = description
        if self.is_reboot is not None:
            body["is_reboot"] = self.is_reboot
        return body


def read_wanted(options: Options) -> tuple[Wanted, list[InvalidOption]]:
    """The wanted result from options as the module has them.

    :returns: (Wanted, what is allowed, but was hardly meant: to be warned of, or raised).
    :raises InvalidOption: its ``path`` is that of the value.
    """
    doubts: list[InvalidOption] = []
    name = check_name(_required(options, "name"), "name")
    job_type = check_name(_required(options, "type"), "type")
    server_ids = check_ids("server_ids", _required(options, "server_ids"))
    items = _items(options, job_type, doubts)
    wanted = Wanted(
        name=name,
        type=job_type,
        server_ids=server_ids,
        items=items_of(items),
        body_items=items,
        reuse=options["reuse"],
        skipped_ok=options["skipped"] == "ok",
        template_check=options.get("template_check") or "off",
        description=options.get("description"),
        is_reboot=options.get("is_reboot"),
        secret_keys=frozenset(str(key) for key in options.get("secret_spec") or {}),
        mark=options.get("mark") is not False,
    )
    if read_mark(wanted.description) is not None:
        raise InvalidOption("ends like a mark of this collection (lsj1-...), which it adds itself", ("description",))
    return wanted, doubts


def check_name(value: str, *path: str | int) -> str:
    """A name or type as the API takes it; raises InvalidOption.

    :param path: of the option, see InvalidOption.
    """
    if not _NAME.fullmatch(value):
        raise InvalidOption(
            f"{value!r} is not allowed: 1 to 64 letters, digits, '-', '_' or '.' (^[-_.a-zA-Z0-9]{{1,64}}$)", path
        )
    return value


def _required(options: Options, option: str) -> Any:
    value = options.get(option)
    if value is None:
        raise InvalidOption("needed with state=present, unless job_id is given", (option,))
    return value


def _items(options: Options, job_type: str, doubts: list[InvalidOption]) -> tuple[Item, ...]:
    given, spec, secret = options.get("items"), options.get("spec"), options.get("secret_spec") or {}
    if given is not None and spec is not None:
        raise InvalidOption("excludes items: give one of them (spec is short for one item of the same type)", ("spec",))
    if given is not None and not given:
        raise InvalidOption("at least one item is needed", ("items",))
    if given is None and spec is None and not secret:
        raise InvalidOption("needed, or spec, with state=present, unless job_id is given", ("items",))
    if given is None:
        given = [{"type": job_type, "spec": spec}]
    items = []
    for number, entry in enumerate(given):
        path = ("spec",) if options.get("items") is None else ("items", number, "spec")
        check_name(entry["type"], "items", number, "type")
        pairs = _pairs(path, entry.get("spec"), doubts)
        if number == 0 and secret:
            pairs.update(_secret_pairs(secret, pairs, doubts))
        items.append(Item(entry["type"], tuple(sorted(pairs.items()))))
    return tuple(items)


def _pairs(path: OptionPath, spec: Mapping[str, object] | None, doubts: list[InvalidOption]) -> dict[str, str]:
    pairs = {}
    for key, value in (spec or {}).items():
        place = (*path, str(key))
        if value is None or isinstance(value, (dict, list, tuple)):
            raise InvalidOption(f"must be a text, a number or a boolean, not {_kind(value)}", place)
        if isinstance(value, float):
            # The value itself is left out: it may be a secret one.
            doubts.append(
                InvalidOption("is a number in YAML, which drops final zeros (24.10 becomes 24.1): quote it", place)
            )
        pairs[str(key)] = spec_text(value)
    return pairs


def _secret_pairs(
    secret: Mapping[str, object], pairs: Mapping[str, str], doubts: list[InvalidOption]
) -> dict[str, str]:
    taken = _pairs(("secret_spec",), secret, doubts)
    for key, value in taken.items():
        if key in pairs:
            raise InvalidOption("given in spec too: give it once", ("secret_spec", key))
        if len(value) < SHORTEST_SECRET:
            raise InvalidOption(
                f"must have {SHORTEST_SECRET} characters or more, because Ansible blanks each"
                " occurrence of it in the result; what is not secret belongs in spec",
                ("secret_spec", key),
            )
    return taken


def _kind(value: object) -> str:
    return "nothing" if value is None else "a list" if isinstance(value, (list, tuple)) else "a dictionary"
