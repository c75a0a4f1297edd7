# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The module of a batch, where role ``fleet_job`` talks to the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure

from ._on_controller import local_connection, local_variables
from ._visible_wait import visible_lines

MODULE = "modelarts.liteserver.fleet_job_batch"


def run_batch_module(action: Any, task_vars: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Run ``fleet_job_batch`` on the controller, or on the host of ``fleet_job_delegate_to``, and show its lines.

    :param action: the action plugin of the step.
    :param options: of the module; those that are None are left out.
    :returns: its result. A host that is unreachable is a failed result too: Ansible would drop the first host of
        the batch for it, and go on with the others.
    """
    task, variables = action._task, task_vars
    if not task.delegate_to:
        action._connection = local_connection(action)
        variables = local_variables(variables)
    given = {name: value for name, value in options.items() if value is not None}
    try:
        with visible_lines(task):
            result: dict[str, Any] = action._execute_module(module_name=MODULE, module_args=given, task_vars=variables)
    except AnsibleConnectionFailure as error:
        text = f"fleet_job_delegate_to: {task.delegate_to} is unreachable: {' '.join(str(error).split())}"
        hint = "make it reachable, then run the same play again: it finds a job that was created"
        return {"failed": True, "msg": text, "error": {"code": "unreachable", "message": text, "hint": hint}}
    return result
