# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Servers as hosts of an inventory: which ones, under what names, with what variables."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..._errors import InvalidOption
from ._model import ServerRecord

FILTERS = ("name", "status", "flavor", "category", "supernode")
# The service allows these and fewer in a server's name. A blank or a brace in a host name
# would be read as a separator or a template somewhere.
_HOST_NAME = re.compile(r"[^\s{}\x00-\x1f\x7f\ufffd]+")


def checked_filters(filters: Mapping[str, object]) -> dict[str, list[str]]:
    """Filters as the user wrote them, as {key: accepted texts}; raises InvalidOption.

    A key that is null filters nothing. A key without any value would leave no server,
    and is most often a template that came out empty: it is refused.
    """
    unknown = sorted(str(key) for key in filters if key not in FILTERS)
    if unknown:
        raise InvalidOption(f"filters: {', '.join(unknown)}: no such filter; there are {', '.join(FILTERS)}")
    checked = {}
    for key, given in filters.items():
        if given is None:
            continue
        values = list(given) if isinstance(given, (list, tuple)) else [given]
        texts = [_filter_text(key, value) for value in values]
        if not all(texts) or not texts:
            raise InvalidOption(f"filters: {key}: has no value, or an empty one")
        checked[str(key)] = texts
    return checked


def host_variables(server: ServerRecord) -> dict[str, object]:
    """The variables of a server's host, from its :func:`._model.server_record`."""
    keys = ("id", "name", "status", "flavor", "category", "supernode_id", "supernode_name", "private_ips", "raw")
    variables: dict[str, object] = {f"liteserver_{key}": value for key, value in server.items() if key in keys}
    variables["liteserver_private_ip"] = server["private_ips"][0] if server["private_ips"] else None
    return variables


def host_names(wished: Mapping[str, str | None]) -> tuple[dict[str, str], set[str]]:
    """Host names that differ from each other and do not depend on the servers' order.

    Servers that wish for the same name all get the first eight characters of their ids
    behind it, or the whole ids where that does not tell them apart.

    :param wished: {server id: wished name, or None}. A server without one, or with one
        that no host can have, is named by its id.
    :returns: ({server id: host name}, ids of the servers whose name was taken)
    """
    bases = {
        server_id: name if name and _HOST_NAME.fullmatch(name) else server_id for server_id, name in wished.items()
    }
    steps = dict.fromkeys(bases.values(), 0)
    while True:
        names = {server_id: _name(base, server_id, steps[base]) for server_id, base in bases.items()}
        holders: dict[str, list[str]] = {}
        for server_id, name in names.items():
            holders.setdefault(name, []).append(bases[server_id])
        clashing = {base for bases_of_name in holders.values() if len(bases_of_name) > 1 for base in bases_of_name}
        if not clashing:
            return names, {server_id for server_id, base in bases.items() if steps[base]}
        for base in clashing:
            steps[base] += 1


def _name(base: str, server_id: str, step: int) -> str:
    """The host name at a step: 0 the base, 1 with the beginning of the id, 2 with the id, 3 the id."""
    return (base, f"{base}_{server_id[:8]}", f"{base}_{server_id}", server_id)[min(step, 3)]


def _filter_text(key: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise InvalidOption(f"filters: {key}: must be a text or a list of texts")
    return str(value)
