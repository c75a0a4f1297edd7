# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator for each test process; every test gets it fresh."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest
from rollout.rollout import Rollout
from simulator.process import Simulator


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    """The process, shared by all tests of this directory."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Iterator[Simulator]:
    """The process after a reset; a test in which it wrote to stderr fails."""
    running_simulator.reset(servers=12, job_duration=0.3)
    before = len(running_simulator.stderr())
    yield running_simulator
    assert running_simulator.stderr()[before:] == ""


@pytest.fixture
def rollout(simulator: Simulator, tmp_path: pathlib.Path) -> Iterator[Rollout]:
    """Runs plays over twelve hosts; a test with a warning that it did not expect fails."""
    rollout = Rollout(simulator, tmp_path)
    rollout.inventory(12)
    try:
        yield rollout
        rollout.check_warnings()
    finally:
        rollout.stop()
