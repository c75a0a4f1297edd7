# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines about a wait: one when something changes, and a sign of life at least every so often."""

from __future__ import annotations

from collections.abc import Callable

from .results import ServerRow
from .wording import duration, name_servers


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

    def saw(self, rows: list[ServerRow], now: float) -> None:
        """Take the servers' rows of one look, see :func:`.results.server_row`."""
        if not self._every:
            return
        line = describe(self._name, rows)
        if line == self._last_line and now - self._last_time < self._every:
            return
        self._last_line, self._last_time = line, now
        self._write(f"{line}, {duration(now - self._started)}")


def describe(name: str, rows: list[ServerRow]) -> str:
    """One line on where the servers of a wait stand."""
    by_verdict: dict[str, list[ServerRow]] = {}
    for row in rows:
        by_verdict.setdefault(row["verdict"], []).append(row)
    jobs = ", ".join(dict.fromkeys(row["job_id"] for row in rows if row["job_id"]))
    parts = [f"{len(by_verdict.get('done', []))} of {len(rows)} done"]
    failed = by_verdict.get("failed", [])
    if failed:
        parts.append(f"{len(failed)} failed ({name_servers(failed)})")
    for verdict in ("running", "unknown"):
        if by_verdict.get(verdict):
            parts.append(f"{len(by_verdict[verdict])} {verdict}")
    return f"{name}{' job ' + jobs if jobs else ''}: {', '.join(parts)}"
