# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What every result of a module that writes has: an entry per server, their verdicts, and the keys around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict, get_args

from .._shapes import Conceal, Record

Verdict = Literal["done", "failed", "running", "unknown", "planned"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


class ServerRow(TypedDict):
    """An entry of a result's ``servers``."""

    server_id: str
    server_name: str | None
    status: str | None
    message: str | None
    task_id: str | None
    job_id: str | None
    verdict: Verdict


def server_row(server_id: str, verdict: Verdict) -> ServerRow:
    """An entry of ``servers`` of which nothing but the verdict is known."""
    return {
        "server_id": server_id,
        "server_name": None,
        "status": None,
        "message": None,
        "task_id": None,
        "job_id": None,
        "verdict": verdict,
    }


def concealed_row(row: ServerRow, conceal: Conceal) -> ServerRow:
    """The entry without secrets in what the service says of the server: before any of it is cut for a line."""
    return {
        **row,
        "server_name": row["server_name"] and conceal(row["server_name"]),
        "status": row["status"] and conceal(row["status"]),
        "message": row["message"] and conceal(row["message"]),
    }


def counts_of(rows: Sequence[ServerRow]) -> dict[str, int]:
    """``counts``: one per verdict, and ``total``."""
    counts: dict[str, int] = dict.fromkeys(VERDICTS, 0)
    for row in rows:
        counts[row["verdict"]] += 1
    counts["total"] = len(rows)
    return counts


def ids_with(rows: Sequence[ServerRow], verdict: Verdict) -> list[str]:
    """The ids of the servers with this verdict."""
    return [row["server_id"] for row in rows if row["verdict"] == verdict]


def task_result(
    *,
    changed: bool,
    action: str,
    rows: list[ServerRow],
    submitted: Sequence[str],
    elapsed: float,
    timed_out: bool = False,
    **more: Any,
) -> Record:
    """The result of a task: the same keys on success, failure, time-out and in check mode.

    :param rows: entries of ``servers``, in the order of ``server_ids``.
    :param elapsed: seconds.
    :param more: further keys: ``job`` and ``job_ids`` where the module is about jobs.
    """
    return {
        "changed": changed,
        "action": action,
        **more,
        "servers": rows,
        "counts": counts_of(rows),
        "failed_server_ids": ids_with(rows, "failed"),
        "submitted_server_ids": list(submitted),
        "timed_out": timed_out,
        "elapsed": round(elapsed, 3),
    }
