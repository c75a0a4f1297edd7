# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One job on a fleet: by the collection, and by what a user would do instead.

Each contender runs in a process of its own against a simulator of its own, and is measured in the same way.
"""

from __future__ import annotations

import datetime
import pathlib
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from measure import HERE, Cost, command_cost, connection, play_cost
from receiver import Receiver
from simulator.process import Simulator

JOB_SECONDS = 2.0
BEFORE, BETWEEN = "before the first task", "between the tasks, and after the last"
VERSION = "24.1.rc3.10"
JOB = {"name": "upgrade", "type": "HDK_UPGRADE"}
ITEMS = [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]


@dataclass(frozen=True)
class Contender:
    """A way to do it.

    :ivar run: takes the simulator and the number of servers.
    :ivar most: the most servers that it is run for: beyond that it takes very long, for a figure that can be foretold.
    :ivar quick: the most servers that it is run for where not everything is measured.
    """

    key: str
    title: str
    run: Callable[[Simulator, int], Cost]
    most: int = 10_000
    quick: int = 10_000


@dataclass(frozen=True)
class Row:
    """What a contender cost for one fleet.

    :ivar overhead: seconds of wall time beyond the servers' own; of the empty task, which has none, all of it.
    :ivar startup: seconds until the first request to create a job arrived.
    :ivar after: seconds from the end of the last server to the end of the last task, or of the script.
    :ivar first_request: seconds until the first request of any kind arrived.
    :ivar steps: the seconds of each task, and before and between them; together the wall time. Empty for a script.
    """

    contender: str
    servers: int
    requests: int
    creates: int
    overhead: float
    startup: float
    after: float
    cpu: float
    memory: float
    first_request: float
    steps: dict[str, float]


def measured(contender: Contender, servers: int) -> Row:
    """Run a contender once; ends the benchmark where a server was not served exactly once."""
    settings = {"job_duration": JOB_SECONDS, "record_bodies": False}
    with Simulator(servers=servers, settings=settings) as simulator:
        cost = contender.run(simulator, servers)
        if contender.key == EMPTY:
            return Row(EMPTY, servers, 0, 0, cost.wall, 0, 0, cost.cpu, cost.memory, 0, _steps(cost))
        jobs, counts = simulator.jobs(), simulator.counts()
        first = min(entry["at"] for entry in simulator.requests("create_job"))
        first_request = min(entry["at"] for entry in simulator.requests())
    served = sum(len(job["tasks"]) for job in jobs)
    if served != servers or any(job["status"] != "FINISHED" for job in jobs):
        sys.exit(f"{contender.title}: {served} of {servers} servers were served, so the figures would mean nothing")
    last = max(job["create_at"] for job in jobs) / 1000 + JOB_SECONDS
    told = cost.tasks[-1]["at"] if cost.tasks else cost.ended
    return Row(
        contender.key,
        servers,
        counts["total"],
        counts["create_job"],
        cost.wall - JOB_SECONDS,
        first - cost.started,
        told - last,
        cost.cpu,
        cost.memory,
        first_request - cost.started,
        _steps(cost),
    )


def _steps(cost: Cost) -> dict[str, float]:
    if not cost.tasks:
        return {}
    steps = {BEFORE: cost.tasks[0]["at"] - cost.tasks[0]["seconds"] - cost.started}
    # A line per host; the last one of a task tells how long all of them took.
    for seconds, name in {line["id"]: (line["seconds"], line["task"]) for line in cost.tasks}.values():
        steps[name.rpartition(" : ")[2]] = seconds
    steps[BETWEEN] = cost.wall - sum(steps.values())
    return steps


def inventory(simulator: Simulator, servers: int) -> dict[str, Any]:
    """A host for each server."""
    hosts = {f"npu-{number:05d}": {"liteserver_id": simulator.server_id(number)} for number in range(1, servers + 1)}
    return {"npu": {"hosts": hosts}}


def by_role(simulator: Simulator, servers: int, **variables: Any) -> Cost:
    """Role ``fleet_job`` as README writes it, in one batch: preflight, guard, record, and a verdict for each host."""
    role = {"name": "modelarts.liteserver.fleet_job", "tasks_from": "hdk_upgrade"}
    values = {"fleet_job_version": VERSION, **variables}
    task = {"name": "Upgrade", "ansible.builtin.import_role": role, "vars": values}
    play = {"name": "Upgrade", "hosts": "npu", "gather_facts": False, "tasks": [task]}
    return play_cost(play, inventory(simulator, servers), connection(simulator))


def by_steered_role(simulator: Simulator, servers: int) -> Cost:
    """The same with a record and its pages, a window, a stop file, and a webhook that takes what the run sends."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, Receiver() as receiver:
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
        steered = {
            "record": str(pathlib.Path(folder, "records")),
            "window_end": f"{end:%Y-%m-%dT%H:%M+00:00}",
            "stop_file": str(pathlib.Path(folder, "stop")),
            "notify_url": receiver.url,
        }
        return by_role(simulator, servers, **{f"fleet_job_{name}": value for name, value in steered.items()})


def by_runbook(simulator: Simulator, servers: int) -> Cost:
    """The playbook ``hdk_upgrade`` as it is shipped, in one wave."""
    book = {
        "name": "Upgrade",
        "ansible.builtin.import_playbook": "modelarts.liteserver.hdk_upgrade",
        "vars": {"fleet_job_version": VERSION, "fleet_job_canary": servers, "fleet_job_largest": servers},
    }
    return play_cost(book, inventory(simulator, servers), connection(simulator))


def empty_task(simulator: Simulator, servers: int) -> Cost:
    """One task that does nothing on each host: the least that a play with a result per host can be."""
    task = {"name": "Nothing", "ansible.builtin.debug": {"msg": "nothing"}}
    play = {"name": "Nothing", "hosts": "npu", "gather_facts": False, "tasks": [task]}
    return play_cost(play, inventory(simulator, servers), {})


def by_module(simulator: Simulator, servers: int) -> Cost:
    """One task with ``liteserver_job``."""
    ids = [simulator.server_id(number) for number in range(1, servers + 1)]
    job = {**JOB, "items": ITEMS, "server_ids": ids, "wait": True}
    play = {**_local("localhost"), "tasks": [{"name": "Upgrade", "modelarts.liteserver.liteserver_job": job}]}
    return play_cost(play, None, connection(simulator))


def by_uri_per_host(simulator: Simulator, servers: int) -> Cost:
    """A job for each host, and a look at each until it is over."""
    tasks = _uri_tasks(simulator, ["{{ liteserver_id }}"])
    return play_cost({**_local("npu"), "tasks": tasks}, inventory(simulator, servers), {})


def by_uri_per_batch(simulator: Simulator, servers: int) -> Cost:
    """One job for all, and a look until it is over; no host is told how its server did."""
    ids = [simulator.server_id(number) for number in range(1, servers + 1)]
    return play_cost({**_local("localhost"), "tasks": _uri_tasks(simulator, ids)}, None, {})


def by_uri_with_verdicts(simulator: Simulator, servers: int) -> Cost:
    """The same in a play over the hosts, where each host fails if its server did."""
    tasks = _uri_tasks(simulator, "{{ ansible_play_hosts | map('extract', hostvars, 'liteserver_id') | list }}")
    for task in tasks:
        task["run_once"] = True
    mine = "job.json.tasks | selectattr('server_id', 'equalto', liteserver_id) | map(attribute='status') | first"
    tasks.append(
        {
            "name": "Verdict",
            "ansible.builtin.fail": {"msg": "{{ liteserver_id }} failed"},
            "when": f"({mine}) != 'SUCCESS'",
        }
    )
    return play_cost({**_local("npu"), "tasks": tasks}, inventory(simulator, servers), {})


def by_sdk(simulator: Simulator, servers: int) -> Cost:
    """A script on the vendor's SDK: one job for all, and a look until it is over."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = pathlib.Path(name)
        ids = folder / "ids"
        ids.write_text("\n".join(simulator.server_id(number) for number in range(1, servers + 1)))
        command = [sys.executable, str(HERE / "sdk_upgrade.py"), JOB["name"], VERSION, str(ids)]
        # Its import writes into the home directory.
        return command_cost(command, {**connection(simulator), "HOME": name}, folder)


def _local(hosts: str) -> dict[str, Any]:
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    return {"name": "Upgrade", "hosts": hosts, "gather_facts": False, "connection": "local", "vars": variables}


def _uri_tasks(simulator: Simulator, server_ids: Any) -> list[dict[str, Any]]:
    """Create and look, with a token: ``uri`` cannot sign."""
    options = simulator.token_credentials()
    base = f"{simulator.url}/v1/{options['project_id']}/dev-servers/jobs"
    call = {
        "headers": {"X-Auth-Token": options["auth_token"]},
        "body_format": "json",
        "return_content": True,
        "status_code": [200, 201, 202],
    }
    body = {**JOB, "items": ITEMS, "server_ids": server_ids}
    return [
        {
            "name": "Create a job",
            "ansible.builtin.uri": {**call, "url": base, "method": "POST", "body": body},
            "register": "created",
        },
        {
            "name": "Wait for it",
            "ansible.builtin.uri": {**call, "url": base + "/{{ created.json.id }}"},
            "register": "job",
            "until": "job.json.status == 'FINISHED'",
            "retries": 120,
            "delay": 1,
        },
    ]


ROLE, MODULE, PER_HOST, PER_BATCH, WITH_VERDICTS, SDK = "role", "module", "uri-host", "uri-batch", "uri-verdicts", "sdk"
RUNBOOK, EMPTY, STEERED = "runbook", "empty", "steered"
CONTENDERS = (
    Contender(ROLE, "role fleet_job", by_role),
    # Between the two that are measured by it.
    Contender(EMPTY, "one empty task on each host", empty_task),
    Contender(RUNBOOK, "playbook hdk_upgrade", by_runbook),
    Contender(STEERED, "role fleet_job, steered", by_steered_role, quick=1000),
    Contender(MODULE, "module liteserver_job, one task", by_module),
    Contender(PER_HOST, "(a) uri and until, per host", by_uri_per_host, most=1000, quick=100),
    Contender(PER_BATCH, "(b) uri and until, once", by_uri_per_batch),
    # What each host is told is searched for in the whole job: its cost grows with the square of the fleet.
    Contender(WITH_VERDICTS, "(b) with a verdict per host", by_uri_with_verdicts, most=1000),
    Contender(SDK, "(c) script on the vendor's SDK", by_sdk),
)
