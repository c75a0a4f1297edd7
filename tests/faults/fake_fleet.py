# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job service in memory with a clock that does not tick, and runs of ``state: present`` on it, one or two at once.

It replaces HTTP and nothing else: the whole domain layer and the reading of pages are the product's own. Each
request and each sleep of a run is a turn, so that a test decides which run goes on, and what its request meets.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from module_options import options_of

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    LiteServerError,
    NotFound,
    OutcomeUnknown,
    ServiceFailed,
    Throttled,
    Unauthorized,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._operation import Given
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._present import PresentJob
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._paging import envelope_of, read_all
from ansible_collections.modelarts.liteserver.plugins.modules import liteserver_job

NAME, ITEM_TYPE = "upgrade", "HDK_UPGRADE"
PATIENCE = 30  # request_timeout; the list may lag for almost as long
OPTIONS = options_of(liteserver_job, name=NAME, type=ITEM_TYPE, progress=0, request_timeout=PATIENCE)
# What a request may meet. At a read, "before" and "after" are the same to the client.
FAULTS = ["lost before", "lost after", "failed before", "failed after", "throttled", "unauthorized"]
KILLS = ["killed before", "killed after"]
STUCK_SECONDS = 30.0


class Killed(BaseException):
    """The process of a run has ended: nothing of it may go on."""


@dataclasses.dataclass(frozen=True)
class Oddities:
    """How the service shows jobs otherwise than they are; the switches of the simulator, with the same names."""

    normalize_versions: bool = False
    add_defaults: bool = False
    mask_specs: bool = False
    items_delay: float = 0.0
    tasks_in_parts: float = 0.0
    finished_early: float = 0.0
    detail_delay: float = 0.0
    tasks_retention: float = 0.0
    retention: float = 0.0
    null_times_after: float = 0.0
    upper_ids: bool = False
    restart_failed: float = 0.0
    null_data: bool = False
    lagging_query: str = "none"
    query_lag: float = 0.7

    def lag_of(self, filters: Mapping[str, Any]) -> float:
        """How late a list that is asked for in this way shows a new job, in seconds."""
        asked = "id" if "id" in filters else "name" if "name" in filters else "plain"
        return self.query_lag if self.lagging_query in (asked, "any") else 0.0


@dataclasses.dataclass
class Job:
    """One job; ``ends`` and ``finals`` are its tasks' fate, decided at its creation.

    ``restarts``: {server: (from, until)} of tasks that read FAILED meanwhile, and are started again.
    """

    id: str
    name: str
    version: str
    description: str
    created: float
    listed_from: float
    tasks_from: float
    ends: dict[str, float]
    finals: dict[str, str]
    restarts: dict[str, tuple[float, float]] = dataclasses.field(default_factory=dict)
    deleted: bool = False

    def status_of(self, server: str, now: float) -> str:
        failed_from, until = self.restarts.get(server, (0.0, 0.0))
        if failed_from <= now < until:
            return "FAILED"
        return self.finals[server] if now >= self.ends[server] else "PROCESSING"

    def runs(self, server: str, now: float) -> bool:
        return server in self.ends and now < self.ends[server]

    @property
    def end(self) -> float:
        return max(self.ends.values())

    def is_forgotten(self, now: float, odd: Oddities) -> bool:
        return self.deleted or (bool(odd.retention) and now >= self.end + odd.retention)

    def shown(self, now: float, detail: bool, odd: Oddities) -> dict[str, Any]:
        dated = not odd.null_times_after or now < self.created + odd.null_times_after
        shown: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "status": "FINISHED" if now >= self.end - odd.finished_early else "PROCESSING",
            "create_at": int(self.created * 1000) if dated else None,
        }
        if detail:
            shown["items"] = self._shown_items(odd) if now >= self.created + odd.items_delay else []
            purged = bool(odd.tasks_retention) and now >= self.end + odd.tasks_retention
            shown["tasks"] = [
                {
                    "id": f"{self.id}/{server}",
                    "server_id": server.upper() if odd.upper_ids else server,
                    "status": self.status_of(server, now),
                }
                for place, server in enumerate(self.ends)
                if now >= self.tasks_from + place * odd.tasks_in_parts and not purged
            ]
        return shown

    def _shown_items(self, odd: Oddities) -> list[dict[str, Any]]:
        spec = {"version": self.version.upper() if odd.normalize_versions else self.version}
        if odd.add_defaults:
            spec["reset_mode"] = "hot"
        return [{"type": ITEM_TYPE, "spec": dict.fromkeys(spec, "******") if odd.mask_specs else spec}]


class Fleet:
    """What the service knows, and how it behaves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.jobs: list[Job] = []
        self.fates: dict[str, list[str]] = {}  # server: the ends of its next tasks; SUCCESS after them
        self.duration = 20.0
        self.numbers = 0  # as many as random numbers were drawn
        self.lag = 0.0
        self.tasks_delay = 0.0
        self.page_size = 10
        self.odd = Oddities()
        self.doubled: list[tuple[str, str]] = []  # (elder job, younger job): both ran on one server

    def create(
        self, name: str, version: str, description: str, servers: list[str], is_reboot: bool | None = None
    ) -> Job:
        number = len(self.jobs) + 1
        # Never two at the same moment: which is the younger must be plain to see here.
        created = max(self.now, self.jobs[-1].created + 0.001 if self.jobs else 0)
        spread = self.duration / 10 / len(servers)
        job = Job(
            f"job-{number:04d}",
            name,
            version,
            description,
            created,
            self.now + self.lag,
            self.now + self.tasks_delay,
            {server: self.now + self.duration + spread * place for place, server in enumerate(servers)},
            {server: self.fates[server].pop(0) if self.fates.get(server) else "SUCCESS" for server in servers},
        )
        again = self.odd.restart_failed if is_reboot else 0.0
        for server, final in job.finals.items() if again else ():
            if final == "FAILED":
                end = job.ends[server]
                job.restarts[server] = (end, end + again / 2)
                job.ends[server], job.finals[server] = end + again, "SUCCESS"
        for other in self.jobs:
            if any(other.runs(server, self.now) for server in servers):
                self.doubled.append((other.id, job.id))
        self.jobs.append(job)
        return job

    def untold(self) -> list[tuple[bool, bool, bool]]:
        """Of each job, whether its record, its time and its tasks are gone by now."""
        return [
            (
                job.is_forgotten(self.now, self.odd),
                bool(self.odd.null_times_after) and self.now >= job.created + self.odd.null_times_after,
                bool(self.odd.tasks_retention) and self.now >= job.end + self.odd.tasks_retention,
            )
            for job in self.jobs
        ]

    def job(self, job_id: str) -> Job:
        for job in self.jobs:
            if job.id == job_id:
                return job
        raise NotFound(f"no job {job_id}")

    def found(self, job_id: str) -> Job:
        """As the service finds it."""
        job = self.job(job_id)
        if self.now < job.created + self.odd.detail_delay or job.is_forgotten(self.now, self.odd):
            raise NotFound(f"no job {job_id}")
        return job


class Run(threading.Thread):
    """One run: a thread that goes on only when it is its turn, and is its own service and clock.

    Attributes:
        faults: {number of the request: what it meets}; ``KILLS`` end the run.
        creates: how many create requests the service did not refuse.
        error: what the run raised.
    """

    def __init__(
        self, fleet: Fleet, options: dict[str, Any], check_mode: bool = False, faults: dict[int, str] | None = None
    ) -> None:
        super().__init__(daemon=True)
        self.fleet, self.check_mode, self.faults = fleet, check_mode, faults or {}
        self.asked = self.creates = 0
        self.created: list[str] = []
        self.error: LiteServerError | None = None
        self.crash: BaseException | None = None
        self.killed = False
        self.wakes = fleet.now
        self.requests: list[str] = []
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self.operation = PresentJob(Given(self, {**OPTIONS, **options}, check_mode))
        self.operation.prepare()

    # The scheduler's side

    def turn(self) -> None:
        """Let the run go on until its next turn or its end."""
        if self.ident is None:
            self.start()
        else:
            self._go.release()
        assert self._stopped.acquire(timeout=STUCK_SECONDS), "the run hangs"

    @property
    def over(self) -> bool:
        return self.ident is not None and self._ended

    _ended = False

    def run(self) -> None:
        try:
            self.operation.run(self)
        except LiteServerError as error:
            self.error = error
        except Killed:
            self.killed = True
        except BaseException as error:
            self.crash = error
        self._ended = True
        self._stopped.release()

    def _wait_for_turn(self) -> None:
        self._stopped.release()
        self._go.acquire()

    # The clock

    def uniform(self) -> float:
        self.fleet.numbers += 1
        return self.fleet.numbers / 16**10

    def now(self) -> float:
        return self.fleet.now

    def sleep(self, seconds: float) -> None:
        self.wakes = self.fleet.now + seconds
        self._wait_for_turn()

    # The service

    def _ask(self, what: str, work: Callable[[], Any]) -> Any:
        """One request: somebody else may come first, then it meets its fault, or does its work."""
        self._wait_for_turn()
        number, self.asked = self.asked, self.asked + 1
        self.requests.append(what)
        fault = self.faults.get(number)
        if fault is None or (fault.startswith("create") and what != "create"):
            return work()
        if fault == "throttled":
            raise Throttled("too many requests")
        if fault == "unauthorized":
            raise Unauthorized("a bad signature", http_status=401)
        if fault == "killed before":
            raise Killed
        if fault.endswith("after"):
            work()
        if fault == "killed after":
            raise Killed
        if what == "create":
            self.creates += fault.endswith("before")  # it was sent: nobody here can know more
            raise OutcomeUnknown("no answer")
        raise ServiceFailed("no answer", http_status=503)

    def list_jobs(self, polling: bool = False, **filters: Any) -> Any:
        def page(parameters: dict[str, int]) -> dict[str, Any]:
            def work() -> dict[str, Any]:
                now = self.fleet.now
                odd = self.fleet.odd
                jobs = [job for job in self.fleet.jobs[::-1] if not job.is_forgotten(now, odd)]
                # Asked by id, a service may know a job at once that its list does not show yet.
                jobs = [job for job in jobs if now >= job.listed_from or "id" in filters]
                jobs = [job for job in jobs if now >= job.created + odd.lag_of(filters)]
                jobs = [job for job in jobs if filters.get("id") in (None, job.id)]
                start, size = parameters.get("offset", 0), parameters.get("limit", self.fleet.page_size)
                data = [job.shown(now, False, odd) for job in jobs[start : start + size]]
                pages = -(-len(jobs) // size)
                shown = data or (None if odd.null_data else [])
                envelope = {"data": shown, "total": len(jobs), "size": size, "pages": pages}
                return envelope_of({**envelope, "current": start // size + 1}, {})

            return self._ask("list", work)

        return read_all(page)

    def get_job(self, job_id: str, polling: bool = False) -> Any:
        return self._ask("get", lambda: self.fleet.found(job_id).shown(self.fleet.now, True, self.fleet.odd))

    def list_templates(self, **filters: Any) -> Any:
        return read_all(lambda parameters: self._ask("templates", lambda: {"data": [], "total": 0}))

    def create_job(self, body: dict[str, Any]) -> Any:
        def work() -> dict[str, Any]:
            version = body["items"][0]["spec"]["version"]
            job = self.fleet.create(
                body["name"], version, body["description"], body["server_ids"], body.get("is_reboot")
            )
            self.creates += 1
            self.created.append(job.id)
            return job.shown(self.fleet.now, True, self.fleet.odd)

        return self._ask("create", work)


def play(fleet: Fleet, runs: list[Run], order: Iterator[int]) -> None:
    """Run to the end of all. ``order`` says whose turn it is where there is a choice."""
    while True:
        open_runs = [run for run in runs if not run.over]
        if not open_runs:
            break
        awake = [run for run in open_runs if run.wakes <= fleet.now]
        if not awake:
            fleet.now = min(run.wakes for run in open_runs)
            continue
        awake[next(order) % len(awake)].turn()
    for run in runs:
        run.join(STUCK_SECONDS)
        if run.crash:
            raise run.crash
