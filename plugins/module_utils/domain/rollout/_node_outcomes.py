# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What the nodes say of jobs that are done: a server passes only where its node says so too.

Plain values that can be written as JSON, as in :mod:`._outcomes`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..._shapes import Record
from .._untrusted import LONGEST_NAME, as_line
from .._wording import some_of
from ._outcomes import AGAIN, Outcome
from ._run_record import MISMATCH, REBOOT_PENDING, UNVERIFIED

# A verdict of a node, that of its server, and what to do.
_STAYS = "it stays drained"
_VERDICTS = {
    "mismatch": (MISMATCH, f"see the node's installer log; {_STAYS}, and {AGAIN}"),
    "reboot_pending": (REBOOT_PENDING, f"restart the node, then run the same play again; until then {_STAYS}"),
    "unhealthy": ("failed", f"fix the node; {_STAYS}, then run the same play again"),
}
_UNKNOWN = ("unknown", f"see the node itself; {_STAYS}, then run the same play again")
VERSIONS = ("driver_before", "driver_after", "firmware_before", "firmware_after")
_LONGEST_REASON = 200


def unverified(outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """The outcomes as they are until the nodes were asked: whoever is done does not pass yet."""
    result: dict[str, Outcome] = {}
    for host, outcome in outcomes.items():
        if outcome["ok"] and outcome["verdict"] == "done":
            text = "its job is done; what its node runs is not known, since it was not asked"
            outcome = {**outcome, "verdict": UNVERIFIED, "ok": False, "text": text, "hint": AGAIN}
        result[host] = outcome
    return result


def verified(outcomes: Mapping[str, Outcome], words: Mapping[str, Record]) -> dict[str, Outcome]:
    """The outcomes once the nodes were asked.

    :param words: {host: what step ``judge`` of role ``npu_node`` returned}; a node without one passes nowhere.
    """
    result: dict[str, Outcome] = {}
    for host, outcome in outcomes.items():
        if outcome["verdict"] == UNVERIFIED:
            outcome = _judged(outcome, words.get(host))
        result[host] = outcome
    return result


def _judged(outcome: Outcome, word: Record | None) -> Outcome:
    if word is None:
        text = "its job is done, and its node did not report what it runs"
        return {**outcome, "verdict": _UNKNOWN[0], "text": text, "hint": _UNKNOWN[1], "message": text}
    versions = {key: None if word.get(key) is None else str(word[key]) for key in VERSIONS}
    if word.get("verdict") == "ok":
        return {**outcome, "verdict": "done", "ok": True, "text": "", "hint": "", "versions": versions}
    verdict, hint = _VERDICTS.get(str(word.get("verdict")), _UNKNOWN)
    text = as_line("; ".join(map(str, word.get("reasons") or [])) or "the node gives no reason", _LONGEST_REASON)
    return {**outcome, "verdict": verdict, "text": text, "hint": hint, "message": text, "versions": versions}


def verified_line(data: Record) -> str | None:
    """How many servers their nodes have confirmed, and what the others run; None where no node was asked.

    :param data: of a record.
    """
    good = sum(row["verdict"] == "done" and row["driver_after"] is not None for row in data["servers"])
    bad = [row for row in data["servers"] if row["verdict"] in (MISMATCH, REBOOT_PENDING)]
    if not good and not bad:
        return None
    parts = [f"{good} verified"]
    for verdict in (MISMATCH, REBOOT_PENDING):
        texts: dict[str, list[str]] = {}
        for row in bad:
            if row["verdict"] == verdict:
                name = as_line(row["server_name"] or row["host"], LONGEST_NAME)
                # The worst reason comes first; the others are in the record.
                texts.setdefault(as_line((row["message"] or "").split("; ")[0], _LONGEST_REASON), []).append(name)
        count = sum(map(len, texts.values()))
        if texts:
            shown = "; ".join(f"{some_of(names, 3)} {text}" for text, names in list(texts.items())[:3])
            parts.append(f"{count} {verdict.replace('_', ' ')}: {shown}")
    return ", ".join(parts)
