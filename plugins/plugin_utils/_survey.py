# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What is asked of the service before the first job of a run, and the batches that its play will have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError

from ..module_utils._shapes import Record
from ..module_utils.domain.rollout._requests import HostRequest, groups_of
from ..module_utils.domain.rollout._supernodes import batches_of, upgrades


def survey_of(task: Any, requests: Sequence[HostRequest], own: Mapping[str, Any], entry: str) -> Record | None:
    """Options of module ``fleet_job_batch`` that reads it, or None where there is nothing to be judged by it.

    :param own: variables of the role.
    """
    preflight = own["preflight"] != "off"
    groups = groups_of(requests)
    supernodes = own["supernodes"] != "off" and any(upgrades(group["items"]) for group in groups)
    if not preflight and not supernodes:
        return None
    id_of = {request["host"]: request["server_id"] for request in requests}
    return {
        "server_ids": list(id_of.values()),
        "software": preflight and entry in ("main", "hdk_upgrade"),
        "templates": preflight,
        # Of a server that is about to be repaired, logs are wanted all the more.
        "events": preflight and entry != "log_collect",
        "supernodes": supernodes,
        "groups": groups,
        "batches": [[id_of[host] for host in batch if host in id_of] for batch in play_batches(task.play, task)],
    }


def server_ids_of(task: Any, templar: Any, task_vars: Mapping[str, Any]) -> dict[str, str | None]:
    """{host of the play: id of its server, or None}; for a task that does not stand in the role."""
    manager = task.get_variable_manager()
    lists = {"_hosts": list(task_vars["ansible_play_batch"]), "_hosts_all": list(task_vars["ansible_play_hosts_all"])}
    found: dict[str, str | None] = {}
    own = templar.copy_with_new_env()
    for name in lists["_hosts_all"]:
        variables = manager.get_vars(play=task.play, host=manager._inventory.get_host(name), task=task, **lists)
        given = variables.get("fleet_job_server_id") or variables.get("liteserver_id")
        own.available_variables = variables
        try:
            value = own.template(given)
        except AnsibleError:
            value = None  # the role says what is wrong with it
        found[name] = str(value).strip() if value else None
    return found


def play_batches(play: Any, task: Any) -> list[list[str]]:
    """The hosts of each batch of a play. In a play that shuffles them each stands alone, where it has several."""
    inventory = task.get_variable_manager()._inventory
    hosts = inventory.get_hosts(play.hosts, ignore_restrictions=True, order=play.order)
    batches = batches_of([host.name for host in hosts], play.serial)
    if play.order == "shuffle" and len(batches) > 1:
        return [[host] for batch in batches for host in batch]
    return batches


def supernodes_in(read: Record, requests: Sequence[HostRequest]) -> dict[str, tuple[str | None, str | None]]:
    """{host: (id, name) of its supernode} from what was read."""
    servers = {server["id"]: server for server in read["servers"]}
    found = ((request["host"], servers.get(request["server_id"])) for request in requests)
    return {host: (server["supernode_id"], server["supernode_name"]) for host, server in found if server}
