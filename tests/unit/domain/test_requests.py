# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From hosts to groups: requests, names, and which hosts share a job."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._requests import (
    default_name,
    groups_of,
    shown_group,
    work_of,
)
from ansible_collections.modelarts.liteserver.tests.unit.domain.role_requests import STARTED_AT, request

NAME = re.compile(r"^[-_.a-zA-Z0-9]{1,64}\Z")


def refusal(**values):
    with pytest.raises(InvalidOption) as error:
        request(**values)
    return error.value.message


# --- what an entry point asks for ---


@pytest.mark.parametrize(
    ("entry", "values", "work"),
    [
        (
            "hdk_upgrade",
            {"version": "24.1.rc3.10"},
            ("HDK_UPGRADE", [{"type": "HDK_UPGRADE", "spec": {"version": "24.1.rc3.10"}}]),
        ),
        ("log_collect", {}, ("LOG_COLLECT", [{"type": "DEVICE_LOG_COLLECT", "spec": {}}])),
        ("log_collect", {"spec": None}, ("LOG_COLLECT", [{"type": "DEVICE_LOG_COLLECT", "spec": {}}])),
        (
            "log_collect",
            {"spec": {"obs_path": "b"}},
            ("LOG_COLLECT", [{"type": "DEVICE_LOG_COLLECT", "spec": {"obs_path": "b"}}]),
        ),
        ("common", {"spec": {"x": 1}}, ("COMMON", [{"type": "COMMON", "spec": {"x": 1}}])),
        ("common", {}, ("COMMON", [{"type": "COMMON", "spec": {}}])),
        ("main", {"type": "T", "spec": {"x": 1}}, ("T", [{"type": "T", "spec": {"x": 1}}])),
        ("main", {"type": "T"}, ("T", [{"type": "T", "spec": {}}])),
        ("main", {"type": "T", "items": [{"type": "U", "spec": {"x": 1}}]}, ("T", [{"type": "U", "spec": {"x": 1}}])),
        (
            "main",
            {"type": "T", "items": [{"type": "U"}, {"type": "V"}], "spec": {}},
            ("T", [{"type": "U"}, {"type": "V"}]),
        ),
    ],
)
def test_the_work_of_an_entry_point(entry, values, work):
    assert work_of(entry, values) == work


def test_items_and_a_spec_exclude_each_other():
    text = refusal(entry="main", type="T", items=[{"type": "T"}], spec={"x": 1})
    assert text.startswith("fleet_job_spec: ") and "fleet_job_items" in text


# --- names ---


@pytest.mark.parametrize(
    ("entry", "job_type", "items", "name"),
    [
        (
            "hdk_upgrade",
            "HDK_UPGRADE",
            [{"type": "HDK_UPGRADE", "spec": {"version": "24.1.rc3.10"}}],
            "hdk_upgrade_24.1.rc3.10",
        ),
        ("main", "T", [{"type": "U", "spec": {"version": "1"}}, {"type": "V", "spec": {"version": "2"}}], "t_1_2"),
        ("main", "T", [{"type": "U"}, {"type": "V", "spec": {"version": 2}}], "t_2"),
        ("main", "T", [{"type": "U", "spec": {"version": "1 / β"}}], "t_1____"),
        ("log_collect", "LOG_COLLECT", [{"type": "X", "spec": {"version": "1"}}], "log_collect_20250812T133548Z"),
    ],
)
def test_the_name_tells_the_work(entry, job_type, items, name):
    assert default_name(entry, job_type, items, STARTED_AT) == name


def test_each_collection_of_logs_has_its_own_name():
    names = {default_name("log_collect", "LOG_COLLECT", [], STARTED_AT + 1000 * second) for second in range(100)}
    assert len(names) == 100


def test_without_a_version_the_name_depends_on_the_work_and_not_on_the_time():
    def name(spec, when=STARTED_AT):
        return default_name("common", "COMMON", [{"type": "COMMON", "spec": spec}], when)

    assert re.fullmatch(r"common_[0-9a-f]{8}", name({"x": "1"}))
    assert name({"x": "1"}) == name({"x": "1"}, STARTED_AT + 10**9)
    assert name({"x": "1", "y": "2"}) == name({"y": "2", "x": "1"})
    assert len({name({}), name({"x": "1"}), name({"x": "2"}), name({"y": "1"})}) == 4


def test_long_names_end_in_what_keeps_them_apart():
    def name(version):
        return default_name("main", "T", [{"type": "T", "spec": {"version": version}}], STARTED_AT)

    longest = "v" * 62
    assert name(longest) == "t_" + longest
    first, second = name("v" * 80 + "1"), name("v" * 80 + "2")
    assert len(first) == len(second) == 64
    assert first != second
    assert re.fullmatch(r"t_v{53}_[0-9a-f]{8}", first)


SPECS = st.dictionaries(
    st.sampled_from(["version", "x", "obs_path"]), st.text(max_size=70) | st.integers() | st.booleans()
)


@settings(max_examples=400, derandomize=True)
@given(
    entry=st.sampled_from(["main", "hdk_upgrade", "log_collect", "common"]),
    job_type=st.text(min_size=1, max_size=70),
    items=st.lists(st.fixed_dictionaries({"type": st.text(max_size=70), "spec": SPECS | st.none()}), max_size=4),
    started_at=st.integers(0, 4102444800000),
)
def test_every_name_is_one_that_the_service_takes(entry, job_type, items, started_at):
    name = default_name(entry, job_type, items, started_at)
    assert NAME.match(name), name
    assert name == default_name(entry, job_type, items, started_at)


# --- requests ---


def test_a_request():
    assert request("h1", server_id=" s1 ", is_reboot=False, description="") == {
        "host": "h1",
        "server_id": "s1",
        "name": "hdk_upgrade_24.1",
        "type": "HDK_UPGRADE",
        "items": [{"type": "HDK_UPGRADE", "spec": {"version": "24.1"}}],
        "options": {"reuse": "any_name", "skipped": "ok", "template_check": "warn", "is_reboot": False},
    }


def test_a_name_of_ones_own():
    assert request(name="mine")["name"] == "mine"
    assert request(name="")["name"] == request(name=None)["name"] == "hdk_upgrade_24.1"


@pytest.mark.parametrize("reuse", ["same_name", "any_name", "never"])
def test_logs_are_collected_again_whatever_reuse_says(reuse):
    assert request(entry="log_collect", reuse=reuse)["options"]["reuse"] == "never"
    assert request(entry="common", reuse=reuse)["options"]["reuse"] == reuse


def test_a_request_holds_texts():
    items = [{"type": "U", "spec": {"n": 5, "yes": True}}, {"type": "V", "spec": None}]
    assert request(entry="main", type="T", items=items)["items"] == [
        {"type": "U", "spec": {"n": "5", "yes": "true"}},
        {"type": "V", "spec": {}},
    ]


@pytest.mark.parametrize("server_id", [None, "", "  "])
def test_a_host_without_a_server_id(server_id):
    text = refusal(server_id=server_id)
    assert text.startswith("fleet_job_server_id: is empty") and "liteserver_id" in text


@pytest.mark.parametrize(
    ("values", "beginning"),
    [
        ({"server_id": "a/b"}, "fleet_job_server_id: 'a/b' is not an id"),
        ({"server_id": "x" * 65}, "fleet_job_server_id: "),
        ({"name": "two words"}, "fleet_job_name: 'two words' is not allowed"),
        ({"name": "n" * 65}, "fleet_job_name: "),
        ({"entry": "main", "type": "a b"}, "fleet_job_type: 'a b' is not allowed"),
        ({"entry": "main", "type": "T", "items": [{"type": "T"}, {"type": "a b"}]}, "fleet_job_items[1].type: "),
        (
            {"entry": "main", "type": "T", "items": [{"type": "T", "spec": {"x": [1]}}]},
            "fleet_job_items[0].spec.x: must be a text",
        ),
        ({"entry": "main", "type": "T", "items": [{"type": "T", "spec": {"x": None}}]}, "fleet_job_items[0].spec.x: "),
        (
            {"entry": "main", "type": "T", "items": [{"type": "T", "spec": {"x": 24.10}}]},
            "fleet_job_items[0].spec.x: is a number in YAML",
        ),
        (
            {
                "entry": "main",
                "type": "T",
                "items": [{"type": "T", "spec": {"a": "1"}}, {"type": "T", "spec": {"a": []}}],
            },
            "fleet_job_items[1].spec.a: must be a text",
        ),
        ({"entry": "main", "type": "T", "spec": {"a": [1]}}, "fleet_job_spec.a: must be a text"),
        ({"entry": "main", "type": "T", "spec": {"a": 24.10}}, "fleet_job_spec.a: is a number in YAML"),
        ({"entry": "main", "type": "T", "spec": {"version": 24.10}}, "fleet_job_spec.version: is a number in YAML"),
        ({"entry": "main", "type": "T", "items": [], "spec": {"a": {}}}, "fleet_job_spec.a: must be a text"),
        ({"entry": "common", "spec": {"a": None}}, "fleet_job_spec.a: must be a text"),
        ({"entry": "common", "spec": {"a": 24.10}}, "fleet_job_spec.a: is a number in YAML"),
        ({"entry": "log_collect", "spec": {"a": [1]}}, "fleet_job_spec.a: must be a text"),
        ({"version": 24.10}, "fleet_job_version: is a number in YAML"),
        ({"version": [24]}, "fleet_job_version: must be a text"),
        ({"secret_spec": {"key": "abc"}}, "fleet_job_secret_spec.key: must have 4 characters or more"),
        ({"secret_spec": {"key": 1234.5}}, "fleet_job_secret_spec.key: is a number in YAML"),
        ({"secret_spec": {"key": ["hidden"]}}, "fleet_job_secret_spec.key: must be a text"),
        ({"secret_spec": {"version": "hidden"}}, "fleet_job_secret_spec.version: given in spec too"),
    ],
)
def test_a_broken_rule_names_the_role_variable(values, beginning):
    text = refusal(**values)
    assert text.startswith(beginning), text
    for secret in ("abc", "1234.5", "hidden"):
        assert secret not in text


SECRET = "THE-SECRET-VALUE"


@pytest.mark.parametrize(
    "values",
    [
        {"entry": "common", "spec": {"x": "1"}, "secret_spec": {"token": SECRET, 5: SECRET}},
        {"entry": "common", "secret_spec": {"token": SECRET}},
        {"entry": "hdk_upgrade", "secret_spec": {"token": SECRET}},
        {"entry": "log_collect", "secret_spec": {"ak": SECRET, "sk": SECRET}},
        {"entry": "main", "type": "T", "items": [{"type": "T"}, {"type": "U"}], "secret_spec": {"token": SECRET}},
    ],
)
def test_a_request_keeps_no_secret(values):
    kept = request(**values)
    plain = request(**{key: value for key, value in values.items() if key != "secret_spec"})
    assert kept == plain, "neither the values nor anything made from them"
    assert SECRET not in json.dumps(kept)


def test_requests_and_groups_are_plain_values():
    made = [request("h1"), request("h2", entry="log_collect", spec={"x": True})]
    groups = groups_of(made)
    assert json.loads(json.dumps([made, groups])) == [made, groups]


# --- groups ---


def test_equal_requests_become_one_group_in_the_order_of_the_hosts():
    groups = groups_of(
        [
            request("h1", server_id="s1"),
            request("h2", server_id="s2", version="25.0"),
            request("h3", server_id="s3"),
            request("h4", server_id="s4", version="25.0"),
            request("h5", server_id="s5"),
        ]
    )
    assert [(group["number"], group["hosts"], group["server_ids"]) for group in groups] == [
        (1, ["h1", "h3", "h5"], ["s1", "s3", "s5"]),
        (2, ["h2", "h4"], ["s2", "s4"]),
    ]
    assert groups[1]["name"] == "hdk_upgrade_25.0" and groups[1]["type"] == "HDK_UPGRADE"
    assert groups[1]["items"] == [{"type": "HDK_UPGRADE", "spec": {"version": "25.0"}}]
    assert groups[1]["options"] == {"reuse": "any_name", "skipped": "ok", "template_check": "warn"}


def test_a_group_of_one():
    (group,) = groups_of([request()])
    assert (group["name"], group["hosts"]) == ("hdk_upgrade_24.1", ["h1"])


@pytest.mark.parametrize(
    "other",
    [
        {"version": "24.2"},
        {"name": "another"},
        {"reuse": "same_name"},
        {"skipped": "failed"},
        {"template_check": "off"},
        {"is_reboot": True},
        {"is_reboot": False},
        {"description": "why"},
    ],
)
def test_whatever_the_service_is_told_sets_hosts_apart(other):
    assert len(groups_of([request("h1", server_id="s1"), request("h2", server_id="s2", **other)])) == 2


def test_what_the_service_does_not_see_sets_no_hosts_apart():
    same = [
        request("h1", entry="common", name="n", spec={"x": 1, "y": True}),
        request("h2", entry="common", name="n", spec={"y": "true", "x": "1"}, description="", is_reboot=None),
        request(
            "h3", entry="main", type="COMMON", name="n", items=[{"type": "COMMON", "spec": {"x": "1", "y": "true"}}]
        ),
    ]
    (group,) = groups_of(same)
    assert group["hosts"] == ["h1", "h2", "h3"]


def test_a_version_as_a_number_is_that_version():
    assert len(groups_of([request("h1", version=25), request("h2", version="25", server_id="s2")])) == 1


@pytest.mark.parametrize(("number", "text"), [(1, "1"), (True, "true"), (-5, "-5")])
@pytest.mark.parametrize("entry", [{"entry": "common"}, {"entry": "main", "type": "T"}])
def test_a_value_as_a_number_is_that_text_in_the_name_too(entry, number, text):
    made = [
        request("h1", server_id="s1", spec={"x": number}, **entry),
        request("h2", server_id="s2", spec={"x": text}, **entry),
    ]
    assert made[0]["name"] == made[1]["name"]
    (group,) = groups_of(made)
    assert group["hosts"] == ["h1", "h2"]


@pytest.mark.parametrize("entry", [{"entry": "common"}, {"entry": "main", "type": "T"}, {"entry": "log_collect"}])
def test_keys_may_be_numbers_and_texts(entry):
    made = [
        request("h1", server_id="s1", spec={1: "x", "b": "y"}, **entry),
        request("h2", server_id="s2", spec={"b": "y", "1": "x"}, **entry),
    ]
    assert made[0]["items"][0]["spec"] == {"1": "x", "b": "y"}
    assert made[0]["name"] == made[1]["name"]
    assert len(groups_of(made)) == 1


def test_a_group_is_shown_without_secrets():
    (group,) = groups_of([request(entry="common", name="n", spec={"x": "1", "password": "pw", "y": "mine"})])
    assert shown_group(group, frozenset(["y"])) == {
        "number": 1,
        "name": "n",
        "type": "COMMON",
        "items": [{"type": "COMMON", "spec": {"x": "1", "password": "********", "y": "********"}}],
        "hosts": 1,
    }
    assert group["items"][0]["spec"]["y"] == "mine", "the group itself is not touched"
