# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented request, and what the modules' own documentation promises."""

from __future__ import annotations

# A boolean is a number to isinstance, and a subclass of an error is not the error that is meant.
# pylint: disable=unidiomatic-typecheck
import json
import pathlib
import re
import subprocess
import sys

import pytest
from playbooks.harness import ERROR_KEYS, INFO, JOB, SERVER_KEYS, bare_job, clean_environment, info, job, servers

# "Creating a Lite Server task", page of 2026-01-30 of the vendor's API reference: the example request as it is printed.
DOCUMENTED_TEXT = """\
{
  "server_ids" : [ "66d210bc-023c-490a-8664-afd321a163ad" ],
  "type" : "HDK_UPGRADE",
  "items" : [ {
    "spec" : {
      "version" : "24.1.rc3.10"
    },
    "type" : "HDK_UPGRADE"
  } ],
  "name" : "hdk_upgrade_task",
  "description" : "Task description."
}
"""
DOCUMENTED_REQUEST = json.loads(DOCUMENTED_TEXT)
[DOCUMENTED_SERVER] = DOCUMENTED_REQUEST["server_ids"]
# The same bytes without the line breaks and indents of the page.
DOCUMENTED_BYTES = re.sub(r" :", ":", re.sub(r"(?<=[\[{]) | (?=[\]}])", "", " ".join(DOCUMENTED_TEXT.split()))).encode()
DOCUMENTED_ANSWER = {
    "create_at": 1755005748201,
    "update_at": 1755005931007,
    "id": "64e004ec-6cb0-401f-a7c0-ec2557626b16",
    "name": "hdk_upgrade_task",
    "description": "Task description.",
    "type": "ASCEND_SOFTWARE_UPGRADE",
    "status": "FINISHED",
    "items": [{"spec": {"version": "24.1.rc3.10"}, "type": "HDK_UPGRADE"}],
    "tasks": [
        {
            "create_at": 1755005748201,
            "update_at": 1755005931355,
            "id": "64e004ec-ad30-4038-9af1-afd321a163ad",
            "server_id": DOCUMENTED_SERVER,
            "server_name": "liteserver-978c-00001",
            "cloud_server": {
                "hps_ecs_id": "e2cb187a-4c4d-495c-a5f8-3de83a4e44ce",
                "id": "39aab8e4-add9-4c2a-8fb7-c3e477e23855",
                "type": "HPS",
            },
            "status": "SUCCESS",
            "message": "the message",
        }
    ],
    "template_id": "6f02d33b-a5d6-485c-8d73-480da5870512",
    "user_name": "modelarts_user",
    "abnormal_count": 0,
}


@pytest.mark.parametrize(("pipelining", "mark"), [("0", {}), ("1", {"mark": False})])
def test_the_documented_request(simulator, playbook, pipelining, mark):
    """Against a living job; without pipelining too, which is what Ansible does by default.

    Without a mark it is sent as it stands; by default its description stands before the mark.
    """
    simulator.set(job_duration=0.5)
    simulator.server(1, message="the message")
    documented = {**DOCUMENTED_REQUEST, "server_ids": servers(1)}
    first, second = playbook.run(
        *[bare_job(**documented, wait=True, **mark)] * 2, environment={"ANSIBLE_PIPELINING": pipelining}
    )
    first.check_keys()
    (request,) = first.asked("create_job")
    words, joint, nonce = request["body"]["description"].partition("_lsj1-dba0-eed23518a1e1-1-")
    assert {**request["body"], "description": words} == documented
    assert bool(joint) == (len(nonce) == 10) == (not mark)
    assert request["path"] == f"/v1/{simulator.project_id}/dev-servers/jobs"
    assert (first.failed, first["action"]) == (False, "created")
    assert set(first["job"]) == set(DOCUMENTED_ANSWER) - {"tasks"}
    assert first["job"]["description"] == request["body"]["description"]
    for key in ("name", "type", "status", "items", "abnormal_count"):
        assert first["job"][key] == DOCUMENTED_ANSWER[key]
    assert type(first["job"]["create_at"]) is int
    assert (first["servers"][0]["status"], first["servers"][0]["message"]) == ("SUCCESS", "the message")
    assert (second["action"], second.writes) == ("none", 0)


def test_the_documented_answer(simulator, playbook):
    """Word for word, as the answer to the documented request."""
    simulator.fault("create_job", "wrong_shape", body=DOCUMENTED_ANSWER)
    simulator.fault("list_jobs", "wrong_shape", skip=2, times=None, body={"data": [DOCUMENTED_ANSWER], "total": 1})
    step = playbook.one(bare_job(**DOCUMENTED_REQUEST, mark=False, wait=True))
    step.check_keys()
    assert not step.failed, step["msg"]
    (sent,) = step.asked("create_job")
    assert sent["text"].encode() == DOCUMENTED_BYTES, "the page's example, byte for byte"
    assert sent["body"] == DOCUMENTED_REQUEST
    assert step["job"] == {key: value for key, value in DOCUMENTED_ANSWER.items() if key != "tasks"}
    assert step["servers"] == [
        {
            "server_id": DOCUMENTED_SERVER,
            "server_name": "liteserver-978c-00001",
            "status": "SUCCESS",
            "message": "the message",
            "task_id": "64e004ec-ad30-4038-9af1-afd321a163ad",
            "job_id": "64e004ec-6cb0-401f-a7c0-ec2557626b16",
            "verdict": "done",
        }
    ]
    assert step["job_ids"] == [DOCUMENTED_ANSWER["id"]]


def documentation(module, directory):
    """What ansible-doc tells of a module."""
    answer = subprocess.run(
        [str(pathlib.Path(sys.executable).parent / "ansible-doc"), "--json", module],
        env=clean_environment(directory),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    return json.loads(answer.stdout)[module]


def always_and_on_failure(documented):
    """The names of the results that are always there, and of those of a failure."""
    always = {name for name, value in documented.items() if value["returned"] in ("always", "success")}
    failure = {name for name, value in documented.items() if value["returned"] == "failure"}
    assert always | failure == set(documented)
    return always, failure


def test_the_documented_results_of_liteserver_job(simulator, playbook, tmp_path):
    documented = documentation(JOB, tmp_path)["return"]
    always, failure = always_and_on_failure(documented)
    simulator.server(2, fail=1)
    run = playbook.run(job(1, wait=True), job(1, 2, wait=True), bare_job(state="absent", name="upgrade"))
    for step in run:
        # What every module has is not documented again.
        assert set(step.result) - {"changed", "msg"} == always | (failure if step.failed else set())
        if step["job"]:
            assert set(step["job"]) - {"items", "template_id"} <= set(documented["job"]["sample"])
        for row in step["servers"]:
            assert set(row) == set(documented["servers"]["contains"]) == SERVER_KEYS
        assert set(step["counts"]) == set(documented["counts"]["sample"])
    assert set(run[0]["job"]) == set(documented["job"]["sample"])
    assert set(run[1]["error"]) == set(documented["error"]["contains"]) == ERROR_KEYS
    assert set(documented["servers"]["sample"][0]) == SERVER_KEYS
    assert set(documented["error"]["sample"]) == ERROR_KEYS


def test_the_documented_results_of_liteserver_job_info(simulator, playbook, tmp_path):
    documented = documentation(INFO, tmp_path)["return"]
    always, failure = always_and_on_failure(documented)
    run = playbook.run(
        job(1, wait=True),
        info(),
        info(job_ids=["{{ made.job.id }}"]),
        info(max_retries=-1),
        register=["made"],
    )
    for step in run.steps[1:3]:
        assert set(step.result) - {"changed"} == always
    # The sample is a job by its id; the list has fewer keys.
    sample = documented["jobs"]["sample"][0]
    assert set(run[1]["jobs"][0]) == set(sample) - {"items", "tasks", "template_id"}
    assert set(run[2]["jobs"][0]) == set(sample)
    assert failure <= set(run[3].result)
