# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The calls of the API that only read, for whoever must not be able to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._shapes import Record
from ._paging import Listing
from ._watch import Seen, Watch

if TYPE_CHECKING:
    from ._api_client import LiteServerApi


class ReadOnlyApi:
    """A part of :class:`._api_client.LiteServerApi`. There is no method that writes, and its client sends no write.

    Every method raises a subclass of LiteServerError, or BudgetSpent where it may send nothing more. A list is cut
    where ``most`` requests did not read it; the login of a password is one of them.
    """

    def __init__(self, api: LiteServerApi, watch: Watch) -> None:
        self._api = api
        self._watch = watch

    @property
    def sent(self) -> int:
        """How many requests were sent."""
        return self._watch.sent

    @property
    def left(self) -> int:
        """How many requests may still be sent."""
        return self._watch.left

    @property
    def seen(self) -> list[Seen]:
        """What answers said beside their content."""
        return self._watch.seen

    def list_jobs(self, most: int, *, id: str | None = None, name: str | None = None) -> Listing:
        """Summaries of jobs."""
        with self._watch.at_most(most):
            return self._api.list_jobs(id=id, name=name)

    def get_job(self, job_id: str) -> Record:
        """A job with its items and tasks."""
        return self._api.get_job(job_id)

    def list_templates(self, most: int) -> Listing:
        """Job templates."""
        with self._watch.at_most(most):
            return self._api.list_templates()

    def get_template(self, template_id: str) -> Record:
        """A template with its details."""
        return self._api.get_template(template_id)

    def list_software(self) -> list[Record]:
        """Versions on offer."""
        return self._api.list_software()

    def list_servers(self, most: int, everyone: bool = False) -> Listing:
        """Servers."""
        with self._watch.at_most(most):
            return self._api.list_servers(everyone=everyone)

    def get_server(self, server_id: str) -> Record:
        """A server."""
        return self._api.get_server(server_id)

    def list_events(self, most: int) -> Listing:
        """Scheduled events."""
        with self._watch.at_most(most):
            return self._api.list_events()
