# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guide for AWX says is what there is."""

from __future__ import annotations

import re
from typing import Any

import yaml
from awx.conftest import EXTENSION, ROOT
from tables import rows

GUIDE = (ROOT / "docs" / "awx.md").read_text(encoding="utf-8")
PLAYBOOK = (ROOT / "playbooks" / "awx_setup.yml").read_text(encoding="utf-8")
TASKS = (ROOT / "playbooks" / "tasks" / "awx_setup.yml").read_text(encoding="utf-8")


def test_every_variable_is_told_and_used() -> None:
    told = [row[0].strip("`") for row in rows(GUIDE, "| variable | default | |")]
    in_comment = re.findall(r"^# (awx_setup_\w+)", PLAYBOOK, re.MULTILINE)
    used = set(re.findall(r"(?<!_)\bawx_setup_\w+", re.sub(r"#.*", "", PLAYBOOK + TASKS)))
    assert told == in_comment
    assert set(told) == used - {"awx_setup_folder"}


def test_defaults_are_told_as_they_are() -> None:
    for name, default, _text in rows(GUIDE, "| variable | default | |"):
        found = set(re.findall(rf"{name.strip('`')} \| default\('?([^',)]*)", TASKS)) - {"", "omit", "{}"}
        if "`" in default or default.isdigit():
            # That of the canary stands with the workflow.
            assert found == {default.strip("`")} or found == {"item.limit"}, name


def test_the_templates_are_told(objects: dict[str, Any]) -> None:
    told = [row[0].strip("`") for row in rows(GUIDE, "| template | what it does |")]
    assert told == [f"Lite Server {each['name']}" for each in objects["job_templates"]]
    assert f"`Lite Server {objects['workflow']['name']}`" in GUIDE


def test_the_ways_to_authenticate_are_told_by_the_labels(credential_type: dict[str, Any]) -> None:
    labels = {re.sub(r" \(.*", "", field["label"]).lower() for field in credential_type["inputs"]["fields"]}
    for _way, fields in rows(GUIDE, "| way | fields |"):
        assert {name.strip().lower() for name in fields.split(",")} <= labels


def test_yaml_is_what_the_playbook_takes() -> None:
    given = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)]
    inventory, *variables = given
    assert inventory["groups"].keys() == {"canary"}
    assert inventory.keys() == yaml.safe_load((EXTENSION / "project" / "liteserver.yml").read_text()).keys()
    known = set(re.findall(r"^# (awx_setup_\w+)", PLAYBOOK, re.MULTILINE))
    assert variables
    for each in variables:
        assert set(each) <= known
