# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options: where they come from, which rules they keep, and what they lead to."""

from __future__ import annotations

import json
import pathlib
import socket
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    ApiError,
    InvalidOption,
    LiteServerError,
    Unreachable,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils._version import VERSION
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._connection import build_api
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._connection_options import (
    check_connection,
    connection_argument_spec,
    environment_options,
    passwords_in_addresses,
)
from ansible_collections.modelarts.liteserver.tests.unit.transport.fake_clock import FakeClock
from ansible_collections.modelarts.liteserver.tests.unit.transport.misbehaving_server import (
    MisbehavingServer,
    reply_json,
)

# The contract's table: option -> environment variables, the first found wins.
VARIABLES = {
    "region": ["HUAWEICLOUD_SDK_REGION", "HW_REGION_NAME"],
    "endpoint": ["LITESERVER_ENDPOINT"],
    "project_id": ["HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID"],
    "access_key": ["HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY"],
    "secret_key": ["HUAWEICLOUD_SDK_SK", "HW_SECRET_KEY"],
    "security_token": ["HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN"],
    "auth_token": ["HW_AUTH_TOKEN"],
    "username": ["HW_USER_NAME"],
    "password": ["HW_USER_PASSWORD"],
    "domain_name": ["HW_DOMAIN_NAME"],
    "iam_endpoint": ["HUAWEICLOUD_SDK_IAM_ENDPOINT", "HW_AUTH_URL"],
    "validate_certs": [],
    "ca_path": ["LITESERVER_CA_PATH"],
    "proxy": [],
    "request_timeout": [],
    "max_retries": ["HW_MAX_RETRIES"],
}
DEFAULTS = {"validate_certs": True, "request_timeout": 30, "max_retries": 5}
SECRETS = {"access_key", "secret_key", "security_token", "auth_token", "password"}
KEYS = {"access_key": "AK", "secret_key": "SK"}
TOKEN = {"auth_token": "TOKEN"}
LOGIN = {"username": "sre", "password": "pass word", "domain_name": "account"}
WHERE = {"region": "cn-north-4", "project_id": "p-1"}


def parsed(**given: Any) -> dict[str, Any]:
    """The options as a module gets them, from what is given and from the environment."""
    result = ArgumentSpecValidator(connection_argument_spec()).validate(given)
    assert not result.error_messages, result.error_messages
    return result.validated_parameters


def refusal_of(**given: Any) -> str:
    """The text of the error that the options are refused with."""
    with pytest.raises(InvalidOption) as caught:
        check_connection(parsed(**given))
    return str(caught.value)


# Where the options come from


def test_options_are_the_ones_of_the_contract() -> None:
    assert set(connection_argument_spec()) == set(VARIABLES)


def test_defaults() -> None:
    assert parsed() == {option: DEFAULTS.get(option) for option in VARIABLES}


def test_secret_options_are_not_logged() -> None:
    spec = connection_argument_spec()
    assert {option for option in spec if spec[option].get("no_log")} == SECRETS


@pytest.mark.parametrize("option", [option for option, names in VARIABLES.items() if names])
def test_variables_of_an_option(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        name: f"/from/{name}" if option != "max_retries" else str(number)
        for number, name in enumerate(VARIABLES[option], 7)
    }
    expected = {name: int(value) if option == "max_retries" else value for name, value in values.items()}
    # Each one alone, and the first of several.
    for name in VARIABLES[option]:
        with monkeypatch.context() as patch:
            patch.setenv(name, values[name])
            assert parsed()[option] == expected[name]
    for name in VARIABLES[option]:
        monkeypatch.setenv(name, values[name])
    assert parsed()[option] == expected[VARIABLES[option][0]]
    # What is given wins over all of them.
    assert parsed(**{option: "3"})[option] == (3 if option == "max_retries" else "3")


def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWX sets every variable of a credential, and leaves those empty whose field was not filled in."""
    for names in VARIABLES.values():
        for name in names:
            monkeypatch.setenv(name, "")
    assert parsed() == {option: DEFAULTS.get(option) for option in VARIABLES}
    assert environment_options() == {option: value for option, value in DEFAULTS.items() if VARIABLES[option]}
    # It does not hide the next one either.
    for option, names in VARIABLES.items():
        if names:
            monkeypatch.setenv(names[-1], "7")
            assert parsed()[option] == (7 if option == "max_retries" else "7")
            assert environment_options()[option] == "7"


def test_no_variable_is_one_that_awx_refuses() -> None:
    assert not [name for names in VARIABLES.values() for name in names if name.startswith("ANSIBLE_")]


def test_other_variables_have_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name for names in VARIABLES.values() for name in names}
    for option in VARIABLES:
        for prefix in ("HW_", "HUAWEICLOUD_SDK_", "LITESERVER_", "ANSIBLE_", "OS_", ""):
            if prefix + option.upper() not in known:
                monkeypatch.setenv(prefix + option.upper(), "1")
    assert parsed() == {option: DEFAULTS.get(option) for option in VARIABLES}


# Exactly one way to authenticate


@pytest.mark.parametrize("way", [KEYS, {**KEYS, "security_token": "T"}, TOKEN, LOGIN])
def test_one_way_to_authenticate(way: dict) -> None:
    assert check_connection(parsed(**WHERE, **way)) == []


def test_no_way_to_authenticate_names_them_all() -> None:
    text = refusal_of(**WHERE)
    for option in ("access_key", "secret_key", "auth_token", "username", "password", "domain_name"):
        assert option in text
        assert all(name in text for name in VARIABLES[option])


@pytest.mark.parametrize("first, second", [(KEYS, TOKEN), (KEYS, LOGIN), (TOKEN, LOGIN)])
def test_two_ways_to_authenticate(first: dict, second: dict) -> None:
    text = refusal_of(**WHERE, **first, **second)
    assert all(option in text for option in [*first, *second])
    # Half a second one is too much as well: which one is meant?
    for option in second:
        text = refusal_of(**WHERE, **first, **{option: second[option]})
        assert option in text
    assert "pass word" not in text


def test_three_ways_to_authenticate() -> None:
    assert refusal_of(**WHERE, **KEYS, **TOKEN, **LOGIN).startswith("3 ways")


def test_second_way_from_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HW_AUTH_TOKEN", "FROM-THE-ENVIRONMENT")
    text = refusal_of(**WHERE, **KEYS)
    assert "auth_token" in text
    assert "environment" in text
    assert "FROM-THE-ENVIRONMENT" not in text


@pytest.mark.parametrize(
    "way, missing",
    [
        ({"access_key": "AK"}, ["secret_key"]),
        ({"secret_key": "SK"}, ["access_key"]),
        ({"security_token": "T"}, ["access_key", "secret_key"]),
        ({"security_token": "T", "access_key": "AK"}, ["secret_key"]),
        ({"username": "sre"}, ["password", "domain_name"]),
        ({"username": "sre", "password": "p"}, ["domain_name"]),
        ({"domain_name": "account"}, ["username", "password"]),
        ({"password": "p", "domain_name": "account"}, ["username"]),
    ],
)
def test_half_a_way_names_what_is_missing(way: dict, missing: list[str]) -> None:
    text = refusal_of(**WHERE, **way)
    rule = text.partition(":")[0]
    assert all(option in rule for option in missing)
    assert not any(option in rule for option in way)
    assert all(name in text for option in missing for name in VARIABLES[option])


def test_empty_values_count_as_none() -> None:
    check_connection(parsed(**WHERE, **KEYS, auth_token="", username=""))
    refusal_of(**WHERE, access_key="", secret_key="")


@pytest.mark.parametrize("option", ["access_key", "secret_key", "security_token", "auth_token"])
@pytest.mark.parametrize("value", ["with blank", "line\nbreak", "tab\t", "ümlaut", " lead", "nul\0", "cr\r"])
def test_key_or_token_that_is_no_header_value(option: str, value: str) -> None:
    given = {**TOKEN, option: value} if option == "auth_token" else {**KEYS, option: value}
    text = refusal_of(**WHERE, **given)
    assert text.startswith(option)
    assert value not in text


# Project, region, endpoint


@pytest.mark.parametrize("value", [None, ""])
def test_project_id_is_needed(value: str | None) -> None:
    text = refusal_of(region="cn-north-4", **KEYS, project_id=value)
    assert text.startswith("project_id")
    assert "HW_PROJECT_ID" in text


@pytest.mark.parametrize("value", ["a/b", "a b", "p\n", "x" * 65, "..", "ü", "a?b", "a_b"])
def test_bad_project_id(value: str) -> None:
    assert refusal_of(region="cn-north-4", **KEYS, project_id=value).startswith("project_id")


@pytest.mark.parametrize("value", ["0123456789abcdef0123456789abcdef", "x" * 64, "A-1"])
def test_good_project_id(value: str) -> None:
    check_connection(parsed(region="cn-north-4", **KEYS, project_id=value))


@pytest.mark.parametrize(
    "value", ["CN-North-4", "cn north", "cn-north-4.evil.com", "cn/north", "a@b", "cn-north-4\n", "ü", "x" * 65]
)
def test_bad_region(value: str) -> None:
    assert refusal_of(project_id="p", **KEYS, region=value).startswith("region")


def test_region_or_endpoint_is_needed() -> None:
    text = refusal_of(project_id="p", **KEYS)
    assert all(word in text for word in ("region", "endpoint", "HUAWEICLOUD_SDK_REGION", "HW_REGION_NAME"))


def asked_host(given: dict, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that the service looks up for a request."""
    hosts = []

    def look_up(host: str, port: int, *_rest: Any, **_more: Any) -> Any:
        hosts.append(f"{host}:{port}")
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    options = parsed(max_retries=0, **given)
    check_connection(options)
    with pytest.raises(Unreachable):
        build_api(options, FakeClock(), lambda _token: None).get_job("1")
    return hosts


@pytest.mark.parametrize(
    "given, host",
    [
        ({"region": "cn-north-4"}, "modelarts.cn-north-4.myhuaweicloud.com:443"),
        ({"region": "ap-southeast-3"}, "modelarts.ap-southeast-3.myhuaweicloud.com:443"),
        ({"region": "ap-southeast-1"}, "modelarts.ap-southeast-1.myhuaweicloud.cn:443"),
        ({"region": "a-region-of-tomorrow"}, "modelarts.a-region-of-tomorrow.myhuaweicloud.com:443"),
        ({"region": "cn-north-4", "endpoint": "https://mirror.example.com"}, "mirror.example.com:443"),
        ({"endpoint": "https://mirror.example.com:8443/"}, "mirror.example.com:8443"),
        ({"endpoint": "https://mirror.example.com/a/b//"}, "mirror.example.com:443"),
    ],
)
def test_endpoint(given: dict, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked_host({"project_id": "p", **KEYS, **given}, monkeypatch) == [host]


@pytest.mark.parametrize(
    "given, host",
    [
        ({"region": "cn-north-4"}, "iam.cn-north-4.myhuaweicloud.com:443"),
        ({"region": "ap-southeast-1"}, "iam.ap-southeast-1.myhuaweicloud.com:443"),
        ({"region": "cn-north-4", "endpoint": "https://m.example.com"}, "iam.cn-north-4.myhuaweicloud.com:443"),
        ({"region": "cn-north-4", "iam_endpoint": "https://iam.example.com"}, "iam.example.com:443"),
        ({"endpoint": "https://m.example.com", "iam_endpoint": "https://iam.example.com/v3"}, "iam.example.com:443"),
    ],
)
def test_iam_endpoint(given: dict, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked_host({"project_id": "p", **LOGIN, **given}, monkeypatch) == [host]


def test_iam_endpoint_is_needed_for_a_login_without_a_region() -> None:
    text = refusal_of(project_id="p", endpoint="https://m.example.com", **LOGIN)
    assert text.startswith("iam_endpoint")
    check_connection(parsed(project_id="p", endpoint="https://m.example.com", **KEYS))


@pytest.mark.parametrize("suffix", ["", "/", "/v3", "/v3/"])
def test_login_goes_to_version_3_once(suffix: str, server: MisbehavingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HW_AUTH_URL", server.url + suffix)
    server.answers = [reply_json({"id": "1"}, X_Subject_Token="T")]
    options = parsed(project_id="p", endpoint=server.url, **LOGIN)
    check_connection(options)
    tokens: list[str] = []
    build_api(options, FakeClock(), tokens.append).get_job("1")
    assert [request.target for request in server.received] == [
        "/v3/auth/tokens?nocatalog=true",
        "/v1/p/dev-servers/jobs/1",
    ]
    assert tokens == ["T"]


@pytest.mark.parametrize("suffix, base", [("", ""), ("/", ""), ("/a/b", "/a/b"), ("/a/b/", "/a/b")])
def test_path_of_the_endpoint_is_kept(suffix: str, base: str, server: MisbehavingServer) -> None:
    server.answers = [reply_json({"id": "1"})]
    options = parsed(project_id="p", endpoint=server.url + suffix, **TOKEN)
    check_connection(options)
    build_api(options, FakeClock(), lambda _token: None).get_job("1")
    assert server.received[0].target == base + "/v1/p/dev-servers/jobs/1"


GOOD_PLAIN = ["http://127.0.0.1:1", "http://127.9.9.9", "http://localhost:8080", "http://[::1]:80", "HTTP://LOCALHOST"]
BAD_ADDRESSES = [
    # plain http to somewhere else
    "http://modelarts.example.com",
    "http://10.0.0.1",
    "http://0.0.0.0",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://example.com#127.0.0.1",
    "http://127.0.0.1@example.com",
    "http://2130706433.example.com",
    # no address
    "modelarts.example.com",
    "modelarts.example.com:443",
    "//modelarts.example.com",
    "https://",
    "https:///path",
    "ftp://example.com",
    "file:///etc/passwd",
    "https://[::1",
    "https://example.com:port",
    "https://example.com:99999",
    # more than an address
    "https://user@example.com",
    "https://user:secret@example.com",
    "https://example.com/?a=b",
    "https://example.com/#fragment",
]
# An address like that must be refused, or lead to an error of ours: never to a traceback.
ODD_ADDRESSES = [
    "https://example.com ",
    " https://example.com",
    "https://exam ple.com",
    "https://example.com\n",
    "https://*.example.com",
    "https://a..b",
    "https://" + "a" * 64 + ".example.com",
    "https://ü" + "b" * 70 + ".example.com",
    "https://a%.com",
    "https://[v1.x]",
    "https://example.com\\path",
    "https://example.com/\x1b[31m",
    "https://example.com/ü",
    "https://example.com/%zz",
]


@pytest.mark.parametrize("value", GOOD_PLAIN)
def test_plain_http_to_loopback(value: str) -> None:
    check_connection(parsed(project_id="p", **KEYS, endpoint=value))
    check_connection(parsed(project_id="p", **LOGIN, endpoint=value, iam_endpoint=value))


@pytest.mark.parametrize("value", BAD_ADDRESSES)
def test_bad_address(value: str) -> None:
    text = refusal_of(**WHERE, **KEYS, endpoint=value)
    assert text.startswith("endpoint")
    assert "secret" not in text
    assert refusal_of(**WHERE, **LOGIN, iam_endpoint=value).startswith("iam_endpoint")


# A mark without anything after it would turn the path of every request into a query or a fragment.
@pytest.mark.parametrize("suffix", ["?", "#", "/?", "/#"])
def test_address_that_ends_in_a_mark(suffix: str, server: MisbehavingServer) -> None:
    server.answers = [reply_json({"id": "1"})]
    options = parsed(project_id="p", endpoint=server.url + suffix, **TOKEN)
    try:
        check_connection(options)
    except InvalidOption as error:
        assert str(error).startswith("endpoint")
    else:
        build_api(options, FakeClock(), lambda _token: None).get_job("1")
        assert server.received[0].target == "/v1/p/dev-servers/jobs/1"


@pytest.mark.parametrize("option", ["endpoint", "iam_endpoint", "proxy"])
@pytest.mark.parametrize("value", ODD_ADDRESSES)
def test_odd_address_is_an_error_and_no_traceback(option: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _no_such_host)
    way = LOGIN if option == "iam_endpoint" else TOKEN
    options = parsed(**{**WHERE, **way, option: value, "max_retries": 0})
    with pytest.raises(LiteServerError) as caught:
        check_connection(options)
        build_api(options, FakeClock(), lambda _token: None).create_job({"name": "x"})
    # Nothing was sent, so nothing is unknown.
    assert caught.value.outcome is None
    assert isinstance(caught.value, (InvalidOption, Unreachable)), caught.value


@pytest.mark.parametrize("region", ["x" * 64, "-", "-a-"])
def test_odd_region_is_an_error_and_no_traceback(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _no_such_host)
    options = parsed(project_id="p", **KEYS, region=region, max_retries=0)
    with pytest.raises((InvalidOption, Unreachable)):
        check_connection(options)
        build_api(options, FakeClock(), lambda _token: None).get_job("1")


def _no_such_host(*_rest: Any, **_more: Any) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


# The other options


@pytest.mark.parametrize(
    "option, value", [("request_timeout", 0), ("request_timeout", -1), ("max_retries", -1), ("ca_path", "/not/there")]
)
def test_bad_value(option: str, value: Any) -> None:
    assert refusal_of(**WHERE, **KEYS, **{option: value}).startswith(option)


def test_good_values(tmp_path: pathlib.Path) -> None:
    options = {
        "request_timeout": 1,
        "max_retries": 0,
        "ca_path": str(tmp_path),
        "proxy": "http://proxy.example.com:3128",
    }
    assert check_connection(parsed(**WHERE, **KEYS, **options)) == []


@pytest.mark.parametrize(
    "option, value", [("max_retries", "many"), ("request_timeout", "1 minute"), ("validate_certs", "so")]
)
def test_value_of_another_type(option: str, value: str) -> None:
    result = ArgumentSpecValidator(connection_argument_spec()).validate({option: value})
    assert option in " ".join(result.error_messages)


@pytest.mark.parametrize(
    "value",
    [
        "proxy.example.com:3128",
        "socks5://user:secret@p:1",
        "http://",
        "http://user:secret@[::1",
        "http://user:secret@h:port",
    ],
)
def test_bad_proxy_is_refused_without_showing_it(value: str) -> None:
    text = refusal_of(**WHERE, **KEYS, proxy=value)
    assert text.startswith("proxy")
    assert "secret" not in text


def test_password_of_the_proxy_is_a_secret() -> None:
    options = parsed(**WHERE, **KEYS, proxy="http://user:proxy-secret@proxy.example.com:3128")
    assert check_connection(options) == []
    assert passwords_in_addresses(options) == {"proxy-secret"}


@pytest.mark.parametrize(
    ("address", "passwords"),
    [
        ("http://user:pa:ss@proxy.example.com", {"pa:ss"}),
        ("ftp://user:secret@proxy.example.com", {"secret"}),
        ("user:secret@proxy.example.com", {"secret"}),
        ("//user:secret@[::1", {"secret"}),
        ("http://proxy.example.com:3128", set()),
        # A slash in a password makes something else of the address for every program; it is a password all the same.
        ("http://user:pa/ss@proxy.example.com:3128", {"pa/ss"}),
        ("http://user:p@/s#s?@proxy.example.com:3128", {"p@/s#s?"}),
        ("user:pa//ss@proxy.example.com:3128", {"pa//ss"}),
        ("http://user:pa%2Fss@proxy.example.com:3128", {"pa%2Fss", "pa/ss"}),
        # A token in the place of the user; a short name is none.
        ("https://a-token-8@proxy.example.com", {"a-token-8"}),
        ("https://a-token-8:@proxy.example.com", {"a-token-8"}),
        ("https://a-token-of-20-letters:x-oauth-basic@proxy.example.com", {"a-token-of-20-letters", "x-oauth-basic"}),
        ("https://user@proxy.example.com", set()),
        ("https://operator-7:secret@proxy.example.com", {"secret"}),
        (None, set()),
    ],
)
@pytest.mark.parametrize("option", ["proxy", "endpoint", "iam_endpoint"])
def test_a_password_is_found_in_an_address_that_will_be_refused_too(
    option: str, address: str | None, passwords: set[str]
) -> None:
    options = dict.fromkeys(("proxy", "endpoint", "iam_endpoint"), None)
    assert passwords_in_addresses({**options, option: address}) == passwords


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_password_in_a_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://user:pa/ss@proxy.example.com:3128")
    assert "pa/ss" in passwords_in_addresses({})


def test_switching_verification_off_warns() -> None:
    (warning,) = check_connection(parsed(**WHERE, **KEYS, validate_certs=False))
    assert "validate_certs" in warning


# What the options lead to


class RecordedClient:
    """Stands in for HttpClient, to see what it is made with."""

    made: dict[str, Any] = {}

    def __init__(self, **options: Any) -> None:
        RecordedClient.made = options


@pytest.mark.parametrize(
    "given, expected",
    [
        ({}, {"verify": True, "proxy": None, "timeout": 30, "max_retries": 5}),
        ({"ca_path": "/"}, {"verify": "/"}),
        ({"validate_certs": False}, {"verify": False}),
        ({"validate_certs": False, "ca_path": "/"}, {"verify": False}),
        ({"proxy": "http://p:1"}, {"proxy": "http://p:1"}),
        ({"request_timeout": 7, "max_retries": 0}, {"timeout": 7, "max_retries": 0}),
    ],
)
def test_client_gets_the_options(given: dict, expected: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{build_api.__module__}.HttpClient", RecordedClient)
    clock = FakeClock()
    build_api(parsed(**WHERE, **KEYS, **given), clock, lambda _token: None)
    assert {name: RecordedClient.made[name] for name in expected} == expected
    assert RecordedClient.made["clock"] is clock


def headers_of(server: MisbehavingServer, **given: Any) -> Any:
    """The last request, as the service got it."""
    server.answers = [reply_json({"id": "1"}, X_Subject_Token="FETCHED")]
    options = parsed(project_id="p", endpoint=server.url, iam_endpoint=server.url, **given)
    check_connection(options)
    build_api(options, FakeClock(), lambda _token: None).get_job("1")
    return server.received[-1]


def test_keys_sign(server: MisbehavingServer) -> None:
    request = headers_of(server, **KEYS)
    assert request.header("Authorization").startswith("SDK-HMAC-SHA256 Access=AK, ")
    assert request.header("X-Project-Id") == "p"
    assert request.header("X-Security-Token") is None
    assert request.header("X-Auth-Token") is None


def test_temporary_keys_send_their_token(server: MisbehavingServer) -> None:
    request = headers_of(server, **KEYS, security_token="TEMPORARY")
    assert request.header("X-Security-Token") == "TEMPORARY"
    assert ";x-security-token," in request.header("Authorization")


def test_token_is_sent(server: MisbehavingServer) -> None:
    request = headers_of(server, **TOKEN)
    assert request.header("X-Auth-Token") == "TOKEN"
    assert request.header("Authorization") is None
    assert server.count == 1


def test_login_fetches_a_token(server: MisbehavingServer) -> None:
    request = headers_of(server, **LOGIN)
    assert request.header("X-Auth-Token") == "FETCHED"
    login = json.loads(server.received[0].body)
    assert login["auth"]["identity"]["password"]["user"] == {
        "name": "sre",
        "password": "pass word",
        "domain": {"name": "account"},
    }
    assert login["auth"]["scope"] == {"project": {"id": "p"}}


def test_user_agent_tells_the_version(server: MisbehavingServer) -> None:
    assert headers_of(server, **TOKEN).header("User-Agent").startswith(f"modelarts.liteserver/{VERSION}")


# Where it goes


@pytest.mark.parametrize("way", [KEYS, LOGIN])
def test_a_region_that_does_not_exist_is_named_with_its_host(monkeypatch: pytest.MonkeyPatch, way: dict) -> None:
    def unknown(host: str, *_more: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    options = parsed(region="cn-nowhere-9", project_id="p", max_retries=0, **way)
    with pytest.raises(Unreachable) as caught:
        build_api(options, FakeClock(), lambda _token: None).get_job("1")
    host = "iam" if way is LOGIN else "modelarts"
    assert f"no connection to {host}.cn-nowhere-9.myhuaweicloud.com (region 'cn-nowhere-9')" in caught.value.message


@pytest.mark.parametrize(("status", "code"), [(401, "APIGW.0301"), (403, "ModelArts.0403"), (404, "APIGW.0101")])
def test_a_refusal_that_may_be_another_regions_names_the_host(
    server: MisbehavingServer, status: int, code: str
) -> None:
    server.answers = [reply_json({"error_code": code, "error_msg": "no"}, status)]
    options = parsed(endpoint=server.url, project_id="p", **KEYS)
    with pytest.raises(ApiError) as caught:
        build_api(options, FakeClock(), lambda _token: None).get_job("1")
    assert f"127.0.0.1:{server.port} (endpoint)" in str(caught.value)
