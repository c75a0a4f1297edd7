# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A translated page has the commands and outputs of the English one, byte for byte."""

from __future__ import annotations

import pytest
from documentation.blocks import Block, blocks, pages

# The README's translation ends earlier: its blocks are the first of the English ones.
WHOLE = {"docs/zh-CN/getting-started.md": "docs/getting-started.md"}
BEGINNING = {"README.zh-CN.md": "README.md"}


def content(page: str) -> list[tuple[str, str, dict[str, str]]]:
    """The blocks of a page, without where they are."""
    return [block_content(block) for block in blocks(page)]


def block_content(block: Block) -> tuple[str, str, dict[str, str]]:
    """What has to be the same in every language."""
    return block.language, block.text, block.marks


@pytest.mark.parametrize(("translated", "english"), [*WHOLE.items(), *BEGINNING.items()])
def test_blocks_are_those_of_the_english_page(translated: str, english: str) -> None:
    found, wanted = content(translated), content(english)
    assert len(found) >= 5
    assert found == (wanted if translated in WHOLE else wanted[: len(found)])


def test_no_translation_is_passed_over() -> None:
    assert {page for page in pages() if "zh-CN" in page} == {*WHOLE, *BEGINNING}
