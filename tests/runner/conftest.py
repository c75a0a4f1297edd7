# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test gets the simulator fresh."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from runner.launch import Awx
from simulator.process import Simulator


@pytest.fixture
def simulator_state() -> dict[str, Any]:
    """Jobs do not end by themselves: a test ends them when it has seen what it waits for."""
    return {"servers": 12, "job_duration": 3600}


@pytest.fixture
def awx(simulator: Simulator, tmp_path: pathlib.Path) -> Iterator[Awx]:
    """Launches jobs; ends them with the test."""
    awx = Awx(simulator, tmp_path)
    try:
        yield awx
    finally:
        awx.stop()
