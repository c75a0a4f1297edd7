# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's figures as a page with tables, ratios and plots."""

from __future__ import annotations

import pathlib
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

import contenders as by
import history
import inventory
import plot

Rows = list[dict[str, Any]]

_TITLES = {contender.key: contender.title for contender in by.CONTENDERS}
_LIMIT = "the limit of role and playbook"

INTRODUCTION = """\
# Benchmark

For whoever weighs the collection against a `uri` playbook or a script. At the end you know what it costs.

Everything runs on one machine, in one run, against the [simulator](../tests/simulator/README.md).
**Only the ratios, and how a cost grows, mean something elsewhere.**
`make bench` measures again in some minutes, and `make bench ARGS="--full --write"` everything, and writes this page
anew (half an hour; the machine should do nothing else). `--ways role runbook empty --fleets 1000 5000` measures
only these.
"""
FLEETS = """\
## One job on a fleet

Every server is to run one upgrade; the servers themselves take {seconds:g} s.

- `(a) uri and until, per host`: a play over the hosts; each creates a job for its server, and polls until it ends.
- `(b) uri and until, once`: one job for all servers, and polls until it ends. Nothing is checked before, a second
  run starts everything again, a lost answer may start it twice, and no host has a result of its own.
- `(b) with a verdict per host`: the same in a play over the hosts, which fails each host whose server failed.
- `(c) script on the vendor's SDK`: one job for all servers, and polls until it ends, without Ansible.
- `module liteserver_job`: one task for all servers, with the rule for "already done" and a launch that cannot double.
- `role fleet_job`: the play of the role's README, in one batch: preflight, supernode guard, a run record, and a verdict
  for each host, in jobs of at most 50 servers.
- `playbook hdk_upgrade`: the runbook as it is shipped, in one wave.
- `one empty task on each host`: `debug` and nothing else, the least that a play with a result for each host can be. No
  job runs.

*Overhead* is wall time beyond the servers' own. *Start-up* ends when the first request to create a job arrives. *After*
begins when the last server is done, and ends with the last task. *Processor* is the time of all processes; *memory* the
most that one process had. Of several rounds, the quickest of each way is shown, since what else the machine does only
adds; behind "to" stands the overhead of the slowest. A ratio of times of one fleet is the median of the rounds' own, in
which the ways ran one right after the other: a machine may be slower for minutes.
"""
REASONS = """\
Where a ratio is missed, the two tables below show why:

- **The role beside an empty task.** A verdict costs little more than a task that does nothing. The rest is a fixed cost
  of the batch, the jobs' own time, and Ansible reading each host's variables once more at the end of any role.
- **Start-up beside a script.** `ansible-playbook` alone takes about as long until its first task as the script takes to
  do everything; then the module is packed and started. It asks for the jobs, the templates, and the jobs again before
  it creates anything. The script does not check.
"""
STARTUP = """\
How long it takes until a job is submitted, on the smallest fleet:
"""
STEPS = """\
Where the role's time goes. The tasks that wait hold the servers' own time.
"""
HISTORY = """\
## A run that finds nothing to do

`liteserver_job` over {servers} servers, whose newest job did the work, in a project with that many jobs. The median of
{rounds} tasks, beside the least that a module on this API can be. With `reuse: any_name` the whole list is read.
"""
INVENTORY = """\
## The inventory

`ansible-inventory --list` with groups by category, flavor, status and supernode, beside a static YAML file with the
same hosts, variables and groups.
"""


def write(results: dict[str, Any], docs: pathlib.Path) -> None:
    """Write ``benchmark.md`` and its plots into a folder."""
    (docs / "images").mkdir(exist_ok=True)
    for name, (title, unit, series) in plots_of(results).items():
        picture = plot.line_plot(title, unit, series, _LIMIT)
        (docs / "images" / f"benchmark-{name}.svg").write_text(picture, encoding="utf-8")
    (docs / "benchmark.md").write_text("\n".join(lines_of(results)) + "\n", encoding="utf-8")


def lines_of(results: dict[str, Any]) -> list[str]:
    """The page, in Markdown."""
    machine = results["machine"]
    lines = [INTRODUCTION]
    lines.append(
        f"These figures: Python {machine['python']}, {machine['processors']} processors,"
        f" rounds: {machine['rounds']} (1 for more than 1,000 servers).\n"
        "What is not in a table was not measured, since it takes too long.\n"
    )
    plots = plots_of(results)
    if results["fleets"]:
        lines += [FLEETS.format(seconds=by.JOB_SECONDS), *_fleet_table(results["fleets"]), ""]
        lines += [_image(name, plots) for name in ("overhead", "processor", "requests") if name in plots]
        lines += ["", "What it was built to keep:", "", *_table(("ratio", "is", "wanted"), ratios_of(results)), ""]
        lines += [REASONS, STARTUP, *_startup_table(results["fleets"]), "", STEPS, *_steps_table(results["fleets"]), ""]
    if results["history"]:
        lines += [
            HISTORY.format(servers=history.SERVERS, rounds=results["history_rounds"]),
            *_history_table(results["history"]),
            "",
            _image("history", plots),
            "",
        ]
    if results["inventory"]:
        lines += [INVENTORY, *_inventory_table(results["inventory"]), "", _image("inventory", plots), ""]
    return "\n".join(lines).rstrip("\n").split("\n")


def ratios_of(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(what, the ratio, what it should be) of all that was measured."""
    rows = {(row["contender"], row["servers"]): row for row in results["fleets"]}
    found: list[tuple[str, str, str]] = []

    def add(what: str, above: Any, below: Any, key: str, wanted: str) -> None:
        if above in rows and below in rows and rows[below][key] > 0:
            of_one_fleet = key == "overhead" and above[1] == below[1]
            ratio = _of_rounds(rows[above], rows[below]) if of_one_fleet else rows[above][key] / rows[below][key]
            found.append((what, f"{ratio:.2f}", wanted))

    sizes = sorted({servers for _contender, servers in rows})
    most = max((size for size in sizes if (by.PER_HOST, size) in rows), default=0)
    for key, wanted in (("requests", "at most 0.05"), ("overhead", "at most 0.2"), ("cpu", "")):
        what = {"requests": "requests", "overhead": "overhead", "cpu": "processor time"}[key]
        goal = wanted if most >= 1000 else ""
        add(f"role, {what} to (a), {most:,} servers", (by.ROLE, most), (by.PER_HOST, most), key, goal)
    for size in sizes:
        # Beside wall time: the jobs' own 2 s count too.
        limit = "at most 1.6" if size == 1000 else "at most 1.7" if size == 5000 else ""
        for contender, title in ((by.ROLE, "role"), (by.RUNBOOK, "playbook hdk_upgrade")):
            if {(contender, size), (by.EMPTY, size)} <= rows.keys():
                ratio = _of_rounds(rows[contender, size], rows[by.EMPTY, size], by.JOB_SECONDS)
                found.append(
                    (f"{title}, wall time to one empty task on each host, {size:,} servers", f"{ratio:.2f}", limit)
                )
    for size in sizes:
        if {(by.STEERED, size), (by.ROLE, size)} <= rows.keys():
            # Without the verdicts, which are the same in both: their noise is larger than what is measured here.
            with_it, without = (_beside_verdicts(rows[each, size]) for each in (by.STEERED, by.ROLE))
            share = (with_it - without) / (rows[by.ROLE, size]["overhead"] + by.JOB_SECONDS)
            limit = "at most 0.03" if size == 1000 else ""
            found.append((f"steering, part of the role's wall time, {size:,} servers", f"{share:.2f}", limit))
    for size in sizes:
        add(
            f"module, overhead to (b), {size:,} servers",
            (by.MODULE, size),
            (by.PER_BATCH, size),
            "overhead",
            "at most 1.1",
        )
        add(
            f"role, overhead to (b) with verdicts, {size:,} servers",
            *((by.ROLE, size), (by.WITH_VERDICTS, size), "overhead"),
            "at most 0.6" if size >= 1000 else "at most 1.1",
        )
    if sizes:
        add(
            f"module, start-up to (c), {sizes[0]} servers",
            (by.MODULE, sizes[0]),
            (by.SDK, sizes[0]),
            "startup",
            "below 1",
        )
    for contender, title in ((by.ROLE, "role"), (by.MODULE, "module")):
        for key, what in (("overhead", "overhead"), ("memory", "memory"), ("requests", "requests")):
            grown = [
                (small, large) for small in sizes for large in sizes if small >= 100 and large == sizes[-1] != small
            ]
            for small, large in grown[:1]:
                wanted = f"at most {large / small:.0f}"
                add(
                    f"{title}, {what} at {large:,} to {small:,} servers",
                    (contender, large),
                    (contender, small),
                    key,
                    wanted,
                )
    add(
        "role, overhead at 2,000 to 1,000 servers",
        *((by.ROLE, 2000), (by.ROLE, 1000), "overhead", "at most 2.5"),
    )
    medians = {(row["task"], row["jobs"]): row["seconds"] for row in results["history"]}
    if (history.SAME_NAME, 5000) in medians and (history.SAME_NAME, 500) in medians:
        ratio = medians[history.SAME_NAME, 5000] / medians[history.SAME_NAME, 500]
        found.append(("nothing to do, 5,000 to 500 jobs", f"{ratio:.2f}", "at most 1.2"))
    walls = {(row["inventory"], row["servers"]): row["seconds"] for row in results["inventory"]}
    for servers in sorted({row["servers"] for row in results["inventory"]}):
        ratio = walls[inventory.PLUGIN, servers] / walls[inventory.STATIC, servers]
        found.append((f"inventory plugin to static file, {servers:,} servers", f"{ratio:.2f}", "at most 1.5"))
    return found


def _of_rounds(above: dict[str, Any], below: dict[str, Any], more: float = 0) -> float:
    """The median of the rounds' ratios of overhead; ``more`` seconds are added to those above."""
    return statistics.median(
        (one + more) / other for one, other in zip(above["overheads"], below["overheads"], strict=True)
    )


def _beside_verdicts(row: dict[str, Any]) -> float:
    return sum(seconds for step, seconds in row["steps"].items() if step != "Verdict")


def plots_of(results: dict[str, Any]) -> dict[str, tuple[str, str, plot.Series]]:
    """{name: (title, unit, {line: points})} of all that was measured for two sizes or more."""
    plots = {}
    if len({row["servers"] for row in results["fleets"]}) > 1:
        for name, key, title, unit in (
            ("overhead", "overhead", "Wall time beyond the servers' own", "seconds, over servers"),
            ("processor", "cpu", "Processor time of the controller", "seconds, over servers"),
            ("requests", "requests", "Requests", "over servers"),
        ):
            points = [(_TITLES[row["contender"]], (row["servers"], row[key])) for row in results["fleets"]]
            if key == "overhead":
                empty = [row for row in results["fleets"] if row["contender"] == by.EMPTY]
                limits = {row["servers"]: 1.7 if row["servers"] >= 5000 else 1.6 for row in empty}
                walls = {row["servers"]: limits[row["servers"]] * row[key] for row in empty}
                points += [(_LIMIT, (size, wall - by.JOB_SECONDS)) for size, wall in walls.items()]
            plots[name] = (title, unit, _series(points))
    if results["history"]:
        points = ((row["task"], (row["jobs"], row["seconds"])) for row in results["history"])
        plots["history"] = ("A task that finds nothing to do", "seconds, over jobs", _series(points))
    if results["inventory"]:
        points = ((row["inventory"], (row["servers"], row["seconds"])) for row in results["inventory"])
        plots["inventory"] = ("ansible-inventory --list", "seconds, over servers", _series(points))
    return plots


def _series(points: Iterable[tuple[str, tuple[float, float]]]) -> plot.Series:
    series: plot.Series = {}
    for title, point in points:
        series.setdefault(title, []).append(point)
    return series


def _image(name: str, plots: dict[str, Any]) -> str:
    return f"![{plots[name][0]}](images/benchmark-{name}.svg)"


def _fleet_table(rows: Rows) -> list[str]:
    heads = ("servers", "way", "requests", "overhead", "start-up", "after", "processor", "memory")
    return _table(
        heads,
        [
            (
                f"{row['servers']:,}",
                _TITLES[row["contender"]],
                f"{row['requests']:,}",
                _overhead(row),
                *(f"{row[key]:.1f} s" for key in ("startup", "after", "cpu")),
                f"{row['memory']:.0f} MiB",
            )
            for row in rows
        ],
    )


def _overhead(row: dict[str, Any]) -> str:
    """Of the quickest round to that of the slowest."""
    ends = [f"{end(row['overheads']):.1f}" for end in (min, max)]
    return " to ".join(dict.fromkeys(ends)) + " s"


def _startup_table(rows: Rows) -> list[str]:
    smallest = min(row["servers"] for row in rows)
    heads = ("way", "before the first task", "until the first request", "until the create")
    return _table(
        heads,
        [
            (
                _TITLES[row["contender"]],
                f"{row['steps'][by.BEFORE]:.2f} s" if row["steps"] else "",
                f"{row['first_request']:.2f} s",
                f"{row['startup']:.2f} s",
            )
            for row in rows
            if row["servers"] == smallest
        ],
    )


def _steps_table(rows: Rows) -> list[str]:
    """A column for each fleet; without the tasks that cost next to nothing on all of them."""
    steps = {row["servers"]: row["steps"] for row in rows if row["contender"] == by.ROLE}
    names = [name for name in next(iter(steps.values()), {}) if max(of.get(name, 0) for of in steps.values()) >= 0.1]
    return _table(
        ("step", *(f"{servers:,} servers" for servers in steps)),
        [(name, *(f"{of.get(name, 0):.2f} s" for of in steps.values())) for name in names],
    )


def _history_table(rows: Rows) -> list[str]:
    base = {row["jobs"]: row["seconds"] for row in rows if row["task"] == history.BASELINE}
    heads = ("jobs", "task", "requests", "median", "to the least module")
    return _table(
        heads,
        [
            (
                f"{row['jobs']:,}",
                row["task"],
                f"{row['requests']:.0f}",
                f"{row['seconds']:.2f} s",
                f"{row['seconds'] / base[row['jobs']]:.2f}",
            )
            for row in rows
        ],
    )


def _inventory_table(rows: Rows) -> list[str]:
    return _table(
        ("servers", "inventory", "requests", "wall", "processor", "memory"),
        [
            (
                f"{row['servers']:,}",
                row["inventory"],
                str(row["requests"]),
                f"{row['seconds']:.1f} s",
                f"{row['cpu']:.1f} s",
                f"{row['memory']:.0f} MiB",
            )
            for row in rows
        ],
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]
