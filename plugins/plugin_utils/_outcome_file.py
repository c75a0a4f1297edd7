# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What came of the hosts of a batch, from the step that waited to the verdict of each host."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Mapping
from typing import Any

from ..module_utils.wiring._replaced_file import replace_file


class OutcomeFile:
    """A line for each host of the newest batch, in Ansible's own temporary folder.

    As a variable, the outcomes of all hosts would be templated for each of them: the cost would grow with the square of
    the batch.

    :param temporary: that folder, which is new for each process and removed at its end.
    :param run: name of the run.
    """

    def __init__(self, temporary: str, run: str) -> None:
        self._path = os.path.join(
            temporary, f"fleet_job_outcomes-{hashlib.sha256(run.encode()).hexdigest()[:16]}.jsonl"
        )

    def write(self, outcomes: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace what an earlier batch left."""
        lines = [f"{json.dumps(host)}\t{json.dumps(outcome)}\n" for host, outcome in outcomes.items()]
        # Each host's name stands behind a line break, where nothing else can look like it.
        replace_file(self._path, "\n" + "".join(lines))

    def all(self) -> dict[str, Any]:
        """{host: its outcome}; empty where there are none."""
        if not os.path.lexists(self._path):
            return {}
        with open(self._path, encoding="utf-8") as file:
            pairs = [line.split("\t", 1) for line in file if line != "\n"]
        return {json.loads(host): json.loads(outcome) for host, outcome in pairs}

    def of(self, host: str) -> Any:
        """The outcome of a host; None where there is none. Every host asks, so only its own line is read."""
        if not os.path.lexists(self._path):
            return None
        begin = f"\n{json.dumps(host)}\t".encode()
        with open(self._path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
            at = lines.find(begin)
            return None if at < 0 else json.loads(lines[at + len(begin) : lines.find(b"\n", at + 1)])
