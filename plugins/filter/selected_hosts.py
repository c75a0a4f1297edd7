# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A play that selects no host is an error."""

from __future__ import annotations

DOCUMENTATION = r"""
name: selected_hosts
short_description: Fail where a play selects no host
version_added: 1.0.0
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
description:
  - Takes the host pattern of a play and returns it unchanged. Fails where no host of the inventory matches it, or C(--limit) leaves none.
  - A play without hosts runs no task, so no task can report it, and C(ansible-playbook) ends with exit status 0. A misspelt pattern then
    ends like a run without failures. Use the filter in the play's C(hosts).
  - With C(--syntax-check), which runs nothing and needs no inventory, it does not check hosts.
positional: _input
options:
  _input:
    description:
      - The host pattern.
    type: str
    required: true
  groups:
    description:
      - The variable C(groups).
    type: dict
    required: true
  limit:
    description:
      - The variable C(ansible_limit), where it is defined.
    type: str
"""

EXAMPLES = r"""
- name: Upgrade the servers that -e pattern=... names, or all of group npu
  hosts: "{{ pattern | default('npu') | modelarts.liteserver.selected_hosts(groups, ansible_limit | default(none)) }}"
  gather_facts: false
  tasks:
    - name: Upgrade driver and firmware
      ansible.builtin.import_role:
        name: modelarts.liteserver.fleet_job
        tasks_from: hdk_upgrade
      vars:
        fleet_job_version: "24.1.rc3.10"
"""

RETURN = r"""
_value:
  description: The pattern.
  type: str
"""

from ansible import context
from ansible.errors import AnsibleFilterError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader


def selected_hosts(pattern, groups, limit=None):
    """The filter; see DOCUMENTATION."""
    if context.CLIARGS.get("syntax"):
        return pattern  # runs nothing, and needs no inventory
    inventory = InventoryManager(DataLoader(), parse=False)
    for group, hosts in groups.items():
        inventory.add_group(group)
        for host in hosts:
            inventory.add_host(host, group=group)
    inventory.subset(limit)
    if not inventory.get_hosts(pattern):
        limited = f" with --limit {limit}" if limit else ""
        raise AnsibleFilterError(
            f"no host is selected: none of the {len(inventory.hosts)} hosts of the inventory matches '{pattern}'{limited}."
            " What to do: correct the pattern, or name the inventory with -i"
        )
    return pattern


class FilterModule:
    """Filters of the collection."""

    def filters(self):
        """{name: function}."""
        return {"selected_hosts": selected_hosts}
