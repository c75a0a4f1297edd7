# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the doctor against the simulator: its operation in this process over real HTTP, or its playbook."""

from __future__ import annotations

import datetime
import json
import pathlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from module_options import options_of
from playbooks.harness import clean_environment
from simulator.process import Simulator

from ansible_collections.modelarts.liteserver.plugins.module_utils._clock import SystemClock
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._operation import Given
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.doctor._checks import CHECKS
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.doctor._examination import Examination
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.doctor._reader import MOST_REQUESTS
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._mark import (
    Mark,
    digest_of_items,
    digests_of,
    mark_text,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._model import Item
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._connection import build_api
from ansible_collections.modelarts.liteserver.plugins.modules import liteserver_doctor

PLAYBOOK = "modelarts.liteserver.doctor"
VERSION = "24.1.rc3.10"
ITEMS = [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]
NODE_CHECKS = {"node_python", "node_driver", "node_health"}
PROJECT_CHECKS = [check.name for check in CHECKS if check.name not in NODE_CHECKS]


class LabClock(SystemClock):
    """The machine's clock, which may be wrong, and on which the simulator's follows when somebody sleeps.

    Attributes:
        slept: (requests that had arrived, seconds) of each sleep.
    """

    def __init__(self, simulator: Simulator, behind: float = 0) -> None:
        self._simulator = simulator
        self._behind = datetime.timedelta(seconds=behind)
        self.slept: list[tuple[int, float]] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append((self._simulator.count("total"), seconds))
        self._simulator.advance(seconds)

    def utc(self) -> datetime.datetime:
        return super().utc() - self._behind


def mark_of(servers: int, items: Sequence[Mapping[str, Any]] | None = None) -> str:
    """The mark that the collection would send with these items, by default ``ITEMS``."""
    items = ITEMS if items is None else items
    plain = [Item(item["type"], tuple(sorted(item["spec"].items()))) for item in items]
    digest = digest_of_items(plain, frozenset())
    return mark_text(Mark(digests_of([item.type for item in plain]), digest, servers, "0123456789"))


def job_of(simulator: Simulator, *numbers: int, **more: Any) -> dict[str, Any]:
    """A job of the past as the collection would have started it on these servers, for ``Simulator.seed``."""
    servers = dict.fromkeys((simulator.server_id(number) for number in numbers), more.pop("task_status", "SUCCESS"))
    record = {"name": "hdk_upgrade_24.1", "items": ITEMS, "servers": servers, "age": 3600}
    return {"type": "HDK_UPGRADE", "description": mark_of(len(servers)), **record, **more}


def examine(
    simulator: Simulator, clock: LabClock | None = None, report: pathlib.Path | None = None, **options: Any
) -> dict[str, Any]:
    """The result of the module, and with ``report`` its files."""
    clock = clock or LabClock(simulator)
    plain = {**simulator.credentials(), "max_retries": 1, "request_timeout": 5}
    given = options_of(liteserver_doctor, **{**plain, "report": None if report is None else str(report), **options})
    examination = Examination(
        Given(clock, given),
        versions={"collection": "1.0.0"},
        key=b"key of a test",
        check_path=lambda _path: None,
        write=lambda path, text: None if not pathlib.Path(path).write_text(text) else None,
    )
    examination.prepare()
    examination.run(build_api(given, clock, lambda _token: None))
    assert examination.warnings == []
    return examination.result()


def not_ok(result: Mapping[str, Any]) -> dict[str, str]:
    """{check: status} of all that are not ok."""
    return {check["check"]: check["status"] for check in result["checks"] if check["status"] != "ok"}


def only_reads(simulator: Simulator) -> None:
    """Assert that nothing was sent but reads, and no more than the doctor may send."""
    log = simulator.requests()
    assert {each["method"] for each in log if each["operation"] != "create_token"} <= {"GET"}
    assert simulator.counts()["writes"] == 0
    assert len(log) <= MOST_REQUESTS


def run_playbook(
    simulator: Simulator, folder: pathlib.Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A run of the playbook, in this folder."""
    options = simulator.credentials()
    return subprocess.run(
        [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), *arguments, PLAYBOOK],
        cwd=folder,
        env={
            **clean_environment(folder),
            "LITESERVER_ENDPOINT": options["endpoint"],
            "HUAWEICLOUD_SDK_PROJECT_ID": options["project_id"],
            "HUAWEICLOUD_SDK_AK": options["access_key"],
            "HUAWEICLOUD_SDK_SK": options["secret_key"],
            "HW_MAX_RETRIES": "0",
            **(environment or {}),
        },
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def lines_in(output: str) -> list[str]:
    """The lines that the playbook shows to people."""
    shown = output.split("TASK [What was found]")[1].split("\nTASK ")[0]
    return json.loads(shown[shown.index("=> {") + 3 : shown.rindex("}") + 1])["msg"]
