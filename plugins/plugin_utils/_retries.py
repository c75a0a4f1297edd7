# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Failed servers of a batch are submitted again, within the batch and its time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..module_utils._shapes import Record
from ..module_utils.domain.rollout._outcomes import (
    Outcome,
    groups_to_retry,
    jobs_of,
    outcomes_of,
    parts_of,
    stamp,
    wait_options,
    waits_of,
)
from ..module_utils.domain.rollout._run_record import RunRecord
from ..module_utils.wiring._run_files import now_ms
from ._open_run import OpenRun


def retried(
    call: Callable[..., dict[str, Any]],
    run: OpenRun,
    started: dict[str, Any],
    secret_spec: Any,
    outcomes: dict[str, Outcome],
    jobs: list[Record],
) -> tuple[dict[str, Outcome], list[Record]]:
    """(outcomes, jobs) of the batch after as many further attempts as ``fleet_job_retries`` allows.

    A server that cannot be submitted again keeps the outcome that it had.

    :param call: takes the work of module ``fleet_job_batch`` and its options.
    :param started: what the step ``start`` returned.
    """
    for _attempt in range(started["retries"]):
        groups = groups_to_retry(started["groups"], outcomes)
        if not groups or now_ms() // 1000 >= started["deadline"]:
            break
        hosts = [host for group in groups for host in group["hosts"]]
        # Before the first request that creates a job, as with the start.
        _record, trouble = run.note(partial(_retrying, hosts=hosts), jobs)
        if trouble:
            break
        begun = call("start", groups=groups, secret_spec=secret_spec, servers_per_job=started["servers_per_job"])
        parts, results = parts_of(groups, begun)
        jobs = [*jobs, *jobs_of(parts, results)]
        run.note(partial(_started, jobs=jobs, outcomes=outcomes_of(parts, results, [], [])), jobs)
        waits = waits_of(parts, results)
        ended = call("wait", **wait_options(waits, started, secret_spec, now_ms())) if waits else {}
        waited = ended.get("jobs") or [ended] * len(waits)
        again = outcomes_of(parts, results, waits, waited)
        stamp(again, now_ms())
        for host, outcome in again.items():
            if outcome["verdict"] != "planned":
                outcomes[host] = {**outcome, "changed": True}
    return outcomes, jobs


def _retrying(record: RunRecord, hosts: list[str]) -> None:
    record.retrying(hosts, now_ms())


def _started(record: RunRecord, jobs: list[Record], outcomes: dict[str, Outcome]) -> None:
    record.started(jobs, outcomes, now_ms())
