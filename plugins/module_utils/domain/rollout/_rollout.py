# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What role ``fleet_job`` does between Ansible's hosts and the service's jobs.

Every host has a wish: what its server is to have run. Equal wishes of a batch become
one job. What came of the jobs becomes one outcome per host. Everything here is plain
values that can be written as JSON.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypedDict

from ..._errors import InvalidOption
from ..._shapes import Record
from .._wording import on_one_line, servers
from ..jobs._model import FAILED, PROCESSING, SKIPPED
from ..jobs._result import masked_item
from ..jobs._wanted import REUSE_NEVER, read_wanted

LONGEST_NAME = 64
# Options of liteserver_job that go with a wish: hosts that differ in one get a job of their own.
JOB_OPTIONS = ("reuse", "skipped", "template_check", "is_reboot", "description")
# What may differ from host to host: it decides which hosts share a job. The rest is one value for the run.
PER_HOST = frozenset(["type", "spec", "items", "version", "name", "server_id", *JOB_OPTIONS])
_NOT_IN_NAMES = re.compile(r"[^-_.a-zA-Z0-9]")
_BUDGET = re.compile(r"\s*([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*(%?)\s*")


class Wish(TypedDict):
    """What the server of one host is to have run, and how."""

    host: str
    server_id: str
    name: str
    type: str
    items: list[Record]
    options: dict[str, Any]


class Group(TypedDict):
    """Hosts with equal wishes, and so one job."""

    number: int
    label: str
    name: str
    type: str
    items: list[Record]
    options: dict[str, Any]
    hosts: list[str]
    server_ids: list[str]


class JobWait(TypedDict):
    """A job to wait for, and the servers that it is waited for."""

    group: int
    job_id: str
    server_ids: list[str]
    skipped: str
    label: str


class Trouble(TypedDict):
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
    """The same, with what happened and what to do where the host fails."""

    text: str
    hint: str


def work_of(entry: str, values: Mapping[str, Any]) -> tuple[str, list[Record]]:
    """(type, items) of the job that an entry point of the role asks for.

    :param entry: ``main``, ``hdk_upgrade``, ``log_collect`` or ``common``.
    :param values: role variables without their prefix, for one host.

    Source of the types: the pages on Lite Server tasks and templates. The type of the
    collection of logs is the template's, its item's is the one that the documented
    request lists; no complete request is documented.
    """
    spec = values.get("spec") or {}
    if entry == "hdk_upgrade":
        return "HDK_UPGRADE", [{"type": "HDK_UPGRADE", "spec": {"version": values["version"]}}]
    if entry == "log_collect":
        return "LOG_COLLECT", [{"type": "DEVICE_LOG_COLLECT", "spec": spec}]
    if entry == "common":
        return "COMMON", [{"type": "COMMON", "spec": spec}]
    if values.get("items"):
        if spec:
            raise InvalidOption("fleet_job_spec: excludes fleet_job_items: give one of them")
        return values["type"], values["items"]
    return values["type"], [{"type": values["type"], "spec": spec}]


def default_name(entry: str, job_type: str, items: list[Record], started_at: int) -> str:
    """A job name that names the work and its version, within the service's 64 characters.

    :param started_at: of the run, in ms: each run of ``log_collect`` is a new collection.
    """
    if entry == "log_collect":
        return "log_collect_" + time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(started_at / 1000))
    versions = [str(item["spec"]["version"]) for item in items if (item.get("spec") or {}).get("version")]
    detail = "_".join(versions) or _digest(items)[:8]
    name = _NOT_IN_NAMES.sub("_", f"{job_type.lower()}_{detail}")
    if len(name) <= LONGEST_NAME:
        return name
    return name[: LONGEST_NAME - 9] + "_" + _digest([job_type, items])[:8]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def wish_of(host: str, entry: str, values: Mapping[str, Any], started_at: int) -> Wish:
    """The wish of one host, checked by the same rules as the options of ``liteserver_job``.

    :param values: role variables without their prefix; ``secret_spec`` is checked, and not kept.
    :returns: host, server_id, name, type, items and the job's options, as a dictionary.
    :raises InvalidOption: names the variable and the rule.
    """
    job_type, items = work_of(entry, values)
    options = {option: values[option] for option in JOB_OPTIONS if values.get(option) not in (None, "")}
    if entry == "log_collect":
        options["reuse"] = "never"
    server_id = str(values.get("server_id") or "").strip()
    if not server_id:
        raise InvalidOption("fleet_job_server_id: is empty: every host needs the id of its Lite Server (liteserver_id)")
    try:
        wanted, doubts = read_wanted(
            {
                "name": values.get("name") or entry,
                "type": job_type,
                "server_ids": [server_id],
                "items": items,
                "reuse": options.get("reuse"),
                "skipped": options.get("skipped"),
                "secret_spec": values.get("secret_spec"),
            }
        )
    except InvalidOption as error:
        raise _in_role_variables(error, values) from error
    if doubts:
        raise _in_role_variables(doubts[0], values)
    # Texts, as the service gets them: a value as a number and as a text is one wish.
    items = [{"type": item.type, "spec": dict(item.spec)} for item in wanted.body_items]
    for key in values.get("secret_spec") or {}:
        items[0]["spec"].pop(str(key), None)
    return {
        "host": host,
        "server_id": server_id,
        "name": values.get("name") or default_name(entry, job_type, items, started_at),
        "type": job_type,
        "items": items,
        "options": options,
    }


def _in_role_variables(error: InvalidOption, values: Mapping[str, Any]) -> InvalidOption:
    """An error of the module's options in the names of the role's variables."""
    path = error.path
    if path[:1] == ("server_ids",):
        path = ("server_id",)
    elif path[:3] == ("items", 0, "spec") and not values.get("items"):
        path = ("version",) if path[3:] == ("version",) and "version" in values else path[2:]
    if not path:
        return InvalidOption(f"fleet_job_{error.rule}")
    return InvalidOption(error.rule, (f"fleet_job_{path[0]}", *path[1:]))


def groups_of(wishes: Iterable[Wish]) -> list[Group]:
    """Groups of equal wishes, in the order of their first hosts.

    :returns: dictionaries with number, label, hosts, server_ids and what the wishes share.
    """
    groups: dict[str, Group] = {}
    for wish in wishes:
        shared = [wish["name"], wish["type"], wish["items"], wish["options"]]
        group = groups.setdefault(
            _digest(shared),
            {
                "number": len(groups) + 1,
                "label": "",
                "name": wish["name"],
                "type": wish["type"],
                "items": wish["items"],
                "options": wish["options"],
                "hosts": [],
                "server_ids": [],
            },
        )
        group["hosts"].append(wish["host"])
        group["server_ids"].append(wish["server_id"])
    for group in groups.values():
        group["label"] = f"{group['name']}: {servers(len(group['server_ids']))}"
    return list(groups.values())


def shown_group(group: Group, secret_keys: Collection[str] = frozenset()) -> Record:
    """A group as a record may show it: without values that are secret by their names."""
    return {
        "number": group["number"],
        "name": group["name"],
        "type": group["type"],
        "items": [masked_item(item, secret_keys) for item in group["items"]],
        "hosts": len(group["hosts"]),
    }


def waits_of(groups: Sequence[Group], started: Sequence[Record]) -> list[JobWait]:
    """The jobs to wait for: those that were started or found and still run on a wanted server.

    :param groups: of :func:`groups_of`.
    :param started: the result of ``liteserver_job`` for each group, in their order.
    :returns: dictionaries with group (its number), job_id, server_ids, skipped and label.
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
                "server_ids": server_ids,
                "skipped": group["options"].get("skipped", "ok"),
                "label": f"{group['name']} job {job_id}: {servers(len(server_ids))}",
            }
            for job_id, server_ids in running.items()
        ]
    return waits


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
    errors: dict[str, Trouble] = {}
    for group, result in zip(groups, started, strict=True):
        if result.get("failed"):
            errors.update(dict.fromkeys(group["server_ids"], _error_of(result)))
        for row in result.get("servers") or []:
            rows[row["server_id"]] = row
    for wait, result in zip(waits, waited, strict=bool(waited)):
        for server_id in wait["server_ids"]:
            errors.pop(server_id, None)
            if result.get("failed"):
                errors[server_id] = _error_of(result)
        wanted = set(wait["server_ids"])
        for row in result.get("servers") or []:
            # A wait that failed at its first look knows less than the start did.
            if row["server_id"] in wanted and row["job_id"]:
                rows[row["server_id"]] = row
    outcomes = {}
    for group, result in zip(groups, started, strict=True):
        submitted = set(result.get("submitted_server_ids") or [])
        for host, server_id in zip(group["hosts"], group["server_ids"], strict=True):
            row = rows.get(server_id) or {"server_id": server_id, "verdict": "unknown"}
            outcomes[host] = _outcome(group, row, server_id in submitted, errors.get(server_id), check_mode)
    return outcomes


def _error_of(result: Record) -> Trouble:
    error = result.get("error") or {}
    return {
        "text": on_one_line(error.get("message") or result.get("msg") or "the module ended without a result"),
        "hint": error.get("hint"),
        "timed_out": bool(result.get("timed_out")),
    }


def _outcome(group: Group, row: Record, submitted: bool, error: Trouble | None, check_mode: bool) -> Outcome:
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
    if not passes:
        outcome["text"], outcome["hint"] = _why(outcome, error, group["options"].get("reuse"))
    return outcome


def _why(outcome: Outcome, error: Trouble | None, reuse: str | None) -> tuple[str, str]:
    """(what happened to this server, what to do)."""
    again = "run the same play again: only servers that are not done are submitted"
    if outcome["verdict"] == "failed":
        what = outcome["status"] or FAILED
        message = on_one_line(outcome["message"] or "the service gives no reason")
        if what == SKIPPED:
            return f"{what}: {message}", "see why the service skips it, or take that for done with fleet_job_skipped=ok"
        return f"{what}: {message}", f"mend the server, then {again}"
    if outcome["verdict"] == "running":
        if error is None or error["timed_out"]:
            hint = "run the same play again to go on waiting"
            if reuse == REUSE_NEVER:
                hint = "see with playbook job_status what comes of it; the same play again starts a new job"
            return "still running when the wait was over", f"the job goes on; {hint}"
        return f"still running, and not waited for any more: {error['text']}", error["hint"] or again
    if error is not None:
        nothing = "no job was created for it: " if outcome["verdict"] == "planned" else ""
        return f"{nothing}{error['text']}", error["hint"] or again
    if outcome["status"] == PROCESSING:
        return (
            "its job is over or was deleted, and its task was still PROCESSING when it was seen last",
            "look at the server itself before you run anything again: after a deleted job the next run submits it",
        )
    if outcome["status"]:
        return (
            f"its task ended as {outcome['status']}, which is neither success nor failure",
            "look at the server itself: it is not submitted again under the same items",
        )
    return "its job is over and tells nothing about it", "look at the server itself before you run anything again"


def outcome_line(host: str, outcome: Outcome) -> str:
    """A failed host's message: what its server did, in which job, and what to do."""
    name = on_one_line(outcome["server_name"] or host)
    job = f" (job {outcome['job_name']} {outcome['job_id']})" if outcome["job_id"] else ""
    return f"{name}: {outcome['text'].rstrip('.')}{job}. What to do: {outcome['hint'].rstrip('.')}."


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


class Budget:
    """How many servers may fail over a whole run.

    :param text: a count (``10``), a share of the hosts (``5%``), or None for no limit.
    :raises InvalidOption: it is neither.
    """

    def __init__(self, text: object, total: int) -> None:
        self.text = None if text in (None, "") else str(text).strip()
        self._limit: Fraction | None = None
        if self.text is None:
            return
        match = _BUDGET.fullmatch(self.text)
        if isinstance(text, bool) or not match or (not match[2] and "." in match[1]):
            raise InvalidOption(f"fleet_job_max_failures: must be a count or a percentage such as 5%, not {text!r}")
        # Exact, so that a share of just so many hosts is no less than that.
        self._limit = Fraction(match[1]) * (Fraction(total, 100) if match[2] else 1)

    def passed_by(self, failed: int) -> bool:
        """Whether so many failed servers are more than may fail."""
        return self._limit is not None and failed > self._limit

    def __str__(self) -> str:
        if self.text is None or self._limit is None:
            return "no limit"
        return self.text if "%" not in self.text else f"{self.text}, that is {float(self._limit):g}"
