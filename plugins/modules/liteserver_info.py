#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: liteserver_info
short_description: Read ModelArts Lite Servers
version_added: 1.0.0
description:
  - Lists the Lite Servers of a user or a project, all pages, or reads some by id.
  - The API has no filters for servers. The collection filters the list.
  - Servers are sorted by supernode, then name. Those without a supernode come last.
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
extends_documentation_fragment:
  - modelarts.liteserver._attributes
  - modelarts.liteserver._attributes.info_module
  - modelarts.liteserver._connection
options:
  scope:
    description:
      - V(own) lists the servers of the user who asks, V(all) those of the whole project.
    type: str
    choices: [own, all]
    default: own
  server_ids:
    description:
      - Only these servers. Ids that are not found are in RV(missing_server_ids).
    type: list
    elements: str
    aliases: [server_id]
  names:
    description:
      - Only servers with one of these names.
    type: list
    elements: str
    aliases: [name]
  statuses:
    description:
      - Only servers in one of these statuses, for example V(RUNNING) or V(STOPPED).
    type: list
    elements: str
    aliases: [status]
  flavors:
    description:
      - Only servers of one of these flavors.
    type: list
    elements: str
    aliases: [flavor]
  categories:
    description:
      - Only servers of one of these categories, V(HPS) (in a supernode), V(SPOD) (a full rack) or V(SERVER) (single).
    type: list
    elements: str
    aliases: [category]
  supernodes:
    description:
      - Only servers of one of these supernodes, each by its id or its name.
    type: list
    elements: str
    aliases: [supernode]
seealso:
  - module: modelarts.liteserver.liteserver_power
  - plugin: modelarts.liteserver.liteserver
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: List the running servers of the project
  modelarts.liteserver.liteserver_info:
    region: cn-north-4
    project_id: 0123456789abcdef0123456789abcdef
    scope: all
    statuses: [RUNNING]
  register: running

- name: Show names and addresses
  ansible.builtin.debug:
    msg: "{{ item.name }} {{ item.private_ips | first | default('no address') }}"
  loop: "{{ running.servers }}"
  loop_control:
    label: "{{ item.id }}"

- name: Read the servers of one supernode
  modelarts.liteserver.liteserver_info:
    supernodes: [hps-01]
"""

RETURN = r"""
servers:
  description: The servers, by supernode, then name. Every key is always there, and null where the service leaves it out.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the Lite Server.
      type: str
    name:
      description: Its name.
      type: str
    status:
      description: Its status, for example V(RUNNING).
      type: str
    flavor:
      description: Its flavor.
      type: str
    category:
      description: V(HPS) (in a supernode), V(SPOD) (a full rack) or V(SERVER) (single).
      type: str
    supernode_id:
      description: Id of the supernode that it belongs to.
      type: str
    supernode_name:
      description: Name of that supernode.
      type: str
    cloud_server_id:
      description: Id of the ECS, BMS or supernode node underneath. Jobs do not take it.
      type: str
    cloud_server_type:
      description: V(ECS), V(BMS) or V(HPS).
      type: str
    image:
      description: Name of its image.
      type: str
    private_ips:
      description: Its private addresses.
      type: list
      elements: str
    charging_mode:
      description: How it is charged.
      type: str
    create_at:
      description: When it was created, in milliseconds since the epoch.
      type: int
    update_at:
      description: When it was changed last, in milliseconds since the epoch.
      type: int
    raw:
      description: The service's own record, with fields that nobody documented.
      type: dict
  sample:
    - id: 66d210bc-023c-490a-8664-afd321a163ad
      name: liteserver-978c-00001
      status: RUNNING
      flavor: modelarts.bm.npu.arm.8snt9b3.d
      category: HPS
      supernode_id: 7f3c2b10-6a5d-4f0e-9a1b-4c8d7e6f5a21
      supernode_name: hps-01
      cloud_server_id: 39aab8e4-add9-4c2a-8fb7-c3e477e23855
      cloud_server_type: HPS
      image: HCE2.0-Snt9b23
      private_ips: [192.168.0.10]
      charging_mode: PRE_PAID
      create_at: 1755000000000
      update_at: 1755000100000
      raw: {id: 66d210bc-023c-490a-8664-afd321a163ad}
missing_server_ids:
  description: Those of O(server_ids) that are not found.
  returned: success
  type: list
  elements: str
  sample: []
error:
  description: Why the task failed; see M(modelarts.liteserver.liteserver_job).
  returned: failure
  type: dict
"""

# Before what an older Python cannot read.
from ..module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ..module_utils.domain.servers._server_info import ServerInfo
from ..module_utils.wiring._task import run_module

ARGUMENT_SPEC = {
    "scope": {"type": "str", "choices": ["own", "all"], "default": "own"},
    "server_ids": {"type": "list", "elements": "str", "aliases": ["server_id"]},
    "names": {"type": "list", "elements": "str", "aliases": ["name"]},
    "statuses": {"type": "list", "elements": "str", "aliases": ["status"]},
    "flavors": {"type": "list", "elements": "str", "aliases": ["flavor"]},
    "categories": {"type": "list", "elements": "str", "aliases": ["category"]},
    "supernodes": {"type": "list", "elements": "str", "aliases": ["supernode"]},
}


def main():
    run_module(ARGUMENT_SPEC, lambda given: ServerInfo(given.options))


if __name__ == "__main__":
    main()
