# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""How many servers may fail over a whole run."""

from __future__ import annotations

import re
from fractions import Fraction

from ..._errors import InvalidOption

_LIMIT_TEXT = re.compile(r"\s*([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*(%?)\s*")


class FailureBudget:
    """How many servers may fail over a whole run.

    :param text: a count (``10``), a share of the hosts (``5%``), or None for no limit.
    :raises InvalidOption: it is neither.
    """

    def __init__(self, text: object, total: int) -> None:
        self.text = None if text in (None, "") else str(text).strip()
        self._limit: Fraction | None = None
        if self.text is None:
            return
        match = _LIMIT_TEXT.fullmatch(self.text)
        if isinstance(text, bool) or not match or (not match[2] and "." in match[1]):
            raise InvalidOption(f"fleet_job_max_failures: must be a count or a percentage such as 5%, not {text!r}")
        # Exact, so that a share of just so many hosts is no less than that.
        self._limit = Fraction(match[1]) * (Fraction(total, 100) if match[2] else 1)

    def passed_by(self, failed: int) -> bool:
        """Whether so many failed servers are more than may fail."""
        return self._limit is not None and failed > self._limit

    def __str__(self) -> str:
        if self.text is None or self._limit is None:
            return "no limit"
        return self.text if "%" not in self.text else f"{self.text}, that is {float(self._limit):g}"
