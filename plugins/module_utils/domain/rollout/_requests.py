# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What each host of a batch requests, and the groups of equal requests that become jobs.

Everything here is plain values that can be written as JSON.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypedDict

from ..._errors import InvalidOption
from ..._shapes import Record
from ..jobs._result import masked_item
from ..jobs._wanted import read_wanted

LONGEST_NAME = 64
# Options of liteserver_job that go with a request: hosts that differ in one get a job of their own.
JOB_OPTIONS = ("reuse", "skipped", "template_check", "is_reboot", "description")
# What may differ from host to host: it decides which hosts share a job. The rest is one value for the run.
PER_HOST = frozenset(["type", "spec", "items", "version", "name", "server_id", *JOB_OPTIONS])
_NOT_IN_NAMES = re.compile(r"[^-_.a-zA-Z0-9]")


class HostRequest(TypedDict):
    """What the server of one host is to have run, and how."""

    host: str
    server_id: str
    name: str
    type: str
    items: list[Record]
    options: dict[str, Any]


class Group(TypedDict):
    """Hosts with equal requests, and so one job."""

    number: int
    name: str
    type: str
    items: list[Record]
    options: dict[str, Any]
    hosts: list[str]
    server_ids: list[str]
    supernodes: dict[str, str]


def work_of(entry: str, values: Mapping[str, Any]) -> tuple[str, list[Record]]:
    """(type, items) of the job that an entry point of the role asks for.

    :param entry: ``main``, ``hdk_upgrade``, ``log_collect`` or ``common``.
    :param values: role variables without their prefix, for one host.

    Source of the types: the pages on Lite Server tasks and templates. The type of the
    collection of logs is the template's, its item's is the one that the documented
    request lists; no complete request is documented.
    """
    spec = values.get("spec") or {}
    if entry == "hdk_upgrade":
        return "HDK_UPGRADE", [{"type": "HDK_UPGRADE", "spec": {"version": values["version"]}}]
    if entry == "log_collect":
        return "LOG_COLLECT", [{"type": "DEVICE_LOG_COLLECT", "spec": spec}]
    if entry == "common":
        return "COMMON", [{"type": "COMMON", "spec": spec}]
    if values.get("items"):
        if spec:
            raise InvalidOption("fleet_job_spec: excludes fleet_job_items: give one of them")
        return values["type"], values["items"]
    return values["type"], [{"type": values["type"], "spec": spec}]


def default_name(entry: str, job_type: str, items: list[Record], started_at: int) -> str:
    """A job name that names the work and its version, within the service's 64 characters.

    :param started_at: of the run, in ms: each run of ``log_collect`` is a new collection.
    """
    if entry == "log_collect":
        return "log_collect_" + time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(started_at / 1000))
    versions = [str(item["spec"]["version"]) for item in items if (item.get("spec") or {}).get("version")]
    detail = "_".join(versions) or _digest(items)[:8]
    name = _NOT_IN_NAMES.sub("_", f"{job_type.lower()}_{detail}")
    if len(name) <= LONGEST_NAME:
        return name
    return name[: LONGEST_NAME - 9] + "_" + _digest([job_type, items])[:8]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def request_of(host: str, entry: str, values: Mapping[str, Any], started_at: int) -> HostRequest:
    """The request of one host, checked by the same rules as the options of ``liteserver_job``.

    :param values: role variables without their prefix; ``secret_spec`` is checked, and not kept.
    :returns: host, server_id, name, type, items and the job's options, as a dictionary.
    :raises InvalidOption: names the variable and the rule.
    """
    job_type, items = work_of(entry, values)
    options = {option: values[option] for option in JOB_OPTIONS if values.get(option) not in (None, "")}
    if entry == "log_collect":
        options["reuse"] = "never"
    server_id = str(values.get("server_id") or "").strip()
    if not server_id:
        raise InvalidOption("fleet_job_server_id: is empty: every host needs the id of its Lite Server (liteserver_id)")
    try:
        wanted, doubts = read_wanted(
            {
                "name": values.get("name") or entry,
                "type": job_type,
                "server_ids": [server_id],
                "items": items,
                "reuse": options.get("reuse"),
                "skipped": options.get("skipped"),
                "secret_spec": values.get("secret_spec"),
            }
        )
    except InvalidOption as error:
        raise _in_role_variables(error, values) from error
    if doubts:
        raise _in_role_variables(doubts[0], values)
    # Texts, as the service gets them: a value as a number and as a text is one request.
    items = [{"type": item.type, "spec": dict(item.spec)} for item in wanted.body_items]
    for key in values.get("secret_spec") or {}:
        items[0]["spec"].pop(str(key), None)
    return {
        "host": host,
        "server_id": server_id,
        "name": values.get("name") or default_name(entry, job_type, items, started_at),
        "type": job_type,
        "items": items,
        "options": options,
    }


def _in_role_variables(error: InvalidOption, values: Mapping[str, Any]) -> InvalidOption:
    """An error of the module's options in the names of the role's variables."""
    path = error.path
    if path[:1] == ("server_ids",):
        path = ("server_id",)
    elif path[:3] == ("items", 0, "spec") and not values.get("items"):
        path = ("version",) if path[3:] == ("version",) and "version" in values else path[2:]
    if not path:
        return InvalidOption(f"fleet_job_{error.rule}")
    return InvalidOption(error.rule, (f"fleet_job_{path[0]}", *path[1:]))


def groups_of(requests: Iterable[HostRequest], supernode_of: Mapping[str, str] | None = None) -> list[Group]:
    """Groups of equal requests, in the order of their first hosts.

    :param supernode_of: {host: supernode id}, without hosts that are in none.
    :returns: dictionaries with number, hosts, server_ids, supernodes ({server id: supernode id}) and what the requests
        share.
    """
    groups: dict[str, Group] = {}
    for request in requests:
        shared = [request["name"], request["type"], request["items"], request["options"]]
        group = groups.setdefault(
            _digest(shared),
            {
                "number": len(groups) + 1,
                "name": request["name"],
                "type": request["type"],
                "items": request["items"],
                "options": request["options"],
                "hosts": [],
                "server_ids": [],
                "supernodes": {},
            },
        )
        group["hosts"].append(request["host"])
        group["server_ids"].append(request["server_id"])
        if request["host"] in (supernode_of or {}):
            group["supernodes"][request["server_id"]] = (supernode_of or {})[request["host"]]
    return list(groups.values())


def shown_group(group: Group, secret_keys: Collection[str] = frozenset()) -> Record:
    """A group as a record may show it: without values that are secret by their names."""
    return {
        "number": group["number"],
        "name": group["name"],
        "type": group["type"],
        "items": [masked_item(item, secret_keys) for item in group["items"]],
        "hosts": len(group["hosts"]),
    }
