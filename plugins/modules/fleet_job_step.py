#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_job_step
short_description: Internal, a step of role fleet_job
version_added: 1.0.0
description:
  - Internal. A part of role P(modelarts.liteserver.fleet_job#role), and of no use without it. Its options and results may change in any release.
  - An action plugin. Steps that talk to the API run modules of this collection, on the controller or on the host that the task is delegated to.
  - Also takes the options of the connection from C(module_defaults), for these modules.
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
    support: full
  platform:
    support: full
    platforms: all
options:
  step:
    description:
      - The step.
    type: str
    required: true
    choices: [waves, open, preflight, approve, needed, hook_passed, hook_ended, start, wait, verified, verdict, close, report, status]
  entry:
    description:
      - The entry point of the role.
    type: str
  answer:
    description:
      - What was typed at the prompt for approval.
    type: str
  number:
    description:
      - Number of the batch.
    type: int
  canary:
    description:
      - For O(step=waves), size of the first wave.
    type: int
    default: 1
  growth:
    description:
      - For O(step=waves), how many times as large as the one before a wave may be.
    type: float
    default: 2
  largest:
    description:
      - For O(step=waves), no wave is larger. V(0) is no limit.
    type: int
    default: 0
  records:
    description:
      - For O(step=report) and O(step=status), records of runs, or folders of them.
    type: raw
  folder:
    description:
      - For O(step=report), where the report is written. By default beside the first record.
    type: path
  secret_spec:
    description:
      - As in M(modelarts.liteserver.liteserver_job).
    type: dict
  started:
    description:
      - What O(step=start) returned.
    type: dict
  mark:
    description:
      - Separates what nodes report for this batch from what they reported before.
    type: str
seealso:
  - module: modelarts.liteserver.liteserver_job
"""

EXAMPLES = r"""
- name: Start the jobs
  modelarts.liteserver.fleet_job_step:
    step: start
    entry: hdk_upgrade
"""

RETURN = r"""
hosts:
  description: The hosts on which hooks before the jobs run.
  returned: O(step=needed)
  type: list
  elements: str
hook_hosts:
  description: The hosts on which hooks after the jobs run.
  returned: O(step=wait)
  type: list
  elements: str
reports:
  description: Paths of the files that were written.
  returned: O(step=report)
  type: list
  elements: str
runs:
  description: How many runs they are about.
  returned: O(step=report)
  type: int
summary:
  description: Lines for people.
  returned: O(step=wait) and O(step=status)
  type: list
  elements: str
"""
