# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs: create, list, get, delete, and every switch that touches them."""

from __future__ import annotations

import time

import pytest

MINUTE = 60


def listed(client, **query):
    return [job["name"] for job in client.get("/jobs", **query)["data"]]


def test_documented_request_end_to_end(client, simulator):
    servers = [simulator.server_id(index) for index in (1, 9)]
    job = client.created(name="hdk_upgrade_task", description="Task description.", server_ids=servers, is_reboot=True)
    assert job["status"] == "PROCESSING"
    assert job["type"] == "ASCEND_SOFTWARE_UPGRADE"
    assert job["items"] == [{"type": "HDK_UPGRADE", "spec": {"version": "24.1.rc3.10"}}]
    assert [(task["server_id"], task["status"]) for task in job["tasks"]] == [(each, "PROCESSING") for each in servers]
    assert job["tasks"][0]["cloud_server"].keys() == {"hps_ecs_id", "id", "type"}
    assert job["tasks"][1]["cloud_server"].keys() == {"id", "type"}
    simulator.advance(1)
    done = client.get(f"/jobs/{job['id']}")
    assert done["status"] == "FINISHED"
    assert [task["status"] for task in done["tasks"]] == ["SUCCESS", "SUCCESS"]
    assert done["abnormal_count"] == 0
    assert done["update_at"] == done["create_at"] + 300
    assert done.keys() == {
        *("create_at", "update_at", "id", "name", "description", "type", "status", "items", "tasks"),
        *("template_id", "user_name", "abnormal_count"),
    }
    assert done["template_id"] in {each["id"] for each in client.get("/jobs/templates")["data"]}
    summary = client.get("/jobs")["data"]
    assert summary == [{k: v for k, v in done.items() if k not in ("items", "tasks", "template_id")}]
    assert simulator.jobs()[0]["is_reboot"] is True


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": None}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "a" * 65}, "name"),
        ({"type": "a/b"}, "type"),
        ({"server_ids": []}, "server_ids"),
        ({"server_ids": [1]}, "server_ids"),
        ({"items": []}, "items"),
        ({"items": [{"spec": {}}]}, "items[0].type"),
        ({"items": [{"type": "A"}, {"type": "A", "spec": {"n": 1}}]}, "items[1].spec.n"),
        ({"items": [{"type": "A", "spec": {"yes": True}}]}, "items[0].spec.yes"),
        ({"items": [{"type": "A", "spec": ["x"]}]}, "items[0].spec"),
        ({"description": 1}, "description"),
        ({"is_reboot": "yes"}, "is_reboot"),
    ],
)
def test_create_names_the_bad_field(client, simulator, is_error, changes, named):
    answer = client.create(**changes)
    is_error(answer, 400, "ModelArts.6400")
    assert answer.json()["error_msg"].startswith(f"{named} ")
    assert simulator.jobs() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]"])
def test_create_wants_a_json_object(client, is_error, body):
    is_error(client.call("POST", "/jobs", data=body), 400, "ModelArts.6400")


def test_create_with_an_unknown_or_underlying_server_id(client, simulator, is_error):
    cloud_id = client.get(f"/{simulator.server_id(1)}")["cloud_server"]["id"]
    for bad in ("no-such-server", cloud_id):
        answer = client.create(server_ids=[simulator.server_id(1), bad])
        is_error(answer, 400, "ModelArts.6404")
        assert answer.json()["error_msg"] == f"LiteServer instance '{bad}' not found."
    assert simulator.jobs() == []


def test_a_repeated_server_gets_one_task(client, simulator):
    assert len(client.created(server_ids=[simulator.server_id(1)] * 2)["tasks"]) == 1


def test_failures_and_skips_are_counted_down(client, simulator):
    simulator.server(1, fail=1, message="davinci nodes are occupied")
    simulator.server(2, skip=1)
    simulator.server(3, fail="always")
    servers = [simulator.server_id(index) for index in (1, 2, 3, 4)]
    expected = [
        (["FAILED", "SKIPPED", "FAILED", "SUCCESS"], 2),
        (["SUCCESS", "SUCCESS", "FAILED", "SUCCESS"], 1),
    ]
    for statuses, abnormal in expected:
        job = client.created(server_ids=servers)
        assert job["abnormal_count"] == 0
        assert {task["message"] for task in job["tasks"]} == {""}
        simulator.advance(1)
        done = client.get(f"/jobs/{job['id']}")
        assert [task["status"] for task in done["tasks"]] == statuses
        assert done["abnormal_count"] == abnormal
        assert done["status"] == "FINISHED"
        assert done["tasks"][0]["message"] == "davinci nodes are occupied"


def test_a_job_takes_as_long_as_its_slowest_server(client, simulator):
    simulator.set(job_duration=10, duration_spread=0)
    simulator.server(2, duration=100, final_status="FAILED")
    job = client.created(server_ids=[simulator.server_id(1), simulator.server_id(2)])
    simulator.advance(11)
    half = client.get(f"/jobs/{job['id']}")
    assert [task["status"] for task in half["tasks"]] == ["SUCCESS", "PROCESSING"]
    assert (half["status"], half["abnormal_count"]) == ("PROCESSING", 0)
    assert half["update_at"] == half["create_at"] + 10_000
    simulator.advance(90)
    assert client.get("/jobs", status="FINISHED")["data"][0]["abnormal_count"] == 1


def test_duration_spread_differs_by_server_and_is_stable(client, simulator):
    simulator.set(job_duration=0, duration_spread=1000)
    ends = []
    for _repeat in range(2):
        job = client.created(server_ids=[simulator.server_id(index) for index in range(1, 13)])
        simulator.advance(1000)
        done = client.get(f"/jobs/{job['id']}")
        ends.append([task["update_at"] - task["create_at"] for task in done["tasks"]])
    # Times are whole milliseconds, so the two runs may round differently.
    assert ends[0] == pytest.approx(ends[1], abs=2)
    assert len(set(ends[0])) == 12
    assert max(ends[0]) <= 1_000_000


def test_final_status_of_a_server_may_be_undocumented(client, simulator):
    simulator.server(1, final_status="TIMEOUT")
    job = client.created()
    simulator.advance(1)
    assert client.get(f"/jobs/{job['id']}")["tasks"][0]["status"] == "TIMEOUT"


@pytest.mark.parametrize(
    ("setting", "expected"), [("exact", ["node"]), ("substring", ["node-2", "node"]), ("none", ["x", "node-2", "node"])]
)
def test_name_filter(client, simulator, setting, expected):
    simulator.set(name_filter=setting)
    for name in ("node", "node-2", "x"):
        client.created(name=name)
    assert listed(client, name="node") == expected


def test_filters_combine(client, simulator, is_error):
    ids = [
        client.created(name="a")["id"],
        client.created(name="b")["id"],
        client.created(name="a", type="COMMON")["id"],
    ]
    assert listed(client, type="ASCEND_SOFTWARE_UPGRADE") == ["b", "a"]
    assert listed(client, type="HDK_UPGRADE") == []
    assert [job["id"] for job in client.get("/jobs", type="COMMON", name="a")["data"]] == [ids[2]]
    assert listed(client, id=ids[1]) == ["b"]
    assert listed(client, id=ids[1], name="a") == []
    assert listed(client, status="FINISHED") == []
    simulator.advance(1)
    assert listed(client, status="FINISHED", visible="true") == ["a", "b", "a"]
    assert listed(client, visible="false") == []
    is_error(client.call("GET", "/jobs", params={"visible": "maybe"}), 400, "ModelArts.6400")


def test_without_rename_the_type_stays(client, simulator):
    simulator.set(rename=False)
    assert client.created()["type"] == "HDK_UPGRADE"
    assert listed(client, type="HDK_UPGRADE") == ["upgrade"]


def seeded(simulator, count):
    """Jobs j00, j01, ... from old to new."""
    servers = {simulator.server_id(1): "SUCCESS"}
    simulator.seed(
        [
            {
                "name": f"j{number:02d}",
                "items": [{"type": "COMMON"}],
                "servers": servers,
                "age": (count - number) * MINUTE,
            }
            for number in range(count)
        ]
    )


def test_paging_by_offset(client, simulator):
    seeded(simulator, 25)
    first = client.get("/jobs")
    assert [job["name"] for job in first["data"]] == [f"j{number:02d}" for number in range(24, 14, -1)]
    assert (first["current"], first["pages"], first["size"], first["total"]) == (1, 3, 10, 25)
    second = client.get("/jobs", offset=10, limit=12)
    assert [job["name"] for job in second["data"]] == [f"j{number:02d}" for number in range(14, 2, -1)]
    assert (second["current"], second["pages"], second["size"]) == (1, 3, 12)
    assert client.get("/jobs", offset=25)["data"] == []
    simulator.set(page_size=20)
    assert client.get("/jobs")["size"] == 20


def test_paging_by_page(client, simulator):
    simulator.set(paging="page")
    seeded(simulator, 25)
    pages = [client.get("/jobs", offset=number, limit=10) for number in range(4)]
    assert [len(page["data"]) for page in pages] == [10, 10, 5, 0]
    assert [page["current"] for page in pages] == [1, 2, 3, 4]
    assert pages[2]["data"][-1]["name"] == "j00"


def test_paging_all_ignores_limit_and_offset(client, simulator):
    simulator.set(paging="all")
    seeded(simulator, 25)
    everything = client.get("/jobs", offset=10, limit=5)
    assert len(everything["data"]) == 25
    assert (everything["current"], everything["pages"], everything["size"], everything["total"]) == (1, 1, 25, 25)
    assert len(client.get("/jobs/templates", limit=1)["data"]) == client.get("/jobs/templates")["total"]


@pytest.mark.parametrize("query", [{"limit": 1025}, {"limit": -1}, {"limit": "x"}, {"offset": -1}])
def test_limit_and_offset_have_a_range(client, is_error, query):
    is_error(client.call("GET", "/jobs", params=query), 400, "ModelArts.6400")
    assert client.get("/jobs", limit=1024)["size"] == 1024


def test_order(client, simulator):
    seeded(simulator, 10)
    names = [f"j{number:02d}" for number in range(10)]
    assert listed(client) == names[::-1]
    simulator.set(order="oldest")
    assert listed(client) == names
    simulator.set(order="random")
    shuffled = listed(client)
    assert sorted(shuffled) == names
    assert shuffled not in (names, names[::-1])
    client.created(name="late")
    assert [name for name in listed(client, limit=20) if name != "late"] == shuffled


def test_timestamps(client, simulator):
    job = client.created()
    shown = job["create_at"]
    assert isinstance(shown, int)
    assert abs(shown / 1000 - time.time()) < MINUTE
    simulator.set(timestamps="string")
    as_text = client.get(f"/jobs/{job['id']}")
    assert as_text["create_at"] == as_text["tasks"][0]["create_at"] == str(shown)
    simulator.set(timestamps="iso")
    expected = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(shown // 1000)) + f".{shown % 1000:03d}Z"
    assert client.get("/jobs")["data"][0]["create_at"] == expected
    simulator.set(timestamps="short")
    assert client.get("/jobs")["data"][0]["create_at"] == expected[:-3] + "Z"
    simulator.set(timestamps="offset")
    there = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(shown // 1000 + 8 * 3600))
    assert client.get("/jobs")["data"][0]["create_at"] == f"{there}.{shown % 1000 // 100}+0800"


def test_clock_offset_moves_what_is_shown(client, simulator):
    before = client.created()["create_at"]
    simulator.set(clock_offset=-7200)
    after = client.get("/jobs")["data"][0]["create_at"]
    assert after == before - 7_200_000


def test_tasks_appear_late(client, simulator):
    simulator.set(tasks_delay=100, job_duration=50)
    job = client.created()
    assert job["tasks"] == []
    simulator.advance(60)
    finished = client.get(f"/jobs/{job['id']}")
    assert (finished["status"], finished["tasks"]) == ("FINISHED", [])
    assert simulator.jobs()[0]["tasks"][0]["status"] == "SUCCESS"
    simulator.advance(41)
    assert client.get(f"/jobs/{job['id']}")["tasks"][0]["status"] == "SUCCESS"


def test_create_answer_with_empty_tasks(client, simulator):
    simulator.set(create_answer="empty_tasks")
    job = client.created()
    assert job["tasks"] == []
    assert len(client.get(f"/jobs/{job['id']}")["tasks"]) == 1


def test_list_lags_behind(client, simulator):
    simulator.set(list_lag=30)
    job = client.created()
    assert listed(client) == []
    assert client.get(f"/jobs/{job['id']}")["name"] == "upgrade"
    simulator.advance(31)
    assert listed(client) == ["upgrade"]


def test_status_words(client, simulator):
    simulator.set(processing_status="ACTIVE", finished_status="COMPLETED")
    job = client.created()
    assert job["status"] == "ACTIVE"
    simulator.advance(1)
    assert client.get(f"/jobs/{job['id']}")["status"] == "COMPLETED"


def test_unique_names(client, simulator, is_error):
    job = client.created()
    assert client.create().status_code == 200
    simulator.set(unique_names=True)
    answer = client.create()
    is_error(answer, 400, "ModelArts.6400")
    assert answer.json()["error_msg"] == "job name 'upgrade' already exists"
    ids = [each["id"] for each in simulator.jobs()]
    assert job["id"] in ids
    assert client.call("DELETE", "/jobs", json={"job_ids": ids}).status_code == 200
    assert client.create().status_code == 200


@pytest.mark.parametrize("status", [400, 404])
def test_not_found(client, simulator, is_error, status):
    simulator.set(not_found=status)
    for path in ("/jobs/nope", "/jobs/templates/nope", "/jobs/services/nope", "/nope", "/hyperinstance/nope"):
        is_error(client.call("GET", path), status, "ModelArts.6404")
    is_error(client.call("DELETE", "/jobs", json={"job_ids": ["nope"]}), status, "ModelArts.6404")


def test_deleted_jobs_are_hidden(client, simulator, is_error):
    kept, gone = client.created(name="kept")["id"], client.created(name="gone")["id"]
    answer = client.call("DELETE", "/jobs", json={"job_ids": [gone]}).json()
    assert [(job["id"], job["status"]) for job in answer["data"]] == [(gone, "DELETED")]
    assert answer["total"] == 1
    assert listed(client) == ["kept"]
    is_error(client.call("GET", f"/jobs/{gone}"), 400, "ModelArts.6404")
    is_error(client.call("DELETE", "/jobs", json={"job_ids": [kept, gone]}), 400, "ModelArts.6404")
    assert [(job["name"], job["deleted"]) for job in simulator.jobs()] == [("gone", True), ("kept", False)]


def test_deleted_jobs_stay_listed(client, simulator):
    simulator.set(deleted_jobs="listed")
    job = client.created()
    client.call("DELETE", "/jobs", json={"job_ids": [job["id"]]})
    assert client.get("/jobs")["data"][0]["status"] == "DELETED"
    assert client.get(f"/jobs/{job['id']}")["status"] == "DELETED"


def test_delete_of_a_running_job_may_be_refused(client, simulator, is_error):
    simulator.set(delete_running="refuse")
    job = client.created()
    is_error(client.call("DELETE", "/jobs", json={"job_ids": [job["id"]]}), 400, "ModelArts.7000")
    assert simulator.jobs()[0]["deleted"] is False
    simulator.advance(1)
    assert client.call("DELETE", "/jobs", json={"job_ids": [job["id"]]}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"job_ids": []}, {"job_ids": "x"}])
def test_delete_without_ids_is_refused(client, is_error, body):
    is_error(client.call("DELETE", "/jobs", json=body), 400, "ModelArts.6400")


def test_masked_specs(client, simulator):
    simulator.set(mask_specs=True)
    job = client.created()
    assert job["items"] == [{"type": "HDK_UPGRADE", "spec": {"version": "******"}}]
    assert simulator.jobs()[0]["items"][0]["spec"] == {"version": "24.1.rc3.10"}


def test_templates(client):
    templates = client.get("/jobs/templates")["data"]
    assert {each["type"] for each in templates} == {
        *("ASCEND_SOFTWARE_UPGRADE", "LOG_COLLECT", "COMMON", "ASCEND_SYSTEM_CONFIG", "SERVICE_DEPLOY")
    }
    upgrades = client.get("/jobs/templates", type="ASCEND_SOFTWARE_UPGRADE")["data"]
    assert [each["flavor_type"] for each in upgrades] == ["ASCEND_SNT9B", "ASCEND_SNT9C"]
    assert upgrades[0]["params"][0]["regex"] == "^[0-9a-zA-Z.]{1,32}$"
    one = templates[3]
    assert client.get("/jobs/templates", id=one["id"], name=one["name"])["data"] == [one]
    assert client.get("/jobs/templates", name=one["name"][:-1])["data"] == []
    detail = client.get(f"/jobs/templates/{one['id']}")
    assert one.items() <= detail.items()
    assert {"cmd", "swr_path", "resources", "volumes", "volumes_mount", "timeout", "check_interval", "status"} < set(
        detail
    )


def test_the_template_follows_the_servers_flavor(client, simulator):
    flavors = {each["id"]: each["flavor_type"] for each in client.get("/jobs/templates")["data"]}
    assert flavors[client.created(server_ids=[simulator.server_id(1)])["template_id"]] == "ASCEND_SNT9C"
    assert flavors[client.created(server_ids=[simulator.server_id(7)])["template_id"]] == "ASCEND_SNT9B"
    assert client.created(type="NEVER_HEARD_OF")["template_id"] == ""


def test_software_and_plugins(client):
    everything = client.get("/software")["data"]
    assert [each["flavor_type"] for each in everything] == ["ascend_snt9b", "ascend_snt9b23", "ascend_generic"]
    hdk = client.get("/software", type="ASCEND_HDK", flavor_type="ascend_snt9b23")["data"]
    assert [version["version"] for version in hdk[0]["support"][0]["info"]][0] == "25.2.1"
    assert len(hdk) == len(hdk[0]["support"]) == 1
    assert client.get("/plugins")["total"] == 2
    assert [each["name"] for each in client.get("/plugins", name="ces-agent")["data"]] == ["ces-agent"]


def test_services(client, simulator):
    service = simulator.seed_service(name="svc", status="CREATING", spec={"k": "v"})
    assert client.get(f"/jobs/services/{service['id']}") == service
    assert (service["name"], service["status"], service["model"]["quant_type"]) == ("svc", "CREATING", "fp16")
    assert simulator.seed_service()["id"] != service["id"]
