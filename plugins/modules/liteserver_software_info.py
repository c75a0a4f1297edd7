#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: liteserver_software_info
short_description: Read which software versions ModelArts Lite Server offers
version_added: 1.0.0
description:
  - Reads which versions of HDK (driver and firmware), CANN and other software the service offers for each type of flavor.
  - These are the versions that a job may install. The API does not report which one is installed on a server.
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
extends_documentation_fragment:
  - modelarts.liteserver._attributes
  - modelarts.liteserver._attributes.info_module
  - modelarts.liteserver._connection
options:
  flavor_type:
    description:
      - Only for this type of flavor, for example V(ascend_snt9b23), whatever the case.
    type: str
  type:
    description:
      - Only this type of software, for example V(ASCEND_HDK), V(ASCEND_CANN), V(CES_AGENT) or V(K8S_TOOLKITS), whatever the case.
    type: str
seealso:
  - module: modelarts.liteserver.liteserver_job
  - module: modelarts.liteserver.liteserver_job_template_info
"""

EXAMPLES = r"""
- name: Which HDK versions a job may install
  modelarts.liteserver.liteserver_software_info:
    region: cn-north-4
    project_id: 0123456789abcdef0123456789abcdef
    type: ASCEND_HDK
  register: hdk

- name: Show them
  ansible.builtin.debug:
    msg: "{{ hdk.software | items2dict(key_name='flavor_type', value_name='versions') }}"
"""

RETURN = r"""
software:
  description: An entry for each type of flavor and type of software.
  returned: success
  type: list
  elements: dict
  contains:
    flavor_type:
      description: Type of flavor.
      type: str
    type:
      description: Type of software.
      type: str
    versions:
      description: The versions on offer, in the service's order.
      type: list
      elements: str
    info:
      description: The service's own records of these versions.
      type: list
      elements: dict
  sample:
    - flavor_type: ascend_snt9b23
      type: ASCEND_HDK
      versions: ["25.2.1", "24.1.rc3.9"]
      info:
        - id: 3d0f2a5c
          version: "25.2.1"
        - id: 91b7c6e4
          version: "24.1.rc3.9"
error:
  description: Why the task failed; see M(modelarts.liteserver.liteserver_job).
  returned: failure
  type: dict
"""

# Before what an older Python cannot read.
from ..module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ..module_utils.domain.servers._server_info import SoftwareInfo
from ..module_utils.wiring._task import run_module

ARGUMENT_SPEC = {"flavor_type": {"type": "str"}, "type": {"type": "str"}}


def main():
    run_module(ARGUMENT_SPEC, lambda given: SoftwareInfo(given.options))


if __name__ == "__main__":
    main()
