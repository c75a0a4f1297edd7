# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What a step still writes down when somebody ends the run with Ctrl-C, or with a signal."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Any

from ..module_utils.wiring._run_files import RunFiles, now_ms

REASON = "ansible-playbook was interrupted; jobs that were started go on"


@contextlib.contextmanager
def noted_interruption(files: RunFiles, path: str) -> Iterator[None]:
    """While jobs are started or waited for: a signal that ends this process is noted in the record first.

    Ansible passes a Ctrl-C on to its processes as one signal or another, depending on its version.
    """
    previous: dict[int, Any] = {}

    def note(number: int, frame: FrameType | None) -> None:
        files.note(path, lambda record: record.stop(REASON, "interrupted", now_ms()))
        before = previous[number]
        signal.signal(number, before)
        if callable(before):
            before(number, frame)
        else:
            os.kill(os.getpid(), number)

    for number in (signal.SIGINT, signal.SIGTERM):
        previous[number] = signal.signal(number, note)
    try:
        yield
    finally:
        for caught, before in previous.items():
            signal.signal(caught, before)
