#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: liteserver_event_info
short_description: List scheduled events of ModelArts Lite Servers
version_added: 1.0.0
description:
  - Lists the scheduled events of a project, newest first, all pages. An event is maintenance that the vendor requests permission for, has
    planned, or carries out, for example a reboot or a repair. It would collide with a job on the same server.
  - It only reads. No module of this collection accepts an event, because accepting one can erase disks.
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
extends_documentation_fragment:
  - modelarts.liteserver._attributes
  - modelarts.liteserver._attributes.info_module
  - modelarts.liteserver._connection
options:
  states:
    description:
      - Only events in one of these states, whatever the case. Documented are V(inquiring) (waits for your permission), V(scheduled),
        V(executing), V(completed), V(failed) and V(canceled).
      - A warning names events that are left out because their state is none of these.
    type: list
    elements: str
    aliases: [state]
  types:
    description:
      - Only events of one of these types, whatever the case. Documented are V(system-maintenance), V(localdisk-recovery),
        V(node_reboot) and V(operation-request), and on supernodes V(node_maintenance), V(node_redeploy) and
        V(node_localdisk_recovery).
    type: list
    elements: str
    aliases: [type]
  server_ids:
    description:
      - Only events of these Lite Servers. These servers are read too, because an event may name a server by its Lite Server id, by
        the id of its cloud server, or by the id of the machine below that.
    type: list
    elements: str
    aliases: [server_id]
  workspace_id:
    description:
      - Events of this ModelArts workspace. Without it, the service lists those of the workspace V(0), the default one.
    type: str
seealso:
  - module: modelarts.liteserver.liteserver_info
  - module: modelarts.liteserver.liteserver_job
"""

EXAMPLES = r"""
- name: List the events that are planned or under way on these servers
  modelarts.liteserver.liteserver_event_info:
    region: cn-north-4
    project_id: 0123456789abcdef0123456789abcdef
    states: [scheduled, executing]
    server_ids:
      - 66d210bc-023c-490a-8664-afd321a163ad
  register: maintenance

- name: Do not upgrade a server under maintenance
  ansible.builtin.assert:
    that:
      - maintenance.complete
      - not maintenance.missing_server_ids
      - not maintenance.events
    fail_msg: "{{ maintenance.events | map(attribute='description') | join(', ') }}"
"""

RETURN = r"""
events:
  description:
    - The events, newest first. With O(server_ids), an event that concerns two of the servers is there twice.
    - Times are milliseconds since the epoch. What the service leaves out is null.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the event.
      type: str
    catalog:
      description: V(hardware) or V(software).
      type: str
    type:
      description: Type of the event.
      type: str
    description:
      description: What is planned, in the vendor's words.
      type: str
    state:
      description: State of the event.
      type: str
    instance_type:
      description: What the event concerns, for example V(devserver), which is a Lite Server.
      type: str
    instance_id:
      description: The id under which the event names the server.
      type: str
    node_name:
      description: Name of the node.
      type: str
    pool_name:
      description: Name of the resource pool.
      type: str
    publish_time:
      description: When the event was published.
      type: int
    start_time:
      description: When the maintenance began.
      type: int
    finish_time:
      description: When the maintenance ended.
      type: int
    not_before:
      description: The maintenance does not begin earlier.
      type: int
    server_id:
      description: The Lite Server, as it stands in O(server_ids). Null without O(server_ids).
      type: str
    server_name:
      description: Its name. Null without O(server_ids), and where the server was not found.
      type: str
    raw:
      description: The service's own record. Values whose keys are named like a secret are masked.
      type: dict
  sample:
    - id: 5f6b0c1e-8a53-4a44-9d0d-1f2f6c3f7a10
      catalog: hardware
      type: system-maintenance
      description: The server is rebooted to repair a memory module.
      state: scheduled
      instance_type: devserver
      instance_id: 66d210bc-023c-490a-8664-afd321a163ad
      node_name: liteserver-00001
      pool_name: null
      publish_time: 1755005748000
      start_time: null
      finish_time: null
      not_before: 1755092148000
      server_id: 66d210bc-023c-490a-8664-afd321a163ad
      server_name: liteserver-00001
      raw: {}
missing_server_ids:
  description: Those of O(server_ids) that do not exist. Their events can be recognized by this id alone.
  returned: success
  type: list
  elements: str
  sample: []
complete:
  description: Whether the service gave all its events. If not, or if that is not known, there is a warning too.
  returned: success
  type: bool
  sample: true
error:
  description: Why the task failed; see M(modelarts.liteserver.liteserver_job).
  returned: failure
  type: dict
"""

# Before what an older Python cannot read.
from ..module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ..module_utils.domain.servers._event_info import EventInfo
from ..module_utils.wiring._task import run_module

ARGUMENT_SPEC = {
    "states": {"type": "list", "elements": "str", "aliases": ["state"]},
    "types": {"type": "list", "elements": "str", "aliases": ["type"]},
    "server_ids": {"type": "list", "elements": "str", "aliases": ["server_id"]},
    "workspace_id": {"type": "str"},
}


def main():
    run_module(ARGUMENT_SPEC, lambda given: EventInfo(given.options))


if __name__ == "__main__":
    main()
