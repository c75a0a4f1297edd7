# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What ``liteserver_job_info`` tells: jobs by filters, or by id with their tasks."""

from __future__ import annotations

from collections.abc import Iterable

from ..._errors import InvalidOption, NotFound
from ..._shapes import Record
from .._api import Api
from .._ids import check_ids
from .._reading import Info
from ._model import newest, read_job, read_summary
from ._result import job_record
from ._template_check import STORED_TYPES


class JobInfo(Info):
    """Jobs by filters, or by id with their tasks."""

    def prepare(self) -> None:
        """Check the ids; raises InvalidOption."""
        if self._options["job_ids"] is not None:
            check_ids("job_ids", self._options["job_ids"])
            filters = [key for key in ("name", "type", "status", "visible") if self._options[key] is not None]
            if filters:
                raise InvalidOption(f"job_ids: excludes {', '.join(filters)}")

    def read(self, api: Api) -> Record:
        """Read the jobs."""
        if self._options["job_ids"] is not None:
            return self._by_id(api, dict.fromkeys(self._options["job_ids"]))
        return self._by_filters(api)

    def _by_id(self, api: Api, job_ids: Iterable[str]) -> Record:
        jobs, missing = [], []
        for job_id in job_ids:
            try:
                job = read_job(api.get_job(job_id))
            except NotFound:
                missing.append(job_id)
                continue
            jobs.append(job_record(job.raw, with_tasks=True))
        return {"jobs": jobs, "missing_job_ids": missing, "complete": True}

    def _by_filters(self, api: Api) -> Record:
        # How the service compares is not documented, so it only narrows; type and status are
        # compared here alone, because the type that is stored is not the one that was sent.
        listing = api.list_jobs(name=self._options["name"], visible=self._options["visible"])
        if not listing.complete:
            self.warnings.append("the list may be incomplete: the service counts more jobs than it lists")
        kept = [record for record in listing.records if self._matches(record)]
        kept.sort(key=lambda record: newest(read_summary(record)), reverse=True)
        return {
            "jobs": [job_record(record) for record in kept],
            "missing_job_ids": [],
            "complete": listing.complete,
        }

    def _matches(self, record: Record) -> bool:
        name, job_type, status = (self._options[key] for key in ("name", "type", "status"))
        return (
            (name is None or record.get("name") == name)
            and (job_type is None or record.get("type") in (job_type, STORED_TYPES.get(job_type)))
            and (status is None or record.get("status") == status)
        )
