# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A failure ends every program with one line; it is never an empty or a shorter inventory."""

from __future__ import annotations

import json

import pytest
from inventory.harness import EXIT_STATUS, GRAPH, HOSTS, LIST, PLUGIN

DEBUG = {"ansible.builtin.debug": {"msg": "this host is {{ inventory_hostname }}"}}
PLAY = {"hosts": "all", "gather_facts": False, "tasks": [DEBUG]}
AD_HOC = ("ansible", "all", "-m", "ansible.builtin.debug")


@pytest.fixture
def play(inventory):
    """The command that runs a play over all hosts."""
    (inventory.directory / "play.json").write_text(json.dumps([PLAY]))
    return ("ansible-playbook", "play.json")


@pytest.mark.parametrize("command", [LIST, GRAPH, HOSTS, AD_HOC, None], ids=str)
def test_every_program_ends(simulator, inventory, play, command):
    simulator.fault("list_servers", "error_500", times=None)
    run = inventory.run(*(command or play), max_retries=0)
    run.failed(str(inventory.file), "list servers: HTTP 500", "request id")
    assert len(run.requests) == 1


def test_whatever_ansible_is_told_about_inventories_that_fail(simulator, inventory, play):
    environment = {
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "false",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_INVENTORY_ENABLED": f"{PLUGIN},ansible.builtin.yaml",
    }
    simulator.fault("list_servers", "error_500", times=None)
    inventory.run(*play, max_retries=0, environment=environment).failed("HTTP 500")


def test_other_inventories_do_not_hide_it(simulator, inventory, play):
    other = inventory.directory / "other.ini"
    other.write_text("elsewhere\n")
    simulator.fault("list_servers", "error_500", times=None)
    for command in (LIST, play):
        inventory.run(*command, arguments=("-i", str(other)), max_retries=0).failed("HTTP 500")


def test_a_failure_in_the_middle_of_a_play(simulator, inventory):
    """The inventory is read again: a failure ends the play, and does not go on with no host."""
    refresh = {"ansible.builtin.meta": "refresh_inventory"}
    (inventory.directory / "play.json").write_text(json.dumps([{**PLAY, "tasks": [DEBUG, refresh, DEBUG]}]))
    simulator.fault("list_servers", "error_500", skip=2, times=None)
    run = inventory.run("ansible-playbook", "play.json", max_retries=0)
    assert run.status == EXIT_STATUS
    assert len([line for line in run.stderr.splitlines() if "[ERROR]" in line and "HTTP 500" in line]) == 1
    assert run.stdout.count("this host is") == 12


def test_a_play_over_the_hosts(simulator, inventory, play):
    run = inventory.run(*play).succeeded()
    assert run.stdout.count("this host is liteserver-") == 12


def test_nobody_listens(simulator, inventory):
    credentials = {**simulator.credentials(), "endpoint": "http://127.0.0.1:9"}
    inventory.run(credentials=credentials, max_retries=0).failed("list servers: ")


def test_wrong_credentials_are_tried_once(simulator, inventory):
    credentials = {**simulator.credentials(), "secret_key": "wrong-secret-key"}
    run = inventory.run(credentials=credentials).failed("HTTP 401", "check access_key, secret_key")
    assert len(run.requests) == 1


def test_a_failure_behind_the_first_host(simulator, inventory):
    """The hosts that are there already do not make an inventory."""
    keyed = [{"key": "liteserver_status", "default_value": "x", "trailing_separator": False}]
    inventory.run(keyed_groups=keyed).failed("parameters are mutually exclusive for keyed groups")
    inventory.run(strict=True, groups={"x": "liteserver_name != 'liteserver-00012' or 1 // 0 > 0"}).failed("00012")


def test_without_requests(simulator, inventory):
    hidden = inventory.directory / "hidden"
    hidden.mkdir()
    (hidden / "requests.py").write_text("raise ImportError('there is no requests')\n")
    run = inventory.run(environment={"PYTHONPATH": str(hidden)})
    run.failed("Failed to import the required Python library (requests)")


# Files that are not for this plugin


@pytest.mark.parametrize("name", ["hosts.yml", "liteserver.yml", "my-liteserver.yaml"])
def test_other_files_are_left_to_other_plugins(simulator, inventory, name):
    inventory.file = inventory.directory / name
    inventory.file.write_text("all:\n  hosts:\n    elsewhere:\n      x: 1\n")
    environment = {"ANSIBLE_INVENTORY_ENABLED": f"{PLUGIN},ansible.builtin.auto,ansible.builtin.yaml"}
    for each in ({}, environment):
        run = inventory.again(environment=each)
        assert run.hostvars == {"elsewhere": {"x": 1}}
        assert run.requests == []


@pytest.mark.parametrize("name", ["liteserver.yml", "liteserver.yaml", "prod.liteserver.yml"])
def test_names_of_files(simulator, inventory, name):
    inventory.file = inventory.directory / name
    assert len(inventory.run().hostvars) == 12


def test_a_file_of_another_name(simulator, inventory):
    inventory.file = inventory.directory / "servers.yml"
    run = inventory.run(environment={"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"})
    assert run.status != 0
    assert "could not be verified" in run.stderr.replace("\n", " ")
    assert run.requests == []
