# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator for each test process; every page gets it fresh."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from simulator.process import Simulator


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    """The process, shared by all tests of this directory."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Iterator[Simulator]:
    """The process after a reset; a test in which it wrote to stderr fails."""
    running_simulator.reset(servers=12)
    before = len(running_simulator.stderr())
    yield running_simulator
    assert running_simulator.stderr()[before:] == ""
