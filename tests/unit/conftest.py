# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the transport and of the wiring share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.modelarts.liteserver.tests.unit.transport.misbehaving_server import MisbehavingServer


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    """A plain http server."""
    server = MisbehavingServer()
    yield server
    server.close()
