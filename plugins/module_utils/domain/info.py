# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all operations that only read have in common."""

from __future__ import annotations


class Info:
    """An operation that reads: see :class:`.present.PresentJob` for what an operation is."""

    def __init__(self, options):
        self._options = options
        # Nothing, not an empty list: after a failure that would read as an empty fleet.
        self._answer = {}
        self.warnings = []

    def prepare(self):
        """Check the options; raises InvalidOption before any request is sent."""

    def run(self, service):
        """Read."""
        self._answer = self.read(service)

    def result(self):
        """Every key of the result but ``msg`` and ``error``."""
        return dict(self._answer, changed=False)

    def diff(self):
        """Reading changes nothing."""
        return None

    def read(self, service):
        """The result."""
        raise NotImplementedError
