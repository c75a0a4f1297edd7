# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens: given ones, and ones that a password fetches and renews."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    AnswerLost,
    BadAnswer,
    LiteServerError,
    OutcomeUnknown,
    ServiceFailed,
    Throttled,
    Unauthorized,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._api_client import LiteServerApi
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._client import HttpClient
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._credentials import PasswordAuth, TokenAuth
from ansible_collections.modelarts.liteserver.tests.unit.transport.fake_clock import FakeClock
from ansible_collections.modelarts.liteserver.tests.unit.transport.misbehaving_server import (
    Answer,
    Cut,
    MisbehavingServer,
    Reply,
    reply_json,
)

RETRIES = 2


def token_answer(token: str, issued: Any = "2026-01-15T00:00:00.000000Z", expires: Any = None) -> Reply:
    """A login's answer."""
    times = {"issued_at": issued, "expires_at": expires}
    return reply_json({"token": {key: value for key, value in times.items() if value}}, 201, X_Subject_Token=token)


@pytest.fixture
def iam(other_server: MisbehavingServer) -> MisbehavingServer:
    """The identity service; it gives the tokens T1, T2, T3 ... of 24 hours."""
    other_server.answers = [token_answer(f"T{number}", expires="2026-01-16T00:00:00.000000Z") for number in range(1, 9)]
    return other_server


@pytest.fixture
def told() -> list[str]:
    """What on_token was called with."""
    return []


@pytest.fixture
def api(
    server: MisbehavingServer,
    iam: MisbehavingServer,
    client_of: Callable[..., HttpClient],
    clock: FakeClock,
    told: list[str],
) -> LiteServerApi:
    """The service with a password login."""
    server.answers = [reply_json({"id": "1"})]
    client = client_of(max_retries=RETRIES)
    auth = PasswordAuth(client, iam.url, "sre", "pass\u00fc word", "account", "project-1", clock, told.append)
    return LiteServerApi(client, server.url, "project-1", auth)


def tokens_of(server: MisbehavingServer) -> list[str | None]:
    return [request.header("X-Auth-Token") for request in server.received]


# The login


def test_login_request(api: LiteServerApi, iam: MisbehavingServer) -> None:
    api.get_job("1")
    (login,) = iam.received
    assert (login.method, login.target) == ("POST", "/v3/auth/tokens?nocatalog=true")
    assert (login.header("Content-Type") or "").startswith("application/json")
    assert login.header("X-Auth-Token") is None
    assert login.header("Authorization") is None
    assert json.loads(login.body) == {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {
                    "user": {"name": "sre", "password": "pass\u00fc word", "domain": {"name": "account"}},
                },
            },
            "scope": {"project": {"id": "project-1"}},
        }
    }


def test_no_login_before_it_is_needed(api: LiteServerApi, iam: MisbehavingServer) -> None:
    assert iam.count == 0


def test_one_token_serves_many_requests(
    api: LiteServerApi, server: MisbehavingServer, iam: MisbehavingServer, told: list[str]
) -> None:
    for _time in range(4):
        api.get_job("1")
    api.create_job({"name": "x"})
    assert iam.count == 1
    assert tokens_of(server) == ["T1"] * 5
    assert told == ["T1"]


def test_token_is_told_before_it_is_sent(
    server: MisbehavingServer, iam: MisbehavingServer, client_of: Callable[..., HttpClient], clock: FakeClock
) -> None:
    # Whoever keeps it out of the output must know it before the service can echo it.
    sent_when_told = []
    client = client_of()
    auth = PasswordAuth(client, iam.url, "u", "p", "d", "p", clock, lambda token: sent_when_told.append(server.count))
    server.answers = [reply_json({"id": "1"})]
    LiteServerApi(client, server.url, "p", auth).get_job("1")
    assert sent_when_told == [0]


@pytest.mark.parametrize("body", [Reply(201, b"{}"), reply_json([], 201), reply_json({"token": "x"}, 201)])
def test_login_whose_body_says_nothing(
    api: LiteServerApi, server: MisbehavingServer, iam: MisbehavingServer, clock: FakeClock, body: Reply
) -> None:
    body.headers["X-Subject-Token"] = "T"
    iam.answers = [body]
    api.get_job("1")
    clock.advance(10**6)
    api.get_job("1")
    assert tokens_of(server) == ["T", "T"]
    assert iam.count == 1


def test_login_without_a_token_is_a_bad_answer(
    api: LiteServerApi, server: MisbehavingServer, iam: MisbehavingServer
) -> None:
    iam.answers = [reply_json({"token": {}}, 201, X_Request_Id="r1")]
    with pytest.raises(BadAnswer, match="X-Subject-Token") as caught:
        api.get_job("1")
    assert caught.value.request_id == "r1"
    assert server.count == 0


# Renewal before the end


@pytest.mark.parametrize(
    "issued, expires, renewed_after",
    [
        # 24 hours: five minutes before the end.
        ("2026-01-15T00:00:00.000000Z", "2026-01-16T00:00:00.000000Z", 86400 - 300),
        ("2026-01-15T00:00:00Z", "2026-01-16T00:00:00Z", 86400 - 300),
        # The service's clock may be wrong by years, in both directions: only the difference matters.
        ("1999-01-15T00:00:00.000000Z", "1999-01-15T01:00:00.000000Z", 3600 - 300),
        ("2099-01-15T00:00:00.000000Z", "2099-01-15T01:00:00.000000Z", 3600 - 300),
        # Short ones: the last tenth.
        ("2026-01-15T00:00:00.000000Z", "2026-01-15T00:01:40.000000Z", 90),
        ("2026-01-15T23:59:50.999999Z", "2026-01-16T00:00:10.000001Z", 18),
    ],
)
def test_renewal_before_the_end(
    api: LiteServerApi,
    server: MisbehavingServer,
    iam: MisbehavingServer,
    clock: FakeClock,
    told: list[str],
    issued: str,
    expires: str,
    renewed_after: float,
) -> None:
    iam.answers = [token_answer("T1", issued, expires), token_answer("T2", issued, expires), token_answer("T3")]
    api.get_job("1")
    clock.advance(renewed_after - 1)
    api.get_job("1")
    clock.advance(2)
    api.get_job("1")
    clock.advance(renewed_after - 1)
    api.get_job("1")
    clock.advance(2)
    api.get_job("1")
    assert tokens_of(server) == ["T1", "T1", "T2", "T2", "T3"]
    assert told == ["T1", "T2", "T3"]
    assert iam.count == 3


def test_wall_clock_of_this_machine_is_not_asked(
    api: LiteServerApi, server: MisbehavingServer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def utc() -> None:
        raise AssertionError("the wall clock was asked")

    monkeypatch.setattr(clock, "utc", utc)
    api.get_job("1")
    clock.advance(90000)
    api.get_job("1")
    assert tokens_of(server) == ["T1", "T2"]


@pytest.mark.parametrize(
    "issued, expires",
    [
        (None, None),
        ("2026-01-15T00:00:00.000000Z", None),
        (None, "2026-01-15T00:00:00.000000Z"),
        ("2026-01-15T00:00:00.000000Z", "2026-01-15T00:00:00.000000Z"),
        ("2026-01-16T00:00:00.000000Z", "2026-01-15T00:00:00.000000Z"),
        ("yesterday", "tomorrow"),
        (1755005748201, 1755005931007),
        (["x"], {"y": 1}),
    ],
)
def test_times_that_say_nothing(
    api: LiteServerApi,
    server: MisbehavingServer,
    iam: MisbehavingServer,
    clock: FakeClock,
    issued: Any,
    expires: Any,
) -> None:
    iam.answers = [token_answer("T1", issued, expires), token_answer("T2", issued, expires)]
    api.get_job("1")
    clock.advance(10**6)
    api.get_job("1")
    assert tokens_of(server) == ["T1", "T1"]
    # Then a 401 is what renews it.
    server.answers = [Reply(401, b""), reply_json({"id": "1"})]
    api.get_job("1")
    assert tokens_of(server)[2:] == ["T1", "T2"]


# Renewal after a 401


@pytest.mark.parametrize("code", ["APIGW.0307", "APIGW.0301"])
@pytest.mark.parametrize("call", [lambda s: s.get_job("1"), lambda s: s.create_job({"name": "x"})])
def test_renewal_after_a_401(
    api: LiteServerApi,
    server: MisbehavingServer,
    iam: MisbehavingServer,
    clock: FakeClock,
    told: list[str],
    code: str,
    call: Callable,
) -> None:
    refusal = reply_json({"error_code": code, "error_msg": "The token must be updated"}, 401)
    server.answers = [refusal, reply_json({"id": "1"})]
    assert call(api) == {"id": "1"}
    assert tokens_of(server) == ["T1", "T2"]
    assert told == ["T1", "T2"]
    assert clock.pauses == []


def test_each_request_may_renew_once(api: LiteServerApi, server: MisbehavingServer, iam: MisbehavingServer) -> None:
    refusal, answer = Reply(401, b""), reply_json({"id": "1"})
    server.answers = [refusal, answer, refusal, answer]
    api.get_job("1")
    api.get_job("1")
    assert tokens_of(server) == ["T1", "T2", "T2", "T3"]


def test_renewal_and_repeats_together(api: LiteServerApi, server: MisbehavingServer, clock: FakeClock) -> None:
    server.answers = [Reply(503), Reply(401, b""), Reply(503), reply_json({"id": "1"})]
    assert api.get_job("1") == {"id": "1"}
    assert tokens_of(server) == ["T1", "T1", "T2", "T2"]
    assert len(clock.pauses) == 2


def test_401_twice_in_one_request_is_final_although_there_was_trouble_between(
    api: LiteServerApi, server: MisbehavingServer, iam: MisbehavingServer
) -> None:
    server.answers = [Reply(401, b""), Reply(503), Reply(401, b""), reply_json({"id": "1"})]
    with pytest.raises(Unauthorized) as caught:
        api.get_job("1")
    assert server.count == 3
    assert iam.count == 2
    assert "project_id" in (caught.value.hint or "")


# A login that fails


@pytest.mark.parametrize("call", [lambda s: s.get_job("1"), lambda s: s.create_job({"name": "x"})])
def test_wrong_password_is_tried_only_once(
    api: LiteServerApi,
    server: MisbehavingServer,
    iam: MisbehavingServer,
    clock: FakeClock,
    told: list[str],
    call: Callable,
) -> None:
    iam.answers = [reply_json({"error": {"code": 401, "message": "The username or password is wrong."}}, 401)]
    with pytest.raises(Unauthorized, match="log in") as caught:
        call(api)
    assert iam.count == 1
    assert server.count == 0
    assert clock.pauses == told == []
    assert "password" in (caught.value.hint or "")
    assert "pass\u00fc" not in str(caught.value)
    assert caught.value.outcome is None


def test_password_that_became_wrong_in_the_middle(
    api: LiteServerApi, server: MisbehavingServer, iam: MisbehavingServer
) -> None:
    api.get_job("1")
    server.answers = [Reply(401, b"")]
    iam.answers = [Reply(401, b"")]
    with pytest.raises(Unauthorized, match="log in"):
        api.create_job({"name": "x"})
    assert server.count == 2
    assert iam.count == 2


@pytest.mark.parametrize(
    "answer, error, logins",
    [
        (Cut(), AnswerLost, 1 + RETRIES),
        (Reply(503), ServiceFailed, 1 + RETRIES),
        (Reply(429, b""), Throttled, 1 + RETRIES),
        (Reply(201, b"<html>"), BadAnswer, 1),
        (Reply(201, b""), BadAnswer, 1),
        (Reply(400, b"{}"), LiteServerError, 1),
        (Reply(302, b"", {"Location": "/"}), LiteServerError, 1),
    ],
)
@pytest.mark.parametrize("expired", [False, True])
def test_login_that_fails_in_front_of_a_create_does_not_read_as_an_unknown_outcome(
    api: LiteServerApi,
    server: MisbehavingServer,
    iam: MisbehavingServer,
    clock: FakeClock,
    answer: Answer,
    error: type,
    logins: int,
    expired: bool,
) -> None:
    before = 0
    if expired:
        api.get_job("1")
        clock.advance(86400)
        before = 1
    iam.answers = [answer]
    with pytest.raises(error) as caught:
        api.create_job({"name": "x"})
    assert not isinstance(caught.value, OutcomeUnknown)
    assert caught.value.outcome is None
    assert "log in" in caught.value.message
    assert server.count == before
    assert iam.count == before + logins


def test_login_after_trouble(api: LiteServerApi, server: MisbehavingServer, iam: MisbehavingServer) -> None:
    iam.answers = [Reply(503), Cut(), token_answer("T")]
    assert api.create_job({"name": "x"}) == {"id": "1"}
    assert tokens_of(server) == ["T"]


# A token that is given


def test_given_token_is_never_renewed(server: MisbehavingServer, client_of: Callable[..., HttpClient]) -> None:
    server.answers = [reply_json({"error_code": "APIGW.0307", "error_msg": "The token must be updated"}, 401)]
    api = LiteServerApi(client_of(max_retries=5), server.url, "p", TokenAuth("GIVEN"))
    with pytest.raises(Unauthorized) as caught:
        api.get_job("1")
    assert tokens_of(server) == ["GIVEN"]
    assert "auth_token" in (caught.value.hint or "")
    assert "GIVEN" not in str(caught.value)
    assert TokenAuth("GIVEN").renew() is False
