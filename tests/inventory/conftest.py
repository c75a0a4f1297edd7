# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator for each test process; every test gets it fresh."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest
from inventory.harness import Inventory
from simulator.process import Simulator


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    """The process, shared by all tests of this directory."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Iterator[Simulator]:
    """The process after a reset to 12 servers; a test in which it wrote to stderr fails."""
    running_simulator.reset(servers=12)
    before = len(running_simulator.stderr())
    yield running_simulator
    assert running_simulator.stderr()[before:] == ""


@pytest.fixture
def inventory(simulator: Simulator, tmp_path: pathlib.Path) -> Inventory:
    """Runs ``ansible-inventory`` and its like over a file for the plugin."""
    return Inventory(simulator, tmp_path)
