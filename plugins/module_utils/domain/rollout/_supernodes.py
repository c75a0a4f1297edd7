# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Supernodes of which a run would upgrade only a part, or all, but not in one batch and to one version."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..._shapes import Record
from .._untrusted import as_line
from .._wording import servers, some_of
from ..servers._model import ServerRecord

UPGRADE = "HDK_UPGRADE"


@dataclass
class Supernode:
    """A supernode of which a server takes part.

    :ivar members: {server id: name} of all its servers that can be seen.
    :ivar wanted: {server id: number of its group} of those that take part.
    :ivar batch_of: {server id: number of its batch} of those that take part.
    """

    id: str
    name: str
    members: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, int] = field(default_factory=dict)
    batch_of: dict[str, int] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether all its servers take part, in one batch, with one request."""
        return self.wanted.keys() == self.members.keys() and not self.is_cut() and not self.is_mixed

    @property
    def is_mixed(self) -> bool:
        """Whether its servers would run different things."""
        return len(set(self.wanted.values())) > 1

    def is_cut(self, done: Collection[str] = ()) -> bool:
        """Whether batches cut it, without the servers that are done."""
        return len({batch for server_id, batch in self.batch_of.items() if server_id not in done}) > 1


def upgrades(items: Iterable[Record]) -> bool:
    """Whether items bring a version to a server, which all servers of a supernode must share."""
    return any(item["type"] == UPGRADE or "version" in (item.get("spec") or {}) for item in items)


def supernodes_of(
    servers_seen: Iterable[ServerRecord], wanted: Mapping[str, int], batches: Sequence[Collection[str]]
) -> list[Supernode]:
    """The supernodes of which a server takes part.

    :param wanted: {server id: what it is to run, as a number}.
    :param batches: the server ids of each batch of the play.
    """
    found: dict[str, Supernode] = {}
    for server in servers_seen:
        identifier = server["supernode_id"]
        if identifier is not None:
            supernode = found.setdefault(identifier, Supernode(identifier, server["supernode_name"] or identifier))
            supernode.members[server["id"]] = server["name"] or server["id"]
    for number, batch in enumerate(batches, 1):
        for supernode in found.values():
            supernode.batch_of.update((server_id, number) for server_id in supernode.members if server_id in batch)
    for supernode in found.values():
        supernode.wanted = {server_id: wanted[server_id] for server_id in supernode.members if server_id in wanted}
    return [supernode for supernode in found.values() if supernode.wanted]


def guard_problems(supernodes: Iterable[Supernode], done_of: Callable[[Supernode, int], Collection[str]]) -> list[str]:
    """Every supernode that the run would cut or mix, as sentences.

    :param done_of: takes a supernode and what its servers are to run; returns the ids of those that have run it
        already. Only asked about a supernode that does not take part as a whole.
    """
    problems = []
    for supernode in supernodes:
        if supernode.is_whole:
            continue
        if supernode.is_mixed:
            problems.append(
                f"the servers of supernode {_title(supernode)} would run different versions: "
                + "; ".join(
                    some_of([supernode.members[each] for each in supernode.wanted if supernode.wanted[each] == number])
                    for number in dict.fromkeys(supernode.wanted.values())
                )
            )
            continue
        done = set(done_of(supernode, next(iter(supernode.wanted.values()))))
        absent = [server_id for server_id in supernode.members if server_id not in supernode.wanted]
        missing = [server_id for server_id in absent if server_id not in done]
        if missing and any(server_id not in done for server_id in supernode.wanted):
            problems.append(
                f"{len(supernode.wanted)} of the {servers(len(supernode.members))} of supernode {_title(supernode)}"
                f" take part, and {len(missing)} that do not are not done: {some_of(_names(supernode, missing))}"
            )
        elif supernode.is_cut(done):
            numbers = sorted({number for each, number in supernode.batch_of.items() if each not in done})
            problems.append(
                f"the servers of supernode {_title(supernode)} are in batches {', '.join(map(str, numbers))} of the"
                " play"
            )
    return problems


def _title(supernode: Supernode) -> str:
    return as_line(supernode.name)


def _names(supernode: Supernode, server_ids: Iterable[str]) -> list[str]:
    return [as_line(supernode.members[server_id]) for server_id in server_ids]


def batches_of(hosts: Sequence[str], serial: Sequence[int | str]) -> list[list[str]]:
    """The batches of a play as Ansible makes them.

    :param hosts: of the play, in its order.
    :param serial: of the play: numbers and percentages, the last one counts for the rest.
    """
    batches: list[list[str]] = []
    left, sizes = list(hosts), list(serial) or [0]
    while left:
        size = sizes[min(len(batches), len(sizes) - 1)]
        text = str(size)
        count = int(int(text[:-1]) / 100 * len(hosts)) or 1 if text.endswith("%") else int(text)
        if count <= 0:
            count = len(left)
        batches.append(left[:count])
        left = left[count:]
    return batches
