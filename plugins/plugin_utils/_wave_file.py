# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Hosts and batch sizes on their way from one play to the next."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from typing import Any

from ..module_utils.wiring._replaced_file import replace_file


class WaveFile:
    """A file in Ansible's own temporary folder, which is new for each process and removed at its end.

    Groups would stay for the whole process: a playbook that is imported twice would mix its servers.

    :param temporary: that folder.
    """

    def __init__(self, temporary: str) -> None:
        self._path = os.path.join(temporary, "fleet_job_waves.json")

    def write(self, waves: Mapping[str, Any]) -> None:
        """Keep ``hosts`` and ``serial``."""
        replace_file(self._path, json.dumps(dict(waves)))

    def read(self) -> Any:
        """What was written last; None where nothing was, or it was taken."""
        with contextlib.suppress(FileNotFoundError), open(self._path, encoding="utf-8") as file:
            return json.load(file)
        return None

    def take(self) -> None:
        """From here on no other play finds it."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
