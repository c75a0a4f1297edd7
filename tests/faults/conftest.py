# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab for each test process, and the totals at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from faults.lab import Lab


@pytest.fixture(scope="session")
def running_lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


@pytest.fixture
def lab(running_lab: Lab) -> Iterator[Lab]:
    """The lab after a reset; a test in which the simulator wrote to stderr fails."""
    with running_lab.simulator.fresh():
        yield running_lab


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Cells of the fault matrix, and steps of the state machine, over all processes."""
    totals: dict[str, int] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, value in report.user_properties:
                    totals[name] = totals.get(name, 0) + value
    if "cells" in totals:
        failed = totals["failed"]
        terminalreporter.write_line(
            f"fault matrix: {totals['cells']} cells, {totals['cells'] - failed} passed, {failed} failed"
        )
    for name in sorted(set(totals) - {"cells", "failed"}):
        terminalreporter.write_line(f"{name}: {totals[name]}")
