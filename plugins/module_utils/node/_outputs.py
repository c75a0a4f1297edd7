# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""What the other commands print, and what the files of an installation say.

Each reader returns its values and the texts that no pattern knows. A value that could not be read is None.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from ._layouts import HEALTHS, INCOMPLETE, UNKNOWN, number

Values = Dict[str, Any]
Pairs = List[Tuple[str, str]]

VERSION = re.compile(r"\d[0-9A-Za-z]*(\.[0-9A-Za-z]+)+$")
COMPATIBILITIES = ("OK", "NOK", "UNKNOWN", "NOT SUPPORT")
ERROR_CODE = re.compile(r"(0x)?[0-9A-Fa-f]{8}$")
LINKS = ("UP", "DOWN")
NET_HEALTHS = (
    *("Success", "Init", "Socket fail", "Receive timeout", "Unreachable", "Time exceeded"),
    *("Fault", "Thread error", "Detect ip set", "Unknown"),
)
NO_ADDRESS = "Get ipconf failed, because no ip was preset there!"
# PCI device ids of the vendor 19e5: 910, 910B, 910_93, 310P, 310, 950
PCI_DEVICES = ("d801", "d802", "d803", "d500", "d100", "d806")

# What a tool says in place of an answer, what it means, and whether it counts with exit status 0 too.
REFUSALS = (
    # somebody resets the chips; it passes
    ("reset", True, re.compile(r"^\s*dcmi mod\w+ initiali\w+ failed, because the device is used", re.M)),
    ("gone", True, re.compile(r"^\s*dcmi mod\w+ initiali\w+ failed", re.M)),
    ("lost", False, re.compile(r"Invalid card id|Error parameter of -i")),
    ("unsupported", False, re.compile(r"(does not|doesn't) support querying")),
)


def refusal_in(text: str, status: int) -> Optional[str]:
    """Which of REFUSALS an output with this exit status is."""
    for name, always, words in REFUSALS:
        if (always or status) and words.search(text):
            return name
    return None


def pairs_in(text: str) -> Tuple[Pairs, List[str]]:
    """The lines ``Key : value`` of an output, in their order, and the others."""
    pairs: Pairs = []
    unknown: List[str] = []
    for line in text.splitlines():
        found = re.match(r"\s*([A-Za-z][^:]*?)\s*:\s*(.*?)\s*$", line)
        if found:
            pairs.append((found.group(1), found.group(2)))
        elif line.strip() and not INCOMPLETE.match(line.strip()):
            unknown.append(line.strip())
    if not text.endswith("\n"):
        unknown.append("the output is cut off")
    return pairs, unknown


def the_one(pairs: Pairs, key: str, unknown: List[str]) -> Optional[str]:
    """The value of a key that stands there once; anything else is unknown."""
    values = [value for name, value in pairs if name == key]
    if len(values) == 1:
        return values[0]
    unknown.append(f"{len(values)} lines {key!r}")
    return None


def version(text: Optional[str], unknown: List[str]) -> Optional[str]:
    """A version as it is written, None for NA."""
    if text is None or text == "NA":
        return None
    if VERSION.match(text):
        return text
    unknown.append(f"version {text!r}")
    return None


def read_board(text: str, npu_id: int) -> Tuple[Values, List[str]]:
    """Read ``npu-smi info -t board -i N``, without ``-c``: driver_version, firmware_version, compatibility."""
    pairs, unknown = pairs_in(text)
    if the_one(pairs, "NPU ID", unknown) != str(npu_id):
        unknown.append(f"not the board of NPU {npu_id}")
        return {"driver_version": None, "firmware_version": None, "compatibility": None}, unknown
    compatibility = the_one(pairs, "Compatibility", unknown)
    if compatibility is not None and compatibility not in COMPATIBILITIES:
        unknown.append(f"compatibility {compatibility!r}")
        compatibility = None
    return {
        "driver_version": version(the_one(pairs, "Software Version", unknown), unknown),
        "firmware_version": version(the_one(pairs, "Firmware Version", unknown), unknown),
        "compatibility": compatibility,
    }, unknown


def read_health(text: str) -> Tuple[Values, List[str]]:
    """Read ``npu-smi info -t health -i N -c C`` (layout A5: without ``-c``): health, error_codes.

    The texts after ``Error Information`` run over several lines, and anything may stand there but a second answer.
    """
    lines = text.splitlines(True)
    end = next((index for index, line in enumerate(lines) if line.strip().startswith("Error Information")), len(lines))
    pairs, unknown = pairs_in("".join(lines[: end + 1]))
    if end == len(lines):
        unknown.append("no line 'Error Information'")
    more = [line.strip() for line in lines[end + 1 :] if re.match(r"\s*(Health( Status)?|Error \w+)\s*:", line)]
    if more:
        return {"health": UNKNOWN, "error_codes": None}, unknown + more
    if not text.endswith("\n"):
        unknown.append("the output is cut off")
    words = [value for name, value in pairs if name in ("Health", "Health Status")]
    health = words[0] if len(words) == 1 and words[0] in HEALTHS else UNKNOWN
    if health == UNKNOWN and words != [UNKNOWN]:
        unknown.append(f"health {words!r}")
    codes = the_one(pairs, "Error Code", unknown)
    if codes is None or codes == "NA":
        return {"health": health, "error_codes": None if codes is None else []}, unknown
    found = codes.split()
    if not found or not all(ERROR_CODE.match(code) for code in found):
        unknown.append(f"error code {codes!r}")
        return {"health": health, "error_codes": None}, unknown
    return {"health": health, "error_codes": sorted({code.upper().replace("0X", "") for code in found})}, unknown


def read_ecc(text: str, memory: str, chips: int) -> Tuple[Dict[Optional[int], Optional[int]], List[str]]:
    """Read ``npu-smi info -t ecc -i N``: {chip_id: double bit errors}, the kinds of memory together.

    A block ends with its chip id, which may be missing (None) where the NPU has one chip. Each kind of memory in it,
    ``memory`` always, has to have its count of double bit errors once.
    """
    pairs, unknown = pairs_in(text)
    counts: Dict[Optional[int], Optional[int]] = {}
    block: Pairs = []
    for name, value in [*pairs, ("Chip ID", "")]:
        if name != "Chip ID":
            block.append((name, value))
        elif any(" Bit " in key for key, _value in block):
            chip = number(value)
            counts[chip] = None if chip in counts else _double_bit_errors(block, memory, unknown)
            block = []
    if len(counts) != chips or (chips > 1 and None in counts):
        unknown.append(f"counts of {len(counts)} chips, not of {chips}")
        return {}, unknown
    return counts, unknown


def _double_bit_errors(block: Pairs, memory: str, unknown: List[str]) -> Optional[int]:
    kinds = {name.split()[0] for name, _value in block if " Bit " in name} | {memory}
    total = 0
    for kind in sorted(kinds):
        value = the_one(block, kind + " Double Bit Error Count", unknown)
        count = number(value)
        if count is None:
            if value is not None and value != "NA":
                unknown.append(f"{kind} errors {value!r}")
            return None
        total += count
    return total


def read_processes(text: str, chips: int) -> Tuple[Optional[List[Values]], List[str]]:
    """Read ``npu-smi info -t proc-mem -i N``: the processes on the NPU; [] only where each of its chips is called idle.

    What is said of a chip ends with its id, which may be missing where the NPU has one chip.
    """
    found: List[Values] = []
    unknown: List[str] = []
    idle: Set[str] = set()
    called_idle = False
    for line in [*text.splitlines(), *([] if chips > 1 else ["Chip ID : 0"])]:
        process = re.match(r"\s*Process id:(\d+)\s+Process name:(.*?)\s+Process memory\(MB\):(\d+)\s*$", line)
        chip = re.match(r"\s*Chip ID\s*:\s*(\d+)\s*$", line)
        if process:
            found.append({"pid": int(process.group(1)), "name": process.group(2), "memory_mb": int(process.group(3))})
        elif line.strip() == "No process in device.":
            called_idle = True
        elif chip:
            idle |= {chip.group(1)} if called_idle else set()
            called_idle = False
        elif not re.match(r"\s*((NPU ID|Chip Count)\s*:\s*\d+\s*)?$", line) and not INCOMPLETE.match(line.strip()):
            unknown.append(line.strip())
    if not text.endswith("\n"):
        unknown.append("the output is cut off")
    if not found and (len(idle) != chips or unknown):
        return None, [*unknown, f"{len(idle)} of {chips} chips called idle"]
    return found, unknown


def read_supernode(text: str) -> Tuple[Optional[Values], List[str]]:
    """Read ``npu-smi info -t spod-info -i N -c C``: id, size and server_index, whole numbers."""
    pairs, unknown = pairs_in(text)
    values = {}
    for name, key in (("id", "Super Pod ID"), ("size", "Super Pod Size"), ("server_index", "Server Index")):
        value = the_one(pairs, key, unknown)
        if value is None or not re.match(r"-?\d+$", value):
            return None, [*unknown, f"{key} {value!r}"]
        values[name] = int(value)
    return values, unknown


def read_word(text: str, key: str, words: Tuple[str, ...]) -> Tuple[Optional[str], List[str]]:
    """Read an answer of hccn_tool that is one line ``key: word``."""
    pairs, unknown = pairs_in(text)
    value = the_one(pairs, key, unknown)
    if len(pairs) != 1 or unknown or value not in words:
        return None, unknown or ["{}: {}".format(*pair) for pair in pairs]
    return value, []


def read_address(text: str) -> Tuple[Optional[str], List[str]]:
    """Read ``hccn_tool -i P -ip -g``: address/netmask, "" where none is set."""
    if text.strip() == NO_ADDRESS:
        return "", []
    pairs, unknown = pairs_in(text)
    address, mask = (the_one(pairs, key, unknown) for key in ("ipaddr", "netmask"))
    if unknown or not re.match(r"[0-9a-fA-F.:]+$", address or "") or not re.match(r"[0-9a-fA-F.:/]+$", mask or ""):
        return None, unknown or [text.strip()]
    return f"{address}/{mask}", []


class PciDevice(NamedTuple):
    """An NPU on the PCI bus; ``answers`` is false where the bus reads nothing of it."""

    address: str
    answers: bool


def read_lspci(text: str) -> Tuple[List[PciDevice], List[str]]:
    """Read ``lspci -D -nn -d 19e5:``; the vendor's other devices are passed over. Also without ``-nn`` and ``-D``."""
    devices = []
    unknown = []
    for line in text.splitlines():
        found = re.match(r"\s*((?:[0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7])\s+\S.*$", line)
        if not found:
            if line.strip():
                unknown.append(line.strip())
            continue
        device = re.search(r"\[19e5:([0-9a-f]{4})\]|\bDevice ([0-9a-f]{4})\b", line)
        address = found.group(1).upper()
        if device and (device.group(1) or device.group(2)) in PCI_DEVICES:
            devices.append(PciDevice(address if address.count(":") == 2 else "0000:" + address, "(rev ff)" not in line))
    if text and not text.endswith("\n"):
        unknown.append("the output is cut off")
    return devices, unknown


def read_settings(text: str) -> Tuple[Dict[str, str], List[str]]:
    """Read a file of lines ``KEY=value``: version.info, ascend_install.info. A key with two values is left out."""
    values: Dict[str, str] = {}
    unknown = []
    for line in text.splitlines():
        found = re.match(r"\s*([A-Za-z_]\w*)=(.*?)\s*$", line)
        if found and values.setdefault(found.group(1), found.group(2)) == found.group(2):
            continue
        if line.strip() and not line.strip().startswith("#"):
            unknown.append(line.strip())
    twice = {line.split("=")[0].strip() for line in unknown if "=" in line}
    return {key: value for key, value in values.items() if key not in twice}, unknown
