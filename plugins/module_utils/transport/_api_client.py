# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The calls of the Lite Server API that the collection uses.

Source: chapter "Lite Server management" of the ModelArts API reference. Bodies
go in and come out as plain dicts; only what every caller needs is checked here
(an object with its id), the rest is the domain layer's to read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from .._errors import BadAnswer, InvalidOption
from .._shapes import Record
from ._client import HttpClient, Parse
from ._exchange import Auth, Call
from ._paging import EVENTS_LIMIT, WIDE_LIMIT, Listing, envelope_of, events_of, is_id, read_all
from ._read_only_api import ReadOnlyApi
from ._retry import Kind
from ._signing import canonical_query
from ._watch import Watch

# Of a whole list, see _answers.MAX_ANSWER_WEIGHT; it may be read three times.
MAX_LIST_WEIGHT = 768 * 1024 * 1024

T = TypeVar("T")


class LiteServerApi:
    """Calls to one project of one endpoint.

    Every method raises a subclass of LiteServerError; a write raises
    OutcomeUnknown where it may or may not have been carried out.
    """

    def __init__(self, client: HttpClient, endpoint: str, project_id: str, auth: Auth) -> None:
        self._client = client
        self._base = f"{endpoint}/v1/{project_id}/"
        self._auth = auth

    def read_only(self, most: int) -> ReadOnlyApi:
        """The calls that read, with at most so many requests; from here on this client refuses to send a write."""
        self._client.watch = Watch(most)
        return ReadOnlyApi(self, self._client.watch)

    def list_jobs(self, polling: bool = False, **filters: str | bool | None) -> Listing:
        """Summaries of jobs, all pages, as a :class:`._paging.Listing`.

        :param filters: ``id``, ``name``, ``type``, ``status``, ``visible``. Whether the
            service compares them exactly is not documented: filter again.
        :param polling: True where the caller repeats a failed look by itself.
        """
        return self._list(_reading(polling), "list jobs", "/jobs", filters)

    def get_job(self, job_id: str, polling: bool = False) -> Record:
        """A job with its items and tasks; raises NotFound."""
        return self._read("job", "/jobs/", job_id, polling)

    def create_job(self, body: Record) -> Record:
        """Create a job; returns it as the service answers."""
        return self._call(
            Kind.CREATE, "create job '{}'".format(body["name"]), "POST", "/jobs", _object_with_id, body=body
        )

    def delete_jobs(self, job_ids: Iterable[str]) -> list[str]:
        """Delete the records of jobs; returns the ids that the answer names.

        :param job_ids: at least one: what an empty list deletes is not documented.
        """
        if not job_ids:
            raise InvalidOption("refused to delete jobs without ids")
        return self._call(
            Kind.CHANGE, "delete jobs", "DELETE", "/jobs", _ids_of_envelope, body={"job_ids": list(job_ids)}
        )

    def list_templates(self, **filters: str | bool | None) -> Listing:
        """Job templates with their parameters, all pages, as a :class:`._paging.Listing`."""
        return self._list(Kind.READ, "list job templates", "/jobs/templates", filters)

    def get_template(self, template_id: str) -> Record:
        """A template with its command, image and limits; raises NotFound."""
        return self._read("job template", "/jobs/templates/", template_id)

    def get_service(self, service_id: str) -> Record:
        """A deployed service; raises NotFound."""
        return self._read("service", "/jobs/services/", service_id)

    def list_software(self, **filters: str | bool | None) -> list[Record]:
        """Versions on offer: a list of {``flavor_type``, ``support``: [{``type``, ``info``: [{``id``, ``version``}]}]}.

        Documented since 2026-01 as ShowSoftware; it has no pages.
        """
        query = {key: value for key, value in filters.items() if value is not None}
        return self._call(Kind.READ, "list software", "GET", "/software", _data_of, query=query)

    def list_servers(self, everyone: bool = False, polling: bool = False) -> Listing:
        """Servers, all pages, as a :class:`._paging.Listing`.

        :param everyone: all of the project, not only the caller's own.
        """
        return self._list(_reading(polling), "list servers", "/all" if everyone else "", {})

    def get_server(self, server_id: str, polling: bool = False) -> Record:
        """A server; raises NotFound (which is HTTP 400 here)."""
        return self._read("server", "/", server_id, polling)

    def list_events(self, workspace_id: str | None = None) -> Listing:
        """Scheduled events of all servers, all pages, as a :class:`._paging.Listing`.

        Documented since 2026-01 as ListScheduledEvents, beside the other calls and with names in camel case. How it
        reads several states or types is not documented: it is asked for all.

        :param workspace_id: the service's own default is ``0``.
        """
        filters = {"workspaceId": workspace_id}
        return self._list(
            Kind.READ, "list scheduled events", "", filters, events_of, room="scheduled-events", widest=EVENTS_LIMIT
        )

    def start_server(self, server_id: str) -> Record:
        """Start a server; returns it as the service answers."""
        # The body has to be there, even though nothing in it is needed.
        return self._power(server_id, "start", body={})

    def stop_server(self, server_id: str) -> Record:
        """Stop a server by a forced power-off; returns it as the service answers."""
        return self._power(server_id, "stop")

    def reboot_server(self, server_id: str) -> Record:
        """Reboot a server; returns it as the service answers."""
        return self._power(server_id, "reboot")

    def _read(self, what: str, path: str, identifier: str, polling: bool = False) -> Record:
        where = path + segment(identifier)
        return self._call(_reading(polling), f"read {what} '{identifier}'", "GET", where, _object_with_id)

    def _power(self, server_id: str, verb: str, body: Record | None = None) -> Record:
        path = f"/{segment(server_id)}/{verb}"
        return self._call(Kind.CHANGE, f"{verb} server '{server_id}'", "PUT", path, _object_with_id, body=body)

    def _list(
        self,
        kind: Kind,
        what: str,
        path: str,
        filters: Mapping[str, str | bool | None],
        parse_of: Callable[[dict[str, int]], Parse[Record]] = lambda _paging: envelope_of,
        room: str = "dev-servers",
        widest: int = WIDE_LIMIT,
    ) -> Listing:
        before = self._client.weight

        def fetch(paging: dict[str, int]) -> Record:
            if self._client.weight - before > MAX_LIST_WEIGHT:
                raise BadAnswer(f"{what}: the list does not end: its pages would fill the memory")
            query: dict[str, object] = {key: value for key, value in filters.items() if value is not None}
            query.update(paging)
            return self._call(kind, what, "GET", path, parse_of(paging), query=query, room=room)

        return read_all(fetch, widest)

    def _call(
        self,
        kind: Kind,
        what: str,
        method: str,
        path: str,
        parse: Parse[T],
        query: Mapping[str, object] | None = None,
        body: Record | None = None,
        room: str = "dev-servers",
    ) -> T:
        url = self._base + room + path
        if query:
            url = f"{url}?{canonical_query(query.items())}"
        call = Call(kind, what, method, url, self._auth, body)
        return self._client.send(call, parse)


def _reading(polling: bool) -> Kind:
    """The row of the retry table for a read."""
    return Kind.POLL if polling else Kind.READ


def segment(identifier: str) -> str:
    """An id as one segment of a path: percent-encoded, and never a step up the path."""
    if not identifier.strip("."):
        raise InvalidOption(f"'{identifier}' is not an id")
    return quote(identifier, safe="")


def _object_with_id(body: Any, headers: Mapping[str, str]) -> Record:
    if not isinstance(body, dict) or not is_id(body.get("id")):
        raise BadAnswer("the answer has no 'id'")
    record: Record = body
    return record


def _ids_of_envelope(body: Any, headers: Mapping[str, str]) -> list[str]:
    envelope = envelope_of(body, headers)
    if body.get("data") is None:
        raise BadAnswer("the answer does not list what was deleted")
    return [record["id"] for record in envelope["data"]]


def _data_of(body: Any, headers: Mapping[str, str]) -> list[Record]:
    """The list ``data`` of an envelope without pages."""
    data = body.get("data") if isinstance(body, dict) else None
    if data is None and isinstance(body, dict) and set(body) == {"data"}:
        return []
    if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
        raise BadAnswer("the answer has no list 'data'")
    return data
