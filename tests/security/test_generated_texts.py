# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated names, strings and shapes through what becomes of a server: its record, its variables, its name, the cache.

Pure functions, so that there can be thousands; with LITESERVER_FUZZ=50, fifty times as many. Real programs over hostile
fleets are in test_hostile_inventory.py.
"""

from __future__ import annotations

import base64
import json
import os
import re
from typing import Any
from urllib.parse import quote, quote_plus

from hypothesis import given, settings
from hypothesis import strategies as st
from security.answers import ODD_VALUES, server, spoiled
from security.hostile_fleet import ADDRESSES, NAMES, WAYS

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._masking import masked
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._untrusted import as_shown
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._inventory import (
    host_names,
    host_variables,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._model import in_order, server_record

EXAMPLES = settings(max_examples=50 * int(os.environ.get("LITESERVER_FUZZ", "1")), deadline=None)
CANARY = 'canary-01 "quoted\\ and/more+ü'
ENCODED = {CANARY, json.dumps(CANARY), quote(CANARY), quote_plus(CANARY), repr(CANARY)}
ENCODED.add(base64.b64encode(CANARY.encode()).decode())
SECRET_NAMES = [
    "password",
    "user_data",
    "userPwd",
    "passwd_b64",
    "api_key",
    "apiKey",
    "AccessKeyId",
    "token_id",
    "ssh-key",
]
SECRET_NAMES += [
    "root_password",
    "DB_PASSWORD",
    "clientSecret",
    "secretAccessKey",
    "kubeconfig",
    "x-auth-token",
    "admin_pass",
]

texts = st.one_of(
    st.sampled_from([*NAMES, *(way % "lookup('pipe','id')" for way in WAYS), *ADDRESSES]), st.text(max_size=20)
)
shapes = st.one_of(texts, ODD_VALUES, st.dictionaries(texts, texts, max_size=2))


@st.composite
def records(draw: Any) -> list[dict[str, Any]]:
    """A fleet, with ids that the transport lets through."""
    ids = st.text(st.characters(exclude_categories=["C", "Zl", "Zp", "Zs"]), min_size=1, max_size=20) | st.sampled_from(
        [name for name in NAMES if name and name.isprintable() and len(name) <= 256]
    )
    fleet = []
    for server_id in draw(st.lists(ids, unique=True, max_size=8)):
        record = draw(spoiled(server(0)))
        record = record if isinstance(record, dict) else {}
        keys = st.sampled_from(["name", "status", "flavor", "server_hps", "image", "endpoints", "tags"])
        record.update(draw(st.dictionaries(keys | texts, shapes, max_size=4)))
        record["id"] = server_id
        record["endpoints"] = draw(st.lists(st.fixed_dictionaries({"uri": shapes}), max_size=2) | shapes)
        fleet.append(record)
    return fleet


def strings_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in strings_in(each)]
    if isinstance(value, (list, tuple)):
        return [text for each in value for text in strings_in(each)]
    return [value] if isinstance(value, str) else []


@EXAMPLES
@given(records())
def test_any_fleet_is_as_many_hosts(fleet: list[dict[str, Any]]) -> None:
    servers = in_order(server_record(as_shown(record)) for record in fleet)
    wished = {each["id"]: each["name"] for each in servers}
    addresses, taken = {each["id"]: each["private_ips"] for each in servers}, {"all": None, "web": None}
    names = host_names(wished, addresses, taken).names
    # They do not depend on the order of the service.
    assert names == host_names(dict(reversed(wished.items())), addresses, taken).names
    assert len({name.casefold() for name in names.values()}) == len(fleet)
    for each in servers:
        name = names[each["id"]]
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}", name) or name in each["private_ips"]
        assert name.lower() not in ("localhost", "all", "ungrouped", "web", "127.0.0.1", "::1")
        variables = host_variables(each)
        for text in strings_in(variables):
            assert not re.search(
                r"\{[{%#]|#jinja2:|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", text, re.IGNORECASE
            )
        for address in each["private_ips"]:
            assert re.fullmatch(r"[0-9a-f.:]+", address)


secret_places = st.one_of(
    st.sampled_from(SECRET_NAMES).map(lambda name: {name: CANARY}),
    st.sampled_from(SECRET_NAMES).map(lambda name: {name: [{"x": CANARY}]}),
    st.sampled_from(SECRET_NAMES).map(lambda name: {"key": name, "value": CANARY}),
    st.sampled_from(SECRET_NAMES).map(lambda name: {"name": name, "values": [CANARY]}),
    st.sampled_from(SECRET_NAMES).map(lambda name: json.dumps({name: CANARY})),
    st.sampled_from(SECRET_NAMES).map(lambda name: f"{name}={quote(CANARY)}"),
    st.just(f"https://user:{quote(CANARY, safe='')}@example.com/"),
    st.just(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}"),
)


@EXAMPLES
@given(
    st.recursive(secret_places | shapes, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=6)
)
def test_no_secret_of_a_record_is_kept(value: Any) -> None:
    record = server_record({"id": "a", "extra": value})
    kept = json.dumps(record["raw"]) + json.dumps(record["raw"], ensure_ascii=False)
    for written in ENCODED:
        assert written not in kept
        assert json.dumps(written)[1:-1] not in kept
    assert masked(record["raw"]) == record["raw"]
