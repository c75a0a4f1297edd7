# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""An API for one start of many jobs, which does not ask twice for what it knows."""

from __future__ import annotations

import contextlib
from typing import Any

from ..._clock import Clock
from ..._errors import BadAnswer
from ..._shapes import Record
from .._api import Api, Listing
from ._model import read_job

# Seconds for which a list is as good as new: less than the shortest pause between two polls.
AS_GOOD_AS_NEW = 0.25


class RememberingApi:
    """What cannot change is read once, and nothing is read twice in a row.

    - A job that has ended, with all its tasks, stays as it is.
    - A job that was created here serves the servers that it was created for, once it lists them: that it may have ended
      since can only hold a further job back.
    - The list of jobs is asked for again as soon as anything else was: so the one before a create is never older than
      the request before that create, and the one after a create may stand before the next.
    """

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._kept: dict[str, Record] = {}
        self._created: dict[str, frozenset[str]] = {}
        self._templates: Listing | None = None
        self._listed: tuple[Listing, float] | None = None

    def __getattr__(self, name: str) -> Any:
        self._listed = None
        return getattr(self._api, name)

    def list_jobs(self, polling: bool = False, **filters: Any) -> Listing:
        """Summaries of jobs; with ``polling`` the service is asked in any case."""
        if self._listed and not polling and not filters:
            listing, at = self._listed
            if self._clock.now() - at < AS_GOOD_AS_NEW:
                return listing
        self._listed = None
        listing = self._api.list_jobs(polling=polling, **filters)
        if listing.complete and not filters:
            self._listed = listing, self._clock.now()
        return listing

    def get_job(self, job_id: str, polling: bool = False) -> Record:
        """A job with its items and tasks; with ``polling`` one that runs is asked for in any case."""
        kept = self._kept.get(job_id)
        if kept is not None and (not polling or _has_ended(kept)):
            return kept
        self._listed = None
        return self._keep(self._api.get_job(job_id, polling=polling))

    def create_job(self, body: Record) -> Record:
        """The new job."""
        self._listed = None
        raw = self._api.create_job(body)
        self._created[raw["id"]] = frozenset(server_id.lower() for server_id in body["server_ids"])
        return self._keep(raw)

    def _keep(self, raw: Record) -> Record:
        """Remember it where that is all there is to know."""
        with contextlib.suppress(BadAnswer):  # whoever reads it says so
            job = read_job(raw)
            whole = self._created.get(job.id) == frozenset(job.task_of) and job.created is not None
            if whole or _has_ended(raw):
                self._kept[job.id] = raw
        return raw

    def list_templates(self) -> Listing:
        """Job templates with their parameters."""
        if self._templates is None:
            self._listed = None
            self._templates = self._api.list_templates()
        return self._templates


def _has_ended(raw: Record) -> bool:
    try:
        job = read_job(raw)
    except BadAnswer:
        return False  # whoever reads it says so
    return job.ended and bool(job.tasks) and all(task.ended for task in job.tasks)
