# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""From the results of a batch's jobs to one outcome for each of its hosts.

Everything here is plain values that can be written as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from ..._shapes import Record
from .._untrusted import as_line
from ..jobs._model import FAILED, PROCESSING, SKIPPED
from ..jobs._wanted import REUSE_NEVER
from ._requests import Group

AGAIN = "run the same play again: only servers that are not done are submitted"


class JobWait(TypedDict):
    """A job to wait for, and the servers that it is waited for."""

    group: int
    job_id: str
    name: str
    server_ids: list[str]
    skipped: str
    is_reboot: bool | None


class GroupError(TypedDict):
    """What a failed result says of all its servers."""

    text: str
    hint: str | None
    timed_out: bool


class OutcomeOfAny(TypedDict):
    """What came of a host."""

    server_id: str
    server_name: str | None
    verdict: str
    status: str | None
    message: str | None
    job_id: str | None
    job_name: str
    ok: bool
    changed: bool


class Outcome(OutcomeOfAny, total=False):
    """The same, with what happened and what to do where the host fails, and where it was waited for when that ended.

    ``ended_ago`` is in s before the end of the wait, ``ended_at`` in ms since the epoch, see :func:`stamp`.
    """

    text: str
    hint: str
    versions: dict[str, str | None]
    ended_ago: float
    ended_at: int


def parts_of(groups: Sequence[Group], started: Record) -> tuple[list[Group], list[Record]]:
    """The groups as they were cut into jobs, and the result of each.

    :param started: the result of module ``fleet_job_batch``. Where it has no ``jobs`` it is that of every group.
    """
    by_number = {group["number"]: group for group in groups}
    if "jobs" not in started:
        return list(groups), [started] * len(groups)
    parts: list[Group] = []
    for result in started["jobs"]:
        group = by_number[result["group"]]
        host_of = dict(zip(group["server_ids"], group["hosts"], strict=True))
        server_ids = [row["server_id"] for row in result["servers"]]
        hosts = [host_of[server_id] for server_id in server_ids]
        parts.append({**group, "hosts": hosts, "server_ids": server_ids})
    return parts, list(started["jobs"])


def groups_to_retry(parts: Sequence[Group], outcomes: Mapping[str, Outcome]) -> list[Group]:
    """The groups of the servers whose task failed; those of no known outcome are left alone."""
    found: dict[int, Group] = {}
    for part in parts:
        for host, server_id in zip(part["hosts"], part["server_ids"], strict=True):
            outcome = outcomes.get(host)
            if outcome is not None and outcome["verdict"] == "failed" and outcome["status"] == FAILED:
                group = found.setdefault(part["number"], {**part, "hosts": [], "server_ids": []})
                group["hosts"].append(host)
                group["server_ids"].append(server_id)
    return list(found.values())


def waits_of(groups: Sequence[Group], started: Sequence[Record]) -> list[JobWait]:
    """The jobs to wait for: those that were started or found and still run on a wanted server.

    :param groups: of :func:`groups_of`.
    :param started: the result of ``liteserver_job`` for each group, in their order.
    :returns: dictionaries with group (its number), job_id, name, server_ids and skipped.
    """
    waits: list[JobWait] = []
    for group, result in zip(groups, started, strict=True):
        running: dict[str, list[str]] = {}
        for row in result.get("servers") or []:
            if row["verdict"] == "running" and row["job_id"] and _serves(result, row):
                running.setdefault(row["job_id"], []).append(row["server_id"])
        waits += [
            {
                "group": group["number"],
                "job_id": job_id,
                "name": group["name"],
                "server_ids": server_ids,
                "skipped": group["options"].get("skipped", "ok"),
                "is_reboot": group["options"].get("is_reboot"),
            }
            for job_id, server_ids in running.items()
        ]
    return waits


def wait_options(waits: Sequence[JobWait], started: Record, secret_spec: object, now: int) -> Record:
    """The options of the one wait for all jobs of a batch.

    :param started: what the start has left: groups, deadline (in s since the epoch) and wait_sleep.
    :param now: in ms.
    """
    return {
        "jobs": waits,
        "secret_spec": secret_spec,
        "again": all(group["options"].get("reuse") != REUSE_NEVER for group in started["groups"]),
        "wait_timeout": max(started["deadline"] - now // 1000, 1),
        "wait_sleep": started["wait_sleep"],
    }


def _collided(result: Record, job_id: str) -> bool:
    """Whether a job was created although another run created one with other items at the same time."""
    error, job = result.get("error") or {}, result.get("job") or {}
    return result.get("action") == "created" and error.get("code") == "servers_busy" and job.get("id") == job_id


def _serves(result: Record, row: Record) -> bool:
    """Whether a running job runs what is wanted: where other items keep a server busy, nothing is waited for."""
    return (result.get("error") or {}).get("code") != "servers_busy" or row["job_id"] in (result.get("job_ids") or [])


def outcomes_of(
    groups: Sequence[Group],
    started: Sequence[Record],
    waits: Sequence[JobWait],
    waited: Sequence[Record],
    check_mode: bool = False,
) -> dict[str, Outcome]:
    """What came of each host.

    :param waits: of :func:`waits_of`.
    :param waited: the result of ``liteserver_job`` for each wait, in their order; empty in check mode.
    :returns: {host: outcome} with server_id, server_name, verdict, status, message, job_id, job_name,
        ok (whether the host passes), changed, and on failure text and hint.
    """
    rows: dict[str, Record] = {}
    errors: dict[str, GroupError] = {}
    for group, result in zip(groups, started, strict=True):
        if result.get("failed"):
            errors.update(dict.fromkeys(group["server_ids"], _error_of(result)))
        for row in result.get("servers") or []:
            rows[row["server_id"]] = row
    for wait, result in zip(waits, waited, strict=bool(waited)):
        collided = any(_collided(start, wait["job_id"]) for start in started)
        for server_id in wait["server_ids"]:
            if not collided:
                errors.pop(server_id, None)
            if result.get("failed"):
                errors[server_id] = _error_of(result)
        wanted = set(wait["server_ids"])
        for row in result.get("servers") or []:
            # A wait that failed at its first look knows less than the start did.
            if row["server_id"] in wanted and row["job_id"]:
                # Whichever of the two jobs came last, what is on the server now is not known.
                rows[row["server_id"]] = {**row, "verdict": "unknown"} if collided and row["verdict"] == "done" else row
    outcomes = {}
    for group, result in zip(groups, started, strict=True):
        submitted = set(result.get("submitted_server_ids") or [])
        for host, server_id in zip(group["hosts"], group["server_ids"], strict=True):
            row = rows.get(server_id) or {"server_id": server_id, "verdict": "unknown"}
            outcomes[host] = _outcome(group, row, server_id in submitted, errors.get(server_id), check_mode)
    return outcomes


def stamp(outcomes: Mapping[str, Outcome], now: int) -> None:
    """Right after a wait: from how long ago a server ended to when it did.

    :param now: in ms.
    """
    for outcome in outcomes.values():
        if "ended_ago" in outcome:
            outcome["ended_at"] = now - int(outcome.pop("ended_ago") * 1000)


def left_out_outcomes(reasons: Mapping[str, str]) -> dict[str, Outcome]:
    """The outcomes of hosts that got no job, from {host: why}."""
    return {
        host: {
            "server_id": "",
            "server_name": None,
            "verdict": "not_started",
            "status": None,
            "message": None,
            "job_id": None,
            "job_name": "",
            "ok": False,
            "changed": False,
            "text": f"no job was started for it: {reason}",
            "hint": f"see why, then {AGAIN}",
        }
        for host, reason in reasons.items()
    }


def _error_of(result: Record) -> GroupError:
    error = result.get("error") or {}
    return {
        "text": as_line(error.get("message") or result.get("msg") or "the module ended without a result"),
        "hint": error.get("hint"),
        "timed_out": bool(result.get("timed_out")),
    }


def _outcome(group: Group, row: Record, submitted: bool, error: GroupError | None, check_mode: bool) -> Outcome:
    verdict = row["verdict"]
    passes = verdict == "done" or (check_mode and error is None and verdict in ("planned", "running"))
    outcome: Outcome = {
        "server_id": row["server_id"],
        "server_name": row.get("server_name"),
        "verdict": verdict,
        "status": row.get("status"),
        "message": row.get("message"),
        "job_id": row.get("job_id"),
        "job_name": group["name"],
        "ok": passes,
        "changed": submitted,
    }
    if row.get("ended_ago") is not None:
        outcome["ended_ago"] = row["ended_ago"]
    if not passes:
        outcome["text"], outcome["hint"] = _why(outcome, error, group["options"].get("reuse"))
    return outcome


def _why(outcome: Outcome, error: GroupError | None, reuse: str | None) -> tuple[str, str]:
    """(what happened to this server, what to do)."""
    again = AGAIN
    if outcome["verdict"] == "failed":
        what = outcome["status"] or FAILED
        message = as_line(outcome["message"] or "the service gives no reason")
        if what == SKIPPED:
            return f"{what}: {message}", "see why the service skips it, or take that for done with fleet_job_skipped=ok"
        return f"{what}: {message}", f"fix the server, then {again}"
    if outcome["verdict"] == "running":
        if error is None or error["timed_out"]:
            hint = "run the same play again to go on waiting"
            if reuse == REUSE_NEVER:
                hint = "see its outcome with playbook job_status; rerunning the play starts a new job"
            return "still running when the wait ended", f"the job goes on; {hint}"
        return f"still running, and not waited for any more: {error['text']}", error["hint"] or again
    if error is not None:
        nothing = "no job was created for it: " if outcome["verdict"] == "planned" else ""
        return f"{nothing}{error['text']}", error["hint"] or again
    if outcome["status"] == PROCESSING:
        return (
            "its job has ended or was deleted, and its task was still PROCESSING when it was seen last",
            "check the server itself before you run anything again: after a deleted job the next run submits it",
        )
    if outcome["status"]:
        return (
            f"its task ended as {outcome['status']}, which is neither success nor failure",
            "check the server itself: it is not submitted again under the same items",
        )
    if outcome["job_id"] is None:
        return "no job of this run is known for it", f"see the tasks before this one, then {again}"
    return "its job has ended and reports nothing about it", "check the server itself before you run anything again"


def outcome_line(outcome: Outcome) -> str:
    """A failed host's message: what its server did, and what to do; the same for all that failed for one reason."""
    return f"{outcome['text'].rstrip('.')}. What to do: {outcome['hint'].rstrip('.')}."


def jobs_of(groups: Sequence[Group], started: Sequence[Record]) -> list[Record]:
    """The jobs of a batch for its record."""
    jobs = []
    for group, result in zip(groups, started, strict=True):
        error = result.get("error") or {}
        job = result.get("job") or {}
        jobs.append(
            {
                "group": group["number"],
                "name": group["name"],
                "job_id": job.get("id"),
                "action": result.get("action"),
                "servers": len(result.get("submitted_server_ids") or group["server_ids"]),
                "other_job_ids": [found for found in result.get("job_ids") or [] if found != job.get("id")],
                "error": error.get("message") or (result.get("msg") if result.get("failed") else None),
            }
        )
    return jobs
