# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and proxies, with real ones: a real module in a real process against the simulator over TLS."""

from __future__ import annotations

import pathlib

import pytest
from inventory.harness import Inventory
from playbooks.harness import VERSION
from simulator.process import Simulator

JOB = {"name": "upgrade", "type": "HDK_UPGRADE", "spec": {"version": VERSION}, "template_check": "off"}
NONSENSE = {"REQUESTS_CA_BUNDLE": "/nonsense", "CURL_CA_BUNDLE": "/nonsense", "SSL_CERT_FILE": "/nonsense"}


@pytest.fixture
def attempt(modules, tls_simulator):
    """Creates a job over TLS: a login, reads and a write; what came back."""

    def attempt(simulator=tls_simulator, environment=None, module="liteserver_job", **options):
        wanted = {**JOB, "server_ids": [simulator.server_id(1)]} if module == "liteserver_job" else {}
        given = {**simulator.password_credentials(), **wanted, "max_retries": 0, "request_timeout": 20, **options}
        ended = modules.run(module, given, environment=environment)
        assert ended.stderr == ""
        return ended.result

    return attempt


def warnings_of(result):
    return list(map(str, result.get("warnings", [])))


def succeeded(simulator, result, warnings=()):
    """Assert that the job was created, once, with a login that reached the service."""
    assert not result.get("failed"), result["msg"]
    assert result["action"] == "created"
    assert (simulator.count("create_token"), simulator.count("create_job")) == (1, 1)
    assert len(warnings_of(result)) == len(warnings)
    for warning, text in zip(warnings_of(result), warnings, strict=True):
        assert text in warning


def refused(simulator, result, *texts):
    """Assert that nothing reached the service, and that the error says why."""
    assert result["failed"]
    assert (result["error"]["code"], result["error"]["retryable"], result["changed"]) == ("tls", False, False)
    for text in texts:
        assert text in result["msg"]
    assert simulator.count("total") == 0


# Certificates


def test_ca_path(attempt, certificates, tls_simulator):
    succeeded(tls_simulator, attempt(ca_path=certificates.authority))


def test_ca_path_from_the_environment(attempt, certificates, tls_simulator):
    succeeded(tls_simulator, attempt(environment={"LITESERVER_CA_PATH": certificates.authority}))


def test_an_unknown_authority(attempt, tls_simulator):
    refused(tls_simulator, attempt(), "certificate was not accepted", "ca_path")


def test_another_authority(attempt, certificates, tls_simulator):
    refused(tls_simulator, attempt(ca_path=certificates.other_authority), "certificate was not accepted")


@pytest.mark.parametrize("pair, text", [("wrong_host", "127.0.0.1"), ("expired", "expired")])
def test_a_certificate_that_does_not_hold(attempt, certificates, pair, text):
    with Simulator(tls=getattr(certificates, pair)) as simulator:
        refused(simulator, attempt(simulator, ca_path=certificates.authority), "certificate was not accepted", text)
        # The same one is good enough where nobody looks.
        succeeded(simulator, attempt(simulator, validate_certs=False), ["validate_certs=false"])


def test_plain_text_where_tls_should_be(attempt, simulator):
    result = attempt(simulator, endpoint=simulator.url.replace("http", "https"), iam_endpoint=simulator.url)
    assert result["error"]["code"] in ("tls", "unreachable", "no_answer")
    assert simulator.count("list_jobs") == 0


def test_verification_that_is_off_warns(attempt, tls_simulator):
    succeeded(tls_simulator, attempt(validate_certs=False), ["validate_certs=false"])


def test_verification_that_is_off_wins_over_ca_path(attempt, certificates, tls_simulator):
    result = attempt(validate_certs=False, ca_path=certificates.other_authority)
    succeeded(tls_simulator, result, ["validate_certs=false"])


# What the environment says


def test_authorities_of_the_environment_that_are_nonsense(attempt, certificates, tls_simulator):
    succeeded(tls_simulator, attempt(ca_path=certificates.authority, environment=NONSENSE))
    tls_simulator.reset(job_duration=0)
    succeeded(tls_simulator, attempt(validate_certs=False, environment=NONSENSE), ["validate_certs=false"])


def test_authorities_of_the_environment_do_not_replace_ours(attempt, certificates, tls_simulator):
    """Who may set a variable does not decide whom the credentials are sent to."""
    good = {"REQUESTS_CA_BUNDLE": certificates.authority, "CURL_CA_BUNDLE": certificates.authority}
    refused(tls_simulator, attempt(environment=good), "certificate was not accepted")
    refused(tls_simulator, attempt(environment=good, ca_path=certificates.other_authority), "not accepted")


@pytest.mark.parametrize("way", ["credentials", "token_credentials", "password_credentials"])
def test_a_netrc_entry_for_the_host(attempt, certificates, tls_simulator, tmp_path: pathlib.Path, way):
    """It would replace the Authorization header, which is where a signature stands. The simulator refuses any other."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login intruder password intruder\ndefault login intruder password intruder\n")
    netrc.chmod(0o600)
    result = attempt(
        environment={"NETRC": str(netrc)}, ca_path=certificates.authority, **without_others(tls_simulator, way)
    )
    assert not result.get("failed"), result["msg"]
    ways = {each["auth"] for each in tls_simulator.requests() if each["operation"] != "create_token"}
    assert ways == {"aksk" if way == "credentials" else "token"}


def without_others(simulator, way):
    """The credentials of one way, with those of a login left out."""
    return {**dict.fromkeys(("username", "password", "domain_name", "iam_endpoint")), **getattr(simulator, way)()}


# Proxies


@pytest.mark.parametrize("variables", [None, "HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy(attempt, certificates, tls_simulator, proxy, variables):
    """By option or environment. It sees where a request goes, and none of its content."""
    if variables is None:
        result = attempt(ca_path=certificates.authority, proxy=proxy.url)
    else:
        result = attempt(ca_path=certificates.authority, environment={variables: proxy.url})
    succeeded(tls_simulator, result)
    host = tls_simulator.url.removeprefix("https://")
    assert {line.rpartition(" ")[0] for line in proxy.asked} == {f"CONNECT {host}"}
    assert proxy.tunnelled
    for secret in (tls_simulator.settings()["password"], "X-Auth-Token", "create_job", "dev-servers"):
        assert secret.encode() not in proxy.tunnelled
    assert [proxy.header(name) for name in ("X-Auth-Token", "Authorization", "Proxy-Authorization")] == [[]] * 3


def test_a_certificate_is_checked_behind_a_proxy_too(attempt, tls_simulator, proxy):
    refused(tls_simulator, attempt(proxy=proxy.url), "certificate was not accepted")
    assert len(proxy.asked) == 1


def test_no_proxy(attempt, certificates, tls_simulator, proxy):
    environment = {"HTTPS_PROXY": proxy.url, "NO_PROXY": "127.0.0.1"}
    succeeded(tls_simulator, attempt(ca_path=certificates.authority, environment=environment))
    assert proxy.asked == []


def test_the_option_wins_over_no_proxy_and_another_proxy(attempt, certificates, tls_simulator, proxy):
    environment = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "*"}
    succeeded(tls_simulator, attempt(ca_path=certificates.authority, environment=environment, proxy=proxy.url))
    assert proxy.asked != []


def test_a_proxy_with_a_password(attempt, certificates, tls_simulator, proxy):
    proxy.credentials = "user:pass@word"
    address = f"http://user:pass%40word@127.0.0.1:{proxy.port}"
    succeeded(tls_simulator, attempt(ca_path=certificates.authority, proxy=address))
    assert len(proxy.header("Proxy-Authorization")) == len(proxy.asked) > 0
    # A wrong one: nothing is sent, and nothing is told.
    tls_simulator.reset(job_duration=0)
    proxy.credentials = "user:other"
    result = attempt(ca_path=certificates.authority, proxy=address)
    assert (result["error"]["code"], result["changed"]) == ("unreachable", False)
    assert "407" in result["msg"]
    assert "pass@word" not in str(result)
    assert "pass%40word" not in str(result)
    assert tls_simulator.count("total") == 0


def test_a_proxy_is_never_asked_for_plain_http(attempt, simulator, proxy):
    environment = {"HTTP_PROXY": proxy.url, "http_proxy": proxy.url, "ALL_PROXY": proxy.url}
    succeeded(simulator, attempt(simulator, environment=environment, proxy=proxy.url))
    assert proxy.asked == []


# Redirects


@pytest.mark.parametrize("operation", ["create_token", "list_jobs", "create_job"])
def test_a_redirect_is_not_followed(attempt, certificates, tls_simulator, hostile, operation):
    """Not to another host, where the credentials would go too; nothing reaches it."""
    tls_simulator.fault(operation, "redirect", location=hostile.url + "/v1/x", times=None)
    result = attempt(ca_path=certificates.authority)
    assert result["failed"]
    assert result["error"]["http_status"] == 302
    assert "redirects are not followed" in result["msg"]
    assert hostile.requests == []
    assert tls_simulator.jobs() == []


# The inventory


@pytest.fixture
def listed(tls_simulator, tmp_path):
    """Lists the hosts over TLS."""

    def listed(environment=None, **options):
        return Inventory(tls_simulator, tmp_path).run(
            credentials=tls_simulator.password_credentials(), environment=environment, max_retries=0, **options
        )

    return listed


def test_an_inventory_over_tls(listed, certificates, tls_simulator, tmp_path, proxy):
    """Nonsense and a .netrc in the environment, and a proxy, all at once."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login intruder password intruder\n")
    netrc.chmod(0o600)
    environment = {**NONSENSE, "NETRC": str(netrc), "HTTPS_PROXY": proxy.url}
    environment.pop("SSL_CERT_FILE")
    assert len(listed(environment, ca_path=certificates.authority).hostvars) == 12
    assert proxy.asked != []
    assert {each["auth"] for each in tls_simulator.requests("list_servers")} == {"token"}


def test_an_inventory_that_does_not_trust(listed, certificates, tls_simulator):
    good = {"REQUESTS_CA_BUNDLE": certificates.authority, "CURL_CA_BUNDLE": certificates.authority}
    listed(good).failed("certificate was not accepted")
    assert tls_simulator.count("total") == 0


def test_an_inventory_without_verification_warns(listed, tls_simulator):
    run = listed(validate_certs=False)
    assert "InsecureRequestWarning" not in run.stderr
    run.warned("validate_certs=false")
    assert len(run.hostvars) == 12


def test_an_inventory_does_not_follow_a_redirect(listed, certificates, tls_simulator, hostile):
    tls_simulator.fault("list_servers", "redirect", location=hostile.url + "/", times=None)
    listed(ca_path=certificates.authority).failed("redirects are not followed")
    assert hostile.requests == []
