# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of hostile jobs, from the event source to the shipped playbooks: nothing runs, no file is out of place.

Not modelled: ansible-rulebook between them, which hands an event on as it is (tests/eda runs it).
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
from rollout.rollout import Rollout
from security.answers import JOB_ID, page, true_answer
from security.hostile_server import HostileServer

from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._event_source import JobSource

COMMAND = "lookup('pipe', 'touch {canary}')"
TEXTS = {
    "braces": "{{{{ {command} }}}}",
    "a statement": "{{% set x = {command} %}}",
    "a header": "#jinja2:variable_start_string:'[[',variable_end_string:']]'\n[[ {command} ]]",
    "a header for lines": "#jinja2:line_statement_prefix:'%'\n% set x = {command}",
    "an expression": "{command}",
    "a vault": "__ansible_vault",
    "an unsafe text": "__ansible_unsafe",
    "a type": "__ansible_type",
}


def delivered(hostile: HostileServer, change: Any) -> list[dict[str, Any]]:
    """The events of a job that ended, after a change to its answers."""
    source = JobSource(hostile.credentials())
    hostile.answers("list_jobs", page())
    source.look()
    source.ended()
    job = true_answer("get_job")
    job["status"] = "FINISHED"
    change(job)
    hostile.answers("list_jobs", page({key: job[key] for key in job if key not in ("items", "tasks")}))
    hostile.answers("get_job", job)
    events, _pause = source.look()
    # As ansible-rulebook writes them into a file of variables.
    return [json.loads(json.dumps(source.delivery(event))) for event in events]


def run(rollout: Rollout, hostile: HostileServer, name: str, event: dict[str, Any], **variables: Any) -> Any:
    """A shipped playbook with an event, against the hostile server."""
    rollout.inventory(1)
    return rollout.run(
        f"modelarts.liteserver.{name}",
        variables={"ansible_eda": {"event": event}, **variables},
        environment={"LITESERVER_ENDPOINT": hostile.url},
    )


def test_a_secret_in_an_event_is_concealed_before_it_is_cut(hostile: HostileServer) -> None:
    """The longest string of an event has 4000 characters."""

    def change(job: dict[str, Any]) -> None:
        for task in job["tasks"]:
            task.update(message="x" * 3990 + "pass-word", server_name="of pass-word")

    events = [event for event in delivered(hostile, change) if event["kind"] == "task"]
    assert events
    assert "pass-" not in json.dumps(events) and events[0]["server_name"] == "of ********"


@pytest.mark.parametrize("kind", TEXTS)
def test_no_text_of_an_event_runs(rollout: Rollout, hostile: HostileServer, tmp_path: pathlib.Path, kind: str) -> None:
    """As the message, the name and the status of tasks, and as the name of the job."""
    canary = tmp_path / "canary"
    text = TEXTS[kind].format(command=COMMAND.format(canary=canary))

    def change(job: dict[str, Any]) -> None:
        job["name"] = text
        for task in job["tasks"]:
            task.update(message=text, server_name=text)
        job["tasks"][0]["status"] = text

    events = delivered(hostile, change)
    folder = tmp_path / "follow-ups"
    folder.mkdir()
    failed = next(event for event in events if event["status"] == "FAILED")
    assert run(rollout, hostile, "eda_follow_up", failed, follow_up_folder=str(folder)).status == 0
    (path,) = folder.iterdir()
    assert json.loads(path.read_text())["job_id"] == JOB_ID
    ended = next(event for event in events if event["kind"] == "job")
    run(rollout, hostile, "eda_next_step", ended, next_step_type="COMMON", next_step_spec={"command": "x"})
    assert not canary.exists()
    assert hostile.requests[-1][0] in ("GET", "POST"), "the playbook has read the job"


IDS = [
    "../outside",
    "../../../outside",
    "/outside",
    "..",
    ".",
    "a/b",
    "x" * 300,
    "{{ 1 }}",
    "-rf",
    "\x00",
    "",
    "ü",
    "a\nb",
]


@pytest.mark.parametrize("server_id", IDS, ids=[repr(text[:20]) for text in IDS])
def test_a_follow_up_is_in_its_folder_whatever_the_id(
    rollout: Rollout, hostile: HostileServer, tmp_path: pathlib.Path, server_id: str
) -> None:
    def change(job: dict[str, Any]) -> None:
        job["tasks"][1]["server_id"] = server_id

    failed = next(event for event in delivered(hostile, change) if event["status"] == "FAILED")
    folder = tmp_path / "a" / "b" / "c" / "follow-ups"
    folder.mkdir(parents=True)
    outcome = run(rollout, hostile, "eda_follow_up", failed, follow_up_folder=str(folder))
    assert outcome.status == 0, outcome.output
    (path,) = (tmp_path / "a").rglob("*.json")
    assert path.parent == folder
    assert len(path.name) < 100
    assert json.loads(path.read_text())["job_id"] == JOB_ID


def test_ids_that_become_one_name_are_follow_ups_of_their_own(
    rollout: Rollout, hostile: HostileServer, tmp_path: pathlib.Path
) -> None:
    def change(job: dict[str, Any]) -> None:
        for task, server_id in zip(job["tasks"], ["a/b", "a_b", "a b"], strict=True):
            task.update(server_id=server_id, status="FAILED")

    folder = tmp_path / "follow-ups"
    folder.mkdir()
    for event in delivered(hostile, change):
        if event["kind"] == "task":
            assert run(rollout, hostile, "eda_follow_up", event, follow_up_folder=str(folder)).status == 0
    assert len(list(folder.iterdir())) == 3
