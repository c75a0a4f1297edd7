# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""The tables that ``npu-smi`` prints: a layout is data that one reads beside an output, and one reader knows them all.

What a layout means: cells stand between ``|``, and the words of a cell are separated by any run of spaces, so a wider
column is the same layout. ``{field}`` is a value (see FIELDS), ``...`` a cell that nobody asks for. Sources: outputs of
drivers 22.0 to 26.x, and the formats in the source of npu-smi (hicann/driver, 2026-07).
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Pattern, Tuple

HEALTHS = ("OK", "Warning", "Alarm", "Critical", "UNKNOWN")  # from good to bad, as the vendor writes them
UNKNOWN = "UNKNOWN"

FIELDS = {
    "npu_id": r"\d+",
    "chip_id": r"\d+",
    "phy_id": r"\d+",
    "device": r"\d+",
    "name": r"\S[^|]*?",
    "health": r"[^|]*?",  # which words there are is HEALTHS
    "bus_id": r"[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9A-Fa-f]|NA",
    "pid": r"\d+",
    "process": r"[^|]*?",  # empty in a container
    "memory": r"\d+",
    "container_pid": r"\d+|NA",
    "tool": r"\S+",
    "version": r"\S+",
}

TITLE = "| npu-smi {tool} Version: {version} |"


class ChipTable(NamedTuple):
    """Two heading lines and two lines for each chip.

    ``memory`` is the kind of memory whose errors count, ``network`` whether hccn_tool takes the physical id.
    """

    name: str
    memory: str
    network: bool
    heading: Tuple[str, str]
    chip: Tuple[str, str]


CHIP_TABLES = (
    ChipTable(
        "310P",
        "DDR",
        False,
        ("| NPU Name | Health | ... |", "| Chip Device | Bus-Id | ... |"),
        ("| {npu_id} {name} | {health} | ... |", "| {chip_id} {device} | {bus_id} | ... |"),
    ),
    ChipTable(  # 910, 910B; drivers 26.x print it wider
        "910",
        "HBM",
        True,
        ("| NPU Name | Health | ... |", "| Chip | Bus-Id | ... |"),
        ("| {npu_id} {name} | {health} | ... |", "| {chip_id} | {bus_id} | ... |"),
    ),
    ChipTable(  # two dies under one NPU id
        "A3",
        "HBM",
        True,
        ("| NPU Name | Health | ... |", "| Chip Phy-ID | Bus-Id | ... |"),
        ("| {npu_id} {name} | {health} | ... |", "| {chip_id} {phy_id} | {bus_id} | ... |"),
    ),
    ChipTable(  # no chip id; hccn_tool wants other arguments there, which are not known
        "A5",
        "HBM",
        False,
        ("| NPU ID | Name | Health | ... |", "| | | Bus-Id | ... |"),
        ("| {npu_id} | {name} | {health} | ... |", "| | | {bus_id} | ... |"),
    ),
)

# heading, line
PROCESS_TABLES = (
    (
        "| NPU Chip | Process id | Process name | Process memory(MB) |",
        "| {npu_id} {chip_id} | {pid} | {process} | {memory} |",
    ),
    (
        "| NPU ID | Process id | Process name | Process memory(MB) |",
        "| {npu_id} | {pid} | {process} | {memory} |",
    ),
    (  # 26.x
        "| NPU Chip | Process id | Process name | Process memory(MB) | Process id in container |",
        "| {npu_id} {chip_id} | {pid} | {process} | {memory} | {container_pid} |",
    ),
    (
        "| NPU ID | Process id | Process name | Process memory(MB) | Process id in container |",
        "| {npu_id} | {pid} | {process} | {memory} | {container_pid} |",
    ),
)
IDLE = "| No running processes found in NPU {npu_id} |"

# The columns of "npu-smi info -m", which two spaces or more separate.
MAPPINGS = (
    ("NPU ID", "Chip ID", "Chip Logic ID", "Chip Name"),
    ("NPU ID", "Chip ID", "Chip Logic ID", "Chip Phy-ID", "Chip Name"),
    ("NPU ID", "Slot ID", "Chip ID", "Chip Phy-ID", "Chip Name"),
)
BORDER = re.compile(r"\+[-=+]+\+$")
INCOMPLETE = re.compile(r"\[WARNING\] ?The driver package may not be completely installed")


def pattern(layout: str) -> Pattern[str]:
    """What a line of this layout matches."""
    cells = []
    for cell in layout.strip().strip("|").split("|"):
        words = [
            f"(?P<{word[1:-1]}>{FIELDS[word[1:-1]]})" if word.startswith("{") else re.escape(word)
            for word in cell.split()
        ]
        cells.append(r"[^|]*" if cell.strip() == "..." else r"\s*" + r"\s+".join(words) + r"\s*")
    return re.compile(r"\|" + r"\|".join(cells) + r"\|$")


_TITLE = pattern(TITLE)
_IDLE = pattern(IDLE)
_CHIP_TABLES = [(table, [pattern(line) for line in (*table.heading, *table.chip)]) for table in CHIP_TABLES]
_PROCESS_TABLES = [(pattern(heading), pattern(line)) for heading, line in PROCESS_TABLES]


class Info(NamedTuple):
    """What ``npu-smi info`` says.

    ``chips``: dicts with npu_id, chip_id (None in layout A5), phy_id (A3 only), name, health, bus_id (None for NA).
    ``processes``: {(npu_id, chip_id or None): [{pid, name, memory_mb}]}, None where there is no table of processes.
    ``idle``: the NPUs that the tool calls idle. ``incomplete``: the tool warns of a half-installed driver.
    ``unknown``: the lines that no pattern knows, and what contradicts itself.
    """

    version: Optional[str]
    table: Optional[ChipTable]
    chips: List[Dict[str, Any]]
    processes: Optional[Dict[Tuple[int, Optional[int]], List[Dict[str, Any]]]]
    idle: List[int]
    incomplete: bool
    unknown: List[str]


def number(text: Optional[str]) -> Optional[int]:
    """A whole number, or None."""
    return int(text) if text is not None and text.isdigit() else None


def read_info(text: str) -> Info:
    """Read ``npu-smi info``."""
    return _InfoReader().read(text)


class _InfoReader:
    """One pass over the lines."""

    def __init__(self) -> None:
        self.versions: List[str] = []
        self.chips: List[Dict[str, Any]] = []
        self.processes: Dict[Tuple[int, Optional[int]], List[Dict[str, Any]]] = {}
        self.idle: List[int] = []
        self.unknown: List[str] = []
        self.first_lines: Optional[str] = None
        self.table: Optional[Tuple[ChipTable, List[Pattern[str]]]] = None
        self.process_line: Optional[Pattern[str]] = None
        self.chip: Optional[Dict[str, Any]] = None

    def read(self, text: str) -> Info:
        incomplete = False
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        for line in lines:
            if INCOMPLETE.match(line):
                incomplete = True
            elif BORDER.match(line):
                self._end_chip()
            elif not self._read_line(line):
                self._end_chip()
                self.unknown.append(line)
        self._end_chip()
        if not text.endswith("\n"):
            self.unknown.append("the output is cut off")
        if self.table is None:
            self.unknown.append("no known table of chips")
        if len(self.versions) != 1:
            self.unknown.append(f"{len(self.versions)} lines with the driver's version")
        return Info(
            self.versions[0] if len(self.versions) == 1 and self.versions[0] != "NA" else None,
            self.table[0] if self.table else None,
            self.chips,
            self.processes if self.process_line is not None else None,
            self.idle,
            incomplete,
            self.unknown,
        )

    def _end_chip(self) -> None:
        """A chip whose second line did not follow is no chip."""
        if self.chip is not None:
            self.unknown.append("NPU {}: its second line is missing".format(self.chip["npu_id"]))
            self.chip = None

    def _read_line(self, line: str) -> bool:
        """Whether a pattern knows the line."""
        title = _TITLE.match(line)
        if title:
            self.versions.append(title.group("version"))
            return True
        if self.process_line is not None:
            return self._read_process(line)
        return self._read_chip(line) if self.table else self._read_heading(line)

    def _read_heading(self, line: str) -> bool:
        for table, (first, second, _top, _bottom) in _CHIP_TABLES:
            if self.first_lines is None and first.match(line):
                self.first_lines = line
                return True
            if self.first_lines is not None and first.match(self.first_lines) and second.match(line):
                self.table = (table, [_top, _bottom])
                return True
        return False

    def _read_chip(self, line: str) -> bool:
        if not self.table:
            raise AssertionError("a chip is read only in a table")
        top, bottom = self.table[1]
        for heading, process in _PROCESS_TABLES:
            if heading.match(line):
                self._end_chip()
                self.process_line = process
                return True
        if self.chip is None:
            found = top.match(line)
            if found:
                self.chip = {
                    "npu_id": int(found.group("npu_id")),
                    "name": found.group("name"),
                    "health": self._health(found.group("health")),
                }
            return bool(found)
        found = bottom.match(line)
        if not found:
            return False
        values = found.groupdict()
        bus_id = values["bus_id"]
        self.chip.update(
            chip_id=number(values.get("chip_id")),
            phy_id=number(values.get("phy_id")),
            bus_id=None if bus_id == "NA" else bus_id.upper(),
        )
        key = (self.chip["npu_id"], self.chip["chip_id"])
        for other in self.chips:
            if (other["npu_id"], other["chip_id"]) == key:
                self.unknown.append("NPU {} chip {} twice".format(*key))
                self.chip["health"] = other["health"] = UNKNOWN
        self.chips.append(self.chip)
        self.chip = None
        return True

    def _health(self, word: str) -> str:
        if word not in HEALTHS:
            self.unknown.append(f"health {word!r}")
            return UNKNOWN
        return word

    def _read_process(self, line: str) -> bool:
        if not self.process_line:
            raise AssertionError("a process is read only in its table")
        idle = _IDLE.match(line)
        if idle:
            self.idle.append(int(idle.group("npu_id")))
            return True
        found = self.process_line.match(line)
        if not found:
            return False
        values = found.groupdict()
        process = {"pid": int(values["pid"]), "name": values["process"], "memory_mb": int(values["memory"])}
        self.processes.setdefault((int(values["npu_id"]), number(values.get("chip_id"))), []).append(process)
        return True


def read_mapping(text: str) -> Tuple[List[Dict[str, Any]], List[str]]:
    """Read ``npu-smi info -m``: the chips without the Mcu rows (npu_id, chip_id, phy_id, name), and what is unknown.

    Only some layouts name the physical id. Elsewhere the logic id stands for it, as hccn_tool takes it there.
    """
    chips: List[Dict[str, Any]] = []
    unknown: List[str] = []
    columns: Optional[Tuple[str, ...]] = None
    for line in text.splitlines():
        cells = tuple(cell for cell in re.split(r"\s{2,}|\t", line.strip()) if cell)
        if not cells or INCOMPLETE.match(line.strip()):
            continue
        if columns is None and cells in MAPPINGS:
            columns = cells
            continue
        if columns is None or len(cells) != len(columns):
            unknown.append(line.strip())
            continue
        row = dict(zip(columns, cells))
        physical = row.get("Chip Phy-ID", row.get("Chip Logic ID", ""))
        if row["Chip Name"] == "Mcu" and "-" in cells:
            continue
        ids = [number(row["NPU ID"]), number(row["Chip ID"]), number(physical)]
        key = tuple(ids[:2])
        if None in ids or key in [(chip["npu_id"], chip["chip_id"]) for chip in chips]:
            unknown.append(line.strip())
            continue
        chips.append({"npu_id": ids[0], "chip_id": ids[1], "phy_id": ids[2], "name": row["Chip Name"]})
    if not chips:
        unknown.append("no chip")
    if not text.endswith("\n"):
        unknown.append("the output is cut off")
    return chips, unknown
