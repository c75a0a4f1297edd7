# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Launches the runbooks through ansible-runner as AWX does, and reads the event stream while they run.

What AWX makes of a launch is a private data directory: the project, the inventory source as a file, the survey's
answers as extra variables, the credential as environment variables, and a limit on the command line, which is also
how a job is cut into slices here.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from playbooks.harness import REPOSITORY, clean_environment
from simulator.process import Simulator

CREDENTIAL_TYPE = REPOSITORY / "playbooks" / "files" / "awx" / "credential_type.yml"
# A launch that takes longer hangs.
LAUNCH_SECONDS = 200
RUNBOOKS = ("hdk_upgrade", "collect_logs", "job_status")

Event = dict[str, Any]


def injected(inputs: dict[str, str]) -> dict[str, str]:
    """The environment variables of a credential, rendered as AWX does: every field is there, perhaps empty."""
    credential_type = yaml.safe_load(CREDENTIAL_TYPE.read_text(encoding="utf-8"))
    fields = dict.fromkeys((field["id"] for field in credential_type["inputs"]["fields"]), "")
    assert set(inputs) <= set(fields)
    jinja = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    templates = credential_type["injectors"]["env"]
    return {name: jinja.from_string(text).render(**{**fields, **inputs}) for name, text in templates.items()}


class Awx:
    """Launches jobs against one simulator.

    Args:
        directory: an empty directory for the private data directories.
    """

    def __init__(self, simulator: Simulator, directory: pathlib.Path) -> None:
        self.simulator = simulator
        self._directory = directory
        self._launches: list[Launch] = []

    def launch(
        self,
        runbook: str,
        *,
        limit: str | None = None,
        credential: dict[str, str] | None = None,
        verbosity: int = 0,
        fact_cache: bool = False,
        check: bool = False,
        **extra_vars: Any,
    ) -> Launch:
        """Start a job.

        Args:
            runbook: a playbook of the collection, by its name without the collection's.
            credential: the fields of the credential; None for access keys.
            fact_cache: whether facts are kept, as with AWX's fact storage.
            check: whether it is a check that shows differences, as the template for plans is.
            extra_vars: the survey's answers.
        """
        private = self._directory / f"launch-{len(self._launches) + 1}"
        for name in ("project", "inventory", "env"):
            (private / name).mkdir(parents=True)
        for name in RUNBOOKS:
            book = [{"name": "Run it", "ansible.builtin.import_playbook": f"modelarts.liteserver.{name}"}]
            (private / "project" / f"{name}.yml").write_text(yaml.safe_dump(book))
        source = {"plugin": "modelarts.liteserver.liteserver"}
        (private / "inventory" / "npu.liteserver.yml").write_text(yaml.safe_dump(source))
        if credential is None:
            credential = self.simulator.credentials()
        fields = {"region": "cn-north-4", **credential}
        settings: dict[str, Any] = {"pexpect_timeout": 1}
        if fact_cache:
            settings.update(fact_cache="fact_cache", fact_cache_type="jsonfile")
        environment = {name: value for name, value in clean_environment(private).items() if name != "ANSIBLE_CONFIG"}
        for name, content in {"envvars": injected(fields), "extravars": extra_vars, "settings": settings}.items():
            (private / "env" / name).write_text(json.dumps(content))
        arguments = [*(["--limit", limit] if limit else []), *(["-" + "v" * verbosity] if verbosity else [])]
        arguments += ["--cmdline", "--check --diff"] if check else []
        launch = Launch(private, f"{runbook}.yml", arguments, environment)
        self._launches.append(launch)
        return launch

    def stop(self) -> None:
        """End what a failed test has left running."""
        for launch in self._launches:
            launch.kill()


class Launch:
    """A running job; made by ``Awx.launch``.

    Attributes:
        artifacts: the folder of what the run leaves behind.
    """

    def __init__(self, private: pathlib.Path, playbook: str, arguments: list[str], environment: dict[str, str]) -> None:
        self.private = private
        self.artifacts = private / "artifacts" / "job"
        self._events: dict[str, Event] = {}
        with open(private / "output", "wb") as output:
            self.process = subprocess.Popen(
                [
                    *[str(pathlib.Path(sys.executable).parent / "ansible-runner"), "run", str(private)],
                    *[
                        "-p",
                        playbook,
                        "--ident",
                        "job",
                        "--inventory",
                        str(private / "inventory" / "npu.liteserver.yml"),
                    ],
                    *arguments,
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                # What cancels the runner must reach what it has started by its own doing.
                start_new_session=True,
            )

    def events(self) -> list[Event]:
        """The events that have arrived by now, in their order."""
        self._take_new_events()
        return sorted(self._events.values(), key=lambda event: event["counter"])

    def _take_new_events(self) -> list[Event]:
        folder, new = self.artifacts / "job_events", []
        for name in os.listdir(folder) if folder.exists() else []:
            if name not in self._events and name.endswith(".json") and not name.endswith("-partial.json"):
                self._events[name] = json.loads((folder / name).read_text(encoding="utf-8"))
                new.append(self._events[name])
        return new

    def until(self, text: str) -> Event:
        """Wait for an event whose output has this text."""
        # Ansible wraps lines at the width of the terminal.
        wanted, found, candidates = "".join(text.split()), [], self.events()

        def is_there() -> bool:
            nonlocal candidates
            found.extend(event for event in candidates if wanted in "".join(event["stdout"].split()))
            candidates = self._take_new_events()
            return bool(found)

        self._wait_until(is_there)
        assert is_there() or is_there(), f"it ended without {text!r}:\n{self.output}"
        return found[0]

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + LAUNCH_SECONDS
        while not condition() and self.process.poll() is None:
            assert time.monotonic() < end, self.output
            time.sleep(0.1)

    def cancel(self) -> None:
        """What AWX does when somebody cancels the job."""
        self.process.send_signal(signal.SIGTERM)

    def finish(self) -> str:
        """Wait for the end; the status of the job."""
        self._wait_until(lambda: False)
        self.process.wait()
        assert "Traceback (most recent call last)" not in self.output, self.output
        return (self.artifacts / "status").read_text()

    def kill(self) -> None:
        """End it at once, if it still runs."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def output(self) -> str:
        """What the job has printed by now."""
        return (self.private / "output").read_text(encoding="utf-8", errors="replace")

    def shown(self) -> str:
        """What AWX shows of the job: the output of all events, without colours."""
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", "\n".join(event["stdout"] for event in self.events()))

    def progress(self) -> list[str]:
        """The lines about waits, without control characters at their ends."""
        texts = [event["stdout"].strip() for event in self.events() if event["event"] == "verbose"]
        return [text for text in texts if " job " in text and (" done, " in text or " under way; " in text)]

    def failed_hosts(self) -> dict[str, str]:
        """{host: message of its failed verdict}, from the events."""
        return {
            event["event_data"]["host"]: event["event_data"]["res"]["msg"]
            for event in self.events()
            if event["event"] == "runner_on_failed" and event["event_data"]["task"].endswith("Verdict")
        }
