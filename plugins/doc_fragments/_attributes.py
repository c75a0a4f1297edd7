# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
from __future__ import annotations


class ModuleDocFragment:
    """What every module says about how it behaves."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/modelarts.liteserver.all) in C(module_defaults) to set the connection once.
    support: full
    membership:
      - modelarts.liteserver.all
  check_mode:
    description: Can run in check mode and return a prediction without changing anything.
  diff_mode:
    description: Returns what has changed, or in check mode would change, in diff mode.
  idempotent:
    description: When run twice in a row with the same options, the second run changes nothing.
  platform:
    description: Where the module can run.
    platforms: posix
    support: full
"""

    WRITING_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Sends no write, and answers with the plan. A login with O(username) is the only exception.
"""

    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Changes nothing.
  diff_mode:
    support: N/A
    details:
      - Changes nothing.
  idempotent:
    support: full
    details:
      - Changes nothing.
"""
