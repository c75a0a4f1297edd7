# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What talks to the API runs on the controller, whatever an inventory says of ``localhost``."""

from __future__ import annotations

import json
import sys

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from rollout.rollout import VERSION, host, hosts, play, role

SECRET = "canary-value-4711"


@pytest.fixture
def ssh(rollout):
    """A file that is there once anything was sent over SSH, to localhost or to a server.

    The inventory has a host of that name with an address, SSH and privilege escalation, as a server of this name
    or a careless inventory would bring it.
    """
    called = rollout.directory / "ssh-was-called"
    client = rollout.directory / "ssh"
    client.write_text(f"#!/bin/sh\necho \"$@\" >> '{called}'\ncat >> '{called}'\nexit 255\n")
    client.chmod(0o755)
    remote = {
        "ansible_host": "192.0.2.1",
        "ansible_connection": "ssh",
        "ansible_ssh_executable": str(client),
        "ansible_become": True,
        "ansible_become_exe": "/nowhere/sudo",
        "ansible_python_interpreter": "/nowhere/python",
    }
    rollout.inventory(3, **remote)
    inventory = json.loads((rollout.directory / "hosts.yml").read_text())
    inventory["ungrouped"] = {"hosts": {"localhost": remote}}
    (rollout.directory / "hosts.yml").write_text(json.dumps(inventory))
    return called


@pytest.mark.parametrize("delegate", [{}, {"delegate_to": ""}, {"delegate_to": None}])
def test_the_role_sends_nothing_to_localhost(simulator, rollout, ssh, delegate):
    common = role(
        "common", spec={"command": "uptime"}, secret_spec={"password": SECRET}, template_check="off", preflight="strict"
    )
    common["vars"].update({f"fleet_job_{name}": value for name, value in delegate.items()})
    run = rollout.run(play(common))
    assert (run.status, run.changed) == (0, hosts(1, 2, 3))
    assert not ssh.exists()
    assert simulator.requests("create_job")[0]["body"]["items"][0]["spec"]["password"] == SECRET


def test_no_module_of_the_role_is_a_file_on_the_controller(simulator, rollout):
    """Its options would be in it, secrets too. Ansible itself writes one where nobody has set pipelining."""
    without = {"arguments": ("-vvv",), "environment": {"ANSIBLE_PIPELINING": "0"}}
    run = rollout.run(play(role("common", spec={"command": "uptime"}, template_check="off")), **without)
    assert (run.status, len(run.changed)) == (0, 12)
    assert "AnsiballZ_" not in run.text


@pytest.mark.parametrize("delegate", [None, "bastion"])
def test_the_options_are_as_a_module_reads_them(simulator, rollout, delegate):
    """Vaults, templates and numbers in them; the keyword environment; a path beside the playbook."""
    vault = VaultLib([("default", VaultSecret(b"vault-password"))])
    hidden = {"__ansible_vault": vault.encrypt(SECRET).decode()}
    (rollout.directory / "password").write_text("vault-password")
    rollout.inventory(2, number=7, secret=hidden, secret_key=simulator.credentials()["secret_key"])
    inventory = json.loads((rollout.directory / "hosts.yml").read_text())
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory["ungrouped"] = {"hosts": {"bastion": local}}
    (rollout.directory / "hosts.yml").write_text(json.dumps(inventory))
    common = role(
        "common",
        spec={
            "command": "uptime {{ number }}",
            "count": "{{ number }}",
            "mode": True,
            "nested": "{{ [number] | length }}",
        },
        secret_spec={"password": "{{ secret }}"},
        template_check="off",
        delegate_to=delegate,
    )
    keyword = {"environment": [{"HUAWEICLOUD_SDK_SK": "{{ secret_key }}", "LITESERVER_CA_PATH": "a folder/ca.pem"}]}
    book = rollout.directory / "books" / "book.json"
    (book.parent / "a folder").mkdir(parents=True)
    (book.parent / "a folder" / "ca.pem").touch()
    book.write_text(json.dumps([play(common, **keyword)]))
    run = rollout.run(
        str(book),
        arguments=("--vault-password-file", str(rollout.directory / "password"), "-vvv"),
        environment={"HUAWEICLOUD_SDK_SK": ""},
    )
    assert (run.status, run.changed) == (0, hosts(1, 2)), run.output
    (create,) = simulator.requests("create_job")
    assert create["body"]["items"][0]["spec"] == {
        "command": "uptime 7",
        "count": "7",
        "mode": "true",
        "nested": "1",
        "password": SECRET,
    }
    assert SECRET not in run.output


@pytest.mark.parametrize("delegate", [None, "localhost"])
def test_an_option_that_there_is_not_is_named(simulator, rollout, delegate):
    defaults = [{"group/modelarts.liteserver.all": {"regoin": "cn-north-4"}}]
    run = rollout.run(play(role(preflight="strict", delegate_to=delegate), module_defaults=defaults))
    assert run.status != 0
    assert "Unsupported parameters" in run.message("Preflight") and "regoin" in run.message("Preflight")
    assert simulator.counts()["total"] == 0


def test_a_delegate_that_the_user_names_is_taken_as_it_is(simulator, rollout, ssh):
    run = rollout.run(play(role(delegate_to="localhost", preflight="strict")))
    assert run.status != 0
    assert ssh.exists()
    assert simulator.counts()["total"] == 0


def test_a_delegate_with_a_local_connection_works(simulator, rollout):
    rollout.inventory(2)
    inventory = json.loads((rollout.directory / "hosts.yml").read_text())
    inventory["ungrouped"] = {"hosts": {"bastion": {"ansible_connection": "local"}}}
    (rollout.directory / "hosts.yml").write_text(json.dumps(inventory))
    run = rollout.run(
        play(role(delegate_to="bastion"), environment={"ANSIBLE_PYTHON_INTERPRETER": "x"}),
        variables={"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
    )
    assert (run.status, run.changed) == (0, hosts(1, 2))


def test_the_upgrade_sends_nothing_to_localhost(simulator, rollout, ssh):
    run = rollout.run(
        "modelarts.liteserver.hdk_upgrade",
        variables={
            "fleet_job_version": VERSION,
            "fleet_job_hosts": "npu",
            "fleet_job_wait_sleep": 1,
            "fleet_job_supernodes": "off",
        },
    )
    assert (run.status, run.changed) == (0, hosts(1, 2, 3))
    assert not ssh.exists()


@pytest.fixture(params=[(), ("--limit", host(2))], ids=["everywhere", "limited"])
def limit(request):
    """A ``--limit`` leaves localhost out; a play without a host would end with status 0."""
    return request.param


def ran_once(run):
    """Whether each task ran on one host, whichever stands for the controller."""
    tasks = [event["task"] for event in run.events]
    return len(tasks) == len(set(tasks)) > 0


def test_the_status_of_jobs_sends_nothing_to_localhost(simulator, rollout, ssh, limit):
    run = rollout.run("modelarts.liteserver.job_status", arguments=limit)
    assert run.status == 0 and ran_once(run)
    assert simulator.count("list_jobs") == 1
    assert not ssh.exists()


def test_a_report_is_made_on_the_controller(simulator, rollout, ssh, limit):
    rollout.run(play(role("common", spec={"command": "uptime"}, record=str(rollout.record))))
    variables = {"run_report_records": str(rollout.record)}
    run = rollout.run("modelarts.liteserver.run_report", variables=variables, arguments=limit)
    assert run.status == 0 and ran_once(run)
    assert len(list(rollout.record.glob("*.csv"))) == 1
    assert not ssh.exists()


def test_a_follow_up_is_opened_on_the_controller(simulator, rollout, ssh, limit):
    event = {"id": "e1", "server_id": "s1", "job_id": "j1", "job_name": "n"}
    folder = rollout.directory / "follow-ups"
    folder.mkdir()
    variables = {"ansible_eda": {"event": event}, "follow_up_folder": str(folder)}
    run = rollout.run("modelarts.liteserver.eda_follow_up", variables=variables, arguments=limit)
    assert (run.status, len(list(folder.iterdir()))) == (0, 1) and ran_once(run)
    assert not ssh.exists()


def test_the_next_step_is_started_from_the_controller(simulator, rollout, ssh, limit):
    rollout.run(play(role("common", spec={"command": "uptime"})), arguments=("--limit", host(1)))
    job = simulator.jobs()[0]
    event = {"id": "e1", "job_id": job["id"], "job_name": job["name"]}
    variables = {
        "ansible_eda": {"event": event},
        "next_step_type": "COMMON",
        "next_step_spec": {"command": "next"},
    }
    run = rollout.run("modelarts.liteserver.eda_next_step", variables=variables, arguments=limit)
    assert (run.status, len(simulator.jobs())) == (0, 2) and ran_once(run)
    assert not ssh.exists()


def test_awx_is_set_up_from_the_controller(simulator, rollout, ssh, limit):
    """Up to the first error: the collection awx.awx is not there."""
    run = rollout.run("modelarts.liteserver.awx_setup", arguments=limit)
    assert run.status == 2 and ran_once(run)
    assert "awx_setup needs the collection awx.awx" in run.message("Stop without it")
    assert not ssh.exists()
