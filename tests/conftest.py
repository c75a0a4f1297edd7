# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator for each test process. The folders of tests say in what state each of their tests gets it."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

# Here and not in the settings of pytest, since "ansible-test units" has settings of its own.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from simulator.process import Simulator

RUNNING = pytest.StashKey[Simulator]()

# How long an example takes is no property of the collection, but of what else the machine does.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """The markers of these tests."""
    config.addinivalue_line("markers", 'thorough: takes tens of seconds; "make check" leaves it out')


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the process, where a test needs it.

    Not in the fixture: "ansible-test units" forks for each test, so each would start one, and none would end.
    """
    if any("running_simulator" in getattr(item, "fixturenames", ()) for item in session.items):
        session.config.stash[RUNNING] = Simulator().__enter__()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End it."""
    if RUNNING in config.stash:
        config.stash[RUNNING].close()


@pytest.fixture(scope="session")
def running_simulator(pytestconfig: pytest.Config) -> Simulator:
    """The process, shared by all tests."""
    return pytestconfig.stash[RUNNING]


@pytest.fixture
def simulator_state() -> dict[str, Any]:
    """What the process is reset to, see ``Simulator.reset``; a folder of tests may have its own."""
    return {}


@pytest.fixture
def simulator(running_simulator: Simulator, simulator_state: dict[str, Any]) -> Iterator[Simulator]:
    """The process after a reset; a test in which it wrote to stderr fails."""
    with running_simulator.fresh(**simulator_state):
        yield running_simulator
