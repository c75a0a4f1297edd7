# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The entry of a result that tells of one server, and the count of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

VERDICTS = ("done", "failed", "running", "unknown", "planned")


class ServerRow(TypedDict):
    """An entry of a result's ``servers``; ``verdict`` is one of :data:`VERDICTS`."""

    server_id: str
    server_name: str | None
    status: str | None
    message: str | None
    task_id: str | None
    job_id: str | None
    verdict: str


def server_row(server_id: str, verdict: str) -> ServerRow:
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


def counts_of(rows: Sequence[ServerRow]) -> dict[str, int]:
    """``counts``: one per verdict, and ``total``."""
    counts = dict.fromkeys(VERDICTS, 0)
    for row in rows:
        counts[row["verdict"]] += 1
    counts["total"] = len(rows)
    return counts
