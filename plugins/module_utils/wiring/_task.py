# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The one place where an operation becomes an Ansible task's result."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError

from .._clock import Clock
from .._errors import Abandoned, InternalError, LiteServerError
from .._shapes import Conceal, Options, Record
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
    module.hide_secrets()
    clock, conceal = ListenedClock(), concealing(module.no_log_values)
    write = progress_writer(conceal, module.log)
    given = Given(clock, module.params, module.check_mode, write, conceal, _lock(module.params, clock, write))
    result, warnings, error = _performed(operation_of, given, module.no_log_values, module._diff)
    for warning in warnings:
        module.warn(warning)
    if isinstance(error, Abandoned):
        module.log(error.message)
    if error is None:
        module.exit_json(**result)
    else:
        module.fail_json(**result)


def run_here(
    argument_spec: dict[str, dict[str, Any]],
    operation_of: Callable[[Given], Operation],
    options: Options,
    *,
    clock: Clock,
    write: Callable[[str], object],
    check_mode: bool,
    diff: bool,
) -> Record:
    """Run an operation in this process, with the same options and the same result as :func:`run_module`.

    :param write: takes one line about a wait, without secrets.
    :returns: the result as JSON would give it, with ``warnings``, and ``failed`` where it has failed.
    """
    if REQUESTS_IMPORT_ERROR:
        return {"failed": True, "msg": missing_required_lib("requests")}
    checked = ArgumentSpecValidator(dict(connection_argument_spec(), **argument_spec)).validate(options)
    hidden = Secrets(checked._no_log_values)
    params = checked.validated_parameters
    hide(hidden, *hidden, *passwords_in_addresses(params))
    if checked.error_messages:
        unknown = isinstance(checked.errors[0], UnsupportedError)
        text = ("Unsupported parameters: " if unknown else "") + checked.errors[0].msg
        return {"failed": True, "msg": _shortened(as_shown(concealing(hidden)(text)))}
    conceal = concealing(hidden)

    def write_line(line: str) -> None:
        write(conceal(line))

    given = Given(clock, params, check_mode, write_line, conceal, _lock(params, clock, write_line))
    result, warnings, error = _performed(operation_of, given, hidden, diff)
    answer: Record = json.loads(json.dumps(remove_values(result, hidden)))
    return {**answer, "warnings": warnings, **({"failed": True} if error else {})}


def _lock(params: Options, clock: Clock, write: Callable[[str], None]) -> ControllerLock:
    return ControllerLock(lambda: lock_path(params, os.environ), clock, write)


def concealing(hidden: set[str]) -> Conceal:
    """A function that takes a text and returns it without the values that must not be shown, by then."""

    def conceal(text: str) -> str:
        # Most texts have none, and this is some times faster.
        return str(remove_values(text, hidden)) if any(value in text for value in hidden) else text

    return conceal


def _performed(
    operation_of: Callable[[Given], Operation], given: Given, hidden: set[str], diff: bool
) -> tuple[Record, list[str], LiteServerError | None]:
    """(result, warnings, what made it fail), each as it may be shown."""
    operation = operation_of(given)
    error: LiteServerError | None = None
    try:
        # Nothing is sent before every option is checked.
        operation.warnings += check_connection(given.options)
        operation.prepare()
        operation.run(build_api(given.options, given.clock, lambda token: hide(hidden, token), given.conceal))
    except LiteServerError as failure:
        error = failure
    except Exception as failure:
        error = InternalError(failure)
    # Secrets first: with a character exchanged or a part cut off they would not be found.
    result = operation.result()
    if diff and operation.diff() is not None:
        result["diff"] = operation.diff()
    warnings = [_shortened(as_shown(given.conceal(warning))) for warning in operation.warnings]
    if error is not None:
        error.message = _shortened(as_shown(given.conceal(error.message)))
        result.update(msg=str(error), error=error.as_result())
    return as_shown(result, given.conceal), warnings, error


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "..."
