# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The waves that the first play of playbook ``hdk_upgrade`` has computed, for its second."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_job_waves
short_description: Internal, hosts and batch sizes of a play over waves
version_added: 1.0.0
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
description:
  - Internal. A part of playbook C(modelarts.liteserver.hdk_upgrade), and of no use without its first play. May change in any release.
  - Gives C(hosts) and C(serial) of a play what M(modelarts.liteserver.fleet_job_step) has computed in the play before it, in the
    same C(ansible-playbook).
  - Fails where no play before it has selected a host.
options:
  _terms:
    description:
      - V(hosts) or V(serial).
    required: true
    type: list
    elements: str
    choices: [hosts, serial]
"""

EXAMPLES = r"""
- name: Upgrade in waves
  hosts: "{{ lookup('modelarts.liteserver.fleet_job_waves', 'hosts') }}"
  gather_facts: false
  serial: "{{ lookup('modelarts.liteserver.fleet_job_waves', 'serial') }}"
  roles:
    - modelarts.liteserver.fleet_job
"""

RETURN = r"""
_list:
  description: Names of hosts in their order, or numbers that add up to them.
  type: list
  elements: raw
"""

from ansible import constants as C
from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils._wave_file import WaveFile

# Runs that only list something, and so have no play before this one.
LISTING = ("listhosts", "listtasks", "listtags", "syntax")
NOBODY = {"hosts": ["all:!all"], "serial": [1]}


class LookupModule(LookupBase):
    """The lookup; see DOCUMENTATION."""

    def run(self, terms, variables=None, **kwargs):
        """One list for each term."""
        waves = WaveFile(C.DEFAULT_LOCAL_TMP).read()
        if waves is None and not any(context.CLIARGS.get(option) for option in LISTING):
            raise AnsibleLookupError(
                "no server was selected: no host matches, or the play that selects them was left out by --start-at-task. No job"
                " was started. What to do: see fleet_job_hosts, --limit and the inventory, and run the whole playbook"
            )
        return [(waves or NOBODY)[term] for term in terms]
