# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""All that is read before the first job of a run, by one operation."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Sequence

from ..._errors import LiteServerError
from ..._shapes import Record
from .._api import Api
from .._operation import Given
from .._reading import Info
from .._untrusted import as_shown
from ..jobs._decision import Standing
from ..jobs._history import History
from ..jobs._remembering import RememberingApi
from ..jobs._wanted import REUSE_ANY_NAME, read_wanted
from ..servers._event_info import event_record, of_servers
from ..servers._model import ServerRecord, bare_record, in_order, in_supernode, listed
from ..servers._server_info import SoftwareInfo, TemplateInfo
from ._supernodes import Supernode, guard_problems, supernodes_of, upgrades


class Survey(Info):
    """Servers, the versions on offer, the templates, and what the run does to supernodes.

    Options: ``server_ids`` of the run, ``software``, ``templates``, ``events`` and ``supernodes`` (whether to read or
    judge them), and for the last one ``groups`` of equal requests, ``batches`` (lists of server ids) and
    ``secret_spec``.
    """

    def __init__(self, given: Given) -> None:
        super().__init__(given.options)
        self._clock = given.clock
        self._conceal = given.conceal

    def read(self, api: Api) -> Record:
        """``servers`` (without their raw records), ``software``, ``templates`` and ``events`` (None where not read),
        and ``supernode_problems`` (sentences).
        """
        groups = [group for group in self._options["groups"] or [] if upgrades(group["items"])]
        guarded = groups if self._options["supernodes"] else []
        told = self._told(api, bool(guarded))
        # Names are put into sentences, and cut there.
        servers = in_order(as_shown(bare_record(raw), self._conceal) for raw in told)
        software = templates = None
        if self._options["software"]:
            software = SoftwareInfo({"flavor_type": None, "type": None}).read(api)["software"]
        if self._options["templates"]:
            nothing = {"template_id": None, "name": None, "type": None, "flavor_type": None}
            templates = TemplateInfo(nothing).read(api)["templates"]
        return {
            "servers": servers,
            "software": software,
            "templates": templates,
            "events": self._events(api, told) if self._options["events"] else None,
            "supernode_problems": self._supernode_problems(api, servers, guarded),
        }

    def _told(self, api: Api, guarded: bool) -> list[Record]:
        """What the service tells of its servers."""
        told = {raw["id"]: raw for raw in listed(api)}
        wanted = set(self._options["server_ids"] or [])
        if not wanted.issubset(told) or (guarded and any(in_supernode(told[server_id]) for server_id in wanted)):
            # Not everybody may list the servers of the whole project; whoever may not, is told that the ids are not
            # known, and sees of a supernode what is theirs.
            with contextlib.suppress(LiteServerError):
                told = {raw["id"]: raw for raw in listed(api, everyone=True)} | told
        return list(told.values())

    def _events(self, api: Api, told: Iterable[Record]) -> list[Record] | None:
        """The events that concern the servers of the run, without their raw records.

        Nothing is started by them, and not everybody may list them: where they cannot be read, that is said.
        """
        known = {raw["id"]: raw for raw in told}
        unknown = "whether a server of this run has an event is not known"
        try:
            listing = api.list_events()
        except LiteServerError as error:
            self.warnings.append(f"preflight: the scheduled events cannot be read, so {unknown}: {error}")
            return None
        if not listing.complete:
            self.warnings.append(f"preflight: the service counts more scheduled events than it lists, so {unknown}")
        wanted = {server_id: known.get(server_id) for server_id in self._options["server_ids"] or []}
        return [{**event_record(*row), "raw": {}} for row in of_servers(listing.records, wanted)]

    def _supernode_problems(self, api: Api, servers: Iterable[ServerRecord], groups: Sequence[Record]) -> list[str]:
        kinds: list[Record] = []  # groups that request the same, whatever their names
        wanted: dict[str, int] = {}
        for group in groups:
            kind = next((kind for kind in kinds if kind["items"] == group["items"]), None)
            if kind is None:
                kinds.append(kind := group)
            wanted.update(dict.fromkeys(group["server_ids"], kinds.index(kind)))
        supernodes = supernodes_of(servers, wanted, self._options["batches"] or [])
        remembering = RememberingApi(api, self._clock)
        done: dict[int, Collection[str]] = {}

        def done_of(_supernode: Supernode, number: int) -> Collection[str]:
            if number not in done:
                parts = [each for each in supernodes if not each.is_whole and number in each.wanted.values()]
                done[number] = self._done(remembering, kinds[number], [key for each in parts for key in each.members])
            return done[number]

        return guard_problems(supernodes, done_of)

    def _done(self, api: Api, group: Record, server_ids: Sequence[str]) -> Collection[str]:
        """The servers that have run what a group requests, in whatever job; none where this cannot be told."""
        given = {key: group[key] for key in ("name", "type", "items")}
        options = {"skipped": "ok", "mark": True, **group["options"], "reuse": REUSE_ANY_NAME}
        try:
            wanted, _doubts = read_wanted(
                {**options, **given, "server_ids": list(server_ids), "secret_spec": self._options.get("secret_spec")}
            )
            judged = History(api, wanted, self._clock).judge()
        except LiteServerError:
            return ()
        return {server_id for server_id, judgement in judged.items() if judgement.standing is Standing.DONE}
