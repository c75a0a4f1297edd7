# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What ``liteserver_event_info`` tells: scheduled events, and which servers they concern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from ..._errors import InvalidOption
from ..._shapes import Record
from .._api import Api
from .._ids import check_ids
from .._masking import masked
from .._reading import Info
from .._times import milliseconds
from .._wording import some_of
from ._model import read_servers

# An event, and the id and the name of the server that it is told for.
Row: TypeAlias = tuple[Record, str | None, str | None]

# Source: ListScheduledEvents of the API reference, 2026-04, and the vendor's SDK 3.1.219.
STATES = ("inquiring", "scheduled", "executing", "completed", "failed", "canceled")
# In the others nothing will happen to the server, or nobody has agreed to it yet.
IMMINENT = ("scheduled", "executing")
# Keys of a result, and what the service calls them.
TEXTS = {
    "catalog": "catalog",
    "type": "type",
    "description": "description",
    "state": "state",
    "instance_type": "instanceType",
    "instance_id": "instanceId",
    "node_name": "nodeName",
    "pool_name": "poolName",
}
TIMES = {
    "publish_time": "publishTime",
    "start_time": "startTime",
    "finish_time": "finishTime",
    "not_before": "notBefore",
}


class EventInfo(Info):
    """Scheduled events by state, type and server. It reads, and never accepts one."""

    def prepare(self) -> None:
        """Check the options; raises InvalidOption."""
        if self._options["server_ids"] is not None:
            check_ids("server_ids", self._options["server_ids"])
        for option in ("states", "types"):
            if self._options[option] == []:
                # Would read as "no event".
                raise InvalidOption("at least one is needed; leave the option out for any", (option,))
        unknown = [state for state in self._options["states"] or [] if state.lower() not in STATES]
        if unknown:
            self.warnings.append(f"states: not documented: {some_of(unknown)}; known are {', '.join(STATES)}")

    def read(self, api: Api) -> Record:
        """Read them all, and filter them here: how the service compares is not documented."""
        listing = api.list_events(workspace_id=self._options["workspace_id"])
        if not listing.complete:
            self.warnings.append("the list may be incomplete: the service may have more events than it lists")
        missing: list[str] = []
        rows: list[Row] = [(raw, None, None) for raw in listing.records]
        if self._options["server_ids"] is not None:
            servers = read_servers(api, check_ids("server_ids", self._options["server_ids"]))
            missing = [server_id for server_id, server in servers.items() if server is None]
            rows = list(of_servers(listing.records, servers))
        self._name_unknown_states(rows)
        events = [event_record(*row) for row in rows if self._passes(row[0])]
        events.sort(key=lambda event: (-(event["publish_time"] or 0), event["id"]))
        return {"events": events, "missing_server_ids": missing, "complete": listing.complete}

    def _passes(self, raw: Record) -> bool:
        return all(
            self._options[option] is None or str(raw.get(key)).lower() in map(str.lower, self._options[option])
            for option, key in (("states", "state"), ("types", "type"))
        )

    def _name_unknown_states(self, rows: Iterable[Row]) -> None:
        """Nobody knows whether an event of another state is over, so none is left out in silence."""
        if self._options["states"] is None:
            return
        others = {
            f"{raw['id']} ({raw.get('state')})"
            for raw, _id, _name in rows
            if str(raw.get("state")).lower() not in STATES and not self._passes(raw)
        }
        if others:
            self.warnings.append(f"left out, in a state that is not documented: {some_of(sorted(others))}")


def event_record(raw: Record, server_id: str | None = None, server_name: str | None = None) -> Record:
    """An event as results show it; fields of another type than documented are null, and still in ``raw``."""
    return {
        "id": raw["id"],
        **{key: _text(raw.get(name)) for key, name in TEXTS.items()},
        **{key: milliseconds(raw.get(name)) for key, name in TIMES.items()},
        "server_id": server_id,
        "server_name": server_name,
        "raw": masked(raw),
    }


def ids_of(server_id: str, server: Record | None) -> set[str]:
    """All ids under which an event may name a server, in small letters: its own, and those of the machine below."""
    cloud_server = server.get("cloud_server") if server else None
    below = [cloud_server.get(key) for key in ("id", "hps_ecs_id")] if isinstance(cloud_server, dict) else []
    return {text.lower() for text in (server_id, *below) if isinstance(text, str) and text}


def of_servers(events: Iterable[Record], servers: Mapping[str, Record | None]) -> Iterable[Row]:
    """A row for each of the servers that an event concerns.

    Which id ``instanceId`` is, nobody documents. A server that is not found may still have an event.
    """
    having: dict[str, list[str]] = {}
    for server_id, server in servers.items():
        for each in ids_of(server_id, server):
            having.setdefault(each, []).append(server_id)
    for event in events:
        named = [event.get("instanceId"), event.get("underLyingInstanceId")]
        found = [each for text in named if isinstance(text, str) for each in having.get(text.lower(), [])]
        for server_id in dict.fromkeys(found):
            yield event, server_id, _text((servers[server_id] or {}).get("name"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
