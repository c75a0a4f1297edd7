# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs plays with role ``fleet_job`` over an inventory of the simulator's servers, in a real ``ansible-playbook``."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from playbooks.harness import clean_environment, recording
from simulator.process import Simulator
from simulator.servers import server_id
from terminal import Terminal

ROLE = "modelarts.liteserver.fleet_job"
VERSION = "24.1.rc3.10"
OTHER_VERSION = "24.1.rc3.9"
# A run that takes longer hangs.
RUN_SECONDS = 200

# What the default callback prints for each host, of plays and tasks, and as its recap.
_ANSIBLES = re.compile(r"(ok|changed|fatal|skipping|failed|unreachable): \[|(PLAY|TASK) |\S+ +: ok=")

Play = dict[str, Any]


def host(number: int) -> str:
    """The name of a host, and of its server in the simulator."""
    return f"liteserver-{number:05d}"


def hosts(*numbers: int) -> list[str]:
    """Names of hosts."""
    return [host(number) for number in numbers]


def role(entry: str = "hdk_upgrade", **variables: Any) -> dict[str, Any]:
    """A task that runs the role; ``variables`` without their prefix.

    Looks are a second apart, and preflight and supernode guard are off unless a test is about them.
    """
    values = {"wait_sleep": 1, "preflight": "off", "supernodes": "off"}
    if entry == "hdk_upgrade":
        values["version"] = VERSION
    values.update(variables)
    return {
        "name": "Roll out",
        "ansible.builtin.import_role": {"name": ROLE, "tasks_from": entry, "rolespec_validate": False},
        "vars": {f"fleet_job_{name}": value for name, value in values.items() if value is not None},
    }


def play(*tasks: dict[str, Any], **keywords: Any) -> Play:
    """A play over all hosts."""
    return {"name": "Test", "hosts": "npu", "gather_facts": False, "tasks": list(tasks), **keywords}


def own_lines(output: str) -> list[str]:
    """The lines of an output that are not Ansible's own."""
    return [line for line in output.splitlines() if line.strip() and not _ANSIBLES.match(line)]


class Run:
    """A finished ``ansible-playbook``.

    Attributes:
        recap: {host: {ok, failures, changed, ...}}.
        events: the results in their order: task, host, status, result.
    """

    def __init__(self, lines: list[dict[str, Any]], output: str, status: int) -> None:
        self.events = [line for line in lines if "task" in line]
        self.recap: dict[str, dict[str, int]] = next((line["recap"] for line in lines if "recap" in line), {})
        self.output = output
        self.status = status

    def of(self, task: str) -> list[dict[str, Any]]:
        """The events of a task, by its name."""
        return [event for event in self.events if event["task"].split(" : ")[-1] == task]

    def verdicts(self) -> dict[str, dict[str, Any]]:
        """{host: result of its verdict}."""
        return {event["host"]: event["result"] for event in self.of("Verdict")}

    @property
    def failed(self) -> list[str]:
        """The hosts that failed, by the recap."""
        return sorted(name for name, counts in self.recap.items() if counts["failures"])

    @property
    def changed(self) -> list[str]:
        """The hosts that have changed, by the recap."""
        return sorted(name for name, counts in self.recap.items() if counts["changed"])

    def message(self, task: str) -> str:
        """The message of the first failure of a task."""
        return next(event["result"]["msg"] for event in self.of(task) if event["status"] == "failed")

    @property
    def text(self) -> str:
        """The output without blanks and line breaks, which Ansible puts into the middle of words."""
        return re.sub(r"\s", "", self.output)


class Rollout:
    """Runs plays against one simulator; at the end of a ``with`` no run is left.

    Args:
        directory: an empty directory for the files of the plays.
        count: hosts in the inventory, until ``inventory`` makes another.
    """

    def __init__(self, simulator: Simulator, directory: pathlib.Path, count: int = 12) -> None:
        self.simulator = simulator
        self.directory = directory
        self.record = directory / "records"
        self._count = 0
        self._running: list[Running] = []
        self._expected_warnings = 0
        self._outputs: list[str] = []
        self.inventory(count)

    def __enter__(self) -> Rollout:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def inventory(self, count: int, variables: dict[int, dict[str, Any]] | None = None, **of_all: Any) -> None:
        """Make the inventory: hosts 1 to ``count``, with variables of some of them and of all."""
        own = variables or {}
        members = {host(n): {"liteserver_id": server_id(n), **own.get(n, {})} for n in range(1, count + 1)}
        group = {"hosts": members, "vars": of_all}
        (self.directory / "hosts.yml").write_text(json.dumps({"npu": group}))

    def run(self, *plays: Play | str, **options: Any) -> Run:
        """Run plays, or a playbook by its name, and wait for the end; see ``start``."""
        return self.start(*plays, **options).finish()

    def start(
        self,
        *plays: Play | str,
        arguments: tuple[str, ...] = (),
        variables: dict[str, Any] | None = None,
        environment: dict[str, str] | None = None,
        new_session: bool = False,
        terminal: bool = False,
        files: dict[str, Any] | None = None,
    ) -> Running:
        """Start a process.

        Args:
            arguments: further command line arguments.
            variables: extra variables.
            environment: variables on top of the clean environment.
            new_session: whether ``kill`` is to reach what the process starts too.
            terminal: whether it has a terminal, on which ``type`` types.
            files: files beside the playbook, by name.
        """
        self._count += 1
        directory = self.directory / f"run-{self._count}"
        directory.mkdir()
        for name, content in (files or {}).items():
            (directory / name).write_text(json.dumps(content))
        if len(plays) == 1 and isinstance(plays[0], str):
            book = plays[0]
        else:
            book = str(directory / "play.json")
            pathlib.Path(book).write_text(json.dumps(list(plays), indent=1))
        running = Running(self, directory, book, arguments, variables or {}, environment or {}, new_session, terminal)
        self._running.append(running)
        return running

    def stop(self) -> None:
        """End what a failed test has left running."""
        for running in self._running:
            if running.process.poll() is None:
                running.process.kill()
                running.process.wait()

    def records(self) -> list[dict[str, Any]]:
        """The run records, oldest first."""
        found = [json.loads(path.read_text()) for path in self.record.glob("*.json")]
        return sorted(found, key=lambda record: record["started_at"])

    def expect_warnings(self) -> None:
        """From here on, warnings are what the test looks for."""
        self._outputs.clear()
        self._expected_warnings = 1

    def ended(self, output: str) -> None:
        """Remember an output for ``check_warnings``."""
        self._outputs.append(output)

    def check_warnings(self) -> None:
        """Assert that nothing warned or was deprecated, where no test looks for that."""
        if self._expected_warnings:
            return
        for output in self._outputs:
            text = re.sub(r"\s", "", output)
            assert "WARNING]" not in text, output
            assert "DEPRECAT" not in text, output


class Running:
    """A process that runs plays; made by ``Rollout.start``."""

    def __init__(
        self,
        rollout: Rollout,
        directory: pathlib.Path,
        book: str,
        arguments: tuple[str, ...],
        variables: dict[str, Any],
        environment: dict[str, str],
        new_session: bool,
        terminal: bool,
    ) -> None:
        self._rollout = rollout
        self._record = directory / "record"
        self._output = directory / "output"
        for file in (self._record, self._output):
            file.touch()
        self._copied = threading.Event()
        credentials = rollout.simulator.credentials()
        self._terminal = Terminal() if terminal else None
        command = [
            *[str(pathlib.Path(sys.executable).parent / "ansible-playbook")],
            *["-i", str(rollout.directory / "hosts.yml"), *arguments],
            *(["-e", json.dumps(variables)] if variables else []),
            book,
        ]
        options: dict[str, Any] = {
            "cwd": directory,
            "env": {
                **clean_environment(directory),
                "LITESERVER_ENDPOINT": credentials["endpoint"],
                "HUAWEICLOUD_SDK_PROJECT_ID": credentials["project_id"],
                "HUAWEICLOUD_SDK_AK": credentials["access_key"],
                "HUAWEICLOUD_SDK_SK": credentials["secret_key"],
                **recording(self._record),
                "COLUMNS": "100",
                **environment,
            },
        }
        if self._terminal:
            self.process = self._terminal.start(command, **options)
            threading.Thread(target=self._copy_screen, args=[self._terminal], daemon=True).start()
        else:
            with open(self._output, "wb") as output:
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=new_session,
                    # What a shell runs in the background ignores Ctrl-C; these tests may run there.
                    preexec_fn=_heed_interrupts,
                    **options,
                )

    def _copy_screen(self, terminal: Terminal) -> None:
        with open(self._output, "ab", buffering=0) as output, contextlib.suppress(OSError):
            while text := os.read(terminal.screen, 65536):
                output.write(text)
        self._copied.set()

    def type(self, line: str, after: str) -> None:
        """Type a line, the last one, on the terminal when a text is there."""
        terminal = self._terminal
        assert terminal
        self.wait_until(lambda: after in self._output.read_text() and terminal.reads_keys())
        assert after in self._output.read_text(), self._output.read_text()
        terminal.type(line)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds, or the process has ended."""
        end = time.monotonic() + RUN_SECONDS
        while not condition() and os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            assert time.monotonic() < end, self._output.read_text()
            time.sleep(0.02)

    def last_word(self) -> dict[str, Any]:
        """The newest record once its run is over: a worker of Ansible's outlives the process that it belongs to."""
        end = time.monotonic() + RUN_SECONDS
        while (record := self._rollout.records()[-1])["state"] == "running":
            assert time.monotonic() < end, record
            time.sleep(0.02)
        return record

    def kill(self, and_workers_end: bool = False) -> None:
        """End the process and every process of its session, at once.

        Args:
            and_workers_end: whether to wait for Ansible's workers too, which are in sessions of their own since
                ansible-core 2.19, and end when they notice.
        """
        workers = [path for path in pathlib.Path("/proc").glob("[0-9]*") if _parent_of(path) == self.process.pid]
        # Without its status taken, the process keeps its number, even if it has just ended.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        end = time.monotonic() + RUN_SECONDS
        while and_workers_end and any(_parent_of(path) is not None for path in workers):
            assert time.monotonic() < end, self._output.read_text()
            time.sleep(0.02)

    def output(self) -> str:
        """What it has shown so far."""
        return self._output.read_text()

    def interrupt(self) -> None:
        """What Ctrl-C in a terminal does: a signal for the process and those it has started in its session; waits."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(RUN_SECONDS)

    def finish(self, crashed: bool = False, raised: bool = False) -> Run:
        """Wait for the end; fails on a crash or a traceback.

        Args:
            crashed: whether it may have crashed.
            raised: whether -vvv may show where an action was raised, as ansible-core 2.16 does.
        """
        try:
            status = self.process.wait(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not end within {RUN_SECONDS} s:\n{self._output.read_text()}") from None
        if self._terminal:
            self._terminal.hang_up()
            assert self._copied.wait(RUN_SECONDS)
            self._terminal.close()
        output = self._output.read_text()
        assert raised or "Traceback (most recent call last)" not in output, output
        lines = [json.loads(line) for line in self._record.read_text().splitlines()]
        run = Run(lines, output, status)
        assert crashed or run.recap, output
        self._rollout.ended(output)
        return run


def _parent_of(process: pathlib.Path) -> int | None:
    """Of a folder of ``/proc``; None where that process has ended."""
    try:
        state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
