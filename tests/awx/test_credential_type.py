# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The credential type: AWX takes it, and what it injects is one way to authenticate."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from awx.schemas import credential_inputs_errors, credential_type_errors, injected_environment

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._connection_options import (
    check_connection,
    connection_argument_spec,
)

WHERE = {"region": "cn-north-4", "project_id": "p-1"}
WAYS = {
    "keys": {"access_key": "AK", "secret_key": "SK"},
    "temporary keys": {"access_key": "AK", "secret_key": "SK", "security_token": "T"},
    "user": {"username": "sre", "password": "pass word {{ 1 }}", "domain_name": "account"},
}


@pytest.fixture
def options(credential_type: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The connection options of a module in a job with such a credential."""
    for spec in connection_argument_spec().values():
        for name in spec.get("fallback", (None, []))[1]:
            monkeypatch.delenv(name, raising=False)

    def options_of(**inputs: str) -> dict[str, Any]:
        assert credential_inputs_errors(credential_type["inputs"], inputs) == []
        for name, value in injected_environment(credential_type, inputs).items():
            monkeypatch.setenv(name, value)
        result = ArgumentSpecValidator(connection_argument_spec()).validate({})
        assert not result.error_messages
        return result.validated_parameters

    return options_of


def test_awx_takes_it(credential_type: dict[str, Any]) -> None:
    assert credential_type_errors(credential_type["inputs"], credential_type["injectors"]) == []
    assert credential_type["name"] == "Huawei Cloud ModelArts"
    assert credential_type["kind"] == "cloud"


@pytest.mark.parametrize(
    "change, part",
    [
        (lambda kind: kind["inputs"]["fields"][0].pop("label"), "label"),
        (lambda kind: kind["inputs"]["fields"].append(kind["inputs"]["fields"][0]), "twice"),
        (lambda kind: kind["inputs"]["fields"][0].update(type="text"), "text"),
        (lambda kind: kind["inputs"]["required"].append("nowhere"), "nowhere"),
        (lambda kind: kind["injectors"]["env"].update(ANSIBLE_FORKS="1"), "ANSIBLE_FORKS"),
        (lambda kind: kind["injectors"]["env"].update(A="{{ secretkey }}"), "secretkey"),
        (lambda kind: kind["injectors"]["env"].update(A="{{ region.__class__.__mro__ }}"), "unsafe"),
        (lambda kind: kind["injectors"].update(environment={}), "environment"),
    ],
)
def test_the_schema_notices_mistakes(credential_type: dict[str, Any], change: Any, part: str) -> None:
    kind = copy.deepcopy(credential_type)
    change(kind)
    errors = credential_type_errors(kind["inputs"], kind["injectors"])
    assert errors
    assert part in " ".join(errors)


def test_secrets_are_marked(credential_type: dict[str, Any]) -> None:
    marked = {field["id"] for field in credential_type["inputs"]["fields"] if field.get("secret")}
    assert marked == {"secret_key", "security_token", "password"}


def test_variables_are_those_of_the_connection_options(credential_type: dict[str, Any]) -> None:
    """The first one of each option, filled by the field of its name."""
    spec = connection_argument_spec()
    expected = {
        spec[field["id"]]["fallback"][1][0]: "{{{{ {} }}}}".format(field["id"])
        for field in credential_type["inputs"]["fields"]
    }
    assert credential_type["injectors"]["env"] == expected


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_authenticate_is_the_only_one(options: Any, way: str) -> None:
    given = {**WHERE, **WAYS[way]}
    found = options(**given)
    assert check_connection(found) == []
    defaults = {"validate_certs": True, "request_timeout": 30, "max_retries": 5}
    assert {name: value for name, value in found.items() if value} == {**defaults, **given}


@pytest.mark.parametrize("way", ["keys", "temporary keys"])
def test_two_ways_are_named(options: Any, way: str) -> None:
    with pytest.raises(InvalidOption, match="2 ways to authenticate") as caught:
        check_connection(options(**WHERE, **WAYS[way], **WAYS["user"]))
    assert all(name in str(caught.value) for name in (*WAYS[way], *WAYS["user"]))


def test_no_way_is_an_error(options: Any) -> None:
    with pytest.raises(InvalidOption, match="no way to authenticate"):
        check_connection(options(**WHERE))


def test_the_addresses_of_a_private_cloud(options: Any, tmp_path: Any) -> None:
    more = {
        "endpoint": "https://modelarts.example.com",
        "iam_endpoint": "https://iam.example.com",
        "ca_path": str(tmp_path),
    }
    found = options(**WHERE, **WAYS["user"], **more)
    assert check_connection(found) == []
    assert {name: found[name] for name in more} == more
