# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls as they go over the wire: methods, paths, queries and bodies."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._api_client import LiteServerApi
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._client import HttpClient
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._credentials import TokenAuth
from ansible_collections.modelarts.liteserver.tests.unit.transport.misbehaving_server import (
    MisbehavingServer,
    reply_json,
)

BASE = "/v1/project-1/dev-servers"


@pytest.fixture
def api(server: MisbehavingServer, client_of: Callable[..., HttpClient]) -> LiteServerApi:
    """The API client; every answer suits every call."""
    server.answers = [reply_json({"id": "1", "data": [{"id": "1"}, {"id": "2"}], "total": 2, "events": [], "count": 0})]
    return LiteServerApi(client_of(), server.url, "project-1", TokenAuth("TOKEN"))


@pytest.mark.parametrize(
    "call, method, target, body",
    [
        (lambda s: s.list_jobs(), "GET", "/jobs", None),
        (lambda s: s.list_jobs(polling=True), "GET", "/jobs", None),
        (lambda s: s.list_jobs(name="a b~c*", status=None), "GET", "/jobs?name=a%20b~c%2A", None),
        (
            lambda s: s.list_jobs(visible=True, type="T", status="FINISHED", name="n", id="i"),
            "GET",
            "/jobs?id=i&name=n&status=FINISHED&type=T&visible=true",
            None,
        ),
        (lambda s: s.list_jobs(visible=False), "GET", "/jobs?visible=false", None),
        (lambda s: s.get_job("64e004ec-6cb0"), "GET", "/jobs/64e004ec-6cb0", None),
        (lambda s: s.create_job({"name": "x", "a": [1]}), "POST", "/jobs", {"name": "x", "a": [1]}),
        (lambda s: s.delete_jobs(["1", "2"]), "DELETE", "/jobs", {"job_ids": ["1", "2"]}),
        (lambda s: s.list_templates(), "GET", "/jobs/templates", None),
        (lambda s: s.list_templates(type="HDK_UPGRADE"), "GET", "/jobs/templates?type=HDK_UPGRADE", None),
        (lambda s: s.get_template("t/1"), "GET", "/jobs/templates/t%2F1", None),
        (lambda s: s.get_service("s/1"), "GET", "/jobs/services/s%2F1", None),
        (lambda s: s.list_software(), "GET", "/software", None),
        (lambda s: s.list_software(type="ASCEND_HDK", flavor_type=None), "GET", "/software?type=ASCEND_HDK", None),
        (lambda s: s.list_events(), "GET", "/../scheduled-events", None),
        (lambda s: s.list_events(workspace_id="w 1"), "GET", "/../scheduled-events?workspaceId=w%201", None),
        (lambda s: s.list_servers(), "GET", "", None),
        (lambda s: s.list_servers(everyone=True), "GET", "/all", None),
        (lambda s: s.get_server("s/1"), "GET", "/s%2F1", None),
        # The body of a start has to be there, the other two have none.
        (lambda s: s.start_server("s/1"), "PUT", "/s%2F1/start", {}),
        (lambda s: s.stop_server("s/1"), "PUT", "/s%2F1/stop", None),
        (lambda s: s.reboot_server("s/1"), "PUT", "/s%2F1/reboot", None),
    ],
)
def test_request(
    api: LiteServerApi, server: MisbehavingServer, call: Callable, method: str, target: str, body: object
) -> None:
    call(api)
    (request,) = server.received
    # Beside the other calls.
    url = (BASE + target).replace("/dev-servers/..", "")
    assert (request.method, request.target) == (method, url)
    assert (json.loads(request.body) if request.body else None) == body
    assert request.header("X-Auth-Token") == "TOKEN"


def test_results(api: LiteServerApi) -> None:
    listing = api.list_jobs()
    assert ([record["id"] for record in listing.records], listing.complete) == (["1", "2"], True)
    assert [record["id"] for record in api.list_templates().records] == ["1", "2"]
    assert api.delete_jobs(["1"]) == ["1", "2"]
    assert api.create_job({"name": "x"})["id"] == "1"


@pytest.mark.parametrize(
    "job_id", ["a/b", "../templates", "..%2ftemplates", "a?b#c", "a b", "100%", "升级", "~", "+", "a\\b", "a;b", "...x"]
)
def test_id_is_one_segment_whatever_is_in_it(api: LiteServerApi, server: MisbehavingServer, job_id: str) -> None:
    api.get_job(job_id)
    target = server.received[0].target
    assert target.startswith(BASE + "/jobs/")
    rest = target[len(BASE + "/jobs/") :]
    assert not set(rest) & set("/?#; \\")
    assert unquote(rest) == job_id


@pytest.mark.parametrize("identifier", ["", ".", "..", "..."])
@pytest.mark.parametrize(
    "call",
    ["get_job", "get_template", "get_service", "get_server", "start_server", "stop_server", "reboot_server"],
)
def test_id_that_would_be_another_path_is_refused(
    api: LiteServerApi, server: MisbehavingServer, call: str, identifier: str
) -> None:
    with pytest.raises(InvalidOption):
        getattr(api, call)(identifier)
    assert server.count == 0


@pytest.mark.parametrize("job_ids", [[], (), ""])
def test_empty_delete_is_refused(api: LiteServerApi, server: MisbehavingServer, job_ids: object) -> None:
    with pytest.raises(InvalidOption):
        api.delete_jobs(job_ids)
    assert server.count == 0


@pytest.mark.parametrize("text", ["ü", "升级 🙂", "a&b=c", "100%", "+", "'", "a/b?c#d"])
def test_filter_arrives_as_it_was(api: LiteServerApi, server: MisbehavingServer, text: str) -> None:
    api.list_jobs(name=text)
    query = server.received[0].target.partition("?")[2]
    assert parse_qsl(query, strict_parsing=True) == [("name", text)]


def test_filters_go_with_every_page(api: LiteServerApi, server: MisbehavingServer) -> None:
    server.answers = [
        reply_json({"data": [{"id": "1"}], "total": 3, "current": 1, "pages": 3, "size": 1}),
        reply_json({"data": [{"id": "1"}, {"id": "2"}], "total": 3}),
        reply_json({"data": [{"id": "2"}, {"id": "3"}], "total": 3}),
    ]
    assert len(api.list_jobs(name="n", visible=True).records) == 3
    queries = [dict(parse_qsl(request.target.partition("?")[2])) for request in server.received]
    assert all((query["name"], query["visible"]) == ("n", "true") for query in queries)
    assert [query.get("offset") for query in queries] == [None, "0", "1"]
    # Sorted, because that is what is signed.
    targets = [request.target.partition("?")[2] for request in server.received]
    assert [sorted(target.split("&")) for target in targets] == [target.split("&") for target in targets]
