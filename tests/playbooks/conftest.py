# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test gets the simulator fresh."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest
from playbooks.harness import Playbook
from simulator.process import Simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Iterator[Simulator]:
    """The process after a reset; a test in which it wrote to stderr fails.

    Jobs end at once, unless a test says otherwise.
    """
    with running_simulator.fresh(job_duration=0):
        yield running_simulator


@pytest.fixture
def playbook(simulator: Simulator, tmp_path: pathlib.Path) -> Iterator[Playbook]:
    """Runs plays; a test with a warning that it did not expect fails."""
    playbook = Playbook(simulator, tmp_path)
    yield playbook
    playbook.check_warnings()
