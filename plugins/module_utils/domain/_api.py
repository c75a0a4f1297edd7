# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What the domain asks of the API: :class:`..transport._api_client.LiteServerApi` answers, or a test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from .._shapes import Record


class Listing(Protocol):
    """A whole list: its records, and whether the service says that these are all."""

    @property
    def records(self) -> list[Record]:
        """The records, each id once."""

    @property
    def complete(self) -> bool:
        """False where the service counts more than it gave."""


class Page(Protocol):
    """What one page of a list said of itself; what it did not say is None."""

    @property
    def asked(self) -> Mapping[str, int]:
        """The parameters with which it was asked for."""

    @property
    def records(self) -> int:
        """How many records it had."""

    @property
    def total(self) -> int | None:
        """How many records the service counts in all."""


class PagedListing(Listing, Protocol):
    """A list with what its pages said."""

    @property
    def pages(self) -> Sequence[Page]:
        """The pages that were read, at least one."""

    @property
    def cut(self) -> bool:
        """Whether it may go on, and was not read further."""


class Seen(Protocol):
    """What an answer said beside its content."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def date(self) -> float | None:
        """The service's time in seconds since the epoch; None where it does not say."""

    @property
    def skew(self) -> float | None:
        """Seconds by which the service's clock is ahead of this machine's; None where it does not say."""


class ReadOnlyApi(Protocol):
    """The calls that read, and no other. Each raises a subclass of LiteServerError, or BudgetSpent.

    A list is cut where ``most`` pages are not all of it.
    """

    @property
    def sent(self) -> int:
        """How many requests were sent, repeats and logins among them."""

    @property
    def left(self) -> int:
        """How many requests may still be sent."""

    @property
    def seen(self) -> Sequence[Seen]:
        """The answers, in their order."""

    def list_jobs(self, most: int, *, id: str | None = None, name: str | None = None) -> PagedListing:
        """Summaries of jobs."""

    def get_job(self, job_id: str) -> Record:
        """A job with its items and tasks."""

    def list_templates(self, most: int) -> PagedListing:
        """Job templates with their parameters."""

    def get_template(self, template_id: str) -> Record:
        """A template with its details."""

    def list_software(self) -> list[Record]:
        """Versions on offer."""

    def list_servers(self, most: int, everyone: bool = False) -> PagedListing:
        """Servers."""

    def get_server(self, server_id: str) -> Record:
        """A server."""

    def list_events(self, most: int) -> PagedListing:
        """Scheduled events of the default workspace."""


class Api(Protocol):
    """The calls of the API. Each raises a subclass of LiteServerError."""

    def read_only(self, most: int) -> ReadOnlyApi:
        """The calls that read, with at most so many requests; from here on this API sends no write."""

    def list_jobs(
        self,
        polling: bool = False,
        *,
        id: str | None = None,
        name: str | None = None,
        visible: bool | None = None,
    ) -> Listing:
        """Summaries of jobs."""

    def get_job(self, job_id: str, polling: bool = False) -> Record:
        """A job with its items and tasks."""

    def create_job(self, body: Record) -> Record:
        """The new job; OutcomeUnknown where there may be one."""

    def delete_jobs(self, job_ids: Iterable[str]) -> list[str]:
        """The ids that the answer names."""

    def list_templates(self) -> Listing:
        """Job templates with their parameters."""

    def get_template(self, template_id: str) -> Record:
        """A template with its details."""

    def get_service(self, service_id: str) -> Record:
        """A deployed service."""

    def list_software(self) -> list[Record]:
        """Versions on offer."""

    def list_servers(self, everyone: bool = False, polling: bool = False) -> Listing:
        """Servers."""

    def get_server(self, server_id: str, polling: bool = False) -> Record:
        """A server."""

    def list_events(self, workspace_id: str | None = None) -> Listing:
        """Scheduled events of all servers of a workspace."""

    def start_server(self, server_id: str) -> Record:
        """The server after the request to start it."""

    def stop_server(self, server_id: str) -> Record:
        """The server after the request to stop it."""

    def reboot_server(self, server_id: str) -> Record:
        """The server after the request to reboot it."""
