# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented answers of the service, and hypothesis strategies that spoil them.

Source: chapter "Lite Server management" of the ModelArts API reference, and IAM's page on password logins.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from hypothesis import strategies as st

SERVER_IDS = [f"0000000{number}-aaaa-bbbb-cccc-dddddddddddd" for number in (1, 2, 3, 4)]
JOB_ID = "11111111-aaaa-bbbb-cccc-dddddddddddd"
NEW_JOB_ID = "22222222-aaaa-bbbb-cccc-dddddddddddd"
TEMPLATE_ID = "33333333-aaaa-bbbb-cccc-dddddddddddd"
SERVICE_ID = "44444444-aaaa-bbbb-cccc-dddddddddddd"
VERSION = "24.1.rc3.10"


def page(*records: dict[str, Any]) -> dict[str, Any]:
    """A list's answer with one page."""
    return {"current": 1, "pages": 1, "size": len(records), "total": len(records), "data": list(records)}


def job(identifier: str, created: int = 1755000000000, tasks: bool = True) -> dict[str, Any]:
    """A job: server 1 is done, 2 has failed, 3 still runs, 4 is not in it."""
    record: dict[str, Any] = {
        "id": identifier,
        "name": "upgrade",
        "type": "ASCEND_SOFTWARE_UPGRADE",
        "status": "PROCESSING",
        "template_id": TEMPLATE_ID,
        "abnormal_count": 1,
        "description": "text",
        "create_at": created,
        "update_at": created + 1000,
    }
    if tasks:
        record["items"] = [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]
        record["tasks"] = [
            {
                "id": f"task-{number}",
                "server_id": SERVER_IDS[number],
                "server_name": f"liteserver-0000{number}",
                "status": status,
                "message": "text",
                "create_at": str(created),
                "update_at": str(created + 1000),
            }
            for number, status in enumerate(["SUCCESS", "FAILED", "PROCESSING"])
        ]
    return record


def server(number: int) -> dict[str, Any]:
    """A server."""
    return {
        "id": SERVER_IDS[number],
        "name": f"liteserver-0000{number}",
        "status": "RUNNING",
        "flavor": "bm.snt9b",
        "category": "HPS",
        "charging_mode": "PRE_PAID",
        "create_at": 1755000000000,
        "update_at": 1755000100000,
        "cloud_server": {"id": "c", "type": "HPS"},
        "server_hps": {"id": "h", "name": "hps-01"},
        "image": {"name": "HCE2.0", "arch": "ARM"},
        "endpoints": [{"service": "SSH", "uri": "192.168.0.10", "key_pair_names": ["KeyPair-1"]}],
        "volumes": [{"size": 500, "type": "ROOT"}],
    }


TEMPLATE = {
    "id": TEMPLATE_ID,
    "name": "hdk_upgrade",
    "description": "text",
    "type": "ASCEND_SOFTWARE_UPGRADE",
    "flavor_type": "ASCEND_SNT9B",
    "status": "ENABLED",
    "params": [{"name": "version", "description": "text", "value": "", "visible": "true", "regex": "^[0-9a-z.]+$"}],
    "cmd": "run",
    "timeout": 3600,
}
SOFTWARE = {
    "data": [
        {
            "flavor_type": "ascend_snt9b",
            "support": [{"type": "ASCEND_HDK", "info": [{"id": "i", "version": VERSION}]}],
        }
    ]
}
SERVICE = {
    "id": SERVICE_ID,
    "name": "svc",
    "status": "RUNNING",
    "spec": {"replicas": "2"},
    "instances": [{"id": "i", "status": "RUNNING", "endpoints": "http://10.0.0.1"}],
    "model": {"name": "m", "url": "obs://b/m"},
}
EVENT = {
    "id": "event-1",
    "catalog": "hardware",
    "type": "system-maintenance",
    "description": "a repair",
    "state": "scheduled",
    "instanceType": "devserver",
    "instanceId": SERVER_IDS[0],
    "nodeName": "liteserver-00001",
    "publishTime": "2026-11-23T10:00:00Z",
    "notBefore": "2026-11-24T10:00:00Z",
    "redeployType": ["SOFT"],
}
TOKEN = {"token": {"issued_at": "2026-11-23T10:00:00.000000Z", "expires_at": "2026-11-24T10:00:00.000000Z"}}
THROTTLED = {
    "error_code": "APIGW.0308",
    "error_msg": "The throttling threshold has been reached: policy user over ratelimit,limit:5,time:1 minute",
    "request_id": "0123456789abcdef",
}

# (operation, method, pattern of the path below the project, answer)
OPERATIONS: list[tuple[str, str, str, Any]] = [
    ("create_token", "POST", r"https://.*|/v3/.*", TOKEN),
    ("list_jobs", "GET", r"/jobs", page(job(JOB_ID, tasks=False))),
    ("create_job", "POST", r"/jobs", job(NEW_JOB_ID, 1756000000000)),
    ("delete_jobs", "DELETE", r"/jobs", {**page(), "data": [{"id": JOB_ID}]}),
    ("list_templates", "GET", r"/jobs/templates", page(TEMPLATE)),
    ("get_template", "GET", r"/jobs/templates/.*", TEMPLATE),
    ("get_service", "GET", r"/jobs/services/.*", SERVICE),
    ("get_job", "GET", r"/jobs/[^/]*", job(JOB_ID)),
    ("list_software", "GET", r"/software", SOFTWARE),
    ("list_events", "GET", r"/v1/.*/scheduled-events", {"events": [EVENT], "count": 1}),
    ("list_servers", "GET", r"|/all", page(*map(server, range(4)))),
    ("power", "PUT", r"/[^/]*/(start|stop|reboot)", server(0)),
    ("get_server", "GET", r"/[^/]*", server(0)),
]
NAMES = [name for name, _method, _pattern, _answer in OPERATIONS]


def operation_of(method: str, path: str) -> str:
    """The operation that a request is for."""
    return next(name for name, verb, pattern, _answer in OPERATIONS if verb == method and re.fullmatch(pattern, path))


def true_answer(operation: str) -> Any:
    """The documented answer, to be changed at will."""
    return copy.deepcopy(next(answer for name, _method, _pattern, answer in OPERATIONS if name == operation))


def good_answer(operation: str) -> tuple[int, dict[str, str], bytes]:
    """The documented answer as it is sent: status, headers, body."""
    headers = {"X-Subject-Token": "token"} if operation == "create_token" else {}
    return 200, headers, json.dumps(true_answer(operation)).encode()


# What stands where something else should.
ODD_TEXTS = st.one_of(
    st.sampled_from(
        [
            *(
                "",
                " ",
                ".",
                "..",
                "../../etc/passwd",
                "a/b",
                "%2e%2e",
                "\x00",
                "\x1b[2J\x1b]0;title\x07",
                "\x9b31m",
                "a\r\nb",
            ),
            *(
                "{{ 7 * 7 }}",
                "{% raw %}",
                "\u202eevil",
                "\ud800",
                "\U0001f600",
                "x" * 300,
                "null",
                "NaN",
                "-1",
                "1e999",
            ),
            *("²", "٣", "9" * 20, "2026-11-23T10:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
            *("SUCCESS", "FAILED", "SKIPPED", "PROCESSING", "FINISHED", "DELETED", "RUNNING", "STOPPED", "(a+)+$"),
            *(JOB_ID, NEW_JOB_ID, *SERVER_IDS, "upgrade", VERSION, "HDK_UPGRADE"),
        ]
    ),
    st.text(max_size=20),
)
ODD_NUMBERS = st.one_of(
    st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63), 10**18, 10**300, 0.5, -0.0, 1e308, 1755000000000]),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
ODD_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), ODD_NUMBERS, ODD_TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ODD_TEXTS, inner, max_size=3)),
    max_leaves=5,
)


def places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a value, as keys from the top."""
    found = [place]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        found += places(each, (*place, key))
    return found


@st.composite
def spoiled(draw: Any, answer: Any) -> Any:
    """The answer with one to four things wrong."""
    answer = copy.deepcopy(answer)
    for _change in range(draw(st.integers(1, 4))):
        place = draw(st.sampled_from(places(answer)))
        if not place:
            if draw(st.integers(0, 9)) == 0:
                return draw(ODD_VALUES)
            continue
        parent = answer
        for key in place[:-1]:
            parent = parent[key]
        kind = draw(st.sampled_from(["replace", "replace", "remove", "double", "add"]))
        if kind == "replace":
            parent[place[-1]] = draw(ODD_VALUES)
        elif kind == "remove":
            del parent[place[-1]]
        elif kind == "double" and isinstance(parent, list):
            parent.insert(place[-1], copy.deepcopy(parent[place[-1]]))
        elif kind == "add" and isinstance(parent, dict):
            parent[draw(ODD_TEXTS)] = draw(ODD_VALUES)
    return answer


HEADERS = st.dictionaries(
    st.sampled_from(
        ["Retry-After", "Content-Type", "X-Request-Id", "X-Subject-Token", "Content-Encoding", "Location", "Date"]
    ),
    st.one_of(
        st.sampled_from(
            ["0", "-1", "1e9", "99999999999999999999", "Mon, 99 Foo", "gzip", "br", "text/html", "\x1b[31m"]
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20),
    ),
    max_size=3,
)
BODIES_OF_NO_JSON = st.one_of(
    st.sampled_from(
        [
            *(b"", b" ", b"null", b"[]", b"{}", b"<html><body>Gateway</body></html>", b'{"id": "', b"\xff\xfe\x00"),
            *(b"\x1f\x8b\x08\x00broken", b"[" * 100000, b'{"a":' * 5000, b"NaN", b'{"id": 1e999}', b"9" * 5000),
            json.dumps(THROTTLED).encode(),
            b'{"error": {"code": 5, "message": "\\u001b[31mred"}}',
            b'{"error_code": ["x"], "error_msg": {"a": 1}}',
        ]
    ),
    st.binary(max_size=50),
)
STATUSES = st.sampled_from(
    [200, 200, 200, 200, 201, 202, 204, 206, 301, 304, 400, 401, 403, 404, 409, 429, 500, 502, 503]
)


@st.composite
def answers(draw: Any, operation: str) -> tuple[int, dict[str, str], bytes]:
    """An answer to an operation: status, headers, body; most often nearly right."""
    status, headers, body = good_answer(operation)
    kind = draw(st.sampled_from(["good", "spoiled", "spoiled", "spoiled", "spoiled", "no JSON", "refused"]))
    if kind == "good":
        return status, headers, body
    if kind == "spoiled":
        return status, headers, json.dumps(draw(spoiled(true_answer(operation)))).encode()
    headers.update(draw(HEADERS))
    if kind == "no JSON":
        return draw(STATUSES), headers, draw(BODIES_OF_NO_JSON)
    return draw(STATUSES), headers, json.dumps(draw(spoiled(THROTTLED))).encode()
