# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service offers: templates, software, and deployed services."""

from __future__ import annotations

import re

import pytest
from playbooks.fleet.fleet_tasks import (
    check_error,
    check_reading,
    operations,
    server_info,
    service_info,
    software_info,
    template_info,
)
from playbooks.harness import planned

TEMPLATE_KEYS = {
    *("id", "name", "description", "type", "flavor_type", "params", "status", "cmd", "swr_path", "resources"),
    *("volumes", "volumes_mount", "timeout", "check_interval"),
}
DETAIL_KEYS = {"status", "cmd", "swr_path", "resources", "volumes", "volumes_mount", "timeout", "check_interval"}
UPGRADES = ["ascend-software-upgrade", "ascend-software-upgrade-snt9c"]
MISSING = "00000000-0000-4000-8000-000000000001"


def names(step):
    return [template["name"] for template in step["templates"]]


def test_the_templates_and_their_parameters(simulator, playbook):
    step = playbook.one(template_info())
    check_reading(step, "templates")
    assert len(step["templates"]) == 6
    order = [(template["type"], template["name"]) for template in step["templates"]]
    assert order == sorted(order)
    for template in step["templates"]:
        assert set(template) == TEMPLATE_KEYS
        assert {template[key] for key in DETAIL_KEYS} == {None}
        for param in template["params"]:
            assert set(param) == {"name", "description", "value", "visible", "regex"}
            re.compile(param["regex"])
    by_name = {template["name"]: template for template in step["templates"]}
    version, _reset_mode = by_name["ascend-software-upgrade"]["params"]
    assert (version["name"], version["value"], version["visible"]) == ("version", "24.1.rc3.10", True)
    assert re.fullmatch(version["regex"], "24.1.rc3.10")
    # The service tells it as a text; "false" is not true.
    assert [param["visible"] for param in by_name["common-command"]["params"]] == [True, False]


def test_each_filter_of_templates(simulator, playbook):
    cases = [
        ({"type": "ASCEND_SOFTWARE_UPGRADE"}, UPGRADES),
        ({"name": "log-collect"}, ["log-collect"]),
        ({"flavor_type": "ascend_snt9c"}, UPGRADES[1:]),
        ({"type": "ASCEND_SOFTWARE_UPGRADE", "flavor_type": "Ascend_Snt9b"}, UPGRADES[:1]),
        ({"type": "LOG_COLLECT", "name": "common-command"}, []),
        ({"name": "log"}, []),
    ]
    run = playbook.run(*[template_info(**options) for options, _names in cases])
    for step, (options, found) in zip(run, cases, strict=True):
        check_reading(step, "templates")
        assert names(step) == found, options
        assert set(operations(step)) == {"list_templates"}


def test_filters_of_templates_in_another_case(simulator, playbook):
    """As the documentation has it: "whatever the case"."""
    by_type, by_name = playbook.run(template_info(type="ascend_software_upgrade"), template_info(name="Log-Collect"))
    check_reading(by_type, "templates")
    assert names(by_type) == UPGRADES
    assert names(by_name) == ["log-collect"]


def test_one_template(simulator, playbook):
    listed, detail, missing, bad = playbook.run(
        template_info(name="log-collect"),
        template_info(template_id="{{ listed.templates[0].id }}"),
        template_info(template_id=MISSING),
        template_info(template_id="../services"),
        register=["listed"],
    )
    check_reading(detail, "templates")
    assert operations(detail) == ["get_template"]
    (template,) = detail["templates"]
    assert set(template) == TEMPLATE_KEYS
    assert {key: value for key, value in template.items() if key not in DETAIL_KEYS} == {
        key: value for key, value in listed["templates"][0].items() if key not in DETAIL_KEYS
    }
    assert None not in template.values()
    assert (template["timeout"], template["check_interval"], template["status"]) == ("3600", "30", "ACTIVE")
    check_reading(missing, "templates")
    assert (missing["templates"], operations(missing)) == ([], ["get_template"])
    check_error(bad, "invalid_option")
    assert bad["msg"].startswith("template_id: '../services'")
    assert bad.requests == []


def test_software(simulator, playbook):
    cases = [
        ({}, 8),
        ({"type": "ASCEND_HDK"}, 2),
        ({"flavor_type": "ASCEND_SNT9B23"}, 4),
        ({"flavor_type": "ascend_generic", "type": "ces_agent"}, 1),
        ({"type": "ASCEND"}, 0),
    ]
    run = playbook.run(*[software_info(**options) for options, _count in cases])
    for step, (options, count) in zip(run, cases, strict=True):
        check_reading(step, "software")
        assert len(step["software"]) == count, options
        assert operations(step) == ["list_software"]
        for entry in step["software"]:
            assert set(entry) == {"flavor_type", "type", "versions", "info"}
            # In the service's order, which is from the newest on.
            assert entry["versions"] == [info["version"] for info in entry["info"]]
            for key, value in options.items():
                assert entry[key].lower() == value.lower()
    hdk = {entry["flavor_type"]: entry["versions"] for entry in run[1]["software"]}
    assert hdk == {
        "ascend_snt9b": ["24.1.rc3.10", "24.1.0.6", "24.1.0.3"],
        "ascend_snt9b23": ["25.2.1", "24.1.rc3.10", "24.1.rc3.9"],
    }


def test_a_service(simulator, playbook):
    spec = {"replicas": "2", "api_token": "stored-token", "model_password": "stored-word", "secret_key": "stored-key"}
    service = simulator.seed_service(name="svc", status="CREATING", spec=spec)
    found, missing, bad, empty = playbook.run(
        service_info(service_id=service["id"]),
        service_info(service_id=MISSING),
        service_info(service_id="../templates"),
        service_info(service_id=""),
    )
    check_reading(found, "service")
    assert operations(found) == ["get_service"]
    mask = "********"
    assert found["service"] == {
        "id": service["id"],
        "name": "svc",
        "status": "CREATING",
        "spec": {"replicas": "2", "api_token": mask, "model_password": mask, "secret_key": mask},
        "instances": service["instances"],
        "model": service["model"],
    }
    check_reading(missing, "service")
    assert (missing["service"], operations(missing)) == (None, ["get_service"])
    assert missing.requests[0]["status"] == 400
    for step in (bad, empty):
        check_error(step, "invalid_option")
        assert step["msg"].startswith("service_id: ")
        assert step.requests == []


def test_not_found_with_its_own_status(simulator, playbook):
    """The documents have 404, the service was seen to answer 400."""
    simulator.set(not_found=404)
    template, service, server = playbook.run(
        template_info(template_id=MISSING), service_info(service_id=MISSING), server_info(server_ids=[MISSING])
    )
    assert [step.requests[0]["status"] for step in (template, service, server)] == [404] * 3
    check_reading(template, "templates")
    check_reading(service, "service")
    check_reading(server, "servers", "missing_server_ids")
    assert (template["templates"], service["service"]) == ([], None)
    assert (server["servers"], server["missing_server_ids"]) == ([], [MISSING])


def test_check_mode_answers_the_same(simulator, playbook):
    service = simulator.seed_service()
    template = playbook.one(template_info())["templates"][0]["id"]
    tasks = [template_info(template_id=template), software_info(), service_info(service_id=service["id"])]
    run = playbook.run(*tasks, *[planned(task) for task in tasks])
    for real, plan in zip(run.steps[:3], run.steps[3:], strict=True):
        assert not plan.failed
        assert plan.writes == 0
        assert plan.result == real.result
        assert operations(plan) == operations(real)
        assert plan.diff is None


SINGLE = {"get_template": "templates", "list_software": "software", "get_service": "service"}


@pytest.mark.parametrize("operation", SINGLE)
def test_what_goes_wrong_with_a_single_read(simulator, playbook, operation):
    service = simulator.seed_service()
    task = {
        "get_template": lambda **options: template_info(template_id=MISSING, **options),
        "list_software": software_info,
        "get_service": lambda **options: service_info(service_id=service["id"], **options),
    }[operation]
    # Three tries of the first task, two of the second, and one of each further.
    for rule in (
        {"kind": "error_503_before"},
        {"kind": "drop_after"},
        {"kind": "error_500", "times": 2, "skip": 1},
        {"kind": "bad_json", "skip": 1},
        {"kind": "wrong_shape", "skip": 1, "body": {"data": {"id": 5}}},
        {"kind": "redirect", "skip": 1, "location": "http://127.0.0.1:1/"},
        {"kind": "unauthorized", "skip": 1},
    ):
        simulator.fault(operation, **rule)
    survived, *failed = playbook.run(task(), *[task(max_retries=1)] * 5)
    assert not survived.failed
    assert survived.count(operation) == 3
    for step, status, count in zip(failed, (500, 200, 200, 302, 401), (2, 1, 1, 1, 1), strict=True):
        check_error(step, http_status=status)
        assert step.count(operation) == count
        assert not step.result.get(SINGLE[operation])


def test_an_empty_catalog(simulator, playbook):
    simulator.fault("list_software", "wrong_shape", body={"data": []})
    simulator.fault("list_templates", "wrong_shape", body={"data": [], "total": 0})
    software, templates = playbook.run(software_info(), template_info())
    check_reading(software, "software")
    check_reading(templates, "templates")
    assert (software["software"], templates["templates"]) == ([], [])


def test_records_with_fields_of_another_shape(simulator, playbook):
    """What nobody documented is no crash."""
    simulator.fault(
        "list_software",
        "wrong_shape",
        body={"data": [{"flavor_type": "a", "support": [{"type": "T", "info": None}, "text"]}, {"support": 5}]},
    )
    simulator.fault(
        "list_templates", "wrong_shape", body={"data": [{"id": "t", "params": ["text", {"name": "n"}]}], "total": 1}
    )
    simulator.fault("get_service", "wrong_shape", body={"id": "s", "spec": [], "instances": "none"})
    software, templates, service = playbook.run(software_info(), template_info(), service_info(service_id="s"))
    assert software["software"] == [{"flavor_type": "a", "type": "T", "versions": [], "info": []}]
    assert [param["name"] for param in templates["templates"][0]["params"]] == ["n"]
    assert (service["service"]["spec"], service["service"]["instances"]) == ({}, [])
