# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module of the collection in a process of its own, without ``ansible-playbook`` around it.

For tests that need a real process, to kill it or to break what it talks to, but hundreds of them. A start
costs a fork instead of an interpreter and its imports: one process loads the modules, and each run is a
child of it that gets its options on standard input, as Ansible gives them, and prints its result.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pathlib
import random
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import traceback
from typing import Any

PACKAGE = "ansible_collections.modelarts.liteserver.plugins.modules."
MODULES = (
    "liteserver_doctor",
    "liteserver_event_info",
    "liteserver_info",
    "liteserver_job",
    "liteserver_job_info",
    "liteserver_job_template_info",
    "liteserver_power",
    "liteserver_service_info",
    "liteserver_software_info",
)
# A run that takes longer hangs.
RUN_SECONDS = 60.0


class Ended:
    """What one run did.

    Attributes:
        status: exit status; negative is the signal that ended the process.
        stdout: what it printed, the result as one line of JSON included.
        stderr: what it wrote to standard error: nothing, unless it crashed.
    """

    def __init__(self, status: int, stdout: str, stderr: str) -> None:
        self.status = status
        self.stdout = stdout
        self.stderr = stderr

    @property
    def result(self) -> dict[str, Any]:
        """The module's result; fails where there is none."""
        try:
            return json.loads(self.stdout)
        except ValueError:
            raise AssertionError(f"no result, status {self.status}:\n{self.stdout}{self.stderr}") from None


class ModuleRun:
    """One run, from its start on; made by ``ModuleProcesses.start``.

    Attributes:
        pid: of the process that runs the module.
    """

    def __init__(self, processes: ModuleProcesses, pid: int, directory: pathlib.Path) -> None:
        self._processes = processes
        self._directory = directory
        self.pid = pid

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def finish(self, seconds: float = RUN_SECONDS) -> Ended:
        """Wait for the end; a run that takes longer is killed, and fails the test."""
        status = self._processes.wait_for(self.pid, seconds)
        if status is None:
            self.send(signal.SIGKILL)
            self._processes.wait_for(self.pid, seconds)
        output, errors = ((self._directory / name).read_text(errors="replace") for name in ("stdout", "stderr"))
        assert status is not None, f"the module did not end within {seconds} s:\n{output}{errors}"
        return Ended(status, output, errors)


class ModuleProcesses:
    """The process that loads the modules, and starts runs of them; a context manager."""

    def __enter__(self) -> ModuleProcesses:
        self._directory = tempfile.TemporaryDirectory(prefix="module-")
        self._count = 0
        self._ended: dict[int, int] = {}
        self._buffer = b""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "module_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        return self

    def __exit__(self, *_details: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._directory.cleanup()

    def run(self, module: str, options: dict[str, Any], **more: Any) -> Ended:
        """Run a module to its end; see ``start``."""
        return self.start(module, options, **more).finish()

    def start(
        self,
        module: str,
        options: dict[str, Any],
        *,
        check: bool = False,
        diff: bool = False,
        verbosity: int = 0,
        environment: dict[str, str] | None = None,
        memory: int | None = None,
    ) -> ModuleRun:
        """Start a module.

        Args:
            options: the module's options.
            environment: the whole environment of the process, but for what it cannot do without.
            memory: the most bytes of addresses that the process can have; without it, as many as there are.
        """
        self._count += 1
        directory = pathlib.Path(self._directory.name) / str(self._count)
        directory.mkdir()
        arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": diff, "_ansible_verbosity": verbosity}
        arguments.update(_ansible_remote_tmp=str(directory), _ansible_keep_remote_files=False)
        (directory / "stdin").write_text(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
        home = {"HOME": str(directory), "TMPDIR": str(directory), "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}
        order = {
            "module": module,
            "directory": str(directory),
            "environment": {**home, **(environment or {})},
            "memory": memory,
        }
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        pid = None
        while pid is None:
            pid = self._take_line(RUN_SECONDS).get("started")
        return ModuleRun(self, pid, directory)

    def wait_for(self, pid: int, seconds: float) -> int | None:
        """The exit status of a run, or None where it has not ended in time."""
        while pid not in self._ended:
            if not self._take_line(seconds):
                return None
        return self._ended.pop(pid)

    def _take_line(self, seconds: float) -> dict[str, Any]:
        """The next word of the process; empty after so many seconds without one."""
        assert self._process.stdout
        while b"\n" not in self._buffer:
            with selectors.DefaultSelector() as selector:
                selector.register(self._process.stdout, selectors.EVENT_READ)
                if not selector.select(seconds):
                    return {}
            part = os.read(self._process.stdout.fileno(), 65536)
            assert part, "the process that starts modules has ended"
            self._buffer += part
        line, _end, self._buffer = self._buffer.partition(b"\n")
        word: dict[str, Any] = json.loads(line)
        if "ended" in word:
            self._ended[word["ended"]] = word["status"]
        return word


def serve() -> None:
    """Load the modules, then start one for each line of standard input, until that ends."""
    loaded = {name: importlib.import_module(PACKAGE + name) for name in MODULES}
    running: dict[int, int] = {}  # pidfd -> pid
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        while True:
            for key, _events in selector.select():
                if key.fd != 0:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    pid = running.pop(key.fd)
                    say(ended=pid, status=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                    continue
                part = os.read(0, 65536)
                if not part:
                    for pid in running.values():
                        os.kill(pid, signal.SIGKILL)
                    return
                buffer += part
                while b"\n" in buffer:
                    line, _end, buffer = buffer.partition(b"\n")
                    order = json.loads(line)
                    pid = os.fork()
                    if not pid:
                        become(loaded[order["module"]], order)
                    handle = os.pidfd_open(pid)
                    running[handle] = pid
                    selector.register(handle, selectors.EVENT_READ)
                    say(started=pid)


def say(**word: int) -> None:
    """One line to the process that asked."""
    os.write(1, json.dumps(word).encode() + b"\n")


def become(module: Any, order: dict[str, Any]) -> None:
    """Be a fresh process that runs this module; does not return."""
    status = 1
    try:
        directory = pathlib.Path(order["directory"])
        for number, name, flags in (
            (0, "stdin", os.O_RDONLY),
            (1, "stdout", os.O_WRONLY | os.O_CREAT),
            (2, "stderr", os.O_WRONLY | os.O_CREAT),
        ):
            handle = os.open(directory / name, flags, 0o600)
            os.dup2(handle, number)
            os.close(handle)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")
        if order["memory"] is not None:
            resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(order["environment"])
        tempfile.tempdir = None
        random.seed()
        sys.argv = [module.__file__]
        module.main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
