#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: liteserver_job_info
short_description: List jobs on ModelArts Lite Servers, or read some with their tasks
version_added: 1.0.0
description:
  - Lists the jobs of a project, newest first, all pages, narrowed by filters. Or reads the jobs O(job_ids) with their items and
    tasks, which the list does not have.
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
extends_documentation_fragment:
  - modelarts.liteserver._attributes
  - modelarts.liteserver._attributes.info_module
  - modelarts.liteserver._connection
options:
  job_ids:
    description:
      - Ids of jobs to read with their items and tasks, in this order. Mutually exclusive with the filters.
    type: list
    elements: str
    aliases: [job_id]
  name:
    description:
      - Only jobs of exactly this name.
    type: str
  type:
    description:
      - Only jobs whose stored type is this one. A job that was created as V(HDK_UPGRADE) is stored as
        V(ASCEND_SOFTWARE_UPGRADE); either finds it.
    type: str
  status:
    description:
      - Only jobs of this status, for example V(PROCESSING), V(FINISHED) or V(DELETED).
    type: str
  visible:
    description:
      - Passed to the service when given. Its documentation states only "visible or not".
    type: bool
seealso:
  - module: modelarts.liteserver.liteserver_job
"""

EXAMPLES = r"""
- name: List what runs now
  modelarts.liteserver.liteserver_job_info:
    region: cn-north-4
    project_id: 0123456789abcdef0123456789abcdef
    status: PROCESSING
  register: running

- name: Read these jobs with their tasks
  modelarts.liteserver.liteserver_job_info:
    job_ids: "{{ running.jobs | map(attribute='id') }}"
  register: details

- name: Show the message of each server
  ansible.builtin.debug:
    msg: "{{ item.server_name }}: {{ item.status }} {{ item.message }}"
  loop: "{{ details.jobs | map(attribute='tasks') | flatten }}"
  loop_control:
    label: "{{ item.server_id }}"
"""

RETURN = r"""
jobs:
  description:
    - The jobs, newest first, or with O(job_ids) in that order. Times are milliseconds since the epoch. Fields that are not
      documented are passed on. Values of a spec whose keys are named like a secret are masked.
    - C(type) is the type under which the service stores the job. C(status) is V(FINISHED) too where servers failed;
      C(abnormal_count) is their number.
    - The list has no C(items), C(tasks) and C(template_id); jobs by O(job_ids) have, with a task for each server.
    - In a template, write V(job['items']), because V(job.items) is a method.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 64e004ec-6cb0-401f-a7c0-ec2557626b16
      name: hdk_upgrade_task
      user_name: modelarts_user
      description: Task description.
      type: ASCEND_SOFTWARE_UPGRADE
      status: FINISHED
      abnormal_count: 0
      template_id: 6f02d33b-a5d6-485c-8d73-480da5870512
      items:
        - type: HDK_UPGRADE
          spec:
            version: 24.1.rc3.10
      tasks:
        - id: 7be1c1a4-3b3f-4c58-8a6e-5d5b2b0e6f01
          server_id: 8a6e5d5b-2b0e-4f01-9be1-c1a43b3f4c58
          server_name: liteserver-00001
          status: SUCCESS
          message: ""
      create_at: 1755005748201
      update_at: 1755005931007
missing_job_ids:
  description: Those of O(job_ids) that do not exist.
  returned: success
  type: list
  elements: str
  sample: []
complete:
  description: Whether the service gave as many jobs as it counts. If not, there is a warning too.
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
from ..module_utils.domain.jobs._job_info import JobInfo
from ..module_utils.wiring._task import run_module

ARGUMENT_SPEC = {
    "job_ids": {"type": "list", "elements": "str", "aliases": ["job_id"]},
    "name": {"type": "str"},
    "type": {"type": "str"},
    "status": {"type": "str"},
    "visible": {"type": "bool"},
}


def main():
    run_module(ARGUMENT_SPEC, lambda given: JobInfo(given.options))


if __name__ == "__main__":
    main()
