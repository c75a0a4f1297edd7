# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Changes of jobs, and of their tasks on the servers, as events.

What is known of a job is a plain dictionary, which a state file can hold:
``status``; ``tasks``, {server id: status}, or None where they are not known; and ``looks``,
how many more looks a job gets that is over, while its tasks may still come in.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from ..._errors import BadAnswer, NotFound
from ..._shapes import Record
from .._api import Api
from ._model import FAILED, JOB_ENDED, Job, Task, newest, read_job, read_summary

DELETED = "DELETED"
# A job may be over a moment before its detail shows the last tasks.
LOOKS_WHEN_ENDED = 3


def changes(known: Record | None, job: Job) -> list[Record]:
    """The events between what is known of a job and what it is now, oldest first.

    Tasks come before the end of their job, so that whoever waits for the end has seen them all.

    :param known: as above, or None for a job that is new.
    :param job: a :class:`._model.Job`.
    """
    before = {} if known is None else known["tasks"]
    tasks = []
    if before is not None:
        tasks = [
            _event(job, "task", before.get(task.server_id), task.status, task)
            for task in job.task_of.values()
            if task.status != before.get(task.server_id)
        ]
    status = None if known is None else known["status"]
    own = [] if job.status == status else [_event(job, "job", status, job.status)]
    return tasks + own if job.ended else own + tasks


def deleted(known: Record, job_id: str) -> Record:
    """The event for a job that the service no longer has."""
    return {
        "kind": "job",
        "id": f"{job_id}/{known['status']}/{DELETED}",
        "job_id": job_id,
        "job_name": known["name"],
        "previous_status": known["status"],
        "status": DELETED,
        "counts": {},
        "failed_server_ids": [],
    }


def _event(job: Job, kind: str, previous: str | None, status: str, task: Task | None = None) -> Record:
    place = job.id if task is None else f"{job.id}/{task.server_id}"
    event: Record = {
        "kind": kind,
        # The same change has the same id, whoever sees it and however often.
        "id": f"{place}/{previous or 'NEW'}/{status}",
        "job_id": job.id,
        "job_name": job.name,
        "previous_status": previous,
        "status": status,
    }
    if task is not None:
        return dict(
            event,
            task_id=task.id,
            server_id=task.server_id,
            server_name=task.server_name,
            message=task.message,
        )
    counts: dict[str, int] = {}
    for each in job.task_of.values():
        counts[each.status] = counts.get(each.status, 0) + 1
    failed = [each.server_id for each in job.task_of.values() if each.status == FAILED]
    return dict(event, counts=counts, failed_server_ids=failed)


def checked_knowledge(jobs: object) -> dict[str, Record]:
    """What a file says that is known of jobs, if it has the shape of what is written there; raises ValueError."""
    if not isinstance(jobs, dict):
        raise ValueError("jobs is no object")
    for job_id, known in jobs.items():
        tasks = known.get("tasks") if isinstance(known, dict) else 0
        if (
            not isinstance(known, dict)
            or not isinstance(known.get("name"), str)
            or not isinstance(known.get("status"), (str, type(None)))
            or not isinstance(known.get("looks"), int)
            or not (
                tasks is None or (isinstance(tasks, dict) and all(isinstance(each, str) for each in tasks.values()))
            )
        ):
            raise ValueError(f"job {job_id} has another shape")
    return jobs


class JobWatch:
    """Looks at the jobs of a project, and knows what it has told of them.

    :param known: {job id: what is known of it}, or None: then the first look takes what is there for known, and
        tells nothing of it.
    :param names: patterns (``hdk_*``); only jobs with such a name are watched. None for all.
    :ivar warnings: what the last look could not read, and passed over.
    """

    def __init__(self, known: dict[str, Record] | None = None, names: list[str] | None = None) -> None:
        self.known = known
        self.warnings: list[str] = []
        self._names = names
        self._seen: dict[str, Record] = {}
        self._gone: list[str] = []

    def look(self, api: Api) -> tuple[list[Record], int]:
        """(events, number of requests); blocks. :meth:`told` and :meth:`ended` follow.

        :raises LiteServerError: nothing was looked at; the next look finds what this one would have.
        """
        self.warnings = []
        listing = api.list_jobs()
        requests = 1
        listed = {record["id"]: read_summary(record) for record in listing.records}
        # What is not listed may be on a page that was not read; whether it is gone, only its detail tells.
        lost = [job_id for job_id in self.known or {} if job_id not in listed] if listing.complete else []
        self._seen, self._gone = {}, []
        events: list[Record] = []
        for summary in sorted(listed.values(), key=newest):
            known = (self.known or {}).get(summary.id)
            if not self._watched(summary.name):
                continue
            if self.known is None and summary.status in JOB_ENDED:
                self._seen[summary.id] = _known(summary.name, summary.status, None)
                continue
            if known and known["status"] == summary.status and summary.status in JOB_ENDED and not known["looks"]:
                continue
            requests += 1
            events += self._detail(api, summary.id, known)
        for job_id in lost:
            requests += 1
            events += self._detail(api, job_id, (self.known or {})[job_id], listed=False)
        if self.known is None:
            self.known, events = {}, []
        return events, requests

    def told(self, event: Record) -> None:
        """An event was delivered: it is known from here on."""
        if self.known is None:
            raise AssertionError("reported before there was a poll")
        if event["job_id"] in self._gone:
            self.known.pop(event["job_id"], None)
            return
        known = self.known.setdefault(event["job_id"], _known(event["job_name"], None, {}))
        if event["kind"] == "job":
            known["status"] = event["status"]
        else:
            known["tasks"] = dict(known["tasks"] or {}, **{event["server_id"]: event["status"]})

    def ended(self) -> None:
        """All events of the look were delivered."""
        if self.known is None:
            raise AssertionError("reported before there was a poll")
        self.known.update(self._seen)
        for job_id in self._gone:
            self.known.pop(job_id, None)

    def _watched(self, name: str) -> bool:
        return self._names is None or any(fnmatchcase(name, pattern) for pattern in self._names)

    def _detail(self, api: Api, job_id: str, known: Record | None, listed: bool = True) -> list[Record]:
        try:
            job = read_job(api.get_job(job_id))
        except BadAnswer as error:
            # One record that cannot be read must not hide the others.
            self.warnings.append(str(error))
            return []
        except NotFound:
            # Both have to say so: the next look will not list it, if it is gone.
            if listed:
                return []
            self._gone.append(job_id)
            return [deleted(known, job_id)] if known else []
        looks = 0
        if job.ended:
            settled = bool(job.tasks) and all(task.ended for task in job.tasks)
            looks = 0 if settled else max((known["looks"] if known and known["looks"] else LOOKS_WHEN_ENDED + 1) - 1, 0)
        tasks = {task.server_id: task.status for task in job.task_of.values()}
        # Nothing more is asked of a job that is over, so its tasks need not be kept.
        self._seen[job_id] = _known(job.name, job.status, None if job.ended and not looks else tasks, looks)
        return changes(known, job)


def _known(name: str, status: str | None, tasks: dict[str, str] | None, looks: int = 0) -> Record:
    return {"name": name, "status": status, "tasks": tasks, "looks": looks}
