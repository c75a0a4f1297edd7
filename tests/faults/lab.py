# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The place where modules are run against faults: a simulator and real module processes, and short options."""

from __future__ import annotations

import contextlib
from typing import Any

from module_process import Ended, ModuleProcesses, ModuleRun
from simulator.process import Simulator
from simulator.servers import server_id

VERSION = "24.1.rc3.10"
ITEMS = [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]
# Over at once, unless a test says otherwise.
SETTINGS = {"job_duration": 0, "power_duration": 0}


def servers(*numbers: int) -> list[str]:
    """The ids of servers by their numbers."""
    return [server_id(number) for number in numbers]


def job(*numbers: int, version: str = VERSION, **options: Any) -> dict[str, Any]:
    """Options of ``liteserver_job`` for an upgrade of some servers."""
    wish = {"name": "upgrade", "type": "HDK_UPGRADE", "spec": {"version": version}, "server_ids": servers(*numbers)}
    return {**wish, "template_check": "off", "progress": 0, "request_timeout": 1, **options}


class Lab:
    """A simulator and the processes that run modules against it; a context manager."""

    def __enter__(self) -> Lab:
        self._stack = contextlib.ExitStack()
        with self._stack:
            self.simulator = self._stack.enter_context(Simulator(settings=SETTINGS))
            self.processes = self._stack.enter_context(ModuleProcesses())
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_details: object) -> None:
        self._stack.close()

    def start(self, module: str, options: dict[str, Any], login: str = "keys", **more: Any) -> ModuleRun:
        """Start a module; ``login`` is keys, token or password."""
        credentials = {
            "keys": self.simulator.credentials,
            "token": self.simulator.token_credentials,
            "password": self.simulator.password_credentials,
        }[login]()
        return self.processes.start(module, {**credentials, **options}, **more)

    def run(self, module: str, options: dict[str, Any], login: str = "keys", **more: Any) -> dict[str, Any]:
        """Run a module to its end; its result. A traceback is a failure."""
        return self.check(self.start(module, options, login, **more).finish())

    @staticmethod
    def check(ended: Ended) -> dict[str, Any]:
        """The result of a module that ended by itself."""
        assert not ended.stderr, ended.stderr
        result = ended.result
        assert ended.status == int(bool(result.get("failed"))), (ended.status, result)
        return result

    def twice_started(self) -> list[str]:
        """Servers with two jobs of the same item types at the same time, by the simulator's own knowledge."""
        seen: list[tuple[str, tuple[str, ...], float, float]] = []
        for each in self.simulator.jobs():
            types = tuple(sorted(item["type"] for item in each["items"]))
            end = each["update_at"] if each["status"] == "FINISHED" else float("inf")
            seen += [(server, types, each["create_at"], end) for server in each["server_ids"]]
        return sorted(
            {
                one[0]
                for place, one in enumerate(seen)
                for other in seen[place + 1 :]
                if one[:2] == other[:2] and one[2] < other[3] and other[2] < one[3]
            }
        )
