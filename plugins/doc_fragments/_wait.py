# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
from __future__ import annotations


class ModuleDocFragment:
    """How long a module waits, and what it shows meanwhile; ``wait`` itself is each module's own."""

    DOCUMENTATION = r"""
options:
  wait_timeout:
    description:
      - Seconds to wait. After that the task fails with RV(ignore:timed_out=true). Rerunning it continues the wait.
    type: int
    default: 3600
  wait_sleep:
    description:
      - Longest pause between two polls in seconds. The first ones are shorter.
    type: int
    default: 10
  progress:
    description:
      - While waiting, shows a line when something changes, and a heartbeat after this many seconds. V(0) is off.
      - The lines appear at once, on the standard error of C(ansible-playbook), and in AWX in the output of the job.
      - Where they cannot be shown, they go to the system log of the machine that runs the module. That is with C(async),
        with C(delegate_to) another machine, and with C(become) a user that is not C(root).
        With C(no_log) there are none.
    type: int
    default: 60
"""
