# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor as module and playbook: large projects, throttling, answers that no switch gives, nodes."""

from __future__ import annotations

import json
import pathlib
import stat
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from node import fake_node
from node.fake_node import FakeNode, healthy
from playbooks.fleet.doctor_lab import (
    ITEMS,
    NODE_CHECKS,
    PROJECT_CHECKS,
    LabClock,
    examine,
    job_of,
    lines_in,
    mark_of,
    not_ok,
    only_reads,
    run_playbook,
)
from playbooks.fleet.fleet_tasks import doctor
from playbooks.harness import planned
from simulator.process import Simulator

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.doctor._reader import MOST_REQUESTS
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._mark import (
    Mark,
    digest_of_items,
    digests_of,
    mark_text,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._model import Item

MANY = 5000


# The playbook


def test_the_playbook_where_all_is_well(simulator: Simulator, tmp_path: pathlib.Path) -> None:
    simulator.seed([job_of(simulator, 1, 2), job_of(simulator, 3, age=60)])
    run = run_playbook(simulator, tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    (line,) = lines_in(run.stdout)
    assert line.startswith(f"{len(PROJECT_CHECKS)} of {len(PROJECT_CHECKS)} checks are fine; ")
    only_reads(simulator)


def test_the_playbook_with_a_warning_goes_through(simulator: Simulator, tmp_path: pathlib.Path) -> None:
    simulator.server(2, status="STOPPED")
    run = run_playbook(simulator, tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    found = "1 of 12 servers not RUNNING but STOPPED: liteserver-00002"
    assert lines_in(run.stdout)[0] == f"WARNING {found}: start them, or leave them out (--limit)."


def test_the_playbook_fails_where_a_run_would_be_unsafe(simulator: Simulator, tmp_path: pathlib.Path) -> None:
    """Failures first, then warnings, then what is not known; each with what to do, and of what is fine a count."""
    simulator.reset(finished_status="COMPLETED", job_duration=0)
    simulator.server(2, status="STOPPED")
    simulator.seed([job_of(simulator, 1, 2), job_of(simulator, 3, age=60)])
    run = run_playbook(simulator, tmp_path)
    assert run.returncode == 2, run.stdout + run.stderr
    lines = lines_in(run.stdout)
    assert lines[0].startswith("FAILED jobs or tasks end with a word that is not documented: COMPLETED: do not run")
    begins = [line.split()[0] for line in lines]
    assert begins == ["FAILED", "(job_statuses)", "WARNING", "(server_statuses)", "UNKNOWN", "UNKNOWN", "32"]
    # What failed is said where Ansible says that a task failed, too.
    assert "end with a word that is not documented" in run.stdout.split("TASK [Stop where")[1]
    only_reads(simulator)


def test_the_report_lies_where_the_user_is(simulator: Simulator, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    run = run_playbook(simulator, folder, "-e", "doctor_report=doctor.md")
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads((folder / "doctor.json").read_text())
    assert report["schema_version"] == 1
    versions = report["versions"]
    assert set(versions) == {"collection", "ansible_core", "python", "requests", "urllib3", "openssl"}
    assert all(versions.values())
    assert [check["check"] for check in report["checks"]] == PROJECT_CHECKS
    assert report["requests"] == simulator.count("total")
    page = (folder / "doctor.md").read_text()
    assert all(check["check"] in page for check in report["checks"])
    assert all(version in page for version in versions.values())
    for name in ("doctor.json", "doctor.md"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


# The module


def test_the_module_in_check_mode_reads_and_writes_no_file(simulator, playbook, tmp_path) -> None:
    step = playbook.one(planned(doctor(report=str(tmp_path / "doctor.md"))))
    assert (step.failed, step["changed"], step["report_files"]) == (False, False, [])
    assert step["counts"]["total"] == len(PROJECT_CHECKS)
    assert step.writes == 0
    assert not list(tmp_path.glob("doctor.*"))


@pytest.mark.parametrize("ending", ["", ".md", ".json"])
def test_both_files_of_the_report(simulator, playbook, tmp_path, ending) -> None:
    step = playbook.one(doctor(report=str(tmp_path / "report") + ending))
    files = [str(tmp_path / "report.json"), str(tmp_path / "report.md")]
    assert (step["changed"], step["report_files"]) == (False, files)
    assert all(pathlib.Path(file).is_file() for file in files)


def test_a_report_that_cannot_be_written_is_refused_before_any_request(simulator, playbook, tmp_path) -> None:
    run = playbook.run(doctor(report="/nowhere/doctor.md"), doctor(report=str(tmp_path)), doctor(nodes={"a": "b"}))
    assert [step["error"]["code"] for step in run] == ["invalid_option"] * 3
    assert [step["msg"].split(":")[0] for step in run] == ["report", "report", "nodes"]
    assert simulator.count("total") == 0


# Large projects, and the gateway's window


@pytest.fixture(scope="module")
def large() -> Iterator[Simulator]:
    """A simulator with many servers."""
    with Simulator(servers=MANY, history=MANY, settings={"job_duration": 0}) as simulator:
        yield simulator


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {}),
        ({"paging": "page", "server_paging": "page"}, {}),
        ({"tasks_retention": 86400, "order": "oldest"}, {"job_retention": "warning"}),
    ],
    ids=str,
)
def test_few_requests_beside_many_jobs_and_servers(
    large: Simulator, settings: dict[str, Any], expected: dict[str, str]
) -> None:
    large.reset(**settings)
    large.seed([job_of(large, 1, 2), job_of(large, 3, age=60)])
    result = examine(large)
    assert not_ok(result) == expected, result["lines"]
    assert result["requests"] == large.count("total") <= MOST_REQUESTS
    only_reads(large)


def test_a_list_that_is_too_long_is_not_known(large: Simulator) -> None:
    """A service that gives ten at a time, whatever is asked for, and refuses wide pages."""
    large.reset()
    record = {"id": "x", "create_at": 1, "status": "FINISHED", "name": "n"}
    body = {"current": 1, "pages": 500, "size": 10, "total": MANY, "data": []}
    # The first page again as the wide one, then each from the last job of the one before.
    for begin in [0, *range(0, 40 * 9, 9)]:
        data = [{**record, "id": f"job-{number}", "create_at": 9000 - number} for number in range(begin, begin + 10)]
        large.fault("list_jobs", "wrong_shape", body={**body, "data": data})
    result = examine(large)
    found = not_ok(result)
    assert found["job_list_whole"] == "unknown", result["lines"]
    assert found["job_list_keeps"] == "unknown"
    only_reads(large)


@pytest.mark.parametrize("tell", [False, True])
def test_the_window_of_a_429_is_kept(simulator: Simulator, tell: bool) -> None:
    """Nothing is asked before it is over; what was refused counts among the requests."""
    simulator.reset(throttle={"limit": 4, "window": 60}, throttle_retry_after=tell, job_duration=0)
    clock = LabClock(simulator)
    result = examine(simulator, clock, max_retries=5)
    log = simulator.requests()
    refused = [each["n"] for each in log if each["status"] == 429]
    assert refused
    assert [number for number, _seconds in clock.slept] == refused
    for number, seconds in clock.slept:
        passed, following = log[number - 1], log[number]
        assert following["at"] - passed["at"] >= (seconds if tell else 60) > 0
    assert not_ok(result)["throttling"] == "warning"
    assert result["requests"] == len(log) <= MOST_REQUESTS
    only_reads(simulator)


# What no switch of the simulator gives


def page(*records: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"current": 1, "pages": 1, "size": len(records), "total": len(records), "data": list(records), **more}


def server(number: int, **more: Any) -> dict[str, Any]:
    record = {"id": f"0000000{number}-aaaa", "name": f"server-{number}", "status": "RUNNING", "category": "SERVER"}
    return {**record, "flavor": "physical.snt9b.sim", **more}


HPS = {"category": "HPS", "server_hps": {"id": "hps-1", "name": "one"}}
SERVERS: list[tuple[str, list[dict[str, Any]], dict[str, str]]] = [
    ("as they should be", [server(1), server(2)], {}),
    ("ids of another case", [server(1), server(1, id="0000000" + "1-AAAA", name="b")], {"server_ids": "failed"}),
    ("equal names", [server(1), server(2, name="SERVER-1")], {"server_names": "warning"}),
    ("a hostile name", [server(1, name="-e@/etc/passwd")], {"server_names": "warning"}),
    ("no name", [server(1, name=None)], {"server_names": "warning"}),
    ("another status", [server(1, status="ERROR")], {"server_statuses": "warning"}),
    ("no status", [server(1, status=None)], {"server_statuses": "warning"}),
    ("a supernode", [server(1, **HPS), server(2, **HPS)], {}),
    ("a nameless supernode", [server(1, category="HPS")], {"supernodes": "failed"}),
    ("a supernode of two flavors", [server(1, **HPS), server(2, **HPS, flavor="x")], {"supernodes": "warning"}),
    ("no server", [], dict.fromkeys(("server_ids", "server_names", "server_statuses", "supernodes"), "unknown")),
]
OF_SERVERS = {"server_ids", "server_names", "server_statuses", "supernodes", "server_list_whole"}


def of(result: dict[str, Any], checks: set[str]) -> dict[str, str]:
    """What is not ok of these checks."""
    return {check: status for check, status in not_ok(result).items() if check in checks}


@pytest.mark.parametrize(("records", "expected"), [each[1:] for each in SERVERS], ids=[each[0] for each in SERVERS])
def test_servers(simulator: Simulator, records: list[dict[str, Any]], expected: dict[str, str]) -> None:
    simulator.fault("list_servers", "wrong_shape", body=page(*records), times=None)
    result = examine(simulator)
    assert of(result, OF_SERVERS) == expected, result["lines"]


def test_a_list_that_is_not_whole_is_not_called_good(simulator: Simulator) -> None:
    """The service counts more than it gives; so nothing is known of those that it does not give."""
    simulator.seed([job_of(simulator, 1, 2)])
    shown = simulator.jobs()[0]
    simulator.fault("list_servers", "wrong_shape", body=page(server(1), total=50), times=None)
    simulator.fault(
        "list_jobs", "wrong_shape", body=page({"id": shown["id"], "status": "FINISHED"}, total=9), times=None
    )
    result = examine(simulator)
    lists = {"server_list_whole": "failed", "job_list_whole": "failed"}
    rest = dict.fromkeys(("server_ids", "server_names", "server_statuses", "supernodes", "job_list_keeps"), "unknown")
    assert of(result, {*lists, *rest}) == {**lists, **rest}, result["lines"]


def detail(simulator: Simulator, job: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A job's detail as the documentation has it."""
    tasks = [{"id": "t", "server_id": simulator.server_id(number), "status": "SUCCESS"} for number in (1, 2)]
    record = {"id": job["id"], "name": job["name"], "status": "FINISHED", "description": mark_of(2)}
    return {**record, "create_at": job["create_at"], "items": ITEMS, "tasks": tasks, **more}


OF_DETAILS = {
    "job_descriptions",
    "job_items",
    "job_tasks",
    "job_ends",
    "job_retention",
    "task_servers",
    "job_statuses",
    "job_times",
}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {}),
        ({"description": "other"}, {"job_descriptions": "warning", "job_items": "unknown"}),
        ({"items": [{"type": "OTHER", "spec": {}}]}, {"job_items": "warning"}),
        ({"items": "text"}, dict.fromkeys(sorted(OF_DETAILS - {"job_times"}), "unknown") | {"job_tasks": "failed"}),
        ({"create_at": 1}, {"job_times": "warning"}),
        (
            {"tasks": []},
            {"job_tasks": "failed", "job_ends": "unknown", "job_retention": "warning", "task_servers": "unknown"},
        ),
        ({"tasks": [{"server_id": "other", "status": "SUCCESS"}]}, {"job_tasks": "warning", "task_servers": "unknown"}),
        (
            {"tasks": [{"server_id": "s", "status": "DONE"}] * 2},
            {"job_tasks": "warning", "job_statuses": "failed", "task_servers": "unknown"},
        ),
    ],
    ids=str,
)
def test_details(simulator: Simulator, more: dict[str, Any], expected: dict[str, str]) -> None:
    simulator.seed([job_of(simulator, 1, 2)])
    job = {**simulator.jobs()[0], "create_at": created(simulator)}
    simulator.fault("get_job", "wrong_shape", body=detail(simulator, job, **more), times=None)
    result = examine(simulator)
    assert of(result, OF_DETAILS) == expected, result["lines"]


def created(simulator: Simulator) -> int:
    """The creation time of the only job, as the list shows it."""
    answer = requests.get(
        f"{simulator.url}/v1/{simulator.project_id}/dev-servers/jobs",
        headers={"X-Auth-Token": simulator.settings()["static_token"]},
        timeout=10,
    )
    return answer.json()["data"][0]["create_at"]


def test_tasks_that_name_the_machines_below(simulator: Simulator) -> None:
    """The mistake that would start everything again."""
    simulator.seed([job_of(simulator, 1)])
    below = "11111111-below"
    simulator.fault(
        "list_servers",
        "wrong_shape",
        body=page(server(1, cloud_server={"id": below, "type": "BMS"})),
        times=None,
    )
    job = {**simulator.jobs()[0], "create_at": created(simulator)}
    tasks = [{"server_id": below, "status": "SUCCESS"}]
    body = detail(simulator, job, tasks=tasks, description=mark_of(1))
    simulator.fault("get_job", "wrong_shape", body=body, times=None)
    assert of(examine(simulator), {"task_servers"}) == {"task_servers": "failed"}


def test_a_secret_in_the_items_is_no_difference(simulator: Simulator) -> None:
    """Its value is not in the mark, and the doctor does not know which key it was."""
    spec = {"command": "uptime", "password": "hidden"}
    item = Item("COMMON", tuple(sorted(spec.items())))
    mark = mark_text(Mark(digests_of(["COMMON"]), digest_of_items([item], frozenset(["password"])), 1, "0123456789"))
    simulator.seed([job_of(simulator, 1, items=[{"type": "COMMON", "spec": spec}], type="COMMON", description=mark)])
    assert of(examine(simulator), {"job_items"}) == {}


def template(**more: Any) -> dict[str, Any]:
    param = {"name": "version", "value": "24.1.rc3.10", "regex": "^[0-9a-z.]+$"}
    return {"id": "t1", "name": "upgrade", "type": "ASCEND_SOFTWARE_UPGRADE", "params": [{**param, **more}]}


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([template()], {}),
        ([template(value="24.1 RC")], {"template_defaults": "warning"}),
        ([template(regex="(?<name")], {"template_defaults": "warning"}),
        ([template(regex="^(a+)+$", value="a" * 40 + "!")], {"template_defaults": "warning"}),
        ([template(name="hdk")], {"upgrade_template": "failed"}),
        ([{**template(), "type": "OTHER"}], {"upgrade_template": "failed"}),
        ([], {"upgrade_template": "failed"}),
    ],
    ids=["plain", "default", "regex", "endless regex", "no version", "no upgrade", "none"],
)
def test_templates(simulator: Simulator, records: list[dict[str, Any]], expected: dict[str, str]) -> None:
    simulator.fault("list_templates", "wrong_shape", body=page(*records), times=None)
    result = examine(simulator)
    assert of(result, {"template_defaults", "upgrade_template"}) == expected, result["lines"]


@pytest.mark.parametrize(
    ("event", "expected", "text"),
    [
        ({"state": "completed"}, {}, ""),
        ({"state": "scheduled"}, {"scheduled_events": "warning"}, "liteserver-00001"),
        ({"state": "Inquiring"}, {"scheduled_events": "warning"}, "liteserver-00001"),
        ({"state": "pending"}, {"scheduled_events": "warning"}, "not documented: pending"),
    ],
    ids=str,
)
def test_events(simulator: Simulator, event: dict[str, Any], expected: dict[str, str], text: str) -> None:
    simulator.seed_event(1, **event)
    result = examine(simulator)
    assert of(result, {"scheduled_events"}) == expected
    assert text in "\n".join(result["lines"])


def test_no_versions(simulator: Simulator) -> None:
    simulator.fault("list_software", "wrong_shape", body={"data": []}, times=None)
    assert of(examine(simulator), {"hdk_versions"}) == {"hdk_versions": "warning"}


def test_an_empty_project_is_not_called_good(simulator: Simulator) -> None:
    result = examine(simulator)
    of_jobs = {check["check"] for check in result["checks"] if check["check"].startswith(("job_", "task_"))}
    assert not_ok(result) == dict.fromkeys((of_jobs - {"job_list_whole"}) | {"read_job"}, "unknown")
    assert result["status"] == "unknown"


# Nodes

NPU = {"npu_id": 0, "chip_id": 0, "health": "OK"}
DRIVER = {"running": "24.1.rc3.10", "installed": "24.1.RC3.10", "complete": True}
NODE = {"supported": True, "npus": [NPU], "driver": DRIVER, "lost": [], "unknown": [], "python": "Python 3.9.7"}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ({"a": NODE, "b": NODE}, {}),
        ({}, dict.fromkeys(NODE_CHECKS, "unknown")),
        ({"a": {}}, {"node_python": "warning", "node_driver": "unknown", "node_health": "unknown"}),
        ({"a": NODE, "b": {}}, {"node_python": "warning", "node_driver": "unknown", "node_health": "unknown"}),
        ({"a": {**NODE, "supported": False, "npus": []}}, {"node_driver": "warning", "node_health": "warning"}),
        ({"a": {**NODE, "driver": {**DRIVER, "installed": "25.0"}}}, {"node_driver": "warning"}),
        ({"a": {**NODE, "driver": {**DRIVER, "complete": None}}}, {"node_driver": "warning"}),
        ({"a": {**NODE, "driver": {**DRIVER, "running": None}}}, {"node_driver": "warning"}),
        ({"a": {**NODE, "npus": [{**NPU, "health": "Warning"}]}}, {"node_health": "warning"}),
        ({"a": {**NODE, "npus": [{**NPU, "health": None}]}}, {"node_health": "warning"}),
        ({"a": {**NODE, "npus": []}}, {"node_health": "warning"}),
        ({"a": {**NODE, "lost": ["0000:C1:00.0"]}}, {"node_health": "warning"}),
        ({"a": {**NODE, "lost": None}}, {"node_health": "warning"}),
        ({"a": {**NODE, "unknown": ["npu-smi: what"]}}, {"node_health": "warning"}),
    ],
)
def test_nodes(simulator: Simulator, nodes: dict[str, Any], expected: dict[str, str]) -> None:
    assert of(examine(simulator, nodes=nodes), NODE_CHECKS) == expected


@pytest.mark.parametrize("limit", [None, "good,ill"])
def test_the_playbook_fails_whatever_the_limit(simulator: Simulator, tmp_path: pathlib.Path, limit: str | None) -> None:
    """A play without a host would end with status 0, and nothing would have been checked."""
    simulator.reset(finished_status="COMPLETED", job_duration=0)
    simulator.seed([job_of(simulator, 1, 2), job_of(simulator, 3, age=60)])
    # Neither host can be logged in on, and none has to be.
    (tmp_path / "hosts.ini").write_text("[npus]\ngood ansible_host=192.0.2.1\nill ansible_connection=ssh\n")
    run = run_playbook(simulator, tmp_path, "-i", "hosts.ini", *(("--limit", limit) if limit else ()))
    assert run.returncode == 2, run.stdout + run.stderr
    assert lines_in(run.stdout)[0].startswith("FAILED jobs or tasks end with a word that is not documented: COMPLETED")
    assert run.stdout.count("TASK [Read it, and judge it]") == 1
    only_reads(simulator)


@pytest.mark.parametrize(("limit", "others"), [((), True), (("--limit", "ill"), False)])
def test_the_playbook_asks_the_nodes(
    simulator: Simulator, tmp_path: pathlib.Path, limit: tuple[str, ...], others: bool
) -> None:
    """One that is healthy, one whose NPU is not, and one that cannot be reached."""
    ill = healthy("910B")
    ill["npus"][0]["chips"][0]["health"] = "Critical"
    folders = {"good": FakeNode(tmp_path / "good", healthy("910B")), "ill": FakeNode(tmp_path / "ill", ill)}
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts: dict[str, dict[str, Any]] = {name: {**local, "folder": str(node.folder)} for name, node in folders.items()}
    hosts["away"] = {"ansible_host": "192.0.2.1", "ansible_ssh_common_args": "-o ConnectTimeout=1 -o BatchMode=yes"}
    arguments = ("-i", "hosts.json", "-e", json.dumps({"doctor_nodes": True, "doctor_become": False}))
    # The playbook sets no environment, in which the module would find its fake node.
    for name in ("good", "ill"):
        python = tmp_path / f"python-{name}"
        python.write_text(f'#!/bin/sh\n{fake_node.ROOT}={folders[name].folder} exec {sys.executable} "$@"\n')
        python.chmod(0o755)
        hosts[name]["ansible_python_interpreter"] = str(python)
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    run = run_playbook(simulator, tmp_path, *arguments, *limit)
    assert run.returncode == 0, run.stdout + run.stderr
    text = "\n".join(lines_in(run.stdout))
    assert ("1 of 3 nodes did not run module npu_info: away" in text) == others
    assert "1 node with an NPU that is lost, or whose health is not OK or not known: ill" in text
    only_reads(simulator)
