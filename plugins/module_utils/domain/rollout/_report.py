# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Records of runs for people: a page in Markdown, a table for a spreadsheet, and several runs as one campaign."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from ..._shapes import Record
from .._untrusted import LONGEST_LINE, as_csv_cell, as_markdown_cell
from .._wording import duration
from ._closing import mixed_supernodes, result_of, standing
from ._plan import work_of_run
from ._run_facts import facts_of, utc

COLUMNS = (
    *("run_id", "host", "server_id", "server_name", "supernode_name", "batch", "verdict", "passed", "status"),
    *("message", "job_id", "submitted", "started", "ended", "seconds"),
)


def page_of(data: Record) -> str:
    """A record as a page for people, in Markdown."""
    result = f"{result_of(data)}: {standing(data['servers'])}"
    lines = [f"# {_cell(work_of_run(data))}", "", f"Result: {_cell(result)}"]
    if data["stopped"]:
        lines += ["", f"Stopped: {_cell(data['stopped'])}"]
    lines += ["", "| | |", "|---|---|"]
    lines += [f"| {name} | {_cell(value)} |" for name, value in facts_of(data)]
    mixed = mixed_supernodes(data)
    if mixed:
        lines += ["", "## Supernodes left mixed", ""]
        lines += [f"- {_cell(name)}: {done} of {total} done" for name, (done, total) in mixed.items()]
    lines += ["", "## Servers", ""]
    lines.append("| host | server id | supernode | batch | verdict | status | message | job | took |")
    lines.append("|---|---|---|---|---|---|---|---|---|")
    # Those that did not pass come first.
    for row in sorted(data["servers"], key=lambda row: row["passed"] is not False):
        keys = ("host", "server_id", "supernode_name", "batch", "verdict", "status", "message", "job_id")
        cells = [*(row[key] for key in keys), _took(row)]
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
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


def _took(row: Record) -> str | None:
    if row["started_at"] is None or row["ended_at"] is None or not row["submitted"]:
        return None
    return duration((row["ended_at"] - row["started_at"]) / 1000)


def _cell(value: object) -> str:
    return "" if value is None else as_markdown_cell(str(value))


def table_of(records: Sequence[Record]) -> str:
    """Every server of every run as a line of CSV, in the order of :data:`COLUMNS`; times in UTC."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for data in records:
        for row in data["servers"]:
            moments = [None if row[key] is None else utc(row[key]) for key in ("started_at", "ended_at")]
            known = row["started_at"] is not None and row["ended_at"] is not None
            seconds = (row["ended_at"] - row["started_at"]) // 1000 if known else None
            cells = [data["run_id"], *(row[key] for key in COLUMNS[1:12]), *moments, seconds]
            writer.writerow(["" if cell is None else as_csv_cell(str(cell), LONGEST_LINE) for cell in cells])
    return text.getvalue()


def campaign_of(records: Sequence[Record]) -> Record:
    """Several runs as one record: each server as the last run that it had a turn in left it.

    :param records: checked, at least one.
    """
    runs = sorted(records, key=lambda data: (data["started_at"], data["run_id"]))
    newest = runs[-1]
    batches: list[Record] = []
    rows: dict[str, Record] = {}
    for data in runs:
        offset = len(batches)
        batches += [{**batch, "number": offset + batch["number"]} for batch in data["batches"]]
        for row in data["servers"]:
            moved = {**row, "batch": None if row["batch"] is None else offset + row["batch"]}
            if row["batch"] is not None or row["host"] not in rows:
                rows[row["host"]] = moved
    return {
        **newest,
        "run_id": newest["run_id"]
        if len(runs) == 1
        else f"{len(runs)} runs, {runs[0]['run_id']} to {newest['run_id']}",
        "started_at": runs[0]["started_at"],
        "updated_at": max(data["updated_at"] for data in runs),
        "batches_planned": len(batches) + max(newest["batches_planned"] - len(newest["batches"]), 0),
        "batches": batches,
        "servers": list(rows.values()),
    }
