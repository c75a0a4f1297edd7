# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What the steps of role ``fleet_job`` do at the API for a whole batch, and the lines that they show meanwhile.

It is done in the process of the step, on the controller, whatever the inventory says of ``localhost``: with
``delegate_to: localhost``, a careless or hostile inventory would get the keys of the cloud over SSH. A module's
process would take half a second more, for Ansible to pack it and for Python to start it. Only for a host that
``fleet_job_delegate_to`` names there is a module.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure

from ..module_utils._clock import SystemClock
from ..module_utils.domain._untrusted import as_line
from ._visible_wait import PARENT_LOOK_SECONDS, show, visible_lines

MODULE = "modelarts.liteserver.fleet_job_batch"


def run_batch(action: Any, task_vars: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Do the work of ``fleet_job_batch``, and show its lines.

    :param action: the action plugin of the step.
    :param options: of the module; those that are None are left out.
    :returns: its result.
    """
    given = {name: value for name, value in options.items() if value is not None}
    return _on_delegate(action, task_vars, given) if action._task.delegate_to else _here(action, given)


def _on_delegate(action: Any, task_vars: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """A host that is unreachable is a failed result: Ansible would drop the first host of the batch for it."""
    task = action._task
    try:
        with visible_lines(task):
            result: dict[str, Any] = action._execute_module(module_name=MODULE, module_args=given, task_vars=task_vars)
    except AnsibleConnectionFailure as error:
        text = f"fleet_job_delegate_to: {task.delegate_to} is unreachable: {' '.join(str(error).split())}"
        hint = "make it reachable, then run the same play again: it finds a job that was created"
        return {"failed": True, "msg": text, "error": {"code": "unreachable", "message": text, "hint": hint}}
    return result


def _here(action: Any, given: dict[str, Any]) -> dict[str, Any]:
    # Not above: it loads requests, and each of Ansible's workers is a copy of the process that loads this file.
    from ..module_utils.wiring._batch_work import ARGUMENT_SPEC, operation_of
    from ..module_utils.wiring._task import run_here

    task = action._task
    with _as_for_a_module(action):
        return run_here(
            ARGUMENT_SPEC,
            operation_of,
            _plain(given),
            clock=RunClock(),
            write=lambda line: show(as_line(line)),
            check_mode=task.check_mode,
            diff=task.diff,
        )


class RunClock(SystemClock):
    """The machine's clock; a sleep ends this process where the run that it belongs to was killed.

    Its jobs go on without it, and the same play goes on waiting for them.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()

    def sleep(self, seconds: float) -> None:
        """Sleep for so many seconds."""
        end = self.now() + seconds
        while True:
            if os.getppid() != self._parent:
                os.kill(os.getpid(), signal.SIGTERM)
            left = end - self.now()
            super().sleep(max(0, min(left, PARENT_LOOK_SECONDS)))
            if left <= PARENT_LOOK_SECONDS:
                return


@contextlib.contextmanager
def _as_for_a_module(action: Any) -> Iterator[None]:
    """The keyword ``environment``, and the folder in which Ansible runs modules on the controller."""
    environment: dict[str, Any] = {}
    action._compute_environment_string(environment)
    before, folder = dict(os.environ), os.getcwd()
    try:
        os.environ.update({name: str(value) for name, value in environment.items()})
        os.chdir(action._loader.get_basedir())
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)


def _plain(value: Any) -> Any:
    """A value as a module would read it from JSON: without Ansible's own types, and what a vault holds as its text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    return str(value)
