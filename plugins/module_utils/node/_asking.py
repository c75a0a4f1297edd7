# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
# Runs on the node, on Python 3.6 and later: nothing newer, and nothing but the standard library.
"""Questions to the node's tools and files; what no answer was, or no pattern knows, is kept for the result."""

from typing import Callable, Dict, List, Optional, Tuple, TypeVar

from ._machine import Answer, Node
from ._outputs import read_settings

# Problems of a command that are no unknown text: what they mean is known, and the values stay None.
SEEN = {
    "missing": "not found",
    "timeout": "did not end",
    "reset": "the chips are being reset",
    "gone": "the driver does not answer",
    "unsupported": "the device does not support it",
}
Value = TypeVar("Value")


class Asker:
    """Asks one node.

    ``unknown``: the texts that no pattern knows, each with where it was printed. ``node.unseen``: what could not be
    looked at, and why.
    """

    def __init__(self, node: Node) -> None:
        self.node = node
        self.unknown: List[str] = []

    def note(self, where: str, texts: List[str]) -> None:
        """Keep texts that no pattern knows."""
        self.unknown.extend(f"{where}: {text.strip()[:200]}" for text in texts)

    def text(self, tool: str, *arguments: str) -> Optional[str]:
        """What a command printed; None, with the reason in the result, where it gave no answer."""
        return self.text_of(" ".join((tool, *arguments)), self.node.run(tool, *arguments))

    def value(self, read: Callable[[str], Tuple[Value, List[str]]], tool: str, *arguments: str) -> Optional[Value]:
        """What a command printed, read by a function that also gives the texts it does not know."""
        text = self.text(tool, *arguments)
        if text is None:
            return None
        value, unknown = read(text)
        self.note(" ".join((tool, *arguments)), unknown)
        return value

    def text_of(self, where: str, answer: Answer) -> Optional[str]:
        """The text of an answer; None, with the reason in the result, where it is none."""
        if answer.problem is None:
            return answer.text
        if answer.problem in SEEN:
            first = (answer.text.strip().splitlines() or [""])[0]
            self.node.unseen.append(f"{where}: {SEEN[answer.problem]} ({first[:200]})")
        else:
            self.note(where, [f"{answer.problem}: {answer.text}"])
        return None

    def settings(self, path: str) -> Optional[Dict[str, str]]:
        """The keys and values in a file; None where it cannot be read."""
        text = self.node.read(path)
        if text is None:
            return None
        values, unknown = read_settings(text)
        self.note(path, unknown)
        return values
