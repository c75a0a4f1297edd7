# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials, tokens, locks, throttling, wrong paths, and the log."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import time

import pytest
import requests

LOGIN = {
    "auth": {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": "sim-user", "password": "sim-password", "domain": {"name": "sim-domain"}}},
        },
        "scope": {"project": {"name": "sim-region"}},
    }
}


def login(simulator, **query):
    return requests.post(f"{simulator.url}/v3/auth/tokens", json=LOGIN, params=query, timeout=10)


def signed(simulator, secret_key="simulatorSecretKeySimulatorSecretKey0000", age=0, **extra):
    """Headers of a GET of the job list, signed over the least that is allowed."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - age))
    uri = f"/v1/{simulator.project_id}/dev-servers/jobs/"
    canonical = f"GET\n{uri}\n\nx-sdk-date:{date}\n\nx-sdk-date\n{hashlib.sha256(b'').hexdigest()}"
    text = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret_key.encode(), text.encode(), "sha256").hexdigest()
    credential = "SDK-HMAC-SHA256 Access=SIMULATORACCESSKEY00, SignedHeaders=x-sdk-date"
    return {"X-Sdk-Date": date, "Authorization": f"{credential}, Signature={signature}", **extra}


def jobs(simulator, headers):
    url = f"{simulator.url}/v1/{simulator.project_id}/dev-servers/jobs"
    return requests.get(url, headers=headers, timeout=10)


def test_a_signature_over_the_date_alone_will_do(simulator):
    assert jobs(simulator, signed(simulator)).status_code == 200


def test_bad_signature(simulator, is_error):
    answer = jobs(simulator, signed(simulator, secret_key="other"))
    is_error(answer, 401, "APIGW.0301")
    assert "verify aksk signature fail" in answer.json()["error_msg"]


def test_signature_must_not_be_older_than_a_quarter_of_an_hour(simulator, is_error):
    assert jobs(simulator, signed(simulator, age=14 * 60)).status_code == 200
    for age in (16 * 60, -16 * 60):
        answer = jobs(simulator, signed(simulator, age=age))
        is_error(answer, 401, "APIGW.0301")
        assert "signature expired" in answer.json()["error_msg"]
    # The simulator's own time moves nothing here.
    simulator.advance(3600)
    simulator.set(clock_offset=3600)
    assert jobs(simulator, signed(simulator)).status_code == 200


@pytest.mark.parametrize("authorization", ["Basic dTpw", "SDK-HMAC-SHA256 Access=x", ""])
def test_other_authorization_headers_are_refused_even_beside_a_token(simulator, is_error, authorization):
    headers = {"Authorization": authorization, "X-Auth-Token": "sim-static-token"}
    is_error(jobs(simulator, headers), 401, "APIGW.0301")


def test_unknown_access_key(simulator, is_error):
    simulator.set(access_key="OTHER")
    answer = jobs(simulator, signed(simulator))
    is_error(answer, 401, "APIGW.0301")
    assert "Get secretKey failed" in answer.json()["error_msg"]


def test_security_token(simulator, is_error):
    is_error(jobs(simulator, signed(simulator, **{"X-Security-Token": "t"})), 401, "APIGW.0301")
    simulator.set(security_token="t")
    is_error(jobs(simulator, signed(simulator)), 401, "APIGW.0301")
    assert jobs(simulator, signed(simulator, **{"X-Security-Token": "t"})).status_code == 200
    assert simulator.credentials()["security_token"] == "t"


def test_six_bad_signatures_lock_the_key(simulator, is_error):
    simulator.set(lock_seconds=100)
    for _n in range(5):
        is_error(jobs(simulator, signed(simulator, secret_key="bad")), 401, "APIGW.0301")
    assert jobs(simulator, signed(simulator)).status_code == 200
    for _n in range(6):
        is_error(jobs(simulator, signed(simulator, secret_key="bad")), 401, "APIGW.0301")
    answer = jobs(simulator, signed(simulator))
    is_error(answer, 401, "APIG.0301")
    assert answer.json()["error_msg"].endswith("AK access failed to reach the limit,forbidden.")
    simulator.advance(101)
    assert jobs(simulator, signed(simulator)).status_code == 200


def test_login(simulator):
    answer = login(simulator)
    assert answer.status_code == 201
    token = answer.json()["token"]
    issued, expires = (datetime.datetime.fromisoformat(token[name]) for name in ("issued_at", "expires_at"))
    assert (expires - issued).total_seconds() == pytest.approx(86400, abs=0.001)
    assert token["project"]["id"] == simulator.project_id
    assert "catalog" in token
    assert "catalog" not in login(simulator, nocatalog="true").json()["token"]
    assert jobs(simulator, {"X-Auth-Token": answer.headers["X-Subject-Token"]}).status_code == 200


@pytest.mark.parametrize("setting", ["user_name", "password", "domain_name"])
def test_wrong_login(simulator, setting):
    simulator.set(**{setting: "other"})
    answer = login(simulator)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 401)
    assert "X-Subject-Token" not in answer.headers


def test_malformed_login(simulator):
    for body in ("x", "[]", "{}"):
        answer = requests.post(f"{simulator.url}/v3/auth/tokens", data=body, timeout=10)
        assert (answer.status_code, answer.json()["error"]["title"]) == (400, "Bad Request")


def test_login_for_another_project(simulator):
    body = {"auth": {**LOGIN["auth"], "scope": {"project": {"id": "other"}}}}
    assert requests.post(f"{simulator.url}/v3/auth/tokens", json=body, timeout=10).status_code == 401


@pytest.mark.parametrize(
    ("code", "text"), [("APIGW.0307", "The token must be updated"), ("APIGW.0301", "token expires")]
)
def test_tokens_expire(simulator, is_error, code, text):
    simulator.set(token_lifetime=100, token_error=code)
    headers = {"X-Auth-Token": login(simulator).headers["X-Subject-Token"]}
    simulator.advance(90)
    assert jobs(simulator, headers).status_code == 200
    simulator.advance(11)
    answer = jobs(simulator, headers)
    is_error(answer, 401, code)
    assert text in answer.json()["error_msg"]
    assert jobs(simulator, {"X-Auth-Token": simulator.token_credentials()["auth_token"]}).status_code == 200


def test_no_or_unknown_credentials(simulator, is_error):
    is_error(jobs(simulator, {}), 401, "APIGW.0301")
    is_error(jobs(simulator, {"X-Auth-Token": "never-issued"}), 401, "APIGW.0301")
    simulator.set(static_token="other")
    is_error(jobs(simulator, {"X-Auth-Token": "sim-static-token"}), 401, "APIGW.0301")


def test_wrong_project(simulator, is_error):
    url = f"{simulator.url}/v1/other/dev-servers/jobs"
    is_error(requests.get(url, headers={"X-Auth-Token": "sim-static-token"}, timeout=10), 403, "APIGW.0310")


def test_unknown_paths_and_methods(client, simulator, is_error):
    is_error(client.call("GET", "/jobs/x/y"), 404, "APIGW.0101")
    is_error(client.call("PATCH", "/jobs"), 404, "APIGW.0101")
    is_error(requests.get(f"{simulator.url}/", timeout=10), 404, "APIGW.0101")
    assert simulator.count("unknown") == 3


def test_an_encoded_slash_stays_in_the_id(client, is_error):
    answer = client.call("GET", "/jobs/a%2Fb")
    is_error(answer, 400, "ModelArts.6404")
    assert answer.json()["error_msg"] == "Job 'a/b' not found."


def test_too_large_a_body(client, is_error):
    is_error(client.call("POST", "/jobs", data=b"x" * (12 * 1024 * 1024 + 1)), 413, "APIGW.0201")


def test_throttle_is_a_sliding_window(client, simulator, is_error):
    simulator.set(throttle={"limit": 2, "window": 60, "scope": "ip"})
    assert client.call("GET", "/jobs").status_code == 200
    simulator.advance(40)
    assert client.call("GET", "/software").status_code == 200
    answer = client.call("GET", "/jobs")
    is_error(answer, 429, "APIGW.0308")
    assert answer.json()["error_msg"] == (
        "The throttling threshold has been reached: policy ip over ratelimit,limit:2,time:1 minute"
    )
    assert "Retry-After" not in answer.headers
    simulator.advance(21)
    assert [client.call("GET", "/jobs").status_code for _n in range(2)] == [200, 429]
    simulator.set(throttle_retry_after=True)
    assert 1 <= int(client.call("GET", "/jobs").headers["Retry-After"]) <= 40
    simulator.set(throttle=None)
    assert client.call("GET", "/jobs").status_code == 200


def test_throttle_per_api(client, simulator):
    simulator.set(throttle={"limit": 1, "window": 5, "scope": "api"})
    assert [client.call("GET", path).status_code for path in ("/jobs", "/software", "/jobs")] == [200, 200, 429]
    assert "time:5 second" in client.call("GET", "/jobs").json()["error_msg"]


def test_the_log(client, simulator):
    client.created()
    client.call("GET", "/jobs", params={"name": "a b"}, headers={"User-Agent": "me/1"})
    jobs(simulator, signed(simulator, secret_key="bad"))
    create, listing, refused = simulator.requests()
    assert (create["n"], create["operation"], create["method"], create["status"]) == (1, "create_job", "POST", 200)
    assert create["path"] == f"/v1/{simulator.project_id}/dev-servers/jobs"
    assert create["body"]["server_ids"] == [simulator.server_id(1)]
    assert (create["auth"], create["fault"]) == ("token", None)
    assert (listing["query"], listing["user_agent"], listing["body"]) == ({"name": "a b"}, "me/1", None)
    assert listing["at"] >= create["at"]
    assert (refused["auth"], refused["status"]) == ("aksk", 401)
    assert simulator.requests("create_job") == [create]
    counts = simulator.counts()
    assert (counts["create_job"], counts["list_jobs"], counts["total"], counts["writes"]) == (1, 2, 3, 1)
    client.call("PUT", f"/{simulator.server_id(1)}/stop")
    assert simulator.count("writes") == 2
    simulator.clear_requests()
    assert simulator.requests() == []
    assert simulator.count("total") == 0


def test_bodies_need_not_be_recorded(client, simulator):
    simulator.set(record_bodies=False)
    client.created()
    assert simulator.requests()[0]["body"] is None
