# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guide for Event-Driven Ansible, and the source's own documentation, say is what there is."""

from __future__ import annotations

import importlib.util
import re

import yaml
from eda.conftest import ROOT
from tables import rows

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._events import changes, deleted
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._model import read_job
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._event_source import ARGUMENT_SPEC

GUIDE = (ROOT / "docs" / "eda.md").read_text(encoding="utf-8")
EXTENSION = ROOT / "extensions" / "eda"


def test_every_argument_is_told_with_its_default() -> None:
    told = {row[0].strip("`"): row[1] for row in rows(GUIDE, "| argument | default | |")}
    assert list(told) == list(ARGUMENT_SPEC)
    for name, spec in ARGUMENT_SPEC.items():
        assert told[name] == str(spec["default"]) if "default" in spec else not told[name].isdigit()


def test_the_source_documents_its_arguments() -> None:
    path = EXTENSION / "plugins" / "event_source" / "jobs.py"
    spec = importlib.util.spec_from_file_location("jobs_with_documentation", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    options = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert {name: (each["type"], each.get("default"), each.get("elements")) for name, each in options.items()} == {
        name: (each["type"], each.get("default"), each.get("elements")) for name, each in ARGUMENT_SPEC.items()
    }
    (example,) = yaml.safe_load(module.EXAMPLES)
    assert set(example["sources"][0]["modelarts.liteserver.jobs"]) <= set(ARGUMENT_SPEC)


def test_every_key_of_an_event_is_told() -> None:
    job = read_job(
        {"id": "j", "status": "FINISHED", "create_at": 1, "tasks": [{"server_id": "s", "status": "FAILED"}]},
    )
    task, own = changes(None, job)
    told = [name for row in rows(GUIDE, "| key | |") for name in re.findall(r"`(\w+)`", row[0])]
    assert set(told) == task.keys() | own.keys()
    assert deleted({"name": "n", "status": "PROCESSING"}, "j").keys() == own.keys()


def test_the_rulebooks_are_told() -> None:
    told = rows(GUIDE, "| rulebook | when | playbook |")
    assert sorted(row[0].strip("`") for row in told) == sorted(
        path.stem for path in (EXTENSION / "rulebooks").iterdir()
    )
    for _name, _when, text in told:
        (playbook,) = re.findall(r"modelarts\.liteserver\.(\w+)", text)
        assert (ROOT / "playbooks" / f"{playbook}.yml").is_file()
