#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: liteserver_job_template_info
short_description: Read the job templates of ModelArts Lite Server
version_added: 1.0.0
description:
  - Lists the job templates that the service has, with their parameters, or reads one with its command and limits.
  - This is where the keys of the spec of M(modelarts.liteserver.liteserver_job) come from.
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
extends_documentation_fragment:
  - modelarts.liteserver._attributes
  - modelarts.liteserver._attributes.info_module
  - modelarts.liteserver._connection
options:
  template_id:
    description:
      - Id of one template, to read its details too. Where it is not found, RV(templates) is empty.
    type: str
  name:
    description:
      - Only templates of this name, whatever the case.
    type: str
  type:
    description:
      - Only templates of this type, for example V(ASCEND_SOFTWARE_UPGRADE), whatever the case.
    type: str
  flavor_type:
    description:
      - Only templates of this flavor type, for example V(ASCEND_SNT9B), whatever the case.
    type: str
seealso:
  - module: modelarts.liteserver.liteserver_job
  - module: modelarts.liteserver.liteserver_software_info
"""

EXAMPLES = r"""
- name: List the templates for upgrades
  modelarts.liteserver.liteserver_job_template_info:
    region: cn-north-4
    project_id: 0123456789abcdef0123456789abcdef
    type: ASCEND_SOFTWARE_UPGRADE
  register: upgrades

- name: Show what can be set, and by which rule
  ansible.builtin.debug:
    msg: "{{ item.flavor_type }}: {{ item.params | items2dict(key_name='name', value_name='regex') }}"
  loop: "{{ upgrades.templates }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
templates:
  description: The templates by type and name. Every key is always there, and null where the service leaves it out.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the template.
      type: str
    name:
      description: Its name.
      type: str
    description:
      description: Its description.
      type: str
    type:
      description: Its type.
      type: str
    flavor_type:
      description: Type of flavor of the servers that it is for.
      type: str
    params:
      description: Its parameters, the keys of a spec.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the parameter.
          type: str
        description:
          description: What it is.
          type: str
        value:
          description: Its default.
          type: str
        visible:
          description: Whether the service's console shows it.
          type: bool
        regex:
          description: The rule for its value.
          type: str
    status:
      description: Status of the template. Only with O(template_id).
      type: str
    cmd:
      description: Command that its container starts on a server. Only with O(template_id).
      type: str
    swr_path:
      description: Image of that container. Only with O(template_id).
      type: str
    resources:
      description: Resources of that container. Only with O(template_id).
      type: str
    volumes:
      description: Volumes of that container. Only with O(template_id).
      type: str
    volumes_mount:
      description: Where they are mounted. Only with O(template_id).
      type: str
    timeout:
      description: How long a task may take; the unit is not documented. Only with O(template_id).
      type: str
    check_interval:
      description: How often the service checks a task; the unit is not documented. Only with O(template_id).
      type: str
  sample:
    - id: 6f02d33b-a5d6-485c-8d73-480da5870512
      name: ascend-software-upgrade
      description: Upgrade of driver and firmware
      type: ASCEND_SOFTWARE_UPGRADE
      flavor_type: ASCEND_SNT9B
      params:
        - name: version
          description: Version to upgrade to
          value: 24.1.rc3.10
          visible: true
          regex: "^[0-9a-zA-Z.]{1,32}$"
      status: null
      cmd: null
      swr_path: null
      resources: null
      volumes: null
      volumes_mount: null
      timeout: null
      check_interval: null
error:
  description: Why the task failed; see M(modelarts.liteserver.liteserver_job).
  returned: failure
  type: dict
"""

# Before what an older Python cannot read.
from ..module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ..module_utils.domain.servers._server_info import TemplateInfo
from ..module_utils.wiring._task import run_module

ARGUMENT_SPEC = {
    "template_id": {"type": "str"},
    "name": {"type": "str"},
    "type": {"type": "str"},
    "flavor_type": {"type": "str"},
}


def main():
    run_module(ARGUMENT_SPEC, lambda given: TemplateInfo(given.options))


if __name__ == "__main__":
    main()
