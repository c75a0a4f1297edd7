# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The one place where an operation becomes an Ansible task's result."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import remove_values

from .._errors import Abandoned, InternalError, LiteServerError
from .._shapes import Conceal, Record
from ..domain._operation import Given, Operation
from ..domain._untrusted import as_shown
from ..transport._exchange import REQUESTS_IMPORT_ERROR
from ._connection import build_api
from ._connection_options import check_connection, connection_argument_spec, hide, passwords_in_addresses
from ._controller_lock import ControllerLock, lock_path
from ._listened_clock import ListenedClock
from ._progress_pipe import progress_writer
from ._secrets import Secrets

# Of one message. What a service can put into one has no end.
LONGEST_TEXT = 4000


class Module(AnsibleModule):  # type: ignore[misc]
    """A module of the collection; it shows no secret in any form, not even where its options are wrong already."""

    no_log_values: set[str]
    _secrets_are_hidden = False

    def hide_secrets(self) -> None:
        """Note every form of the secrets that are known by now."""
        if not self._secrets_are_hidden:
            self._secrets_are_hidden = True
            self.no_log_values = Secrets(self.no_log_values)
            hide(self.no_log_values, *self.no_log_values, *passwords_in_addresses(self.params))

    # Both are called by the constructor, with all options in their text.

    def log(self, msg: str, log_args: Record | None = None) -> None:
        """Write to the system log."""
        self.hide_secrets()
        super().log(msg, remove_values(log_args, self.no_log_values))

    def fail_json(self, msg: str, **details: Any) -> NoReturn:
        """End the module with an error; what it was called with is shown with -vvv."""
        self.hide_secrets()
        super().fail_json(msg, **details)
        raise SystemExit(1)  # not reached


def run_module(argument_spec: dict[str, dict[str, Any]], operation_of: Callable[[Given], Operation]) -> None:
    """Run an operation as a module: options in, result out.

    :param argument_spec: the module's own options; the connection's are added.
    :param operation_of: the operation with what it is given.
    """
    module = Module(argument_spec=dict(connection_argument_spec(), **argument_spec), supports_check_mode=True)
    if REQUESTS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    given = _given(module)
    operation = operation_of(given)
    try:
        module.hide_secrets()
        # Nothing is sent before every option is checked.
        operation.warnings += check_connection(module.params)
        operation.prepare()
        operation.run(
            build_api(module.params, given.clock, lambda token: hide(module.no_log_values, token), given.conceal)
        )
    except LiteServerError as error:
        _finish(module, operation, error)
    except Exception as error:
        _finish(module, operation, InternalError(error))
    _finish(module, operation)


def _given(module: AnsibleModule) -> Given:
    clock, conceal = ListenedClock(), concealing(module)
    write = progress_writer(conceal, module.log)
    lock = ControllerLock(lambda: lock_path(module.params, os.environ), clock, write)
    return Given(clock, module.params, module.check_mode, write, conceal, lock)


def concealing(module: AnsibleModule) -> Conceal:
    """A function that takes a text and returns it without the values that this module must not show."""

    def conceal(text: str) -> str:
        hidden = module.no_log_values
        # Most texts have none, and this is some times faster.
        return str(remove_values(text, hidden)) if any(value in text for value in hidden) else text

    return conceal


def _finish(module: AnsibleModule, operation: Operation, error: LiteServerError | None = None) -> None:
    # Secrets first: with a character exchanged or a part cut off they would not be found.
    conceal = concealing(module)
    result = operation.result()
    if module._diff and operation.diff() is not None:
        result["diff"] = operation.diff()
    for warning in operation.warnings:
        module.warn(_shortened(as_shown(conceal(warning))))
    if isinstance(error, Abandoned):
        module.log(error.message)
    if error is not None:
        error.message = _shortened(as_shown(conceal(error.message)))
        result.update(msg=str(error), error=error.as_result())
    result = as_shown(result, conceal)
    if error is None:
        module.exit_json(**result)
    else:
        module.fail_json(**result)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "..."
