# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control interface, the settings, and the process."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest
import requests
from simulator import faults
from simulator.api import OPERATIONS
from simulator.process import Simulator, SimulatorError
from simulator.settings import Settings, SettingsError

BAD_VALUES = [
    ("name_filter", "fuzzy"),
    ("paging", "cursor"),
    ("server_paging", None),
    ("page_size", 0),
    ("page_size", True),
    ("order", 1),
    ("event_paging", "none"),
    ("event_page_size", 101),
    ("event_count", "all"),
    ("event_filters", True),
    ("event_instance_id", "id"),
    ("timestamps", "float"),
    ("rename", 1),
    ("finished_status", ""),
    ("not_found", 410),
    ("not_found", "400"),
    ("deleted_jobs", "gone"),
    ("delete_running", True),
    ("create_answer", ""),
    ("tasks_delay", -1),
    ("job_duration", "1"),
    ("clock_offset", None),
    ("throttle", {"limit": 0, "window": 1}),
    ("throttle", {"limit": 1}),
    ("throttle", {"limit": 1, "window": 1, "scope": "planet"}),
    ("token_error", "APIGW.9999"),
    ("project_id", "a/b"),
    ("access_key", ""),
    ("security_token", ""),
    ("supernode_share", 2),
]


@pytest.mark.parametrize(("name", "value"), BAD_VALUES)
def test_bad_values_name_the_setting(name, value):
    with pytest.raises(SettingsError, match=f"setting '{name}' must be"):
        Settings().changed({name: value})


def test_defaults_pass_their_own_checks():
    assert Settings().changed(Settings().as_dict()) == Settings()


def test_unknown_setting(simulator):
    answer = requests.patch(f"{simulator.url}/_control/settings", json={"colour": 1}, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("unknown setting 'colour'; known are: access_key, ")


def test_a_refused_change_changes_nothing(simulator):
    with pytest.raises(SimulatorError, match="order"):
        simulator.set(rename=False, order="up")
    url = f"{simulator.url}/_control/settings"
    assert requests.get(url, timeout=10).json() == dataclasses.asdict(Settings())


def test_reset_makes_everything_fresh(client, simulator):
    simulator.set(order="oldest")
    simulator.server(1, fail="always", status="STOPPED")
    simulator.fault("list_jobs", "error_500")
    simulator.advance(1_000_000)
    client.created()
    simulator.seed_service(id="svc")
    simulator.reset(job_duration=7, servers=3)
    assert simulator.settings() == {**dataclasses.asdict(Settings()), "job_duration": 7}
    assert (simulator.jobs(), simulator.faults(), simulator.requests()) == ([], [], [])
    assert [(each["fail"], each["status"]) for each in simulator.servers()] == [(0, "RUNNING")] * 3
    assert client.call("GET", "/jobs/services/svc").status_code == 400
    assert client.created()["create_at"] / 1000 < simulator.requests()[0]["at"] + 1
    simulator.reset()
    assert len(simulator.servers()) == 12


def test_history(client, simulator):
    simulator.reset(history=14)
    jobs = simulator.jobs()
    assert [job["name"] for job in jobs[:2]] == ["history-00014", "history-00013"]
    assert {job["status"] for job in jobs} == {"FINISHED"}
    assert jobs[0]["server_ids"] == [simulator.server_id(2)]


def test_seed(client, simulator):
    servers = {
        simulator.server_id(1): "SUCCESS",
        simulator.server_id(2): "FAILED",
        simulator.server_id(3): "PROCESSING",
    }
    items = [{"type": "HDK_UPGRADE", "spec": {"version": "1"}}]
    ids = simulator.seed(
        [
            {"name": "newer", "items": items, "servers": servers, "age": 10},
            {"name": "older", "items": items, "servers": {simulator.server_id(1): "SUCCESS"}, "age": 20},
            {
                "name": "odd",
                "items": items,
                "servers": {simulator.server_id(1): "SUCCESS"},
                "type": "COMMON",
                "status": "LOST",
                "description": "text",
            },
        ]
    )
    simulator.advance(1_000_000)
    listed = client.get("/jobs")["data"]
    assert [job["name"] for job in listed] == ["odd", "newer", "older"]
    assert [job["status"] for job in listed] == ["LOST", "PROCESSING", "FINISHED"]
    assert [job["type"] for job in listed] == ["COMMON", *["ASCEND_SOFTWARE_UPGRADE"] * 2]
    assert listed[0]["description"] == "text"
    assert listed[1]["abnormal_count"] == 1
    newer = client.get(f"/jobs/{ids[0]}")
    assert [task["status"] for task in newer["tasks"]] == ["SUCCESS", "FAILED", "PROCESSING"]
    assert newer["create_at"] - listed[2]["create_at"] == pytest.approx(10_000, abs=1000)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": None}, "name"),
        ({"items": []}, "items"),
        ({"servers": {}}, "servers"),
        ({"servers": {"x": "SUCCESS"}}, "no server 'x'"),
        ({"age": -1}, "age"),
        ({"colour": 1}, "colour"),
    ],
)
def test_bad_seeds(simulator, change, text):
    job = {"name": "a", "items": [{"type": "A"}], "servers": {simulator.server_id(1): "SUCCESS"}}
    with pytest.raises(SimulatorError, match=text):
        simulator.seed([job, {**job, **change}])
    assert simulator.jobs() == []


@pytest.mark.parametrize(
    ("behaviour", "text"),
    [
        ({"fail": -1}, "fail must be"),
        ({"skip": "never"}, "skip must be"),
        ({"power_fail": True}, "power_fail must be"),
        ({"duration": "x"}, "duration must be"),
        ({"message": 1}, "message must be"),
        ({"final_status": 1}, "final_status must be"),
        ({"status": ""}, "status must be"),
        ({"colour": 1}, "unknown behaviour 'colour'"),
    ],
)
def test_bad_behaviours(simulator, behaviour, text):
    with pytest.raises(SimulatorError, match=text):
        simulator.server(1, **{"message": "not to be kept", **behaviour})
    assert simulator.servers()[0]["message"] is None


def test_unknown_server(simulator):
    with pytest.raises(SimulatorError, match="404"):
        simulator.server("x", fail=1)


def test_the_clock_goes_forward_only(simulator):
    with pytest.raises(SimulatorError, match="seconds"):
        simulator.advance(-1)


def test_starting_settings_survive_a_reset():
    with Simulator(servers=2, settings={"order": "oldest", "project_id": "p-1"}, history=3) as simulator:
        assert (len(simulator.servers()), len(simulator.jobs()), simulator.project_id) == (2, 3, "p-1")
        simulator.reset(rename=False)
        assert (simulator.settings()["order"], simulator.settings()["rename"]) == ("oldest", False)
        assert len(simulator.jobs()) == 3
        simulator.reset(servers=1, history=0)
        assert (len(simulator.servers()), simulator.jobs()) == (1, [])
        assert simulator.password_credentials()["iam_endpoint"] == simulator.url


def test_a_process_that_dies_tells_why():
    with pytest.raises(SimulatorError, match="unknown setting 'colour'"), Simulator(settings={"colour": 1}):
        pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly(simulator, tmp_path, number):
    port_file = tmp_path / "port"
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port-file", str(port_file)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        url = f"http://127.0.0.1:{port_file.read_text().strip()}"
        assert line == f"listening on {url}\n"
        with requests.Session() as session:
            assert session.get(f"{url}/_control/counts", timeout=10).json()["total"] == 0
            # The connection is still open here.
            process.send_signal(number)
            _output, errors = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, errors) == (0, "")
    assert list(tmp_path.iterdir()) == [port_file]


def test_the_readme_names_everything():
    text = (pathlib.Path(faults.__file__).parent / "README.md").read_text(encoding="utf-8")
    behaviours = ("fail", "skip", "message", "duration", "final_status", "power_fail", "status")
    for name in (*Settings().as_dict(), *faults.KINDS, *OPERATIONS, *behaviours):
        assert f"`{name}`" in text, name


def test_the_readme_says_what_each_switch_assumes():
    """In the table of assumptions, which names no switch that there is not."""
    text = (pathlib.Path(faults.__file__).parent / "README.md").read_text(encoding="utf-8")
    rows = text.split("## What it does not model")[1].split("\n\nOpen,")[0].splitlines()
    named = {name for row in rows if row.startswith("|") for name in re.findall("`([a-z_]+)`", row.split("|")[3])}
    settings = list(Settings().as_dict())
    switches = settings[: settings.index("job_duration")]
    assert set(switches) <= named, "what is assumed where it is off?"
    assert named <= {*settings, *faults.KINDS, "final_status"}
