# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signature, against vectors and against the vendor's own signer, byte for byte."""

from __future__ import annotations

import datetime
import json
import pathlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import Throttled
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._api_client import LiteServerApi
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._client import HttpClient
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._exchange import Call
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._retry import Kind
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._signing import (
    AccessKeyAuth,
    authorization,
    canonical_path,
    canonical_query,
)
from ansible_collections.modelarts.liteserver.tests.unit.transport.fake_clock import FakeClock
from ansible_collections.modelarts.liteserver.tests.unit.transport.misbehaving_server import (
    MisbehavingServer,
    Received,
    reply_json,
)

# Computed with the vendor's SDK.
FACTS = json.loads((pathlib.Path(__file__).parent / "signing_vectors.json").read_text(encoding="utf-8"))
VECTORS = FACTS["vectors"]
REQUESTS = 1000
# Some of the generated requests are the same.
EXAMPLES = 1200
SENT_REQUESTS = 200


@pytest.fixture(scope="module")
def sign_as_vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """The vendor's signer: the Authorization header that it gives to a request."""
    with pytest.MonkeyPatch.context() as patch:
        # The SDK writes a file into the home folder when it is imported.
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        from huaweicloudsdkcore.auth.credentials import BasicCredentials
        from huaweicloudsdkcore.sdk_request import SdkRequest
        from huaweicloudsdkcore.signer.signer import Signer

    def sign(method: str, path: str, pairs: list, headers: dict, body: bytes, access_key: str, secret_key: str) -> str:
        request = SdkRequest(
            method=method,
            schema="https",
            host=headers["Host"],
            resource_path=path,
            query_params=list(pairs),
            header_params=dict(headers),
            body=body,
        )
        signed = Signer(BasicCredentials(access_key, secret_key, "project")).sign(request)
        return signed.header_params["Authorization"]

    yield sign


def signed_headers_of(vector: dict) -> dict[str, str]:
    return {name: value for name, value in vector["sent_headers"].items() if name != "Authorization"}


# The vectors


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["title"])
def test_vector(vector: dict) -> None:
    result = authorization(
        vector["method"],
        vector["path"],
        [tuple(pair) for pair in vector["query"]],
        signed_headers_of(vector),
        vector["body"].encode(),
        FACTS["ak"],
        FACTS["sk"],
    )
    assert result == vector["sent_headers"]["Authorization"]
    assert result.endswith("Signature=" + vector["signature"])


def test_vector_with_the_fewest_headers() -> None:
    vector = VECTORS[0]
    headers = {name: vector["sent_headers"][name] for name in ("Host", "X-Sdk-Date")}
    result = authorization("GET", vector["path"], [], headers, b"", FACTS["ak"], FACTS["sk"])
    assert result == FACTS["minimal_headers_authorization"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["title"])
def test_query_that_is_sent_is_the_one_that_is_signed(vector: dict) -> None:
    query = canonical_query([tuple(pair) for pair in vector["query"]])
    assert vector["path"] + ("?" + query if query else "") == vector["sent_uri"]
    assert vector["canonical_request"].split("\n")[1:3] == [canonical_path(vector["path"]), query]


def test_there_are_vectors() -> None:
    assert len(VECTORS) == 5
    assert {vector["method"] for vector in VECTORS} == {"GET", "POST", "DELETE", "PUT"}


# The vendor's signer

# No surrogates: they have no UTF-8 form. No NUL and the like in headers.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
awkward = st.sampled_from(["", " ", "a b", "+", "%2F", "a/b", "~", "*", "&=?#", "ü", "升级", "🙂", "'\"", "e\u0301"])
words = texts | awkward


@st.composite
def paths(draw: Any) -> str:
    """A path as it is sent: percent-encoded, sometimes with a final slash or an empty segment."""
    segments = draw(st.lists(words, min_size=1, max_size=4))
    # A client may leave more characters unencoded than the signature does.
    safe = draw(st.sampled_from(["", "~", "!$'()*,:;=@&+"]))
    path = "/v1/" + "/".join(quote(segment, safe=safe) for segment in segments)
    return path + draw(st.sampled_from(["", "/"]))


@st.composite
def queries(draw: Any) -> list[tuple[str, Any]]:
    """Names once, with values of any type; and names several times, with texts."""
    once = draw(st.dictionaries(words, words | st.booleans() | st.integers(0, 10**9), max_size=3))
    # The vendor's signer sorts values of one name before they become texts, so these are texts.
    repeated = draw(st.dictionaries(words, st.lists(words, min_size=2, max_size=3), max_size=1))
    pairs = list(once.items())
    pairs += [(name, value) for name, values in repeated.items() if name not in once for value in values]
    return draw(st.permutations(pairs))


bodies = st.just(b"") | st.builds(
    lambda value, ascii_only: json.dumps(value, ensure_ascii=ascii_only).encode("utf-8"),
    st.dictionaries(words, words | st.booleans() | st.integers() | st.lists(words, max_size=2), max_size=3),
    st.booleans(),
)
header_values = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10) | st.sampled_from(["", "  two  "])


@st.composite
def header_sets(draw: Any) -> dict[str, str]:
    """What the SDK sets, and some more; a name with an underscore is not signed."""
    headers = {
        "Host": draw(st.sampled_from(["modelarts.cn-north-4.myhuaweicloud.com", "127.0.0.1:8080", "[::1]:80"])),
        "X-Sdk-Date": draw(st.datetimes(min_value=datetime.datetime(2000, 1, 1))).strftime("%Y%m%dT%H%M%SZ"),
        "Content-Type": draw(st.sampled_from(["application/json", "application/json;charset=utf-8"])),
        "User-Agent": draw(header_values),
    }
    more = st.sampled_from(["X-Project-Id", "x-security-token", "X-Domain-Id", "X_With_Underscore", "A"])
    return {**headers, **draw(st.dictionaries(more, header_values, max_size=3))}


keys = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)


@pytest.mark.thorough
def test_vendor_signer_gives_the_same_for_generated_requests(sign_as_vendor: Callable[..., str]) -> None:
    seen = []

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(["GET", "POST", "PUT", "DELETE", "get"]), paths(), queries(), header_sets(), bodies, keys, keys
    )
    def compare(
        method: str, path: str, pairs: list, headers: dict, body: bytes, access_key: str, secret_key: str
    ) -> None:
        expected = sign_as_vendor(method, path, pairs, headers, body, access_key, secret_key)
        assert authorization(method, path, pairs, headers, body, access_key, secret_key) == expected
        seen.append(expected)

    compare()
    assert len(set(seen)) >= REQUESTS


# The real path: what HttpClient sends


def vendor_signature_of(request: Received, sign: Callable[..., str], secret_key: str) -> str:
    """What the vendor's signer gives for exactly the headers that were sent and signed."""
    sent = request.header("Authorization")
    assert sent is not None
    access_key = sent.partition("Access=")[2].partition(",")[0]
    names = sent.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {{"host": "Host"}.get(name, name): request.header(name) for name in names}
    path, _mark, query = request.target.partition("?")
    return sign(
        request.method, path, parse_qsl(query, keep_blank_values=True), headers, request.body, access_key, secret_key
    )


@pytest.mark.parametrize("security_token", [None, "TEMPORARY"])
@pytest.mark.parametrize(
    "method, body, content_type",
    [("GET", None, "application/json"), ("POST", {"a": 1}, "application/json;charset=utf-8")],
)
def test_headers_that_are_signed(
    server: MisbehavingServer,
    client_of: Callable[..., HttpClient],
    clock: FakeClock,
    security_token: str | None,
    method: str,
    body: dict | None,
    content_type: str,
) -> None:
    auth = AccessKeyAuth("AK", "SK", "the-project", security_token, clock)
    client_of().send(Call(Kind.READ, "look", method, server.url + "/v1", auth, body), lambda answer, _headers: answer)
    (request,) = server.received
    expected = "content-type;host;user-agent;x-project-id;x-sdk-date" + (";x-security-token" if security_token else "")
    assert f" SignedHeaders={expected}, " in (request.header("Authorization") or "")
    assert request.header("X-Project-Id") == "the-project"
    assert request.header("X-Security-Token") == security_token
    assert request.header("X-Sdk-Date") == "20260115T083000Z"
    assert request.header("Host") == f"127.0.0.1:{server.port}"
    assert request.header("User-Agent") == "unit-test/1.0"
    assert request.header("Content-Type") == content_type


def test_vendor_signer_gives_the_same_for_what_is_really_sent(
    server: MisbehavingServer,
    client_of: Callable[..., HttpClient],
    clock: FakeClock,
    sign_as_vendor: Callable[..., str],
) -> None:
    client = client_of()
    sent = []

    @settings(
        max_examples=SENT_REQUESTS,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
        st.lists(words.filter(lambda word: word.strip(".")), min_size=1, max_size=3),
        queries(),
        st.none() | st.dictionaries(words, words, max_size=3),
        st.none() | keys,
        keys,
        st.integers(0, 10**6),
    )
    def compare(method, segments, pairs, body, security_token, secret_key, seconds) -> None:
        clock.advance(seconds)
        auth = AccessKeyAuth("AK", secret_key, "project", security_token, clock)
        url = "{}/v1/{}?{}".format(server.url, "/".join(map(quote, segments)), canonical_query(pairs)).rstrip("?")
        client.send(Call(Kind.READ, "look", method, url, auth, body), lambda answer, _headers: answer)
        sent.append(secret_key)

    compare()
    received = server.received
    assert len(received) == len(sent) >= SENT_REQUESTS
    for request, secret_key in zip(received, sent, strict=True):
        assert request.header("Authorization") == vendor_signature_of(request, sign_as_vendor, secret_key)


def test_vendor_signer_gives_the_same_for_the_calls_of_the_service(
    server: MisbehavingServer,
    client_of: Callable[..., HttpClient],
    clock: FakeClock,
    sign_as_vendor: Callable[..., str],
) -> None:
    server.answers = [reply_json({"id": "1", "data": [], "total": 0})]
    auth = AccessKeyAuth("AK", "SK", "project", "TEMPORARY", clock)
    api = LiteServerApi(client_of(), server.url + "/base", "project", auth)
    api.list_jobs(name="a b~c*", visible=True, status="ü/%")
    api.get_job("job with ü/?#%")
    api.create_job({"name": "升级", "server_ids": ["1"], "items": [{"spec": {"version": "ü"}}]})
    api.delete_jobs(["1", "2"])
    api.list_templates(type="HDK_UPGRADE")
    received = server.received
    assert [request.method for request in received] == ["GET", "GET", "POST", "DELETE", "GET"]
    for request in received:
        assert request.header("Authorization") == vendor_signature_of(request, sign_as_vendor, "SK")


def test_each_try_is_signed_anew(
    server: MisbehavingServer,
    client_of: Callable[..., HttpClient],
    clock: FakeClock,
    sign_as_vendor: Callable[..., str],
) -> None:
    server.answers = [reply_json({}, 429, Retry_After="120")]
    auth = AccessKeyAuth("AK", "SK", "project", None, clock)
    with pytest.raises(Throttled):
        client_of().send(Call(Kind.CREATE, "try", "POST", server.url + "/v1", auth, {"a": 1}), lambda body, _: body)
    received = server.received
    assert len(received) == 3
    assert len({request.header("X-Sdk-Date") for request in received}) == 3
    assert len({request.header("Authorization") for request in received}) == 3
    for request in received:
        assert request.header("Authorization") == vendor_signature_of(request, sign_as_vendor, "SK")
        assert json.loads(request.body) == {"a": 1}


def test_date_is_utc_whatever_the_time_zone(
    server: MisbehavingServer, client_of: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    from ansible_collections.modelarts.liteserver.plugins.module_utils._clock import SystemClock

    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        auth = AccessKeyAuth("AK", "SK", "project", None, SystemClock())
        client_of().send(Call(Kind.READ, "look", "GET", server.url + "/v1", auth), lambda body, _headers: body)
    finally:
        monkeypatch.undo()
        time.tzset()
    date = datetime.datetime.strptime(server.received[0].header("X-Sdk-Date") or "", "%Y%m%dT%H%M%SZ")
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert abs(now - date) < datetime.timedelta(minutes=5)


@pytest.mark.parametrize(
    "message, expected",
    [
        ("AK access failed to reach the limit,forbidden", "locked for five minutes"),
        ("signature expired", "clock"),
        ("verify aksk signature fail", "access_key"),
    ],
)
def test_hint_about_a_refused_signature(clock: FakeClock, message: str, expected: str) -> None:
    auth = AccessKeyAuth("AK", "SK", "project", None, clock)
    assert expected in auth.unauthorized_hint("Incorrect IAM authentication information: " + message)
    assert auth.renew() is False
