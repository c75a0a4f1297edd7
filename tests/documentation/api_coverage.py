# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/api-coverage.md: the calls of the API, from the vendor's SDK, against what the collection does with them.

What is supported is observed and not claimed: the real modules run against the simulator with a value of its own in
each option and in each field of each answer, and each value is looked for where it ought to arrive. What is not
supported has its reason here. A call, parameter or field that is neither, or both, is an error.

    python -m documentation.api_coverage        with tests/ on the path: "make api-coverage"
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import re
from collections.abc import Iterator
from typing import Any

import huaweicloudsdkmodelarts.v1 as sdk
from documentation.blocks import REPOSITORY
from module_process import ModuleProcesses
from simulator.process import Simulator
from simulator.servers import server_id

PAGE = REPOSITORY / "docs" / "api-coverage.md"
PREFIX = "/v1/{project_id}/dev-servers"
# Calls beside these, which concern Lite Servers too.
BESIDE = "/v1/{project_id}/scheduled-events"
SDK_VERSION = "3.1.219"

# Why a call is not supported.
LIFECYCLE = "buys, changes or gives back what costs money: work for Terraform, and not for a rollout"
NETWORK = "attaches networks, volumes and addresses: work for Terraform"
SYSTEM = "installs another operating system, which ends all that runs and is stored there"
SUPERNODE = "servers and jobs are all a rollout needs; the server list names the supernode of each"
CLUSTER = "clusters of supernodes: nothing of a rollout needs them"
CATALOG = "what can be bought"
NOT_SUPPORTED = {
    "AcceptScheduledEvent": "can erase disks, and starts the vendor's work: a person decides",
    "AttachDevServerPort": NETWORK,
    "AttachDevServerVolume": NETWORK,
    "BatchDevServersAction": "power actions go server by server, so that each has its own outcome",
    "BindDevServerPublicIP": NETWORK,
    "ChangeDevServerOS": SYSTEM,
    "ChangeHyperinstanceOS": SYSTEM,
    "CreateDevServer": LIFECYCLE,
    "CreateHyperCluster": LIFECYCLE,
    "CreateHyperinstanceGroup": LIFECYCLE,
    "CreateHyperinstanceTags": SUPERNODE,
    "CreateRoceNetwork": NETWORK,
    "DeleteDevServer": LIFECYCLE,
    "DeleteHyperCluster": LIFECYCLE,
    "DeleteHyperinstance": LIFECYCLE,
    "DeleteHyperinstanceGroup": LIFECYCLE,
    "DeleteHyperinstanceTags": SUPERNODE,
    "DetachDevServerPort": NETWORK,
    "DetachDevServerVolume": NETWORK,
    "GetDevServerImage": CATALOG,
    "GetDevServerOperation": "no answer has the id of an operation; the status of the server is read instead",
    "GetHyperCluster": CLUSTER,
    "GetHyperinstance": SUPERNODE,
    "GetHyperinstanceGroup": CLUSTER,
    "GetHyperinstanceOperation": SUPERNODE,
    "GetScaleEvaluationsDevServer": LIFECYCLE,
    "GetTopologies": SUPERNODE,
    "ListAllHyperinstances": SUPERNODE,
    "ListDevServerFlavors": CATALOG,
    "ListDevServerImages": CATALOG,
    "ListDevServerPublicIP": NETWORK,
    "ListHyperCluster": CLUSTER,
    "ListHyperinstanceClustersCapacity": CATALOG,
    "ListHyperinstanceGroup": CLUSTER,
    "ListHyperinstanceGroupsCapacity": CATALOG,
    "ListHyperinstanceServers": SUPERNODE,
    "ListHyperinstances": SUPERNODE,
    "ListPlugins": "versions of plug-ins; jobs do not take one",
    "QueryHyperinstanceTags": SUPERNODE,
    "ReinstallDevServerOS": SYSTEM,
    "ScaleDownHyperinstance": LIFECYCLE,
    "ScaleUpHyperinstance": LIFECYCLE,
    "StartHyperinstance": "`liteserver_power` starts its servers one by one",
    "StopHyperinstance": "`liteserver_power` stops its servers one by one",
    "SyncDevServers": "no module changes what the service knows before it is asked",
    "UnbindDevServerPublicIP": NETWORK,
    "UpdateDevServer": LIFECYCLE,
}
# Why a parameter of a supported call is not sent.
ORDER = "the collection orders by supernode and name"
HERE = "filtered by the collection: "
NOT_SENT = {
    ("ListDevServerJobs", "id"): "`job_ids` reads the detail",
    ("ListDevServerJobs", "type"): HERE + "`type`, because another type is stored than was sent",
    ("ListDevServerJobs", "status"): HERE + "`status`, because it is not documented how the service compares",
    ("ListScheduledEvents", "state"): HERE + "`states`, because it is not documented how the service reads several",
    ("ListScheduledEvents", "type"): HERE + "`types`, likewise",
    **{
        ("ListScheduledEvents", name): "all events are read; `server_ids` picks those of servers"
        for name in ("id", "nodeName", "poolName", "publishStartTime", "publishEndTime")
    },
    ("ListDevServers", "owner"): "for administrators; `scope: all` reads everybody's",
    ("ListDevServers", "sort_dir"): ORDER,
    ("ListDevServers", "sort_key"): ORDER,
    ("ListDevServerJobTemplates", "id"): "`template_id` reads the detail",
    ("ListDevServerJobTemplates", "name"): HERE + "`name`",
    ("ListDevServerJobTemplates", "type"): HERE + "`type`",
    ("ShowSoftware", "flavor_type"): HERE + "`flavor_type`",
    ("ShowSoftware", "type"): HERE + "`type`",
    ("StartDevServer", "arch"): "not needed to start a server; an empty body is sent",
    ("StartDevServer", "charging_mode"): "not needed to start a server",
    ("StartDevServer", "server_type"): "not needed to start a server",
}
# Why a field of the answer of a supported call is not in a result.
ENVELOPE = "read, for paging"
PAGED = ("ListDevServerJobs", "ListDevServerJobTemplates", "ListDevServers", "ListAllDevServers")
NOT_RETURNED = {
    **{(call, field): ENVELOPE for call in PAGED for field in ("current", "pages", "size", "total")},
    ("ListScheduledEvents", "count"): ENVELOPE,
    **{
        (call, f"{at}endpoints_response[].ssh_keys[]"): "masked, because of its name"
        for call, at in (("ListDevServers", "data[]."), ("ListAllDevServers", "data[]."), ("ShowDevServer", ""))
    },
    **{
        ("CreateDevServerJob", f"tasks[].{field}"): "`liteserver_job_info` with `job_ids` returns it"
        for field in ("cloud_server", "create_at", "update_at")
    },
}
ANEW = "the server is read anew after the action"
NOTHING_RETURNED = {
    "DeleteDevServerJobs": "the ids name the records that are gone; the collection searches for the others",
    "RebootDevServer": ANEW,
    "StartDevServer": ANEW,
    "StopDevServer": ANEW,
}

# Documented calls that the SDK does not have: page, method, path, query, fields of the answer.
ONLY_DOCUMENTED = {
    "ShowSoftware": (
        "GET",
        "/software",
        ["flavor_type", "type"],
        [
            "data[].flavor_type",
            "data[].support[].type",
            "data[].support[].info[].id",
            "data[].support[].info[].version",
        ],
    ),
    "ListPlugins": ("GET", "/plugins", ["name"], []),
}


@dataclasses.dataclass(frozen=True)
class Call:
    """A call of the API.

    Attributes:
        path: after the prefix, with names in braces.
        parameters: {name: where it stands}, where is path, query or body; a part of a body is written ``items[].type``.
        fields: of its answer, written likewise.
    """

    name: str
    method: str
    path: str
    parameters: dict[str, str]
    fields: list[str]

    def is_asked_by(self, method: str, path: str) -> bool:
        """Whether a request is one of this call."""
        return method == self.method and bool(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", self.path), path))


def fields_of(kind: str, at: str = "") -> Iterator[str]:
    """The leaves of a model of the SDK, by the names that are sent."""
    inner = re.fullmatch(r"list\[(.*)\]", kind)
    if inner:
        yield from fields_of(inner[1], at + "[]")
    elif hasattr(sdk, kind):
        model = getattr(sdk, kind)
        for name, part in model.openapi_types.items():
            yield from fields_of(part, f"{at}.{model.attribute_map[name]}".lstrip("."))
    else:
        yield at


def calls() -> dict[str, Call]:
    """Every call below the prefix, by its name."""
    found = {}
    requests = {name.lower(): name for name in dir(sdk) if name.endswith("Request")}
    for name in dir(sdk.ModelArtsClient):
        made = re.fullmatch(r"_(\w+)_http_info", name)
        if not made:
            continue
        title = requests[made[1].replace("_", "") + "request"].removesuffix("Request")
        request = getattr(sdk, title + "Request")
        # Every attribute is given, so that the SDK shows where it would put it.
        filled = request()
        for attribute in request.attribute_map:
            setattr(filled, "_" + attribute, attribute)
        info = getattr(sdk.ModelArtsClient, name)(filled)
        if not info["resource_path"].startswith((PREFIX, BESIDE)):
            continue
        parameters = {
            **dict.fromkeys(info["path_params"], "path"),
            **{key: "query" for key, _value in info["query_params"]},
        }
        if info["body"] is not None:
            parameters.update(dict.fromkeys(fields_of(request.openapi_types["body"]), "body"))
        path = below(info["resource_path"])
        headers = {"x_request_id"}
        fields = [field for field in fields_of(info["response_type"]) if field.lower().replace("-", "_") not in headers]
        found[title] = Call(title, info["method"], path, parameters, fields)
    for title, (method, path, query, fields) in ONLY_DOCUMENTED.items():
        assert title not in found, f"{title} is in the SDK by now"
        found[title] = Call(title, method, path, dict.fromkeys(query, "query"), fields)
    return found


# What the collection does


@dataclasses.dataclass
class Observed:
    """What was seen of a call.

    Attributes:
        modules: those that made it.
        sent: {parameter: option}; the option is empty where the collection itself fills the parameter.
        returned: {field: where it is in a result}.
    """

    modules: set[str] = dataclasses.field(default_factory=set)
    sent: dict[str, str] = dataclasses.field(default_factory=dict)
    returned: dict[str, str] = dataclasses.field(default_factory=dict)


# A job that is there from the start.
JOB_ID = "00000000-0000-5000-8000-00000000000a"
# Runs of modules with a value of its own in each option that could reach the service.
PROBES: list[tuple[str, dict[str, Any]]] = [
    (
        "liteserver_job",
        {
            "name": "probe-name",
            "description": "probe-description",
            "type": "PROBE_TYPE",
            "server_ids": [server_id(1)],
            "is_reboot": True,
            "items": [{"type": "PROBE_ITEM", "spec": {"probe": "probe-spec"}}],
            "template_check": "warn",
            "wait": True,
        },
    ),
    ("liteserver_job", {"state": "absent", "job_id": JOB_ID}),
    ("liteserver_job_info", {"name": "probe-name", "type": "PROBE_TYPE", "status": "PROBE_STATUS", "visible": True}),
    ("liteserver_job_info", {}),
    ("liteserver_job_info", {"job_ids": [JOB_ID]}),
    ("liteserver_job_template_info", {"name": "probe-name", "type": "PROBE_TYPE"}),
    ("liteserver_job_template_info", {"template_id": "probe-template"}),
    ("liteserver_software_info", {"flavor_type": "probe-flavor", "type": "PROBE_TYPE"}),
    ("liteserver_service_info", {"service_id": "probe-service"}),
    ("liteserver_event_info", {"states": ["PROBE_STATE"], "types": ["PROBE_TYPE"], "workspace_id": "probe-workspace"}),
    ("liteserver_info", {"names": ["probe-name"]}),
    ("liteserver_info", {"scope": "all"}),
    ("liteserver_info", {"server_ids": [server_id(1)]}),
    ("liteserver_power", {"state": "stopped", "force": True, "server_ids": [server_id(1)], "wait": True}),
    ("liteserver_power", {"state": "started", "server_ids": [server_id(1)], "wait": True}),
    ("liteserver_power", {"state": "rebooted", "server_ids": [server_id(1)], "wait": True}),
]
# Runs in which the answer of one call holds a value of its own in each field that the SDK knows.
ANSWERS: list[tuple[str, str, str, dict[str, Any]]] = [
    (
        "CreateDevServerJob",
        "create_job",
        "liteserver_job",
        {
            "name": "probe",
            "type": "PROBE_TYPE",
            "items": [{"type": "PROBE"}],
            "server_ids": [],
            "template_check": "off",
        },
    ),
    ("ListDevServerJobs", "list_jobs", "liteserver_job_info", {}),
    ("GetDevServerJob", "get_job", "liteserver_job_info", {"job_ids": ["value-id"]}),
    ("ListDevServerJobTemplates", "list_templates", "liteserver_job_template_info", {}),
    ("GetDevServerJobTemplate", "get_template", "liteserver_job_template_info", {"template_id": "value-id"}),
    ("GetDevServerJobService", "get_service", "liteserver_service_info", {"service_id": "value-id"}),
    ("ShowSoftware", "list_software", "liteserver_software_info", {}),
    ("ListScheduledEvents", "list_scheduled_events", "liteserver_event_info", {}),
    ("ListDevServers", "list_servers", "liteserver_info", {}),
    ("ListAllDevServers", "list_all_servers", "liteserver_info", {"scope": "all"}),
    ("ShowDevServer", "get_server", "liteserver_info", {"server_ids": ["value-id"]}),
]


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """(place, value) of all that is in a document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{at}.{key}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, at + "[]")
    else:
        yield at, value


def document(call: Call) -> tuple[dict[str, Any], dict[str, Any]]:
    """An answer with a value of its own in each field, and {field: value}."""
    made: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for number, field in enumerate(call.fields):
        name = field.split(".")[-1]
        value: Any = f"value-{number}"
        if name.endswith(("_at", "Time", "notBefore")):
            value = 1755005000000 + number
        elif name == "abnormal_count":
            value = 1000 + number
        elif name == "visible":
            value = "true"
        elif name == "uri":
            value = f"10.0.0.{number}"
        elif field in ("current", "pages", "size", "total", "count"):
            value = 1
        values[field] = value
        # What the SDK has as a map.
        put(made, field, {"key": value} if name == "spec" or field.endswith("tasks[].cloud_server") else value)
    return made, values


def put(into: dict[str, Any], field: str, value: Any) -> None:
    """Put a value at a place such as ``data[].tasks[].id``."""
    first, _dot, rest = field.partition(".")
    key = first.removesuffix("[]")
    if not rest:
        into[key] = [value] if first.endswith("[]") else value
        return
    inner = into.setdefault(key, [{}] if first.endswith("[]") else {})
    put(inner[0] if first.endswith("[]") else inner, rest, value)


def place_of(value: Any, result: dict[str, Any]) -> str:
    """Where a value is in a result, rather as a key of its own than in the record that is passed through."""
    found = [
        place.removesuffix(".key")
        for place, leaf in leaves(result)
        if leaf == value or (value == "true" and leaf is True)
    ]
    return min(
        (place for place in found if place != "changed"), key=lambda place: (".raw." in place, len(place)), default=""
    )


def observe(simulator: Simulator, processes: ModuleProcesses) -> dict[str, Observed]:
    """Run the modules, and see what they do with each call."""
    known = calls()
    seen = {name: Observed() for name in known}
    items = [{"type": "COMMON", "spec": {}}]
    for _event in range(12):
        simulator.seed_event(1)
    (job_id,) = simulator.seed([{"name": "there", "items": items, "servers": {server_id(1): "SUCCESS"}}])
    for module, options in PROBES:
        options = {key: of_this_run(value, job_id) for key, value in options.items()}
        simulator.clear_requests()
        processes.run(module, {**simulator.credentials(), **options}).result  # noqa: B018  (that there is one)
        for request in simulator.requests():
            call = call_of(known, simulator, request)
            seen[call.name].modules.add(module)
            for parameter, value in sent(call, simulator, request).items():
                option = next(
                    (
                        place.removesuffix(".probe")
                        for place, leaf in leaves(options)
                        # A description goes out with the mark of its job behind it.
                        if str(leaf).lower() == str(value).lower().partition("_lsj1-")[0]
                    ),
                    "",
                )
                seen[call.name].sent[parameter] = seen[call.name].sent.get(parameter) or option
    for name, operation, module, options in ANSWERS:
        simulator.clear_faults()
        body, values = document(known[name])
        simulator.fault(operation, "wrong_shape", times=None, body=body)
        if operation == "create_job":
            options = {**options, "server_ids": [values["tasks[].server_id"]]}
            # It is not there in either of two looks before, of two pages each, and is after.
            simulator.fault("list_jobs", "wrong_shape", skip=4, times=None, body={"data": [body], "total": 1})
        ended = processes.run(module, {**simulator.credentials(), **options}).result
        ended.pop("invocation", None)  # not there from ansible-core 2.21 on
        assert "msg" not in ended or name == "CreateDevServerJob", ended
        for field, value in values.items():
            if (place := place_of(value, ended)) and (name, field) not in NOT_RETURNED:
                seen[name].returned[field] = place
    simulator.clear_faults()
    return seen


def of_this_run(value: Any, job_id: str) -> Any:
    """The value of an option, with the job that is really there."""
    return job_id if value == JOB_ID else [job_id] if value == [JOB_ID] else value


def below(path: str) -> str:
    """A path of the service as it stands in the tables: below the prefix, or a step up from there."""
    return path[len(PREFIX) :] if path.startswith(PREFIX) else "/.." + path.removeprefix("/v1/{project_id}")


def call_of(known: dict[str, Call], simulator: Simulator, request: dict[str, Any]) -> Call:
    """The call that a request is one of; a literal path before one with names in it."""
    path = below(request["path"].replace(simulator.project_id, "{project_id}"))
    fitting = [call for call in known.values() if call.is_asked_by(request["method"], path)]
    assert fitting, request
    return min(fitting, key=lambda call: call.path.count("{"))


def sent(call: Call, simulator: Simulator, request: dict[str, Any]) -> dict[str, Any]:
    """{parameter: value} of a request; fails where the call has no such parameter."""
    path = below(request["path"].replace(simulator.project_id, "{project_id}"))
    found = dict(
        zip(re.findall(r"\{(\w+)\}", call.path), re.fullmatch(as_groups(call.path), path).groups(), strict=True)
    )
    found.update(request["query"])
    for place, value in leaves(request["body"] or {}):
        found[place if place in call.parameters else place.rpartition(".")[0]] = value
    # Not documented where the answer has pages nevertheless; see the page.
    unknown = set(found) - set(call.parameters) - {"limit", "offset"}
    assert not unknown, f"{call.name}: {unknown}"
    return found


def as_groups(path: str) -> str:
    """The path as a pattern, with a group for each name."""
    return re.sub(r"\{\w+\}", "([^/]+)", path)


# The page


def page(seen: dict[str, Observed]) -> str:
    """The whole page; fails where something is neither supported nor said not to be, or both."""
    known = calls()
    used = [name for name, observed in seen.items() if observed.modules]
    assert set(known) - set(used) == set(NOT_SUPPORTED), (set(known) - set(used)) ^ set(NOT_SUPPORTED)
    rows = sorted(known.values(), key=lambda call: (call.name not in used, call.path, call.method))
    lines = [HEAD, "", "## Calls", "", "| call | | the collection |", "|---|---|---|"]
    for call in rows:
        if call.name in used:
            told = ", ".join(f"`{module}`" for module in sorted(seen[call.name].modules))
            name = f"[{call.name}](#{call.name.lower()})"
        else:
            told, name = f"not supported: {NOT_SUPPORTED[call.name]}", call.name
        mark = " (1)" if call.name in ONLY_DOCUMENTED else ""
        lines.append(f"| {name}{mark} | {call.method} `{call.path or '/'}` | {told} |")
    lines += ["", "(1) Documented by the vendor, but not in the SDK.", ""]
    printed: dict[tuple[tuple[str, str], ...], str] = {}
    for call in rows:
        if call.name in used:
            lines += section(call, seen[call.name], printed)
    return "\n".join(lines).rstrip() + "\n"


def section(call: Call, observed: Observed, printed: dict[tuple[tuple[str, str], ...], str]) -> list[str]:
    """Parameters and fields of a supported call."""
    lines = [f"### {call.name}", ""]
    if call.parameters:
        lines += ["| parameter | in | |", "|---|---|---|"]
        for name, where in call.parameters.items():
            is_sent, reason = name in observed.sent, NOT_SENT.get((call.name, name))
            assert is_sent != bool(reason), f"{call.name}, {name}: sent: {is_sent}, but the reason is {reason!r}"
            option = observed.sent.get(name)
            told = f"not sent: {reason}" if reason else f"option `{option}`" if option else "set by the collection"
            lines.append(f"| `{name}` | {where} | {told} |")
        lines.append("")
    extra = [name for name in ("limit", "offset") if name in observed.sent and name not in call.parameters]
    if extra:
        lines += [
            f"Sent too, where a first answer was not the whole list: {', '.join(f'`{name}`' for name in extra)}.",
            "",
        ]
    if call.name in NOTHING_RETURNED:
        assert not observed.returned
        return [*lines, f"No field of the answer is in a result: {NOTHING_RETURNED[call.name]}.", ""]
    fields = []
    for field in call.fields:
        place, reason = observed.returned.get(field), NOT_RETURNED.get((call.name, field))
        assert bool(place) != bool(reason), f"{call.name}, {field}: returned at {place}, but the reason is {reason!r}"
        fields.append((field, f"`{place}`" if place else str(reason)))
    if tuple(fields) in printed:
        return [
            *lines,
            f"Fields of the answer: as of [{printed[tuple(fields)]}](#{printed[tuple(fields)].lower()}).",
            "",
        ]
    printed[tuple(fields)] = call.name
    lines += ["| field of the answer | in a result |", "|---|---|"]
    return [*lines, *[f"| `{field}` | {told} |" for field, told in fields], ""]


HEAD = f"""\
# The API, and what is supported of it

<!-- Made by "make api-coverage"; do not edit. A test makes it again and compares. -->

For readers who ask whether a call, parameter or field is supported. At the end you know where each value goes.

The calls are those under `{PREFIX}` in the vendor's SDK `huaweicloudsdkmodelarts` {SDK_VERSION}. The tables are
measured: the real modules ran against the [simulator](../tests/simulator/README.md), with a distinct value in each
option and in each field of the answers, and the tables show where each value arrived. The live service was not used.

- A path `/../x` is `/v1/{{project_id}}/x`.
- Fields that the SDK does not have are passed through: in jobs as they come, of servers and services in `raw`.
- The inventory plugin makes the same two calls as `liteserver_info` without ids. The role `fleet_job` uses the modules.
- Where a list is longer than one answer, all its pages are read, also where the API documents no parameter for it."""


def make() -> str:
    """The page as it has to be."""
    assert importlib.metadata.version("huaweicloudsdkmodelarts") == SDK_VERSION
    with (
        Simulator(servers=12, history=12, settings={"job_duration": 0.3, "event_page_size": 10}) as simulator,
        ModuleProcesses() as processes,
    ):
        return page(observe(simulator, processes))


if __name__ == "__main__":
    PAGE.write_text(make(), encoding="utf-8")
