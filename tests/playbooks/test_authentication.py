# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to authenticate, by option and by environment variable, and what a refusal leads to."""

from __future__ import annotations

import pytest
from playbooks.harness import info, job

SECURITY_TOKEN = "temporary-security-token"


def kinds(step):
    """How the requests of a step were authenticated."""
    return {each["auth"] for each in step.requests if each["operation"] != "create_token"}


def test_each_way(simulator, playbook):
    ways = [simulator.credentials(), simulator.token_credentials(), simulator.password_credentials()]
    steps = [playbook.one(job(1, wait=True), credentials=ways[0])]
    steps += [playbook.one(job(1, wait=True), credentials=way) for way in ways[1:]]
    assert [step["action"] for step in steps] == ["created", "none", "none"]
    assert [kinds(step) for step in steps] == [{"aksk"}, {"token"}, {"token"}]
    assert [step.count("create_token") for step in steps] == [0, 0, 1]
    assert simulator.requests("create_token")[0]["body"]["auth"]["scope"] == {"project": {"id": simulator.project_id}}


def test_temporary_keys(simulator, playbook):
    simulator.set(security_token=SECURITY_TOKEN)
    credentials = simulator.credentials()
    assert credentials["security_token"] == SECURITY_TOKEN
    step = playbook.one(job(1, wait=True), credentials=credentials)
    assert (step.failed, step["action"]) == (False, "created")
    del credentials["security_token"]
    step = playbook.one(job(1, wait=True), credentials=credentials)
    assert step.failed
    assert "security_token" in step["error"]["hint"]
    assert len(step.requests) == 1


def test_a_token_is_renewed_in_the_middle_of_a_wait(simulator, playbook):
    """Before it expires, so no request is refused."""
    simulator.set(token_lifetime=2, job_duration=5)
    step = playbook.one(job(1, wait=True, wait_sleep=1), credentials=simulator.password_credentials())
    assert (step.failed, step["action"], step.verdicts) == (False, "created", ["done"])
    assert 2 <= step.count("create_token") <= 6
    assert step.count("create_job") == 1
    assert {each["status"] for each in step.asked("get_job")} == {200}


@pytest.mark.parametrize("operation", ["get_job", "create_job", "list_jobs"])
def test_a_token_that_ends_too_early_is_renewed_once(simulator, playbook, operation):
    simulator.set(job_duration=1)
    simulator.fault(operation, "unauthorized")
    step = playbook.one(job(1, wait=True), credentials=simulator.password_credentials())
    assert (step.failed, step["action"]) == (False, "created")
    assert step.count("create_token") == 2
    assert len(simulator.jobs()) == 1


def test_a_token_that_is_refused_again_is_not_renewed_again(simulator, playbook):
    simulator.fault("list_jobs", "unauthorized", times=None)
    step = playbook.one(job(1), credentials=simulator.password_credentials())
    step.check_keys()
    assert step.failed
    assert step["error"]["http_status"] == 401
    assert "fresh login" in step["error"]["hint"]
    assert (step.count("create_token"), step.count("list_jobs"), len(step.requests)) == (2, 2, 4)


def test_wrong_credentials_are_tried_once(simulator, playbook):
    """More than five bad signatures lock the key, so nothing is repeated."""
    keys, token, login = (
        simulator.credentials(),
        simulator.token_credentials(),
        simulator.password_credentials(),
    )
    cases = [
        ({**keys, "secret_key": "wrong-secret-key"}, "check access_key, secret_key"),
        ({**keys, "access_key": "WRONGACCESSKEY"}, "check access_key, secret_key"),
        ({**token, "auth_token": "wrong-token"}, "get a new auth_token"),
        ({**login, "password": "wrong-password"}, "check username, password and domain_name"),
    ]
    for credentials, hint in cases:
        run = playbook.run(job(1, wait=True), info(), credentials=credentials)
        for step in run:
            assert step.failed
            assert step["error"]["http_status"] == 401
            assert hint in step["error"]["hint"]
            assert hint in step["msg"]
            assert step["error"]["retryable"] is False
            assert len(step.requests) == 1
        run[0].check_keys()
    assert simulator.jobs() == []


def test_a_locked_key(simulator, playbook):
    wrong = {**simulator.credentials(), "secret_key": "wrong-secret-key"}
    run = playbook.run(*[info()] * 7, credentials=wrong)
    assert [len(step.requests) for step in run] == [1] * 7
    assert "locked for five minutes" in run[6]["error"]["hint"]


def test_another_project(simulator, playbook):
    step = playbook.one(job(1), credentials={**simulator.credentials(), "project_id": "another-project"})
    assert step.failed
    assert (step["error"]["http_status"], len(step.requests)) == (403, 1)
    assert "project_id" in step["error"]["hint"]


def test_environment_variables(simulator, playbook):
    """Each documented name; of two, the first found wins; an option wins over both."""
    keys, login, token = (
        simulator.credentials(),
        simulator.password_credentials(),
        simulator.token_credentials(),
    )
    base = {"LITESERVER_ENDPOINT": simulator.url, "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id}
    sdk = {"HUAWEICLOUD_SDK_AK": keys["access_key"], "HUAWEICLOUD_SDK_SK": keys["secret_key"]}
    terraform = {"HW_ACCESS_KEY": keys["access_key"], "HW_SECRET_KEY": keys["secret_key"]}
    user = {
        "HW_USER_NAME": login["username"],
        "HW_USER_PASSWORD": login["password"],
        "HW_DOMAIN_NAME": login["domain_name"],
    }
    wrong = "made-up-and-wrong"
    # (environment, options of the task, how its message begins, or None for a success)
    cases = [
        ({**base, **sdk}, {}, None),
        ({"LITESERVER_ENDPOINT": simulator.url, "HW_PROJECT_ID": simulator.project_id, **terraform}, {}, None),
        ({**base, "HW_AUTH_TOKEN": token["auth_token"]}, {}, None),
        ({**base, **user, "HUAWEICLOUD_SDK_IAM_ENDPOINT": simulator.url}, {}, None),
        ({**base, **user, "HW_AUTH_URL": simulator.url + "/v3"}, {}, None),
        # The first found wins.
        ({**base, **sdk, "HW_ACCESS_KEY": wrong, "HW_SECRET_KEY": wrong, "HW_PROJECT_ID": wrong}, {}, None),
        ({**base, **terraform, "HUAWEICLOUD_SDK_AK": wrong, "HUAWEICLOUD_SDK_SK": wrong}, {}, "list jobs: HTTP 401"),
        (
            {**base, **user, "HUAWEICLOUD_SDK_IAM_ENDPOINT": simulator.url, "HW_AUTH_URL": "http://iam.example.com"},
            {},
            None,
        ),
        # An option wins over them, and the endpoint over the region.
        ({**base, **terraform}, {"access_key": wrong}, "list jobs: HTTP 401"),
        ({**base, **sdk, "HUAWEICLOUD_SDK_REGION": "cn-north-4"}, {}, None),
        # Names that show by the rule their value breaks.
        ({**base, **sdk, "HUAWEICLOUD_SDK_REGION": "No Region"}, {}, "region: "),
        ({**base, **sdk, "HW_REGION_NAME": "No Region"}, {}, "region: "),
        ({**base, **sdk, "HUAWEICLOUD_SDK_REGION": "cn-north-4", "HW_REGION_NAME": "No Region"}, {}, None),
        ({**base, **sdk, "LITESERVER_CA_PATH": "/no/such/authority.pem"}, {}, "ca_path: "),
        ({**base, **sdk, "HW_MAX_RETRIES": "-1"}, {}, "max_retries: "),
        # Ways add up, wherever they come from.
        ({**base, **sdk, "HW_AUTH_TOKEN": wrong}, {}, "2 ways to authenticate"),
        ({**base, **sdk}, {"auth_token": wrong}, "2 ways to authenticate"),
        (base, {}, "no way to authenticate"),
    ]
    run = playbook.run(
        *[{**info(**options), "environment": environment} for environment, options, _text in cases], credentials={}
    )
    for step, (environment, _options, text) in zip(run, cases, strict=True):
        if text is None:
            assert not step.failed, (environment, step["msg"])
            assert step["jobs"] == []
        else:
            assert step.failed, environment
            assert step["msg"].startswith(text), (environment, step["msg"])


@pytest.mark.parametrize("names", [("HUAWEICLOUD_SDK_SECURITY_TOKEN",), ("HW_SECURITY_TOKEN",)])
def test_environment_variables_of_temporary_keys(simulator, playbook, names):
    simulator.set(security_token=SECURITY_TOKEN)
    credentials = simulator.credentials()
    del credentials["security_token"]
    step = playbook.one(info(), credentials=credentials, environment=dict.fromkeys(names, SECURITY_TOKEN))
    assert not step.failed


def test_nothing_of_the_users_own_comes_between(simulator, playbook, tmp_path):
    """A .netrc file, proxies for a loopback address, and another bundle of authorities."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    netrc.chmod(0o600)
    proxies = dict.fromkeys(["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"], "http://127.0.0.1:9")
    environment = {"NETRC": str(netrc), "REQUESTS_CA_BUNDLE": "/no/such/authority.pem", **proxies}
    for credentials in (simulator.credentials(), simulator.token_credentials()):
        step = playbook.one({**info(), "environment": environment}, credentials=credentials)
        assert not step.failed, step["msg"]
        assert len(step.requests) == 1


def test_a_redirect_is_not_followed(simulator, playbook):
    simulator.fault("list_jobs", "redirect", location=simulator.url + "/elsewhere")
    simulator.fault("create_job", "redirect", location=simulator.url + "/elsewhere")
    first, second = playbook.run(info(), job(1))
    for step in (first, second):
        assert step.failed
        assert step["error"]["http_status"] == 302
        assert "redirects are not followed" in step["error"]["hint"]
    assert len(first.requests) == 1
    assert second.count("create_job") == 1
    assert simulator.count("unknown") == 0


def test_a_service_that_cannot_be_reached(simulator, playbook):
    credentials = {**simulator.credentials(), "endpoint": "http://127.0.0.1:9", "max_retries": 1}
    step = playbook.one(job(1), credentials=credentials)
    step.check_keys()
    assert step.failed
    assert (step["error"]["code"], step["error"]["http_status"], step["error"]["retryable"]) == (
        "unreachable",
        None,
        True,
    )
    assert not step["changed"]
