# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook, inventory, shell and Python block of every page is run as it stands, in the order of the page."""

from __future__ import annotations

import json
import pathlib

import pytest
from documentation.blocks import MARKS, REPOSITORY, RUN, SHOWN, blocks, pages
from documentation.pages import NAMES, STARTS, start_of
from documentation.session import Session
from simulator.process import Simulator

PAGES = pages()
NOT_HERE = {"not run", "run below"}
RUNNING = [page for page in PAGES if any(block.language in RUN for block in blocks(page))]


def test_there_are_pages_to_run() -> None:
    assert {"README.md", "docs/fleet-upgrade.md", "docs/inventory.md", "roles/fleet_job/README.md"} <= set(RUNNING)
    assert set(STARTS) <= set(RUNNING)


@pytest.mark.parametrize("page", PAGES)
def test_no_block_is_passed_over(page: str) -> None:
    """An indented block, one without a language, or a mark with a slip in it would not be run."""
    for block in blocks(page):
        assert block.language in RUN | SHOWN, f"{block}: language '{block.language}'"
        assert set(block.marks) <= MARKS, f"{block}: {set(block.marks) - MARKS}"
        if block.language == "json":
            json.loads(block.text)
        if "run below" in block.marks:
            below = [other for other in blocks(page) if other.line > block.line and not set(other.marks) & NOT_HERE]
            assert block.text in [other.text for other in below], f"{block}: is not below"


def test_what_the_pages_leave_to_ci_is_there() -> None:
    steps = (REPOSITORY / ".ci" / "run").read_text().splitlines()
    assert {"make demo", "make test", "make docs-test"} <= set(steps)


@pytest.mark.parametrize("page", RUNNING)
def test_page(simulator: Simulator, tmp_path: pathlib.Path, page: str) -> None:
    start = start_of(page)
    start.prepare(simulator)
    session = Session(simulator, tmp_path, {**NAMES, **start.names}, **start.options)
    start.fill(session.folder, simulator)
    for block in blocks(page):
        session.do(block)
    session.end()
