# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets where the tests of modules, inventory and role do not look: crashes, answers, files, ansible-runner."""

from __future__ import annotations

import json
import pathlib
import stat
import subprocess
import sys

import pytest
from inventory.harness import Inventory
from playbooks.harness import GROUP, JOB, VERSION, clean_environment, job, planned
from rollout.rollout import play, role
from security.answers import NAMES, page, server, true_answer
from security.test_fuzzed_answers import RUNS

from ansible_collections.modelarts.liteserver.tests.unit.wiring.test_secrets import WRITERS

ACCESS_KEY = "CANARYACCESSKEY01"
SECRET_KEY = "canary-02-secret-key"
SECURITY_TOKEN = "canary-03-security-token"
AUTH_TOKEN = "canary-04-auth-token"
PASSWORD = "canary-05-pass-word"
SPEC = "canary-06-spec"
PROXY = "canary-07-proxy"
TOKEN = "canary-08-token-of-a-login"
# As JSON and as an address it is written in another way.
ODD_PASSWORD = 'canary-09 "quoted\\ and/more ü'
WAYS = {
    "keys": {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "security_token": SECURITY_TOKEN},
    "token": {"auth_token": AUTH_TOKEN},
    "password": {"username": "u", "password": ODD_PASSWORD, "domain_name": "d"},
}
# Raises an error of the kind that nobody foresees, with all that a request holds in its text.
CRASH = """
import requests.adapters

def send(self, request, **_options):
    body = request.body and request.body.read(-1)
    raise RuntimeError(f"{request.method} {request.url} {request.headers} {body} {_options}")

requests.adapters.HTTPAdapter.send = send
"""


def without_canaries(*texts):
    for text in texts:
        assert [line for line in text.splitlines() if "canary" in line.lower()] == []


@pytest.fixture
def crashing(tmp_path):
    """An environment in which every request raises an error that tells everything."""
    directory = tmp_path / "crash"
    directory.mkdir()
    (directory / "sitecustomize.py").write_text(CRASH)
    return {"PYTHONPATH": str(directory)}


def test_a_crash_tells_nothing(simulator, playbook, crashing):
    """And says that it is one, whether something was sent, and where."""
    base = {"endpoint": simulator.url, "iam_endpoint": simulator.url, "project_id": simulator.project_id}
    proxy = {"proxy": f"http://u:{PROXY}@127.0.0.1:9"}
    tasks = [job(1, secret_spec={"code": SPEC}, **proxy, **base, **way) for way in WAYS.values()]
    run = playbook.run(*tasks, arguments=("-vvvv", "--diff"), credentials={}, environment=crashing)
    for step in run:
        assert step.failed
        assert (step["error"]["code"], step["error"]["outcome"]) == ("internal_error", "unknown")
        assert "RuntimeError in" in step["msg"]
        assert "_exchange.py" in step["msg"]
    without_canaries(run.output, json.dumps([step.raw for step in run]))


def test_a_crash_of_the_inventory_tells_nothing(simulator, tmp_path, crashing):
    base = {"endpoint": simulator.url, "iam_endpoint": simulator.url, "project_id": simulator.project_id}
    inventory = Inventory(simulator, tmp_path)
    run = inventory.run(
        credentials={**base, **WAYS["password"]},
        proxy=f"http://u:{PROXY}@127.0.0.1:9",
        arguments=("-vvvv",),
        environment=crashing,
    )
    assert run.status == 4
    assert "internal error: RuntimeError in" in run.stderr
    without_canaries(run.stdout, run.stderr)


# What is written in an address and is no address, and what of it nobody may see.
SLASHED = "canary-10-with/a-slash"
USER = "canary-11-a-token-as-user"
ADDRESSES = [
    f"http://u:{SLASHED}@127.0.0.1:9",
    f"http://u:{SLASHED.replace('/', '%2F')}@127.0.0.1:9",
    f"u:{SLASHED}@127.0.0.1:9",
    f"http://{USER}@127.0.0.1:9",
    f"http://{USER}:x-oauth-basic@127.0.0.1:9",
]


@pytest.mark.parametrize("option", ["proxy", "endpoint", "iam_endpoint"])
def test_addresses_with_secrets(simulator, playbook, option):
    """In errors, and in what a module was called with; also where that is wrong in another way."""
    simulator.set(password=PASSWORD)
    login = simulator.password_credentials()
    tasks = []
    for address in ADDRESSES:
        tasks += [job(1, **{**login, option: address}), job(1, **{**login, option: address, "no_such_option": 1})]
        tasks.append(job(1, **{**login, "endpoint": "https://127.0.0.1:9", "max_retries": 0, option: address}))
    # Before ansible-core 2.21, what a module was called with is always in its result.
    with_it = {"ANSIBLE_INJECT_INVOCATION": "1"}
    run = playbook.run(*tasks, arguments=("-vvv",), credentials={}, environment=with_it)
    assert any("invocation" in step.raw for step in run)
    without_canaries(run.output, json.dumps([step.raw for step in run]))


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_of_the_environment_with_secrets(modules, simulator, address):
    options = {**simulator.credentials(), "endpoint": "https://127.0.0.1:9", "max_retries": 0}
    ended = modules.run("liteserver_info", options, environment={"HTTPS_PROXY": address}, verbosity=4)
    assert ended.result["failed"]
    without_canaries(ended.stdout, ended.stderr)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_of_the_inventory_with_secrets(simulator, tmp_path, address):
    run = Inventory(simulator, tmp_path).run(proxy=address, endpoint="https://127.0.0.1:9", arguments=("-vvvv",))
    assert run.status == 4
    without_canaries(run.stdout, run.stderr)


def test_a_secret_in_every_form_in_the_lines_of_a_wait_and_in_the_result(simulator, playbook):
    """A server's message tells it as other programs would write it, and the lines put it on one line."""
    secret = 'canary-12 "it" &\\  <ü>/x'
    forms = [write(secret) for write in WRITERS.values()]
    simulator.reset(servers=len(forms), job_duration=0)
    for number, form in enumerate(forms, 1):
        simulator.server(number, fail=1, message=f"used {form}")
    numbers = range(1, len(forms) + 1)
    step = playbook.run(
        job(*numbers, secret_spec={"code": secret}, template_check="off", wait=True), arguments=("-vvv",)
    )
    assert step[0].failed
    assert [row["message"] for row in step[0]["servers"]] == ["used ********"] * len(forms)
    without_canaries(step.output, json.dumps(step[0].raw))


@pytest.mark.parametrize("name", RUNS)
def test_a_service_that_repeats_every_secret(modules, hostile, name):
    """In errors, in every text and every key of its answers: as they are, as JSON and addresses write them, cut."""
    module, options = RUNS[name]
    options = {**options, **({"wait_timeout": 1, "wait_sleep": 1} if "wait" in options else {})}
    if "spec" in options:
        options["secret_spec"] = {"code": SPEC}
    secrets = [ODD_PASSWORD, TOKEN, PROXY] + ([SPEC] if "spec" in options else [])
    written = [write(each) for each in secrets for write in WRITERS.values()]
    text = f"{'x' * 470} {' '.join(written)} \n {' '.join(written)} {'y' * 4000} {' '.join(written)}"
    credentials = {**hostile.credentials(), "password": ODD_PASSWORD, "proxy": f"http://u:{PROXY}@127.0.0.1:9"}

    # Wherever a line is cut: the longest name has 128 characters, a message in a line 200, a text of an error 500.
    cut = {"name": 115, "server_name": 115, "message": 187}

    def poisoned(value, key=""):
        if isinstance(value, dict):
            more = {} if key == "token" else {f"k{number} {each}": 1 for number, each in enumerate(written)}
            return {inner_key: poisoned(inner, inner_key) for inner_key, inner in value.items()} | more
        if isinstance(value, list):
            return [poisoned(inner, key) for inner in value]
        kept = {"id", "server_id", "status", "type", "version", "create_at", "issued_at", "expires_at"}
        if not isinstance(value, str) or key in kept:
            return value
        return "n" * cut[key] + " ".join(written) if key in cut else value + text

    def watched():
        ended = modules.run(module, {**credentials, **options, "request_timeout": 1}, diff=True, verbosity=4)
        without_canaries(ended.stdout, ended.stderr)
        # The doctor fails by its findings.
        return {"failed": True, **ended.result} if name == "doctor" else ended.result

    for operation in NAMES:
        hostile.answers(operation, poisoned(true_answer(operation)), X_Subject_Token=TOKEN)
    watched()
    for status in (400, 500):
        for operation in NAMES[1:]:
            for body in ({"error_code": "X", "error_msg": text, "request_id": text}, {"error_code": text}):
                headers = {"X_Request_Id": "r" * 490 + PROXY, "Content_Type": "t" * 490 + PROXY}
                hostile.answers(operation, body if "request_id" in body else b"", status=status, **headers)
        assert watched()["failed"]
    for operation in NAMES[1:]:
        hostile.answers(operation, text.encode())
    assert watched()["failed"]
    hostile.answers("create_token", {"error": {"code": 401, "message": text}}, status=401)
    ended = watched()
    assert name == "doctor" or ended["error"]["http_status"] == 401


# Files


def mode_of(path: pathlib.Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_inventory_cache(simulator, tmp_path, hostile):
    """It holds names and addresses and no secret, not even one that the service tells. Everybody may read it."""
    told = {**server(0), "admin_pass": "canary-10-told", "cloud_server": {"secret_key": "canary-11-told"}}
    told["metadata"] = [{"user_token": "canary-12-told"}]
    hostile.answers("list_servers", page(told))
    cache = tmp_path / "cache"
    inventory = Inventory(simulator, tmp_path)
    credentials = {**hostile.credentials(), "password": PASSWORD}
    kept = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(cache)}
    run = inventory.run(credentials=credentials, arguments=("-vvvv",), **kept)
    assert run.status == 0
    without_canaries(run.stdout, run.stderr)
    assert inventory.again().hostvars["liteserver-00000"]["liteserver_raw"]["admin_pass"] == "********"
    files = [path for path in cache.rglob("*") if path.is_file()]
    assert len(files) == 1
    assert hostile.count("list_servers") == 1
    for path in files:
        without_canaries(path.name, path.read_text())
        assert mode_of(path) & 0o022 == 0


def test_the_run_record_and_everything_beside_it(simulator, rollout, tmp_path):
    """With a login, servers that repeat every secret in their messages, check mode before, and a failure."""
    simulator.set(password=PASSWORD)
    rollout.inventory(3, secret_of_the_fleet=SPEC)
    login = simulator.password_credentials()
    environment = {
        "HUAWEICLOUD_SDK_AK": "",
        "HUAWEICLOUD_SDK_SK": "",
        "HUAWEICLOUD_SDK_IAM_ENDPOINT": login["iam_endpoint"],
        "HW_USER_NAME": login["username"],
        "HW_USER_PASSWORD": PASSWORD,
        "HW_DOMAIN_NAME": login["domain_name"],
    }
    for number in (1, 2, 3):
        simulator.server(number, fail=1 if number == 2 else 0, message=f"used {PASSWORD} and {SPEC}\n{SPEC}")
    work = play(
        role(
            "common",
            spec={"command": "uptime"},
            secret_spec={"password": "{{ secret_of_the_fleet }}"},
            template_check="off",
            record=str(rollout.record),
        )
    )
    for arguments in (("--check", "--diff", "-vvvv"), ("-vvvv", "--diff")):
        run = rollout.run(work, arguments=arguments, environment=environment)
        without_canaries(run.output, json.dumps(run.events))
    assert run.failed == ["liteserver-00002"]
    files = sorted(rollout.record.iterdir())
    assert [path.suffix for path in files] == [".html", ".json", ".md"]
    for path in files:
        without_canaries(path.read_text())
        assert mode_of(path) == 0o600
    assert mode_of(rollout.record) == 0o700
    assert "used ********" in files[0].read_text()


def test_the_artifacts_of_ansible_runner(simulator, tmp_path):
    """Which keep each event, and the whole output; the secrets come from a file of variables, as from a vault."""
    simulator.set(access_key=ACCESS_KEY, secret_key=SECRET_KEY, security_token=SECURITY_TOKEN, password=PASSWORD)
    simulator.server(1, fail=1, message=f"used {SPEC} {SECRET_KEY}")
    project, inventory = tmp_path / "project", tmp_path / "inventory"
    for directory in (project, inventory):
        directory.mkdir()
    (inventory / "hosts").write_text("localhost ansible_connection=local\n")
    (tmp_path / "secrets.json").write_text(json.dumps({"connection": simulator.credentials(), "code": SPEC}))
    options = {"name": "upgrade", "type": "HDK_UPGRADE", "spec": {"version": VERSION}, "template_check": "off"}
    options.update(server_ids=[simulator.server_id(1)], wait=True, secret_spec={"code": "{{ code }}"})
    tasks = [planned({JOB: options}), {JOB: options}]
    (project / "play.json").write_text(
        json.dumps(
            [
                {
                    "hosts": "localhost",
                    "gather_facts": False,
                    "vars_files": [str(tmp_path / "secrets.json")],
                    "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
                    "module_defaults": {GROUP: "{{ connection }}"},
                    "tasks": tasks,
                }
            ]
        )
    )
    done = subprocess.run(
        [
            *[str(pathlib.Path(sys.executable).parent / "ansible-runner"), "run", str(tmp_path), "-p", "play.json"],
            *["-vvvv", "--ident", "run", "--cmdline=--diff"],
        ],
        capture_output=True,
        text=True,
        env=clean_environment(tmp_path),
        timeout=120,
        check=False,
    )
    artifacts = [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
    events = [json.loads(path.read_text()) for path in artifacts if path.parent.name == "job_events"]
    failed = [event for event in events if event["event"] == "runner_on_failed"]
    assert [event["event_data"]["res"]["error"]["code"] for event in failed] == ["servers_failed"], done
    assert len(simulator.jobs()) == 1
    without_canaries(done.stdout, done.stderr)
    for path in artifacts:
        without_canaries(path.read_text(errors="replace"))
