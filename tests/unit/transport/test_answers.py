# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer means: error bodies of every producer, and bodies that are no answer at all."""

from __future__ import annotations

# A boolean is a number to isinstance, and a subclass of an error is not the error that is meant.
# pylint: disable=unidiomatic-typecheck
import gzip
import json
import socket
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils import _errors as errors
from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    ApiError,
    BadAnswer,
    InternalError,
    InvalidOption,
    LiteServerError,
    NotFound,
    OutcomeUnknown,
    ServiceFailed,
    Throttled,
    Unauthorized,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport import _answers
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._api_client import LiteServerApi
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._client import HttpClient
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._credentials import NoAuth
from ansible_collections.modelarts.liteserver.tests.unit.transport.misbehaving_server import (
    MisbehavingServer,
    Reply,
    reply_json,
)

JOB = {"id": "64e004ec-6cb0-401f-a7c0-ec2557626b16", "name": "x"}


@pytest.fixture
def api(server: MisbehavingServer, client_of: Callable[..., HttpClient]) -> LiteServerApi:
    """The service behind the server; it repeats nothing."""
    return LiteServerApi(client_of(max_retries=0), server.url, "project", NoAuth())


def failure_of(api: LiteServerApi, server: MisbehavingServer, answer: Reply) -> LiteServerError:
    """The error that an answer to a read becomes."""
    server.answers = [answer]
    with pytest.raises(LiteServerError) as caught:
        api.get_job("1")
    return caught.value


# Error bodies


@pytest.mark.parametrize(
    "body, code, message, request_id",
    [
        ({"error_code": "ModelArts.7000", "error_msg": "not valid"}, "ModelArts.7000", "not valid", "from-header"),
        (
            {"error_msg": "no", "error_code": "APIGW.0201", "request_id": "from-body"},
            "APIGW.0201",
            "no",
            "from-body",
        ),
        ({"error": {"code": 400, "message": "bad scope"}}, "400", "bad scope", "from-header"),
        ({"error": {"code": "IAM.0001", "message": "bad"}}, "IAM.0001", "bad", "from-header"),
        ({"code": "X.1", "message": "flat"}, "X.1", "flat", "from-header"),
        ({"errorCode": "X.2", "errorMsg": "camel"}, "X.2", "camel", "from-header"),
        ({"error": {"error_code": "X.3", "error_msg": "nested"}}, "X.3", "nested", "from-header"),
        ({"error": {"errorCode": "X.4", "errorMsg": "nested camel"}}, "X.4", "nested camel", "from-header"),
        (
            {"error_code": "X.5", "error_msg": "policy", "encoded_authorization_message": "AAAA"},
            "X.5",
            "policy",
            "from-header",
        ),
        ({"error_msg": "no code"}, "api_error", "no code", "from-header"),
        ({"error_code": None, "error_msg": "null code"}, "api_error", "null code", "from-header"),
        ({"something": "else"}, "api_error", "something", "from-header"),
        (["a list"], "api_error", "a list", "from-header"),
        ("a text", "api_error", "a text", "from-header"),
        (None, "api_error", "null", "from-header"),
        ({"error_code": {"x": 1}, "error_msg": ["y"]}, "api_error", "y", "from-header"),
        ({"error_code": "X.6", "error_msg": "升级失败", "request_id": 7}, "X.6", "升级失败", "from-header"),
    ],
)
def test_error_body(
    api: LiteServerApi, server: MisbehavingServer, body: Any, code: str, message: str, request_id: str
) -> None:
    error = failure_of(api, server, reply_json(body, 400, X_Request_Id="from-header"))
    assert type(error) is ApiError
    assert (error.code, error.http_status, error.request_id) == (code, 400, request_id)
    assert message in error.message
    assert "read job '1'" in error.message
    assert "400" in error.message
    assert request_id in str(error)
    assert error.outcome is None
    assert not error.retryable


def test_first_pair_that_has_a_message_is_taken(api: LiteServerApi, server: MisbehavingServer) -> None:
    body = {"code": "outer", "message": "flat", "error": {"code": "inner", "message": "nested"}}
    error = failure_of(api, server, reply_json(body, 400))
    assert (error.code, "flat" in error.message) == ("outer", True)


@pytest.mark.parametrize(
    "answer, expected",
    [
        (Reply(400, b"<html><body>Bad <b>Request</b></body></html>", {"Content-Type": "text/html"}), "<html>"),
        (Reply(400, b"", {"Content-Type": "text/plain"}), "text/plain"),
        (Reply(400, b"   \n"), "400"),
        (Reply(400, b"\xff\xfe\xfa"), "400"),
    ],
)
def test_error_that_is_not_json(api: LiteServerApi, server: MisbehavingServer, answer: Reply, expected: str) -> None:
    error = failure_of(api, server, answer)
    assert type(error) is ApiError
    assert expected in error.message
    assert len(error.message) < 400


def test_request_id_header_in_any_spelling(api: LiteServerApi, server: MisbehavingServer) -> None:
    assert failure_of(api, server, Reply(400, b"", {"x-request-id": "low"})).request_id == "low"
    assert failure_of(api, server, Reply(400, b"", {"X-request-id": "odd"})).request_id == "odd"
    assert failure_of(api, server, Reply(400, b"")).request_id is None


@pytest.mark.parametrize(
    "status, code, kind",
    [
        (404, None, NotFound),
        (404, "ModelArts.50025001", NotFound),
        (404, "ModelArts.6404", NotFound),
        (400, "ModelArts.6404", NotFound),
        (404, "APIGW.0101", ApiError),
        (404, "APIG.0101", ApiError),
        (400, "ModelArts.7000", ApiError),
        (400, None, ApiError),
        (403, "APIGW.0302", ApiError),
        (409, None, ApiError),
        (413, "APIGW.0201", ApiError),
        (429, "APIGW.0308", Throttled),
        (429, "APIG.0308", Throttled),
        (401, "APIGW.0307", Unauthorized),
        (401, "ModelArts.6404", Unauthorized),
        (500, "ModelArts.50005000", ServiceFailed),
        (500, "ModelArts.6404", ServiceFailed),
        (503, "APIGW.0101", ServiceFailed),
    ],
)
def test_kind_of_error(
    api: LiteServerApi, server: MisbehavingServer, status: int, code: str | None, kind: type
) -> None:
    body = {"error_code": code, "error_msg": "text"} if code else {}
    error = failure_of(api, server, reply_json(body, status))
    assert type(error) is kind
    assert error.http_status == status
    assert error.code == (code or "api_error")
    assert error.retryable == (status == 429 or status >= 500)


@pytest.mark.parametrize(
    "status, code, hint",
    [
        (404, "APIGW.0101", "region"),
        (404, "APIG.0101", "endpoint"),
        (403, "APIGW.0302", "permission"),
        (403, "APIGW.0310", "project_id"),
        (302, "X", "redirect"),
        (401, "APIGW.0301", "password"),
        (429, "APIGW.0308", "wait_sleep"),
    ],
)
def test_hint(api: LiteServerApi, server: MisbehavingServer, status: int, code: str, hint: str) -> None:
    error = failure_of(api, server, reply_json({"error_code": code, "error_msg": "text"}, status))
    assert hint in (error.hint or "")
    assert error.hint and error.hint in str(error)


# What must not reach a terminal


def unprintable_of(error: LiteServerError) -> list[str]:
    """The texts of an error that have characters which a terminal would act on."""
    texts = [str(error), *(value for value in error.as_result().values() if isinstance(value, str))]
    # As ASCII, because a report of pytest cannot hold a surrogate.
    return [ascii(text) for text in texts if not text.isprintable()]


@pytest.mark.parametrize(
    "body",
    [
        {"error_code": "X", "error_msg": "\x1b[31mred\x07\nmore\r\x9b31m"},
        {"error_code": "\x1b[31mX", "error_msg": "text"},
        {"error_code": "X", "error_msg": "text", "request_id": "\x1b]0;title\x07"},
        {"error_code": "X", "error_msg": "lone \ud800 surrogate"},
        {"error_code": "X", "error_msg": "right-to-left \u202e override"},
    ],
)
def test_control_characters_of_an_error_body_are_not_passed_on(
    api: LiteServerApi, server: MisbehavingServer, body: dict
) -> None:
    error = failure_of(api, server, reply_json(body, 400))
    assert not unprintable_of(error)


@pytest.mark.parametrize(
    "answer",
    [
        Reply(400, b"\x1b[31mred\x07\x00\r\n\xff"),
        Reply(200, b"\x1b[31mred\x07\x00\r\n\xff"),
        Reply(400, b"", {"Content-Type": "\x1b[31mred"}),
        Reply(400, b"", {"X-Request-Id": "\x1b[31mred"}),
        Reply(200, b"", {"X-Request-Id": "\x1b[31mred"}),
        Reply(400, json.dumps(["\x1b[31mred"], ensure_ascii=False).encode()),
    ],
)
def test_control_characters_of_other_answers_are_not_passed_on(
    api: LiteServerApi, server: MisbehavingServer, answer: Reply
) -> None:
    error = failure_of(api, server, answer)
    assert not unprintable_of(error)


def test_message_of_a_huge_error_is_short(api: LiteServerApi, server: MisbehavingServer) -> None:
    error = failure_of(api, server, reply_json({"error_code": "X", "error_msg": "x" * 1_000_000}, 400))
    assert len(str(error)) < 10_000


# Bodies that are no answer


@pytest.mark.parametrize(
    "answer, text",
    [
        (Reply(200, b""), "empty"),
        (Reply(200, b" \r\n "), "empty"),
        (Reply(200, b"<html>Welcome to the hotel</html>"), "hotel"),
        (Reply(200, b'{"id": '), "not JSON"),
        (Reply(200, b'{"id": "1"} trailing'), "not JSON"),
        (Reply(200, b"\xff\xfe\xfa"), "not JSON"),
        (Reply(200, '{"id": "ü"}'.encode("latin-1")), "not JSON"),
        (Reply(200, b"[" * 200_000), "not JSON"),
        (Reply(200, b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "not JSON"),
        (Reply(200, b'{"id": ' + b"9" * 5_000 + b"}"), ""),
        (reply_json([]), "id"),
        (reply_json(None), "id"),
        (reply_json("text"), "id"),
        (reply_json({}), "id"),
        (reply_json({"id": None}), "id"),
        (reply_json({"id": 1}), "id"),
        (reply_json({"id": ""}), "id"),
    ],
)
def test_bad_answer_to_a_read(api: LiteServerApi, server: MisbehavingServer, answer: Reply, text: str) -> None:
    answer.headers["X-Request-Id"] = "r1"
    error = failure_of(api, server, answer)
    assert type(error) is BadAnswer
    assert (error.code, error.http_status, error.request_id) == ("bad_answer", 200, "r1")
    assert text in error.message
    assert "read job '1'" in error.message
    assert error.hint
    assert len(error.message) < 400


def test_null_is_an_empty_list(api: LiteServerApi, server: MisbehavingServer) -> None:
    server.answers = [reply_json({"data": None, "total": 0})]
    listing = api.list_jobs()
    assert (listing.records, listing.complete) == ([], True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"data": {"id": "1"}},
        {"data": ["1"]},
        {"data": [{"id": "1"}, {}]},
        {"data": [{"id": 1}]},
        {"data": [{"id": ""}]},
    ],
)
def test_bad_answer_to_a_list(api: LiteServerApi, server: MisbehavingServer, body: Any) -> None:
    server.answers = [reply_json(body, X_Request_Id="r1")]
    with pytest.raises(BadAnswer) as caught:
        api.list_jobs()
    assert caught.value.request_id == "r1"
    with pytest.raises(BadAnswer):
        api.list_templates()
    with pytest.raises(BadAnswer):
        api.list_servers()
    with pytest.raises(OutcomeUnknown) as unknown:
        api.delete_jobs(["1"])
    assert unknown.value.request_id == "r1"


def test_null_is_an_empty_list_and_no_answer_to_a_delete(api: LiteServerApi, server: MisbehavingServer) -> None:
    server.answers = [reply_json({"data": None})]
    assert api.list_jobs().records == []
    assert api.list_software() == []
    with pytest.raises(OutcomeUnknown):
        api.delete_jobs(["1"])


@pytest.mark.parametrize("body", [{}, [], {"data": {}}, {"data": ["x"]}])
def test_bad_answer_to_a_list_without_ids(api: LiteServerApi, server: MisbehavingServer, body: Any) -> None:
    server.answers = [reply_json(body)]
    with pytest.raises(BadAnswer):
        api.list_software()
    # These records have no ids, so that none is asked for.
    server.answers = [reply_json({"data": [{"flavor_type": "x"}]})]
    assert api.list_software() == [{"flavor_type": "x"}]


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]", b'{"id": 5}'])
def test_bad_answer_to_a_create_leaves_its_outcome_unknown(
    api: LiteServerApi, server: MisbehavingServer, body: bytes
) -> None:
    server.answers = [Reply(200, body, {"X-Request-Id": "r1"})]
    with pytest.raises(OutcomeUnknown) as caught:
        api.create_job({"name": "x"})
    assert (caught.value.code, caught.value.request_id, caught.value.http_status) == ("bad_answer", "r1", 200)
    assert "create job 'x'" in caught.value.message


# Sizes


def test_answer_up_to_the_limit(api: LiteServerApi, server: MisbehavingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps(JOB).encode()
    monkeypatch.setattr(_answers, "MAX_ANSWER_BYTES", len(body))
    server.answers = [Reply(200, body)]
    assert api.get_job("1") == JOB
    server.answers = [Reply(200, body + b" ")]
    with pytest.raises(BadAnswer, match="larger than"):
        api.get_job("1")


BIG = 50_000_000
BOMB = gzip.compress(b" " * BIG)


class Wire:
    """An answer as bytes."""

    def __init__(self, wire: bytes) -> None:
        self._wire = wire

    def act(self, connection: socket.socket) -> bool:
        """Send as much as the client takes."""
        connection.sendall(self._wire)
        return False


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 429, 503])
@pytest.mark.parametrize("bomb", [False, True])
def test_answer_over_the_limit_is_not_held_in_memory(
    api: LiteServerApi, server: MisbehavingServer, monkeypatch: pytest.MonkeyPatch, status: int, bomb: bool
) -> None:
    monkeypatch.setattr(_answers, "MAX_ANSWER_BYTES", 1 << 20)
    answer = Reply(status, BOMB, {"Content-Encoding": "gzip"}) if bomb else Reply(status, b" " * BIG)
    answer.headers["Location"] = "/elsewhere"
    # The server's copy of the answer is made before, so that it does not count.
    wire = answer.wire()
    server.answers = [Wire(wire)]
    tracemalloc.start()
    try:
        with pytest.raises((BadAnswer, ApiError)):
            api.get_job("1")
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < BIG / 4


def test_gzip_is_unpacked(api: LiteServerApi, server: MisbehavingServer) -> None:
    server.answers = [Reply(200, gzip.compress(json.dumps(JOB).encode()), {"Content-Encoding": "gzip"})]
    assert api.get_job("1") == JOB
    server.answers = [Reply(200, zlib.compress(json.dumps(JOB).encode()), {"Content-Encoding": "deflate"})]
    assert api.get_job("1") == JOB


@pytest.mark.parametrize("body", [b"not gzip", gzip.compress(json.dumps(JOB).encode())[:-12]], ids=["other", "cut"])
def test_broken_gzip_is_a_bad_answer_with_the_request_id(
    api: LiteServerApi, server: MisbehavingServer, body: bytes
) -> None:
    error = failure_of(api, server, Reply(200, body, {"Content-Encoding": "gzip", "X-Request-Id": "r1"}))
    assert type(error) is BadAnswer
    assert error.request_id == "r1"


def test_limit_is_more_than_5000_servers_need() -> None:
    assert _answers.MAX_ANSWER_BYTES >= 20_000_000


# What is passed on


def test_good_answers_are_passed_on_whole(api: LiteServerApi, server: MisbehavingServer) -> None:
    job = {"id": "1", "name": "升级", "undocumented": [1, {"a": None}], "create_at": 1755005748201}
    server.answers = [reply_json(job)]
    assert api.get_job("1") == job
    assert api.create_job({"name": "x"}) == job
    server.answers = [Reply(200, b"\xef\xbb\xbf" + json.dumps(job).encode())]
    assert api.get_job("1") == job


def test_status_201_and_202_are_successes(api: LiteServerApi, server: MisbehavingServer) -> None:
    server.answers = [reply_json(JOB, 201), reply_json(JOB, 202)]
    assert api.create_job({"name": "x"}) == JOB
    assert api.create_job({"name": "x"}) == JOB


# The error classes


def every_error() -> list[type[LiteServerError]]:
    return [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, LiteServerError)]


# InternalError says what it is made of, see test_a_defect_is_told_without_its_values.
@pytest.mark.parametrize("kind", [kind for kind in every_error() if kind is not InternalError])
def test_error_in_a_result_has_always_the_same_keys(kind: type[LiteServerError]) -> None:
    error = kind("what happened", hint="do that", request_id="r1")
    result = error.as_result()
    assert list(result) == ["code", "http_status", "request_id", "message", "retryable", "hint", "outcome"]
    assert result["message"] == "what happened"
    assert isinstance(result["retryable"], bool)
    assert result["code"]
    assert result["outcome"] == ("unknown" if kind is OutcomeUnknown else None)
    assert str(error) == "what happened. Hint: do that (request id r1)"


def test_a_defect_is_told_without_its_values() -> None:
    with pytest.raises(KeyError) as raised:
        raise KeyError("the-secret")
    error = InternalError(raised.value)
    result = error.as_result()
    assert list(result) == list(LiteServerError("x").as_result())
    assert (result["code"], result["outcome"], result["retryable"]) == ("internal_error", "unknown", False)
    assert result["message"].startswith("internal error: KeyError in test_answers.py:")
    assert "the-secret" not in str(error)


def test_codes_of_our_own_are_different() -> None:
    own = [kind for kind in every_error() if kind is not LiteServerError and not issubclass(kind, ApiError)]
    assert len({kind.code for kind in own}) == len(own) >= 10


def test_text_of_an_error() -> None:
    assert str(LiteServerError("it broke")) == "it broke"
    assert str(LiteServerError("it broke!", hint="mend it")) == "it broke! Hint: mend it"
    assert str(LiteServerError("it broke", request_id="1")) == "it broke (request id 1)"
    assert InvalidOption("x").code == "invalid_option"
