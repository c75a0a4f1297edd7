# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing secret is printed or returned by the modules about servers, at the highest verbosity."""

from __future__ import annotations

import json
import re

import pytest
from playbooks.fleet.fleet_tasks import power, server_info, service_info, software_info, template_info
from playbooks.harness import planned, servers

VERBOSE = ("-vvvv", "--diff")
ACCESS_KEY = "CANARYACCESSKEY01"
SECRET_KEY = "canary-02-secret-key"
SECURITY_TOKEN = "canary-03-security-token"
AUTH_TOKEN = "canary-04-auth-token"
PASSWORD = "canary-05-pass-word"
STORED = "canary-06-stored"
PROXY_PASSWORD = "canary-07-proxy"


@pytest.fixture
def watched(simulator, playbook):
    """Runs a play at the highest verbosity, and asserts that no secret is in its output or results."""
    simulator.set(access_key=ACCESS_KEY, secret_key=SECRET_KEY, static_token=AUTH_TOKEN, password=PASSWORD)

    def run(*tasks, **options):
        finished = playbook.run(*tasks, arguments=VERBOSE, **options)
        for where in (finished.output, json.dumps([step.raw for step in finished])):
            for canary in ("CANARY", "canary-"):
                assert canary not in where, where
        return finished

    return run


def every_module(service_id):
    return [
        server_info(server_ids=servers(1)),
        template_info(type="COMMON"),
        software_info(type="CES_AGENT"),
        service_info(service_id=service_id),
        power("rebooted", 1, wait=True),
    ]


def test_signed_requests_with_a_temporary_key(simulator, watched):
    simulator.set(security_token=SECURITY_TOKEN)
    names = ["password", "db_passwd", "api_token", "secret_key", "access_key", "client_secret", "my_sk"]
    service = simulator.seed_service(spec={**dict.fromkeys(names, STORED), "replicas": "2"})
    run = watched(*every_module(service["id"]), planned(power("stopped", 2)), credentials=simulator.credentials())
    assert [step.failed for step in run] == [False] * 6
    assert run[3]["service"]["spec"] == {**dict.fromkeys(names, "********"), "replicas": "2"}


def test_a_login(simulator, watched):
    service = simulator.seed_service()
    run = watched(*every_module(service["id"]), credentials=simulator.password_credentials())
    assert [(step.failed, step.count("create_token")) for step in run] == [(False, 1)] * 5
    # The tokens of the login: 64 letters, digits, hyphens and underscores.
    assert not re.search(r"(?<![\w-])[\w-]{64}(?![\w-])", run.output)


def test_what_fails(simulator, watched):
    """Refused credentials, a lost answer, and options that are refused."""
    keys = simulator.credentials()
    simulator.fault("reboot_server", "drop_before")
    run = watched(
        power("rebooted", 1, request_timeout=1, **keys),
        server_info(**{**keys, "secret_key": SECRET_KEY + "-wrong"}),
        power("started", 1, **{**keys, "access_key": ACCESS_KEY + "WRONG"}),
        service_info(service_id="s", **{**simulator.password_credentials(), "password": PASSWORD + "-wrong"}),
        software_info(**keys, auth_token=AUTH_TOKEN),
        template_info(**{**keys, "secret_key": SECRET_KEY + " x"}),
        # A plain http endpoint is not reached through it.
        server_info(**keys, proxy=f"http://user:{PROXY_PASSWORD}@127.0.0.1:9"),
        credentials={},
    )
    assert run[0]["error"]["outcome"] == "unknown"
    for step in run.steps[1:4]:
        assert step["error"]["http_status"] == 401
    for step in run.steps[4:6]:
        assert step["error"]["code"] == "invalid_option"
    assert not run[6].failed
