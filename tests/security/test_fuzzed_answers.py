# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the service answers, a run ends with a result or one of our errors, and says nothing that is not so.

Documented answers with things wrong in them, through the operations of every module; with LITESERVER_FUZZ=50, fifty
times as many.
"""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from security.answers import (
    JOB_ID,
    NAMES,
    SERVER_IDS,
    SERVICE_ID,
    TEMPLATE_ID,
    VERSION,
    answers,
    good_answer,
    operation_of,
)
from security.module_operations import Outcome, run

EXAMPLES = 20 * int(os.environ.get("LITESERVER_FUZZ", "1"))
JOB = {
    "name": "upgrade",
    "type": "HDK_UPGRADE",
    "spec": {"version": VERSION},
    "server_ids": SERVER_IDS,
    "template_check": "strict",
}
WAIT = {"wait": True, "wait_timeout": 60}
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "job": ("liteserver_job", JOB),
    "job that is waited for": ("liteserver_job", {**JOB, **WAIT, "template_check": "warn"}),
    "job of any name": ("liteserver_job", {**JOB, "reuse": "any_name", "fail_on": "never", "skipped": "failed"}),
    "job, always a new one": ("liteserver_job", {**JOB, **WAIT, "reuse": "never"}),
    "adopted job": ("liteserver_job", {"job_id": JOB_ID, **WAIT}),
    "absent by name": ("liteserver_job", {"state": "absent", "name": "upgrade", "force": True}),
    "absent by id": ("liteserver_job", {"state": "absent", "job_id": JOB_ID}),
    "jobs": ("liteserver_job_info", {}),
    "jobs by id": ("liteserver_job_info", {"job_ids": [JOB_ID, "other"]}),
    "servers": ("liteserver_info", {"supernodes": ["hps-01"], "scope": "own"}),
    "servers by id": ("liteserver_info", {"server_ids": SERVER_IDS[:2]}),
    "templates": ("liteserver_job_template_info", {"type": "ASCEND_SOFTWARE_UPGRADE"}),
    "template": ("liteserver_job_template_info", {"template_id": TEMPLATE_ID}),
    "software": ("liteserver_software_info", {"type": "ASCEND_HDK"}),
    "events": ("liteserver_event_info", {"states": ["scheduled", "executing"], "types": ["system-maintenance"]}),
    "events of servers": ("liteserver_event_info", {"server_ids": SERVER_IDS[:2]}),
    "doctor": ("liteserver_doctor", {"nodes": {"host": {"supported": True, "npus": []}}}),
    "service": ("liteserver_service_info", {"service_id": SERVICE_ID}),
    "start": ("liteserver_power", {"state": "started", "server_ids": SERVER_IDS, **WAIT}),
    "stop": ("liteserver_power", {"state": "stopped", "server_ids": SERVER_IDS[:2], "force": True, **WAIT}),
    "reboot": ("liteserver_power", {"state": "rebooted", "server_ids": SERVER_IDS[:1], **WAIT}),
}
# What no result may hand on to a terminal.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize("check", [False, True], ids=["real", "check"])
@pytest.mark.parametrize("name", RUNS)
def test_a_run_ends_and_does_not_lie(name: str, check: bool) -> None:
    module, options = RUNS[name]

    @settings(
        max_examples=max(EXAMPLES // (2 if check else 1), 1),
        database=None,
        derandomize=EXAMPLES == 20,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def fuzz(data: st.DataObject) -> None:
        # An operation answers with one of three, by turns, so that looks and pages may differ.
        canned: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        # Mostly one operation at a time: where all are broken, nothing gets far.
        broken = data.draw(st.sets(st.sampled_from(NAMES), max_size=3), "broken")
        turns = dict.fromkeys(NAMES, 0)

        def respond(method: str, path: str, _query: str) -> tuple[int, dict[str, str], bytes]:
            operation = operation_of(method, path)
            if operation not in canned:
                canned[operation] = (
                    [data.draw(answers(operation), operation) for _turn in range(3)]
                    if operation in broken
                    else [good_answer(operation)]
                )
            turns[operation] += 1
            return canned[operation][turns[operation] % len(canned[operation])]

        check_outcome(run(module, options, respond, check), module, options, check)

    fuzz()


def check_outcome(outcome: Outcome, module: str, options: dict[str, Any], check: bool) -> None:
    """What holds whatever was answered."""
    writes = [request for request in outcome.client.requests if request[0] != "GET" and "/v3/" not in request[1]]
    assert not (check and writes)
    assert not CONTROLS.search(repr_of(outcome.result))
    if module.endswith(("_info", "_doctor")):
        assert writes == []
        return
    if check:
        return
    if options.get("state", "present") == "present":
        # Never twice: a create is sent again only after a 429 or a renewed token, which have an answer.
        assert outcome.result["changed"] == bool(outcome.creates) or outcome.error is not None
    if module == "liteserver_job" and outcome.error is None:
        for row in outcome.result["servers"]:
            if row["verdict"] == "done":
                assert row["status"] in ("SUCCESS", "SKIPPED")
            assert row["verdict"] != "failed" or options.get("fail_on") == "never" or not options.get("wait")


def repr_of(value: Any) -> str:
    """All texts in a value, one after the other."""
    if isinstance(value, dict):
        return "".join(repr_of(key) + repr_of(inner) for key, inner in value.items())
    if isinstance(value, list):
        return "".join(map(repr_of, value))
    return value if isinstance(value, str) else ""
