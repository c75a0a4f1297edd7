#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: liteserver_service_info
short_description: Read a service that was deployed on ModelArts Lite Servers
version_added: 1.0.0
description:
  - Reads a service that a job of the type V(SERVICE_DEPLOY) deployed, with its instances and its model.
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
extends_documentation_fragment:
  - modelarts.liteserver._attributes
  - modelarts.liteserver._attributes.info_module
  - modelarts.liteserver._connection
options:
  service_id:
    description:
      - Id of the service.
    type: str
    required: true
seealso:
  - module: modelarts.liteserver.liteserver_job
"""

EXAMPLES = r"""
- name: Read a service
  modelarts.liteserver.liteserver_service_info:
    region: cn-north-4
    project_id: 0123456789abcdef0123456789abcdef
    service_id: a2b1d5f0-1c61-4f1b-9a7b-2f8d3c9b1e55
  register: deployed

- name: Show how to call it
  ansible.builtin.debug:
    msg: "{{ deployed.service.instances | map(attribute='endpoints') }}"
  when: deployed.service is not none
"""

RETURN = r"""
service:
  description: The service, or null where it is not found.
  returned: success
  type: dict
  contains:
    id:
      description: Id of the service.
      type: str
    name:
      description: Its name.
      type: str
    status:
      description: V(CREATING), V(RUNNING), V(FAILED), V(DELETED) or V(ERROR).
      type: str
    spec:
      description: Its parameters. Values of keys that are named like a secret are masked.
      type: dict
    instances:
      description: Its instances, with C(id), C(status) and C(endpoints), how to call it.
      type: list
      elements: dict
    model:
      description: Its model, with C(name), C(url) and C(quant_type).
      type: dict
  sample:
    id: a2b1d5f0-1c61-4f1b-9a7b-2f8d3c9b1e55
    name: svc
    status: RUNNING
    spec: {replicas: "2"}
    instances:
      - id: i-1
        status: RUNNING
        endpoints: http://192.168.0.10:8080
    model: {name: m, url: "obs://bucket/path", quant_type: fp16}
error:
  description: Why the task failed; see M(modelarts.liteserver.liteserver_job).
  returned: failure
  type: dict
"""

# Before what an older Python cannot read.
from ..module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ..module_utils.domain.servers._server_info import ServiceInfo
from ..module_utils.wiring._task import run_module

ARGUMENT_SPEC = {"service_id": {"type": "str", "required": True}}


def main():
    run_module(ARGUMENT_SPEC, lambda given: ServiceInfo(given.options))


if __name__ == "__main__":
    main()
