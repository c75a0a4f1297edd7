# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark runs, in all of its parts, and makes its page: nobody runs the whole of it for each change."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

BENCHMARK = pathlib.Path(__file__).resolve().parents[1] / "benchmark" / "benchmark.py"


def test_every_part_runs_and_is_on_the_page(tmp_path: pathlib.Path) -> None:
    figures = tmp_path / "figures.json"
    sizes = ["--fleets", "2", "--jobs", "1", "--inventories", "3", "4"]
    command = [sys.executable, str(BENCHMARK), *sizes, "--save", str(figures)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stderr
    results = json.loads(figures.read_text())
    assert len({row["contender"] for row in results["fleets"]}) == 9
    assert {row["jobs"] for row in results["history"]} == {1}
    assert {row["servers"] for row in results["inventory"]} == {3, 4}
    page = run.stdout
    for ratio in (
        "role, wall time to one empty task on each host, 2 servers",
        "role, overhead to (b) with verdicts, 2 servers",
        "inventory plugin to static file, 4 servers",
    ):
        assert f"| {ratio} | " in page
    assert "(images/benchmark-inventory.svg)" in page
