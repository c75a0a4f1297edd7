# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""When the batches of a run may start: the end of its window, how long a batch takes, and what the rest will take.

Times are milliseconds since the epoch, durations are seconds. The clock is passed in.
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass

from ..._errors import InvalidOption
from ..._shapes import Record

OPTION = "fleet_job_window_end"
FORMS = "06:00, 06:00 Europe/Berlin, or an ISO time such as 2026-11-27T06:00+01:00"
# A window that ends later is a slip of the pen.
MOST_DAYS = 31
# A batch may take so many times as long as the slowest server so far.
MARGIN = 1.5
_TIME_OF_DAY = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?:\s+(?P<zone>[A-Za-z][A-Za-z0-9_+/-]*))?", re.ASCII)
_ISO = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d(?::\d\d)?)\s?(?P<zone>[Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)


def window_end_of(text: str, now: int) -> int:
    """When the window of a run ends.

    :param text: a time of day, which is the next one after ``now``, with the name of a time zone or in that of the
        controller; or a date with a time.
    :param now: when the run begins.
    :raises InvalidOption: it is none of these, or it is over.
    """
    text = str(text).strip()
    begin = datetime.datetime.fromtimestamp(now / 1000, datetime.timezone.utc)
    if found := _TIME_OF_DAY.fullmatch(text):
        end = _next(begin, int(found["hour"]), int(found["minute"]), found["zone"])
    elif found := _ISO.fullmatch(text):
        end = _moment(found["day"], found["time"], found["zone"])
    else:
        raise InvalidOption(f"{OPTION}: must be {FORMS}, not {text!r}")
    if end <= begin:
        raise InvalidOption(f"{OPTION}: {text} has ended. No batch could start")
    if end - begin > datetime.timedelta(days=MOST_DAYS):
        raise InvalidOption(f"{OPTION}: {text} is more than {MOST_DAYS} days away")
    return int(end.timestamp() * 1000)


def _next(begin: datetime.datetime, hour: int, minute: int, zone: str | None) -> datetime.datetime:
    try:
        time = datetime.time(hour, minute)
    except ValueError:
        raise InvalidOption(f"{OPTION}: there is no time {hour:02}:{minute:02}. Write it as {FORMS}") from None
    local = begin.astimezone(None if zone is None else _zone(zone))
    for days in (0, 1):
        naive = datetime.datetime.combine(local.date() + datetime.timedelta(days=days), time)
        # The controller's zone is asked anew for that day: its offset may differ from today's.
        end = naive.astimezone() if zone is None else naive.replace(tzinfo=local.tzinfo)
        end = end.astimezone(datetime.timezone.utc)
        if end > begin:
            break
    return end


def _moment(day: str, time: str, zone: str | None) -> datetime.datetime:
    offset = "" if zone is None else "+00:00" if zone in "Zz" else f"{zone[:3]}:{zone[-2:]}"
    try:
        return datetime.datetime.fromisoformat(f"{day}T{time}{offset}").astimezone(datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        raise InvalidOption(f"{OPTION}: there is no time {day} {time}. Write it as {FORMS}") from None


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidOption(
            f"{OPTION}: this machine knows no time zone {name!r}. Write it as in the tz database, for example"
            " Europe/Berlin; where it has none, install tzdata"
        ) from None


def shown_time(moment: int) -> str:
    """A moment for people: ``2026-11-27 05:00 UTC``."""
    return f"{datetime.datetime.fromtimestamp(moment / 1000, datetime.timezone.utc):%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True)
class Pace:
    """How long servers and batches of a run have taken so far.

    :ivar slowest: (seconds, name of the host) of the slowest server that this run has submitted, or None.
    :ivar batch: seconds that a batch took on average, of those that have submitted anything; None where none has.
    """

    slowest: tuple[float, str] | None
    batch: float | None


def pace_of(rows: Sequence[Record], batches: Sequence[Record]) -> Pace:
    """Measure a run by its record.

    :param rows: ``servers``. What was done before the run, or was started by another one, says nothing about how long
        it takes. A server that was not waited for any more took at least so long; a failure may come early.
    :param batches: ``batches``.
    """
    worked = [row for row in rows if row["submitted"] and row["started_at"] is not None and row["ended_at"] is not None]
    measured = [
        ((row["ended_at"] - row["started_at"]) / 1000, row["host"])
        for row in worked
        if row["verdict"] in ("done", "running")
    ]
    numbers = {row["batch"] for row in worked}
    seconds = [
        (batch["ended_at"] - batch["started_at"]) / 1000
        for batch in batches
        if batch["number"] in numbers and batch["ended_at"] is not None
    ]
    return Pace(max(measured, default=None), sum(seconds) / len(seconds) if seconds else None)


def batch_seconds(pace: Pace, wave_minutes: float | None, wait_timeout: float) -> tuple[float, str]:
    """(how long the next batch may take, how that is known).

    :param wave_minutes: ``fleet_job_wave_minutes``, or None.
    :param wait_timeout: the longest that a batch is waited for: what counts where nothing else is known.
    """
    if wave_minutes is not None:
        return wave_minutes * 60, "fleet_job_wave_minutes"
    if pace.slowest is None:
        return wait_timeout, "fleet_job_wait_timeout, since no server of this run shows how long it takes"
    seconds, host = pace.slowest
    return MARGIN * seconds, f"{MARGIN} times the slowest server so far, {host}"


def rest_seconds(pace: Pace, batches_left: int, soak: float) -> float | None:
    """How long the batches that are left will take, or None where nothing shows it."""
    return None if pace.batch is None or batches_left <= 0 else batches_left * (pace.batch + soak)
