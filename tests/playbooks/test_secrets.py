# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing secret is printed or returned, at the highest verbosity, whatever happens."""

from __future__ import annotations

import json
import re

import pytest
from playbooks.harness import bare_job, info, job, planned

VERBOSE = ("-vvvv", "--diff")
# Each stands for one secret; none is a part of anything else.
ACCESS_KEY = "CANARYACCESSKEY01"
SECRET_KEY = "canary-02-secret-key"
SECURITY_TOKEN = "canary-03-security-token"
AUTH_TOKEN = "canary-04-auth-token"
PASSWORD = "canary-05-pass-word"
SPEC_TEXT = "canary-06-spec-text"
SPEC_NUMBER = 7001700170
SPEC_LINES = "canary-08-first-line\ncanary-08-second-line"
PROXY_PASSWORD = "canary-09-proxy"
STORED = "canary-10-stored"
CANARIES = ["CANARY", "canary-", str(SPEC_NUMBER)]

SECRETS = {"code": SPEC_TEXT, "number": SPEC_NUMBER, "lines": SPEC_LINES}


@pytest.fixture
def watched(simulator, playbook):
    """Runs a play at the highest verbosity, and asserts that no secret is in its output or results."""
    simulator.set(access_key=ACCESS_KEY, secret_key=SECRET_KEY, static_token=AUTH_TOKEN, password=PASSWORD)

    def run(*tasks, **options):
        finished = playbook.run(*tasks, arguments=VERBOSE, **options)
        lines = finished.output.splitlines() + [json.dumps(step.raw) for step in finished]
        assert [line for line in lines if any(canary in line for canary in CANARIES)] == []
        return finished

    return run


def secret_job(*numbers, **options):
    return job(*numbers, **{"secret_spec": SECRETS, "template_check": "off", "wait": True, **options})


def test_success_failure_and_check_mode(simulator, watched):
    """Also where the servers' own messages tell the secret."""
    simulator.server(1, message=f"installed with {SPEC_TEXT} and {SPEC_NUMBER}")
    simulator.server(2, fail=1, message=f"refused: {SPEC_TEXT}, {SPEC_NUMBER}")
    run = watched(
        planned(secret_job(1, 2)),
        secret_job(1),
        secret_job(1, 2),
        secret_job(1, 2),
        secret_job(1, 2),
        bare_job(job_id="{{ created.job.id }}", secret_spec=SECRETS),
        register=["plan", "created"],
    )
    assert [step.failed for step in run] == [False, False, True, False, False, False]
    assert [step["action"] for step in run] == ["planned", "created", "created", "created", "none", "attached"]
    assert run[1].asked("create_job")[0]["body"]["items"][0]["spec"]["code"] == SPEC_TEXT
    assert run[1]["job"]["items"][0]["spec"]["code"] == "********"
    assert run[1]["job"]["items"][0]["spec"]["version"] == "24.1.rc3.10"


@pytest.mark.parametrize("message", [SPEC_LINES, "x" * 190 + SPEC_TEXT, "x" * 20 + " \t " + SPEC_LINES])
def test_messages_that_are_shortened_or_put_on_one_line(simulator, watched, message):
    """Before Ansible looks for the secret, which it then would not find."""
    simulator.server(1, fail=1, message=message)
    step = watched(secret_job(1))[0]
    assert step.failed
    assert step["error"]["code"] == "servers_failed"


def test_errors_that_tell_the_secret(simulator, watched):
    simulator.set(unique_names=True)
    run = watched(
        # The service names the value that it does not like.
        secret_job(1, name=SPEC_TEXT),
        secret_job(1, name=SPEC_TEXT, reuse="never"),
        # The template does not take it.
        job(1, spec=None, secret_spec={"version": SPEC_TEXT + " !"}, template_check="strict"),
        job(1, spec=None, secret_spec={"version": SPEC_TEXT + " !"}, name="warned"),
        # Bad input.
        secret_job(1, secret_spec={"code": [SPEC_TEXT]}),
        secret_job(1, secret_spec={"version": SPEC_TEXT}),
        secret_job(1, secret_spec={"code": SPEC_TEXT, "short": "abc"}),
        secret_job(1, name="not allowed"),
    )
    assert [step.failed for step in run] == [False, True, True, False, True, True, True, True]
    assert "already exists" in run[1]["msg"]
    assert "does not match the template's regex" in run[2]["msg"]
    run[3].warns("does not match the template's regex")


def test_a_lost_answer(simulator, watched):
    simulator.fault("create_job", "error_502_html", when="before")
    simulator.fault("create_job", "bad_json")
    run = watched(secret_job(1, request_timeout=1), secret_job(1, request_timeout=1))
    assert run[0]["error"]["outcome"] == "unknown"
    assert run[1]["action"] == "attached"
    run[1].warns("answer to the create request was lost")


def test_each_way_to_authenticate(simulator, watched):
    watched(info(), job(1))
    watched(info(), job(2), credentials=simulator.token_credentials())
    run = watched(info(), job(3), job(99), credentials=simulator.password_credentials())
    # The tokens of the login: 64 letters, digits, hyphens and underscores.
    assert not re.search(r"(?<![\w-])[\w-]{64}(?![\w-])", run.output)
    assert [step.count("create_token") for step in run] == [1, 1, 1]


def test_refused_credentials(simulator, watched):
    keys, login = simulator.credentials(), simulator.password_credentials()
    token = {"endpoint": simulator.url, "project_id": simulator.project_id, "auth_token": AUTH_TOKEN + "-wrong"}
    cases = [
        {**keys, "secret_key": SECRET_KEY + "-wrong"},
        {**keys, "access_key": ACCESS_KEY + "WRONG"},
        {**keys, "security_token": SECURITY_TOKEN},
        token,
        {**login, "password": PASSWORD + "-wrong"},
    ]
    tasks = [info(**case) for case in cases] + [job(1, **cases[0]), job(1, **cases[4])]
    for step in watched(*tasks, credentials={}):
        assert step.failed
        assert step["error"]["http_status"] == 401


def test_bad_connection_options(simulator, watched):
    keys = simulator.credentials()
    cases = {
        "two ways": {**keys, "auth_token": AUTH_TOKEN},
        "half a way": {**keys, "access_key": None},
        "blank in it": {**keys, "secret_key": SECRET_KEY + " x"},
        "line break in it": {**keys, "security_token": SECURITY_TOKEN + "\n"},
    }
    for step in watched(*[info(**case) for case in cases.values()], credentials={}):
        assert step.failed
        assert step["error"]["code"] == "invalid_option"


def test_the_password_of_a_proxy(simulator, watched):
    """Also where its address is refused."""
    run = watched(info(proxy=f"http://user:{PROXY_PASSWORD}@127.0.0.1:9"), job(1, proxy=f"http://u:{PROXY_PASSWORD}@a"))
    assert [step.failed for step in run] == [False, False]


@pytest.mark.parametrize(
    "options",
    [
        {"proxy": f"socks4://user:{PROXY_PASSWORD}@127.0.0.1:9"},
        {"proxy": f"http://user:{PROXY_PASSWORD}@127.0.0.1:port"},
        {"endpoint": f"https://user:{PROXY_PASSWORD}@modelarts.example.com"},
        {"iam_endpoint": f"https://user:{PROXY_PASSWORD}@iam.example.com"},
    ],
)
def test_a_password_in_an_address_that_is_refused(watched, options):
    step = watched(info(**options))[0]
    assert step.failed
    assert step["error"]["code"] == "invalid_option"


def test_stored_specs_with_secret_names(simulator, watched):
    """Of a job that somebody else made."""
    names = ["password", "db_passwd", "api_token", "secret_key", "access_key", "private_key", "client_secret"]
    spec = {**dict.fromkeys(names, STORED), "version": "24.1"}
    job_id = simulator.seed(
        [
            {
                "name": "upgrade",
                "items": [{"type": "COMMON", "spec": spec}],
                "servers": {simulator.server_id(1): "SUCCESS"},
            }
        ]
    )[0]
    run = watched(info(job_ids=[job_id]), bare_job(job_id=job_id))
    for shown in (run[0]["jobs"][0]["items"][0]["spec"], run[1]["job"]["items"][0]["spec"]):
        assert shown == {**dict.fromkeys(names, "********"), "version": "24.1"}
