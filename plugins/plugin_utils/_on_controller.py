# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Modules that run on the controller, whatever the inventory says of ``localhost``.

``delegate_to: localhost`` takes the connection that an inventory gives a host of this name, so a
careless or hostile inventory would get the keys of the cloud over SSH.
"""

from __future__ import annotations

import sys
from typing import Any


def local_connection(action: Any) -> Any:
    """A connection to this machine, as this user: no variable of any host has a part in it.

    :param action: the action plugin that runs a module over it.
    """
    connection = action._shared_loader_obj.connection_loader.get(
        "ansible.builtin.local", action._play_context, new_stdin=None
    )
    connection.set_options(var_options={})
    # No options with secrets in a file on the way, and three shells less.
    connection.set_option("pipelining", True)
    connection._shell.set_options(var_options={})
    connection.set_become_plugin(None)
    return connection


def local_variables(task_vars: dict[str, Any]) -> dict[str, Any]:
    """The variables of a task whose module runs over :func:`local_connection`."""
    return {**task_vars, "ansible_python_interpreter": sys.executable, "ansible_connection": "local"}
