# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""The network ports of the NPUs, and the supernode that the node is a part of."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List, Optional, Tuple

from ._asking import Asker
from ._chips import AT_ONCE, Chips
from ._outputs import LINKS, NET_HEALTHS, read_address, read_supernode, read_word

Reader = Callable[[str], Tuple[Optional[str], List[str]]]
PORT: Tuple[Tuple[str, str, Reader], ...] = (
    ("link", "-link", lambda text: read_word(text, "link status", LINKS)),
    ("health", "-net_health", lambda text: read_word(text, "net health status", NET_HEALTHS)),
    ("address", "-ip", read_address),
)


def network_of(asker: Asker, chips: Chips) -> Dict[str, Dict[str, Optional[str]]]:
    """{physical id of a chip: link, health and address of its port}."""
    table = chips.info.table
    if table is None or not table.network:
        if table is not None:
            asker.node.unseen.append(f"network: not read on {table.name}")
        return {}
    ids = [chip["phy_id"] for chip in chips.all if chip["phy_id"] is not None]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(map(str, ids), pool.map(lambda phy_id: _port(asker, phy_id), ids)))


def _port(asker: Asker, phy_id: int) -> Dict[str, Optional[str]]:
    return {name: _ask_hccn(asker, phy_id, option, read) for name, option, read in PORT}


def _ask_hccn(asker: Asker, phy_id: int, option: str, read: Reader) -> Optional[str]:
    """One answer of hccn_tool; that no address is set it says with an exit status that is not 0."""
    arguments = ("-i", str(phy_id), option, "-g")
    where = " ".join(("hccn_tool", *arguments))
    answer = asker.node.run("hccn_tool", *arguments)
    value, unknown = read(answer.text)
    if answer.problem == "failed" and value == "":
        return value
    if asker.text_of(where, answer) is None:
        return None
    asker.note(where, unknown)
    return value


def supernode_of(asker: Asker, chips: Chips) -> Optional[Dict[str, Any]]:
    """Where in a supernode the node is; None where it is in none, or it is not known."""
    table = chips.info.table
    if table is None or table.name != "A3" or not chips.all:
        return None
    first = chips.all[0]
    where = ("-i", str(first["npu_id"]), "-c", str(first["chip_id"]))
    return asker.value(read_supernode, "npu-smi", "info", "-t", "spod-info", *where)
