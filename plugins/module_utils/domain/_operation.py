# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""One run of a module: what it is given, and what it has to answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from .._clock import Clock
from .._shapes import Conceal, Options, Record
from ._api import Api


def _nobody(_line: str) -> None:
    """Nobody reads the lines."""


@dataclass(frozen=True)
class Given:
    """What an operation is given, beside the API.

    :ivar options: the module's options.
    :ivar write_progress: takes one line about a wait.
    :ivar conceal: takes a text of the service and returns it without secrets. Ansible masks them
        too, but only as they are: not in a message that was cut, or put on one line.
    :ivar lock: held while servers are judged and jobs are created for them, so that no other run of this controller
        does the same meanwhile.
    """

    clock: Clock
    options: Options
    check_mode: bool = False
    write_progress: Callable[[str], object] = _nobody
    conceal: Conceal = str
    lock: contextlib.AbstractContextManager[object] = field(default_factory=contextlib.nullcontext)

    def in_check_mode(self) -> Given:
        """The same, for an operation that only plans."""
        return replace(self, check_mode=True)


class Operation(Protocol):
    """One run of a module.

    :meth:`run` does the work and raises what makes the task fail; :meth:`result` returns,
    at any moment and after any error, what is known.
    """

    warnings: list[str]

    def prepare(self) -> None:
        """Check the options; raises InvalidOption before any request is sent."""

    def run(self, api: Api) -> None:
        """Do the work; raises LiteServerError."""

    def result(self) -> Record:
        """Every key of the result but ``msg`` and ``error``."""

    def diff(self) -> Record | None:
        """What ``--diff`` shows, if anything."""
