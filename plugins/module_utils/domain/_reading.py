# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What all operations that only read have in common."""

from __future__ import annotations

from .._shapes import Options, Record
from ._api import Api


class Info:
    """An operation that reads: it needs its options and nothing else."""

    def __init__(self, options: Options) -> None:
        self._options = options
        # Nothing, not an empty list: after a failure that would read as an empty fleet.
        self._answer: Record = {}
        self.warnings: list[str] = []

    def prepare(self) -> None:
        """Check the options; raises InvalidOption before any request is sent."""

    def run(self, api: Api) -> None:
        """Read."""
        self._answer = self.read(api)

    def result(self) -> Record:
        """Every key of the result but ``msg`` and ``error``."""
        return dict(self._answer, changed=False)

    def diff(self) -> None:
        """Reading changes nothing."""
        return None

    def read(self, api: Api) -> Record:
        """The result."""
        raise NotImplementedError
