# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What the user wants, checked before any request is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._errors import InvalidOption
from ..._shapes import Options, Record
from .._ids import check_ids
from ._model import Item, items_of, spec_text

NAME_PATTERN = r"[-_.a-zA-Z0-9]{1,64}"
_NAME = re.compile(NAME_PATTERN)
# Ansible blanks every occurrence of a secret in the whole result. A very short
# one would blank ids and counts, and so make the result lie.
SHORTEST_SECRET = 4

REUSE_SAME_NAME, REUSE_ANY_NAME, REUSE_NEVER = "same_name", "any_name", "never"


@dataclass(frozen=True)
class Wanted:
    """Every server in ``server_ids`` has run these items.

    :ivar items: comparable items, see :func:`._model.items_of`.
    :ivar body_items: the same in the user's order, as the request carries them.
    :ivar secret_keys: spec keys whose values are never shown.
    """

    name: str
    type: str
    server_ids: tuple[str, ...]
    items: tuple[Item, ...]
    body_items: tuple[Item, ...] = ()
    reuse: str = REUSE_SAME_NAME
    skipped_ok: bool = True
    description: str | None = None
    is_reboot: bool | None = None
    secret_keys: frozenset[str] = frozenset()

    @property
    def item_types(self) -> tuple[str, ...]:
        """The types of the items, whatever their order."""
        return tuple(sorted(item.type for item in self.items))

    def body(self, server_ids: Iterable[str]) -> Record:
        """The create request for these servers."""
        body: Record = {
            "name": self.name,
            "type": self.type,
            "server_ids": list(server_ids),
            "items": [{"type": item.type, "spec": dict(item.spec)} for item in self.body_items],
        }
        if self.description is not None:
            body["description"] = self.description
        if self.is_reboot is not None:
            body["is_reboot"] = self.is_reboot
        return body


def read_wanted(options: Options) -> tuple[Wanted, list[str]]:
    """The wanted result from a module's options.

    :returns: (Wanted, warnings).
    :raises InvalidOption: names the option and the rule.
    """
    warnings: list[str] = []
    name = check_name("name", _required(options, "name"))
    job_type = check_name("type", _required(options, "type"))
    server_ids = check_ids("server_ids", _required(options, "server_ids"))
    items = _items(options, job_type, warnings)
    wanted = Wanted(
        name=name,
        type=job_type,
        server_ids=server_ids,
        items=items_of(items),
        body_items=items,
        reuse=options["reuse"],
        skipped_ok=options["skipped"] == "ok",
        description=options.get("description"),
        is_reboot=options.get("is_reboot"),
        secret_keys=frozenset(str(key) for key in options.get("secret_spec") or {}),
    )
    return wanted, warnings


def check_name(option: str, value: str) -> str:
    """A name or type as the API takes it; raises InvalidOption."""
    if not _NAME.fullmatch(value):
        raise InvalidOption(
            f"{option}: {value!r} is not allowed: 1 to 64 letters, digits, '-', '_' or '.' (^[-_.a-zA-Z0-9]{{1,64}}$)"
        )
    return value


def _required(options: Options, option: str) -> Any:
    value = options.get(option)
    if value is None:
        raise InvalidOption(f"{option}: needed with state=present, unless job_id is given")
    return value


def _items(options: Options, job_type: str, warnings: list[str]) -> tuple[Item, ...]:
    given, spec, secret = options.get("items"), options.get("spec"), options.get("secret_spec") or {}
    if given is not None and spec is not None:
        raise InvalidOption("spec: excludes items: give one of them (spec is short for one item of the same type)")
    if given is not None and not given:
        raise InvalidOption("items: at least one item is needed")
    if given is None and spec is None and not secret:
        raise InvalidOption("items: needed, or spec, with state=present, unless job_id is given")
    if given is None:
        given = [{"type": job_type, "spec": spec}]
    items = []
    for number, entry in enumerate(given):
        where = "spec" if options.get("items") is None else f"items[{number}].spec"
        check_name(f"items[{number}].type", entry["type"])
        pairs = _pairs(where, entry.get("spec"), warnings)
        if number == 0 and secret:
            pairs.update(_secret_pairs(secret, pairs, warnings))
        items.append(Item(entry["type"], tuple(sorted(pairs.items()))))
    return tuple(items)


def _pairs(where: str, spec: Mapping[str, object] | None, warnings: list[str]) -> dict[str, str]:
    pairs = {}
    for key, value in (spec or {}).items():
        place = f"{where}.{key}"
        if value is None or isinstance(value, (dict, list, tuple)):
            raise InvalidOption(f"{place}: must be a text, a number or a boolean, not {_kind(value)}")
        if isinstance(value, float):
            # The value itself is left out: it may be a secret one.
            warnings.append(f"{place}: is a number in YAML, which drops final zeros (24.10 becomes 24.1): quote it")
        pairs[str(key)] = spec_text(value)
    return pairs


def _secret_pairs(secret: Mapping[str, object], pairs: Mapping[str, str], warnings: list[str]) -> dict[str, str]:
    taken = _pairs("secret_spec", secret, warnings)
    for key, value in taken.items():
        if key in pairs:
            raise InvalidOption(f"secret_spec.{key}: given in spec too: give it once")
        if len(value) < SHORTEST_SECRET:
            raise InvalidOption(
                f"secret_spec.{key}: must have {SHORTEST_SECRET} characters or more, because Ansible blanks each"
                " occurrence of it in the result; what is not secret belongs in spec"
            )
    return taken


def _kind(value: object) -> str:
    return "nothing" if value is None else "a list" if isinstance(value, (list, tuple)) else "a dictionary"
