# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault kind, at the write where it matters most."""

from __future__ import annotations

import json

import pytest
import requests

BEFORE = ["drop_before", "throttled", "error_500", "error_502_html", "error_503_before", "unauthorized", "not_found"]
AFTER = ["drop_after", "error_503_after", "error_504_after", "bad_json", "empty_body", "wrong_shape"]


def create(client):
    """The answer to a create, or None if the connection was closed."""
    try:
        return client.create()
    except requests.ConnectionError:
        return None


@pytest.mark.parametrize("kind", BEFORE)
def test_faults_before_the_commit(client, simulator, kind):
    simulator.fault("create_job", kind)
    answer = create(client)
    assert answer is None or answer.status_code >= 400
    assert simulator.jobs() == []
    assert simulator.requests("create_job")[0]["fault"] == kind
    assert create(client).status_code == 200


@pytest.mark.parametrize("kind", AFTER)
def test_faults_after_the_commit(client, simulator, kind):
    simulator.fault("create_job", kind)
    answer = create(client)
    assert answer is None or "id" not in answer.text or kind in ("bad_json", "error_503_after", "error_504_after")
    assert len(simulator.jobs()) == 1
    assert simulator.requests("create_job")[0]["fault"] == kind


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_drops_close_the_connection(client, simulator, kind):
    simulator.fault("list_jobs", kind)
    with pytest.raises(requests.ConnectionError):
        client.get("/jobs")
    assert simulator.requests()[0]["status"] is None


def test_throttled(client, simulator, is_error):
    simulator.fault("list_jobs", "throttled")
    simulator.fault("list_jobs", "throttled", retry_after=3, window="5 second", limit=7, scope="ip")
    answer = client.call("GET", "/jobs")
    is_error(answer, 429, "APIGW.0308")
    assert "Retry-After" not in answer.headers
    assert answer.json()["error_msg"].endswith("policy user over ratelimit,limit:100,time:1 minute")
    answer = client.call("GET", "/jobs")
    assert answer.headers["Retry-After"] == "3"
    assert answer.json()["error_msg"].endswith("policy ip over ratelimit,limit:7,time:5 second")


def test_error_answers(client, simulator, is_error):
    for kind in ("error_500", "error_502_html", "error_503_before", "error_503_after", "error_504_after"):
        simulator.fault("get_server", kind)
    for kind in ("unauthorized", "forbidden", "not_found"):
        simulator.fault("get_server", kind)
    path = f"/{simulator.server_id(1)}"
    is_error(client.call("GET", path), 500, "ModelArts.0010")
    html = client.call("GET", path)
    assert (html.status_code, html.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert html.text.startswith("<html>")
    is_error(client.call("GET", path), 503, "APIGW.0613")
    is_error(client.call("GET", path), 503, "APIGW.0613")
    is_error(client.call("GET", path), 504, "APIGW.0201")
    is_error(client.call("GET", path), 401, "APIGW.0301")
    is_error(client.call("GET", path), 403, "APIGW.0302")
    is_error(client.call("GET", path), 400, "ModelArts.6404")


@pytest.mark.parametrize("kind", ["error_500", "error_502_html"])
def test_errors_after_the_commit_on_request(client, simulator, kind):
    simulator.fault("create_job", kind, when="after")
    assert create(client).status_code >= 500
    assert len(simulator.jobs()) == 1


def test_answers_that_are_no_answer(client, simulator):
    for kind in ("bad_json", "empty_body", "wrong_shape"):
        simulator.fault("list_jobs", kind)
    simulator.fault("list_jobs", "wrong_shape", body={"data": None})
    answer = client.call("GET", "/jobs")
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)
    assert client.call("GET", "/jobs").content == b""
    assert client.get("/jobs") == ["unexpected"]
    assert client.get("/jobs") == {"data": None}


def test_slow_answers_in_the_end(client, simulator):
    simulator.fault("get_job", "slow", delay=0.2)
    job = client.created()
    answer = client.call("GET", f"/jobs/{job['id']}")
    assert answer.json()["id"] == job["id"]
    assert answer.elapsed.total_seconds() >= 0.2


def test_slow_after_the_commit(client, simulator):
    simulator.fault("create_job", "slow", delay=30, when="after")
    with pytest.raises(requests.ReadTimeout):
        client.call(
            *("POST", "/jobs"),
            json={"name": "a", "type": "COMMON", "server_ids": [simulator.server_id(1)], "items": [{"type": "COMMON"}]},
            timeout=0.3,
        )
    assert len(simulator.jobs()) == 1


def test_slow_before_the_commit(client, simulator):
    simulator.fault("create_job", "slow", delay=30)
    with pytest.raises(requests.ReadTimeout):
        client.call(
            *("POST", "/jobs"),
            json={"name": "a", "type": "COMMON", "server_ids": [simulator.server_id(1)], "items": [{"type": "COMMON"}]},
            timeout=0.3,
        )
    assert simulator.jobs() == []


def test_redirect(client, simulator):
    simulator.fault("list_jobs", "redirect", location="http://127.0.0.1:9/elsewhere")
    answer = client.call("GET", "/jobs")
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:9/elsewhere")


def test_a_fleet_that_shifts_between_two_pages(client, simulator):
    def page(offset):
        return [int(server["name"][-5:]) for server in client.get(limit=4, offset=offset)["data"]]

    simulator.fault("list_servers", "grows", count=2)
    assert page(0) == [1, 2, 3, 4]
    assert page(4) == [3, 4, 5, 6]
    assert page(0) == [14, 13, 1, 2]
    simulator.fault("list_servers", "shrinks", count=3)
    assert page(0) == [14, 13, 1, 2]
    assert page(4) == [6, 7, 8, 9]
    assert client.call("GET", f"/{simulator.server_id(1)}").status_code == 400
    assert len(client.get("/hyperinstance")["data"][0]["servers"]) == 5


def test_jobs_that_shift_between_two_pages(client, simulator):
    for name in "abc":
        client.created(name=name)

    def page(offset):
        return [job["name"] for job in client.get("/jobs", limit=2, offset=offset)["data"]]

    simulator.fault("list_jobs", "grows")
    assert page(0) == ["c", "b"]
    assert page(2) == ["b", "a"]
    simulator.fault("list_jobs", "shrinks", count=2)
    assert page(0) == ["shift-00004", "c"]
    assert page(0) == ["b", "a"]


def test_times_and_skip(client, simulator):
    simulator.fault("list_jobs", "error_500", times=2, skip=1)
    assert [client.call("GET", "/jobs").status_code for _n in range(4)] == [200, 500, 500, 200]
    simulator.fault("*", "error_500", times=None)
    assert [client.call("GET", path).status_code for path in ("/jobs", "/all", "/software")] == [500] * 3
    assert simulator.faults() == [{"operation": "*", "kind": "error_500", "times": None, "skip": 0}]
    simulator.clear_faults()
    assert client.call("GET", "/jobs").status_code == 200


def test_a_skipping_rule_lets_the_call_pass_to_the_next(client, simulator):
    simulator.fault("list_jobs", "error_500", skip=1)
    simulator.fault("*", "error_503_before")
    assert [client.call("GET", "/jobs").status_code for _n in range(3)] == [503, 500, 200]


def test_refused_requests_use_up_no_fault(client, simulator):
    simulator.fault("list_jobs", "error_500")
    assert client.call("GET", "/jobs", headers={"X-Auth-Token": "wrong"}).status_code == 401
    assert client.call("GET", "/jobs").status_code == 500


def test_faults_at_the_login(simulator):
    simulator.fault("create_token", "error_503_before")
    assert requests.post(f"{simulator.url}/v3/auth/tokens", json={}, timeout=10).status_code == 503


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"operation": "nope", "kind": "slow"}, "unknown operation"),
        ({"operation": "*", "kind": "nope"}, "unknown kind"),
        ({"operation": "*", "kind": "slow"}, "needs a delay"),
        ({"operation": "*", "kind": "slow", "delay": 1, "when": "later"}, "when must be"),
        ({"operation": "*", "kind": "redirect"}, "needs a location"),
        ({"operation": "*", "kind": "bad_json", "delay": 1}, "does not take delay"),
        ({"operation": "*", "kind": "bad_json", "times": 0}, "times must be"),
        ({"operation": "*", "kind": "bad_json", "skip": -1}, "skip must be"),
        ({"operation": "*", "kind": "throttled", "retry_after": "x"}, "retry_after must be"),
        ({"operation": "*", "kind": "throttled", "limit": 0}, "limit must be"),
        ({"operation": "*", "kind": "throttled", "window": 5}, "window must be"),
        ({"operation": "get_job", "kind": "grows"}, "goes with one of"),
        ({"operation": "list_jobs", "kind": "shrinks", "count": 0}, "count must be"),
        ("x", "must be an object"),
    ],
)
def test_a_bad_rule_is_refused_with_all_beside_it(simulator, rule, text):
    good = {"operation": "*", "kind": "bad_json"}
    answer = requests.post(f"{simulator.url}/_control/faults", json=[good, rule], timeout=10)
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert simulator.faults() == []
