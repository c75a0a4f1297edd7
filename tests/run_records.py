# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of runs as the role writes them, for tests of what is made of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._run_record import RunRecord

BEGIN = 1_795_516_288_000
VERSION = "24.1.rc3.10"
MINUTE = 60_000


def host(number: int) -> str:
    return f"liteserver-{number:05d}"


def outcome(number: int, verdict: str = "done", message: str | None = None, **more: Any) -> dict[str, Any]:
    """What came of a host, as ``outcomes_of`` has it."""
    status = {"done": "SUCCESS", "failed": "FAILED", "running": "PROCESSING"}.get(verdict)
    return {
        "server_id": str(uuid.UUID(int=number)),
        "server_name": host(number),
        "verdict": verdict,
        "status": status,
        "message": message,
        "job_id": str(uuid.UUID(int=10**6 + number // 50)),
        "job_name": f"hdk_upgrade_{VERSION}",
        "ok": verdict in ("done", "planned"),
        "changed": True,
        **more,
    }


def run_of(
    sizes: Sequence[int],
    outcomes: Mapping[int, dict[str, Any]] | None = None,
    total: int | None = None,
    supernode_size: int = 0,
    facts: Mapping[str, Any] | None = None,
    check_mode: bool = False,
) -> RunRecord:
    """A run whose batches have these sizes; a batch takes 30 minutes.

    :param outcomes: {number of a server: its outcome}; the others are done, or in check mode to be submitted.
    :param total: servers of the run; more than the batches hold have not had their turn.
    :param supernode_size: servers of each supernode; 0 for none.
    """
    total = total or sum(sizes)
    known = {
        "batches_planned": len(sizes),
        "user": "sre@controller",
        "command": "ansible-playbook up.yml",
        **(facts or {}),
    }
    record = RunRecord.begin(
        "20261124T103128Z-c3b23cb7", "hdk_upgrade", map(host, range(1, total + 1)), "5%", BEGIN, "off", None, known
    )
    if supernode_size:
        record.take_supernodes(
            {
                host(n): (f"id-{(n - 1) // supernode_size}", f"sn-{(n - 1) // supernode_size:02}")
                for n in range(1, total + 1)
            }
        )
    first, now = 1, BEGIN + 1000
    group = {"number": 1, "name": f"hdk_upgrade_{VERSION}", "type": "HDK_UPGRADE", "hosts": 0}
    group["items"] = [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]
    usual = "planned" if check_mode else "done"
    for size in sizes:
        numbers = range(first, first + size)
        record.open_batch([host(n) for n in numbers], now)
        record.starting([{**group, "hosts": size}], {host(n): str(uuid.UUID(int=n)) for n in numbers}, now + 5000)
        found = {host(n): (outcomes or {}).get(n) or outcome(n, usual) for n in numbers}
        job = {"group": 1, "name": group["name"], "job_id": str(uuid.UUID(int=10**6 + first)), "action": "created"}
        begun = {
            name: {**one, "verdict": "running", "ok": False} if one["changed"] and not check_mode else one
            for name, one in found.items()
        }
        record.started([{**job, "servers": size, "other_job_ids": [], "error": None}], begun, now + 9000)
        now += 30 * MINUTE
        record.settled(found, now)
        first += size
    return record
