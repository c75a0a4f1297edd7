# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Servers as the service tells them, and reading those that are wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypedDict

from ..._errors import ListIncomplete, NotFound
from ..._shapes import Record
from .._api import Api
from .._masking import masked
from .._times import milliseconds
from .._untrusted import as_address

# So many servers are read one by one, at each look of a wait too; more are picked from the list, which has
# up to a thousand on a page.
FEW_SERVERS = 3
# Statuses in which a server stays until somebody does something. Source: the server
# statuses of the vendor's SDK 3.1.219, and the waiters of its Terraform provider.
FAILED_STATUSES = frozenset(
    [
        "CREATE_FAILED",
        "START_FAILED",
        "STOP_FAILED",
        "REBOOT_FAILED",
        "CHANGINGOS_FAILED",
        "REINSTALLINGOS_FAILED",
        "DELETE_FAILED",
        "ERROR",
    ]
)


class ServerRecord(TypedDict):
    """A server as results show it; see :func:`server_record`."""

    id: str
    name: str | None
    status: str | None
    flavor: str | None
    category: str | None
    supernode_id: str | None
    supernode_name: str | None
    cloud_server_id: str | None
    cloud_server_type: str | None
    image: str | None
    private_ips: list[str]
    charging_mode: str | None
    create_at: int | None
    update_at: int | None
    raw: Record


def server_record(raw: Record) -> ServerRecord:
    """A server as results show it: always the same keys, and the service's record as ``raw``,
    with what is secret by its name masked.

    Fields of another type than documented become null here, and are still in ``raw``.
    """
    return {**bare_record(raw), "raw": masked(raw)}


def bare_record(raw: Record) -> ServerRecord:
    """The same with nothing in ``raw``: to mask it costs more than all the rest, where it is not shown."""
    supernode, cloud_server = _dict(raw, "server_hps"), _dict(raw, "cloud_server")
    return {
        "id": raw["id"],
        "name": _text(raw, "name"),
        "status": _text(raw, "status"),
        "flavor": _text(raw, "flavor"),
        "category": _text(raw, "category"),
        "supernode_id": _text(supernode, "id"),
        "supernode_name": _text(supernode, "name"),
        "cloud_server_id": _text(cloud_server, "id"),
        "cloud_server_type": _text(cloud_server, "type"),
        "image": _text(_dict(raw, "image"), "name"),
        "private_ips": private_ips(raw),
        "charging_mode": _text(raw, "charging_mode"),
        "create_at": milliseconds(raw.get("create_at")),
        "update_at": milliseconds(raw.get("update_at")),
        "raw": {},
    }


def in_supernode(raw: Record) -> bool:
    """Whether the service says that a server is one of a supernode's."""
    return _text(_dict(raw, "server_hps"), "id") is not None


def private_ips(raw: Record) -> list[str]:
    """The private addresses of a server: what the service calls ``uri`` of its endpoints, where it is an IP address."""
    addresses = (as_address(uri) for uri in told_addresses(raw))
    return list(dict.fromkeys(address for address in addresses if address))


def told_addresses(raw: Record) -> list[str]:
    """What the service gives as addresses of a server, unchecked."""
    endpoints = raw.get("endpoints")
    entries = endpoints if isinstance(endpoints, list) else []
    found = [entry.get("uri") for entry in entries if isinstance(entry, dict)]
    return [uri for uri in found if isinstance(uri, str) and uri]


def list_servers(api: Api, everyone: bool = False) -> list[ServerRecord]:
    """Every server as :func:`server_record`, by supernode, then name, then id.

    :raises ListIncomplete: see :func:`listed`.
    """
    return in_order(server_record(raw) for raw in listed(api, everyone))


def listed(api: Api, everyone: bool = False) -> list[Record]:
    """Every server as the service tells it.

    :raises ListIncomplete: the service counts more servers than it lists: a shorter
        list would read as a smaller fleet.
    """
    listing = api.list_servers(everyone=everyone)
    if not listing.complete:
        raise ListIncomplete(
            "the service lists fewer servers than it counts", hint="run it again: the fleet may have changed meanwhile"
        )
    return listing.records


def in_order(servers: Iterable[ServerRecord]) -> list[ServerRecord]:
    """Servers by supernode (those without one last), then name, then id.

    Those of one supernode stand together, even where the service names it differently, or not at all, for some.
    """
    servers = list(servers)
    name_of: dict[str | None, str] = {}
    for server in servers:
        supernode, name = server["supernode_id"], server["supernode_name"] or ""
        name_of[supernode] = min(name_of.get(supernode, name), name)
    return sorted(
        servers,
        key=lambda server: (
            server["supernode_id"] is None,
            name_of[server["supernode_id"]],
            server["supernode_id"] or "",
            server["name"] or "",
            server["id"],
        ),
    )


def matches(server: Mapping[str, object], filters: Mapping[str, Iterable[str] | None]) -> bool:
    """Whether a server passes filters: {key: accepted values, or None for any}.

    ``supernode`` accepts the id or the name of a supernode.
    """
    for key, accepted in filters.items():
        if accepted is None:
            continue
        values = {server["supernode_id"], server["supernode_name"]} if key == "supernode" else {server[key]}
        if values.isdisjoint(accepted):
            return False
    return True


def read_servers(api: Api, server_ids: Collection[str], polling: bool = False) -> dict[str, Record | None]:
    """{server id: the service's record, or None where it is not found} for some servers.

    Few are asked for one by one. Many are picked from the list of the caller's own servers,
    and only those that it does not have are asked for.
    """
    records: dict[str, Record | None] = {}
    if len(server_ids) > FEW_SERVERS:
        wanted = set(server_ids)
        listing = api.list_servers(polling=polling)
        records = {raw["id"]: raw for raw in listing.records if raw["id"] in wanted}
    for server_id in server_ids:
        if server_id not in records:
            try:
                records[server_id] = api.get_server(server_id, polling=polling)
            except NotFound:
                records[server_id] = None
    return {server_id: records[server_id] for server_id in server_ids}


def _dict(raw: Record, key: str) -> Record:
    value = raw.get(key)
    return value if isinstance(value, dict) else {}


def _text(raw: Record, key: str) -> str | None:
    value = raw.get(key)
    return value if isinstance(value, str) and value else None
