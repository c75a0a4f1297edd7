# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What the nodes of a fleet run, from their results of ``npu_info``: by supernode, with what differs and what is wrong.

A node that said nothing is a problem, never left out. Nodes that are alike share a line.
"""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ._layouts import HEALTHS, UNKNOWN
from ._verdict import OK, judge, occupied

ALONE = "no supernode"
MOST_NAMES = 10
COLUMNS = ("nodes", "driver", "on disk", "firmware", "health", "idle", "busy", "not known")
NOT_SEEN = "?"

Row = Dict[str, Any]


class Fleet(NamedTuple):
    """``rows``: one for each node, in the order of the play. ``problems``: a line for each; any fails the playbook."""

    rows: List[Row]
    problems: List[str]


def fleet_of(nodes: Mapping[str, Dict[str, Any]], wanted: Optional[str]) -> Fleet:
    """The fleet.

    Args:
        nodes: {host: npu, the result of ``npu_info`` (None where there is none), and supernode, an id or None}.
        wanted: the driver version that all of them are to run.
    """
    rows = [_row(host, node, wanted) for host, node in nodes.items()]
    same: Dict[Tuple[str, str], List[str]] = {}
    for row in rows:
        for reason in row["reasons"]:
            same.setdefault((row["verdict"], reason), []).append(row["host"])
    problems = [
        "{}: {}: {}".format(_names(hosts), verdict.replace("_", " "), reason)
        for (verdict, reason), hosts in same.items()
    ]
    for supernode, members in _by_supernode(rows).items():
        versions: Dict[str, List[str]] = {}
        for row in members:
            if row["driver"]:
                versions.setdefault(row["driver"].lower(), []).append(row["host"])
        if supernode != ALONE and len(versions) > 1:
            parts = [f"{version} on {_names(hosts)}" for version, hosts in sorted(versions.items())]
            problems.append("supernode {} is mixed: {}".format(supernode, "; ".join(parts)))
    return Fleet(rows, problems)


def json_of(fleet: Fleet) -> Dict[str, Any]:
    """The fleet for a file."""
    return {"schema_version": 1, "problems": fleet.problems, "nodes": fleet.rows}


def lines_of(fleet: Fleet) -> List[str]:
    """The fleet as a table; the number of lines grows with the differences, not with the nodes."""
    table: List[Tuple[str, ...]] = [COLUMNS]
    for supernode, members in sorted(
        _by_supernode(fleet.rows).items(), key=lambda entry: (entry[0] == ALONE, entry[0])
    ):
        title = supernode if supernode == ALONE else "supernode " + supernode
        table.append((f"{title} ({len(members)})",))
        alike: Dict[Tuple[str, ...], List[Row]] = {}
        for row in members:
            key = tuple(str(row[name] or NOT_SEEN) for name in ("driver", "on_disk", "firmware", "health"))
            alike.setdefault(key, []).append(row)
        for number, (key, group) in enumerate(sorted(alike.items(), key=lambda entry: -len(entry[1]))):
            hosts = [row["host"] for row in group]
            name = f"{len(hosts)} nodes" if number == 0 and len(hosts) > 1 else _names(hosts)
            counts = [str(sum(row["holders"] == word for row in group)) for word in ("idle", "busy", "unknown")]
            table.append(("  " + name, *key, *counts))
    widths = [max([len(row[at]) for row in table if len(row) == len(COLUMNS)] + [0]) for at in range(len(COLUMNS))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() if len(row) > 1 else row[0]
        for row in table
    ]


def _row(host: str, node: Dict[str, Any], wanted: Optional[str]) -> Row:
    npu, supernode = node["npu"], node["supernode"]
    row = {
        "host": host,
        "supernode": supernode,
        "driver": None,
        "on_disk": None,
        "firmware": None,
        "holders": "unknown",
    }
    row["health"] = UNKNOWN
    if not npu or npu.get("unreachable") or "npus" not in npu:
        said = " ".join(str((npu or {}).get("msg") or "the node was not asked").split())
        return dict(row, verdict="unknown", reasons=[said])
    if supernode is None and npu["supernode"]:
        row["supernode"] = "{} (as the node reports)".format(npu["supernode"]["id"])
    found = judge(npu, wanted, None, "version")
    row["driver"], row["firmware"] = (_running(npu, name) for name in ("driver_version", "firmware_version"))
    row["on_disk"] = npu["driver"]["installed"]
    row["health"] = max([chip["health"] for chip in npu["npus"]] or [UNKNOWN], key=HEALTHS.index)
    reasons = found.reasons + (npu["unseen"] if found.verdict in ("unknown", "unsupported") else [])
    return dict(row, holders=occupied(npu), verdict=found.verdict, reasons=reasons if found.verdict != OK else [])


def _running(npu: Dict[str, Any], key: str) -> Optional[str]:
    values = [chip[key] for chip in npu["npus"]]
    return "/".join(sorted(set(values))) if values and None not in values else None


def _by_supernode(rows: List[Row]) -> Dict[str, List[Row]]:
    found: Dict[str, List[Row]] = {}
    for row in rows:
        found.setdefault(row["supernode"] or ALONE, []).append(row)
    return found


def _names(hosts: List[str]) -> str:
    shown = ", ".join(hosts[:MOST_NAMES])
    return shown if len(hosts) <= MOST_NAMES else f"{shown} and {len(hosts) - MOST_NAMES} more"
