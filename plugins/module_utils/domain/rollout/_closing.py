# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What a run says for people: a few lines for each batch, and a closing block. Both grow with what went wrong."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

from ..._shapes import Record
from .._untrusted import LONGEST_NAME, as_line
from .._wording import duration, servers, some_of
from ._name_ranges import named
from ._run_record import ORDER
from ._schedule import pace_of, rest_seconds
from ._supernodes import upgrades

# Shown as they are, so that they fit a terminal of 80 columns.
WIDTH = 79
_MOST_REASONS, _MOST_JOBS, _MOST_SUPERNODES, _LONGEST_REASON = 15, 5, 5, 200


def reasons_of(rows: Iterable[Record]) -> dict[str, list[str]]:
    """{why servers did not pass: names of the hosts}; those that most hosts share come first."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row["passed"] is False and row["verdict"] != "running":
            reasons.setdefault(reason_of(row), []).append(row["host"])
    return dict(sorted(reasons.items(), key=lambda entry: -len(entry[1])))


def reason_of(row: Record) -> str:
    """Why one server did not pass, on one line."""
    message = row["message"] or row["verdict"]
    return as_line(f"{row['status']}: {message}" if row["status"] else message, _LONGEST_REASON)


def counts_of_rows(rows: Iterable[Record]) -> dict[str, int]:
    """{verdict: how many}, in the order in which they are shown, without those that nobody has."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
    return {verdict: counts[verdict] for verdict in ORDER if verdict in counts}


def standing(rows: Sequence[Record]) -> str:
    """How far servers are: ``23 of 60 done, 1 failed, 36 pending``."""
    counts = counts_of_rows(rows)
    parts = [f"{counts.pop('done', 0)} of {len(rows)} done"]
    return ", ".join(parts + [f"{count} {verdict.replace('_', ' ')}" for verdict, count in counts.items()])


def batch_title(data: Record) -> str:
    """``batch 3 of 7``, of the newest batch."""
    number = len(data["batches"])
    return f"batch {number} of {max(number, data['batches_planned'])}"


def estimate(data: Record, soak: float = 0) -> str | None:
    """How long the rest will take, once a batch with jobs has ended; None where nothing shows it."""
    left = data["batches_planned"] - len(data["batches"])
    seconds = rest_seconds(pace_of(data["servers"], data["batches"]), left, soak)
    return None if seconds is None or data["state"] != "running" else f"about {duration(seconds)} left"


def batch_lines(data: Record, soak: float = 0) -> list[str]:
    """What came of the newest batch, and where the run stands.

    :param soak: seconds between two batches.
    """
    batch = data["batches"][-1]
    rows = [row for row in data["servers"] if row["batch"] == batch["number"]]
    text = f"{batch_title(data)}: {standing(rows)}"
    text += f", {duration((data['updated_at'] - batch['started_at']) / 1000)}"
    slowest = pace_of(rows, []).slowest
    if slowest is not None and len(rows) > 1:
        text += f"; slowest {as_line(slowest[1], LONGEST_NAME)} with {duration(slowest[0])}"
    lines = wrapped(text)
    if len(data["batches"]) > 1 or data["batches_planned"] > 1:
        text = f"run: {standing(data['servers'])}, {duration((data['updated_at'] - data['started_at']) / 1000)}"
        rest = estimate(data, soak)
        lines += wrapped(f"{text}; {rest}" if rest else text)
    return lines + _reason_lines(rows) + _job_lines([batch])


def closing_lines(data: Record, record: str | None, command: str | None) -> list[str]:
    """The last lines of a run that has ended or was stopped.

    :param record: where its record is kept, or None.
    :param command: what continues the run, or None where nothing is left to do.
    """
    rows = data["servers"]
    lines = ["", *wrapped(f"result: {result_of(data)}: {standing(rows)}")]
    if data["stopped"]:
        lines += wrapped(f"reason: {as_line(data['stopped'])}")
    reasons = _reason_lines(rows)
    if reasons:
        lines += [f"failed: {servers(sum(len(hosts) for hosts in reasons_of(rows).values()))}", *reasons]
    lines += _running_lines(rows)
    lines += _mixed_lines(data)
    if data["logs_job_ids"]:
        ids = some_of([as_line(str(job_id)) for job_id in data["logs_job_ids"]], _MOST_JOBS)
        lines += wrapped(f"logs of failed servers: job {ids}")
    if record:
        lines.append(f"record: {record}")  # whole, whatever its length: it is copied
    if command:
        lines.append(f"continue: {command}")
    return lines


def status_lines(data: Record, soak: float = 0) -> list[str]:
    """Where a run stands, for whoever looks at it from elsewhere: its batch, its waves, and supernodes under way."""
    rows = data["servers"]
    lines = wrapped(f"run {as_line(data['run_id'])}: {result_of(data)}: {standing(rows)}")
    if data["stopped"]:
        lines += wrapped(f"reason: {as_line(data['stopped'])}", "  ")
    if data["batches"]:
        text = f"{batch_title(data)}: {data['batches'][-1]['phase']}"
        rest = estimate(data, soak)
        lines += wrapped(f"{text}; {rest} after it" if rest else text, "  ")
    for batch in data["batches"]:
        own = [row for row in rows if row["batch"] == batch["number"]]
        lines += wrapped(f"wave {batch['number']}: {standing(own)}", "  ")
    mixed = mixed_supernodes(data)
    for name, (done, total) in list(mixed.items())[:_MOST_REASONS]:
        lines += wrapped(f"supernode {as_line(name, LONGEST_NAME)}: {done} of {total} done", "  ")
    if len(mixed) > _MOST_REASONS:
        lines.append(f"  and {len(mixed) - _MOST_REASONS} more supernodes of which a part is done")
    return lines + _reason_lines(rows)


def result_of(data: Record) -> str:
    """The result of a run in a few words."""
    if data["state"] == "stopped":
        return f"stopped by {data['stopped_by']}"
    if data["state"] != "ended":
        return "running"
    bad = any(row["passed"] is False for row in data["servers"])
    return "ended with failures" if bad else "ended"


def _reason_lines(rows: Sequence[Record]) -> list[str]:
    reasons = list(reasons_of(rows).items())
    lines = []
    for reason, hosts in reasons[:_MOST_REASONS]:
        many = f" ({len(hosts)} servers)" if len(hosts) > 1 else ""
        lines += wrapped(f"{reason}: {named(hosts)}{many}", "  ")
    if len(reasons) > _MOST_REASONS:
        lines.append(f"  and {len(reasons) - _MOST_REASONS} more reasons; the record has them all")
    return lines


def _job_lines(batches: Sequence[Record]) -> list[str]:
    jobs = [job for batch in batches for job in batch["jobs"] if job["job_id"] and job["action"] != "none"]
    lines = []
    for job in jobs[:_MOST_JOBS]:
        name = as_line(f"{job['name']} {job['job_id']}", 2 * LONGEST_NAME)
        lines += wrapped(f"job {name}: {servers(job['servers'])}, {job['action']}", "  ")
    if len(jobs) > _MOST_JOBS:
        lines.append(f"  and {len(jobs) - _MOST_JOBS} more jobs")
    return lines


def _running_lines(rows: Sequence[Record]) -> list[str]:
    """The servers on which a job goes on although nobody waits for it any more."""
    of_job: dict[str, list[str]] = {}
    for row in rows:
        if row["verdict"] in ("running", "starting"):
            of_job.setdefault(row["job_id"] or "", []).append(row["host"])
    if not of_job:
        return []
    lines = [f"still running: {servers(sum(map(len, of_job.values())))}"]
    for job_id, hosts in list(of_job.items())[:_MOST_REASONS]:
        lines += wrapped(f"{'job ' + as_line(job_id) if job_id else 'perhaps a job'}: {named(hosts)}", "  ")
    if len(of_job) > _MOST_REASONS:
        lines.append(f"  and {len(of_job) - _MOST_REASONS} more jobs; the record has them all")
    return lines


def mixed_supernodes(data: Record) -> dict[str, tuple[int, int]]:
    """{name of a supernode: (servers of it that are done, its servers in the run)} of those left with two versions."""
    if not any(upgrades(group["items"]) for batch in data["batches"] for group in batch["groups"]):
        return {}
    found: dict[str, list[Record]] = {}
    for row in data["servers"]:
        if row["supernode_id"]:
            found.setdefault(row["supernode_id"], []).append(row)
    mixed = {}
    for rows in found.values():
        done = sum(row["verdict"] == "done" for row in rows)
        if 0 < done < len(rows):
            mixed[rows[0]["supernode_name"] or rows[0]["supernode_id"]] = (done, len(rows))
    return mixed


def _mixed_lines(data: Record) -> list[str]:
    mixed = [
        f"{as_line(name, LONGEST_NAME)} ({done} of {all_} done)"
        for name, (done, all_) in mixed_supernodes(data).items()
    ]
    return wrapped(f"supernodes left mixed: {some_of(mixed, _MOST_SUPERNODES)}") if mixed else []


def wrapped(text: str, indent: str = "") -> list[str]:
    """A text on lines that fit a terminal."""
    # Characters of East Asian scripts take two columns.
    wide = any(unicodedata.east_asian_width(char) in "WF" for char in text)
    return textwrap.wrap(
        text,
        WIDTH // 2 if wide else WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_on_hyphens=False,
    )
