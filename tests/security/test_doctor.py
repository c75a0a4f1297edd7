# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's report tells nobody whose project it is, and its first line says why nothing works."""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from playbooks.fleet.doctor_lab import LabClock, examine, job_of, lines_in, not_ok, only_reads, run_playbook
from security.answers import NAMES, true_answer
from security.hostile_server import HostileServer
from simulator.process import Simulator

from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._secrets import forms_of
from ansible_collections.modelarts.liteserver.tests.unit.transport.misbehaving_server import RecordingProxy
from ansible_collections.modelarts.liteserver.tests.unit.wiring.test_secrets import WRITERS

ACCESS_KEY = "CANARYACCESSKEY01"
SECRET_KEY = "canary-02-secret-key"
PROJECT = "canary-03-project"
MESSAGE = 'canary-04 "a message" of <a> service/ü'
JOB = "canary-05-job"
TOKEN = "canary-06-token"
NODE = "canary-07-node"
USER = "canary-08-user"


# The report


def strings_in(value: Any, keys: frozenset[str]) -> Iterator[str]:
    """The strings that stand under these keys, anywhere in it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in keys and isinstance(inner, str) and len(inner) > 3:
                yield inner
            yield from strings_in(inner, keys)
    elif isinstance(value, list):
        for inner in value:
            yield from strings_in(inner, keys)


PRIVATE = frozenset(
    [
        *("id", "name", "uri", "server_id", "server_name", "description", "message", "user_name", "hps_id"),
        *("hps_ecs_id", "key_pair_name", "order_id", "vpc_id", "subnet_id", "instanceId", "nodeName", "template_id"),
    ]
)


def assert_without(text: str, canaries: Iterable[str]) -> None:
    """Assert that a text has none of these strings, in no form in which a program would write it."""
    count = 0
    for canary in canaries:
        for form in forms_of(canary) | {write(canary) for write in WRITERS.values()}:
            assert form.lower() not in text.lower(), f"{canary!r} as {form!r}"
            count += 1
    assert count > 10


def answers_of(simulator: Simulator) -> Any:
    """All that the service says to the doctor, read once more by the vendor's own paths."""
    import requests

    base = f"{simulator.url}/v1/{simulator.project_id}"
    headers = {"X-Auth-Token": simulator.settings()["static_token"]}
    paths = ["dev-servers/all?limit=100", "dev-servers/jobs?limit=100", "scheduled-events"]
    found = [requests.get(f"{base}/{path}", headers=headers, timeout=10).json() for path in paths]
    for job in found[1]["data"]:
        found.append(requests.get(f"{base}/dev-servers/jobs/{job['id']}", headers=headers, timeout=10).json())
    return found


# What each check could tell: everything is as it should not be.
STATES: dict[str, dict[str, Any]] = {
    "plain": {},
    "tasks gone": {"tasks_retention": 1},
    "words": {"finished_status": "COMPLETED", "processing_status": "RUNNING"},
    "items": {"mask_specs": True, "order": "random"},
    "times": {"null_times_after": 1},
    "details": {"detail_delay": 1e6},
    "early": {"finished_early": 1e5},
}


@pytest.mark.parametrize("state", STATES)
def test_the_report_holds_no_canary(modules, simulator: Simulator, tmp_path: pathlib.Path, state: str) -> None:
    settings = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "project_id": PROJECT, "user_name": USER}
    simulator.reset(job_duration=0, static_token=TOKEN, foreign_servers=2, **settings, **STATES[state])
    simulator.server(1, status="ERROR", message=MESSAGE)
    simulator.seed_event(1, description=MESSAGE, poolName="canary-09-pool")
    simulator.seed([job_of(simulator, 1, 2, name=JOB), job_of(simulator, 3, age=9, name=JOB, task_status="PROCESSING")])
    # Read while there are jobs, whatever the switches are.
    simulator.set(detail_delay=0)
    canaries = {
        *strings_in(answers_of(simulator), PRIVATE),
        simulator.url,
        ACCESS_KEY,
        SECRET_KEY,
        PROJECT,
        TOKEN,
        NODE,
    }
    simulator.set(detail_delay=STATES[state].get("detail_delay", 0))
    canaries |= {JOB, MESSAGE, USER, "canary-09-pool", simulator.url.removeprefix("http://")}
    assert len(canaries) > 60
    simulator.clear_requests()
    options = {**simulator.credentials(), "report": str(tmp_path / "report"), "nodes": {NODE: {}}, "max_retries": 0}
    ended = modules.run("liteserver_doctor", options)
    assert not ended.result.get("failed"), ended.result
    only_reads(simulator)
    for ending in ("json", "md"):
        text = (tmp_path / f"report.{ending}").read_text()
        assert_without(text, canaries)
        # A digest stands where the people who run it see a name.
        assert re.search(r"\b(server|job|host)-[0-9a-f]{10}\b", text)


def test_equal_values_have_equal_digests_in_one_report_and_others_in_the_next(
    modules, simulator: Simulator, tmp_path: pathlib.Path
) -> None:
    simulator.server(1, status="ERROR")
    simulator.seed_event(1)
    found = []
    for name in ("one", "two"):
        options = {**simulator.credentials(), "report": str(tmp_path / name)}
        assert not modules.run("liteserver_doctor", options).result.get("failed")
        checks = {each["check"]: each for each in json.loads((tmp_path / f"{name}.json").read_text())["checks"]}
        (down,) = re.findall("server-[0-9a-f]{10}", checks["server_statuses"]["found"])
        (hit,) = re.findall("server-[0-9a-f]{10}", checks["scheduled_events"]["found"])
        assert down == hit
        found.append(down)
    assert found[0] != found[1]


def poisoned(value: Any, key: str = "") -> Any:
    """A value with a canary in each string, and in the names of keys that somebody could choose."""
    kept = {"create_at", "issued_at", "expires_at"}
    if isinstance(value, dict):
        named = {inner_key: poisoned(inner, inner_key) for inner_key, inner in value.items()}
        return {**named, "canary-10-key": "canary-10-value"}
    if isinstance(value, list):
        return [poisoned(inner, key) for inner in value]
    return f"canary-11-{key}-{value}" if isinstance(value, str) and key not in kept else value


@pytest.mark.parametrize("status", [200, 400, 403, 500])
def test_a_service_that_says_canaries_everywhere(modules, hostile, tmp_path: pathlib.Path, status: int) -> None:
    """In ids, statuses, types, codes of errors and keys of objects, too."""
    for operation in NAMES[1:]:
        body = poisoned(true_answer(operation))
        # Only a list that can be told to be one gets as far as the checks.
        if isinstance(body.get("data"), list) and status == 200:
            body.pop("canary-10-key", None)
        error = {"error_code": "canary-12-code", "error_msg": MESSAGE, "request_id": "canary-13-request"}
        hostile.answers(operation, body if status == 200 else error, status=status, X_Request_Id="canary-14-request")
    options = {**hostile.credentials(), "report": str(tmp_path / "report")}
    ended = modules.run("liteserver_doctor", options)
    assert not ended.result.get("failed"), ended.result
    for ending in ("json", "md"):
        assert "canary" not in (tmp_path / f"report.{ending}").read_text().lower()


def test_a_service_that_repeats_a_key_as_a_word(modules, hostile, tmp_path: pathlib.Path) -> None:
    """A status may be shown; one that is a secret of this run may not."""
    secret = "CANARYPASSWORD"
    answer = true_answer("list_servers")
    for record in answer["data"]:
        record["status"] = secret
    hostile.answers("list_servers", answer)
    options = {**hostile.credentials(), "password": secret, "report": str(tmp_path / "report")}
    ended = modules.run("liteserver_doctor", options)
    assert secret not in ended.stdout
    assert secret not in (tmp_path / "report.json").read_text() + (tmp_path / "report.md").read_text()


# The first line


def first_line(result: dict[str, Any]) -> str:
    """The line that people read first; one failure explains everything."""
    assert result["counts"]["failed"] == 1, result["lines"]
    assert not [line for line in result["lines"][1:] if line.startswith("FAILED")]
    line = result["lines"][0]
    assert line.startswith("FAILED ") and line.endswith(".") and ": " in line, line
    return line


def test_a_wrong_key(simulator: Simulator) -> None:
    for options in ({"access_key": "WRONG"}, {"secret_key": "wrong"}):
        simulator.reset()
        result = examine(simulator, **options)
        assert "the access key or its signature is not accepted (HTTP 401 APIGW.0301): check access_key" in first_line(
            result
        )
        # A key is locked after a few more.
        assert simulator.count("total") == 1


def test_a_locked_key(simulator: Simulator) -> None:
    for _time in range(6):
        examine(simulator, secret_key="wrong")
    assert "locked after too many bad signatures" in first_line(examine(simulator, secret_key="wrong"))


def test_a_wrong_token_and_a_wrong_password(simulator: Simulator) -> None:
    none = dict.fromkeys(("access_key", "secret_key"))
    for options in (
        {"auth_token": "wrong"},
        {**simulator.password_credentials(), "password": "wrong"},
    ):
        result = examine(simulator, **{**none, **options})
        assert "the login or the token is not accepted" in first_line(result)
        assert simulator.count("list_jobs") <= 1
        simulator.reset()


def test_a_login_counts_among_the_requests(simulator: Simulator) -> None:
    simulator.seed([job_of(simulator, 1, 2)])
    none = dict.fromkeys(("access_key", "secret_key"))
    result = examine(simulator, **none, **simulator.password_credentials())
    assert result["requests"] == simulator.count("total")
    assert simulator.count("create_token") == 1
    only_reads(simulator)


def test_a_wrong_region(simulator: Simulator) -> None:
    """One that does not exist, one whose gateway does not have these calls, and one that is no gateway at all."""
    result = examine(simulator, endpoint="http://localhost:1")
    assert "there is no connection to the service (Connection refused): check region" in first_line(result)
    result = examine(simulator, endpoint=f"{simulator.url}/elsewhere")
    assert "does not have the calls of Lite Servers (HTTP 404 APIGW.0101): check region" in first_line(result)
    # What answers there at first may be anybody.
    simulator.fault("*", "wrong_shape", body="<html>", times=None)
    assert "something else than the service answers (HTTP 200 bad_answer): check region" in first_line(
        examine(simulator)
    )


def test_a_wrong_project(simulator: Simulator) -> None:
    result = examine(simulator, project_id="f" * 32)
    assert "the project is not available there (HTTP 403 APIGW.0310): check project_id" in first_line(result)
    assert simulator.count("total") == 1


@pytest.mark.parametrize("behind", [1200, -1200])
def test_a_clock_that_is_twenty_minutes_off(simulator: Simulator, behind: float) -> None:
    result = examine(simulator, LabClock(simulator, behind))
    where = "behind" if behind > 0 else "ahead of"
    assert f"this machine's clock is 20 minutes {where} the service's, so that its signatures" in first_line(result)
    assert not_ok(result)["credentials"] == "unknown"


def test_a_clock_that_is_off_without_signatures_is_a_warning(simulator: Simulator) -> None:
    simulator.seed([job_of(simulator, 1, 2)])
    none = dict.fromkeys(("access_key", "secret_key"))
    result = examine(simulator, LabClock(simulator, 1200), **none, **simulator.token_credentials())
    assert not_ok(result) == {"clock": "warning", "job_list_order": "unknown"}


@pytest.fixture
def secure(simulator: Simulator, tls_simulator: Simulator, certificates) -> dict[str, Any]:
    """Options of the connection to the simulator that speaks TLS, whose authority is known."""
    return {**tls_simulator.credentials(), "ca_path": certificates.authority}


def test_a_proxy_that_refuses(tls_simulator: Simulator, proxy: RecordingProxy, secure: dict[str, Any]) -> None:
    proxy.credentials = "user:canary"
    result = examine(tls_simulator, **{**secure, "proxy": proxy.url})
    line = first_line(result)
    assert "the proxy does not connect to the service (" in line
    assert "check the address and the password of the proxy" in line
    assert tls_simulator.count("total") == 0


def test_an_unknown_authority(tls_simulator: Simulator, secure: dict[str, Any]) -> None:
    line = first_line(examine(tls_simulator, **{**secure, "ca_path": None}))
    assert "the service's certificate is not accepted (" in line
    assert "name the file of your own certificate authority in ca_path" in line
    assert tls_simulator.count("total") == 0


NEEDED = {
    "list_jobs": ("list_jobs", "ListDevServerJobs"),
    "get_job": ("read_job", "GetDevServerJob"),
    "list_servers": ("list_servers", "ListDevServers"),
    "get_server": ("read_server", "ShowDevServer"),
    "list_templates": ("list_templates", "ListDevServerJobTemplates"),
    "list_software": ("list_software", "ShowSoftware"),
}
OTHER = {
    "get_template": ("read_template", "GetDevServerJobTemplate"),
    "list_events": ("list_events", "ListScheduledEvents"),
}
DENIED = {"error_code": "ModelArts.6407", "error_msg": "no permission"}


@pytest.mark.parametrize("operation", [*NEEDED, *OTHER])
def test_a_permission_that_is_missing(modules, hostile: HostileServer, operation: str) -> None:
    hostile.answers(operation, DENIED, status=403)
    result = modules.run("liteserver_doctor", hostile.credentials()).result
    check, call = {**NEEDED, **OTHER}[operation]
    wanted = f"this call is not permitted (HTTP 403 ModelArts.6407): ask for the permission of {call} in this project."
    if operation in NEEDED:
        assert first_line(result) == f"FAILED {wanted}"
    else:
        assert f"WARNING {wanted}" in result["lines"]
    found = {each["check"]: each["status"] for each in result["checks"]}
    assert found[check] == ("failed" if operation in NEEDED else "warning")
    assert (found["project"], found["credentials"]) == ("ok", "ok")


def test_no_permission_at_all(modules, hostile: HostileServer) -> None:
    for operation in NAMES[1:]:
        hostile.answers(operation, DENIED, status=403)
    result = modules.run("liteserver_doctor", hostile.credentials()).result
    assert "no call is permitted in this project (HTTP 403 ModelArts.6407): check project_id" in first_line(result)


# In the playbook, for people

LATE = """
import datetime

class Late(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) - datetime.timedelta(minutes=20)

# Ansible writes one into the program that is the module.
Late.__name__ = "datetime.datetime"
datetime.datetime = Late
"""


@pytest.fixture
def cause(request, simulator: Simulator, tmp_path: pathlib.Path) -> tuple[Simulator, dict[str, str], str]:
    """(simulator, environment, a part of the first line) of each cause that can be brought about from outside."""
    if request.param == "key":
        return simulator, {"HUAWEICLOUD_SDK_SK": "wrong"}, "the access key or its signature is not accepted"
    if request.param == "project":
        return simulator, {"HUAWEICLOUD_SDK_PROJECT_ID": "f" * 32}, "the project is not available there"
    if request.param == "region":
        endpoint = {"LITESERVER_ENDPOINT": f"{simulator.url}/elsewhere"}
        return simulator, endpoint, "does not have the calls of Lite Servers"
    if request.param == "clock":
        (tmp_path / "sitecustomize.py").write_text(LATE)
        return simulator, {"PYTHONPATH": str(tmp_path)}, "this machine's clock is 20 minutes behind the service's"
    tls, certificates = request.getfixturevalue("tls_simulator"), request.getfixturevalue("certificates")
    if request.param == "authority":
        return tls, {}, "the service's certificate is not accepted"
    proxy = request.getfixturevalue("proxy")
    proxy.credentials = "user:canary"
    environment = {"HTTPS_PROXY": proxy.url, "LITESERVER_CA_PATH": certificates.authority}
    return tls, environment, "the proxy does not connect to the service"


@pytest.mark.parametrize("cause", ["key", "project", "region", "clock", "authority", "proxy"], indirect=True)
def test_the_first_line_of_the_playbook_is_the_cause(cause, tmp_path: pathlib.Path) -> None:
    simulator, environment, text = cause
    run = run_playbook(simulator, tmp_path, environment=environment)
    assert run.returncode == 2, run.stdout + run.stderr
    line = lines_in(run.stdout)[0]
    assert line.startswith("FAILED ") and text in line and ": " in line.split(text)[1], line
    assert text in run.stdout.split("TASK [Stop where")[1]
    assert simulator.counts()["writes"] == 0
