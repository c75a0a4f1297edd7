# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where options come from, and what is said about those that are missing or wrong."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest
from inventory.harness import PLUGIN
from playbooks.harness import clean_environment

from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._connection_options import (
    connection_argument_spec,
)

WRONG = "made-up-and-wrong"


@pytest.fixture(scope="module")
def documentation(tmp_path_factory):
    """What ansible-doc tells about the plugin."""
    program = pathlib.Path(sys.executable).parent / "ansible-doc"
    environment = clean_environment(tmp_path_factory.mktemp("doc"))
    done = subprocess.run([program, "-t", "inventory", "-j", PLUGIN], env=environment, capture_output=True, check=True)
    return json.loads(done.stdout)[PLUGIN]


def test_connection_options_are_those_of_the_modules(documentation):
    """Types, defaults and variables; Ansible prefers the last variable, the modules the first."""
    for name, spec in connection_argument_spec().items():
        option = documentation["doc"]["options"][name]
        assert option["type"] == spec["type"]
        assert option.get("default") == spec.get("default")
        assert not option.get("required")
        variables = spec["fallback"][1] if "fallback" in spec else []
        assert [entry["name"] for entry in option.get("env", [])] == variables[::-1]
        text = " ".join(option["description"])
        assert [f"E({variable})" in text for variable in variables] == [True] * len(variables)


def test_every_option_is_documented(documentation):
    own = {"plugin", "scope", "filters", "hostname", "address"}
    constructed = {"strict", "compose", "groups", "keyed_groups", "use_extra_vars", "leading_separator"}
    cache = {"cache", "cache_plugin", "cache_timeout", "cache_connection", "cache_prefix"}
    options = documentation["doc"]["options"]
    assert options.keys() == own | constructed | cache | connection_argument_spec().keys()
    assert all(option["description"] for option in options.values())
    assert set(options["filters"]["suboptions"]) == {"name", "status", "flavor", "category", "supernode"}
    assert documentation["examples"].count(f"plugin: {PLUGIN}") >= 5
    assert documentation["doc"]["requirements"] == ["requests"]


# The environment


def environments(simulator):
    """(environment, how its error begins, or None for a success), with no option in the file."""
    keys, login = simulator.credentials(), simulator.password_credentials()
    base = {"LITESERVER_ENDPOINT": simulator.url, "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id}
    sdk = {"HUAWEICLOUD_SDK_AK": keys["access_key"], "HUAWEICLOUD_SDK_SK": keys["secret_key"]}
    terraform = {"HW_ACCESS_KEY": keys["access_key"], "HW_SECRET_KEY": keys["secret_key"]}
    token = {"HW_AUTH_TOKEN": simulator.token_credentials()["auth_token"]}
    user = {
        "HW_USER_NAME": login["username"],
        "HW_USER_PASSWORD": login["password"],
        "HW_DOMAIN_NAME": login["domain_name"],
    }
    # AWX sets every variable of a credential, and leaves those empty whose field was not filled in.
    empty = {name: "" for spec in connection_argument_spec().values() for name in spec.get("fallback", (None, []))[1]}
    second = {"HW_PROJECT_ID": simulator.project_id, **terraform}
    return {
        "keys": ({**base, **sdk}, None),
        "terraform": (
            {"LITESERVER_ENDPOINT": simulator.url, "HW_PROJECT_ID": simulator.project_id, **terraform},
            None,
        ),
        "token": ({**base, **token}, None),
        "login": ({**base, **user, "HUAWEICLOUD_SDK_IAM_ENDPOINT": simulator.url}, None),
        "login_of_terraform": ({**base, **user, "HW_AUTH_URL": simulator.url + "/v3"}, None),
        "first_wins": ({**base, **sdk, "HW_ACCESS_KEY": WRONG, "HW_SECRET_KEY": WRONG, "HW_PROJECT_ID": WRONG}, None),
        "first_wins_though_wrong": ({**base, **terraform, "HUAWEICLOUD_SDK_SK": WRONG}, "list servers: HTTP 401"),
        "not_a_template": ({**base, **sdk, "HUAWEICLOUD_SDK_SK": "{{ 1 }}"}, "secret_key: has a blank"),
        "nothing": ({}, "no way to authenticate: give exactly one of: access_key + secret_key (HUAWEICLOUD_SDK_AK"),
        "two": ({**base, **sdk, **token}, "2 ways to authenticate are given"),
        "half": ({**base, "HW_ACCESS_KEY": "x"}, "secret_key: needed with access_key (or set HUAWEICLOUD_SDK_SK"),
        "no_project": ({"LITESERVER_ENDPOINT": simulator.url, **sdk}, "project_id: needed (or set HUAWEICLOUD_SDK"),
        "no_region": ({**sdk, "HW_PROJECT_ID": "p"}, "region: needed, or endpoint (or set HUAWEICLOUD_SDK_REGION"),
        "bad_region": ({**sdk, "HW_PROJECT_ID": "p", "HW_REGION_NAME": "Mars!"}, "region: lower-case letters"),
        "bad_endpoint": ({**base, **sdk, "LITESERVER_ENDPOINT": "http://example.com"}, "endpoint: must begin with"),
        "no_ca": ({**base, **sdk, "LITESERVER_CA_PATH": "/nowhere"}, "ca_path: '/nowhere' does not exist"),
        "bad_number": ({**base, **sdk, "HW_MAX_RETRIES": "many"}, "max_retries"),
        "empty_ones": ({**empty, **base, **sdk}, None),
        "empty_ones_hide_none": ({**empty, "LITESERVER_ENDPOINT": simulator.url, **second}, None),
        "empty_ones_with_login": ({**empty, **base, **user, "HUAWEICLOUD_SDK_IAM_ENDPOINT": simulator.url}, None),
        "negative": ({**base, **sdk, "HW_MAX_RETRIES": "-1"}, "max_retries: must be 0 or more"),
    }


CASES = (
    *("keys", "terraform", "token", "login", "login_of_terraform", "first_wins", "first_wins_though_wrong"),
    *("not_a_template", "nothing", "two", "half", "no_project", "no_region", "bad_region", "bad_endpoint", "no_ca"),
    *("bad_number", "negative", "empty_ones", "empty_ones_hide_none", "empty_ones_with_login"),
)


@pytest.mark.parametrize("case", CASES)
def test_only_the_environment(simulator, inventory, case):
    assert set(environments(simulator)) == set(CASES)
    environment, text = environments(simulator)[case]
    run = inventory.run(credentials={}, environment=environment)
    if text is None:
        assert len(run.hostvars) == 12
    else:
        run.failed(text)
        assert len(run.requests) == (1 if "HTTP" in text else 0)


def test_an_option_wins_over_the_environment(simulator, inventory):
    environment = {"HUAWEICLOUD_SDK_AK": WRONG, "HUAWEICLOUD_SDK_SK": WRONG, "LITESERVER_ENDPOINT": "http://wrong"}
    assert len(inventory.run(environment=environment).hostvars) == 12


# The file


def test_templates(simulator, inventory):
    """In every type of option, with the extra variables."""
    inventory.directory.joinpath("key").write_text(simulator.credentials()["secret_key"])
    credentials = {
        "endpoint": "{{ address }}",
        "project_id": "{{ project[:16] }}{{ project[16:] }}",
        "access_key": "{{ lookup('ansible.builtin.env', 'MY_ACCESS_KEY') }}",
        "secret_key": "{{ lookup('ansible.builtin.file', key_file) }}",
    }
    extra = {
        "address": simulator.url,
        "project": simulator.project_id,
        "key_file": str(inventory.directory / "key"),
        "wanted": ["liteserver-00003"],
        "tries": 0,
        "checked": True,
    }
    arguments = ("-e", json.dumps(extra))
    options = {
        "filters": {"name": "{{ wanted }}", "category": ["{{ 'HPS' }}"]},
        "max_retries": "{{ tries }}",
        "validate_certs": "{{ checked }}",
        "scope": "{{ 'all' if checked else 'own' }}",
    }
    environment = {"MY_ACCESS_KEY": simulator.credentials()["access_key"]}
    run = inventory.run(credentials=credentials, environment=environment, arguments=arguments, **options)
    assert sorted(run.hostvars) == ["liteserver-00003"]
    assert {each["operation"] for each in run.requests} == {"list_all_servers"}
    # max_retries came out as 0.
    simulator.fault("list_all_servers", "error_500", times=None)
    run = inventory.again(environment=environment, arguments=arguments)
    assert len(run.failed("HTTP 500").requests) == 1


def test_an_encrypted_option(simulator, inventory):
    password = inventory.directory / "password"
    password.write_text("open sesame\n")
    program = pathlib.Path(sys.executable).parent / "ansible-vault"
    credentials = simulator.credentials()
    done = subprocess.run(
        [program, "encrypt_string", "--vault-password-file", password, "--name", "secret_key", "--"]
        + [credentials.pop("secret_key")],
        env=clean_environment(inventory.directory),
        capture_output=True,
        check=True,
        text=True,
    )
    lines = [f"{option}: {value}" for option, value in {"plugin": PLUGIN, **credentials}.items()]
    inventory.file.write_text("\n".join([*lines, done.stdout]))
    run = inventory.again(arguments=("--vault-password-file", str(password)))
    assert len(run.hostvars) == 12


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"filter": {"status": "RUNNING"}}, "filter: no such option, did you mean filters?"),
        ({"acces_key": "x"}, "acces_key: no such option, did you mean access_key?"),
        ({"qwertz": 1}, "qwertz: no such option"),
        ({"scope": "mine"}, "scope"),
        ({"scope": "{{ scoop }}"}, "scope: "),
        ({"project_id": "{{ project_id"}, "project_id: "),
        ({"request_timeout": "soon"}, "request_timeout"),
        ({"request_timeout": 0}, "request_timeout: must be at least 1 second"),
        ({"validate_certs": "maybe"}, "validate_certs: must be true or false, not 'maybe'"),
        ({"strict": "{{ 'nearly' }}"}, "strict: must be true or false, not 'nearly'"),
        ({"auth_token": "x"}, "2 ways to authenticate are given, by option or environment variable"),
        ({"compose": "x"}, "compose"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
def test_wrong_options_are_named(simulator, inventory, options, text):
    credentials = {**simulator.credentials(), **options}
    assert inventory.run(credentials=credentials).failed(text).requests == []


def test_no_certificate_check_is_told(simulator, inventory):
    run = inventory.run(validate_certs=False).warned("validate_certs=false: whoever sits between")
    assert len(run.hostvars) == 12
