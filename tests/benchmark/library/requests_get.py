# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that a module on this API can be: it imports requests and does one GET."""

from __future__ import annotations

import requests
from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(argument_spec={"url": {"type": "str", "required": True}})
    response = requests.get(module.params["url"], timeout=30)
    module.exit_json(changed=False, status=response.status_code)


if __name__ == "__main__":
    main()
