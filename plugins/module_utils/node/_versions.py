# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""Which driver and firmware run on the NPUs, and which are installed on the node."""

from typing import Any, Dict, List, Optional

from ._asking import Asker
from ._chips import Chip, Chips
from ._machine import ASCEND
from ._outputs import read_board

Settings = Optional[Dict[str, str]]


def driver_file(asker: Asker, settings: Settings) -> Settings:
    """What the driver's installer left.

    Args:
        settings: of the installers, which say where they put things.
    """
    return asker.settings((settings or {}).get("Driver_Install_Path_Param", ASCEND) + "/driver/version.info")


def take_versions(asker: Asker, chips: Chips, settings: Settings, driver: Settings, result: Dict[str, Any]) -> None:
    """Put ``driver`` and ``firmware`` of the result together, and the versions of each chip."""
    place = (settings or {}).get("Firmware_Install_Path_Param", ASCEND)
    firmware = asker.settings(place + "/firmware/version.info")
    for name, values in (("driver", driver), ("firmware", firmware)):
        result[name]["installed"] = (values or {}).get("Version")
        result[name]["package_version"] = (values or {}).get("package_version")
    complete: Optional[bool] = None
    if settings is not None:
        complete = settings.get("Driver_Install_Status") == "complete"
    result["driver"]["complete"] = False if chips.info.incomplete else complete

    def board(npu_id: int, of_npu: List[Chip]) -> None:
        values = asker.value(lambda text: read_board(text, npu_id), "npu-smi", "info", "-t", "board", "-i", str(npu_id))
        for chip in of_npu:
            chip.update(values or {})

    chips.each_npu(board)
    result["driver"]["running"] = _driver_running(asker, chips)
    result["firmware"]["running"] = chips.same("firmware_version")


def _driver_running(asker: Asker, chips: Chips) -> Optional[str]:
    """The driver that every NPU runs. The table's title has to agree, since a version may be cut to another one."""
    running, title = chips.same("driver_version"), chips.info.version
    if running is None or title is None:
        return None
    if title.lower() != running.lower():
        asker.note("npu-smi info", [f"driver {title}, but the NPUs run {running}"])
        return None
    return running
