# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs tasks in a real ``ansible-playbook`` process, and tells what came back and what reached the API."""

from __future__ import annotations

# A boolean is a number to isinstance, and a subclass of an error is not the error that is meant.
# pylint: disable=unidiomatic-typecheck
import json
import os
import pathlib
import re
import selectors
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from simulator.process import Simulator
from simulator.servers import server_id

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
JOB = "modelarts.liteserver.liteserver_job"
INFO = "modelarts.liteserver.liteserver_job_info"
GROUP = "group/modelarts.liteserver.all"
# A play that takes longer hangs.
RUN_SECONDS = 150

VERSION = "24.1.rc3.10"
OTHER_VERSION = "24.1.0.6"
RESULT_KEYS = {
    *("changed", "action", "job", "job_ids", "servers", "counts", "failed_server_ids", "submitted_server_ids"),
    *("timed_out", "elapsed"),
}
SERVER_KEYS = {"server_id", "server_name", "status", "message", "task_id", "job_id", "verdict"}
ERROR_KEYS = {"code", "http_status", "request_id", "message", "retryable", "hint", "outcome"}
COUNT_KEYS = {"done", "failed", "running", "unknown", "planned", "total"}
# What Ansible itself puts into a result.
_ANSIBLE_KEYS = {"invocation", "warnings", "deprecations", "exception", "diff", "failed"}

Task = dict[str, Any]


def servers(*numbers: int) -> list[str]:
    """The ids of the simulator's servers with these numbers, counted from 1."""
    return [server_id(number) for number in numbers]


def job(*numbers: int, **options: Any) -> Task:
    """A task: upgrade these servers, with ``options`` on top; None leaves one out.

    Its failure does not end the play.
    """
    defaults: Task = {
        "name": "upgrade",
        "type": "HDK_UPGRADE",
        "spec": {"version": VERSION},
        "server_ids": servers(*numbers),
        "request_timeout": 5,
    }
    return bare_job(**{**defaults, **options})


def bare_job(**options: Any) -> Task:
    """A ``liteserver_job`` task with these options and no others."""
    return {JOB: {name: value for name, value in options.items() if value is not None}, "ignore_errors": True}


def info(**options: Any) -> Task:
    """A ``liteserver_job_info`` task."""
    return {INFO: options, "ignore_errors": True}


def planned(task: Task) -> Task:
    """The task in check mode, with its diff."""
    return {**task, "check_mode": True, "diff": True}


def processes_of(directory: pathlib.Path) -> list[str]:
    """The ids of the processes that have a folder in their environment."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(directory).encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def control(method: str, path: str, body: Any) -> Task:
    """A task that works the simulator's control interface between two others."""
    return {"simulator_control": {"url": "{{ simulator_url }}/_control/" + path, "method": method, "body": body}}


def advance(seconds: float) -> Task:
    """A task that moves the simulator's clock forward."""
    return control("POST", "advance", {"seconds": seconds})


class Step:
    """What one task did.

    Attributes:
        result: the result without what Ansible itself adds.
        failed: whether the task failed.
        requests: the requests that reached the API meanwhile, as the simulator logged them.
        diff: what ``--diff`` shows, or None.
    """

    def __init__(self, line: dict[str, Any], requests: list[dict[str, Any]]) -> None:
        raw = line["result"]
        self.status: str = line["status"]
        self.failed = self.status in ("failed", "ignored", "unreachable")
        self.raw: dict[str, Any] = raw
        self.result = {k: v for k, v in raw.items() if not k.startswith("_ansible") and k not in _ANSIBLE_KEYS}
        self.diff = raw.get("diff") or None
        self.warnings: list[str] = [str(each) for each in raw.get("warnings") or []]
        self.deprecations: list[Any] = raw.get("deprecations") or []
        self.requests = requests
        self.is_expected = not self.warnings

    def __getitem__(self, key: str) -> Any:
        return self.result[key]

    def warns(self, *texts: str) -> None:
        """Assert that there are exactly these warnings; each text is a part of one, in their order."""
        assert len(self.warnings) == len(texts), self.warnings
        for warning, text in zip(self.warnings, texts, strict=True):
            assert text in warning
        self.is_expected = True

    def asked(self, operation: str) -> list[dict[str, Any]]:
        """The requests of one operation."""
        return [each for each in self.requests if each["operation"] == operation]

    def count(self, operation: str) -> int:
        """How many requests of one operation there were."""
        return len(self.asked(operation))

    @property
    def created(self) -> list[list[str]]:
        """The servers of each create request that was not throttled."""
        return [each["body"]["server_ids"] for each in self.asked("create_job") if each["status"] != 429]

    @property
    def writes(self) -> int:
        """How many requests could change something."""
        return sum(each["method"] != "GET" and each["operation"] != "create_token" for each in self.requests)

    @property
    def verdicts(self) -> list[str]:
        """The verdict of each server, in the order of the result."""
        return [row["verdict"] for row in self.result["servers"]]

    def check_keys(self) -> None:
        """Assert that a ``liteserver_job`` result has the keys of the contract, and that its parts agree."""
        result = self.result
        expected = RESULT_KEYS | ({"msg", "error"} if self.failed else set())
        assert set(result) == expected
        assert type(result["changed"]) is bool
        assert result["action"] in ("created", "attached", "none", "deleted", "planned")
        assert type(result["timed_out"]) is bool
        assert type(result["elapsed"]) is float
        assert set(result["counts"]) == COUNT_KEYS
        for row in result["servers"]:
            assert set(row) == SERVER_KEYS
        for verdict in COUNT_KEYS - {"total"}:
            assert result["counts"][verdict] == self.verdicts.count(verdict)
        assert result["counts"]["total"] == len(result["servers"])
        assert result["failed_server_ids"] == [
            row["server_id"] for row in result["servers"] if row["verdict"] == "failed"
        ]
        if self.failed:
            assert set(result["error"]) == ERROR_KEYS
            assert result["error"]["message"] in result["msg"]


class Run:
    """One finished ``ansible-playbook`` process; behaves as the list of its steps."""

    def __init__(self, steps: list[Step], output: str, status: int) -> None:
        self.steps = steps
        self.output = output
        self.status = status

    def __getitem__(self, index: int) -> Step:
        return self.steps[index]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def only(self, kind: str) -> list[Step]:
        """The steps whose result is of ``liteserver_job`` ("action") or ``liteserver_job_info`` ("jobs")."""
        return [step for step in self.steps if kind in step.result]


class Playbook:
    """Runs plays against one simulator.

    Args:
        directory: an empty directory for the files of the plays.
    """

    def __init__(self, simulator: Simulator, directory: pathlib.Path) -> None:
        self._simulator = simulator
        self._directory = directory
        self._runs: list[Run] = []
        self._count = 0

    def run(self, *tasks: Task, **options: Any) -> Run:
        """Run the tasks in one play, and wait for its end; see ``start``."""
        return self.start(*tasks, **options).finish()

    def one(self, task: Task, **options: Any) -> Step:
        """Run one task, and return its step."""
        return self.run(task, **options)[0]

    def start(
        self,
        *tasks: Task,
        arguments: tuple[str, ...] = (),
        credentials: dict[str, Any] | None = None,
        environment: dict[str, str] | None = None,
        register: Sequence[str] = (),
    ) -> Running:
        """Start a process that runs the tasks in one play.

        Args:
            arguments: further command line arguments.
            credentials: defaults of all modules of the collection; None for signed requests.
            environment: variables on top of the clean environment.
            register: names under which the first tasks register their results.
        """
        self._count += 1
        directory = self._directory / f"play-{self._count}"
        directory.mkdir()
        if credentials is None:
            credentials = self._simulator.credentials()
        play = {
            "name": "Test",
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {
                "ansible_connection": "local",
                "ansible_python_interpreter": "{{ ansible_playbook_python }}",
                "simulator_url": self._simulator.url,
            },
            "module_defaults": {GROUP: credentials},
            "tasks": [{"name": f"Step {number}", **task} for number, task in enumerate(tasks)],
        }
        for task, name in zip(play["tasks"], register, strict=False):
            task["register"] = name
        (directory / "play.json").write_text(json.dumps([play], indent=1))
        return Running(self, self._simulator, directory, arguments, environment or {})

    def ended(self, run: Run) -> None:
        """Remember a finished run for ``check_warnings``."""
        self._runs.append(run)

    def check_warnings(self) -> None:
        """Assert that no run printed or returned a warning that its test did not expect."""
        for run in self._runs:
            for step in run:
                assert step.is_expected, f"unexpected warnings: {step.warnings}"
                assert not step.deprecations
            # Ansible wraps what it prints, in the middle of words too.
            text = re.sub(r"\s", "", run.output)
            for warning in {warning for step in run for warning in step.warnings}:
                text = text.replace("[WARNING]:" + re.sub(r"\s", "", warning), "")
            assert "WARNING]" not in text, run.output


class Running:
    """A process that runs a play; made by ``Playbook.start``."""

    def __init__(
        self,
        playbook: Playbook,
        simulator: Simulator,
        directory: pathlib.Path,
        arguments: tuple[str, ...],
        environment: dict[str, str],
    ) -> None:
        self._playbook = playbook
        self._simulator = simulator
        self._record = directory / "record"
        self._record.touch()
        self._printed = b""
        self._first = simulator.count("total")
        self._process = subprocess.Popen(
            [
                *[str(pathlib.Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,"],
                *[*arguments, str(directory / "play.json")],
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env={
                **clean_environment(directory),
                "ANSIBLE_ACTION_PLUGINS": str(HERE / "action_plugins"),
                **recording(self._record),
                "RECORD_COUNTS": simulator.url + "/_control/counts",
                **environment,
            },
        )

    def until(self, text: str) -> str:
        """Wait until the process has printed a text; returns all that it has printed by then."""
        assert self._process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while text not in self._printed.decode(errors="replace"):
                assert selector.select(RUN_SECONDS), f"nothing more than this came:\n{self._printed.decode()}"
                part = os.read(self._process.stdout.fileno(), 65536)
                assert part, f"it ended without {text!r}:\n{self._printed.decode()}"
                self._printed += part
        return self._printed.decode(errors="replace")

    def kill(self) -> None:
        """End the process at once, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def finish(self, may_fail: bool = False) -> Run:
        """Wait for the end; fails on a crash, an unknown play, or a traceback."""
        try:
            output = (self._printed + self._process.communicate(timeout=RUN_SECONDS)[0]).decode()
        except subprocess.TimeoutExpired:
            self._process.kill()
            output = (self._printed + self._process.communicate()[0]).decode()
            raise AssertionError(f"the play did not end within {RUN_SECONDS} s:\n{output}") from None
        lines = [json.loads(line) for line in self._record.read_text().splitlines()]
        lines = [line for line in lines if "recap" not in line]
        log = self._simulator.requests()
        steps, before = [], self._first
        for line in lines:
            steps.append(Step(line, [each for each in log if before < each["n"] <= line["total"]]))
            before = line["total"]
        run = Run(steps, output, self._process.returncode)
        # Only failures that are ignored are expected.
        assert run.status == 0 or may_fail, output
        assert "Traceback (most recent call last)" not in output, output
        assert steps, output
        self._playbook.ended(run)
        return run


def recording(file: pathlib.Path) -> dict[str, str]:
    """Variables by which Ansible appends its results to this file."""
    return {
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE.parent / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "record",
        "RECORD_FILE": str(file),
    }


def clean_environment(directory: pathlib.Path) -> dict[str, str]:
    """An environment for Ansible in which nothing of the user's own decides.

    Args:
        directory: a directory for whatever the process writes.
    """
    home = directory / "home"
    home.mkdir(exist_ok=True)
    config = directory / "ansible.cfg"
    config.touch()
    environment = {
        "PATH": os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(config),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_COLLECTIONS_PATH": collections_path(),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_NOCOWS": "1",
        # Half a second less for each task; test_documented_request.py goes without.
        "ANSIBLE_PIPELINING": "1",
        # These two say that there is no inventory, and that this Ansible is not a released one.
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_DEVEL_WARNING": "0",
    }
    # The last one is there in "make coverage" only.
    for name in ("TMPDIR", "ANSIBLE_LOCAL_TEMP", "ANSIBLE_REMOTE_TEMP", "COVERAGE_PROCESS_CONFIG"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


def collections_path() -> str:
    """Where Ansible finds the collection: the environment's word, else the link that ``make`` keeps."""
    return os.environ.get("ANSIBLE_COLLECTIONS_PATH") or str(REPOSITORY / ".ansible" / "collections")
