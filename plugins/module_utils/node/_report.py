# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""What a node says of its NPUs, in one result; few commands for each NPU, some at a time.

Fail closed: a value that could not be read is None (a health is UNKNOWN). A list of holders or processes is empty only
where everything was seen.
"""

import re
from typing import Any, Dict, Tuple

from ._asking import Asker
from ._chips import find_chips
from ._health import lost_chips, take_health
from ._holders import take_holders
from ._machine import INSTALL_INFO, Node
from ._network import network_of, supernode_of
from ._versions import driver_file, take_versions

SUBSETS = ("versions", "health", "network", "supernode", "holders")
MOST_UNKNOWN = 100
BOOT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def collect(node: Node, gather: Tuple[str, ...]) -> Dict[str, Any]:
    """The result of ``npu_info`` without ``changed``; see its RETURN."""
    result, asker = no_driver(), Asker(node)
    boot_id = (node.read("/proc/sys/kernel/random/boot_id") or "").strip()
    result["boot_id"] = boot_id if BOOT_ID.match(boot_id) else None
    settings = asker.settings(INSTALL_INFO)
    driver = driver_file(asker, settings)
    if node.find("npu-smi") is None and driver is None and not node.exists("/dev/davinci_manager"):
        result["unknown"] = asker.unknown
        result["unseen"] = ["no driver: neither npu-smi nor version.info nor /dev/davinci_manager"]
        return result
    result["supported"] = True
    chips = find_chips(asker)
    result["npus"] = chips.all
    if "versions" in gather:
        take_versions(asker, chips, settings, driver, result)
    if "health" in gather:
        take_health(asker, chips)
        result["lost"] = lost_chips(asker, chips)
    if "network" in gather:
        result["network"] = network_of(asker, chips)
    if "supernode" in gather:
        result["supernode"] = supernode_of(asker, chips)
    if "holders" in gather:
        result["holders"] = take_holders(asker, chips)
    if asker.unknown and not result["holders"]:
        result["holders"] = None
    result["unseen"] = list(dict.fromkeys(node.unseen))
    result["unknown"] = list(dict.fromkeys(asker.unknown))[:MOST_UNKNOWN]
    return result


def no_driver() -> Dict[str, Any]:
    """The result where nothing is known yet."""
    return {
        "supported": False,
        "npus": [],
        "driver": {"running": None, "installed": None, "package_version": None, "complete": None},
        "firmware": {"running": None, "installed": None, "package_version": None},
        "holders": None,
        "network": {},
        "supernode": None,
        "lost": None,
        "boot_id": None,
        "unknown": [],
        "unseen": [],
    }
