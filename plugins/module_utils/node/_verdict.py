# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""What a result of ``npu_info`` means: whether the node runs what it should, whether it can work, whether it is idle.

Pure functions of results. Fail closed: a check whose value is not known gives ``unknown``.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ._layouts import HEALTHS, UNKNOWN

Result = Dict[str, Any]

# From bad to good: the first that has a reason is the verdict.
UNSUPPORTED, MISMATCH, REBOOT_PENDING, UNHEALTHY, NOT_KNOWN, OK = VERDICTS = (
    *("unsupported", "mismatch", "reboot_pending"),
    *("unhealthy", "unknown", "ok"),
)
LEVELS = ("version", "health")
# Where no snapshot says what a port was before: no detect address is no fault, and neither is a link that nobody uses.
BAD_NETWORK = (
    "Socket fail",
    "Receive timeout",
    "Unreachable",
    "Time exceeded",
    "Fault",
    "Thread error",
    "Detect ip set",
)


class Verdict(NamedTuple):
    """``reasons``: why it is not ok, the worst first. ``notes``: what is no reason, and worth reading."""

    verdict: str
    reasons: List[str]
    notes: List[str]


def judge(
    node: Result,
    wanted: Optional[str] = None,
    before: Optional[Result] = None,
    level: str = "health",
    allowed_codes: Sequence[str] = (),
) -> Verdict:
    """Judge a node.

    Args:
        node: result of ``npu_info`` with the subset ``versions``; at level "health" with all but ``holders``.
        wanted: the driver version that every NPU has to run; without it, the one on disk.
        before: a result from before the job; what was so then is no new fault.
        level: "version" or "health".
        allowed_codes: error codes that are no fault.
    """
    if not node["supported"]:
        return Verdict(UNSUPPORTED, ["there is no NPU driver"], [])
    found: List[Tuple[str, str]] = []
    notes: List[str] = []
    _judge_chips(node, before, found)
    _judge_driver(node, wanted, found)
    _judge_firmware(node, found, notes)
    if level == "health":
        _judge_health(node, before, {code.upper().replace("0X", "") for code in allowed_codes}, found)
        _judge_ecc(node, before, found, notes)
        _judge_network(node, before, found, notes)
        _judge_supernode(node, before, found)
    found.extend((NOT_KNOWN, text) for text in node["unknown"])
    reasons = [(VERDICTS.index(verdict), verdict, text) for verdict, text in found]
    reasons.sort(key=lambda reason: reason[0])
    return Verdict(
        reasons[0][1] if reasons else OK, list(dict.fromkeys(text for _at, _verdict, text in reasons)), notes
    )


def occupied(node: Result) -> str:
    """Whether anybody holds an NPU: "idle", "busy", or "unknown"."""
    if node["holders"] is None:
        return "unknown"
    return "busy" if node["holders"] else "idle"


def same_version(one: Optional[str], other: Optional[str]) -> bool:
    """Whether two versions are the same: whole strings, whatever their case (nodes write rc, bulletins RC)."""
    return one is not None and other is not None and one.strip().lower() == other.strip().lower()


def place(chip: Dict[str, Any], node: Result) -> str:
    """A chip for people: "NPU 3", with its chip where the NPU has two."""
    several = sum(each["npu_id"] == chip["npu_id"] for each in node["npus"]) > 1
    return "NPU {} chip {}".format(chip["npu_id"], chip["chip_id"]) if several else "NPU {}".format(chip["npu_id"])


def _places(chips: List[Dict[str, Any]], node: Result) -> str:
    """Some chips for people: "NPU 0, 1, 2", each NPU once."""
    return "NPU " + ", ".join(dict.fromkeys(place(chip, node)[4:].split(" ")[0] for chip in chips))


def _judge_chips(node: Result, before: Optional[Result], found: List[Tuple[str, str]]) -> None:
    """Whether all chips are there."""
    if not node["npus"]:
        found.append((NOT_KNOWN, "the driver lists no NPU"))
        return
    if node["lost"]:
        found.append((UNHEALTHY, "on the PCI bus, but not in the driver: {}".format(", ".join(node["lost"]))))
    if before is None:
        return
    if not before["npus"]:
        found.append((NOT_KNOWN, "the snapshot lists no NPU"))
    if len(node["npus"]) < len(before["npus"]):
        found.append((UNHEALTHY, "{} of {} chips are left".format(len(node["npus"]), len(before["npus"]))))
    now = {chip["bus_id"] for chip in node["npus"]}
    for chip in before["npus"]:
        if chip["bus_id"] is not None and chip["bus_id"] not in now:
            state = NOT_KNOWN if None in now else UNHEALTHY
            found.append((state, "{} ({}) is not there".format(place(chip, before), chip["bus_id"])))


def _judge_driver(node: Result, wanted: Optional[str], found: List[Tuple[str, str]]) -> None:
    """Whether each NPU runs the version, and the disk holds it."""
    driver, chips = node["driver"], node["npus"]
    target = wanted if wanted is not None else driver["installed"]
    if target is None:
        found.append((NOT_KNOWN, "the driver version on disk is not known"))
        return
    others: Dict[str, List[Dict[str, Any]]] = {}
    for chip in chips:
        if chip["driver_version"] is not None and not same_version(chip["driver_version"], target):
            others.setdefault(chip["driver_version"], []).append(chip)
    blind = [chip for chip in chips if chip["driver_version"] is None]
    on_disk = same_version(driver["installed"], target)
    pending = on_disk and chips and sum(map(len, others.values())) == len(chips)
    for version, where in others.items():
        state = (
            REBOOT_PENDING
            if pending
            else MISMATCH
            if not on_disk or not blind or _some_run(chips, target)
            else NOT_KNOWN
        )
        text = "runs {} on {}".format(version, _places(where, node) if len(where) < len(chips) else "every NPU")
        found.append((state, text + (", {} is on disk".format(driver["installed"]) if on_disk else "")))
    if blind:
        found.append((NOT_KNOWN, f"the driver version of {_places(blind, node)} is not known"))
    if wanted is not None and driver["installed"] is None:
        found.append((NOT_KNOWN, "the driver version on disk is not known"))
    elif not on_disk:
        found.append((MISMATCH, "{} is on disk, not {}".format(driver["installed"], target)))
    if not others and not blind and driver["running"] is None:
        found.append((NOT_KNOWN, "the node's tools name different driver versions"))
    if driver["complete"] is False:
        found.append((UNHEALTHY, "the driver package is not completely installed"))
    elif driver["complete"] is None:
        found.append((NOT_KNOWN, "whether the driver package is completely installed is not known"))


def _some_run(chips: List[Dict[str, Any]], version: str) -> bool:
    return any(same_version(chip["driver_version"], version) for chip in chips)


def _judge_firmware(node: Result, found: List[Tuple[str, str]], notes: List[str]) -> None:
    """Whether the firmware is one on all NPUs, of the driver's package, and compatible."""
    driver, firmware, chips = node["driver"], node["firmware"], node["npus"]
    running = {chip["firmware_version"] for chip in chips}
    if None in running:
        blind = [chip for chip in chips if chip["firmware_version"] is None]
        found.append((NOT_KNOWN, f"the firmware version of {_places(blind, node)} is not known"))
    elif len(running) > 1:
        found.append((MISMATCH, "NPUs with different firmware: {}".format(", ".join(sorted(running)))))
    if firmware["installed"] is None and firmware["package_version"] is None:
        notes.append("no firmware package on disk: which package the firmware is from is not known")
    else:
        if firmware["package_version"] is None or driver["package_version"] is None:
            found.append((NOT_KNOWN, "the package of the firmware or of the driver is not known"))
        elif not same_version(firmware["package_version"], driver["package_version"]):
            text = "the firmware is of package {0}, the driver of {1}"
            found.append((MISMATCH, text.format(firmware["package_version"], driver["package_version"])))
        if firmware["installed"] is None:
            found.append((NOT_KNOWN, "the firmware version on disk is not known"))
        elif len(running) == 1 and None not in running and not same_version(list(running)[0], firmware["installed"]):
            text = "runs firmware {0}, {1} is on disk"
            found.append((REBOOT_PENDING, text.format(list(running)[0], firmware["installed"])))
    for chip in chips:
        if chip["compatibility"] == "NOK":
            found.append((MISMATCH, f"{place(chip, node)}: driver and firmware are not compatible"))
        elif chip["compatibility"] is None:
            found.append((NOT_KNOWN, f"{place(chip, node)}: compatibility is not known"))
        elif chip["compatibility"] != "OK":
            notes.append("{}: compatibility {}".format(place(chip, node), chip["compatibility"]))


def _earlier(chip: Dict[str, Any], before: Optional[Result]) -> Optional[Dict[str, Any]]:
    """The same chip in the snapshot: the one at its PCI address, else the one with its ids."""
    for key in ("bus_id", "phy_id"):
        for other in before["npus"] if before else []:
            if chip[key] is not None and other[key] == chip[key] and other["npu_id"] == chip["npu_id"]:
                return dict(other)
    return None


def _judge_health(node: Result, before: Optional[Result], allowed: "set[str]", found: List[Tuple[str, str]]) -> None:
    """Whether no chip is worse than before: OK and without a code, or as bad as it was."""
    for chip in node["npus"]:
        earlier = _earlier(chip, before)
        health = chip["health"]
        worst_before = earlier["health"] if earlier and earlier["health"] != UNKNOWN else "OK"
        if health == UNKNOWN:
            found.append((NOT_KNOWN, f"{place(chip, node)}: its health is not known"))
        elif HEALTHS.index(health) > HEALTHS.index(worst_before):
            found.append((UNHEALTHY, f"{place(chip, node)}: health {health}"))
        if chip["error_codes"] is None:
            found.append((NOT_KNOWN, f"{place(chip, node)}: its error codes are not known"))
            continue
        known = set((earlier or {}).get("error_codes") or ()) | allowed
        new = [code for code in chip["error_codes"] if code not in known]
        if new:
            found.append((UNHEALTHY, "{}: error code {}".format(place(chip, node), ", ".join(new))))


def _judge_ecc(node: Result, before: Optional[Result], found: List[Tuple[str, str]], notes: List[str]) -> None:
    """Whether no memory has errors that it did not have before."""
    for chip in node["npus"]:
        earlier = _earlier(chip, before)
        was = earlier["ecc_double_bit"] if earlier else None
        count = chip["ecc_double_bit"]
        if count is None:
            text = f"{place(chip, node)}: its memory errors are not known"
            if earlier is not None and was is None:
                notes.append(text)
            else:
                found.append((NOT_KNOWN, text))
        elif count > (was or 0):
            found.append((UNHEALTHY, f"{place(chip, node)}: {count} double bit errors, {was or 0} before"))


def _judge_network(node: Result, before: Optional[Result], found: List[Tuple[str, str]], notes: List[str]) -> None:
    """Whether no port is worse than before."""
    if before is None:
        for port, now in sorted(node["network"].items()):
            if now["health"] in BAD_NETWORK:
                found.append((UNHEALTHY, "network of chip {}: {}".format(port, now["health"])))
            elif None in now.values():
                found.append((NOT_KNOWN, f"network of chip {port} is not known"))
            elif now["link"] == "DOWN":
                notes.append(f"network of chip {port}: link DOWN")
        return
    for port, was in sorted(before["network"].items()):
        now = node["network"].get(port, {"link": None, "health": None, "address": None})
        for key, good in (("link", "UP"), ("health", "Success"), ("address", was["address"])):
            if was[key] is None or was[key] == now[key]:
                continue
            text = "network of chip {0}: {1} {2}, was {3}"
            if now[key] is None:
                found.append((NOT_KNOWN, text.format(port, key, "not known", was[key])))
            elif was[key] == good or (key == "health" and now[key] in BAD_NETWORK and was[key] not in BAD_NETWORK):
                found.append((UNHEALTHY, text.format(port, key, now[key] or "none", was[key] or "none")))


def _judge_supernode(node: Result, before: Optional[Result], found: List[Tuple[str, str]]) -> None:
    """Whether the node is where it was in its supernode."""
    was = before["supernode"] if before else None
    if was is not None and node["supernode"] != was:
        state = NOT_KNOWN if node["supernode"] is None else UNHEALTHY
        found.append((state, "supernode {}, was {}".format(node["supernode"], was)))
