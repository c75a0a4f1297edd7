# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Batch sizes for a rollout: a canary, then growing waves, and no supernode cut in two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._errors import InvalidOption
from .._wording import some_of
from ..servers._model import ServerRecord, in_order

_MOST = 1_000_000


def waves(
    hosts: Iterable[str],
    supernodes: Mapping[str, Iterable[str]],
    canary: int = 1,
    growth: float = 2,
    largest: int | None = None,
) -> list[int]:
    """Sizes of the batches, in the order of the hosts.

    A batch holds as many single hosts and whole supernodes as fit into its size, and at
    least one of them, whatever its size.

    :param hosts: host names in the order in which the play runs over them.
    :param supernodes: {supernode: host names}. Hosts in none stand alone.
    :param canary: size of the first batch.
    :param growth: each batch is so many times as large as the one before, 1 or more.
    :param largest: of no batch more than so many hosts (but a supernode that is larger), or None.
    :returns: numbers that add up to the number of hosts.
    :raises InvalidOption: a supernode's hosts do not stand together, or a number is out of range.
    """
    _require_whole("canary", canary)
    if largest is not None:
        _require_whole("largest", largest)
    if isinstance(growth, bool) or not isinstance(growth, (int, float)) or not 1 <= growth <= _MOST:
        raise InvalidOption(f"growth: must be a number from 1 to {_MOST}, not {growth!r}")
    hosts = list(hosts)
    if len(set(hosts)) != len(hosts):
        raise InvalidOption("hosts: a host is there twice")
    sizes = []
    wished = float(canary)
    batch = 0
    for unit in _units(hosts, supernodes):
        most = wished if largest is None else min(wished, largest)
        if batch and batch + unit > most:
            sizes.append(batch)
            batch, wished = 0, max(wished, sizes[-1]) * growth
        batch += unit
    return [*sizes, batch] if batch else sizes


def waves_of_servers(
    server_of: Mapping[str, str | None],
    servers: Sequence[ServerRecord],
    canary: int | str = 1,
    growth: float | str = 2,
    largest: int | str = 0,
) -> tuple[list[str], list[int]]:
    """Hosts by their servers' supernode, then name, and the :func:`waves` over them.

    :param server_of: {host: server id, or None where it has none}. Hosts of no known server come last, by their names.
    :param servers: records of ``liteserver_info``, in any order.
    :param largest: 0 is no limit. Numbers may be texts, as extra vars have them.
    """
    place_of = {server["id"]: place for place, server in enumerate(in_order(servers))}
    supernode_of = {server["id"]: server["supernode_id"] for server in servers if server["supernode_id"]}
    hosts = sorted(server_of, key=lambda host: (place_of.get(server_of[host] or "", len(place_of)), host))
    supernodes: dict[str, list[str]] = {}
    for host in hosts:
        supernode = supernode_of.get(server_of[host] or "")
        if supernode is not None:
            supernodes.setdefault(supernode, []).append(host)
    return hosts, waves(hosts, supernodes, _number(canary), _number(growth), _number(largest) or None)


def waves_of_groups(
    hosts: Iterable[str],
    groups: Mapping[str, Iterable[str]],
    prefix: str,
    canary: int | str = 1,
    growth: float | str = 2,
    largest: int | str = 0,
) -> list[int]:
    """:func:`waves` from the groups of an inventory.

    :param groups: {group: host names}; those whose names begin with ``prefix`` are supernodes.
    :param largest: as there; 0 is no limit. Numbers may be texts, as extra vars have them.
    """
    supernodes = {name: members for name, members in groups.items() if name.startswith(prefix)}
    return waves(hosts, supernodes, _number(canary), _number(growth), _number(largest) or None)


def _number(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return float(value) if "." in value else int(value)
        except ValueError:
            return value
    return value


def _require_whole(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST:
        raise InvalidOption(f"{name}: must be a whole number from 1 to {_MOST}, not {value!r}")


def _units(hosts: Iterable[str], supernodes: Mapping[str, Iterable[str]]) -> list[int]:
    """The sizes of what may not be cut, in order: runs of one supernode's hosts, and single hosts."""
    supernode_of: dict[str, str] = {}
    for name, members in supernodes.items():
        for host in members:
            if supernode_of.setdefault(host, name) != name:
                raise InvalidOption(f"supernodes: host {host} is in two: {supernode_of[host]} and {name}")
    runs: list[tuple[str | None, list[str]]] = []
    ended: set[str | None] = set()
    for host in hosts:
        supernode = supernode_of.get(host)
        if supernode is not None and runs and runs[-1][0] == supernode:
            runs[-1][1].append(host)
            continue
        if supernode is not None and supernode in ended:
            apart = [other for other in hosts if supernode_of.get(other) == supernode]
            raise InvalidOption(
                f"supernodes: the hosts of {supernode} do not stand together in the play's order: {some_of(apart, 10)}."
                " Order the inventory by supernode, or leave the play's 'order' alone"
            )
        ended.add(supernode)
        runs.append((supernode, [host]))
    return [len(members) for _supernode, members in runs]
