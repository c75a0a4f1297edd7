# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test gets the simulator fresh."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import pytest
import requests
from simulator.process import Simulator
from simulator.servers import server_id

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def simulator_state() -> dict[str, Any]:
    """A task takes its time until the clock is moved."""
    return {"servers": 12, "job_duration": 1000}


@pytest.fixture
def create(simulator: Simulator) -> Callable[..., str]:
    """Starts a job on servers by their numbers; returns its id."""

    def create_job(name: str, *numbers: int) -> str:
        answer = requests.post(
            f"{simulator.url}/v1/{simulator.project_id}/dev-servers/jobs",
            headers={"X-Auth-Token": simulator.token_credentials()["auth_token"]},
            json={
                "name": name,
                "type": "HDK_UPGRADE",
                "items": [{"type": "HDK_UPGRADE", "spec": {"version": "24.1.rc3.10"}}],
                "server_ids": [server_id(number) for number in numbers],
            },
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()["id"]

    return create_job
