# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every documented field of every answer, replaced by each kind of JSON value, one at a time: never an internal error.

Not modelled: two odd fields at once (test_fuzzed_answers draws those), and what the kind of a value means to a caller
in another process.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from security.answers import NAMES, good_answer, operation_of, places, true_answer
from security.module_operations import Outcome, run
from security.test_fuzzed_answers import RUNS, check_outcome

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._lines import job_lines
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._preflight import problems_of
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._requests import request_of

# Values of each kind of JSON, and of those that Python takes for another: what is empty, and booleans as numbers.
KINDS: list[Any] = [None, True, 0, -1, 1.5, 10**30, "", "text", [], ["text"], [None], [[]], {}, {"key": "value"}, [{}]]
GONE = object()


def spoiled(answer: Any) -> list[Any]:
    """The answer with one place at a time of each kind, or gone."""
    found = []
    for place in places(answer):
        for kind in [*KINDS, GONE]:
            changed = copy.deepcopy(answer)
            if not place:
                if kind is not GONE:
                    found.append(copy.deepcopy(kind))
                continue
            parent = changed
            for key in place[:-1]:
                parent = parent[key]
            if kind is GONE:
                del parent[place[-1]]
            else:
                parent[place[-1]] = copy.deepcopy(kind)
            found.append(changed)
    return found


def outcome_of(module: str, options: dict[str, Any], operation: str, answer: Any) -> Outcome:
    """A run in which one operation answers so, and the others as documented."""
    status, headers, _body = good_answer(operation)
    odd = (status, headers, json.dumps(answer).encode())

    def respond(method: str, path: str, _query: str) -> tuple[int, dict[str, str], bytes]:
        asked = operation_of(method, path)
        return odd if asked == operation else good_answer(asked)

    return run(module, options, respond)


def asked_by(module: str, options: dict[str, Any]) -> set[str]:
    """The operations that a run asks for when all goes well."""
    outcome = run(module, options, lambda method, path, _query: good_answer(operation_of(method, path)))
    return {operation_of(method, path) for method, path in outcome.client.requests}


@pytest.mark.parametrize("name", RUNS)
def test_a_module_bears_every_kind_in_every_field(name: str) -> None:
    module, options = RUNS[name]
    operations = [operation for operation in NAMES if operation in asked_by(module, options)]
    # What a login answers is the same for all of them.
    for operation in operations if name == "servers" else [each for each in operations if each != "create_token"]:
        for answer in spoiled(true_answer(operation)):
            outcome = outcome_of(module, options, operation, answer)
            check_outcome(outcome, module, options, check=False)


@pytest.mark.parametrize("server_ids", [None, ["00000001-aaaa-bbbb-cccc-dddddddddddd"]])
def test_lines_of_jobs_bear_every_kind_in_every_field(server_ids: list[str] | None) -> None:
    """As playbook job_status shows them: what liteserver_job_info passes on, whatever it is."""
    for answer in spoiled(true_answer("get_job")):
        outcome = outcome_of(
            "liteserver_job_info", {"job_ids": ["11111111-aaaa-bbbb-cccc-dddddddddddd"]}, "get_job", answer
        )
        lines = job_lines(outcome.result.get("jobs") or [], server_ids)
        assert all(isinstance(line, str) and line.isprintable() for line in lines)
    # A record of an older file, or of another program.
    job = true_answer("get_job")
    for record in spoiled({"jobs": [job]}):
        jobs = record.get("jobs") if isinstance(record, dict) else None
        if isinstance(jobs, list) and all(isinstance(each, dict) for each in jobs):
            assert job_lines(jobs, server_ids)


def test_a_preflight_bears_every_kind_in_every_field() -> None:
    """Of what the info modules make of the answers."""
    request = request_of(
        "host", "hdk_upgrade", {"version": "24.1", "server_id": "00000001-aaaa-bbbb-cccc-dddddddddddd"}, 0
    )
    results = {
        operation: [outcome_of(module, options, operation, answer).result for answer in spoiled(true_answer(operation))]
        for module, options, operation in (
            ("liteserver_info", {"scope": "own"}, "list_servers"),
            ("liteserver_software_info", {}, "list_software"),
            ("liteserver_job_template_info", {}, "list_templates"),
        )
    }
    for result in results["list_servers"]:
        problems_of([request], result.get("servers"), None, None)
    for result in results["list_software"]:
        problems_of([request], [], result.get("software"), None)
    for result in results["list_templates"]:
        problems_of([request], None, None, result.get("templates"))
