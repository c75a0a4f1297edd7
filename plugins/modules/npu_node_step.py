#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but Ansible and the standard library.

DOCUMENTATION = r"""
module: npu_node_step
short_description: Internal, a step of role npu_node
version_added: 1.0.0
description:
  - Internal. A part of role P(modelarts.liteserver.npu_node#role), and of no use without it. Its options and results may change in any
    release.
  - Runs on the node. Its action plugin keeps on the controller what the node remembers of a maintenance, and asks again while a step waits.
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  action:
    support: full
  async:
    support: none
  bypass_host_loop:
    support: none
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    support: full
    platforms: linux
options:
  step:
    description:
      - The step.
    type: str
    required: true
    choices: [remember, containers, holders, snapshot, judge, start, close, versions]
  part:
    description:
      - For O(step=remember), what is about to be stopped.
    type: str
    choices: [kubernetes, services]
  values:
    description:
      - For O(step=remember), its state.
    type: raw
  keep:
    description:
      - Names of containers and services that are never stopped.
    type: list
    elements: str
    default: []
  grace:
    description:
      - Seconds that a container may take to stop.
    type: int
    default: 60
  again:
    description:
      - For O(step=snapshot), whether it replaces that of the maintenance.
    type: bool
    default: false
  version:
    description:
      - For O(step=judge) and O(step=versions), the wanted driver version.
    type: str
  level:
    description:
      - For O(step=judge), what is judged.
    type: str
    choices: [version, health]
    default: health
  allowed_codes:
    description:
      - For O(step=judge), error codes that are no fault.
    type: list
    elements: str
    default: []
  timeout:
    description:
      - Seconds that each command of the node may take.
    type: int
    default: 15
  wait:
    description:
      - Seconds until the node has to answer, or to be idle. The controller polls.
    type: int
    default: 0
  settle:
    description:
      - For O(step=judge), seconds for which a node that does not pass is asked again.
    type: int
    default: 0
  mark:
    description:
      - For O(step=judge), returned as it is.
    type: str
  fails:
    description:
      - For O(step=judge), whether a node that does not pass fails the task.
    type: bool
    default: true
  file:
    description:
      - For O(step=versions), a file on the controller for the result.
    type: path
  elsewhere:
    description:
      - What the controller remembers. Set by the action plugin.
    type: dict
"""

EXAMPLES = r"""
- name: Used by role npu_node only
  modelarts.liteserver.npu_node_step:
    step: snapshot
"""

RETURN = r"""
changed:
  description: Whether something was changed.
  returned: always
  type: bool
"""

import os
import time
import uuid

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.node._machine import Node
from ..module_utils.node._maintenance import STEPS, Maintenance, Refused

# For tests: a folder with the files and tools of a node.
ROOT = "MODELARTS_LITESERVER_NODE_ROOT"


def main():
    module = AnsibleModule(
        argument_spec={
            "step": {
                "type": "str",
                "required": True,
                "choices": [
                    *("remember", "containers", "holders", "snapshot", "judge", "start", "close", "versions"),
                ],
            },
            "part": {"type": "str", "choices": ["kubernetes", "services"]},
            "values": {"type": "raw"},
            "keep": {"type": "list", "elements": "str", "default": []},
            "grace": {"type": "int", "default": 60},
            "again": {"type": "bool", "default": False},
            "version": {"type": "str"},
            "level": {"type": "str", "choices": ["version", "health"], "default": "health"},
            "allowed_codes": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 15},
            "wait": {"type": "int", "default": 0},
            "settle": {"type": "int", "default": 0},
            "mark": {"type": "str"},
            "fails": {"type": "bool", "default": True},
            "file": {"type": "path"},
            "elsewhere": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    asked = module.params
    if asked["step"] not in STEPS:
        module.fail_json(msg="step {}: is taken on the controller, by the action plugin.".format(asked["step"]))
    # docker stops a container for as long as its grace lasts, and starts one as long as it takes.
    seconds = asked["grace"] + 60 if asked["step"] in ("containers", "start") else asked["timeout"]
    node = Node(os.environ.get(ROOT, "/"), seconds, dict(os.environ), time.monotonic, time.sleep)
    try:
        work = Maintenance(node, asked["elsewhere"], module.check_mode, str(uuid.uuid4()), int(time.time()))
        result = STEPS[asked["step"]](work, asked)
    except Refused as error:
        module.fail_json(msg=f"{error}.")
    module.exit_json(memory=work.memory, **result)


if __name__ == "__main__":
    main()
