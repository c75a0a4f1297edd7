# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: an error that names the option and the rule, before any request is sent."""

from __future__ import annotations

import pytest
from playbooks.harness import INFO, JOB, VERSION, servers

LONG = "a" * 65
ONE = servers(1)
GOOD = {"name": "upgrade", "type": "HDK_UPGRADE", "spec": {"version": VERSION}, "server_ids": ONE}
KEYS = {"access_key": None, "secret_key": None}
# Ansible blanks each secret in a message, so these must not be a part of one.
LOGIN = {"username": "user-1", "password": "pass-word-1", "domain_name": "domain-1"}
TOKEN = "made-up-token"

# Group: (what all of its tasks have, {case: (what it changes, how its message begins)}).
# None takes an option away, also one of the connection.
CASES = {
    "name and type": (
        GOOD,
        {
            "no name": ({"name": None}, "name: needed"),
            "empty name": ({"name": ""}, "name: ''"),
            "blank in name": ({"name": "a b"}, "name: 'a b' is not allowed"),
            "line break after name": ({"name": "a\n"}, "name: 'a\\n' is not allowed"),
            "long name": ({"name": LONG}, f"name: '{LONG}' is not allowed: 1 to 64"),
            "name of letters that are not ASCII": ({"name": "n\u00e4me"}, "name: 'n\u00e4me' is not allowed"),
            "no type": ({"type": None}, "type: needed"),
            "bad type": ({"type": "HDK/UPGRADE"}, "type: 'HDK/UPGRADE' is not allowed"),
        },
    ),
    "ids": (
        GOOD,
        {
            "no servers": ({"server_ids": None}, "server_ids: needed"),
            "empty list": ({"server_ids": []}, "server_ids: at least one id"),
            "empty id": ({"server_ids": ["good", ""]}, "server_ids: ''"),
            "blank": ({"server_ids": ["a b"]}, "server_ids: 'a b' is not an id"),
            "slash": ({"server_ids": ["a/b"]}, "server_ids: 'a/b' is not an id"),
            "percent": ({"server_ids": ["a%2fb"]}, "server_ids: 'a%2fb' is not an id"),
            "long": ({"server_ids": [LONG]}, f"server_ids: '{LONG}' is not an id"),
            "job_id: dots": ({"job_id": ".."}, "job_id: '..' is not an id"),
            "job_id: empty": ({"job_id": ""}, "job_id: ''"),
            "job_id: servers": ({"job_id": "j", "server_ids": []}, "server_ids: at least one id"),
        },
    ),
    "items": (
        GOOD,
        {
            "items and spec": ({"items": [{"type": "A"}]}, "spec: excludes items"),
            "no items": ({"spec": None, "items": []}, "items: at least one item"),
            "neither": ({"spec": None}, "items: needed, or spec"),
            "bad type": ({"spec": None, "items": [{"type": "A"}, {"type": "B C"}]}, "items[1].type: 'B C'"),
            "spec value a list": ({"spec": {"version": [1]}}, "spec.version: must be a text, a number or a boolean"),
            "spec value nothing": ({"spec": {"version": None}}, "spec.version: must be"),
            "spec of the second item": (
                {"spec": None, "items": [{"type": "A"}, {"type": "A", "spec": {"a": {}}}]},
                "items[1].spec.a: must be",
            ),
            "secret twice": ({"secret_spec": {"version": "secret1"}}, "secret_spec.version: given in spec too"),
            "short secret": ({"secret_spec": {"key": "abc"}}, "secret_spec.key: must have 4 characters or more"),
            "secret a list": ({"secret_spec": {"key": ["abcdef"]}}, "secret_spec.key: must be"),
        },
    ),
    "times": (
        GOOD,
        {
            "wait_timeout": ({"wait_timeout": 0}, "wait_timeout: must be 1"),
            "wait_sleep": ({"wait_sleep": 0}, "wait_sleep: must be 1"),
            "progress": ({"progress": -1}, "progress: must be 0"),
            "request_timeout": ({"request_timeout": 0}, "request_timeout: must be at least 1"),
            "max_retries": ({"max_retries": -1}, "max_retries: must be 0 or more"),
        },
    ),
    "absent": (
        {"state": "absent"},
        {
            "neither": ({}, "state=absent: give exactly one of name and job_id"),
            "both": ({"name": "a", "job_id": "b"}, "state=absent: give exactly one of name and job_id"),
            "name": ({"name": "a b"}, "name: 'a b' is not allowed"),
            "empty name": ({"name": ""}, "name: ''"),
            "job_id": ({"job_id": ".."}, "job_id: '..' is not an id"),
        },
    ),
    "ways to authenticate": (
        GOOD,
        {
            "none": (KEYS, "no way to authenticate: give exactly one of: access_key + secret_key"),
            "no secret key": ({"secret_key": None}, "secret_key: needed with access_key"),
            "no access key": ({"access_key": None}, "access_key: needed with secret_key"),
            "only the token of keys": (
                {**KEYS, "security_token": TOKEN},
                "access_key and secret_key: needed with security_token",
            ),
            "keys and token": (
                {"auth_token": TOKEN},
                "2 ways to authenticate are given, by option or environment variable"
                " (access_key, secret_key, auth_token)",
            ),
            "all three": ({"username": "u", "auth_token": TOKEN}, "3 ways to authenticate are given"),
            "no password": (
                {**KEYS, **LOGIN, "password": None},
                "password: needed with username and domain_name (or set HW_USER_PASSWORD)",
            ),
            "no domain": ({**KEYS, **LOGIN, "domain_name": None}, "domain_name: needed with"),
            "line break in a key": ({"access_key": "made-up-key\n"}, "access_key: has a blank, a line break"),
            "blank in a key": ({"secret_key": "two words"}, "secret_key: has a blank"),
            "security token": ({"security_token": "\u00e4"}, "security_token: has a blank"),
        },
    ),
    "addresses": (
        GOOD,
        {
            "no project": ({"project_id": None}, "project_id: needed (or set HUAWEICLOUD_SDK_PROJECT_ID"),
            "bad project": ({"project_id": "a/../b"}, "project_id: 1 to 64"),
            "neither region nor endpoint": ({"endpoint": None}, "region: needed, or endpoint"),
            "bad region": ({"region": "evil.example.com/"}, "region: lower-case letters"),
            "plain http": ({"endpoint": "http://modelarts.example.com"}, "endpoint: must begin with https"),
            "a name like an address": ({"endpoint": "http://127.0.0.1.example.com"}, "endpoint: must begin with https"),
            "no scheme": ({"endpoint": "modelarts.example.com"}, "endpoint: must be an address"),
            "user in it": ({"endpoint": "https://user-1:pass-word-1@example.com"}, "endpoint: must be scheme, host"),
            "query in it": ({"endpoint": "https://modelarts.example.com/?a=b"}, "endpoint: must be scheme, host"),
            "bad port": ({"endpoint": "https://modelarts.example.com:port"}, "endpoint: must be an address"),
            "plain http to IAM": (
                {**KEYS, **LOGIN, "iam_endpoint": "http://iam.example.com"},
                "iam_endpoint: must begin with https",
            ),
            "no way to IAM": ({**KEYS, **LOGIN}, "iam_endpoint: needed for a login where no region is given"),
            "no such authority": ({"ca_path": "/no/such/file.pem"}, "ca_path: '/no/such/file.pem' does not exist"),
            "bad proxy": ({"proxy": "proxy.example.com"}, "proxy: must be an address"),
        },
    ),
}


def task_of(module, common, changes):
    return {module: {**common, **changes}, "ignore_errors": True}


@pytest.mark.parametrize("group", CASES)
def test_liteserver_job(simulator, playbook, group):
    common, cases = CASES[group]
    run = playbook.run(*[task_of(JOB, common, changes) for changes, _text in cases.values()])
    for step, (case, (_changes, text)) in zip(run, cases.items(), strict=True):
        assert step.failed, case
        step.check_keys()
        assert step["msg"].startswith(text), (case, step["msg"])
        assert step["error"]["code"] == "invalid_option", case
        assert step["error"]["retryable"] is False
        assert (step["changed"], step["action"], step["submitted_server_ids"]) == (False, "none", [])
        assert step.requests == [], case
    assert simulator.count("total") == 0


def test_what_ansible_checks_itself(simulator, playbook):
    cases = {
        "state": {"state": "running"},
        "reuse": {"reuse": "always"},
        "fail_on": {"fail_on": "some"},
        "skipped": {"skipped": "done"},
        "template_check": {"template_check": "no-such"},
        # Action plugins look at it before the module does.
        "'wait'": {"wait": [True]},
        "wait_timeout": {"wait_timeout": "soon"},
        "is_reboot": {"is_reboot": "perhaps"},
        "type": {"spec": None, "items": [{"spec": {}}]},
        "Unsupported parameters": {"servers": ONE},
    }
    run = playbook.run(*[task_of(JOB, GOOD, changes) for changes in cases.values()])
    for step, text in zip(run, cases, strict=True):
        assert step.failed
        assert text in step["msg"]
    assert simulator.count("total") == 0


def test_liteserver_job_info(simulator, playbook):
    cases = {
        "empty list": ({"job_ids": []}, "job_ids: at least one id"),
        "bad id": ({"job_ids": ["../templates"]}, "job_ids: '../templates' is not an id"),
        "ids and a filter": ({"job_ids": ["a"], "name": "b"}, "job_ids: "),
        "no way to authenticate": (KEYS, "no way to authenticate"),
        "timeout": ({"request_timeout": 0}, "request_timeout: must be"),
    }
    run = playbook.run(*[task_of(INFO, {}, changes) for changes, _text in cases.values()])
    for step, (case, (_changes, text)) in zip(run, cases.items(), strict=True):
        assert step.failed, case
        assert step["msg"].startswith(text), (case, step["msg"])
        assert step["error"]["code"] == "invalid_option"
        assert step.requests == []
    assert simulator.count("total") == 0


def test_bad_input_in_check_mode(simulator, playbook):
    step = playbook.one(task_of(JOB, GOOD, {"name": "a b"}), arguments=("--check", "--diff"))
    step.check_keys()
    assert step.failed
    assert step["msg"].startswith("name: ")
    assert simulator.count("total") == 0
