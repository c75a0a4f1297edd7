# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the environment and the other side must not change: authorities, .netrc, proxies, redirects, cookies."""

from __future__ import annotations

import base64
import os
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    ApiError,
    LiteServerError,
    TlsFailed,
    Unreachable,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._client import HttpClient
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._credentials import NoAuth, TokenAuth
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._exchange import Call
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._retry import Kind
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._signing import AccessKeyAuth
from ansible_collections.modelarts.liteserver.tests.unit.transport.fake_clock import FakeClock
from ansible_collections.modelarts.liteserver.tests.unit.transport.misbehaving_server import (
    MisbehavingServer,
    RecordingProxy,
    Reply,
    reply_json,
)

SECRETS = ("TOKEN", "SecretKey", "Signature=", "netrc-password")


def get(client: HttpClient, url: str, auth: Any = None) -> Any:
    """One GET; the answer's JSON."""
    return client.send(Call(Kind.READ, "look", "GET", url + "/v1", auth or NoAuth()), lambda body, _headers: body)


# .netrc


@pytest.fixture
def netrc() -> pathlib.Path:
    """A .netrc in the home folder, with an entry for the servers of these tests, and one for all others."""
    path = pathlib.Path(os.environ["HOME"]) / ".netrc"
    path.write_text(
        "machine 127.0.0.1 login netrc-user password netrc-password\ndefault login d password netrc-password\n"
    )
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("place", ["home", "variable"])
def test_netrc_does_not_matter(
    server: MisbehavingServer,
    client_of: Callable[..., HttpClient],
    clock: FakeClock,
    netrc: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    if place == "variable":
        monkeypatch.setenv("NETRC", str(netrc.rename(netrc.with_name("elsewhere"))))
    client = client_of()
    get(client, server.url)
    get(client, server.url, TokenAuth("TOKEN"))
    get(client, server.url, AccessKeyAuth("AK", "SecretKey", "project", None, clock))
    plain, token, keys = server.received
    assert plain.header("Authorization") is None
    assert (token.header("Authorization"), token.header("X-Auth-Token")) == (None, "TOKEN")
    assert (keys.header("Authorization") or "").startswith("SDK-HMAC-SHA256 Access=AK, ")


def test_netrc_of_these_tests_is_one_that_requests_would_use(server: MisbehavingServer, netrc: pathlib.Path) -> None:
    import requests

    requests.get(server.url, timeout=20)
    expected = base64.b64encode(b"netrc-user:netrc-password").decode()
    assert server.received[0].header("Authorization") == "Basic " + expected


# Certificates


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_ca_path_holds_whatever_the_environment_says(
    tls_server: MisbehavingServer,
    client_of: Callable[..., HttpClient],
    certificate: str,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv(name, "/nonsense")
    assert get(client_of(verify=certificate), tls_server.url) == {}


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("value", ["the certificate", "/nonsense"])
def test_authorities_of_the_environment_are_not_used(
    tls_server: MisbehavingServer,
    client_of: Callable[..., HttpClient],
    certificate: str,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
) -> None:
    monkeypatch.setenv(name, certificate if value == "the certificate" else value)
    with pytest.raises(TlsFailed):
        get(client_of(verify=True), tls_server.url)
    assert tls_server.count == 0


def test_ca_path_of_another_authority(
    tls_server: MisbehavingServer, client_of: Callable[..., HttpClient], issue_certificate: Callable[..., str]
) -> None:
    with pytest.raises(TlsFailed):
        get(client_of(verify=issue_certificate("other", "127.0.0.1")), tls_server.url)
    assert tls_server.count == 0


def test_certificate_of_another_host(
    client_of: Callable[..., HttpClient], issue_certificate: Callable[..., str]
) -> None:
    certificate = issue_certificate("elsewhere", "elsewhere.example.com")
    server = MisbehavingServer(certificate)
    try:
        with pytest.raises(TlsFailed) as caught:
            get(client_of(verify=certificate), server.url)
        assert server.count == 0
        assert not caught.value.retryable
    finally:
        server.close()


@pytest.mark.parametrize("kind", [Kind.READ, Kind.CREATE])
def test_ca_path_without_any_certificate(
    tls_server: MisbehavingServer, client_of: Callable[..., HttpClient], tmp_path: pathlib.Path, kind: Kind
) -> None:
    empty = tmp_path / "ca.pem"
    empty.write_text("no certificate here\n")
    call = Call(kind, "look", "POST", tls_server.url + "/v1", NoAuth(), {})
    with pytest.raises(TlsFailed):
        client_of(verify=str(empty)).send(call, lambda body, _headers: body)
    assert tls_server.count == 0


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_no_verification_where_it_is_switched_off(
    tls_server: MisbehavingServer, client_of: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonsense")
    assert get(client_of(verify=False), tls_server.url) == {}


def test_verification_is_not_left_off_for_the_next_client(
    tls_server: MisbehavingServer, client_of: Callable[..., HttpClient], certificate: str
) -> None:
    get(client_of(verify=certificate), tls_server.url)
    with pytest.raises(TlsFailed):
        get(client_of(verify=True), tls_server.url)


# Proxies


PROXY_VARIABLES = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]


@pytest.mark.parametrize("name", PROXY_VARIABLES)
def test_plain_http_never_leaves_through_a_proxy_of_the_environment(
    server: MisbehavingServer,
    proxy: RecordingProxy,
    client_of: Callable[..., HttpClient],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv(name, proxy.url)
    assert get(client_of(), server.url) == {}
    assert proxy.asked == []


def test_plain_http_never_leaves_through_the_proxy_option(
    server: MisbehavingServer, proxy: RecordingProxy, client_of: Callable[..., HttpClient]
) -> None:
    assert get(client_of(proxy=proxy.url), server.url) == {}
    assert proxy.asked == []


def test_proxy_option_is_used_for_https(
    tls_server: MisbehavingServer, proxy: RecordingProxy, client_of: Callable[..., HttpClient], certificate: str
) -> None:
    url = proxy.url.replace("//", "//user:proxy-secret@")
    assert get(client_of(proxy=url, verify=certificate), tls_server.url, TokenAuth("TOKEN")) == {}
    assert [line.rpartition(" ")[0] for line in proxy.asked] == [f"CONNECT 127.0.0.1:{tls_server.port}"]
    assert proxy.header("Proxy-Authorization") == ["Basic " + base64.b64encode(b"user:proxy-secret").decode()]
    # What is the service's is not shown to the proxy, and the other way round.
    assert proxy.header("X-Auth-Token") == proxy.header("Authorization") == []
    assert tls_server.received[0].header("Proxy-Authorization") is None
    assert tls_server.received[0].header("X-Auth-Token") == "TOKEN"


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_proxy_of_the_environment_is_used_for_https(
    tls_server: MisbehavingServer,
    proxy: RecordingProxy,
    client_of: Callable[..., HttpClient],
    certificate: str,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv(name, proxy.url)
    assert get(client_of(verify=certificate), tls_server.url) == {}
    assert [line.rpartition(" ")[0] for line in proxy.asked] == [f"CONNECT 127.0.0.1:{tls_server.port}"]


@pytest.mark.parametrize("without", ["127.0.0.1", "::1/128,127.0.0.0/255.0.0.0"])
def test_no_proxy_of_the_environment_holds(
    tls_server: MisbehavingServer,
    proxy: RecordingProxy,
    client_of: Callable[..., HttpClient],
    certificate: str,
    monkeypatch: pytest.MonkeyPatch,
    without: str,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", without)
    assert get(client_of(verify=certificate), tls_server.url) == {}
    assert (proxy.asked, tls_server.count) == ([], 1)


def test_proxy_option_wins_over_the_environment(
    tls_server: MisbehavingServer,
    proxy: RecordingProxy,
    client_of: Callable[..., HttpClient],
    certificate: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = RecordingProxy()
    try:
        monkeypatch.setenv("HTTPS_PROXY", other.url)
        monkeypatch.setenv("ALL_PROXY", other.url)
        assert get(client_of(proxy=proxy.url, verify=certificate), tls_server.url) == {}
        assert len(proxy.asked) == 1
        assert other.asked == []
    finally:
        other.close()


def test_verification_behind_a_proxy(
    tls_server: MisbehavingServer, proxy: RecordingProxy, client_of: Callable[..., HttpClient]
) -> None:
    with pytest.raises(TlsFailed):
        get(client_of(proxy=proxy.url), tls_server.url)
    assert tls_server.count == 0


def test_proxy_that_wants_a_password(
    tls_server: MisbehavingServer, proxy: RecordingProxy, client_of: Callable[..., HttpClient]
) -> None:
    proxy.refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(Unreachable, match="407"):
        get(client_of(proxy=proxy.url), tls_server.url)


@pytest.mark.parametrize("kind", [Kind.READ, Kind.CREATE])
@pytest.mark.parametrize(
    "value",
    ["http://a..b:3128", "http://exam ple.com:3128", "http://" + "a" * 64 + ":1", "http://[::1", "ftp://127.0.0.1:1"],
)
def test_proxy_of_the_environment_that_is_nonsense(
    tls_server: MisbehavingServer,
    client_of: Callable[..., HttpClient],
    monkeypatch: pytest.MonkeyPatch,
    kind: Kind,
    value: str,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    call = Call(kind, "do it", "POST", tls_server.url + "/v1", NoAuth(), {"name": "x"} if kind is Kind.CREATE else None)
    with pytest.raises(Unreachable) as caught:
        client_of(max_retries=0).send(call, lambda body, _headers: body)
    assert tls_server.count == 0
    assert "proxy" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("value", "url", "direct"),
    [
        ("::1/128", "https://[::1]:8443/v1", True),
        ("example.com, ::1 ", "https://[::1]/", True),
        ("[::1]", "https://[::1]/", True),
        ("fd00::/8", "https://[fd12:3456::1]:8443/", True),
        ("[fd00::]/8", "https://[fd12:3456::1]/", True),
        ("fd12:3456::ff/120", "https://[fd12:3456::1]/", True),  # host bits that are set
        ("fd00::/8", "https://[fe80::1]/", False),
        ("::1/128", "https://[::2]/", False),
        ("127.0.0.0/8", "https://127.1.2.3/", True),
        ("10.0.0.0/255.0.0.0", "https://10.9.8.7/", True),
        ("10.0.0.7/32", "https://10.0.0.8/", False),
        ("0.0.0.0/0", "https://[::1]/", False),
        ("::/0", "https://10.0.0.8/", False),
        ("10.0.0.0/8", "https://modelarts.cn-north-4.myhuaweicloud.com/", False),
        (".myhuaweicloud.com", "https://modelarts.cn-north-4.myhuaweicloud.com/", True),
        ("nonsense/64,,[", "https://[::1]/", False),
        ("*", "https://[::1]/", True),
    ],
)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_networks_and_addresses_in_no_proxy(
    client_of: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch, name: str, value: str, url: str, direct: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv(name, value)
    proxies = client_of()._connections._proxies(url)
    assert (proxies.get("https") is None) is direct


# Connections


@pytest.mark.parametrize("kind", [Kind.CREATE, Kind.CHANGE])
@pytest.mark.parametrize("body", [{"name": "x"}, None])
@pytest.mark.parametrize("secure", [False, True])
def test_a_write_does_not_go_over_a_connection_that_may_be_dying(
    server: MisbehavingServer,
    tls_server: MisbehavingServer,
    certificate: str,
    client_of: Callable[..., HttpClient],
    kind: Kind,
    body: dict | None,
    secure: bool,
) -> None:
    """On a kept one, that it did not arrive could not be told from an answer that was lost: the outcome was unknown."""
    server = tls_server if secure else server
    server.kept_dies = True
    client = client_of(max_retries=0, verify=certificate)
    get(client, server.url)
    for _time in range(2):
        write = Call(kind, "do it", "POST", server.url + "/v1", NoAuth(), body)
        assert client.send(write, lambda answer, _headers: answer) == {}
    assert [(request.method, request.connection) for request in server.received] == [
        ("GET", 1),
        ("POST", 2),
        ("POST", 3),
    ]


def test_reads_keep_their_connection(server: MisbehavingServer, client_of: Callable[..., HttpClient]) -> None:
    client = client_of()
    get(client, server.url)
    client.send(Call(Kind.CREATE, "do it", "POST", server.url, NoAuth(), {}), lambda answer, _headers: answer)
    get(client, server.url)
    client.send(Call(Kind.POLL, "look", "GET", server.url, NoAuth()), lambda answer, _headers: answer)
    assert [request.connection for request in server.received] == [1, 2, 1, 1]


def test_a_read_survives_a_kept_connection_that_dies(
    server: MisbehavingServer, client_of: Callable[..., HttpClient]
) -> None:
    server.kept_dies = True
    client = client_of(max_retries=1)
    get(client, server.url)
    get(client, server.url)
    assert [request.connection for request in server.received] == [1, 2]


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("way", ["keys", "token"])
def test_redirect_is_an_error_and_nothing_reaches_the_other_host(
    server: MisbehavingServer,
    other_server: MisbehavingServer,
    client_of: Callable[..., HttpClient],
    clock: FakeClock,
    netrc: pathlib.Path,
    status: int,
    way: str,
) -> None:
    other = other_server.url.replace("127.0.0.1", "localhost")
    server.answers = [Reply(status, b"", {"Location": other + "/login", "X-Request-Id": "r1"})]
    auth = TokenAuth("TOKEN") if way == "token" else AccessKeyAuth("AK", "SecretKey", "project", None, clock)
    with pytest.raises(ApiError) as caught:
        get(client_of(), server.url, auth)
    assert server.count == 1
    assert other_server.count == 0
    assert (caught.value.http_status, caught.value.request_id) == (status, "r1")
    assert "redirect" in (caught.value.hint or "")
    assert not any(secret in str(caught.value) for secret in SECRETS)


@pytest.mark.parametrize(
    "location",
    ["https://[broken", "http://\u00ff\u00fe/", "/\u00e9", "", "mailto:a@b", "//", "http://a b/", "x" * 5000],
)
def test_redirect_to_nonsense_is_an_error_too(
    server: MisbehavingServer, client_of: Callable[..., HttpClient], location: str
) -> None:
    server.answers = [Reply(302, b"", {"Location": location})]
    with pytest.raises(LiteServerError) as caught:
        get(client_of(max_retries=0), server.url)
    assert caught.value.http_status == 302
    assert server.count == 1


# Cookies, and what else is remembered


def test_cookies_are_not_sent_back(server: MisbehavingServer, client_of: Callable[..., HttpClient]) -> None:
    server.answers = [reply_json({}, Set_Cookie="session=abc; Path=/")]
    client = client_of()
    get(client, server.url)
    get(client, server.url)
    assert [request.header("Cookie") for request in server.received] == [None, None]


def test_one_connection_serves_many_requests(server: MisbehavingServer, client_of: Callable[..., HttpClient]) -> None:
    ports = set()
    original = server.handle

    def handle(connection: Any, at_rest: Any) -> None:
        ports.add(connection.getpeername()[1])
        original(connection, at_rest)

    server.handle = handle  # type: ignore[method-assign]
    client = client_of()
    for _time in range(5):
        get(client, server.url)
    assert len(ports) == 1
