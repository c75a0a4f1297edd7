# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers an event concerns, and which events are told."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption, NotFound
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._event_info import EventInfo
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._paging import Listing

NO_OPTIONS = {"states": None, "types": None, "server_ids": None, "workspace_id": None}


class Events:
    """A service with these events and servers; it knows no other call."""

    def __init__(self, events: list[dict[str, Any]], servers: list[dict[str, Any]], complete: bool = True) -> None:
        self.listing = Listing([{"id": f"e{number}", **event} for number, event in enumerate(events)], complete)
        self.servers = {server["id"]: server for server in servers}

    def list_events(self, workspace_id: str | None = None) -> Listing:
        """All events."""
        assert workspace_id is None
        return self.listing

    def get_server(self, server_id: str, polling: bool = False) -> dict[str, Any]:
        """A server."""
        if server_id not in self.servers:
            raise NotFound("gone")
        return self.servers[server_id]


def read(api: Events, **options: Any) -> EventInfo:
    info = EventInfo({**NO_OPTIONS, **options})
    info.prepare()
    info.run(api)  # type: ignore[arg-type]
    return info


def rows(info: EventInfo) -> list[tuple[str, str | None]]:
    return [(event["id"], event["server_id"]) for event in info.result()["events"]]


SERVERS = [
    {"id": "s1", "name": "one", "cloud_server": {"id": "c1", "hps_ecs_id": "u1", "hps_id": "h"}},
    {"id": "s2", "name": "two", "cloud_server": {"id": "c2", "hps_ecs_id": "u2", "hps_id": "h"}},
    {"id": "s3", "cloud_server": None},
]


@pytest.mark.parametrize(
    "event, found",
    [
        ({"instanceId": "s1"}, ["s1"]),
        ({"instanceId": "c1"}, ["s1"]),
        ({"instanceId": "u1"}, ["s1"]),
        ({"instanceId": "S1"}, ["s1"]),
        ({"underLyingInstanceId": "u2"}, ["s2"]),
        ({"instanceId": "s2", "underLyingInstanceId": "u2"}, ["s2"]),
        ({"instanceId": "s1", "underLyingInstanceId": "u2"}, ["s1", "s2"]),
        ({"instanceId": "s3"}, ["s3"]),
        ({"instanceId": "h"}, []),
        ({"instanceId": ""}, []),
        ({"instanceId": None}, []),
        ({"instanceId": ["s1"]}, []),
        ({}, []),
    ],
)
def test_the_servers_of_an_event(event: dict[str, Any], found: list[str]) -> None:
    info = read(Events([event], SERVERS), server_ids=["s1", "s2", "s3", "s1"])
    assert rows(info) == [("e0", server_id) for server_id in found]


def test_newest_first_and_those_without_a_time_last() -> None:
    events = [{}, {"publishTime": "2026-01-01T00:00:00Z"}, {"publishTime": "2026-01-02T00:00:00Z"}, {}]
    assert [event_id for event_id, _server in rows(read(Events(events, [])))] == ["e2", "e1", "e0", "e3"]


def test_only_an_event_that_is_left_out_for_its_state_is_named() -> None:
    events = [{"state": "paused", "instanceId": "s1"}, {"state": "failed", "instanceId": "s1"}, {"state": "scheduled"}]
    info = read(Events(events, SERVERS), states=["SCHEDULED"])
    assert rows(info) == [("e2", None)]
    assert info.warnings == ["left out, in a state that is not documented: e0 (paused)"]
    assert read(Events(events, SERVERS), states=["scheduled"], server_ids=["s2"]).warnings == []
    assert read(Events(events, SERVERS)).warnings == []


def test_a_server_that_is_gone_may_have_an_event() -> None:
    info = read(Events([{"instanceId": "gone"}], []), server_ids=["gone"])
    assert rows(info) == [("e0", "gone")]


def test_a_list_that_is_not_whole_says_so() -> None:
    info = read(Events([], [], complete=False), server_ids=["gone"])
    assert info.result() == {"events": [], "missing_server_ids": ["gone"], "complete": False, "changed": False}
    assert [warning.partition(":")[0] for warning in info.warnings] == ["the list may be incomplete"]


@pytest.mark.parametrize("option", ["states", "types", "server_ids"])
def test_an_empty_filter_is_refused(option: str) -> None:
    with pytest.raises(InvalidOption, match=option):
        EventInfo({**NO_OPTIONS, option: []}).prepare()
