# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

"""Lines about a wait: one when something changes, and a sign of life at least every so often."""


class Progress:
    """Decides when a line is due, and writes it.

    :param name: the job's name.
    :param every: longest silence in seconds; 0 for no lines at all.
    :param started: seconds on the clock at which the wait began.
    :param write: takes one line.
    """

    def __init__(self, name, every, started, write):
        self._name = name
        self._every = every
        self._started = started
        self._write = write
        self._last_line = None
        self._last_time = None

    def saw(self, rows, now):
        """Take the servers' rows of one look, see :func:`.results.server_row`."""
        if not self._every:
            return
        line = describe(self._name, rows)
        if line == self._last_line and now - self._last_time < self._every:
            return
        self._last_line, self._last_time = line, now
        self._write("{0}, {1}".format(line, duration(now - self._started)))


def describe(name, rows):
    """One line on where the servers of a wait stand."""
    by_verdict = {}
    for row in rows:
        by_verdict.setdefault(row["verdict"], []).append(row)
    jobs = ", ".join(dict.fromkeys(row["job_id"] for row in rows if row["job_id"]))
    parts = ["{0} of {1} done".format(len(by_verdict.get("done", [])), len(rows))]
    failed = by_verdict.get("failed", [])
    if failed:
        parts.append("{0} failed ({1})".format(len(failed), name_servers(failed)))
    for verdict in ("running", "unknown"):
        if by_verdict.get(verdict):
            parts.append("{0} {1}".format(len(by_verdict[verdict]), verdict))
    return "{0} job {1}: {2}".format(name, jobs, ", ".join(parts))


def name_servers(rows, most=5):
    """Servers by name, with their messages, and how many more there are."""
    texts = []
    for row in rows[:most]:
        name = row["server_name"] or row["server_id"]
        message = " ".join("".join(char if char.isprintable() else " " for char in row["message"] or "").split())
        texts.append("{0}: {1}".format(name, message[:200]) if message else name)
    if len(rows) > most:
        texts.append("and {0} more".format(len(rows) - most))
    return "; ".join(texts)


def duration(seconds):
    """Seconds in words: ``4 min 10 s``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join("{0} {1}".format(value, unit) for value, unit in parts)
