# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of role ``fleet_job`` that are for a whole batch, and the verdict of a host.

What a step reads is an argument of its task, see the role's ``tasks/batch.yml``. Arguments that are
no step's are options of the connection, from module_defaults, and go to the modules that a step runs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils._errors import InvalidOption
from ..plugin_utils._hook_steps import hook_ended, hook_passed, needed
from ..plugin_utils._interruption import noted_interruption
from ..plugin_utils._job_steps import close, start, verdict, wait
from ..plugin_utils._node_steps import verified
from ..plugin_utils._opening_steps import approve, open_batch, preflight, waves
from ..plugin_utils._report_step import report, status
from ..plugin_utils._step import Result, Step

# In their order, see the role's tasks/batch.yml; waves come in a play before the role's, and what reads records is a playbook of its own.
STEPS: dict[str, Callable[[Step], Result]] = {
    "waves": waves,
    "open": open_batch,
    "preflight": preflight,
    "approve": approve,
    "needed": needed,
    "hook_passed": hook_passed,
    "hook_ended": hook_ended,
    "start": start,
    "wait": wait,
    "verified": verified,
    "verdict": verdict,
    "close": close,
    "report": report,
    "status": status,
}
# Those that belong to no run, or to one of its hosts. Whatever ends one of the others is noted in the record of its run.
OF_NO_RUN = frozenset(["waves", "hook_passed", "verdict", "report", "status"])


class ActionModule(ActionBase):
    """One step; the argument ``step`` names it."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> Result:
        """Run the step; a rule that is broken is a failed task with one clear message."""
        result: Result = super().run(tmp, task_vars)
        step, name = Step(self, task_vars or {}), self._task.args["step"]
        kept = contextlib.nullcontext() if name in OF_NO_RUN else noted_interruption(step.interrupted)
        try:
            with kept:
                result.update(STEPS[name](step))
        except InvalidOption as error:
            raise AnsibleActionFail(str(error)) from error
        if step.warnings:
            result["warnings"] = step.warnings
        return result
