# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache: no request where it has the answer, and never the answer to another question."""

from __future__ import annotations

import json
import os

import pytest
from inventory.harness import HOSTS, answer, server

PLAY = ("ansible-playbook", "play.json")
SHOW = {"ansible.builtin.debug": {"var": "liteserver_status"}}


@pytest.fixture
def cached(simulator, inventory):
    """Runs with the cache in files; there is a play that shows each server's status."""
    play = {"hosts": "all", "gather_facts": False, "tasks": [SHOW]}
    (inventory.directory / "play.json").write_text(json.dumps([play]))

    def run(*command, **options):
        cache = {
            "cache": True,
            "cache_plugin": "ansible.builtin.jsonfile",
            "cache_connection": str(inventory.directory / "cache"),
        }
        return inventory.run(*command, **{**cache, **options})

    return run


def test_the_second_run_sends_nothing(simulator, cached):
    first = cached()
    assert len(first.requests) == 2
    second = cached()
    assert second.requests == []
    assert second.listed == first.listed
    assert cached(*HOSTS).succeeded().requests == []
    # What is made of the records may change.
    third = cached(hostname="{{ liteserver_id }}", groups={"all_of_them": "true"})
    assert third.requests == []
    assert len(third.groups["all_of_them"]) == 12


def test_without_it_every_run_asks(simulator, cached):
    for _run in range(2):
        assert len(cached(cache=False).requests) == 2


def test_flush(simulator, cached):
    cached()
    simulator.server(1, status="STOPPED")
    assert cached().hostvars["liteserver-00001"]["liteserver_status"] == "RUNNING"
    # The ansible-inventory of 2.16 has no such argument.
    assert "RUNNING" not in cached(*PLAY, "--limit", "liteserver-00001", "--flush-cache").succeeded().stdout
    assert cached().requests == []
    assert cached().hostvars["liteserver-00001"]["liteserver_status"] == "STOPPED"


def test_a_failed_flush_keeps_nothing_new(simulator, cached):
    cached()
    simulator.fault("list_servers", "error_500", times=None, skip=1)
    cached(*PLAY, "--flush-cache", max_retries=0).failed("HTTP 500")
    assert len(cached().hostvars) == 12


def test_another_question_is_asked_again(simulator, inventory, cached):
    """Another project, endpoint, user, scope or filter."""
    credentials = simulator.credentials()
    assert len(cached().requests) == 2
    assert len(cached(scope="all").requests) == 2
    assert len(cached(filters={"status": "RUNNING"}).requests) == 2
    assert len(cached(filters={"status": ["STOPPED", "RUNNING"]}).requests) == 2
    assert len(cached(filters={"name": "RUNNING"}).warned("none of 12").requests) == 2
    assert len(cached(credentials=simulator.token_credentials()).requests) == 2
    assert len(
        cached(credentials={**credentials, "endpoint": simulator.url.replace("127.0.0.1", "localhost")}).requests
    )
    # None of them has taken the place of another.
    assert cached().requests == []
    assert cached(scope="all").requests == []
    assert cached(filters={"status": ["RUNNING"]}).requests == []
    # The service does not know this project: it was asked, and the answer is not that of the first.
    assert len(cached(credentials={**credentials, "project_id": "another"}).failed("HTTP 403").requests) == 1


def test_expiry(simulator, inventory, cached):
    assert len(cached().requests) == 2
    for path in (inventory.directory / "cache").iterdir():
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 600))
    assert cached().requests == []
    assert len(cached(cache_timeout=599).requests) == 2


def test_what_the_service_says_is_never_a_template(simulator, inventory, cached):
    evil = "{{ lookup('ansible.builtin.pipe', 'echo ev'~'il') }}"
    simulator.fault("list_servers", "wrong_shape", body=answer(server(1, name="a", flavor=evil)), times=None)
    options = {"compose": {"copied": "liteserver_flavor"}, "strict": True}
    debug = ("ansible", "all", "-m", "ansible.builtin.debug", "-a", "msg={{ liteserver_flavor ~ copied }}")
    for number in (1, 0):
        run = cached(*debug, **options)
        assert (run.status, len(run.requests)) == (0, number)
        assert run.stdout.count("lookup(") == 2
        assert "evil" not in run.stdout


def test_nothing_secret_is_kept(simulator, inventory, cached):
    simulator.set(access_key="CANARYACCESSKEY01", secret_key="canary-secret-key", password="canary-password")
    cached()
    cached(credentials=simulator.password_credentials())
    files = [path for path in (inventory.directory / "cache").rglob("*") if path.is_file()]
    assert len(files) == 2
    for path in files:
        assert "canary" not in (path.name + path.read_text()).lower()
        assert "liteserver-00001" in json.dumps(json.loads(path.read_text()))
