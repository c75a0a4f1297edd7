#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but Ansible and the standard library.

DOCUMENTATION = r"""
module: npu_info
short_description: Read what the NPUs of a node run, how they are, and who holds them
version_added: 1.0.0
description:
  - Runs on the node and asks its own tools (C(npu-smi), C(hccn_tool), C(lspci), C(docker)) and files. A job of the service that ended
    with V(SUCCESS) proves nothing about the driver that runs on each NPU. The node does.
  - Changes nothing.
  - Fails closed. A value that could not be read is V(null), a health that no pattern knows is V(UNKNOWN), and an empty list of
    holders or processes is returned only where everything could be seen. So C(holders == []) means that nobody holds an NPU.
    On a node without a driver, RV(supported) is V(false), and the module does not fail.
requirements:
  - Linux, and Python 3.6 or later on the node. Nothing but the NPU driver is needed.
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
attributes:
  check_mode:
    description: Can run in check mode and return a prediction without changing anything.
    support: full
    details:
      - Changes nothing.
  diff_mode:
    description: Returns what has changed, or in check mode would change, in diff mode.
    support: N/A
    details:
      - Changes nothing.
  idempotent:
    description: When run twice in a row with the same options, the second run changes nothing.
    support: full
    details:
      - Changes nothing.
  platform:
    description: Where the module can run.
    platforms: linux
    support: full
options:
  gather:
    description:
      - What to read besides the list of chips. What is not gathered is V(null).
      - V(versions) runs one command for each NPU, V(health) one for each NPU and one for each chip, V(network) three for each chip.
    type: list
    elements: str
    choices: [all, versions, health, network, supernode, holders]
    default: [all]
  timeout:
    description:
      - Seconds that each command may take, and that a reset of the chips may take to pass. A tool that does not end is stopped and not
        run again.
    type: int
    default: 15
notes:
  - Run it as root on the host. Other users and containers do not see every process, so RV(holders) is V(null) there, unless somebody
    is seen to hold an NPU. RV(unseen) lists what could not be read, and why.
  - Tools are found in E(PATH) and where the driver usually installs them. They run with E(LC_ALL=C), eight at a time.
"""

EXAMPLES = r"""
- name: Ask the node
  modelarts.liteserver.npu_info:
  become: true
  register: npu

- name: Stop unless nobody holds an NPU
  ansible.builtin.assert:
    that: npu.holders == []
    fail_msg: "{{ (npu.holders or npu.unseen) | to_json }}"

- name: Only the versions
  modelarts.liteserver.npu_info:
    gather: [versions]
  become: true
"""

RETURN = r"""
supported:
  description: Whether the node has an NPU driver.
  returned: success
  type: bool
  sample: true
npus:
  description: An entry for each chip, ordered by RV(npus[].npu_id) and RV(npus[].chip_id). A card that is lost is missing here.
  returned: success
  type: list
  elements: dict
  contains:
    npu_id:
      description: Id that C(npu-smi) takes. A3 has two chips under one.
      type: int
    chip_id:
      description: Id of the chip in its NPU.
      type: int
    phy_id:
      description: Physical id, which C(hccn_tool) takes. On chips whose mapping does not name it, the logic id.
      type: int
    name:
      description: Name of the chip.
      type: str
    health:
      description:
        - V(OK), V(Warning), V(Alarm), V(Critical) or V(UNKNOWN). The worse one, where two commands differ.
      type: str
    bus_id:
      description: PCI address.
      type: str
    driver_version:
      description: Driver that this NPU runs.
      type: str
    firmware_version:
      description: Firmware that this NPU runs.
      type: str
    compatibility:
      description: The driver's verdict on the firmware, V(OK), V(NOK), V(UNKNOWN) or V(NOT SUPPORT).
      type: str
    error_codes:
      description: Error codes as hexadecimal words. Not each one is a fault.
      type: list
      elements: str
    ecc_double_bit:
      description: Number of double bit errors of the memory.
      type: int
    processes:
      description: Processes on the chip (C(pid), C(name), C(memory_mb)). At most eight, as C(npu-smi) shows them.
      type: list
      elements: dict
  sample:
    - npu_id: 0
      chip_id: 0
      phy_id: 0
      name: Ascend 910B3
      health: OK
      bus_id: "0000:C1:00.0"
      driver_version: 24.1.rc3.10
      firmware_version: 7.5.0.109.220
      compatibility: OK
      error_codes: []
      ecc_double_bit: 0
      processes: []
driver:
  description:
    - C(running), the version that all NPUs run, V(null) where they differ. C(installed), the version on disk, with its
      C(package_version). C(complete), whether the installation was completed.
  returned: success
  type: dict
  sample: {running: 24.1.rc3.10, installed: 24.1.rc3.10, package_version: 24.1.rc3.10, complete: true}
firmware:
  description: C(running), C(installed) and C(package_version), as for RV(driver).
  returned: success
  type: dict
  sample: {running: 7.5.0.109.220, installed: 7.5.0.109.220, package_version: 24.1.rc3.10}
holders:
  description:
    - Who holds an NPU. C(pid), C(name), C(container) (its id, or V(null)) and C(devices). A running docker container that a
      device is mapped into counts, even if it is idle, because the driver's installer refuses it.
    - V([]) only where everything could be seen.
  returned: success
  type: list
  elements: dict
  sample: [{pid: 4711, name: npu-exporter, container: null, devices: [/dev/davinci_manager]}]
network:
  description: By physical id C(link), C(health) and C(address) (address and netmask, empty where none is set). Not on 310P and A5.
  returned: success
  type: dict
  sample: {"0": {link: UP, health: Success, address: 192.0.2.10/255.255.255.0}}
supernode:
  description: C(id), C(size) and C(server_index) of the supernode, on A3.
  returned: success
  type: dict
  sample: {id: 3, size: 384, server_index: 7}
lost:
  description: PCI addresses of NPUs that the driver does not list or that do not answer on the bus.
  returned: success
  type: list
  elements: str
  sample: []
boot_id:
  description: Id of this boot of the node. A different one means that it was restarted.
  returned: success
  type: str
  sample: 5f1c7a52-9c0e-4f4e-8a53-0d5f0c1d7b9e
unknown:
  description: Texts of the tools that no pattern knows. Where there are any, nothing is called healthy or idle.
  returned: success
  type: list
  elements: str
  sample: []
unseen:
  description: What could not be read, and why.
  returned: success
  type: list
  elements: str
  sample: ["npu-smi info -t ecc -i 0: the device does not support it"]
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.node._machine import Node
from ..module_utils.node._report import SUBSETS, collect

# For tests: a folder with the files and tools of a node.
ROOT = "MODELARTS_LITESERVER_NODE_ROOT"


def main():
    module = AnsibleModule(
        argument_spec={
            "gather": {"type": "list", "elements": "str", "choices": ["all", *SUBSETS], "default": ["all"]},
            "timeout": {"type": "int", "default": 15},
        },
        supports_check_mode=True,
    )
    if module.params["timeout"] < 1:
        module.fail_json(msg="timeout must be at least 1 second.")
    gather = SUBSETS if "all" in module.params["gather"] else tuple(module.params["gather"])
    node = Node(os.environ.get(ROOT, "/"), module.params["timeout"], dict(os.environ), time.monotonic, time.sleep)
    module.exit_json(changed=False, **collect(node, gather))


if __name__ == "__main__":
    main()
