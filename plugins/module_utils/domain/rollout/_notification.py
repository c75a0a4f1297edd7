# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What a webhook is told of a run: one JSON document for each event."""

from __future__ import annotations

from typing import Literal, get_args

from ..._shapes import Record
from .._untrusted import as_event, as_line
from ._closing import batch_title, counts_of_rows, result_of, standing
from ._name_ranges import named
from ._plan import work_of_run
from ._run_facts import utc, versions_of
from ._schedule import pace_of, rest_seconds

Kind = Literal["started", "batch", "stopped", "failed", "ended"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SCHEMA_VERSION = 1
_MOST_NAMES = 20


def end_kind(data: Record) -> Kind:
    """The event of a run that has ended or was stopped."""
    if data["state"] == "stopped":
        return "stopped"
    return "failed" if any(row["passed"] is False for row in data["servers"]) else "ended"


def event_of(kind: Kind, data: Record, record: str | None = None, soak: float = 0) -> Record:
    """The document of one event.

    :param record: where the run's record is kept, or None.
    :param soak: seconds between two batches.
    :returns: plain values. Strings of the service in it are harmless: ``ansible-rulebook`` hands them to playbooks as
        extra variables, which Ansible trusts.
    """
    rows = data["servers"]
    failed = [row["host"] for row in rows if row["passed"] is False and row["verdict"] != "running"]
    left = data["batches_planned"] - len(data["batches"])
    rest = rest_seconds(pace_of(rows, data["batches"]), left, soak) if kind == "batch" else None
    event: Record = as_event(
        {
            "schema_version": SCHEMA_VERSION,
            "source": "modelarts.liteserver.fleet_job",
            "kind": kind,
            "text": _text(kind, data, failed),
            "run": data["run_id"],
            "entry": data["entry"],
            "work": work_of_run(data),
            "versions": versions_of(data),
            "batch": len(data["batches"]),
            "batches": max(len(data["batches"]), data["batches_planned"]),
            "counts": {"total": len(rows), **counts_of_rows(rows)},
            "failed_hosts": [as_line(host) for host in failed[:_MOST_NAMES]],
            "state": data["state"],
            "reason": data["stopped"],
            "stopped_by": data["stopped_by"],
            "estimate_seconds": None if rest is None else round(rest),
            "record": record,
            "who": data["user"],
            "time": utc(data["updated_at"]),
        }
    )
    return event


def _text(kind: Kind, data: Record, failed: list[str]) -> str:
    """One line for a chat."""
    rows = data["servers"]
    what = {
        "started": f"{data['entry']} started: {len(rows)} servers",
        "batch": f"{work_of_run(data)}: {batch_title(data)}: {standing(rows)}" if data["batches"] else "",
    }.get(kind) or f"{work_of_run(data)}: {result_of(data)}: {standing(rows)}"
    text = f"{what}. {data['stopped']}" if kind == "stopped" and data["stopped"] else what
    return as_line(f"{text} (failed: {named(failed, 5)})" if failed else text, 1000)
