# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX shows of a run while it goes on, and what a run leaves behind."""

from __future__ import annotations

import datetime
import re

import pytest
from rollout.rollout import own_lines
from simulator.servers import server_id

VERSION = "24.1.rc3.10"
HELD = 3600
CANARIES = {
    "access_key": "CANARYACCESSKEY01",
    "secret_key": "canary-02-secret-key",
    "password": "canary-05-pass-word",
    "security_token": "canary-03-security-token",
}
SECRET_SPEC = "canary-06-secret-spec"


def host(number):
    return f"liteserver-{number:05d}"


def leaks(launch):
    """The files of a run in which a secret is.

    All but one: ansible-runner itself writes the whole environment to the file "command", and so the credential.
    AWX keeps that directory for the time of the job only.
    """
    files = [path for path in launch.artifacts.rglob("*") if path.is_file() and path.name != "command"]
    assert len(files) > 10
    found = [path.name for path in files if b"canary-" in path.read_bytes().lower()]
    return found + [path.name for path in files if b"canaryaccess" in path.read_bytes().lower()]


def test_two_failures_of_64_servers_show_when_they_happen(simulator, awx, record_property):
    """Nothing goes on before its event was seen: the first failure, the second, and then the rest."""
    simulator.reset(servers=64, job_duration=3 * HELD)
    simulator.server(17, fail=1, duration=HELD, message="npu busy")
    simulator.server(42, fail=1, duration=2 * HELD, message="fan\x1b[31m broken")
    launch = awx.launch("hdk_upgrade", fleet_job_version=VERSION, fleet_job_canary=64, fleet_job_wait_sleep=1)
    launch.until("0 of 64 done, 64 running")
    simulator.advance(HELD)
    first = launch.until("1 failed (liteserver-00017: npu busy), 63 running")
    assert first["event"] == "verbose"
    assert simulator.jobs()[0]["status"] == "PROCESSING"

    looks = len(simulator.requests("get_job"))
    simulator.advance(HELD)
    second = launch.until("2 failed (liteserver-00017: npu busy; liteserver-00042: fan [31m broken), 62 running")
    assert simulator.jobs()[0]["status"] == "PROCESSING"
    assert "\x1b[31m" not in second["stdout"]
    # Looks are a second apart. So this says that a line is there in two seconds, on the clock of the wait itself.
    created = datetime.datetime.fromisoformat(second["created"]).timestamp() + 2 * HELD
    times = [each["at"] for each in simulator.requests("get_job")[looks:]]
    record_property("seconds_from_look_to_event", round(created - times[0], 3))
    assert times[0] < created
    assert len([each for each in times[1:] if each < created]) <= 2

    assert launch.failed_hosts() == {}
    simulator.advance(HELD)
    assert launch.finish() == "failed"
    assert "62 of 64 done, 2 failed" in launch.progress()[-1]
    failed = launch.failed_hosts()
    assert sorted(failed) == [host(17), host(42)]
    assert "npu busy" in failed[host(17)]
    assert "broken" in failed[host(42)]
    stats = launch.events()[-1]["event_data"]
    assert sorted(stats["failures"]) == [host(17), host(42)]
    assert len(stats["changed"]) == 62


@pytest.mark.parametrize("count", [60, 500])
def test_a_plan_is_short_in_awx(simulator, awx, count):
    """As in a terminal, see ``tests/rollout/test_output.py``."""
    simulator.reset(servers=count, supernode_share=0.5, supernode_size=8)
    launch = awx.launch("hdk_upgrade", check=True, fleet_job_version=VERSION)
    assert launch.finish() == "successful"
    lines = own_lines(launch.shown())
    title = next(index for index, line in enumerate(lines) if line.startswith("plan: "))
    waves = [line for line in lines[title:] if re.match(r" +[0-9]+ ", line)]
    assert len(waves) >= 3 and len(lines) <= len(waves) + 60, "\n".join(lines)
    assert simulator.counts()["writes"] == 0


def test_failures_of_one_reason_are_few_lines_in_awx(simulator, awx):
    simulator.reset(servers=60, job_duration=0.3, supernode_share=0)
    for number in range(3, 27):
        simulator.server(number, fail=1, message="npu busy")
    launch = awx.launch("hdk_upgrade", fleet_job_version=VERSION, fleet_job_canary=2, fleet_job_growth=30)
    assert launch.finish() == "failed"
    assert sorted(launch.failed_hosts()) == [host(number) for number in range(3, 27)]
    shown = launch.shown()
    assert len(own_lines(shown)) <= 60, shown
    for name in launch.failed_hosts():
        (own,) = [line for line in shown.splitlines() if line.startswith(f"fatal: [{name}]")]
        assert own.count("npu busy") == 1


@pytest.mark.parametrize("way", ["keys", "temporary keys", "user"])
def test_no_secret_is_left_behind(simulator, awx, way):
    simulator.set(
        job_duration=1,
        access_key=CANARIES["access_key"],
        secret_key=CANARIES["secret_key"],
        password=CANARIES["password"],
        security_token=CANARIES["security_token"] if way == "temporary keys" else None,
    )
    simulator.server(1, fail=1, message=f"refused: {SECRET_SPEC}")
    credential = simulator.password_credentials() if way == "user" else simulator.credentials()
    launch = awx.launch(
        "hdk_upgrade",
        credential=credential,
        verbosity=4,
        fact_cache=True,
        fleet_job_version=VERSION,
        fleet_job_canary=12,
        fleet_job_secret_spec={"code": SECRET_SPEC},
        fleet_job_preflight="warn",
        fleet_job_template_check="off",
    )
    assert launch.finish() == "failed"
    assert simulator.requests("create_job")[0]["body"]["items"][0]["spec"]["code"] == SECRET_SPEC
    assert CANARIES["password" if way == "user" else "secret_key"] in (launch.artifacts / "command").read_text()
    assert leaks(launch) == []
    assert list(launch.failed_hosts()) == [host(1)]
    assert server_id(1) in launch.output
