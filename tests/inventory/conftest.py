# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test gets the simulator fresh."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
from inventory.harness import Inventory
from simulator.process import Simulator


@pytest.fixture
def simulator_state() -> dict[str, Any]:
    """How each test gets the simulator."""
    return {"servers": 12}


@pytest.fixture
def inventory(simulator: Simulator, tmp_path: pathlib.Path) -> Inventory:
    """Runs ``ansible-inventory`` and its like over a file for the plugin."""
    return Inventory(simulator, tmp_path)
