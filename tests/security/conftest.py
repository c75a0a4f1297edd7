# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the security tests share: module processes, a hostile server, certificates, simulators with TLS and without."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from module_process import ModuleProcesses
from playbooks.harness import Playbook
from rollout.rollout import Rollout
from security.certificates import Certificates
from security.hostile_server import HostileServer
from simulator.process import Simulator

from ansible_collections.modelarts.liteserver.tests.unit.transport.misbehaving_server import RecordingProxy


@pytest.fixture(scope="session")
def modules() -> Iterator[ModuleProcesses]:
    """Starts real processes of modules."""
    with ModuleProcesses() as processes:
        yield processes


@pytest.fixture
def hostile() -> Iterator[HostileServer]:
    """Answers as documented, but for what a test says."""
    with HostileServer() as server:
        yield server


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority, and what it and others have signed."""
    return Certificates(trustme.CA(), tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def simulator_state() -> dict[str, Any]:
    """Jobs end at once."""
    return {"job_duration": 0}


@pytest.fixture(scope="session")
def running_tls_simulator(certificates: Certificates) -> Iterator[Simulator]:
    """A process that speaks TLS, with a certificate for 127.0.0.1 and localhost."""
    with Simulator(tls=certificates.good) as simulator:
        yield simulator


@pytest.fixture
def tls_simulator(running_tls_simulator: Simulator) -> Iterator[Simulator]:
    """The process that speaks TLS, after a reset."""
    with running_tls_simulator.fresh(job_duration=0):
        yield running_tls_simulator


@pytest.fixture
def proxy() -> Iterator[RecordingProxy]:
    """A forward proxy."""
    with contextlib.closing(RecordingProxy()) as proxy:
        yield proxy


@pytest.fixture
def playbook(simulator: Simulator, tmp_path: pathlib.Path) -> Playbook:
    """Runs plays."""
    return Playbook(simulator, tmp_path)


@pytest.fixture
def rollout(simulator: Simulator, tmp_path: pathlib.Path) -> Iterator[Rollout]:
    """Runs plays over four hosts."""
    with Rollout(simulator, tmp_path, 4) as rollout:
        yield rollout
