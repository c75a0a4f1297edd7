# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Which request is repeated after which trouble, and after how long."""

from __future__ import annotations

import datetime
import enum
import re
from email.utils import parsedate_to_datetime


class Kind(enum.Enum):
    """What a request does, which decides whether it may be sent a second time."""

    READ = "read"  # changes nothing
    POLL = "poll"  # a read inside a wait: the wait itself repeats it, within its time-out
    CREATE = "create"  # must never happen twice
    CHANGE = "change"  # delete, power: look at the state, then decide


class Trouble(enum.Enum):
    """What went wrong with one try."""

    THROTTLED = "429"
    NOT_SENT = "refused, DNS, TLS not up"
    SERVER_ERROR = "500, 502, 503, 504"
    LOST = "reset or time-out after sending"
    BAD_ANSWER = "not JSON, empty, or another shape"
    UNAUTHORIZED = "401"
    REFUSED = "any other answer"


class Move(enum.Enum):
    """What to do next."""

    REPEAT = "back off and send it again"
    LOOK = "do not send it again: check whether it was carried out"
    RENEW = "log in once more and send it again; fail where that was done or is not possible"
    FAIL = "give up"


# Trouble:                THROTTLED    NOT_SENT     SERVER_ERROR LOST         BAD_ANSWER  UNAUTHORIZED
_ROWS = {
    Kind.READ: (Move.REPEAT, Move.REPEAT, Move.REPEAT, Move.REPEAT, Move.FAIL, Move.RENEW),
    Kind.POLL: (Move.FAIL, Move.FAIL, Move.FAIL, Move.FAIL, Move.FAIL, Move.RENEW),
    Kind.CREATE: (Move.REPEAT, Move.REPEAT, Move.LOOK, Move.LOOK, Move.LOOK, Move.RENEW),
    Kind.CHANGE: (Move.REPEAT, Move.REPEAT, Move.LOOK, Move.LOOK, Move.LOOK, Move.RENEW),
}
_COLUMNS = (
    Trouble.THROTTLED,
    Trouble.NOT_SENT,
    Trouble.SERVER_ERROR,
    Trouble.LOST,
    Trouble.BAD_ANSWER,
    Trouble.UNAUTHORIZED,
)
TABLE = {(kind, trouble): move for kind, row in _ROWS.items() for trouble, move in zip(_COLUMNS, row, strict=False)}


def move_after(kind: Kind, trouble: Trouble) -> Move:
    """The table's answer; what it does not name is final."""
    return TABLE.get((kind, trouble), Move.FAIL)


class Backoff:
    """Exponential pauses with jitter.

    :param base: seconds before the first repeat, doubled each time.
    :param cap: the longest pause of our own choice, in seconds.
    :param patience: the longest pause that the service may ask for, in seconds;
        beyond that the request fails rather than holding up a play.
    """

    def __init__(self, base: float = 0.5, cap: float = 30.0, patience: float = 300.0) -> None:
        self.base = base
        self.cap = cap
        self.patience = patience

    def pause(self, repeat: int, uniform: float, asked: float | None = None) -> float:
        """Seconds to wait before repeat number ``repeat`` (from 0).

        :param uniform: a random number from 0 up to 1.
        :param asked: seconds that the service asked for: never shortened.
        """
        own: float = min(self.cap, self.base * 2**repeat) * (0.5 + uniform / 2)
        return own if asked is None else max(own, asked * (1 + uniform / 10))


_WINDOW = re.compile(r"time:\s*(\d{1,6})\s*(second|minute|hour)", re.IGNORECASE)
_UNITS = {"second": 1, "minute": 60, "hour": 3600}


def throttle_window(message: str | None) -> int | None:
    """Seconds of the window that the gateway's text states, or None.

    The text reads "policy user over ratelimit,limit:N,time:1 minute".
    """
    found = _WINDOW.search(message or "")
    return int(found.group(1)) * _UNITS[found.group(2).lower()] if found else None


def retry_after(header: str | None, utc_now: datetime.datetime) -> float | None:
    """Seconds of a ``Retry-After`` header (a number or an HTTP date), or None."""
    if not header:
        return None
    if re.fullmatch(r"\s*[0-9]+\s*", header):
        return float(header)
    try:
        date = parsedate_to_datetime(header)
        return max(0.0, (date - utc_now).total_seconds())
    except (IndexError, OverflowError, TypeError, ValueError):  # each for some text that is no date
        return None
