# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test gets the simulator fresh."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from playbooks.harness import Playbook
from simulator.process import Simulator


@pytest.fixture
def simulator_state() -> dict[str, Any]:
    """Jobs end at once, unless a test says otherwise."""
    return {"job_duration": 0}


@pytest.fixture
def playbook(simulator: Simulator, tmp_path: pathlib.Path) -> Iterator[Playbook]:
    """Runs plays; a test with a warning that it did not expect fails."""
    playbook = Playbook(simulator, tmp_path)
    yield playbook
    playbook.check_warnings()
