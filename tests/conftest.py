# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator for each test process. The folders of tests say in what state each of their tests gets it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from simulator.process import Simulator


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    """The process, shared by all tests."""
    with Simulator() as simulator:
        yield simulator
