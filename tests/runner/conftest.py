# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator for each test process; every test gets it fresh."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest
from runner.launch import Awx
from simulator.process import Simulator


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    """The process, shared by all tests of this directory."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Iterator[Simulator]:
    """The process after a reset; a test in which it wrote to stderr fails.

    Jobs do not end by themselves: a test ends them when it has seen what it waits for.
    """
    running_simulator.reset(servers=12, job_duration=3600)
    before = len(running_simulator.stderr())
    yield running_simulator
    assert running_simulator.stderr()[before:] == ""


@pytest.fixture
def awx(simulator: Simulator, tmp_path: pathlib.Path) -> Iterator[Awx]:
    """Launches jobs; ends them with the test."""
    awx = Awx(simulator, tmp_path)
    try:
        yield awx
    finally:
        awx.stop()
