# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""How the NPUs are: their health, their memory, and whether the PCI bus shows chips that the driver lost."""

from typing import List, Optional

from ._asking import Asker
from ._chips import Chip, Chips
from ._layouts import HEALTHS, UNKNOWN
from ._outputs import read_ecc, read_health, read_lspci


def take_health(asker: Asker, chips: Chips) -> None:
    """Read the health of each chip and the errors of its memory."""
    table = chips.info.table

    def health(chip: Chip) -> None:
        arguments = ["info", "-t", "health", "-i", str(chip["npu_id"])]
        if table is None or table.name != "A5":
            if chip["chip_id"] is None:
                return
            arguments += ["-c", str(chip["chip_id"])]
        values = asker.value(read_health, "npu-smi", *arguments)
        if values is None:
            chip["health"] = UNKNOWN if chip["health"] == "OK" else chip["health"]
            return
        # Two outputs say it: the worse one holds.
        chip["health"] = max(chip["health"], values["health"], key=HEALTHS.index)
        chip["error_codes"] = values["error_codes"]

    def ecc(npu_id: int, of_npu: List[Chip]) -> None:
        arguments = ("info", "-t", "ecc", "-i", str(npu_id))
        if table is None:
            asker.text("npu-smi", *arguments)  # a driver that does not answer is said all the same
            return
        memory = table.memory
        counts = asker.value(lambda text: read_ecc(text, memory, len(of_npu)), "npu-smi", *arguments) or {}
        for chip in of_npu:
            chip["ecc_double_bit"] = counts.get(chip["chip_id"], counts.get(None))

    chips.each(health)
    chips.each_npu(ecc)


def lost_chips(asker: Asker, chips: Chips) -> Optional[List[str]]:
    """The addresses of what the PCI bus shows and the driver does not list; None where it is not known."""
    buses = [chip["bus_id"] for chip in chips.all]
    text = asker.text("lspci", "-D", "-nn", "-d", "19e5:") if buses else None
    if text is None or None in buses:
        return None
    devices, unknown = read_lspci(text)
    asker.note("lspci", unknown)
    if unknown:
        return None
    listed = {bus.split(":", 1)[1] if bus.count(":") == 2 else bus for bus in buses}
    return [device.address for device in devices if not device.answers or device.address.split(":", 1)[1] not in listed]
