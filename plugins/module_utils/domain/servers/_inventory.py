# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Servers as hosts of an inventory: which ones, under what names, with what variables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from ..._errors import InvalidOption
from .._untrusted import as_host_name, as_id_name, as_value, digest_name
from ._model import ServerRecord

FILTERS = ("name", "status", "flavor", "category", "supernode")


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
    """The variables of a server's host, from its :func:`._model.server_record`; none of them is a template."""
    keys = ("id", "name", "status", "flavor", "category", "supernode_id", "supernode_name", "private_ips", "raw")
    told = as_value({key: value for key, value in server.items() if key in keys})
    variables: dict[str, object] = {f"liteserver_{key}": value for key, value in told.items()}
    variables["liteserver_private_ip"] = server["private_ips"][0] if server["private_ips"] else None
    return variables


class HostNames(NamedTuple):
    """What :func:`host_names` found."""

    names: dict[str, str]  # of each server, by its id
    alike: set[str]  # ids of the servers that others would share their names with
    replaced: set[str]  # ids of the servers that wished for a name which no host may have


def host_names(
    wished: Mapping[str, str | None],
    addresses: Mapping[str, Collection[str]] | None = None,
    taken: Mapping[str, str | None] | None = None,
) -> HostNames:
    """Host names that differ, in more than upper and lower case, and do not depend on the servers' order.

    Servers that wish for the same name all get the first eight characters of their ids behind it, or the whole ids
    where that does not tell them apart.

    :param wished: {server id: wished name, or None}. A server without one, or with one that no host may have, is
        named by its id, or by the id's digest where the id is no name either.
    :param addresses: {server id: its addresses}, which may be its name.
    :param taken: {name of a host or group that is there already: id of the server that it is, or None}.
    :raises InvalidOption: every name that a server may have is taken.
    """
    fit = {each: as_host_name(name, (addresses or {}).get(each, ())) if name else None for each, name in wished.items()}
    bases = {server_id: name or as_id_name(server_id) for server_id, name in fit.items()}
    replaced = {server_id for server_id, name in wished.items() if name and not fit[server_id]}
    others = {name.casefold(): server_id for name, server_id in (taken or {}).items()}
    steps = dict.fromkeys((base.casefold() for base in bases.values()), 0)
    while True:
        names = {server_id: _name(base, server_id, steps[base.casefold()]) for server_id, base in bases.items()}
        holders: dict[str, list[str]] = {}
        for server_id, name in names.items():
            holders.setdefault(name.casefold(), []).append(server_id)
        clashing = {
            bases[server_id].casefold(): name
            for name, server_ids in holders.items()
            for server_id in server_ids
            if len(server_ids) > 1 or (name in others and others[name] != server_id)
        }
        if not clashing:
            return HostNames(names, {each for each, base in bases.items() if steps[base.casefold()]}, replaced)
        movable = [base for base in clashing if steps[base] < _LAST_STEP]
        if not movable:
            taken_name = min(clashing.values())
            raise InvalidOption(f"hostname: {taken_name} is a host or group already, and its server has no other name")
        for base in movable:
            steps[base] += 1


_LAST_STEP = 4


def _name(base: str, server_id: str, step: int) -> str:
    """The host name at a step: 0 the base, 1 with the beginning of the id, 2 with the id, 3 the id, 4 its digest."""
    id_name = as_id_name(server_id)
    stem = base.replace(":", "-")  # of an IPv6 address, which is a name only as a whole
    begin = id_name.removeprefix("liteserver-")[:8]
    return (base, f"{stem}_{begin}", f"{stem}_{id_name}", id_name, digest_name(server_id))[step]


def _filter_text(key: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise InvalidOption(f"filters: {key}: must be a text or a list of texts")
    return str(value)
