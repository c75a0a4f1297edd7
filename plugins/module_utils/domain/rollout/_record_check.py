# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Whether what a file holds is the record of a run, as :mod:`._run_record` writes it."""

from __future__ import annotations

from collections.abc import Mapping

from ..._errors import InvalidOption
from ..._shapes import Record
from .._times import LAST_TIME
from ._run_record import ENDED, ORDER, PENDING, RUNNING, SCHEMA_VERSION, STOPPED

# What each value of a record has to be: a kind, with ? where null will do, or the words that it may be.
_KINDS = {"text": str, "time": int, "number": int, "flag": bool, "list": list, "object": dict}
_PHASES = ("preparing", "starting", "waiting", "after", "ended")
_RUN: Mapping[str, str | tuple[str, ...]] = {
    "schema_version": "number",
    "run_id": "text",
    "entry": "text",
    "state": (RUNNING, ENDED, STOPPED),
    "started_at": "time",
    "updated_at": "time",
    "ended_at": "time?",
    "max_failures": "text?",
    "preflight": (PENDING, "passed", "warned", "off"),
    "stopped": "text?",
    "stopped_by": "text?",
    "reported": "flag",
    "logs_job_ids": "list",
    "user": "text?",
    "command": "text?",
    "ansible_version": "text?",
    "batches_planned": "number",
    "window_end": "time?",
    "batches": "list",
    "servers": "list",
}
_BATCH: Mapping[str, str | tuple[str, ...]] = {
    "number": "number",
    "phase": _PHASES,
    "approval": ("not_needed", PENDING, "given", "refused"),
    "started_at": "time",
    "ended_at": "time?",
    "groups": "list",
    "jobs": "list",
}
_GROUP: Mapping[str, str | tuple[str, ...]] = {
    "number": "number",
    "name": "text",
    "type": "text",
    "items": "list",
    "hosts": "number",
}
_ITEM: Mapping[str, str | tuple[str, ...]] = {"type": "text", "spec": "object"}
_JOB: Mapping[str, str | tuple[str, ...]] = {
    "group": "number",
    "name": "text",
    "job_id": "text?",
    "action": "text?",
    "servers": "number",
    "other_job_ids": "list",
    "error": "text?",
}
_SERVER: Mapping[str, str | tuple[str, ...]] = {
    "host": "text",
    "server_id": "text?",
    "server_name": "text?",
    "supernode_id": "text?",
    "supernode_name": "text?",
    "batch": "number?",
    "verdict": ORDER,
    "passed": "flag?",
    "status": "text?",
    "message": "text?",
    "job_id": "text?",
    "driver_before": "text?",
    "driver_after": "text?",
    "firmware_before": "text?",
    "firmware_after": "text?",
    "submitted": "flag?",
    "started_at": "time?",
    "ended_at": "time?",
}


def checked_record(data: object, where: str) -> Record:
    """The data of a record, if every value that a run decides by is of its kind.

    :param where: the file that it comes from, for the message.
    :raises InvalidOption: names the first value that is not.
    """
    try:
        record = _object(data, "it", _RUN)
        if record["schema_version"] != SCHEMA_VERSION:
            raise ValueError("its schema_version is not that of this collection")
        for number, entry in enumerate(record["batches"], 1):
            batch = _object(entry, f"batch {number}", _BATCH)
            if batch["number"] != number:
                raise ValueError(f"batch {number} has another number")
            for group in batch["groups"]:
                for item in _object(group, f"a group of batch {number}", _GROUP)["items"]:
                    _object(item, f"an item of batch {number}", _ITEM)
            for job in batch["jobs"]:
                _object(job, f"a job of batch {number}", _JOB)
        numbers = (None, *range(1, len(record["batches"]) + 1))
        rows = [_object(entry, f"server {number}", _SERVER) for number, entry in enumerate(record["servers"], 1)]
        if any(row["batch"] not in numbers for row in rows):
            raise ValueError("a server is of a batch that there is not")
        if len({row["host"] for row in rows}) != len(rows):
            raise ValueError("it has a host twice")
    except ValueError as error:
        raise InvalidOption(
            f"fleet_job_record: {where} is not as this run has written it ({error}): how much has failed is not known"
        ) from error
    return record


def _object(value: object, what: str, kinds: Mapping[str, str | tuple[str, ...]]) -> Record:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no object")
    for key, kind in kinds.items():
        if key not in value:
            raise ValueError(f"{what} has no {key}")
        if not _is(value[key], kind):
            raise ValueError(f"{key} of {what} is of another kind")
    return value


def _is(value: object, kind: str | tuple[str, ...]) -> bool:
    if isinstance(kind, tuple):
        return isinstance(value, str) and value in kind
    if value is None:
        return kind.endswith("?")
    kind = kind.removesuffix("?")
    if isinstance(value, bool) != (kind == "flag") or not isinstance(value, _KINDS[kind]):
        return False
    # Later ones cannot be shown as a date.
    return kind != "time" or (isinstance(value, int) and 0 <= value <= LAST_TIME)
