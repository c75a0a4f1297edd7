# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every page gets the simulator fresh."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def simulator_state() -> dict[str, Any]:
    """How each test gets the simulator."""
    return {"servers": 12}
