# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The EXAMPLES of the modules about servers, templates, software, services and power, as they are written."""

from __future__ import annotations

import ast

import pytest
import yaml
from playbooks.harness import REPOSITORY

# What the examples name, and what it is at the simulator.
FIRST, SECOND = "66d210bc-023c-490a-8664-afd321a163ad", "0d6b1f0e-5a0e-4d27-9a3a-0f6a4b2f1c77"
SERVICE = "a2b1d5f0-1c61-4f1b-9a7b-2f8d3c9b1e55"
SUPERNODE = "hps-01"
MODULES = [
    *("liteserver_info", "liteserver_job_template_info", "liteserver_software_info", "liteserver_service_info"),
    "liteserver_power",
]


def examples(module, simulator):
    source = (REPOSITORY / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    (text,) = [
        node.value.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "EXAMPLES"
    ]
    for written, real in (
        (FIRST, simulator.server_id(1)),
        (SECOND, simulator.server_id(2)),
        (SUPERNODE, "supernode-001"),
    ):
        text = text.replace(written, real)
    return yaml.safe_load(text)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples(simulator, playbook, module):
    simulator.seed_service(id=SERVICE)
    simulator.server(1, status="STOPPED")
    tasks = examples(module, simulator)
    # The region of an example stays; the endpoint overrides it.
    credentials = simulator.credentials()
    environment = {"LITESERVER_ENDPOINT": credentials.pop("endpoint")}
    run = playbook.run(*tasks, credentials=credentials, environment=environment)
    assert len(run) == len(tasks)
    for step, task in zip(run, tasks, strict=True):
        assert step.status == "ok", task["name"]
    shown = [[each["msg"] for each in step.raw["results"]] for step in run if "results" in step.raw]
    if module == "liteserver_info":
        listed, one_supernode = run.only("servers")
        assert (len(listed["servers"]), len(one_supernode["servers"])) == (11, 6)
        assert "liteserver-00002 10.0.0.2" in shown[0]
    elif module == "liteserver_job_template_info":
        assert {len(text) > 10 for text in shown[0]} == {True}
        assert len(run.only("templates")[0]["templates"]) == len(shown[0]) == 2
    elif module == "liteserver_software_info":
        assert set(run[1]["msg"]) == {"ascend_snt9b", "ascend_snt9b23"}
    elif module == "liteserver_service_info":
        assert run[1]["msg"] == ["http://10.0.0.1:8080/v1/chat/completions"]
    else:
        started, rebooted, stopped = run.only("action")
        assert started["submitted_server_ids"] == [simulator.server_id(1)]
        assert (rebooted.verdicts, stopped["submitted_server_ids"]) == (["done"], [simulator.server_id(1)])
