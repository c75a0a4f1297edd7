# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What would go wrong with a run, found before its first job, all of it at once."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from ..._shapes import Record
from .._untrusted import LONGEST_NAME, as_line
from .._wording import some_of
from ..jobs._model import Item
from ..jobs._template_check import findings
from ..jobs._wanted import Wanted
from ..servers._event_info import IMMINENT, STATES
from ..servers._model import ServerRecord
from ._requests import HostRequest

HDK_UPGRADE, HDK_SOFTWARE = "HDK_UPGRADE", "ASCEND_HDK"
RUNNING = "RUNNING"
K = TypeVar("K")
V = TypeVar("V")


def problems_of(
    requests: Sequence[HostRequest],
    servers: Sequence[ServerRecord] | None,
    software: Iterable[Record] | None,
    templates: list[Record] | None,
    secret_keys: frozenset[str] = frozenset(),
    events: Iterable[Record] | None = None,
) -> list[str]:
    """Every reason not to start, as sentences that name the hosts.

    :param requests: of :func:`._requests.request_of`, for every host of the run.
    :param servers: records of ``liteserver_info`` for all servers that can be seen, or None to pass over.
    :param software: entries of ``liteserver_software_info``, or None.
    :param templates: records of ``liteserver_job_template_info``, or None.
    :param events: entries of ``liteserver_event_info`` for these servers, or None.
    """
    problems = _twice(requests)
    if servers is not None:
        by_id = {server["id"]: server for server in servers}
        problems += _unknown(requests, servers, by_id) + _not_running(requests, by_id)
        if software is not None:
            problems += _not_offered(requests, by_id, software)
    if templates is not None:
        problems += _rejected(requests, templates, secret_keys)
    return problems + _with_events(requests, events or [])


def _twice(requests: Sequence[HostRequest]) -> list[str]:
    hosts_of = _grouped((request["server_id"], request["host"]) for request in requests)
    return [
        f"{len(hosts)} hosts have one server id, {server_id}: {some_of(hosts)}"
        for server_id, hosts in hosts_of.items()
        if len(hosts) > 1
    ]


def _unknown(
    requests: Sequence[HostRequest], servers: Sequence[ServerRecord], by_id: Mapping[str, ServerRecord]
) -> list[str]:
    underlying = {server["cloud_server_id"]: server for server in servers if server["cloud_server_id"]}
    unknown: list[str] = []
    mistaken: list[str] = []
    for request in requests:
        if request["server_id"] in by_id:
            continue
        server = underlying.get(request["server_id"])
        if server is None:
            unknown.append(f"{request['host']} ({request['server_id']})")
        else:
            kind = server["cloud_server_type"] or "server"
            mistaken.append(
                f"{request['host']}: {request['server_id']} is the id of the {kind} underneath Lite Server"
                f" {server['name']}, whose own id is {server['id']}"
            )
    if unknown:
        mistaken.insert(0, f"no such Lite Server for {len(unknown)} of {len(requests)} hosts: {some_of(unknown)}")
    return mistaken


def _not_running(requests: Sequence[HostRequest], by_id: Mapping[str, ServerRecord]) -> list[str]:
    hosts_in = _grouped(
        (by_id[request["server_id"]]["status"] or "of no known status", request["host"])
        for request in requests
        if request["server_id"] in by_id and by_id[request["server_id"]]["status"] != RUNNING
    )
    return [
        f"{len(hosts)} of {len(requests)} servers are {status}, not RUNNING: {some_of(hosts)}"
        for status, hosts in hosts_in.items()
    ]


def _with_events(requests: Sequence[HostRequest], events: Iterable[Record]) -> list[str]:
    """Servers that the service will work on, or works on already. Of an unknown state nobody knows whether it does."""
    events_of = _grouped((event["server_id"], event) for event in events)
    named = []
    for request in requests:
        for event in events_of.get(request["server_id"], []):
            state = event["state"] or "in no known state"
            if state.lower() in IMMINENT or state.lower() not in STATES:
                texts = [event["type"] or "of no known type", state]
                if event["not_before"] is not None:
                    moment = time.gmtime(event["not_before"] / 1000)
                    texts.append(time.strftime("not before %Y-%m-%d %H:%M UTC", moment))
                named.append(f"{request['host']} ({', '.join(as_line(text, LONGEST_NAME) for text in texts)})")
    if not named:
        return []
    return [f"the service plans or does work of its own on servers of this run: {some_of(named)}"]


def _not_offered(
    requests: Sequence[HostRequest], by_id: Mapping[str, ServerRecord], software: Iterable[Record]
) -> list[str]:
    """Versions that the service does not offer, where it can be told.

    A server does not tell its flavor type. It is taken from the flavor's name, which contains it
    (``ascend_snt9b23`` in ``...snt9b23...``); where no type is found in it, a version that
    any type has will do.
    """
    offered: dict[str, dict[str, str]] = {}
    for entry in software:
        if entry["type"] == HDK_SOFTWARE and entry["flavor_type"]:
            names = offered.setdefault(entry["flavor_type"].lower(), {})
            names.update((version.lower(), version) for version in entry["versions"] if isinstance(version, str))
    if not offered:
        return []
    hosts_of: dict[tuple[str, str | None], list[str]] = {}
    for request in requests:
        versions = [item["spec"].get("version") for item in request["items"] if item["type"] == HDK_UPGRADE]
        server = by_id.get(request["server_id"])
        flavor_type = flavor_type_of(server["flavor"], offered) if server else None
        for version in versions:
            types = [flavor_type] if flavor_type else list(offered)
            if version is not None and not any(version.lower() in offered[name] for name in types):
                hosts_of.setdefault((version, flavor_type), []).append(request["host"])
    return [
        f"the service does not offer HDK {version}{f' for {flavor_type}' if flavor_type else ''}, wanted for"
        f" {some_of(hosts)}; it offers {_offers(offered, flavor_type)}"
        for (version, flavor_type), hosts in hosts_of.items()
    ]


def _offers(offered: Mapping[str, Mapping[str, str]], flavor_type: str | None) -> str:
    names = [flavor_type] if flavor_type else list(offered)
    return some_of(sorted({shown for name in names for shown in offered[name].values()}), 10) or "none"


def flavor_type_of(flavor: str | None, flavor_types: Iterable[str]) -> str | None:
    """The flavor type whose name a flavor contains, the longest that fits; None where none does."""
    text = (flavor or "").lower()
    # As a whole word, but for a count before it: 8snt9b is an snt9b, and snt9b23 is none.
    fitting = [
        name
        for name in flavor_types
        if re.search(rf"(?<![a-z]){re.escape(name.removeprefix('ascend_'))}(?![a-z0-9])", text)
    ]
    return max(fitting, key=len, default=None)


def _rejected(requests: Sequence[HostRequest], templates: list[Record], secret_keys: frozenset[str]) -> list[str]:
    hosts_of: dict[tuple[str, tuple[Item, ...]], list[str]] = {}
    for request in requests:
        if request["options"].get("template_check") == "off":
            continue
        items = tuple(Item(item["type"], tuple(sorted(item["spec"].items()))) for item in request["items"])
        hosts_of.setdefault((request["type"], items), []).append(request["host"])
    problems = []
    for (job_type, items), hosts in hosts_of.items():
        wanted = Wanted("preflight", job_type, (), items, body_items=items, secret_keys=secret_keys)
        problems += [f"{text}; wanted for {some_of(hosts)}" for text in findings(templates, wanted, complete=True)]
    return problems


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    grouped: dict[K, list[V]] = {}
    for key, value in pairs:
        grouped.setdefault(key, []).append(value)
    return grouped
