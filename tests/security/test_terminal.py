# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service says does not steer the terminal of who runs the play: the bytes that Ansible's programs print."""

from __future__ import annotations

import json
from typing import Any

import pytest
from inventory.harness import GRAPH, LIST, Inventory
from playbooks.fleet.fleet_tasks import event_info, power, server_info, service_info, software_info, template_info
from playbooks.harness import bare_job, info, job
from rollout.rollout import play, role
from security.answers import NAMES, SERVER_IDS, SERVICE_ID, page, server, true_answer
from security.test_fuzzed_answers import CONTROLS

# Clears the screen, sets the title, moves back over what stands there, writes from right to left; both forms of ESC [.
EVIL = "ok\x1b[2J\x1b]0;owned\x07\r\x9b31m\x08\x7f\u202e\x00end"
SHOWN = "ok\ufffd[2J"


def poisoned(value: Any, key: str = "") -> Any:
    """An answer with the evil text behind every text that is shown, and not understood."""
    if isinstance(value, dict):
        return {name: poisoned(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(inner, key) for inner in value]
    understood = {"id", "server_id", "status", "type", "flavor_type", "visible", "regex", "version", "create_at"}
    return value + EVIL if isinstance(value, str) and key not in understood else value


@pytest.fixture
def evil(hostile):
    """A service that says nothing without the evil text."""
    for operation in NAMES:
        hostile.answers(operation, poisoned(true_answer(operation)))
    return hostile


def clean(*outputs: str) -> None:
    """Assert that nothing in them steers a terminal, and that the evil text is there at all."""
    for output in outputs:
        assert not CONTROLS.search(output), [line for line in output.splitlines() if CONTROLS.search(line)][:3]
    assert any("[2J" in output for output in outputs)


def test_every_module(playbook, evil):
    mine = {"name": "upgrade" + EVIL}
    jobs = {"jobs": [{**true_answer("get_job"), **mine}], "server_ids": None}
    evil.answers("get_server", poisoned({**server(0), "status": "REBOOT_FAILED" + EVIL}))
    failing = {**true_answer("get_job"), "status": "FINISHED"}
    evil.answers("get_job", poisoned(failing))
    tasks = [
        bare_job(job_id=failing["id"], wait=True, wait_timeout=1),
        server_info(),
        template_info(),
        software_info(),
        service_info(service_id=SERVICE_ID),
        event_info(),
        {**power("started", 1, wait=False), "modelarts.liteserver.liteserver_power": start()},
        info(),
        info(job_ids=[failing["id"]]),
        {"ansible.builtin.debug": {"msg": "{{ jobs.jobs | modelarts.liteserver.job_lines }}"}, "vars": {"jobs": jobs}},
        # The same as lines, as people like to print them.
        {"ansible.builtin.debug": {"msg": "{{ item }}"}, "loop": "{{ shown.jobs | modelarts.liteserver.job_lines }}"},
    ]
    run = playbook.run(
        *tasks,
        arguments=("-vvv", "--diff"),
        credentials=evil.credentials(),
        register=[*[f"r{n}" for n in range(8)], "shown"],
    )
    assert run[0].failed
    assert run[0]["error"]["code"] == "servers_failed"
    clean(run.output, json.dumps([step.raw for step in run], ensure_ascii=False))
    assert run[1]["servers"][0]["name"].startswith("liteserver-00000" + SHOWN)


def start() -> dict[str, Any]:
    """Options that start a server."""
    return {"state": "started", "server_ids": SERVER_IDS[:1], "wait": False}


def test_errors_of_the_service(playbook, hostile):
    for operation in NAMES[1:]:
        hostile.answers(operation, {"error_code": "X" + EVIL, "error_msg": EVIL, "request_id": EVIL}, status=400)
    run = playbook.run(job(1), server_info(), template_info(), info(), credentials=hostile.credentials())
    assert [step.failed for step in run] == [True] * 4
    clean(run.output)
    hostile.answers("create_token", {"error": {"message": EVIL, "code": EVIL}}, status=401)
    clean(playbook.run(info(), credentials=hostile.credentials()).output)


def test_an_inventory(simulator, tmp_path, hostile):
    servers = [{**server(0), "name": EVIL}, {**server(1), "name": EVIL}, poisoned(server(2))]
    hostile.answers("list_servers", page(*servers))
    inventory = Inventory(simulator, tmp_path)
    listed = inventory.run(*LIST, credentials=hostile.credentials(), keyed_groups=[{"key": "liteserver_flavor"}])
    clean(listed.stdout, listed.stderr)
    assert len(json.loads(listed.stdout)["_meta"]["hostvars"]) == 3
    graph = inventory.again(*GRAPH)
    clean(graph.stdout, graph.stderr, "[2J")
    failed = inventory.run(credentials=hostile.credentials(), hostname="{{ liteserver_name ~ nothing }}")
    failed.failed("hostname")
    clean(failed.stderr)


def test_the_role_and_its_record(simulator, rollout):
    rollout.inventory(2)
    simulator.server(1, fail=1, message="refused " + EVIL)
    run = rollout.run(play(role(record=str(rollout.record))))
    assert run.failed == ["liteserver-00001"]
    clean(run.output, *(path.read_text() for path in rollout.record.iterdir()))
    (record,) = rollout.records()
    assert SHOWN in json.dumps(record, ensure_ascii=False)
    status = rollout.run("modelarts.liteserver.job_status")
    clean(status.output, "[2J")
    assert "refused ok" in status.output
