# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What a client that only reads may send, and what it has seen."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from .._errors import BudgetSpent
from ._retry import Kind

if TYPE_CHECKING:
    from ._answers import Answer
    from ._exchange import Call

READS = frozenset([Kind.READ, Kind.POLL])


class Seen(NamedTuple):
    """An answer, apart from its content.

    :ivar date: its ``Date`` in seconds since the epoch; None where it has none.
    :ivar skew: seconds by which that is ahead of this machine's clock.
    """

    what: str
    status: int
    date: float | None
    skew: float | None


class Watch:
    """Counts requests, refuses what is too many or a write, and notes what the answers say beside their content.

    :param most: so many requests may be sent, repeats and logins among them.
    :ivar sent: so many were.
    :ivar seen: the answers, in their order.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers_left: int | None = None
        self.sent = 0
        self.seen: list[Seen] = []

    @property
    def left(self) -> int:
        """How many requests may still be sent."""
        return self._most - self.sent

    @contextlib.contextmanager
    def at_most(self, answers: int) -> Iterator[None]:
        """In the body, so many pages may be answered. What is repeated counts once here, and a login does not."""
        self._answers_left = answers
        try:
            yield
        finally:
            self._answers_left = None

    def allow(self, call: Call) -> None:
        """Raise BudgetSpent for a request too many, and RuntimeError for a write, which is a defect of its caller."""
        if call.kind not in READS:
            raise RuntimeError(f"{call.kind.value}: only reads may be sent")
        if self.left <= 0 or (self._answers_left is not None and self._answers_left <= 0):
            raise BudgetSpent
        self.sent += 1

    def note(self, call: Call, answer: Answer, utc: datetime.datetime) -> None:
        """Note an answer that came at this time."""
        if call.method == "GET" and answer.status < 300 and self._answers_left is not None:
            self._answers_left -= 1
        date = _seconds(answer.headers.get("Date"))
        self.seen.append(Seen(call.what, answer.status, date, None if date is None else date - utc.timestamp()))


def _seconds(date: str | None) -> float | None:
    try:
        time = parsedate_to_datetime(date or "")
        # One without a zone is in UTC, as HTTP has it.
        return (time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)).timestamp()
    except (IndexError, OverflowError, TypeError, ValueError):  # each for some text that is no date
        return None
