# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command against a simulator, and measures what it cost."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(sys.executable).parent
# A command that takes longer hangs.
LONGEST = 3600


@dataclass(frozen=True)
class Cost:
    """What one command cost.

    :ivar wall: seconds from its start to its end.
    :ivar cpu: seconds of processor time, of all its processes.
    :ivar memory: MiB of its largest process, at its largest.
    :ivar started: when it started, in seconds since the epoch; ``ended``: when it ended.
    :ivar tasks: what the callback ``task_times`` wrote, for a playbook.
    """

    wall: float
    cpu: float
    memory: float
    started: float
    ended: float
    output: bytes = field(repr=False)
    tasks: list[dict[str, Any]] = field(repr=False)


def command_cost(command: Sequence[str], environment: Mapping[str, str], folder: pathlib.Path) -> Cost:
    """Run a command; ends the benchmark where it fails."""
    times = folder / "times"
    times.unlink(missing_ok=True)
    with open(folder / "output", "w+b") as output, open(folder / "errors", "w+b") as errors:
        started, begin = time.time(), time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "TASK_TIMES": str(times), **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        # Its usage holds that of all processes that it has waited for.
        _pid, status, usage = os.wait4(process.pid, 0)
        ended, wall = time.time(), time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        text = output.read()
        if process.returncode:
            sys.exit(f"{text[-3000:].decode()}\n{errors.read()[-3000:].decode()}\n{' '.join(command)} failed")
    lines = [json.loads(line) for line in times.read_text().splitlines()] if times.exists() else []
    memory = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Cost(wall, usage.ru_utime + usage.ru_stime, memory, started, ended, text, lines)


def play_cost(play: Mapping[str, Any], inventory: Mapping[str, Any] | None, environment: Mapping[str, str]) -> Cost:
    """Run one play over an inventory (a YAML inventory as values), or over localhost."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = pathlib.Path(name)
        (folder / "play.json").write_text(json.dumps([play]))
        hosts = "localhost,"
        if inventory is not None:
            hosts = str(folder / "hosts.yml")
            (folder / "hosts.yml").write_text(json.dumps(inventory))
        return command_cost(
            [str(BIN / "ansible-playbook"), "-i", hosts, str(folder / "play.json")],
            {
                "ANSIBLE_LIBRARY": str(HERE / "library"),
                "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
                "ANSIBLE_CALLBACKS_ENABLED": "task_times",
                "ANSIBLE_LOCALHOST_WARNING": "False",
                **environment,
            },
            folder,
        )


def connection(simulator: Any) -> dict[str, str]:
    """The environment that leads to a simulator."""
    options = simulator.credentials()
    return {
        "LITESERVER_ENDPOINT": options["endpoint"],
        "HUAWEICLOUD_SDK_PROJECT_ID": options["project_id"],
        "HUAWEICLOUD_SDK_AK": options["access_key"],
        "HUAWEICLOUD_SDK_SK": options["secret_key"],
    }
