# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Batch sizes for ``serial``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: waves
short_description: Batch sizes for serial that cut no supernode in two
version_added: 1.0.0
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
description:
  - Computes batch sizes for C(serial), a canary first, then growing waves.
  - A supernode is never cut in two, because all servers of one supernode must run one driver version. Where the first host belongs
    to a supernode, the canary is this whole supernode.
  - The filter sees hosts in the order in which they are given. It must be the order of the play, and hosts of one supernode must be
    adjacent in it, otherwise the filter fails and names them.
  - C(serial) is templated with C(groups), but without C(hostvars). A first play with M(ansible.builtin.group_by) can put the hosts that
    take part into one group, and each supernode's into a group of its own; see the examples. Such groups hold only the hosts
    that C(--limit) or a slice left in, and a group with children lists its hosts child by child, so that the servers of a supernode are adjacent.
positional: _input
options:
  _input:
    description:
      - The hosts of the play, in its order.
    type: list
    elements: str
    required: true
  groups:
    description:
      - The groups of the inventory.
    type: dict
    required: true
  prefix:
    description:
      - Groups whose names begin with this are supernodes.
    type: str
    required: true
  canary:
    description:
      - Size of the first batch.
    type: int
    default: 1
  growth:
    description:
      - How many times as large as the one before a batch may be.
    type: float
    default: 2
  largest:
    description:
      - No batch is larger, except for one supernode that is. V(0) sets no limit.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Put the hosts that take part into groups
  hosts: npu
  gather_facts: false
  tasks:
    - name: One group for all, and one for each supernode in it
      ansible.builtin.group_by:
        key: "wave_{{ 'supernode_' ~ liteserver_supernode_id | replace('-', '_') if liteserver_supernode_id else 'single' }}"
        parents: wave_hosts
      changed_when: false
      throttle: 1 # keeps the inventory's order

- name: Upgrade them, one server or supernode first, then growing waves of up to 64
  hosts: wave_hosts
  gather_facts: false
  serial: "{{ groups['wave_hosts'] | modelarts.liteserver.waves(groups, 'wave_supernode_', growth=3, largest=64) }}"
  tasks:
    - name: The upgrade
      ansible.builtin.import_role:
        name: modelarts.liteserver.fleet_job
        tasks_from: hdk_upgrade
      vars:
        fleet_job_version: 24.1.rc3.10
"""

RETURN = r"""
_value:
  description: Numbers that add up to the number of hosts.
  type: list
  elements: int
  sample: [1, 3, 8]
"""

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import InvalidOption
from ..module_utils.domain.rollout._waves import waves_of_groups


def waves(hosts, groups, prefix, canary=1, growth=2, largest=0):
    """The filter; see DOCUMENTATION."""
    try:
        return waves_of_groups(hosts, groups, prefix, canary, growth, largest)
    except InvalidOption as error:
        raise AnsibleFilterError(f"modelarts.liteserver.waves: {error}") from error


class FilterModule:
    """Filters of the collection."""

    def filters(self):
        """{name: function}."""
        return {"waves": waves}
