# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which request is repeated after which trouble: every cell, against a server that really misbehaves.

The expected table is written out here on purpose, and not taken from the product.
"""

from __future__ import annotations

# A boolean is a number to isinstance, and a subclass of an error is not the error that is meant.
# pylint: disable=unidiomatic-typecheck
import contextlib
import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    AnswerLost,
    ApiError,
    BadAnswer,
    LiteServerError,
    NotFound,
    OutcomeUnknown,
    ServiceFailed,
    Throttled,
    TlsFailed,
    Unauthorized,
    Unreachable,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._api_client import LiteServerApi
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._client import HttpClient
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._credentials import (
    NoAuth,
    PasswordAuth,
    TokenAuth,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._exchange import Call
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._retry import Backoff, Kind
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._signing import AccessKeyAuth
from ansible_collections.modelarts.liteserver.tests.unit.transport.fake_clock import FakeClock
from ansible_collections.modelarts.liteserver.tests.unit.transport.misbehaving_server import (
    Answer,
    Cut,
    Hang,
    MisbehavingServer,
    PlainSpeaker,
    RecordingProxy,
    Reply,
    reply_json,
)

# The client gives up after so many seconds; only tests of servers that never answer use it.
SHORT = 0.15
RETRIES = 2
METHODS = {Kind.READ: "GET", Kind.POLL: "GET", Kind.CREATE: "POST", Kind.CHANGE: "DELETE"}

THROTTLED = reply_json({"error_code": "APIGW.0308", "error_msg": "Too many requests"}, 429)
WINDOW = reply_json(
    {
        "error_code": "APIGW.0308",
        "error_msg": "The throttling threshold has been reached: policy user over ratelimit,limit:100,time:1 minute",
    },
    429,
)
ANSWER = reply_json({"id": "1"})
HTML = Reply(502, b"<html><body>Bad Gateway</body></html>", {"Content-Type": "text/html"})

REPEATED, LOOKED_FOR, FINAL = "repeated", "looked for", "final"


@dataclass(frozen=True)
class Trouble:
    """What the server does, what error that is, and what each kind of request does about it."""

    answer: Answer
    error: type[LiteServerError]
    read: str
    poll: str
    create: str
    change: str
    timeout: float = 20

    def expected(self, kind: Kind) -> str:
        """The cell of the table."""
        return {Kind.READ: self.read, Kind.POLL: self.poll, Kind.CREATE: self.create, Kind.CHANGE: self.change}[kind]


# A poll is repeated by the wait that it belongs to, so the client itself does not repeat it.
TROUBLES = {
    # name: (answer, error, GET, GET in a wait, create, delete and power)
    "429": Trouble(THROTTLED, Throttled, REPEATED, FINAL, REPEATED, REPEATED),
    "429 with a window": Trouble(WINDOW, Throttled, REPEATED, FINAL, REPEATED, REPEATED),
    "429 as HTML": Trouble(Reply(429, HTML.body), Throttled, REPEATED, FINAL, REPEATED, REPEATED),
    "429 empty": Trouble(Reply(429, b""), Throttled, REPEATED, FINAL, REPEATED, REPEATED),
    "500": Trouble(
        reply_json({"error_code": "X.1", "error_msg": "x"}, 500), ServiceFailed, REPEATED, FINAL, LOOKED_FOR, LOOKED_FOR
    ),
    "502 as HTML": Trouble(HTML, ServiceFailed, REPEATED, FINAL, LOOKED_FOR, LOOKED_FOR),
    "503 empty": Trouble(Reply(503, b""), ServiceFailed, REPEATED, FINAL, LOOKED_FOR, LOOKED_FOR),
    "504": Trouble(reply_json({}, 504), ServiceFailed, REPEATED, FINAL, LOOKED_FOR, LOOKED_FOR),
    "closed before the answer": Trouble(Cut(), AnswerLost, REPEATED, FINAL, LOOKED_FOR, LOOKED_FOR),
    "reset before the answer": Trouble(Cut(reset=True), AnswerLost, REPEATED, FINAL, LOOKED_FOR, LOOKED_FOR),
    "closed in the answer": Trouble(Cut(ANSWER), AnswerLost, REPEATED, FINAL, LOOKED_FOR, LOOKED_FOR),
    "reset in the answer": Trouble(Cut(ANSWER, reset=True), AnswerLost, REPEATED, FINAL, LOOKED_FOR, LOOKED_FOR),
    "time-out before the answer": Trouble(Hang(), AnswerLost, REPEATED, FINAL, LOOKED_FOR, LOOKED_FOR, SHORT),
    "time-out in the answer": Trouble(Hang(ANSWER), AnswerLost, REPEATED, FINAL, LOOKED_FOR, LOOKED_FOR, SHORT),
    "200 as HTML": Trouble(Reply(200, HTML.body), BadAnswer, FINAL, FINAL, LOOKED_FOR, LOOKED_FOR),
    "200 empty": Trouble(Reply(200, b""), BadAnswer, FINAL, FINAL, LOOKED_FOR, LOOKED_FOR),
    "204": Trouble(Reply(204, b""), BadAnswer, FINAL, FINAL, LOOKED_FOR, LOOKED_FOR),
    "200 with half a JSON": Trouble(Reply(200, b'{"id": "1"'), BadAnswer, FINAL, FINAL, LOOKED_FOR, LOOKED_FOR),
    "200 of another shape": Trouble(reply_json(["1"]), BadAnswer, FINAL, FINAL, LOOKED_FOR, LOOKED_FOR),
    "200 with broken gzip": Trouble(
        Reply(200, b"not gzip", {"Content-Encoding": "gzip"}), BadAnswer, FINAL, FINAL, LOOKED_FOR, LOOKED_FOR
    ),
    "200 with gzip of HTML": Trouble(
        Reply(200, gzip.compress(HTML.body), {"Content-Encoding": "gzip"}),
        BadAnswer,
        FINAL,
        FINAL,
        LOOKED_FOR,
        LOOKED_FOR,
    ),
    "302": Trouble(Reply(302, b"", {"Location": "/elsewhere"}), ApiError, FINAL, FINAL, FINAL, FINAL),
    "304": Trouble(Reply(304, b""), ApiError, FINAL, FINAL, FINAL, FINAL),
    "400": Trouble(
        reply_json({"error_code": "ModelArts.7000", "error_msg": "x"}, 400), ApiError, FINAL, FINAL, FINAL, FINAL
    ),
    "401": Trouble(
        reply_json({"error_code": "APIGW.0301", "error_msg": "x"}, 401), Unauthorized, FINAL, FINAL, FINAL, FINAL
    ),
    "403": Trouble(
        reply_json({"error_code": "APIGW.0302", "error_msg": "x"}, 403), ApiError, FINAL, FINAL, FINAL, FINAL
    ),
    "404": Trouble(Reply(404, b""), NotFound, FINAL, FINAL, FINAL, FINAL),
}
CELLS = [(name, kind) for name in TROUBLES for kind in Kind]


def object_of(body: Any, _headers: Any) -> dict:
    """The shape that the calls of these tests document."""
    if not isinstance(body, dict):
        raise BadAnswer("the answer is no object")
    return body


def call_of(kind: Kind, url: str, auth: Any = None) -> Call:
    """A call as the service makes it."""
    body = {"name": "x"} if kind in (Kind.CREATE, Kind.CHANGE) else None
    return Call(kind, "do it", METHODS[kind], url + "/v1", auth or NoAuth(), body)


def test_kinds_are_the_ones_of_the_table() -> None:
    assert {kind.value for kind in Kind} == {"read", "poll", "create", "change"}


@pytest.mark.parametrize("name, kind", CELLS, ids=[f"{name}-{kind.value}" for name, kind in CELLS])
def test_trouble_that_stays(
    server: MisbehavingServer, client_of: Callable[..., HttpClient], clock: FakeClock, name: str, kind: Kind
) -> None:
    trouble = TROUBLES[name]
    server.answers = [trouble.answer]
    client = client_of(timeout=trouble.timeout, max_retries=RETRIES)
    with pytest.raises(LiteServerError) as caught:
        client.send(call_of(kind, server.url), object_of)
    expected = trouble.expected(kind)
    assert server.count == (1 + RETRIES if expected == REPEATED else 1)
    assert len(clock.pauses) == (RETRIES if expected == REPEATED else 0)
    error = caught.value
    assert "do it" in error.message
    if expected == LOOKED_FOR:
        assert type(error) is OutcomeUnknown
        assert error.outcome == "unknown"
        assert type(error.__cause__) is trouble.error
        assert error.http_status == error.__cause__.http_status
        assert error.code == error.__cause__.code
    else:
        assert type(error) is trouble.error
        assert error.outcome is None
        assert ("3 tries" in error.message) == (expected == REPEATED)


@pytest.mark.parametrize("name, kind", CELLS, ids=[f"{name}-{kind.value}" for name, kind in CELLS])
def test_trouble_that_passes(
    server: MisbehavingServer, client_of: Callable[..., HttpClient], name: str, kind: Kind
) -> None:
    trouble = TROUBLES[name]
    server.answers = [trouble.answer, ANSWER]
    client = client_of(timeout=trouble.timeout)
    expected = trouble.expected(kind)
    if expected == REPEATED:
        assert client.send(call_of(kind, server.url), object_of) == {"id": "1"}
        first, second = server.received
        assert (first.method, first.target, first.body) == (second.method, second.target, second.body)
    else:
        with pytest.raises(OutcomeUnknown if expected == LOOKED_FOR else trouble.error):
            client.send(call_of(kind, server.url), object_of)
        assert server.count == 1


def test_timeout_is_the_one_of_the_option(
    server: MisbehavingServer, client_of: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []
    original = socket.socket.settimeout

    def settimeout(connection: socket.socket, seconds: float | None) -> None:
        if connection.family and threading.current_thread() is threading.main_thread():
            used.append(seconds)
        original(connection, seconds)

    monkeypatch.setattr(socket.socket, "settimeout", settimeout)
    client_of(timeout=7).send(call_of(Kind.READ, server.url), object_of)
    # To connect, and to read.
    assert len(used) >= 2
    assert set(used) == {7}


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_as_many_repeats_as_max_retries(
    server: MisbehavingServer, client_of: Callable[..., HttpClient], clock: FakeClock, retries: int
) -> None:
    server.answers = [Reply(503)]
    with pytest.raises(ServiceFailed):
        client_of(max_retries=retries).send(call_of(Kind.READ, server.url), object_of)
    assert server.count == 1 + retries
    assert len(clock.pauses) == retries


def test_repeats_are_counted_over_different_troubles(
    server: MisbehavingServer, client_of: Callable[..., HttpClient]
) -> None:
    server.answers = [THROTTLED, Reply(503), Cut(), ANSWER]
    with pytest.raises(AnswerLost):
        client_of(max_retries=2).send(call_of(Kind.READ, server.url), object_of)
    assert server.count == 3


def test_create_that_is_lost_after_a_throttled_one_is_looked_for(
    server: MisbehavingServer, client_of: Callable[..., HttpClient]
) -> None:
    server.answers = [THROTTLED, Cut(), ANSWER]
    with pytest.raises(OutcomeUnknown):
        client_of().send(call_of(Kind.CREATE, server.url), object_of)
    assert server.count == 2


# The request that never reached the service


@contextlib.contextmanager
def refused_port() -> Iterator[str]:
    """A port that is taken, but nobody listens on it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextlib.contextmanager
def unknown_host(monkeypatch: pytest.MonkeyPatch, tried: list) -> Iterator[str]:
    def look_up(host: str, *_rest: Any, **_more: Any) -> Any:
        tried.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield "https://modelarts.invalid"


@contextlib.contextmanager
def connect_that_times_out(monkeypatch: pytest.MonkeyPatch, tried: list) -> Iterator[str]:
    def connect(_socket: socket.socket, address: Any) -> None:
        tried.append(address)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket.socket, "connect", connect)
    yield "https://127.0.0.1:9"


@pytest.mark.parametrize("kind", Kind)
def test_refused_connection(client_of: Callable[..., HttpClient], clock: FakeClock, kind: Kind) -> None:
    with refused_port() as url, pytest.raises(Unreachable) as caught:
        client_of().send(call_of(kind, url), object_of)
    assert len(clock.pauses) == (0 if kind is Kind.POLL else RETRIES)
    assert "refused" in caught.value.message
    assert caught.value.retryable
    assert caught.value.outcome is None


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("network", [unknown_host, connect_that_times_out])
def test_no_such_host_and_no_connection(
    client_of: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch, network: Callable, kind: Kind
) -> None:
    tried: list = []
    with network(monkeypatch, tried) as url, pytest.raises(Unreachable) as caught:
        client_of().send(call_of(kind, url), object_of)
    assert len(tried) == (1 if kind is Kind.POLL else 1 + RETRIES)
    assert caught.value.outcome is None
    assert caught.value.hint


@pytest.mark.parametrize("kind", [Kind.CREATE, Kind.READ])
def test_service_that_comes_up_meanwhile(client_of: Callable[..., HttpClient], clock: FakeClock, kind: Kind) -> None:
    late = MisbehavingServer()
    try:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            call = call_of(kind, f"http://127.0.0.1:{taken.getsockname()[1]}")
            original = clock.sleep

            def sleep(seconds: float) -> None:
                original(seconds)
                call.url = late.url

            clock.sleep = sleep  # type: ignore[method-assign]
            assert client_of().send(call, object_of) == {}
        assert late.count == 1
    finally:
        late.close()


def _answer_in_plain(connection: socket.socket) -> None:
    connection.sendall(Reply(400, b"this is http").wire())


def _close(_connection: socket.socket) -> None:
    pass


def _reset(connection: socket.socket) -> None:
    Cut(reset=True).act(connection)


def _hang(connection: socket.socket) -> None:
    connection.recv(1)


# The design's column "TLS not up": nothing of the request was sent.
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("act", [_answer_in_plain, _close, _reset, _hang])
def test_tls_that_does_not_come_up(client_of: Callable[..., HttpClient], act: Callable, kind: Kind) -> None:
    peer = PlainSpeaker(act)
    try:
        client = client_of(timeout=SHORT if act is _hang else 20)
        with pytest.raises(LiteServerError) as caught:
            client.send(call_of(kind, peer.url), object_of)
        peer.settle()
        assert not isinstance(caught.value, OutcomeUnknown), caught.value
        assert peer.handshakes == (1 if kind is Kind.POLL else 1 + RETRIES)
        assert caught.value.retryable
    finally:
        peer.close()


@pytest.mark.parametrize("kind", Kind)
def test_certificate_of_an_unknown_authority(
    tls_server: MisbehavingServer, client_of: Callable[..., HttpClient], clock: FakeClock, kind: Kind
) -> None:
    with pytest.raises(TlsFailed) as caught:
        client_of().send(call_of(kind, tls_server.url), object_of)
    assert tls_server.count == 0
    # It would be refused each time.
    assert clock.pauses == []
    assert "certificate" in caught.value.message
    assert "ca_path" in (caught.value.hint or "")
    assert caught.value.code == "tls"
    assert not caught.value.retryable
    assert caught.value.outcome is None


@pytest.mark.parametrize("kind", Kind)
def test_proxy_that_refuses(
    tls_server: MisbehavingServer, proxy: RecordingProxy, client_of: Callable[..., HttpClient], kind: Kind
) -> None:
    proxy.refusal = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(Unreachable) as caught:
        client_of(proxy=proxy.url).send(call_of(kind, tls_server.url), object_of)
    assert len(proxy.asked) == (1 if kind is Kind.POLL else 1 + RETRIES)
    assert tls_server.count == 0
    assert "proxy" in caught.value.message
    assert caught.value.outcome is None


def test_proxy_that_is_not_there(tls_server: MisbehavingServer, client_of: Callable[..., HttpClient]) -> None:
    with refused_port() as address, pytest.raises(Unreachable) as caught:
        client_of(proxy=address.replace("//", "//user:proxy-secret@")).send(
            call_of(Kind.CREATE, tls_server.url), object_of
        )
    assert "proxy" in caught.value.message
    assert "proxy-secret" not in str(caught.value)


# A broken connection behind a proxy must not read as "the proxy does not connect".
@pytest.mark.parametrize("behind_a_proxy", [True, False])
@pytest.mark.parametrize("answer, timeout", [(Cut(), 20), (Cut(reset=True), 20), (Cut(ANSWER), 20), (Hang(), 1.0)])
def test_create_whose_answer_is_lost_over_tls(
    tls_server: MisbehavingServer,
    proxy: RecordingProxy,
    client_of: Callable[..., HttpClient],
    certificate: str,
    answer: Answer,
    timeout: float,
    behind_a_proxy: bool,
) -> None:
    tls_server.answers = [answer]
    client = client_of(proxy=proxy.url if behind_a_proxy else None, verify=certificate, timeout=timeout)
    with pytest.raises(OutcomeUnknown):
        client.send(call_of(Kind.CREATE, tls_server.url), object_of)
    assert (tls_server.count, len(proxy.asked)) == (1, 1 if behind_a_proxy else 0)


def test_create_on_a_connection_that_the_server_closed_meanwhile_is_not_sent_twice(
    server: MisbehavingServer, client_of: Callable[..., HttpClient]
) -> None:
    client = client_of()
    client.send(call_of(Kind.READ, server.url), object_of)
    server.answers = [Cut(), ANSWER]
    with pytest.raises(OutcomeUnknown):
        client.send(call_of(Kind.CREATE, server.url), object_of)
    assert [request.method for request in server.received] == ["GET", "POST"]


# 401


def auths(clock: FakeClock, client: HttpClient, iam: MisbehavingServer) -> dict[str, Any]:
    return {
        "keys": AccessKeyAuth("AK", "SK", "project", None, clock),
        "token": TokenAuth("TOKEN"),
        "password": PasswordAuth(client, iam.url, "user", "password", "domain", "project", clock, lambda _token: None),
    }


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("way, requests, logins", [("keys", 1, 0), ("token", 1, 0), ("password", 2, 2)])
def test_401_that_stays(
    server: MisbehavingServer,
    other_server: MisbehavingServer,
    client_of: Callable[..., HttpClient],
    clock: FakeClock,
    kind: Kind,
    way: str,
    requests: int,
    logins: int,
) -> None:
    server.answers = [reply_json({"error_code": "APIGW.0301", "error_msg": "token expires", "request_id": "r1"}, 401)]
    other_server.answers = [reply_json({"token": {}}, 201, X_Subject_Token="T")]
    client = client_of(max_retries=5)
    with pytest.raises(Unauthorized) as caught:
        client.send(call_of(kind, server.url, auths(clock, client, other_server)[way]), object_of)
    assert (server.count, other_server.count) == (requests, logins)
    assert clock.pauses == []
    assert caught.value.http_status == 401
    assert caught.value.request_id == "r1"
    assert caught.value.hint
    assert not caught.value.retryable
    assert caught.value.outcome is None


@pytest.mark.parametrize("kind", Kind)
def test_401_that_passes_with_a_new_token(
    server: MisbehavingServer,
    other_server: MisbehavingServer,
    client_of: Callable[..., HttpClient],
    clock: FakeClock,
    kind: Kind,
) -> None:
    server.answers = [Reply(401, b""), ANSWER]
    other_server.answers = [reply_json({}, 201, X_Subject_Token="old"), reply_json({}, 201, X_Subject_Token="new")]
    client = client_of(max_retries=0)
    result = client.send(call_of(kind, server.url, auths(clock, client, other_server)["password"]), object_of)
    assert result == {"id": "1"}
    assert [request.header("X-Auth-Token") for request in server.received] == ["old", "new"]
    assert other_server.count == 2


# More than five bad signatures lock a key, so no repeat may follow, whatever the body is.
@pytest.mark.parametrize(
    "answer", [Cut(Reply(401, b'{"error_code": "APIGW.0301"}')), Reply(401, b"x", {"Content-Encoding": "gzip"})]
)
def test_401_whose_body_cannot_be_read_is_not_repeated(
    server: MisbehavingServer, client_of: Callable[..., HttpClient], clock: FakeClock, answer: Answer
) -> None:
    server.answers = [answer]
    with pytest.raises(LiteServerError):
        client_of(max_retries=5).send(
            call_of(Kind.READ, server.url, AccessKeyAuth("AK", "SK", "project", None, clock)), object_of
        )
    assert server.count == 1


# Pauses


def test_pauses_are_exponential(
    server: MisbehavingServer, client_of: Callable[..., HttpClient], clock: FakeClock
) -> None:
    server.answers = [Reply(503)]
    clock.random = 0.0
    with pytest.raises(ServiceFailed):
        client_of(max_retries=4, backoff=Backoff(base=1, cap=6)).send(call_of(Kind.READ, server.url), object_of)
    assert clock.pauses == [0.5, 1, 2, 3]


def test_pauses_are_jittered(server: MisbehavingServer, client_of: Callable[..., HttpClient], clock: FakeClock) -> None:
    server.answers = [Reply(503)]
    randoms = iter([0.0, 0.5, 0.999])
    clock.uniform = lambda: next(randoms)  # type: ignore[method-assign]
    with pytest.raises(ServiceFailed):
        client_of(max_retries=3, backoff=Backoff(base=8, cap=8)).send(call_of(Kind.READ, server.url), object_of)
    assert clock.pauses == pytest.approx([4, 6, 7.996])


@pytest.mark.parametrize("kind", [Kind.READ, Kind.CREATE, Kind.CHANGE])
@pytest.mark.parametrize(
    "answer, asked",
    [
        (reply_json({}, 429, Retry_After="7"), 7),
        (reply_json({}, 429, Retry_After="Thu, 15 Jan 2026 08:30:10 GMT"), 10),
        (WINDOW, 60),
        (Reply(429, WINDOW.body, {"Retry-After": "90"}), 90),
        (Reply(429, WINDOW.body, {"Retry-After": "1"}), 60),
        (Reply(429, b"{}", {"Retry-After": "soon"}), 0.25),
    ],
)
def test_pause_that_the_service_asks_for(
    server: MisbehavingServer,
    client_of: Callable[..., HttpClient],
    clock: FakeClock,
    kind: Kind,
    answer: Reply,
    asked: float,
) -> None:
    server.answers = [answer, ANSWER]
    assert client_of().send(call_of(kind, server.url), object_of) == {"id": "1"}
    (pause,) = clock.pauses
    assert asked <= pause <= asked * 1.1 + 0.25


# Retry-After is not only for 429: a service in maintenance sends it with 503.
def test_retry_after_of_a_503_is_honoured(
    server: MisbehavingServer, client_of: Callable[..., HttpClient], clock: FakeClock
) -> None:
    server.answers = [Reply(503, b"", {"Retry-After": "20"}), ANSWER]
    client_of().send(call_of(Kind.READ, server.url), object_of)
    assert len(clock.pauses) == 1
    assert 20 <= clock.pauses[0] <= 22


@pytest.mark.parametrize("kind", [Kind.READ, Kind.CREATE])
@pytest.mark.parametrize("asked", ["11", "86400", "9" * 400])
def test_patience_has_an_end(
    server: MisbehavingServer, client_of: Callable[..., HttpClient], clock: FakeClock, kind: Kind, asked: str
) -> None:
    server.answers = [Reply(429, b"", {"Retry-After": asked}), ANSWER]
    with pytest.raises(Throttled) as caught:
        client_of(backoff=Backoff(patience=10)).send(call_of(kind, server.url), object_of)
    assert server.count == 1
    assert clock.pauses == []
    assert caught.value.retry_after == float(asked)
    assert caught.value.retryable


def test_retry_after_that_is_no_number_in_ascii(
    server: MisbehavingServer, client_of: Callable[..., HttpClient]
) -> None:
    server.answers = [Reply(429, b"", {"Retry-After": "\u00b2"}), ANSWER]
    assert client_of().send(call_of(Kind.READ, server.url), object_of) == {"id": "1"}


def test_poll_tells_the_wait_how_long_it_is_asked_to_pause(
    server: MisbehavingServer, client_of: Callable[..., HttpClient]
) -> None:
    server.answers = [WINDOW]
    with pytest.raises(Throttled) as caught:
        client_of().send(call_of(Kind.POLL, server.url), object_of)
    assert caught.value.retry_after == 60


# Which call of the service is of which kind


@pytest.mark.parametrize(
    "call, requests, unknown",
    [
        (lambda api: api.list_jobs(), 1 + RETRIES, False),
        (lambda api: api.list_jobs(polling=True), 1, False),
        (lambda api: api.get_job("1"), 1 + RETRIES, False),
        (lambda api: api.get_job("1", polling=True), 1, False),
        (lambda api: api.list_templates(), 1 + RETRIES, False),
        (lambda api: api.get_template("1"), 1 + RETRIES, False),
        (lambda api: api.get_service("1"), 1 + RETRIES, False),
        (lambda api: api.list_software(), 1 + RETRIES, False),
        (lambda api: api.list_events(), 1 + RETRIES, False),
        (lambda api: api.list_servers(), 1 + RETRIES, False),
        (lambda api: api.list_servers(polling=True), 1, False),
        (lambda api: api.get_server("1"), 1 + RETRIES, False),
        (lambda api: api.get_server("1", polling=True), 1, False),
        (lambda api: api.start_server("1"), 1, True),
        (lambda api: api.stop_server("1"), 1, True),
        (lambda api: api.reboot_server("1"), 1, True),
        (lambda api: api.create_job({"name": "x"}), 1, True),
        (lambda api: api.delete_jobs(["1"]), 1, True),
    ],
)
def test_kind_of_each_call(
    server: MisbehavingServer, client_of: Callable[..., HttpClient], call: Callable, requests: int, unknown: bool
) -> None:
    server.answers = [reply_json({"error_code": "X", "error_msg": "x"}, 503, X_Request_Id="abc")]
    with pytest.raises(LiteServerError) as caught:
        call(LiteServerApi(client_of(), server.url, "project", NoAuth()))
    assert server.count == requests
    assert isinstance(caught.value, OutcomeUnknown) is unknown
    assert caught.value.request_id == "abc"
    assert caught.value.http_status == 503


def test_body_is_sent_as_json(server: MisbehavingServer, client_of: Callable[..., HttpClient]) -> None:
    client_of().send(call_of(Kind.CHANGE, server.url), object_of)
    client_of().send(call_of(Kind.READ, server.url), object_of)
    change, read = server.received
    assert change.method == "DELETE"
    assert json.loads(change.body) == {"name": "x"}
    assert change.header("Content-Type") == "application/json;charset=utf-8"
    assert (read.body, read.header("Content-Type")) == (b"", "application/json")
