# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All pages, whatever the service makes of its parameters, and whatever happens between them."""

from __future__ import annotations

import json

import pytest

# The first page, a page of a thousand, and one more.
NUMBER = 1500


def names(last, first=1):
    return [f"liteserver-{number:05d}" for number in range(first, last + 1)]


@pytest.mark.parametrize("settings", [{"page_size": 7}, {"page_size": 1000}], ids=json.dumps)
@pytest.mark.parametrize("mode", ["offset", "page", "all"])
@pytest.mark.parametrize("number", [30, NUMBER])
def test_every_way_to_page(simulator, inventory, mode, settings, number):
    simulator.reset(servers=number, server_paging=mode, **settings)
    run = inventory.run()
    assert sorted(run.hostvars) == names(number)
    assert len(run.requests) <= 60


def test_other_users_servers_page_as_well(simulator, inventory):
    simulator.reset(servers=20, foreign_servers=15)
    assert len(inventory.run(scope="all").hostvars) == 35


@pytest.mark.parametrize("skip", [0, 1, 2])
@pytest.mark.parametrize("kind", ["grows", "shrinks"])
def test_a_list_that_changes_while_it_is_read(simulator, inventory, kind, skip):
    """Each server once, and none of those that were there all the time is missing."""
    simulator.reset(servers=NUMBER)
    simulator.fault("list_servers", kind, skip=skip, count=3)
    run = inventory.run()
    ids = [variables["liteserver_id"] for variables in run.hostvars.values()]
    there = {server["id"] for server in simulator.servers()}
    assert len(ids) == len(set(ids))
    if skip < 2:
        assert set(ids) == there
    else:
        # The change came with the last page: what it says is what was there just before.
        assert len(ids) == NUMBER
    assert len(run.requests) <= 60


def test_a_list_that_never_stands_still(simulator, inventory):
    simulator.reset(servers=NUMBER)
    simulator.fault("list_servers", "grows", times=None)
    run = inventory.run().failed("fewer servers than it counts")
    assert len(run.requests) <= 60


FAULTS = {
    "error_500": "HTTP 500",
    "error_502_html": "HTTP 502",
    "error_503_after": "HTTP 503",
    "bad_json": "JSON",
    "empty_body": "empty",
    "wrong_shape": "no list 'data'",
    "drop_before": "",
    "drop_after": "",
    "throttled": "HTTP 429",
    "unauthorized": "HTTP 401",
    "redirect": "HTTP 302",
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_page_in_the_middle_fails(simulator, inventory, kind):
    """An error, and not the hosts of the first page."""
    simulator.reset(servers=30)
    more = {"redirect": {"location": "http://127.0.0.1:9/"}, "throttled": {"retry_after": 0}}.get(kind, {})
    simulator.fault("list_servers", kind, skip=1, times=None, **more)
    run = inventory.run(max_retries=1).failed("list servers: ", FAULTS[kind])
    assert 2 <= len(run.requests) <= 3


@pytest.mark.parametrize("skip", [0, 1, 2])
def test_a_fault_that_passes_is_retried(simulator, inventory, skip):
    simulator.reset(servers=NUMBER)
    for kind in ("error_500", "drop_after", "error_502_html"):
        simulator.fault("list_servers", kind, skip=skip)
    run = inventory.run()
    assert sorted(run.hostvars) == names(NUMBER)
    assert len(run.requests) == 6
