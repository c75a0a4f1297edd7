# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The record of a run as one HTML page that needs no network: a time line of its servers, and a filter.

Everything from a record is escaped by Jinja2, and the page's policy lets the browser run and load nothing but the
page's own script and style, which it names by their digests.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..module_utils._shapes import Record
from ..module_utils.domain._untrusted import as_line
from ..module_utils.domain._wording import duration, servers
from ..module_utils.domain.rollout._closing import (
    counts_of_rows,
    mixed_supernodes,
    reasons_of,
    result_of,
    standing,
)
from ..module_utils.domain.rollout._name_ranges import named
from ..module_utils.domain.rollout._plan import work_of_run
from ..module_utils.domain.rollout._run_facts import facts_of, utc

ROLE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "roles", "fleet_job")
_TICKS = 4
# Of a message; the record has all of it.
_LONGEST_MESSAGE = 300
_TONES = {
    "done": "good",
    "failed": "bad",
    "unknown": "bad",
    "mismatch": "bad",
    "reboot_pending": "bad",
    "not_started": "bad",
    "running": "open",
    "starting": "open",
    "unverified": "open",
}


def html_page(data: Record) -> str:
    """The page of a record.

    :param data: a checked record, see ``docs/run-record.md``.
    """
    style, script = _file("report.css"), _file("report.js")
    policy = f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}"
    policy += "; base-uri 'none'; form-action 'none'"
    # The template takes these three as they are: they are files of ours. Everything else is escaped.
    page: str = _template().render(**_content(data), policy=policy, style=style, script=script)
    return page


@functools.lru_cache
def _template() -> Any:
    loader = FileSystemLoader(os.path.join(ROLE, "templates"))
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2")


@functools.lru_cache
def _file(name: str) -> str:
    with open(os.path.join(ROLE, "files", name), encoding="utf-8") as file:
        return file.read()


def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def _content(data: Record) -> dict[str, Any]:
    rows = data["servers"]
    work, result = work_of_run(data), result_of(data)
    reasons = [(text, servers(len(hosts)), named(hosts, 20)) for text, hosts in reasons_of(rows).items()]
    mixed = [f"{as_line(name)}: {done} of {total} done" for name, (done, total) in mixed_supernodes(data).items()]
    begin, end = data["started_at"], max(data["ended_at"] or data["updated_at"], data["started_at"] + 1)
    return {
        "title": f"{work}: {result}",
        "work": work,
        "result": f"{result}: {standing(rows)}",
        "tone": {"ended": "good", "running": "open"}.get(result, "bad"),
        "reason": as_line(data["stopped"] or ""),
        "facts": [(name, as_line(value)) for name, value in facts_of(data)],
        "reasons": reasons,
        "mixed": "; ".join(mixed),
        "counts": list(counts_of_rows(rows).items()),
        "ticks": [_tick((end - begin) // 1000, tick) for tick in range(_TICKS + 1)],
        "waves": _waves(data, begin, end),
        "jobs": _jobs(data),
        "footer": f"run {as_line(data['run_id'])}, as of {utc(data['updated_at'])}; modelarts.liteserver"
        f" {as_line(data['collection_version'])}",
    }


def _tick(seconds: int, tick: int) -> str:
    """A mark of the axis, in hours and minutes where the run took hours."""
    minutes, rest = divmod(seconds * tick // _TICKS, 60)
    if seconds < 3600:
        return f"+{minutes}:{rest:02} min"
    return f"+{minutes // 60}:{minutes % 60:02} h"


def _waves(data: Record, begin: int, end: int) -> list[dict[str, Any]]:
    started = {batch["number"]: batch["started_at"] for batch in data["batches"]}
    of_wave: dict[int | None, dict[str, list[Record]]] = {}
    for row in data["servers"]:
        supernode = row["supernode_name"] or row["supernode_id"] or ""
        of_wave.setdefault(row["batch"], {}).setdefault(supernode, []).append(row)
    waves = []
    for number in sorted(of_wave, key=lambda each: (each is None, each)):
        supernodes = of_wave[number]
        members = [row for rows in supernodes.values() for row in rows]
        waves.append(
            {
                "title": "No turn yet" if number is None else f"Wave {number}",
                "standing": standing(members),
                "supernodes": [
                    (
                        as_line(name) if name or len(supernodes) == 1 else "in no supernode",
                        [_row(row, started.get(number or 0), begin, end) for row in sorted(rows, key=_rank)],
                    )
                    for name, rows in supernodes.items()
                ],
            }
        )
    return waves


def _rank(row: Record) -> int:
    """Failures first, then what still runs."""
    return 0 if row["passed"] is False and row["verdict"] != "running" else 1 if row["verdict"] == "running" else 2


def _row(row: Record, queued_at: int | None, begin: int, end: int) -> dict[str, Any]:
    verdict = row["verdict"]
    tone = "none" if verdict == "not_started" and row["passed"] is None else _TONES.get(verdict, "none")
    return {
        "host": as_line(row["host"]),
        "verdict": verdict,
        "tone": tone,
        "bars": _bars(row, queued_at, begin, end),
        "details": _details(row),
    }


def _bars(row: Record, queued_at: int | None, begin: int, end: int) -> list[tuple[str, int, int]]:
    """(kind, left edge, width) in thousandths of the run."""

    def place(moment: int) -> int:
        return min(max(1000 * (moment - begin) // (end - begin), 0), 1000)

    bars = []
    started, ended = row["started_at"], row["ended_at"]
    if queued_at is not None and (started or ended):
        bars.append(("queued", place(queued_at), place(started or ended) - place(queued_at)))
    if started is not None:
        bars.append(
            ("running" if ended is None else "end", place(started), max(place(ended or end) - place(started), 4))
        )
    return [each for each in bars if each[2] > 0]


def _details(row: Record) -> list[str]:
    details = [f"server {row['server_name'] or ''} {row['server_id'] or ''}"]
    if row["supernode_id"]:
        details.append(f"supernode {row['supernode_name'] or row['supernode_id']}")
    text = ": ".join(part for part in (row["status"], row["message"]) if part)
    if text:
        details.append(text)
    if row["started_at"] is not None:
        moment = f"{utc(row['started_at'])}"
        if row["ended_at"] is not None:
            moment += f" to {utc(row['ended_at'])}, {duration((row['ended_at'] - row['started_at']) / 1000)}"
        details.append(moment)
    if row["job_id"]:
        details.append(f"job {row['job_id']}" + (", by this run" if row["submitted"] else ", not started by this run"))
    return [as_line(detail, _LONGEST_MESSAGE) for detail in details]


def _jobs(data: Mapping[str, Any]) -> Sequence[str]:
    return [
        as_line(
            f"batch {batch['number']}: {job['name']} {job['job_id'] or ''}: {servers(job['servers'])},"
            f" {job['action'] or 'none'}" + (f"; {job['error']}" if job["error"] else ""),
            500,
        )
        for batch in data["batches"]
        for job in batch["jobs"]
    ]
