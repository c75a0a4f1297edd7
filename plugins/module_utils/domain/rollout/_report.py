# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The record of a run for people: a page in Markdown, and a summary of a few lines."""

from __future__ import annotations

import textwrap
import time
import unicodedata
from collections.abc import Mapping

from ..._shapes import Record
from .._untrusted import LONGEST_NAME, as_line, as_markdown_cell
from .._wording import duration, servers, some_of
from ._run_record import ORDER

# A terminal of 100 columns shows such a line inside the quotes and blanks that Ansible puts around it.
WIDTH = 88
_MOST_REASONS, _MOST_JOBS, _LONGEST_REASON = 20, 10, 200


def page_of(data: Record) -> str:
    """A record as a page for people, in Markdown."""
    shown = {"started": data["started_at"], "changed last": data["updated_at"], "ended": data["ended_at"]}
    lines = [f"# {data['entry']} {data['run_id']}", "", f"State: {data['state']}. " + _times(shown), ""]
    lines.append(_cell(summary_lines(data)[0]))
    if data["stopped"]:
        lines += ["", f"Stopped: {_cell(data['stopped'])}"]
    lines += ["", "## Servers", "", "| host | server id | supernode | batch | verdict | status | message | job |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    # Those that did not pass come first.
    for row in sorted(data["servers"], key=lambda row: row["passed"] is not False):
        keys = ("host", "server_id", "supernode_name", "batch", "verdict", "status", "message", "job_id")
        lines.append("| " + " | ".join(_cell(row[key]) for key in keys) + " |")
    lines += [
        "",
        "## Jobs",
        "",
        "| batch | phase | name | job | servers | action | error |",
        "|---|---|---|---|---|---|---|",
    ]
    for batch in data["batches"]:
        for job in batch["jobs"]:
            cells = [batch["number"], batch["phase"]]
            cells += [job[key] for key in ("name", "job_id", "servers", "action", "error")]
            lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _times(shown: Mapping[str, int | None]) -> str:
    moments = [
        f"{name} {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(moment / 1000))} UTC"
        for name, moment in shown.items()
        if moment is not None
    ]
    return "; ".join(moments) + "."


def _cell(value: object) -> str:
    return "" if value is None else as_markdown_cell(str(value))


def summary_lines(data: Record, path: str | None = None) -> list[str]:
    """A record for people: short lines, whatever the number of servers."""
    rows = data["servers"]
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
    parts = [f"{counts[verdict]} {verdict.replace('_', ' ')}" for verdict in ORDER if counts.get(verdict)]
    seconds = (data["updated_at"] - data["started_at"]) / 1000
    lines = _wrapped(f"{servers(len(rows))}: {', '.join(parts)}; batch {len(data['batches'])}, {duration(seconds)}", "")
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row["passed"] is False:
            reason = f"{row['status']}: {row['message']}" if row["status"] else row["message"] or row["verdict"]
            reasons.setdefault(as_line(reason, _LONGEST_REASON), []).append(
                as_line(row["server_name"] or row["host"], LONGEST_NAME)
            )
    for reason, names in list(reasons.items())[:_MOST_REASONS]:
        lines += _wrapped(f"{some_of(names, 10)}: {reason}", "  ")
    if len(reasons) > _MOST_REASONS:
        lines.append(f"  and {len(reasons) - _MOST_REASONS} more reasons; the record has them all")
    jobs = [job for batch in data["batches"] for job in batch["jobs"] if job["job_id"]]
    for job in jobs[-_MOST_JOBS:]:
        name = as_line(f"{job['name']} {job['job_id']}", 2 * LONGEST_NAME)
        lines += _wrapped(f"job {name}: {servers(job['servers'])}, {job['action']}", "  ")
    if len(jobs) > _MOST_JOBS:
        lines.append(f"  and {len(jobs) - _MOST_JOBS} earlier jobs")
    if data["stopped"]:
        lines += _wrapped(f"stopped: {as_line(data['stopped'])}", "  ")
    if path:
        lines.append(f"  record: {path}")  # whole, whatever its length: it is copied
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    # Characters of East Asian scripts take two columns.
    wide = any(unicodedata.east_asian_width(char) in "WF" for char in text)
    return textwrap.wrap(
        text,
        WIDTH // 2 if wide else WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_on_hyphens=False,
    )
