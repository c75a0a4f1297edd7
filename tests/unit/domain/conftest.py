# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that passes only when slept on, and a service in memory, for the domain layer."""

from __future__ import annotations

import pytest
from module_options import options_of

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import NotFound
from ansible_collections.modelarts.liteserver.plugins.modules import liteserver_job


class FakeClock:
    """Time passes only by sleeping; ``on_sleep`` is called after each sleep."""

    def __init__(self):
        self.time = 1000.0
        self.sleeps = []
        self.numbers = 0
        self.on_sleep = lambda: None

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.time += seconds
        self.sleeps.append(seconds)
        self.on_sleep()

    def uniform(self):
        """Never the same twice."""
        self.numbers += 1
        return self.numbers / 1000


class Listing:
    def __init__(self, records, complete=True):
        self.records = records
        self.complete = complete


class FakeApi:
    """Jobs in a dict; ``script`` holds, per method, what the next calls do instead: an exception to
    raise, or a function that takes the service and the call's arguments.
    """

    def __init__(self, clock):
        self.clock = clock
        self.jobs = {}
        self.calls = []
        self.templates = []
        self.script = {}
        self.hidden = set()  # ids that the list does not show
        self.complete = True

    def _call(self, method, *args):
        self.calls.append((method, *args))
        queue = self.script.get(method)
        step = queue.pop(0) if queue else None
        if isinstance(step, Exception):
            raise step
        return step(self, *args) if step else None

    def count(self, method):
        return sum(1 for call in self.calls if call[0] == method)

    def add(self, servers, name="upgrade", status="FINISHED", items=None, **fields):
        """Put in a job; ``servers`` is {server id: task status}."""
        job_id = f"job-{len(self.jobs) + 1}"
        self.jobs[job_id] = {
            "id": job_id,
            "name": name,
            "type": "ASCEND_SOFTWARE_UPGRADE",
            "status": status,
            "create_at": 1755005748000 + len(self.jobs),
            "items": items or [{"type": "HDK_UPGRADE", "spec": {"version": "1"}}],
            "tasks": [{"id": f"{job_id}-{s}", "server_id": s, "status": v} for s, v in servers.items()],
            **fields,
        }
        return job_id

    def finish(self, job_id, status="SUCCESS"):
        self.jobs[job_id]["status"] = "FINISHED"
        for task in self.jobs[job_id]["tasks"]:
            task["status"] = status

    def list_jobs(self, polling=False, **filters):
        answer = self._call("list_jobs", filters)
        if answer is not None:
            return answer
        return Listing([job for job_id, job in self.jobs.items() if job_id not in self.hidden], self.complete)

    def get_job(self, job_id, polling=False):
        answer = self._call("get_job", job_id)
        if answer is not None:
            return answer
        if job_id not in self.jobs:
            raise NotFound(f"no job {job_id}")
        return self.jobs[job_id]

    def create_job(self, body):
        answer = self._call("create_job", body)
        return answer if answer is not None else self.commit(body)

    def commit(self, body):
        servers = dict.fromkeys(body["server_ids"], "PROCESSING")
        described = {"description": body["description"]} if "description" in body else {}
        return self.jobs[self.add(servers, body["name"], "PROCESSING", body["items"], **described)]

    def delete_jobs(self, job_ids):
        answer = self._call("delete_jobs", tuple(job_ids))
        if answer is not None:
            return answer
        for job_id in job_ids:
            del self.jobs[job_id]
        return list(job_ids)

    def list_templates(self, **filters):
        answer = self._call("list_templates", filters)
        return answer if answer is not None else Listing(self.templates)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def api(clock):
    return FakeApi(clock)


@pytest.fixture
def listing():
    """The class of what list calls return, for scripted answers."""
    return Listing


@pytest.fixture
def options():
    """The options of a task that creates a job for two servers."""
    wanted = {"name": "upgrade", "type": "HDK_UPGRADE", "server_ids": ["s1", "s2"], "spec": {"version": "1"}}
    return options_of(liteserver_job, **wanted, template_check="off", request_timeout=30)
