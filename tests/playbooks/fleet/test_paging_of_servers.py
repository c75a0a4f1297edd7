# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole lists of servers and templates, or an error: never a shorter one."""

from __future__ import annotations

import pytest
from playbooks.fleet.fleet_tasks import (
    MALFORMED,
    TRANSIENT,
    check_error,
    check_reading,
    named,
    names,
    operations,
    server_info,
    template_info,
)
from playbooks.harness import servers

KEYS = ("servers", "missing_server_ids")
# More than the largest page.
LARGE = 1030
FLEET = 12
# Only this server in the result, so that a large fleet is listed, and a short result is told.
LAST = {"names": named(LARGE)}


@pytest.mark.parametrize(("paging", "most"), [("offset", 3), ("page", 5), ("all", 1)])
def test_every_way_to_page_a_large_fleet(simulator, playbook, paging, most):
    simulator.reset(servers=LARGE, server_paging=paging)
    step = playbook.one(server_info())
    check_reading(step, *KEYS)
    assert sorted(names(step)) == named(*range(1, LARGE + 1))
    assert step.count("list_servers") <= most


@pytest.mark.parametrize("paging", ["offset", "page", "all"])
def test_every_way_to_page_with_small_pages(simulator, playbook, paging):
    """Also where the service refuses a larger one, with a 400: then its own size goes on."""
    simulator.reset(server_paging=paging, page_size=5)
    refused = 0 if paging == "all" else 1
    if refused:
        simulator.fault("list_servers", "not_found", skip=3)
    tasks = [server_info(), server_info(scope="all"), server_info()]
    run = playbook.run(*tasks)
    for step in run:
        check_reading(step, *KEYS)
        assert sorted(names(step)) == named(*range(1, FLEET + 1))
    assert [each["fault"] for each in run[2].requests].count("not_found") == refused


@pytest.mark.parametrize("page_size", [11, 12])
def test_the_edges_of_a_page(simulator, playbook, page_size):
    simulator.reset(page_size=page_size)
    step = playbook.one(server_info())
    check_reading(step, *KEYS)
    assert sorted(names(step)) == named(*range(1, FLEET + 1))
    assert step.count("list_servers") == (1 if page_size >= FLEET else 2)


def test_a_fleet_without_servers(simulator, playbook):
    simulator.reset(servers=0)
    listed, by_id = playbook.run(server_info(), server_info(server_ids=servers(1, 2, 3, 4)))
    check_reading(listed, *KEYS)
    assert (listed["servers"], operations(listed)) == ([], ["list_servers"])
    assert (by_id["servers"], by_id["missing_server_ids"]) == ([], servers(1, 2, 3, 4))


@pytest.mark.parametrize("kind", ["grows", "shrinks"])
@pytest.mark.parametrize("after", [1, 2])
def test_a_fleet_that_changes_between_two_pages(simulator, playbook, kind, after):
    """It is read again: every server that was there throughout is there, and none twice."""
    simulator.reset(servers=LARGE)
    simulator.fault("list_servers", kind, skip=after - 1, count=2)
    step = playbook.one(server_info())
    check_reading(step, *KEYS)
    found = names(step)
    assert len(set(found)) == len(found)
    stayed = range(1, LARGE + 1) if kind == "grows" else range(3, LARGE + 1)
    joined = [LARGE + 1, LARGE + 2] if kind == "grows" else []
    assert sorted(found) == named(*stayed, *joined)


def test_a_fleet_that_goes_on_changing_is_an_error(simulator, playbook):
    simulator.reset(servers=30)
    simulator.fault("list_servers", "grows", times=None)
    simulator.fault("list_all_servers", "shrinks", times=None)
    for step in playbook.run(server_info(), server_info(scope="all")):
        check_error(step, "list_incomplete")
        assert step["error"]["retryable"]
        assert "servers" not in step.result


def test_a_list_that_is_shorter_than_its_total_is_an_error(simulator, playbook):
    """Never a smaller fleet."""
    records = [{"id": "a", "name": "a"}, {"id": "b", "name": "b"}]
    simulator.fault("list_servers", "wrong_shape", times=None, body={"data": records, "total": 3})
    simulator.fault("list_templates", "wrong_shape", times=None, body={"data": records, "total": 3})
    run = playbook.run(server_info(), template_info())
    for step in run:
        check_error(step, "list_incomplete")
    # Known ids are looked for one by one instead.
    step = playbook.one(server_info(server_ids=["a", "b", *servers(1, 2)]))
    check_reading(step, *KEYS)
    assert sorted(server["id"] for server in step["servers"]) == sorted(["a", "b", *servers(1, 2)])


@pytest.mark.parametrize("operation", ["list_servers", "list_templates"])
def test_what_goes_wrong_once_in_the_middle_of_paging_is_survived(simulator, playbook, operation):
    simulator.set(page_size=5, paging="offset")
    if operation == "list_servers":
        task, keys, kinds = (
            server_info,
            KEYS,
            ["error_500", "error_503_before", "error_504_after", "drop_before", "throttled"],
        )
    else:
        task, keys, kinds = template_info, ("templates",), ["error_502_html", "drop_after"]
    for number, kind in enumerate(kinds):
        # Each task has a first page, a fault, and the rest.
        simulator.fault(operation, kind, skip=2 * number + 1, **TRANSIENT[kind])
    run = playbook.run(*[task()] * len(kinds), task())
    undisturbed = run[-1]
    assert undisturbed.count(operation) == 2
    for step, kind in zip(run, kinds, strict=False):
        check_reading(step, *keys)
        assert step.result == undisturbed.result, kind
        assert [each["fault"] for each in step.requests] == [None, kind, None]


LASTING = {
    "error_500": 500,
    "error_502_html": 502,
    "error_504_after": 504,
    "throttled": 429,
    "bad_json": 200,
    "empty_body": 200,
    "wrong_shape": 200,
    "drop_before": None,
    "unauthorized": 401,
    "redirect": 302,
}


CODES = {
    **dict.fromkeys(MALFORMED, "bad_answer"),
    "throttled": "APIGW.0308",
    "unauthorized": "APIGW.0301",
    "drop_before": "no_answer",
}


@pytest.mark.parametrize("operation", ["list_servers", "list_templates"])
def test_what_stays_wrong_in_the_middle_of_paging_fails_the_task(simulator, playbook, operation):
    """With what the service says, and never with the pages that were read before."""
    simulator.set(page_size=5, paging="offset")
    task, key = (server_info, "servers") if operation == "list_servers" else (template_info, "templates")
    parameters = {"redirect": {"location": "http://127.0.0.1:1/"}, **TRANSIENT}
    tries = {kind: 2 if kind in TRANSIENT else 1 for kind in LASTING}
    kinds = list(LASTING) if operation == "list_servers" else ["error_502_html", "bad_json", "drop_before"]
    for number, kind in enumerate(kinds):
        simulator.fault(operation, kind, times=tries[kind], skip=number + 1, **parameters.get(kind, {}))
    run = playbook.run(*[task(max_retries=1)] * len(kinds))
    for step, kind in zip(run, kinds, strict=True):
        status = LASTING[kind]
        assert [each["fault"] for each in step.requests] == [None, *[kind] * tries[kind]], kind
        assert step.failed, kind
        assert step["error"]["http_status"] == status, kind
        assert step["error"]["code"], kind
        # What came without an answer of the service has no id.
        assert bool(step["error"]["request_id"]) is (status is not None), kind
        assert not step.result.get(key), kind
        assert step["error"]["code"] == CODES.get(kind, step["error"]["code"]), kind


def test_faults_while_servers_are_read_by_id(simulator, playbook):
    simulator.fault("get_server", "error_503_before", skip=1)
    simulator.fault("get_server", "drop_before", skip=3)
    simulator.fault("get_server", "error_500", skip=4, times=2)
    survived, failed, many = playbook.run(
        server_info(server_ids=servers(1, 2, 3)),
        server_info(server_ids=servers(1, 2, 3), max_retries=1),
        server_info(server_ids=servers(1, 2, 3, 4)),
    )
    check_reading(survived, *KEYS)
    assert names(survived) == named(1, 2, 3)
    check_error(failed, http_status=500)
    assert "servers" not in failed.result
    assert names(many) == named(1, 2, 3, 4)


@pytest.mark.parametrize("paging", ["offset", "page", "all"])
def test_every_way_to_page_templates(simulator, playbook, paging):
    simulator.set(paging=paging, page_size=2)
    step = playbook.one(template_info())
    check_reading(step, "templates")
    found = [template["name"] for template in step["templates"]]
    assert len(set(found)) == len(found) == 6
    assert step.count("list_templates") <= 2
