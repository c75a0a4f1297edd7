# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of the guides, which tests hold against what they tell of."""

from __future__ import annotations

import re


def rows(text: str, heading: str = "") -> list[list[str]]:
    """The cells of the first table of a text, or of the one with this heading, without its heading."""
    table = re.search(r"^\|(?:.*\n\|)*.*", text[text.index(heading) :], re.MULTILINE)
    assert table, f"no table with the heading {heading!r}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()[2:]]
