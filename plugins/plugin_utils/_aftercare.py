# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What a run does for servers that failed, once it has ended: their logs are collected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..module_utils._errors import InvalidOption
from ..module_utils._shapes import Record
from ..module_utils.domain.rollout._outcomes import jobs_of, parts_of
from ..module_utils.domain.rollout._requests import HostRequest, groups_of, request_of

if TYPE_CHECKING:
    from ._step import Result, Step

ENTRY = "log_collect"


def check_aftercare(own: dict[str, Any], now: int) -> None:
    """Refuse a spec that no job could have, before the run's first request; raises InvalidOption."""
    if own.get("collect_logs") == "failed":
        if not own.get("logs_spec"):
            raise InvalidOption(
                "fleet_job_logs_spec: needed with fleet_job_collect_logs=failed, for example an obs_path"
            )
        _request("fleet_job_logs_spec", "server", own["logs_spec"], now)


def collect_logs(step: Step, data: Record, own: Result) -> None:
    """Start the collection for the servers that failed, and note its jobs; nobody waits for them.

    What goes wrong with it is a warning: the run has ended as it has.

    :param data: of the record.
    """
    rows = [row for row in data["servers"] if row["passed"] is False and row["verdict"] in ("failed", "unknown")]
    rows = [row for row in rows if row["server_id"]]
    if own.get("collect_logs") != "failed" or not rows:
        return
    requests = [_request(row["host"], row["server_id"], own["logs_spec"], data["updated_at"]) for row in rows]
    groups = groups_of(requests)
    started = step.batch("start", groups=groups, servers_per_job=own["servers_per_job"])
    jobs = jobs_of(*parts_of(groups, started))
    data["logs_job_ids"] = [job["job_id"] for job in jobs if job["job_id"]]
    errors = dict.fromkeys(job["error"] for job in jobs if job["error"])
    if errors:
        step.warnings.append(
            f"fleet_job_collect_logs: logs were not collected of all failed servers: {'; '.join(errors)}"
        )


def _request(host: str, server_id: str, spec: Record, now: int) -> HostRequest:
    try:
        return request_of(host, ENTRY, {"spec": spec, "server_id": server_id}, now)
    except InvalidOption as error:
        if error.path[:1] != ("fleet_job_spec",):
            raise
        raise InvalidOption(error.rule, ("fleet_job_logs_spec", *error.path[1:])) from error
