# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guides for role ``fleet_job`` say is what is there."""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any

import pytest
import yaml
from tables import rows

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._result import VERDICTS
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._outcomes import jobs_of, outcomes_of
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._requests import (
    PER_HOST,
    groups_of,
    request_of,
    shown_group,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._run_record import (
    FACTS,
    MISMATCH,
    ORDER,
    REBOOT_PENDING,
    SCHEMA_VERSION,
    STOPPED_BY,
    RunRecord,
)

ROOT = pathlib.Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles" / "fleet_job"
FLEET, RECORD = ROOT / "docs" / "fleet-upgrade.md", ROOT / "docs" / "run-record.md"
ROLE_README = ROLE / "README.md"
GUIDES = [FLEET, ROOT / "docs" / "supernodes.md", RECORD, ROLE_README]
PLAYBOOKS = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
ENTRIES = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
OPTIONS = {name: option for entry in ENTRIES.values() for name, option in entry["options"].items()}

guides = pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))


def text_of(guide: pathlib.Path) -> str:
    return guide.read_text(encoding="utf-8")


def blocks(guide: pathlib.Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(guide), re.MULTILINE | re.DOTALL)


def without_blocks(guide: pathlib.Path) -> str:
    return re.sub(r"^```.*?^```$", "", text_of(guide), flags=re.MULTILINE | re.DOTALL)


def section(guide: pathlib.Path, title: str) -> str:
    """The text from a heading to the next one of any level."""
    parts = re.split(r"^#+ (.*)\n", without_blocks(guide), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[title]


def first_cells(text: str) -> list[str]:
    """What stands as code in the first column of a table."""
    return [name for row in rows(text) for name in re.findall(r"`([^`]+)`", row[0])]


@guides
def test_every_variable_of_the_role_exists(guide: pathlib.Path) -> None:
    playbook = (ROOT / "playbooks" / "hdk_upgrade.yml").read_text(encoding="utf-8")
    known = set(OPTIONS) | set(re.findall(r"\bfleet_job_\w+", playbook))
    named = set(re.findall(r"\bfleet_job_\w+", text_of(guide)))
    assert named
    assert named - known == set()


@guides
def test_everything_of_the_collection_exists(guide: pathlib.Path) -> None:
    plugins = {path.stem for path in (ROOT / "plugins").glob("*/*.py")}
    known = PLAYBOOKS | plugins | {path.name for path in (ROOT / "roles").iterdir()}
    named = set(re.findall(r"\bmodelarts\.liteserver\.(\w+)", text_of(guide)))
    assert named - known == set()


@guides
def test_yaml_parses_and_its_variables_belong_to_the_entry_point(guide: pathlib.Path) -> None:
    for block in blocks(guide, "yaml"):
        parsed = yaml.safe_load(block)
        assert parsed, block
        for play in parsed if isinstance(parsed, list) else []:
            for task in play.get("tasks", []):
                role = task.get("ansible.builtin.import_role")
                if role:
                    assert role["name"] == "modelarts.liteserver.fleet_job"
                    assert set(task["vars"]) <= set(ENTRIES[role["tasks_from"]]["options"])


def test_there_is_yaml() -> None:
    assert [len(blocks(guide, "yaml")) > 0 for guide in GUIDES] == [True, True, False, True]


def test_the_role_has_a_row_for_each_variable() -> None:
    assert sorted(first_cells(section(ROLE_README, "Variables"))) == sorted(OPTIONS)


def test_the_role_tells_defaults_as_they_are() -> None:
    for name, default, _text in rows(section(ROLE_README, "Variables")):
        option = OPTIONS[name.strip("`")]
        if option.get("required"):
            assert default == "required", name
        elif "default" in option:
            assert default.strip("`") == str(option["default"]), name
        else:
            # Where another variable or the work itself gives it, words say so.
            assert default == "" or name in ("`fleet_job_name`", "`fleet_job_server_id`", "`fleet_job_delegate_to`")


def test_the_role_tells_which_entry_points_have_a_variable() -> None:
    for name, _default, text in rows(section(ROLE_README, "Variables")):
        having = {entry for entry, spec in ENTRIES.items() if name.strip("`") in spec["options"]}
        only, without = re.match(r"`(\w+)` only:", text), re.match(r"not for `(\w+)`:", text)
        expected = {only[1]} if only else set(ENTRIES) - {without[1]} if without else set(ENTRIES)
        assert having == expected, name


def test_the_role_tells_every_entry_point() -> None:
    assert sorted(first_cells(section(ROLE_README, "Entry points"))) == sorted(ENTRIES)


def test_what_may_differ_from_host_to_host_is_told() -> None:
    text = section(FLEET, "Variables that may differ").split("These may differ from host to host:")[1]
    assert set(re.findall(r"fleet_job_(\w+)", text)) == PER_HOST


def test_defaults_of_the_playbook_are_told_as_they_are() -> None:
    playbook = (ROOT / "playbooks" / "hdk_upgrade.yml").read_text(encoding="utf-8")
    told = {row[0].strip("`"): row[1].strip("`") for row in rows(section(FLEET, "See the plan"))}
    hosts = re.findall(r"(fleet_job_\w+) \| default\('(\w+)', true\)", playbook)
    found = dict(hosts + re.findall(r"(fleet_job_\w+) \| default\(''\), (\w+)\]", playbook))
    assert told == found


def test_every_message_in_the_table_is_one_of_the_code() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "plugins").rglob("*.py")))
    source += "".join(path.read_text(encoding="utf-8") for path in sorted((ROLE / "tasks").glob("*.yml")))
    # A text of several literals is written on several lines.
    source = re.sub(r'"\s+f?"', "", source)
    messages = [text for text in first_cells(section(FLEET, "When it fails")) if not text.endswith("<message>")]
    assert len(messages) > 10
    assert [text for text in messages if text not in source] == []


def test_verdicts_of_the_output_are_told() -> None:
    assert sorted(first_cells(section(FLEET, "During"))) == sorted([*VERDICTS, MISMATCH, REBOOT_PENDING])


# The record


def run_of_two_batches() -> tuple[RunRecord, list[str]]:
    """A record of a run with a failed server, and the phases that it went through."""
    phases = []
    record = RunRecord.begin("20261124T103128Z-c3b23cb7", "hdk_upgrade", ["h1", "h2"], "50%", 1)
    for number, host in enumerate(record.hosts, 1):
        record.open_batch([host], 2)
        phases.append(record.batch["phase"])
        groups = groups_of([request_of(host, "hdk_upgrade", {"version": "24.1", "server_id": f"s{number}"}, 1)])
        record.starting([shown_group(group) for group in groups], {host: f"s{number}"}, 3)
        phases.append(record.batch["phase"])
        row = {"server_id": f"s{number}", "server_name": "n", "status": "FAILED", "message": "m", "job_id": "j"}
        started = [{"job": {"id": "j"}, "action": "created", "servers": [dict(row, verdict="failed")]}]
        outcomes = outcomes_of(groups, started, [], [])
        record.started(jobs_of(groups, started), outcomes, 4)
        phases.append(record.batch["phase"])
        record.settled(outcomes, 5, hook=True)
        phases.append(record.batch["phase"])
        record.closed(6)
        phases.append(record.batch["phase"])
    return record, phases


def keys_of(record: dict[str, Any]) -> dict[str, list[str]]:
    """The keys at each level of a record, by the heading under which they are told."""
    batch = record["batches"][0]
    return {
        "The run": sorted(record),
        "A batch": sorted(batch),
        "A group": sorted(batch["groups"][0]),
        "A job": sorted(batch["jobs"][0]),
        "A server": sorted(record["servers"][0]),
    }


def test_every_key_of_the_record_is_told_and_no_other() -> None:
    record, _phases = run_of_two_batches()
    expected = keys_of(record.data)
    assert {title: sorted(first_cells(section(RECORD, title))) for title in expected} == expected


def test_every_phase_is_told_in_its_order() -> None:
    _record, phases = run_of_two_batches()
    expected = list(dict.fromkeys(phases))
    assert first_cells(section(RECORD, "Phases")) == expected
    assert first_cells(section(RECORD, "An aborted run")) == expected


def test_every_verdict_of_the_record_is_told() -> None:
    told = first_cells(section(RECORD, "Verdicts"))
    assert sorted(told) == sorted(ORDER)


def test_every_reason_to_stop_is_told() -> None:
    told = section(RECORD, "Why a run was stopped")
    assert [word for word in STOPPED_BY if f"`{word}`" not in told] == []


def test_the_schema_version_is_the_one_of_the_code() -> None:
    assert f"`schema_version` is {SCHEMA_VERSION}." in section(RECORD, "Schema version")


def test_the_example_is_what_a_run_would_write() -> None:
    """The same run again, from what the example says of each server."""
    (block,) = blocks(RECORD, "json")
    example = json.loads(block)
    servers = example["servers"]
    record = RunRecord.begin(
        example["run_id"],
        example["entry"],
        [row["host"] for row in servers],
        example["max_failures"],
        example["started_at"],
        example["preflight"],
        example["process"],
        {key: example[key] for key in FACTS},
    )
    for batch in example["batches"]:
        own = [row for row in servers if row["batch"] == batch["number"]]
        record.open_batch([row["host"] for row in own], batch["started_at"])
        values = {"version": "24.1.rc3.10"}
        requests = [
            request_of(row["host"], example["entry"], {**values, "server_id": row["server_id"]}, example["started_at"])
            for row in own
        ]
        groups = groups_of(requests)
        ids = {row["host"]: row["server_id"] for row in own}
        record.starting([shown_group(group) for group in groups], ids, own[0]["started_at"])
        ids_in_order = [row["server_id"] for row in own]
        started = [
            {
                "job": {"id": own[0]["job_id"]},
                "job_ids": [own[0]["job_id"]],
                "action": "created",
                "submitted_server_ids": ids_in_order,
                "servers": own,
            }
        ]
        running = [dict(started[0], servers=[dict(row, verdict="running") for row in own])]
        outcomes = outcomes_of(groups, running, [], [])
        record.started(jobs_of(groups, running), outcomes, own[0]["started_at"])
        record.settled(outcomes_of(groups, started, [], []), batch["ended_at"])
    record.data["reported"] = True  # with its last lines
    assert record.data == example
