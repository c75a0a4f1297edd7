# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Hosts in Ansible's inventory: what is there already, and a fleet that comes to it as a whole."""

from __future__ import annotations

from typing import Any

from ansible import template
from ansible.inventory.data import InventoryData
from ansible.utils import unsafe_proxy

from ..module_utils.domain._untrusted import as_value

# Since ansible-core 2.19 only what is marked as trusted is a template. Before, everything is that is not marked.
_TRUST_IS_MARKED = hasattr(template, "trust_as_template")

# What Ansible sets itself, of the source in which it saw a host first.
_OF_THE_SOURCE = ("inventory_file", "inventory_dir")


def untrusted(value: Any) -> Any:
    """A value of the service as a value of a variable, its keys too: neither a template nor an expression."""
    return as_value(value) if _TRUST_IS_MARKED else unsafe_proxy.wrap_var(as_value(value))


class Fleet(InventoryData):
    """Hosts and groups that are no inventory yet: a host may be named like a group, until it gets another name."""

    def add_child(self, group: str, child: str) -> bool:
        """Add a host or a group to a group; what may be either is left out, as the names are not the last ones then."""
        if child in self.groups and child in self.hosts:
            return False
        return bool(super().add_child(group, child))

    def ambiguous(self) -> set[str]:
        """The names that are a host and a group."""
        return set(self.groups.keys() & self.hosts.keys())


def taken_names(inventory: Any, project_id: str) -> dict[str, str | None]:
    """{name of each host and group of an inventory: the server's id, where it is a server of this project, or None}."""
    taken: dict[str, str | None] = dict.fromkeys(inventory.groups)
    for name, host in inventory.hosts.items():
        same = host.vars.get("liteserver_project_id") == project_id
        taken[name] = str(host.vars.get("liteserver_id")) if same else None
    return taken


def add_all(inventory: Any, fleet: Any) -> None:
    """Add hosts and groups of an inventory to another, in their order; no host may be named like a group of either."""
    for name, host in fleet.hosts.items():
        inventory.add_host(name)
        for variable, value in host.vars.items():
            if variable not in _OF_THE_SOURCE:
                inventory.set_variable(name, variable, value)
    for group in fleet.groups.values():
        inventory.add_group(group.name)
        for host in group.hosts:
            inventory.add_child(group.name, host.name)
    for group in fleet.groups.values():
        for child in group.child_groups:
            inventory.add_child(group.name, child.name)
