# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""The node's files and tools: where they are, and one command with a time-out that holds whatever the tool does."""

import os
import signal
import subprocess  # nosec B404: the tools of the node are programs
from typing import Callable, Dict, List, NamedTuple, Optional

from ._outputs import refusal_in

INSTALL_INFO = "/etc/ascend_install.info"
ASCEND = "/usr/local/Ascend"  # unless INSTALL_INFO names another place
# Where tools lie that are often not in the PATH of a shell without login.
FOLDERS = ("/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/bin", "/sbin", ASCEND + "/driver/tools")
RETRY_SECONDS = 1.0
MOST_BYTES = 1024 * 1024


class Answer(NamedTuple):
    """What a command gave.

    ``problem``: None, or why ``text`` is no answer: missing, timeout, broken, cut, failed, or a name of REFUSALS.
    ``text``: standard output and error together.
    """

    problem: Optional[str]
    text: str


class Node:
    """The machine on which this runs.

    Args:
        root: "/"; tests give a folder that holds the files and tools of a node.
        timeout: seconds for each command, and for a reset of the chips to pass.
        environment: of the commands; LC_ALL is set on top.
        clock: seconds, only going up.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        root: str,
        timeout: float,
        environment: Dict[str, str],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self.root = root
        self._timeout = timeout
        self._environment = dict(environment, LC_ALL="C", LANGUAGE="C")
        self._clock = clock
        self._sleep = sleep
        self._given_up: Dict[str, Answer] = {}
        self.unseen: List[str] = []

    def path(self, path: str) -> str:
        """Where an absolute path of the node is."""
        return os.path.join(self.root, path.lstrip("/"))

    def exists(self, path: str) -> bool:
        """Whether there is such a file, a dangling link included."""
        return os.path.lexists(self.path(path))

    def read(self, path: str) -> Optional[str]:
        """The text of a file; None where there is none, and ``unseen`` says so where it cannot be read."""
        try:
            with open(self.path(path), "rb") as file:
                return file.read(MOST_BYTES).decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            self.unseen.append(f"{path}: {error.strerror}")
            return None

    def find(self, tool: str) -> Optional[str]:
        """The path of a tool: from PATH, or where it usually is."""
        folders = [folder for folder in self._environment.get("PATH", "").split(os.pathsep) if folder.startswith("/")]
        for folder in [*folders, *FOLDERS]:
            path = os.path.join(self.path(folder), tool)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
        return None

    def run(self, tool: str, *arguments: str) -> Answer:
        """Run a command. A tool that hangs, or whose chips are in a reset for too long, is not run again."""
        if tool in self._given_up:
            return self._given_up[tool]
        path = self.find(tool)
        if path is None:
            return Answer("missing", f"{tool} not found")
        end = self._clock() + self._timeout
        while True:
            answer = self._run_once(path, list(arguments))
            if answer.problem == "reset" and self._clock() < end:
                self._sleep(RETRY_SECONDS)
                continue
            if answer.problem in ("reset", "timeout"):
                self._given_up[tool] = answer
            return answer

    def _run_once(self, path: str, arguments: List[str]) -> Answer:
        try:
            process = subprocess.Popen(  # nosec B603: no shell, and arguments of ours
                [path, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        except OSError as error:
            return Answer("broken", str(error))
        try:
            output = process.communicate(timeout=self._timeout)[0]
        except subprocess.TimeoutExpired:
            _end(process)
            return Answer("timeout", f"no end within {self._timeout:g} s")
        text = output.decode("utf-8", "replace")
        if len(output) > MOST_BYTES:
            return Answer("cut", f"more than {MOST_BYTES} bytes")
        refusal = refusal_in(text, process.returncode)
        if refusal or process.returncode:
            return Answer(refusal or "failed", text)
        return Answer(None, text)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a command with all that it started. One that waits in the driver cannot be killed, and is left alone."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=1)
    except (OSError, subprocess.TimeoutExpired):
        pass
