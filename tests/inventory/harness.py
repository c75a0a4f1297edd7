# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Ansible's own programs over an inventory file of the plugin, and tells what came back."""

from __future__ import annotations

import functools
import json
import pathlib
import re
import subprocess
import sys
from typing import Any

from playbooks.harness import clean_environment
from simulator.process import Simulator

PLUGIN = "modelarts.liteserver.liteserver"
# A program that takes longer hangs; with 5,000 hosts some take a minute.
RUN_SECONDS = 400
EXIT_STATUS = 4
LIST = ("ansible-inventory", "--list")
GRAPH = ("ansible-inventory", "--graph")
HOSTS = ("ansible", "all", "--list-hosts")


def unmarked(value: Any) -> Any:
    """A value of ``ansible-inventory --list`` without what marks its strings as no templates."""
    if isinstance(value, dict):
        if value.keys() == {"__ansible_unsafe"}:
            return value["__ansible_unsafe"]
        return {key: unmarked(item) for key, item in value.items()}
    return [unmarked(item) for item in value] if isinstance(value, list) else value


class Result:
    """What one program did.

    Attributes:
        requests: the requests that reached the API meanwhile, as the simulator logged them.
    """

    def __init__(self, status: int, stdout: str, stderr: str, requests: list[dict[str, Any]]) -> None:
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
        self.requests = requests

    @functools.cached_property
    def listed(self) -> dict[str, Any]:
        """The JSON of ``--list``, of a run without any trouble, without the marks of untrusted strings."""
        self.succeeded()
        return unmarked(json.loads(self.stdout))

    @property
    def hostvars(self) -> dict[str, dict[str, Any]]:
        """The variables of each host, in no order."""
        return self.listed["_meta"]["hostvars"]

    @property
    def groups(self) -> dict[str, list[str]]:
        """The hosts of each group that has some, in the group's order."""
        return {name: group["hosts"] for name, group in self.listed.items() if name != "_meta" and "hosts" in group}

    @property
    def warnings(self) -> str:
        """What stands on stderr, without line breaks, since Ansible wraps warnings."""
        return " ".join(self.stderr.split())

    def succeeded(self) -> Result:
        """Assert that it ended well and said nothing else."""
        assert (self.status, self.stderr) == (0, ""), self.stderr
        return self

    def warned(self, text: str) -> Result:
        """Assert that it ended well with exactly one warning, which has this text."""
        assert self.status == 0, self.stderr
        assert self.stderr.count("[WARNING]") == 1, self.stderr
        # It is wrapped in the middle of words, too.
        assert re.sub(r"\s", "", text) in re.sub(r"\s", "", self.stderr)
        self.stderr = ""
        return self

    def failed(self, *texts: str) -> Result:
        """Assert that it ended with one line, which has these texts, and gave no host."""
        assert self.status == EXIT_STATUS, (self.status, self.stdout, self.stderr)
        assert self.stdout == ""
        lines = [line for line in self.stderr.splitlines() if line.strip()]
        assert len(lines) == 1, self.stderr
        assert lines[0].startswith("[ERROR]: ")
        for text in texts:
            assert text in lines[0]
        return self


class Inventory:
    """Runs programs over one inventory file, by default with signed requests to a simulator.

    Args:
        directory: an empty directory for all files.
    """

    def __init__(self, simulator: Simulator, directory: pathlib.Path) -> None:
        self._simulator = simulator
        self.directory = directory
        self.file = directory / "liteserver.yml"

    def write(self, credentials: dict[str, Any] | None = None, **options: Any) -> None:
        """Write the file; ``credentials`` are None for signed requests."""
        if credentials is None:
            credentials = self._simulator.credentials()
        self.file.write_text(json.dumps({"plugin": PLUGIN, **credentials, **options}))

    def run(
        self,
        *command: str,
        arguments: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
        **options: Any,
    ) -> Result:
        """Write the file with these options, and run a program (``ansible-inventory --list``) over it."""
        self.write(**options)
        return self.again(*command, arguments=arguments, environment=environment)

    def again(
        self,
        *command: str,
        arguments: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
    ) -> Result:
        """Run a program over the file as it is."""
        program, *rest = command or LIST
        before = len(self._simulator.requests())
        done = subprocess.run(
            [str(pathlib.Path(sys.executable).parent / program), "-i", str(self.file), *rest, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=self.directory,
            env={**clean_environment(self.directory), **(environment or {})},
            timeout=RUN_SECONDS,
            check=False,
        )
        stdout, stderr = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in stdout + stderr, stderr
        return Result(done.returncode, stdout, stderr, self._simulator.requests()[before:])


def answer(*servers: dict[str, Any]) -> dict[str, Any]:
    """A list of servers as the service answers it; each needs no more than an id."""
    return {"current": 1, "pages": 1, "size": len(servers), "total": len(servers), "data": list(servers)}


def server(number: int, **record: Any) -> dict[str, Any]:
    """A made-up record with an id that begins with the number."""
    return {"id": f"{number:08x}-aaaa-bbbb-cccc-dddddddddddd", "status": "RUNNING", **record}
