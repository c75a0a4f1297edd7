# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""The chips of a node: those that the tool's mapping and its table list."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List, Optional, Tuple

from ._asking import Asker
from ._layouts import UNKNOWN, Info, read_info, read_mapping

AT_ONCE = 8
Chip = Dict[str, Any]


class Chips:
    """The chips, in the order of their NPUs.

    ``info``: what ``npu-smi info`` said of them. ``all``: a dict each, see RETURN of ``npu_info``.
    """

    def __init__(self, info: Info, chips: List[Chip]) -> None:
        self.info = info
        self.all = sorted(chips, key=lambda chip: (chip["npu_id"], -1 if chip["chip_id"] is None else chip["chip_id"]))

    def each_npu(self, read: Callable[[int, List[Chip]], None]) -> None:
        """Call a function with the id and the chips of each NPU, some at a time."""
        found: Dict[int, List[Chip]] = {}
        for chip in self.all:
            found.setdefault(chip["npu_id"], []).append(chip)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda npu_id: read(npu_id, found[npu_id]), found))

    def each(self, read: Callable[[Chip], None]) -> None:
        """Call a function with each chip, some at a time."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(read, self.all))

    def same(self, key: str) -> Optional[str]:
        """The value that all NPUs have; None where they differ or one is not known."""
        values = {chip[key] for chip in self.all}
        return values.pop() if len(values) == 1 else None


def find_chips(asker: Asker) -> Chips:
    """Which chips there are: those of the mapping and of the table. One in only one of them is unknown."""
    text = asker.text("npu-smi", "info")
    info = read_info(text) if text is not None else Info(None, None, [], None, [], False, [])
    asker.note("npu-smi info", info.unknown)
    mapping = asker.value(read_mapping, "npu-smi", "info", "-m") or []
    rows: Dict[Tuple[int, Optional[int]], Chip] = {}
    for row in info.chips:
        rows[row["npu_id"], row["chip_id"]] = row
    alone = {npu_id for npu_id in {chip["npu_id"] for chip in mapping} if _count(mapping, npu_id) == 1}
    found = []
    for chip in mapping:
        key = (chip["npu_id"], chip["chip_id"])
        if key not in rows and chip["npu_id"] in alone:
            key = (chip["npu_id"], None)  # layout A5
        found.append(_chip(asker, chip, rows.pop(key, None)))
    found.extend(_chip(asker, None, row) for row in rows.values())
    return Chips(info, found)


def _count(chips: List[Chip], npu_id: int) -> int:
    return sum(chip["npu_id"] == npu_id for chip in chips)


def _chip(asker: Asker, chip: Optional[Chip], row: Optional[Chip]) -> Chip:
    """A chip of the result, from what the mapping and the table say of it."""
    known = chip or row
    if not known:
        raise AssertionError("a chip that neither table lists")
    if chip is None or row is None:
        text = "NPU {0} chip {1}: only in npu-smi info{2}"
        where = " -m" if row is None else ", not in -m"
        asker.note("npu-smi", [text.format(known["npu_id"], known["chip_id"], where)])
    elif row["phy_id"] not in (None, chip["phy_id"]):
        asker.note("npu-smi", ["NPU {}: two physical ids".format(chip["npu_id"])])
    return {
        "npu_id": known["npu_id"],
        "chip_id": known["chip_id"],
        "phy_id": known["phy_id"],
        "name": known["name"],
        "health": row["health"] if row else UNKNOWN,
        "bus_id": row["bus_id"] if row else None,
        "driver_version": None,
        "firmware_version": None,
        "compatibility": None,
        "error_codes": None,
        "ecc_double_bit": None,
        "processes": None,
    }
