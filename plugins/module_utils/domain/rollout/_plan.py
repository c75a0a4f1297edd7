# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The plan of a run that check mode went through: a table of its waves, on a terminal and as a page to be reviewed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..._shapes import Record
from .._untrusted import as_line, as_markdown_cell
from .._wording import duration, servers, some_of
from ._closing import reasons_of
from ._name_ranges import name_ranges, named
from ._run_facts import utc

# The table fits 80 columns whatever the names are.
_SUPERNODES = 30
_HEADINGS = ("wave", "servers", "supernodes", "to submit", "done", "to wait for")
_MOST_REASONS = 10


@dataclass(frozen=True)
class Wave:
    """A row of the table.

    :ivar number: of the batch, or None for all of them.
    :ivar supernodes: their names, in order.
    :ivar hosts: {``submit``, ``done``, ``wait`` or ``fail``: names}.
    """

    number: int | None
    supernodes: tuple[str, ...]
    hosts: dict[str, list[str]]

    @property
    def size(self) -> int:
        """How many servers it has."""
        return sum(map(len, self.hosts.values()))


def _wave(number: int | None, rows: Iterable[Record]) -> Wave:
    hosts: dict[str, list[str]] = {"submit": [], "done": [], "wait": [], "fail": []}
    supernodes: dict[str, str] = {}
    for row in rows:
        if row["supernode_id"]:
            supernodes[row["supernode_id"]] = row["supernode_name"] or row["supernode_id"]
        kind = {"planned": "submit", "done": "done", "running": "wait"}.get(row["verdict"], "fail")
        hosts["fail" if row["passed"] is False else kind].append(row["host"])
    return Wave(number, tuple(supernodes.values()), hosts)


def waves_of_plan(data: Record) -> list[Wave]:
    """The waves of a run in check mode, from its record; hosts that had no turn are in none."""
    of_batch: dict[int, list[Record]] = {batch["number"]: [] for batch in data["batches"]}
    for row in data["servers"]:
        if row["batch"] is not None:
            of_batch[row["batch"]].append(row)
    return [_wave(number, rows) for number, rows in of_batch.items()]


def _whole(waves: Sequence[Wave]) -> Wave:
    hosts = {kind: [host for wave in waves for host in wave.hosts[kind]] for kind in ("submit", "done", "wait", "fail")}
    return Wave(None, tuple(dict.fromkeys(name for wave in waves for name in wave.supernodes)), hosts)


def work_of_run(data: Record) -> str:
    """What a run does, by the names of its jobs."""
    names = dict.fromkeys(group["name"] for batch in data["batches"] for group in batch["groups"])
    return as_line(some_of(list(names), 3)) or data["entry"]


def _supernodes(wave: Wave) -> str:
    if not wave.supernodes:
        return "-"
    text = named(wave.supernodes, 3)
    return text if len(text) <= _SUPERNODES and wave.number is not None else f"{len(wave.supernodes)}"


def _cells(wave: Wave) -> tuple[str, ...]:
    counts = [str(len(wave.hosts[kind])) for kind in ("submit", "done", "wait")]
    return ("total" if wave.number is None else str(wave.number), str(wave.size), _supernodes(wave), *counts)


def plan_lines(data: Record, seconds_per_wave: float | None = None, soak: float = 0) -> list[str]:
    """The plan for people, at most 80 columns wide and as long as it has waves.

    :param data: the record of a run in check mode.
    :param seconds_per_wave: how long a wave with jobs takes, where somebody said so.
    """
    waves = waves_of_plan(data)
    whole = _whole(waves)
    title = f"plan: {work_of_run(data)}, {servers(whole.size)} in {_waves(len(waves))}. Nothing was created"
    rows = [_HEADINGS, *map(_cells, waves), _cells(whole)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [title]
    for row in rows:
        cells = [
            cell.ljust(width) if column == 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines + _notes(data, waves, whole, seconds_per_wave, soak)


def _notes(data: Record, waves: Sequence[Wave], whole: Wave, seconds: float | None, soak: float) -> list[str]:
    lines = []
    busy = sum(bool(wave.hosts["submit"] or wave.hosts["wait"]) for wave in waves)
    if seconds is not None and busy:
        text = f"time: {_waves(busy)} of at most {duration(seconds)}"
        text += f", {duration(soak)} between them" if soak else ""
        lines.append(f"{text}: at most {duration(busy * seconds + (busy - 1) * soak)}")
    if whole.hosts["fail"]:
        reasons = list(reasons_of(data["servers"]).items())
        lines.append(f"would fail: {servers(len(whole.hosts['fail']))}")
        lines += [f"  {reason}: {named(hosts)}" for reason, hosts in reasons[:_MOST_REASONS]]
        if len(reasons) > _MOST_REASONS:
            lines.append(f"  and {len(reasons) - _MOST_REASONS} more reasons")
    return lines


def _waves(count: int) -> str:
    return "1 wave" if count == 1 else f"{count} waves"


def plan_page(data: Record, seconds_per_wave: float | None = None, soak: float = 0) -> str:
    """The plan in Markdown, with the names of all hosts: what a change ticket takes."""
    waves = waves_of_plan(data)
    whole = _whole(waves)
    lines = [
        f"# Plan: {as_markdown_cell(work_of_run(data))}",
        "",
        f"{servers(whole.size)} in {_waves(len(waves))}, as of {utc(data['updated_at'])}. Nothing was created.",
        "",
        "| " + " | ".join(_HEADINGS) + " |",
        "|--:|--:|---|--:|--:|--:|",
    ]
    for wave in [*waves, whole]:
        cells = list(_cells(wave))
        if wave.number is not None:
            cells[2] = ", ".join(text for text, _count in name_ranges(wave.supernodes)) or "-"
        lines.append("| " + " | ".join(map(as_markdown_cell, cells)) + " |")
    notes = [line for line in _notes(data, waves, whole, seconds_per_wave, soak) if not line.startswith(" ")]
    lines += [line for note in notes for line in ("", as_markdown_cell(note))]
    words = {"submit": "to submit", "done": "done", "wait": "to wait for", "fail": "would fail"}
    for wave in waves:
        lines += ["", f"## Wave {wave.number}", ""]
        for kind, word in words.items():
            if wave.hosts[kind]:
                names = ", ".join(text for text, _count in name_ranges(wave.hosts[kind]))
                lines.append(f"- {word} ({len(wave.hosts[kind])}): {as_markdown_cell(names, len(names) + 1)}")
    reasons = reasons_of(data["servers"])
    if reasons:
        lines += ["", "## Would fail", ""]
        lines += [
            f"- {as_markdown_cell(reason)}: {as_markdown_cell(named(hosts, 1000))}" for reason, hosts in reasons.items()
        ]
    return "\n".join(lines) + "\n"


def change_lines(changes: Iterable[tuple[str, str, str]], most: int = 10) -> list[str]:
    """What a batch does, for ``--diff``: a line for each kind of change, with the names of its hosts.

    :param changes: (host, before, after) of each.
    """
    kinds: dict[tuple[str, str], list[str]] = {}
    for host, before, after in changes:
        if before != after:
            kinds.setdefault((_without_job(before), _without_job(after)), []).append(host)
    return [
        f"+ {as_line(after)}: {servers(len(hosts))}, {named(hosts, most)} (before: {as_line(before)})"
        for (before, after), hosts in kinds.items()
    ]


def _without_job(text: str) -> str:
    """A standing without the id of its job, which is another one for every fifty servers."""
    return re.sub(r", job \S+$", "", text)
