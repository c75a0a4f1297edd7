# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every page gets the simulator fresh."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from simulator.process import Simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Iterator[Simulator]:
    """The process after a reset; a test in which it wrote to stderr fails."""
    with running_simulator.fresh(servers=12):
        yield running_simulator
