# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What the domain asks of the API: :class:`..transport._api_client.LiteServerApi` answers, or a test."""

from __future__ import annotations

from collections.abc import Iterable
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


class Api(Protocol):
    """The calls of the API. Each raises a subclass of LiteServerError."""

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
