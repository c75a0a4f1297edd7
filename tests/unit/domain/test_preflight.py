# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would go wrong with a run: each problem by itself, and all of them at once."""

from __future__ import annotations

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._preflight import (
    flavor_type_of,
    problems_of,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._model import server_record
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._server_info import (
    SoftwareInfo,
    template_record,
)
from ansible_collections.modelarts.liteserver.tests.unit.domain.role_requests import request

SNT9B, SNT9B23 = "modelarts.bm.npu.arm.8snt9b.d", "modelarts.bm.npu.arm.8snt9b23.d"


def requests(count, **values):
    return [request(f"h{number}", f"s{number}", **values) for number in range(1, count + 1)]


def server(server_id, status="RUNNING", flavor=SNT9B, **raw):
    return server_record({"id": server_id, "name": f"name-{server_id}", "status": status, "flavor": flavor, **raw})


def fleet(count):
    return [server(f"s{number}") for number in range(1, count + 1)]


class Offers:
    """A service that lists versions, in the shape of the vendor's API."""

    def __init__(self, versions):
        self._versions = versions

    def list_software(self):
        return [
            {
                "flavor_type": flavor_type,
                "support": [
                    {"type": "ASCEND_HDK", "info": [{"version": version} for version in versions]},
                    {"type": "OTHER", "info": [{"version": "9.9"}]},
                ],
            }
            for flavor_type, versions in self._versions.items()
        ]


def software(**versions):
    """The entries of ``liteserver_software_info``."""
    return SoftwareInfo({"flavor_type": None, "type": None}).read(Offers(versions))["software"]


def template(job_type, name="t", **params):
    params = [{"name": key, "regex": regex} for key, regex in params.items()]
    return template_record({"id": name, "name": name, "type": job_type, "params": params})


UPGRADE = template("ASCEND_SOFTWARE_UPGRADE", version="")


def test_nothing_to_say():
    assert problems_of(requests(3), fleet(3), software(ascend_snt9b=["24.1"]), [UPGRADE]) == []
    assert problems_of([], [], [], []) == []


def test_what_was_not_read_is_passed_over():
    assert problems_of(requests(3), None, None, None) == []
    # Versions are compared only where the servers are known: their flavors decide.
    assert problems_of(requests(1), None, software(ascend_snt9b=["1"]), None) == []
    assert problems_of(requests(1), fleet(1), None, None) == []


def test_hosts_with_one_server():
    made = [
        request("a", "s1"),
        request("b", "s2"),
        request("c", "s1"),
        request("d", "s3"),
        request("e", "s3"),
        request("f", "s1"),
    ]
    expected = ["3 hosts have one server id, s1: a, c, f", "2 hosts have one server id, s3: d, e"]
    assert problems_of(made, None, None, None) == expected
    assert problems_of(made, fleet(3), None, None) == expected


def test_hosts_with_one_server_are_named_in_short():
    made = [request(f"h{number}", "s1") for number in range(8)]
    assert problems_of(made, None, None, None) == [
        "8 hosts have one server id, s1: h0, h1, h2, h3, h4 and 3 more",
    ]


def test_servers_that_nobody_knows():
    assert problems_of(requests(3), [server("s2")], None, None) == [
        "no such Lite Server for 2 of 3 hosts: h1 (s1), h3 (s3)"
    ]


def test_many_unknown_servers_are_one_problem():
    assert problems_of(requests(100), [], None, None) == [
        "no such Lite Server for 100 of 100 hosts: h1 (s1), h2 (s2), h3 (s3), h4 (s4), h5 (s5) and 95 more"
    ]


@pytest.mark.parametrize(("kind", "named"), [("ECS", "ECS"), ("BMS", "BMS"), (None, "server")])
def test_the_id_of_the_server_underneath(kind, named):
    above = server("lite", cloud_server={"id": "under", "type": kind})
    made = [request("a", "under"), request("b", "nobody"), request("c", "lite")]
    assert problems_of(made, [above], None, None) == [
        "no such Lite Server for 1 of 3 hosts: b (nobody)",
        f"a: under is the id of the {named} underneath Lite Server name-lite, whose own id is lite",
    ]


def test_an_id_that_is_both_is_the_lite_server():
    servers = [server("s1", cloud_server={"id": "s1", "type": "ECS"}), server("x", cloud_server={"id": "s1"})]
    assert problems_of(requests(1), servers, None, None) == []


def test_servers_without_one_underneath_do_not_match():
    assert problems_of(requests(1), [server("x")], None, None) == ["no such Lite Server for 1 of 1 hosts: h1 (s1)"]


def test_servers_that_do_not_run_are_named_by_status():
    servers = [
        server("s1"),
        server("s2", "STOPPED"),
        server("s3", "ERROR"),
        server("s4", "STOPPED"),
        server("s5", None),
        server("s6", "running"),
    ]
    assert problems_of(requests(6), servers, None, None) == [
        "2 of 6 servers are STOPPED, not RUNNING: h2, h4",
        "1 of 6 servers are ERROR, not RUNNING: h3",
        "1 of 6 servers are of no known status, not RUNNING: h5",
        "1 of 6 servers are running, not RUNNING: h6",
    ]


def test_servers_of_nobodys_hosts_may_be_anything():
    assert problems_of(requests(1), [server("s1"), server("s2", "ERROR")], None, None) == []


# --- versions ---


def test_a_version_that_is_not_on_offer():
    made = [*requests(2, version="25.0"), request("h3", "s3")]
    assert problems_of(made, fleet(3), software(ascend_snt9b=["24.2", "24.1"]), None) == [
        "the service does not offer HDK 25.0 for ascend_snt9b, wanted for h1, h2; it offers 24.1, 24.2"
    ]


def test_each_flavor_type_has_its_own_versions():
    servers = [server("s1", flavor=SNT9B), server("s2", flavor=SNT9B23)]
    offered = software(ascend_snt9b=["24.1"], ascend_snt9b23=["25.0"])
    assert problems_of(requests(2, version="24.1"), servers, offered, None) == [
        "the service does not offer HDK 24.1 for ascend_snt9b23, wanted for h2; it offers 25.0"
    ]
    assert problems_of(requests(2, version="25.0"), servers, offered, None) == [
        "the service does not offer HDK 25.0 for ascend_snt9b, wanted for h1; it offers 24.1"
    ]
    assert len(problems_of(requests(2, version="26"), servers, offered, None)) == 2
    assert problems_of([request("a", "s1"), request("b", "s2", version="25.0")], servers, offered, None) == []


def test_where_the_flavor_tells_no_type_any_version_on_offer_will_do():
    servers = [server("s1", flavor="other"), server("s2", flavor=None)]
    offered = software(ascend_snt9b=["24.1"], ascend_snt9b23=["25.0"])
    assert problems_of(requests(2, version="24.1"), servers, offered, None) == []
    assert problems_of(requests(2, version="25.0"), servers, offered, None) == []
    assert problems_of(requests(2, version="26"), servers, offered, None) == [
        "the service does not offer HDK 26, wanted for h1, h2; it offers 24.1, 25.0"
    ]


@pytest.mark.parametrize("empty", [[], [None, 5]])
def test_a_flavor_type_without_versions_offers_none(empty):
    """The versions of other flavor types are no help for this one."""
    offered = software(ascend_snt9b=["24.1"], ascend_snt9b23=empty)
    servers = [server("s1", flavor=SNT9B23), server("s2", flavor=SNT9B)]
    assert problems_of(requests(2), servers, offered, None) == [
        "the service does not offer HDK 24.1 for ascend_snt9b23, wanted for h1; it offers none"
    ]


@pytest.mark.parametrize("flavor", [SNT9B, "other", None])
def test_where_all_lists_are_empty_none_is_offered(flavor):
    (text,) = problems_of(requests(1), [server("s1", flavor=flavor)], software(ascend_snt9b=[]), None)
    assert text.endswith(", wanted for h1; it offers none")


@pytest.mark.parametrize("flavor", [SNT9B23, SNT9B23.upper(), "x.snt9b23.y", "x.snt9b3.y", "modelarts.8snt9b2"])
def test_a_flavor_type_that_only_begins_alike_is_another(flavor):
    """Where the flavor's own type is not listed, any version on offer will do."""
    servers, offered = [server("s1", flavor=flavor)], software(ascend_snt9b=["24.1"], ascend_snt9c=["25.0"])
    assert problems_of(requests(1, version="24.1"), servers, offered, None) == []
    assert problems_of(requests(1, version="25.0"), servers, offered, None) == []
    assert problems_of(requests(1, version="26"), servers, offered, None) == [
        "the service does not offer HDK 26, wanted for h1; it offers 24.1, 25.0"
    ]
    assert flavor_type_of(flavor, ["ascend_snt9b"]) is None


def test_an_unknown_server_is_judged_by_all_versions():
    (unknown, version) = problems_of(requests(1, version="26"), [], software(ascend_snt9b=["24.1"]), None)
    assert unknown.startswith("no such Lite Server")
    assert version == "the service does not offer HDK 26, wanted for h1; it offers 24.1"


@pytest.mark.parametrize(
    ("wanted", "offered"), [("24.1.RC3", "24.1.rc3"), ("24.1.rc3", "24.1.RC3"), ("24.1.Rc3", "24.1.rC3")]
)
def test_a_version_that_differs_by_case_only_is_accepted(wanted, offered):
    assert problems_of(requests(1, version=wanted), fleet(1), software(ascend_snt9b=[offered]), None) == []


def test_versions_are_shown_as_the_service_writes_them():
    (text,) = problems_of(requests(1), fleet(1), software(ASCEND_SNT9B=["24.1.RC3"]), None)
    assert text == "the service does not offer HDK 24.1 for ascend_snt9b, wanted for h1; it offers 24.1.RC3"


def test_part_of_a_version_is_another_version():
    assert len(problems_of(requests(1, version="24"), fleet(1), software(ascend_snt9b=["24.1"]), None)) == 1


def test_versions_of_other_software_do_not_count():
    assert len(problems_of(requests(1, version="9.9"), fleet(1), software(ascend_snt9b=["24.1"]), None)) == 1


def test_entries_of_one_flavor_type_add_up():
    offered = software(ascend_snt9b=["24.1"]) + software(ASCEND_SNT9B=["25.0"])
    assert problems_of([request("a", "s1"), request("b", "s2", version="25.0")], fleet(2), offered, None) == []


def test_where_nothing_is_offered_no_version_is_refused():
    """What the service does not tell is no reason not to start."""
    assert problems_of(requests(1), fleet(1), [], None) == []
    others = [entry for entry in software(ascend_snt9b=["24.1"]) if entry["type"] == "OTHER"]
    assert problems_of(requests(1), fleet(1), others, None) == []


def test_odd_versions_do_no_harm():
    offered = software(ascend_snt9b=[None, 5, "24.1"])
    offered.append({"flavor_type": None, "type": "ASCEND_HDK", "versions": ["26"], "info": []})
    assert problems_of(requests(1), fleet(1), offered, None) == []
    assert len(problems_of(requests(1, version="26"), fleet(1), offered, None)) == 1


def test_many_versions_are_named_in_short():
    offered = software(ascend_snt9b=[f"23.{number:02}" for number in range(15)])
    (text,) = problems_of(requests(1), fleet(1), offered, None)
    assert text.endswith("23.08, 23.09 and 5 more")


def test_only_upgrades_have_versions_on_offer():
    common = [request("h1", "s1", entry="common", spec={"version": "26"}), request("h2", "s2", entry="log_collect")]
    assert problems_of(common, fleet(2), software(ascend_snt9b=["24.1"]), None) == []


def test_each_upgrade_of_a_job_with_several_items_counts():
    items = [
        {"type": "HDK_UPGRADE", "spec": {"version": "24.1"}},
        {"type": "HDK_UPGRADE", "spec": {"version": "26"}},
        {"type": "HDK_UPGRADE", "spec": {"target": "x"}},
        {"type": "COMMON", "spec": {"version": "27"}},
    ]
    made = [request("h1", "s1", entry="main", type="T", items=items)]
    (text,) = problems_of(made, fleet(1), software(ascend_snt9b=["24.1"]), None)
    assert "HDK 26 " in text


@pytest.mark.parametrize(
    ("flavor", "flavor_type"),
    [
        (SNT9B, "ascend_snt9b"),
        (SNT9B23, "ascend_snt9b23"),
        (SNT9B23.upper(), "ascend_snt9b23"),
        ("x.ascend_snt9b23.y", "ascend_snt9b23"),
        ("modelarts.bm.npu.arm.8snt9", None),
        ("", None),
        (None, None),
    ],
)
def test_the_flavor_type_in_a_flavors_name(flavor, flavor_type):
    for types in (["ascend_snt9b", "ascend_snt9b23"], ["ascend_snt9b23", "ascend_snt9b"]):
        assert flavor_type_of(flavor, types) == flavor_type
    assert flavor_type_of(flavor, []) is None


# --- templates ---


def test_a_type_without_a_template_is_one_problem_for_all_its_hosts():
    (text,) = problems_of(requests(7), None, None, [template("COMMON")])
    assert text.startswith("type: no live template is of type 'HDK_UPGRADE'; the service offers COMMON")
    assert text.endswith("; wanted for h1, h2, h3, h4, h5 and 2 more")


def test_keys_and_values_that_the_template_does_not_take():
    templates = [template("COMMON", x="^[0-9]+$")]
    made = [
        request("h1", "s1", entry="common", spec={"x": "1"}),
        request("h2", "s2", entry="common", spec={"x": "one"}),
        request("h3", "s3", entry="common", spec={"x": "1", "y": "2"}),
        request("h4", "s4", entry="common", spec={"x": "one"}),
    ]
    assert problems_of(made, None, None, templates) == [
        "spec.x: 'one' does not match the template's regex ^[0-9]+$; wanted for h2, h4",
        "spec.y: template 't' has no such parameter; it has x; wanted for h3",
    ]


def test_all_that_is_wrong_with_one_spec_is_told():
    made = [request("h1", "s1", entry="common", spec={"x": "one", "z": "1", "y": "2"})]
    found = problems_of(made, None, None, [template("COMMON", x="^[0-9]+$")])
    assert [text.split(":")[0] for text in found] == ["spec.x", "spec.y", "spec.z"]


def test_logs_are_compared_with_the_template_of_their_type():
    made = [request("h1", "s1", entry="log_collect", spec={"obs_path": "b"})]
    assert problems_of(made, None, None, [template("LOG_COLLECT", obs_path="")]) == []
    assert len(problems_of(made, None, None, [template("LOG_COLLECT")])) == 1


def test_hosts_without_a_comparison_are_left_out_of_it():
    made = [request("h1", "s1", template_check="off"), request("h2", "s2", template_check="strict")]
    (text,) = problems_of(made, None, None, [])
    assert text.endswith("wanted for h2")
    assert "offers nothing" in text
    assert problems_of(made[:1], None, None, []) == []


def test_secret_values_are_in_no_problem():
    made = [request("h1", "s1", entry="common", name="n", spec={"key": "CANARY"})]
    templates = [template("COMMON", key="^[0-9]+$")]
    (text,) = problems_of(made, None, None, templates, frozenset(["key"]))
    assert text.startswith("spec.key: the value does not match") and "CANARY" not in text
    (text,) = problems_of(made, None, None, templates)
    assert "CANARY" in text


def test_a_secret_spec_needs_no_parameter_here():
    """The request does not hold it, so it can neither be compared nor shown."""
    made = [request("h1", "s1", entry="common", spec={"x": "1"}, secret_spec={"key": "CANARY"})]
    assert problems_of(made, None, None, [template("COMMON", x="")], frozenset(["key"])) == []


# --- all at once ---


def test_everything_is_told_at_once():
    made = [
        request("twin1", "s1"),
        request("twin2", "s1"),
        request("lost", "nobody"),
        request("under", "ecs-1"),
        request("stopped", "s2"),
        request("newer", "s3", version="26"),
        request("odd", "s4", entry="common", spec={"y": "1"}),
        request("fine", "s5"),
    ]
    servers = [
        server("s1", cloud_server={"id": "ecs-1", "type": "ECS"}),
        server("s2", "STOPPED"),
        server("s3", flavor=SNT9B23),
        server("s4"),
        server("s5"),
    ]
    offered = software(ascend_snt9b=["24.1"], ascend_snt9b23=["25.0"])
    found = problems_of(made, servers, offered, [UPGRADE, template("COMMON", x="")])
    beginnings = [
        "2 hosts have one server id, s1: twin1, twin2",
        "no such Lite Server for 1 of 8 hosts: lost (nobody)",
        "under: ecs-1 is the id of the ECS underneath Lite Server name-s1, whose own id is s1",
        "1 of 8 servers are STOPPED, not RUNNING: stopped",
        "the service does not offer HDK 26 for ascend_snt9b23, wanted for newer; it offers 25.0",
        "spec.y: template 't' has no such parameter; it has x; wanted for odd",
    ]
    assert found == beginnings
    assert not any("fine" in text for text in found)


def test_nothing_that_was_given_is_changed():
    made, servers = requests(2), fleet(2)
    problems_of(made, servers, software(ascend_snt9b=["1"]), [template("COMMON")])
    assert made == requests(2) and servers == fleet(2)


# Events


def event(server_id, state="scheduled", **more):
    return {"server_id": server_id, "state": state, "type": "system-maintenance", "not_before": None, **more}


def with_events(*events):
    return problems_of(requests(3), fleet(3), None, None, events=events)


def test_servers_that_the_service_will_work_on_or_works_on():
    told = [event("s1", not_before=1755005748201), event("s3", "EXECUTING"), event("s4"), event("s2", "completed")]
    assert with_events(*told) == [
        "the service plans or does work of its own on servers of this run:"
        " h1 (system-maintenance, scheduled, not before 2025-08-12 13:35 UTC), h3 (system-maintenance, EXECUTING)"
    ]


@pytest.mark.parametrize("state", ["inquiring", "completed", "failed", "canceled", "Completed"])
def test_events_that_are_over_or_not_agreed_to(state):
    assert with_events(event("s1", state)) == []


@pytest.mark.parametrize("state", [None, "paused"])
def test_an_event_of_an_unknown_state_is_named(state):
    [problem] = with_events(event("s1", state, type=None))
    assert problem.endswith(f"h1 (of no known type, {state or 'in no known state'})")


def test_events_that_nobody_read():
    assert problems_of(requests(1), fleet(1), None, None, events=None) == []


def test_a_parameter_that_the_template_needs_and_nobody_gave():
    needy = template("T", version="^[0-9.]+$", free="", optional="^(a|b)?$")
    made = [request("h1", "s1", "main", type="T", spec={"free": "x"})]
    assert problems_of(made, None, None, [needy]) == [
        "spec.version: template 't' has no default for it, and it is not given; wanted for h1"
    ]
    assert problems_of([request("h1", "s1", "main", type="T", spec={"version": "1"})], None, None, [needy]) == []
    assert problems_of(made, None, None, [needy], frozenset(["version"])) == []
