#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_job_step
short_description: Internal step of role fleet_job
version_added: 1.0.0
description:
  - Part of role C(modelarts.liteserver.fleet_job), and of no use without it. Its options and results may change in any release.
  - Runs on the controller, and starts no module.
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
    platforms: all
options:
  step:
    description:
      - The step.
    type: str
    required: true
    choices: [open, preflight, plan, follow, settle, verdict, close]
  entry:
    description:
      - The entry point of the role.
    type: str
seealso:
  - module: modelarts.liteserver.liteserver_job
"""

EXAMPLES = r"""
- name: Group the hosts by what they want
  modelarts.liteserver.fleet_job_step:
    step: plan
    entry: hdk_upgrade
"""

RETURN = r"""
hosts:
  description: What came of each host of the batch.
  returned: O(step=settle)
  type: dict
"""
