# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark: what the collection costs, beside what a user would do instead.

    python tests/benchmark/benchmark.py              a few minutes: fleets of 10, 100 and 1,000
    python tests/benchmark/benchmark.py --full       half an hour: fleets up to 5,000, and 1,000 jobs by uri per host
    python tests/benchmark/benchmark.py --write      and write docs/benchmark.md with its plots
    python tests/benchmark/benchmark.py --only fleets --fleets 1000 5000 --ways role runbook empty
                                                     the role and the runbook beside one empty task on each host

Everything runs in turn, in one run on one machine. Only ratios mean something on another.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import sys
from collections.abc import Sequence
from typing import Any

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import contenders  # noqa: E402  (the simulator's folder is put on the path first)
import history  # noqa: E402
import inventory  # noqa: E402
import report  # noqa: E402

# A round over more servers takes minutes, in which most of what else the machine does evens out.
MOST_REPEATED = 1000
DOCS = HERE.parents[1] / "docs"


def main() -> None:
    keys = [contender.key for contender in contenders.CONTENDERS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="every size of every contender")
    parser.add_argument("--rounds", type=int, default=1, help="so many times (default: 1)")
    parser.add_argument("--fleets", type=int, nargs="*", help="sizes of the fleets")
    parser.add_argument("--jobs", type=int, nargs="*", help="numbers of jobs of a history")
    parser.add_argument("--inventories", type=int, nargs="*", help="sizes of the inventories")
    parser.add_argument("--ways", nargs="*", choices=keys, help="only these ways to run a job on a fleet")
    parser.add_argument("--only", choices=["fleets", "history", "inventory"], help="one part")
    parser.add_argument("--write", action="store_true", help="write docs/benchmark.md and its plots")
    parser.add_argument("--results", type=pathlib.Path, help="read the figures of an earlier run; see --save")
    parser.add_argument("--save", type=pathlib.Path, help="a file for the figures, as JSON")
    options = parser.parse_args()
    results = json.loads(options.results.read_text()) if options.results else run(options)
    if options.write:
        report.write(results, DOCS)
        print(f"written: {DOCS / 'benchmark.md'}")
    else:
        print("\n".join(report.lines_of(results)))


def run(options: argparse.Namespace) -> dict[str, Any]:
    """The figures of every part, as values for JSON."""
    results: dict[str, Any] = {
        "machine": {"python": platform.python_version(), "processors": os.cpu_count(), "rounds": options.rounds},
        "history_rounds": max(history.LEAST_ROUNDS, options.rounds),
        "fleets": [],
        "history": [],
        "inventory": [],
    }
    if options.only in (None, "fleets"):
        for servers in options.fleets or ([10, 100, 1000, 2000, 5000] if options.full else [10, 100, 1000]):
            chosen = [
                contender
                for contender in contenders.CONTENDERS
                if contender.key in (options.ways or [contender.key])
                and servers <= (contender.most if options.full else min(contender.most, contender.quick))
            ]
            # One round after the other, so that what else the machine does falls on all.
            times = options.rounds if servers <= MOST_REPEATED else 1
            rounds = [[contenders.measured(each, servers) for each in chosen] for _round in range(times)]
            quickest = [_quickest(of_one) for of_one in zip(*rounds, strict=True)]
            results["fleets"] += quickest
            _say(*quickest)
            _save(results, options.save)
    if options.only in (None, "history"):
        for jobs in options.jobs or (1, 10, 100, 500, 1000, 5000):
            rows = [dataclasses.asdict(row) for row in history.measured(jobs, results["history_rounds"])]
            results["history"] += rows
            _say(*rows)
        _save(results, options.save)
    if options.only in (None, "inventory"):
        for servers in options.inventories or ((100, 1000, 5000, 20000) if options.full else (100, 1000, 5000)):
            rows = [dataclasses.asdict(row) for row in inventory.measured(servers, options.rounds)]
            results["inventory"] += rows
            _say(*rows)
        _save(results, options.save)
    return results


def _save(results: dict[str, Any], file: pathlib.Path | None) -> None:
    """What is there by now, so that nothing is lost where a later part fails."""
    if file:
        file.write_text(json.dumps(results, indent=1) + "\n")


def _quickest(rows: Sequence[contenders.Row]) -> dict[str, Any]:
    """Of a way's rounds the quickest, since what else runs only adds; ``overheads`` has that of each round."""
    quickest = min(rows, key=lambda row: row.overhead)
    return {**dataclasses.asdict(quickest), "overheads": [row.overhead for row in rows]}


def _say(*rows: dict[str, Any]) -> None:
    for row in rows:
        figures = {key: value for key, value in row.items() if not isinstance(value, (dict, list))}
        shown = (
            f"{key}={value:.3g}" if isinstance(value, float) else f"{key}={value}" for key, value in figures.items()
        )
        print(*shown, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
