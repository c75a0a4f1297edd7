# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Lines about a wait: one when something changes, and a heartbeat at least every so often."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .._clock import Clock
from ._result import ServerRow
from ._untrusted import as_line
from ._wording import duration, name_servers, servers, some_of

MOST_JOBS = 3  # that a line names
MOST_RUNNING = 3  # servers that a line names: the last ones of a wait


class Progress:
    """Decides when a line is due, and writes it.

    :param name: the job's name.
    :param every: longest silence in seconds; 0 for no lines at all.
    :param started: seconds on the clock at which the wait began.
    :param write: takes one line.
    """

    def __init__(self, name: str, every: float, started: float, write: Callable[[str], object]) -> None:
        self._name = name
        self._every = every
        self._started = started
        self._write = write
        self._last_line: str | None = None
        self._last_time = started

    def begins(self, rows: Sequence[ServerRow], resume: str | None = None) -> None:
        """The first line, before anything is waited for: whoever cancels the wait should know what goes on.

        :param rows: as with :meth:`saw`.
        :param resume: how to come back to it, or None.
        """
        running = sum(row["verdict"] == "running" for row in rows)
        line = f"{_title(self._name, rows)}: {servers(running)} under way; this goes on if the run is cancelled"
        if self._every:
            self._write(as_line(f"{line}, and {resume}" if resume else line))

    def saw(self, rows: list[ServerRow], now: float) -> None:
        """Take the servers' rows of one poll, see :func:`.jobs._result.server_row`."""
        line = describe(self._name, rows)
        if line != self._last_line or now - self._last_time >= self._every:
            self._report(line, now)

    def sleep(self, clock: Clock, seconds: float) -> None:
        """Sleep, and give the heartbeats that are due meanwhile."""
        while self._every and self._last_line is not None:
            due = self._last_time + self._every - clock.now()
            if due >= seconds:
                break
            clock.sleep(max(due, 0))
            seconds -= max(due, 0)
            self._report(self._last_line, clock.now())
        clock.sleep(seconds)

    def _report(self, line: str, now: float) -> None:
        self._last_line, self._last_time = line, now
        if self._every:
            self._write(f"{line}, {duration(now - self._started)}")


def describe(name: str, rows: list[ServerRow]) -> str:
    """One line on where the servers of a wait stand."""
    by_verdict: dict[str, list[ServerRow]] = {}
    for row in rows:
        by_verdict.setdefault(row["verdict"], []).append(row)
    parts = [f"{len(by_verdict.get('done', []))} of {len(rows)} done"]
    failed = by_verdict.get("failed", [])
    if failed:
        parts.append(f"{len(failed)} failed ({name_servers(failed)})")
    running = by_verdict.get("running", [])
    if running:
        named = f" ({_names(running)})" if len(running) <= MOST_RUNNING < len(rows) else ""
        parts.append(f"{len(running)} running{named}")
    if by_verdict.get("unknown"):
        parts.append(f"{len(by_verdict['unknown'])} unknown")
    return as_line(f"{_title(name, rows)}: {', '.join(parts)}")


def _names(rows: Sequence[ServerRow]) -> str:
    return ", ".join(row["server_name"] or row["server_id"] for row in rows)


def _title(name: str, rows: Sequence[ServerRow]) -> str:
    jobs = list(dict.fromkeys(row["job_id"] for row in rows if row["job_id"]))
    return f"{name}{' job ' + some_of(jobs, MOST_JOBS) if jobs else ''}"
