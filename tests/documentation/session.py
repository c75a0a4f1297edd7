# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what a reader of a page would do: types its blocks, one after the other, into one folder and one shell."""

from __future__ import annotations

import os
import pathlib
import re
import select
import shlex
import signal
import subprocess
import sys
import time

import yaml
from documentation.blocks import REPOSITORY, Block
from playbooks.harness import clean_environment
from simulator.process import Simulator
from terminal import Terminal

from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._connection_options import (
    connection_argument_spec,
)

STAND_INS = pathlib.Path(__file__).resolve().parent / "bin"
# A block that takes longer hangs; the demo on a busy machine takes minutes.
BLOCK_SECONDS = 600
LOOK_SECONDS = 0.1
INVENTORY = "npu.liteserver.yml"
# The one question that anything here asks.
QUESTION = "Type yes"
VARIABLES = {name for option in connection_argument_spec().values() for name in option.get("fallback", (None, []))[1]}


def values_of(simulator: Simulator) -> dict[str, str]:
    """What a page leaves out as ``...`` after ``export NAME=``."""
    settings = simulator.settings()
    return {
        "HUAWEICLOUD_SDK_AK": settings["access_key"],
        "HUAWEICLOUD_SDK_SK": settings["secret_key"],
        "HUAWEICLOUD_SDK_SECURITY_TOKEN": "simulator-security-token",
        "HW_AUTH_TOKEN": settings["static_token"],
        "HW_USER_NAME": settings["user_name"],
        "HW_USER_PASSWORD": settings["password"],
        "HW_DOMAIN_NAME": settings["domain_name"],
    }


class Session:
    """A folder and a shell for the blocks of one page.

    Args:
        folder: an empty folder.
        names: texts of the page, and what they are at the simulator.
        fresh: whether each block starts with the environment of the page's beginning.
        installed: whether there is only what the page itself installs, and not the collection of the clone.
        signed_in: whether the credentials are in the environment from the start.

    Attributes:
        folder: where the blocks run.
        environment: of the first block.
    """

    def __init__(
        self,
        simulator: Simulator,
        folder: pathlib.Path,
        names: dict[str, str],
        fresh: bool = False,
        installed: bool = False,
        signed_in: bool = True,
    ) -> None:
        self._simulator = simulator
        self._names = names
        self._fresh = fresh
        self._values = values_of(simulator)
        self._unused: dict[str, Block] = {}
        self.folder = folder / "work"
        self.folder.mkdir()
        self.environment = {
            **clean_environment(folder),
            "LITESERVER_ENDPOINT": simulator.url,
            "HUAWEICLOUD_SDK_IAM_ENDPOINT": simulator.url,
            "COLUMNS": "200",
        }
        self.environment["PATH"] = os.pathsep.join([str(STAND_INS), self.environment["PATH"]])
        # A hook that logs in on a server finds this machine.
        self.environment["ANSIBLE_TRANSPORT"] = "local"
        self.environment["ANSIBLE_PYTHON_INTERPRETER"] = sys.executable
        if installed:
            self.environment["ANSIBLE_COLLECTIONS_PATH"] = str(folder / "home" / ".ansible" / "collections")
        if signed_in:
            for name in ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"):
                self.environment[name] = self._values[name]
            self.environment["HUAWEICLOUD_SDK_PROJECT_ID"] = simulator.project_id
        self._exports = folder / "exports"
        self._output = ""

    def do(self, block: Block) -> None:
        """Run a block; fails where it does not do what the page says."""
        if "not run" in block.marks:
            assert len(block.marks["not run"]) > 10, f"{block}: why is it not run?"
            return
        if "run below" in block.marks:
            return
        text = self._real(block.text)
        if "output" in block.marks:
            self._compare(block, text.splitlines())
        elif block.language == "yaml":
            self._take_yaml(block, text)
        elif block.language == "console":
            self._take_console(block, text)
        elif block.language == "bash":
            self._use(text)
            self._do(block, text)
        elif block.language == "python":
            self._use(text)
            script = self.folder / f"block-{block.line}.py"
            script.write_text(text)
            self._do(block, f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}")

    def end(self) -> None:
        """Fails where a file of the page was not used by any block of it."""
        assert not self._unused, [f"{block}: nothing on the page runs {name}" for name, block in self._unused.items()]

    def _real(self, text: str) -> str:
        for written, real in self._names.items():
            text = text.replace(written, real)
        for name, written in re.findall(r"^export (\w+)=(.*)$", text, re.MULTILINE):
            if name.startswith(("HUAWEICLOUD_", "HW_", "LITESERVER_")):
                assert name in VARIABLES, f"export {name}: no option of the collection reads it"
            if written == "...":
                text = text.replace(f"export {name}=...", f"export {name}={shlex.quote(self._values[name])}")
        return text

    def _statuses(self, block: Block) -> list[int]:
        return [int(word) for word in block.marks.get("exit status", "0").split()]

    def _take_yaml(self, block: Block, text: str) -> None:
        self._use(text)
        named = re.match(r"(?:---\n)?# ([\w./-]+\.ya?ml)\n", text)
        if named:
            path = self.folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            self._unused[named[1]] = block
            return
        content = yaml.safe_load(text)
        path = self.folder / f"block-{block.line}.liteserver.yml"
        if isinstance(content, dict) and "plugin" in content:
            command = f"ansible-inventory -i {path.name} --list"
        elif isinstance(content, list) and "hosts" in content[0]:
            command = f"ansible-playbook -i {INVENTORY} {path.name}"
        elif isinstance(content, list) and "name" in content[0]:
            text = yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": content}], sort_keys=False)
            command = f"ansible-playbook {path.name}"
        else:
            raise AssertionError(f"{block}: no playbook, tasks or inventory; a file needs a first line: # name.yml")
        path.write_text(text)
        self._do(block, command)

    def _take_console(self, block: Block, text: str) -> None:
        """Commands after ``$``, each with what it shows."""
        parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
        statuses = self._statuses(block) if "exit status" in block.marks else [0] * len(parts)
        assert len(parts) == len(statuses), f"{block}: one exit status for each command"
        for part, status in zip(parts, statuses, strict=True):
            command, _break, shown = part.partition("\n")
            self._use(command)
            self._do(block, command, status)
            self._compare(block, shown.splitlines())

    def _use(self, text: str) -> None:
        """Files that a block names are run with it; group_vars are, with any playbook."""
        plays = "ansible-playbook" in text
        for name in list(self._unused):
            if pathlib.Path(name).name in text or (plays and name.startswith(("group_vars/", "host_vars/"))):
                del self._unused[name]

    def _compare(self, block: Block, lines: list[str]) -> None:
        """Each line is in the output of the last command, in their order.

        ``...`` stands for anything, and so do seconds and ids. Blanks do not count: Ansible breaks its lines.
        """
        output = re.sub(r"\s", "", self._output)
        for line in filter(None, (re.sub(r"\s", "", line) for line in lines)):
            pattern = ".*?".join(re.escape(part) for part in line.split("..."))
            pattern = re.sub(r"\d+s(?=\W|$)", r"\\d+s", pattern)
            pattern = re.sub(r"[0-9a-f]{8}(?:\\-[0-9a-f]{4}){3}\\-[0-9a-f]{12}", "[0-9a-f-]{36}", pattern)
            found = re.search(pattern, output)
            assert found, f"{block}: does not show {line!r}:\n{self._output}"
            output = output[found.end() :]

    def shell(self, where: object, script: str, status: int = 0, types: str | None = None, clone: bool = False) -> str:
        """Run a script; returns what it wrote.

        Args:
            where: what a failure is told about.
            types: what is typed on its terminal when it asks; None for no terminal.
            clone: whether it runs in the clone, and not in the folder of the page.
        """
        whole = f"set -euo pipefail\n{script.rstrip()}\nexport -p >{shlex.quote(str(self._exports))}\n"
        if self._exports.exists() and not self._fresh:
            whole = f". {shlex.quote(str(self._exports))}\n{whole}"
        found, output = run(whole, REPOSITORY if clone else self.folder, self.environment, types)
        assert found == status, f"{where}: exit status {found}, not {status}:\n{script}\n{output}"
        assert "Traceback (most recent call last)" not in output, f"{where}:\n{output}"
        return output

    def _do(self, block: Block, script: str, status: int | None = None) -> None:
        if status is None:
            status = self._statuses(block)[0]
        self._output = self.shell(block, script, status, block.marks.get("types"), "in the clone" in block.marks)


def run(script: str, folder: pathlib.Path, environment: dict[str, str], types: str | None) -> tuple[int, str]:
    """Run a script; returns its exit status and what it wrote.

    Args:
        types: what is typed on its terminal when it asks; None for no terminal.
    """
    terminal = Terminal() if types else None
    command, options = ["bash", "-c", script], {"cwd": folder, "env": environment}
    if terminal:
        process, reader = terminal.start(command, **options), terminal.screen
    else:
        # A session of its own, so that nothing of it is left behind.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )
        reader = process.stdout.fileno()
    output = b""
    end = time.monotonic() + BLOCK_SECONDS
    try:
        while time.monotonic() < end:
            if terminal and QUESTION.encode() in output and terminal.reads_keys():
                terminal.type(types)
            if terminal and process.poll() is not None:
                terminal.hang_up()
            if not select.select([reader], [], [], LOOK_SECONDS)[0]:
                continue
            try:
                part = os.read(reader, 65536)
            except OSError:  # a terminal without another end
                part = b""
            if not part:
                return process.wait(BLOCK_SECONDS), output.decode()
            output += part
        raise AssertionError(f"not over after {BLOCK_SECONDS} s:\n{output.decode()}")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if terminal:
            terminal.close()
        else:
            process.stdout.close()
