# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Ends a module on a Python that is too old, in words; Ansible's own modules do it in the same way.

The modules import this first, since an older Python cannot even read the other files. So neither this file nor the
modules themselves use what Python 3.6 does not know.
"""

import json
import sys

MINIMUM = (3, 10)

if sys.version_info < MINIMUM:
    # Nothing of Ansible's can be imported yet.
    print(  # pylint: disable=ansible-bad-function
        json.dumps(
            {
                "failed": True,
                "msg": (
                    "The modules of modelarts.liteserver need Python {}.{} or later, and {} is {}.{}.{}. Delegate the"
                    " task to the controller, or set ansible_python_interpreter."
                ).format(*(MINIMUM + (sys.executable,) + tuple(sys.version_info[:3]))),
            }
        )
    )
    sys.exit(1)  # pylint: disable=ansible-bad-function
