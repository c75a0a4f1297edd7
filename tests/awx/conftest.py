# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of AWX share: the definitions, and simulators of the service for plays."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from rollout.rollout import Rollout
from simulator.process import Simulator

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "extensions" / "awx"
DEFINITIONS = ROOT / "playbooks" / "files" / "awx"


@pytest.fixture(scope="session")
def credential_type() -> dict[str, Any]:
    """The credential type."""
    return yaml.safe_load((DEFINITIONS / "credential_type.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def objects() -> dict[str, Any]:
    """The job templates and the workflow."""
    return yaml.safe_load((DEFINITIONS / "job_templates.yml").read_text(encoding="utf-8"))


@pytest.fixture
def simulator_state() -> dict[str, Any]:
    """How each test gets the simulator."""
    return {"servers": 12, "job_duration": 0.3, "supernode_share": 0}


@pytest.fixture
def rollout(simulator: Simulator, tmp_path: pathlib.Path) -> Iterator[Rollout]:
    """Runs plays over twelve hosts."""
    with Rollout(simulator, tmp_path) as rollout:
        yield rollout
