# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test with a simulator gets it fresh."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from rollout.rollout import Rollout
from simulator.process import Simulator


@pytest.fixture
def simulator_state() -> dict[str, Any]:
    """How each test gets the simulator."""
    return {"servers": 12, "job_duration": 0.3}


@pytest.fixture
def rollout(simulator: Simulator, tmp_path: pathlib.Path) -> Iterator[Rollout]:
    """Runs plays over hosts; a test with a warning that it did not expect fails."""
    rollout = Rollout(simulator, tmp_path)
    try:
        yield rollout
        rollout.check_warnings()
    finally:
        rollout.stop()
