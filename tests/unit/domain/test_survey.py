# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read before the first job of a run: the scheduled events of its servers, and no secret."""

from __future__ import annotations

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import ApiError, ServiceFailed
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._operation import Given
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._survey import Survey

SERVERS = [
    {"id": "s1", "name": "n1", "cloud_server": {"id": "c1", "hps_ecs_id": "e1"}},
    {"id": "s2", "name": "n2 secret", "cloud_server": {"id": "c2"}},
]


def event(identifier, **ids):
    return {"id": identifier, "state": "scheduled", "type": "node_reboot", **ids}


EVENTS = [event("own", instanceId="S1"), event("cloud", instanceId="c2"), event("other", instanceId="c9")]
EVENTS += [event("below", instanceId="x", underLyingInstanceId="e1"), event("odd", instanceId=5)]


class Api:
    """Two servers, and events or what is raised instead of them."""

    def __init__(self, listing, events, complete=True):
        self._listing, self._events, self._complete = listing, events, complete
        self.asked = 0

    def list_servers(self, everyone=False, polling=False):
        return self._listing(SERVERS)

    def list_events(self, workspace_id=None):
        self.asked += 1
        if isinstance(self._events, Exception):
            raise self._events
        return self._listing(self._events, self._complete)


def read(api, clock, server_ids=("s1", "s2"), **options):
    given = {"software": False, "templates": False, "events": True, "supernodes": False, **options}
    given.update(server_ids=list(server_ids), groups=[], batches=[])
    survey = Survey(Given(clock, given, conceal=lambda text: text.replace("secret", "***")))
    return survey.read(api), survey.warnings


def test_events_of_servers_by_any_of_their_ids(listing, clock):
    api = Api(listing, EVENTS)
    found, warnings = read(api, clock)
    told = [(each["id"], each["server_id"]) for each in found["events"]]
    assert told == [("own", "s1"), ("cloud", "s2"), ("below", "s1")]
    assert (warnings, api.asked) == ([], 1)
    assert [server["name"] for server in found["servers"]] == ["n1", "n2 ***"]


def test_a_server_that_nobody_knows_may_have_an_event(listing, clock):
    assert [each["id"] for each in read(Api(listing, EVENTS), clock, ["c9"])[0]["events"]] == ["other"]


@pytest.mark.parametrize("error", [ApiError("no permission", http_status=403), ServiceFailed("down", http_status=503)])
def test_events_that_cannot_be_read_are_said_and_stop_nothing(listing, clock, error):
    found, [warning] = read(Api(listing, error), clock)
    assert found["events"] is None
    assert "whether a server of this run has an event is not known: " + error.message in warning


def test_events_that_are_not_all_are_said(listing, clock):
    found, [warning] = read(Api(listing, EVENTS[:1], False), clock)
    assert len(found["events"]) == 1
    assert "counts more scheduled events than it lists" in warning


def test_events_that_nobody_wants_are_not_read(listing, clock):
    api = Api(listing, EVENTS)
    assert read(api, clock, events=False)[0]["events"] is None
    assert api.asked == 0
