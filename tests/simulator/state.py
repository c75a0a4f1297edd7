# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs, tasks and supernodes as plain data, and the world that holds them and the servers.

Nothing runs in the background: every status is worked out from the clock when somebody
asks, so a job that "runs" costs nothing and time can be moved forward at will.
"""

from __future__ import annotations

import bisect
import dataclasses
import datetime
import math
import uuid
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from . import catalog, errors, oddities
from .catalog import NAMESPACE
from .clock import Clock
from .servers import Server, record_of, server_id, supernode_id
from .settings import Settings

SUCCESS, FAILED, SKIPPED, PROCESSING = "SUCCESS", "FAILED", "SKIPPED", "PROCESSING"


def milliseconds(seconds: float) -> int:
    """Epoch seconds as the whole milliseconds that the service shows."""
    return int(round(seconds * 1000))


@dataclasses.dataclass
class Task:
    """One server's part of a job: PROCESSING until ``ends``, then ``final``.

    Attributes:
        restart: if it fails, it is FAILED for this moment (from, until), then PROCESSING again until ``ends``; or None.
    """

    id: str
    server: Server
    final: str
    message: str
    ends: float
    restart: tuple[float, float] | None = None

    def status(self, now: float) -> str:
        """The status at ``now``."""
        if self.restart is not None and self.restart[0] <= now < self.restart[1]:
            return FAILED
        return self.final if now >= self.ends else PROCESSING


@dataclasses.dataclass
class Job:
    """One job. ``sequence`` tells apart jobs of the same moment."""

    sequence: int
    id: str
    name: str
    description: str
    requested_type: str
    stored_type: str
    is_reboot: bool
    items: list[dict[str, Any]]
    tasks: list[Task]
    template_id: str
    created: float
    visible_from: float
    tasks_from: float
    fixed_status: str | None = None
    deleted_at: float | None = None

    def __post_init__(self) -> None:
        self.ends = max(task.ends for task in self.tasks)
        # A stable place for the random order, with nothing to do with the order of creation.
        self.shuffle = zlib.crc32(self.id.encode())

    def status(self, now: float, settings: Settings) -> str:
        """The status at ``now``."""
        if self.deleted_at is not None:
            return "DELETED"
        if self.fixed_status is not None:
            return self.fixed_status
        return settings.finished_status if now >= self.ends - settings.finished_early else settings.processing_status

    def updated(self, now: float) -> float:
        """When something last changed, as seen at ``now``."""
        if self.deleted_at is not None:
            return self.deleted_at
        if now >= self.ends:
            return self.ends
        return max((task.ends for task in self.tasks if task.ends <= now), default=self.created)

    def abnormal_count(self, now: float) -> int:
        """The number of servers whose task has failed by ``now``."""
        return sum(1 for task in self.tasks if task.final == FAILED and now >= task.ends)


class World:
    """Everything that a reset makes anew, apart from the gateway's own memory."""

    def __init__(self, settings: Settings, clock: Clock, servers: int, history: int = 0) -> None:
        self.settings = settings
        self.clock = clock
        self.servers: dict[str, Server] = {}
        self.supernodes: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, Job] = {}
        self.services: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self._by_age: list[Job] = []
        self._sequence = 0
        self._build_fleet(servers)
        self._build_history(history)

    # Servers

    def _build_fleet(self, count: int) -> None:
        now = self.clock.now()
        settings = self.settings
        in_supernodes = int(count * settings.supernode_share)
        for index in range(1, count + settings.foreign_servers + 1):
            # An hour ago and one second apart, so that sorting by time is sorting by index.
            created = now - 3600 - (count + settings.foreign_servers) + index
            if index <= in_supernodes:
                record = self._supernode_member(index, created)
            else:
                record = self._single_server(index, index - in_supernodes)
            server = self._server(index, record, created, owned=index <= count)
            self.servers[server.id] = server
            if "server_hps" in record:
                self.supernodes[record["server_hps"]["id"]]["members"].append(server.id)

    @staticmethod
    def _server(index: int, record: dict[str, Any], created: float, owned: bool) -> Server:
        identifier = server_id(index)
        record.update(id=identifier, name=f"liteserver-{index:05d}")
        return Server(index, identifier, record, created, owned, updated=created)

    def _supernode_member(self, index: int, created: float) -> dict[str, Any]:
        number = (index - 1) // self.settings.supernode_size + 1
        node_id, node_name = supernode_id(number), f"supernode-{number:03d}"
        hps_id = str(uuid.uuid5(NAMESPACE, f"hps/{number}"))
        self.supernodes.setdefault(
            node_id,
            {
                "create_at": created,
                "hps_cluster_id": str(uuid.uuid5(NAMESPACE, f"hps-cluster/{number}")),
                "hps_id": hps_id,
                "id": node_id,
                "name": node_name,
                "order_id": f"CS{number:010d}",
                "members": [],
            },
        )
        cloud_server = {
            "id": str(uuid.uuid5(NAMESPACE, f"cloud/{index}")),
            "type": "HPS",
            "hps_id": hps_id,
            "hps_ecs_id": str(uuid.uuid5(NAMESPACE, f"hps-ecs/{index}")),
        }
        record = record_of(index, "HPS", "hps.snt9b23.8xlarge.sim", "HCE2.0-Snt9b23", cloud_server)
        record["server_hps"] = {"id": node_id, "name": node_name}
        return record

    @staticmethod
    def _single_server(index: int, place: int) -> dict[str, Any]:
        """Of every four: a virtual machine third, a full rack fourth, bare metal else."""
        cloud_id = str(uuid.uuid5(NAMESPACE, f"cloud/{index}"))
        if place % 4 == 0:
            return record_of(index, "SPOD", "rack.snt9b23.sim", "HCE2.0-Snt9b23", {"id": cloud_id, "type": "BMS"})
        if place % 4 == 3:
            return record_of(index, "SERVER", "ecs.snt9b.4xlarge.sim", "HCE2.0-Snt9b", {"id": cloud_id, "type": "ECS"})
        return record_of(index, "SERVER", "physical.snt9b.sim", "HCE2.0-Snt9b", {"id": cloud_id, "type": "BMS"})

    def shift_servers(self, count: int, grow: bool) -> None:
        """Let ``count`` servers join or leave at the head of the list, as if between two pages."""
        for _n in range(count):
            if grow:
                index = max((server.index for server in self.servers.values()), default=0) + 1
                created = min((server.created for server in self.servers.values()), default=self.clock.now()) - 1
                joined = self._server(index, self._single_server(index, index), created, owned=True)
                self.servers = {joined.id: joined, **self.servers}
            elif self.servers:
                left = self.servers.pop(next(iter(self.servers)))
                if "server_hps" in left.record:
                    self.supernodes[left.record["server_hps"]["id"]]["members"].remove(left.id)

    def server(self, identifier: str) -> Server:
        """The server of this Lite Server id; the ids of the machines below do not count. Else the not-found answer."""
        found = self.servers.get(identifier)
        if found is None:
            raise errors.not_found("LiteServer instance", identifier, self.settings.not_found)
        return found

    def show_server(self, server: Server, detail: bool = False) -> dict[str, Any]:
        """A server as the service shows it. The detail has one field more that nobody documents, as the live one."""
        now = self.clock.now()
        shown = dict(
            server.record,
            status=server.status(now),
            create_at=self._shown_milliseconds(server.created),
            update_at=self._shown_milliseconds(server.updated_at(now)),
        )
        if detail:
            shown["resource_flavor"] = server.record["flavor"]
        return shown

    def add_event(self, server: Server | None, record: dict[str, Any]) -> dict[str, Any]:
        """Put in a scheduled event, the newest, with defaults for what ``record`` does not give; the whole event.

        ``instanceId`` is the id of ``server`` that the setting ``event_instance_id`` says.
        """
        number = len(self.events) + 1
        published = datetime.datetime.fromtimestamp(int(self.clock.now()) + number, datetime.timezone.utc)
        cloud_server = server.record["cloud_server"] if server else {}
        underlying = cloud_server.get("hps_ecs_id")
        ids = {
            "server": server.id if server else None,
            "cloud": cloud_server.get("id"),
            # Only a member of a supernode has a machine of its own below the cloud server.
            "underlying": underlying or cloud_server.get("id"),
        }
        event = {
            "id": str(uuid.uuid5(NAMESPACE, f"event/{number}")),
            "catalog": "hardware",
            "type": "system-maintenance",
            "description": "The server is rebooted to repair a memory module.",
            "state": "scheduled",
            "instanceType": "devserver",
            "instanceId": ids[self.settings.event_instance_id],
            "nodeName": server.record["name"] if server else "",
            "poolName": "",
            "poolDisplayName": "",
            "publishTime": published.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "startTime": None,
            "finishTime": None,
            "notBefore": (published + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "probeMsg": "",
            "jobProgress": "",
            "redeployType": [],
            **({"underLyingInstanceId": underlying} if underlying else {}),
            **record,
        }
        self.events.insert(0, event)
        return event

    def supernode(self, identifier: str) -> dict[str, Any]:
        """The supernode record of this id, else the not-found answer."""
        found = self.supernodes.get(identifier)
        if found is None:
            raise errors.not_found("Hyperinstance", identifier, self.settings.not_found)
        return found

    def show_supernode(self, supernode: dict[str, Any]) -> dict[str, Any]:
        """A supernode with its servers as the service shows it."""
        shown = {name: value for name, value in supernode.items() if name != "members"}
        members = [self.servers[identifier] for identifier in supernode["members"]]
        now = self.clock.now()
        shown.update(
            create_at=self._shown_milliseconds(supernode["create_at"]),
            update_at=self._shown_milliseconds(
                max((member.updated_at(now) for member in members), default=supernode["create_at"])
            ),
            status="ACTIVE",
            servers=[self.show_server(member) for member in members],
        )
        return shown

    # Jobs

    def _build_history(self, count: int) -> None:
        """Finished driver upgrades, a minute apart, each of one server, the fleet round and round."""
        fleet = [server.id for server in self.servers.values() if server.owned]
        if not fleet:
            return
        for number in range(1, count + 1):
            self.seed(
                {
                    "name": f"history-{number:05d}",
                    "items": [{"type": "HDK_UPGRADE", "spec": {"version": "24.1.rc3.9"}}],
                    "servers": {fleet[(number - 1) % len(fleet)]: SUCCESS},
                    "age": 60 * (count - number + 1),
                }
            )

    def _task_plan(self, server: Server) -> tuple[str, str, float]:
        """Final status, message and duration of the next task on ``server``; its counters move on."""
        if server.final_status is not None:
            final = server.final_status
        elif server.fail > 0:
            server.fail -= 1
            final = FAILED
        elif server.skip > 0:
            server.skip -= 1
            final = SKIPPED
        else:
            final = SUCCESS
        duration = self.settings.job_duration if server.duration is None else server.duration
        return final, _message(final, server.message), duration + self.settings.duration_spread * server.spread

    def _add(self, job: Job) -> Job:
        self.jobs[job.id] = job
        bisect.insort(self._by_age, job, key=lambda each: (each.created, each.sequence))
        return job

    def _next_id(self) -> tuple[int, str]:
        self._sequence += 1
        return self._sequence, str(uuid.uuid5(NAMESPACE, f"job/{self._sequence}"))

    def create_job(
        self,
        name: str,
        description: str,
        type_: str,
        is_reboot: bool,
        items: list[dict[str, Any]],
        server_ids: Iterable[str],
    ) -> Job:
        """Start a job over servers that exist. A server that is named twice gets one task."""
        now = self.clock.now()
        servers = [self.server(identifier) for identifier in dict.fromkeys(server_ids)]
        sequence, identifier = self._next_id()
        tasks = []
        for number, server in enumerate(servers, 1):
            final, message, duration = self._task_plan(server)
            again = self.settings.restart_failed if is_reboot and final == FAILED else 0.0
            restart = (now + duration, now + duration + again / 2) if again else None
            if restart:
                final, message = SUCCESS, _message(SUCCESS, server.message)
            tasks.append(Task(_task_id(identifier, number), server, final, message, now + duration + again, restart))
        return self._add(
            Job(
                sequence,
                identifier,
                name,
                description,
                type_,
                catalog.stored_type(type_, self.settings.rename),
                is_reboot,
                items,
                tasks,
                catalog.template_id_for(type_, _flavor_type(servers[0])),
                created=now,
                visible_from=now + self.settings.list_lag,
                tasks_from=now + self.settings.tasks_delay,
            )
        )

    def seed(self, record: dict[str, Any]) -> Job:
        """Put in a job of the past, already checked by the control interface.

        ``servers`` maps server ids to final statuses; PROCESSING there never ends.
        """
        sequence, identifier = self._next_id()
        created = self.clock.now() - record.get("age", 0)
        ended = created + min(record.get("age", 0), self.settings.job_duration)
        tasks = [
            Task(
                _task_id(identifier, number),
                self.server(each),
                final,
                _message(final, None),
                math.inf if final == PROCESSING else ended,
            )
            for number, (each, final) in enumerate(record["servers"].items(), 1)
        ]
        type_ = record.get("type", record["items"][0]["type"])
        return self._add(
            Job(
                sequence,
                identifier,
                record["name"],
                record.get("description", ""),
                type_,
                catalog.stored_type(type_, self.settings.rename),
                False,
                record["items"],
                tasks,
                catalog.template_id_for(type_, _flavor_type(tasks[0].server)),
                created=created,
                visible_from=created,
                tasks_from=created,
                fixed_status=record.get("status"),
            )
        )

    def shift_jobs(self, count: int, grow: bool) -> None:
        """Let ``count`` jobs of somebody else appear, or the newest jobs be deleted, as if between two pages."""
        if grow:
            for _n in range(count if self.servers else 0):
                self.seed(
                    {
                        "name": f"shift-{self._sequence + 1:05d}",
                        "items": [{"type": "COMMON"}],
                        "servers": {next(iter(self.servers)): SUCCESS},
                    }
                )
            return
        alive = [job for job in self.all_jobs() if job.deleted_at is None]
        for job in alive[:count]:
            job.deleted_at = self.clock.now()

    def all_jobs(self) -> list[Job]:
        """Every job there ever was, newest first."""
        return self._by_age[::-1]

    def listed_jobs(self, query: Mapping[str, str]) -> list[Job]:
        """The jobs that a list call with this query may show now, in the order of the setting."""
        now = self.clock.now()
        show_deleted = self.settings.deleted_jobs == "listed"
        jobs = [
            job
            for job in self._by_age
            if job.visible_from <= now
            and (show_deleted or job.deleted_at is None)
            and oddities.is_listed(job, self.settings, now, query)
        ]
        if self.settings.order == "newest":
            jobs.reverse()
        elif self.settings.order == "random":
            jobs.sort(key=lambda job: job.shuffle)
        return jobs

    def job(self, identifier: str) -> Job:
        """The job of this id, deleted ones only where they stay visible; else the not-found answer."""
        found = self.jobs.get(identifier)
        if found is None or (found.deleted_at is not None and self.settings.deleted_jobs == "hidden"):
            raise errors.not_found("Job", identifier, self.settings.not_found)
        return found

    def shown_job(self, identifier: str) -> Job:
        """The job of this id as its detail finds it, else the not-found answer."""
        found = self.job(identifier)
        if not oddities.is_found(found, self.settings, self.clock.now()):
            raise errors.not_found("Job", identifier, self.settings.not_found)
        return found

    def job_name_exists(self, name: str) -> bool:
        """Whether a job that is not deleted has this name."""
        return any(job.name == name and job.deleted_at is None for job in self._by_age)

    def show_job_summary(self, job: Job) -> dict[str, Any]:
        """A job as lists show it: no items, no tasks, no template."""
        now = self.clock.now()
        has_times = oddities.shows_times(job, self.settings, now)
        return {
            "id": job.id,
            "name": job.name,
            "user_name": self.settings.user_name,
            "description": job.description,
            "type": job.stored_type,
            "status": job.status(now, self.settings),
            "abnormal_count": job.abnormal_count(now),
            "create_at": self.shown_time(job.created) if has_times else None,
            "update_at": self.shown_time(job.updated(now)) if has_times else None,
        }

    def show_job(self, job: Job, without_tasks: bool = False) -> dict[str, Any]:
        """A job as its detail shows it."""
        now = self.clock.now()
        tasks = [] if without_tasks or now < job.tasks_from else oddities.shown_tasks(job, self.settings, now)
        return {
            **self.show_job_summary(job),
            "items": oddities.shown_items(job, self.settings, now),
            "tasks": [self._shown_task(job, task, now) for task in tasks],
            "template_id": job.template_id,
        }

    def true_job(self, job: Job) -> dict[str, Any]:
        """A job as it really is, for the control interface: nothing hidden, masked or reformatted."""
        now = self.clock.now()
        return {
            "id": job.id,
            "name": job.name,
            "description": job.description,
            "requested_type": job.requested_type,
            "type": job.stored_type,
            "status": job.status(now, self.settings),
            "is_reboot": job.is_reboot,
            "items": job.items,
            "server_ids": [task.server.id for task in job.tasks],
            "tasks": [
                {
                    "id": task.id,
                    "server_id": task.server.id,
                    "server_name": task.server.record["name"],
                    "status": task.status(now),
                    "message": task.message if now >= task.ends else "",
                }
                for task in job.tasks
            ],
            "template_id": job.template_id,
            "abnormal_count": job.abnormal_count(now),
            "deleted": job.deleted_at is not None,
            "create_at": self._shown_milliseconds(job.created),
            "update_at": self._shown_milliseconds(job.updated(now)),
        }

    def _shown_task(self, job: Job, task: Task, now: float) -> dict[str, Any]:
        cloud_server = task.server.record["cloud_server"]
        return {
            "create_at": self.shown_time(job.created),
            "update_at": self.shown_time(task.ends if now >= task.ends else job.created),
            "id": task.id,
            "server_id": oddities.shown_id(task.server.id, self.settings),
            "server_name": task.server.record["name"],
            "cloud_server": {name: cloud_server[name] for name in ("hps_ecs_id", "id", "type") if name in cloud_server},
            "status": task.status(now),
            "message": task.message if now >= task.ends else "",
        }

    # Times

    def _shown_milliseconds(self, seconds: float) -> int:
        return milliseconds(seconds + self.settings.clock_offset)

    def shown_time(self, seconds: float) -> int | str:
        """A time of a job or task in the form of the setting ``timestamps``."""
        shown = self._shown_milliseconds(seconds)
        if self.settings.timestamps == "string":
            return str(shown)
        if self.settings.timestamps == "int":
            return shown
        zone = datetime.timezone(datetime.timedelta(hours=8 if self.settings.timestamps == "offset" else 0))
        moment = datetime.datetime.fromtimestamp(shown / 1000, zone)
        digits = f"{shown % 1000:03d}" if self.settings.timestamps == "iso" else f"{shown % 1000 // 100}"
        return moment.strftime(f"%Y-%m-%dT%H:%M:%S.{digits}{'%z' if zone.utcoffset(None) else 'Z'}")


def _task_id(job_id: str, number: int) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{job_id}/task/{number}"))


def _flavor_type(server: Server) -> str:
    return "ASCEND_SNT9C" if "snt9b23" in server.record["flavor"] else "ASCEND_SNT9B"


def _message(final: str, message: str | None) -> str:
    """The text of a finished task; the service's own wording is not documented."""
    if message is not None:
        return message
    return {FAILED: "The task failed on the server.", SKIPPED: "The task was skipped on the server."}.get(final, "")
