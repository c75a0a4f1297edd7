# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The errors of the collection, shared by the layers.

Plain exception classes: no HTTP and no Ansible. The transport layer raises what
the service or the network did, the domain layer raises what a result means, and
the wiring layer turns either into one failed task (``error`` in the result).
"""

from __future__ import annotations

import os
import traceback
from typing import Any


class LiteServerError(Exception):
    """Anything that makes a task fail with an ``error`` in its result.

    :param message: what happened and where, for people.
    :param code: the service's error code (``ModelArts.6404``) or one of ours.
    :param http_status: int, or None where no answer came.
    :param request_id: the service's id of the request, for its support.
    :param hint: what to do about it.
    :param retryable: whether running the same task again may succeed by itself.
    :param outcome: ``unknown`` where a write may have been carried out.
    :param retry_after: seconds that the service asked to wait, or None.
    """

    code: str = "error"
    retryable: bool = False

    def __init__(
        self,
        message: str,
        code: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
        hint: str | None = None,
        retryable: bool | None = None,
        outcome: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.http_status = http_status
        self.request_id = request_id
        self.hint = hint
        if retryable is not None:
            self.retryable = retryable
        self.outcome = outcome
        self.retry_after = retry_after

    def as_result(self) -> dict[str, str | int | bool | None]:
        """The ``error`` key of a failed task: always the same keys."""
        return {
            "code": self.code,
            "http_status": self.http_status,
            "request_id": self.request_id,
            "message": self.message,
            "retryable": self.retryable,
            "hint": self.hint,
            "outcome": self.outcome,
        }

    def __str__(self) -> str:
        """Message, hint and request id in one line: what a failed task shows first."""
        text = self.message
        if self.hint:
            text = "{} Hint: {}".format(text if text.endswith((".", "!", "?")) else text + ".", self.hint)
        if self.request_id:
            text = f"{text} (request id {self.request_id})"
        return text


# Where a value stands in the options: ("items", 0, "spec", "version").
OptionPath = tuple["str | int", ...]


class InvalidOption(LiteServerError):
    """An option's value breaks a rule; raised before any request.

    :param rule: which rule, in a sentence that goes on after the option's name.
    :param path: of the value, as data, so that whoever knows the option by another name can name it so. Empty where
        ``rule`` names the options itself.
    """

    code = "invalid_option"

    def __init__(self, rule: str, path: OptionPath = (), **details: Any) -> None:
        super().__init__(f"{path_text(path)}: {rule}" if path else rule, **details)
        self.rule = rule
        self.path = path


def path_text(path: OptionPath) -> str:
    """An option's path as users write it: ``items[0].spec.version``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


class InternalError(LiteServerError):
    """A defect of this collection: something that none of its rules foresees.

    Says what was raised and where. The text of the exception, and with it every value, stays out: nobody has
    looked whether it holds a secret.

    :param error: the exception.
    """

    code = "internal_error"

    def __init__(self, error: BaseException) -> None:
        frames = reversed(traceback.extract_tb(error.__traceback__)[-6:])
        where = ", from ".join(f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in frames)
        super().__init__(
            f"internal error: {type(error).__name__} in {where}",
            hint="please report this; whether a request was carried out is not known, so check the jobs before a rerun",
            outcome="unknown",
        )


class BudgetSpent(Exception):
    """A read would need one more request than may be sent. No error of a task: whoever set the limit catches it."""


# --- what the network or the service did (raised by the transport layer) ---


class Unreachable(LiteServerError):
    """The request did not leave this machine: refused, no such host, no proxy."""

    code = "unreachable"
    retryable = True


class TlsFailed(LiteServerError):
    """The server's certificate was not accepted; the request was not sent."""

    code = "tls"


class AnswerLost(LiteServerError):
    """The request was sent, and the connection broke or timed out before the answer."""

    code = "no_answer"
    retryable = True


class BadAnswer(LiteServerError):
    """An answer that is not JSON, is empty, or has another shape than documented."""

    code = "bad_answer"
    retryable = True


class ApiError(LiteServerError):
    """The service answered with an error."""

    code = "api_error"


class NotFound(ApiError):
    """The job, server or template does not exist (404, or 400 with ModelArts.6404)."""


class Unauthorized(ApiError):
    """401: a wrong or locked key, a wrong signature, an expired token."""


class Throttled(ApiError):
    """429: nothing was done; ``retry_after`` tells the window if the service did."""

    retryable = True


class ServiceFailed(ApiError):
    """A 5xx answer: whether the request was carried out is not known."""

    retryable = True


class OutcomeUnknown(LiteServerError):
    """A write was sent, and whether it was carried out is not known."""

    code = "outcome_unknown"
    retryable = True

    def __init__(self, message: str, **details: Any) -> None:
        details.setdefault("outcome", "unknown")
        super().__init__(message, **details)


# --- what a result means (raised by the domain layer) ---


class ServersFailed(LiteServerError):
    """A job ended, and servers failed in it (``fail_on``)."""

    code = "servers_failed"


class WaitTimedOut(LiteServerError):
    """``wait_timeout`` passed before every server was done."""

    code = "wait_timeout"
    retryable = True


class Abandoned(LiteServerError):
    """Whoever started the module does not wait for its result any more."""

    code = "abandoned"


class ServersBusy(LiteServerError):
    """Servers still run other items of the same types: a second job would collide."""

    code = "servers_busy"
    retryable = True


class JobUnsettled(LiteServerError):
    """A running job does not say yet which servers it runs on."""

    code = "job_unsettled"
    retryable = True


class LockUnavailable(LiteServerError):
    """The lock of this controller cannot be taken, so another run could start the same work."""

    code = "lock_unavailable"


class ListIncomplete(LiteServerError):
    """The service did not give its whole list: what is missing cannot be told from what is not there."""

    code = "list_incomplete"
    retryable = True


class TemplateRejected(LiteServerError):
    """The live template does not take this type or spec (``template_check: strict``)."""

    code = "template_rejected"


class PowerRefused(LiteServerError):
    """Servers are in a status in which this power action is not possible."""

    code = "wrong_status"


class JobRunning(LiteServerError):
    """A job that still runs is not deleted without ``force``."""

    code = "job_running"
