# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's SDK and the collection's own client read the same servers, templates and services."""

from __future__ import annotations

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._clock import SystemClock
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._event_info import event_record
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._model import list_servers
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._server_info import (
    ServiceInfo,
    TemplateInfo,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._connection import build_api
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._connection_options import (
    connection_argument_spec,
)


@pytest.fixture
def vendor(sdk, simulator):
    """The vendor's client."""
    options = simulator.credentials()
    credentials = sdk.credentials.BasicCredentials(options["access_key"], options["secret_key"], options["project_id"])
    return sdk.api.ModelArtsClient.new_builder().with_credentials(credentials).with_endpoint(simulator.url).build()


@pytest.fixture
def ours(simulator):
    """The collection's client."""
    defaults = {name: option.get("default") for name, option in connection_argument_spec().items()}
    return build_api({**defaults, **simulator.credentials()}, SystemClock(), lambda token: None)


def every_page(call, request, size):
    """What the vendor's client reads page by page, as users of it have to."""
    found = []
    while True:
        answer = call(request(limit=size, offset=len(found)))
        found += answer.data
        if not answer.data or len(found) >= answer.total:
            return found


@pytest.mark.parametrize("size", [1, 7, 30, 1000])
def test_all_servers_by_pages(sdk, simulator, vendor, ours, size):
    simulator.reset(servers=30, foreign_servers=3)
    simulator.server(3, status="STOPPED")
    theirs = {server.id: server for server in every_page(vendor.list_dev_servers, sdk.api.ListDevServersRequest, size)}
    servers = list_servers(ours)
    assert len(servers) == len(theirs) == 30
    for server in servers:
        same = theirs[server["id"]]
        assert (server["name"], server["status"]) == (same.name, same.status)
        assert (server["flavor"], server["category"]) == (same.flavor, same.category)
        assert server["supernode_id"] == (same.server_hps.id if same.server_hps else None)
        assert server["cloud_server_id"] == same.cloud_server.id
        assert server["private_ips"] == [endpoint.uri for endpoint in same.endpoints]
        assert (server["create_at"], server["update_at"]) == (same.create_at, same.update_at)


def test_the_servers_of_others(sdk, simulator, vendor, ours):
    simulator.reset(servers=5, foreign_servers=3, page_size=20)
    theirs = vendor.list_all_dev_servers(sdk.api.ListAllDevServersRequest())
    assert sorted(server["id"] for server in list_servers(ours, everyone=True)) == sorted(
        each.id for each in theirs.data
    )
    assert theirs.total == 8


def test_every_template(sdk, simulator, vendor, ours):
    listed = vendor.list_dev_server_job_templates(sdk.api.ListDevServerJobTemplatesRequest())
    options = {"template_id": None, "name": None, "type": None, "flavor_type": None}
    templates = {template["id"]: template for template in TemplateInfo(options).read(ours)["templates"]}
    assert set(templates) == {template.id for template in listed.data}
    for same in listed.data:
        template = templates[same.id]
        assert (template["name"], template["type"], template["flavor_type"]) == (same.name, same.type, same.flavor_type)
        assert [(param["name"], param["value"], param["regex"]) for param in template["params"]] == [
            (param.name, param.value, param.regex) for param in same.params
        ]
        detail = vendor.get_dev_server_job_template(sdk.api.GetDevServerJobTemplateRequest(id=same.id))
        (ours_in_detail,) = TemplateInfo({**options, "template_id": same.id}).read(ours)["templates"]
        for key in ("cmd", "swr_path", "resources", "volumes", "volumes_mount", "timeout", "check_interval", "status"):
            assert ours_in_detail[key] == getattr(detail, key), key


def test_a_service(sdk, simulator, vendor, ours):
    seeded = simulator.seed_service(name="svc", spec={"replicas": "2"})
    theirs = vendor.get_dev_server_job_service(sdk.api.GetDevServerJobServiceRequest(id=seeded["id"]))
    service = ServiceInfo({"service_id": seeded["id"]}).read(ours)["service"]
    assert (service["id"], service["name"], service["status"]) == (theirs.id, theirs.name, theirs.status)
    assert service["spec"] == theirs.spec
    assert [instance["endpoints"] for instance in service["instances"]] == [each.endpoints for each in theirs.instances]
    assert service["model"] == {
        "name": theirs.model.name,
        "url": theirs.model.url,
        "quant_type": theirs.model.quant_type,
    }


def test_power_as_the_sdk_sends_it(sdk, simulator, vendor, ours):
    """Either client's requests are the same to the service."""
    one, two = simulator.server_id(1), simulator.server_id(2)
    requests = []
    for stop, start, reboot in (
        (
            lambda: vendor.stop_dev_server(sdk.api.StopDevServerRequest(id=one)),
            lambda: vendor.start_dev_server(sdk.api.StartDevServerRequest(id=one, body=sdk.api.ServerStartRequest())),
            lambda: vendor.reboot_dev_server(sdk.api.RebootDevServerRequest(id=one)),
        ),
        (lambda: ours.stop_server(two), lambda: ours.start_server(two), lambda: ours.reboot_server(two)),
    ):
        simulator.clear_requests()
        for act in (stop, start, reboot):
            act()
            simulator.advance(10)
        requests.append([(each["operation"], each["method"], each["status"]) for each in simulator.requests()])
    assert requests[0] == requests[1]
    assert {status for _operation, _method, status in requests[0]} == {200}


@pytest.mark.parametrize("filters", ["exact", "none"])
def test_scheduled_events(sdk, simulator, vendor, ours, filters):
    """By pages of the vendor's client, with and without its filters, and as the collection reads them."""
    simulator.reset(event_page_size=4, event_filters=filters)
    for number in range(1, 10):
        simulator.seed_event(number % 12 + 1, state="executing" if number == 2 else "completed", type=f"type-{number}")
    request = sdk.api.ListScheduledEventsRequest
    theirs = [
        event for offset in range(0, 9, 4) for event in vendor.list_scheduled_events(request(offset=offset)).events
    ]
    listing = ours.list_events()
    assert (listing.complete, len(theirs)) == (True, 9)
    for raw, same in zip(listing.records, theirs, strict=True):
        shown = event_record(raw)
        assert (shown["id"], shown["state"], shown["type"]) == (same.id, same.state, same.type)
        assert (shown["instance_id"], shown["instance_type"]) == (same.instance_id, same.instance_type)
        assert (shown["node_name"], raw["notBefore"]) == (same.node_name, same.not_before)
        assert raw.get("underLyingInstanceId") == same.under_lying_instance_id
    for wanted, count in (
        ({"state": ["executing"]}, 1),
        ({"state": ["executing", "completed"]}, 9),
        ({"type": ["type-3", "type-4"]}, 2),
        ({"id": theirs[0].id}, 1),
        ({"node_name": theirs[0].node_name, "state": ["executing"]}, 0),
    ):
        answer = vendor.list_scheduled_events(request(limit=100, **wanted))
        assert answer.count == len(answer.events) == (count if filters == "exact" else 9), wanted


def test_pages_of_events_that_the_service_would_refuse(sdk, simulator, vendor):
    for wrong in ({"limit": 101}, {"limit": 0}, {"offset": -1}):
        with pytest.raises(sdk.exceptions.ClientRequestException):
            vendor.list_scheduled_events(sdk.api.ListScheduledEventsRequest(**wrong))


def test_events_can_count_their_own_page_and_pages_be_ignored(sdk, simulator, vendor):
    request = sdk.api.ListScheduledEventsRequest
    simulator.reset(event_page_size=2, event_count="page")
    seeded = [simulator.seed_event(index)["id"] for index in (1, 2, 3)][::-1]
    for paging, offset, found in (("offset", 2, 2), ("page", 1, 2), ("first", 2, 0), ("all", 2, 0)):
        simulator.set(event_paging=paging)
        answer = vendor.list_scheduled_events(request(offset=offset, limit=2))
        assert answer.events[0].id == seeded[found]
        assert answer.count == len(answer.events) == {"first": 2, "all": 3}.get(paging, 1)
