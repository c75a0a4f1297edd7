# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``liteserver_job_info`` tells: jobs by filters, or by id with their tasks."""

from __future__ import annotations

from ..errors import NotFound
from .records import read_job, read_summary
from .results import job_record
from .template_check import STORED_TYPES
from .wanted import check_ids


class JobInfo:
    """One run of the info module; see :class:`.present.PresentJob`."""

    def __init__(self, options):
        self._service = None
        self._options = options
        self.warnings = []
        self._jobs = []
        self._missing = []
        self._complete = True

    def prepare(self):
        """Check the options; raises InvalidOption before any request is sent."""
        if self._options["job_ids"] is not None:
            check_ids("job_ids", self._options["job_ids"])

    def run(self, service):
        """Read the jobs."""
        self._service = service
        if self._options["job_ids"] is not None:
            self._by_id(dict.fromkeys(self._options["job_ids"]))
        else:
            self._by_filters()

    def _by_id(self, job_ids):
        for job_id in job_ids:
            try:
                job = read_job(self._service.get_job(job_id))
            except NotFound:
                self._missing.append(job_id)
                continue
            self._jobs.append(job_record(job.raw, with_tasks=True))

    def _by_filters(self):
        # How the service compares is not documented, so it only narrows; type and status are
        # compared here alone, because the type that is stored is not the one that was sent.
        listing = self._service.list_jobs(name=self._options["name"], visible=self._options["visible"])
        self._complete = listing.complete
        if not listing.complete:
            self.warnings.append("the list may be incomplete: the service counts more jobs than it lists")
        kept = [record for record in listing.records if self._matches(record)]
        kept.sort(key=lambda record: (read_summary(record).created, record["id"]), reverse=True)
        self._jobs = [job_record(record) for record in kept]

    def _matches(self, record):
        name, job_type, status = (self._options[key] for key in ("name", "type", "status"))
        return (
            (name is None or record.get("name") == name)
            and (job_type is None or record.get("type") in (job_type, STORED_TYPES.get(job_type)))
            and (status is None or record.get("status") == status)
        )

    def result(self):
        """Every key of the result but ``msg`` and ``error``."""
        return {
            "changed": False,
            "jobs": self._jobs,
            "missing_job_ids": self._missing,
            "complete": self._complete,
        }

    def diff(self):
        """An info module changes nothing."""
        return None
