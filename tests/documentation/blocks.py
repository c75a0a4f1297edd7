# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads Markdown pages: their blocks with the marks before them, their links, and what a link may lead to."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import subprocess

from markdown_it import MarkdownIt
from markdown_it.token import Token

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# Blocks that are run, and blocks that only show something.
RUN = {"bash", "console", "python", "yaml"}
SHOWN = {"text", "json", "ini", "mermaid"}
# <!-- not run: reason --> and the like, see CONTRIBUTING.md.
MARKS = {"not run", "run below", "exit status", "types", "in the clone", "output"}
_MARK = re.compile(r"<!--\s*([a-z ]+?)\s*(?::\s*(.*?)\s*)?-->", re.DOTALL)
_PARSER = MarkdownIt("commonmark").enable("table")


@dataclasses.dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        page: path of the page in the repository.
        line: where it begins, from 1.
        language: the first word after the fence; empty for none, and for a block that is only indented.
        marks: what the comments before it say, by name.
    """

    page: str
    line: int
    language: str
    text: str
    marks: dict[str, str]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """The Markdown pages that are in git, by their paths."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    found = {name for name in listed.stdout.decode().split("\0") if name}
    return sorted(name for name in found if (REPOSITORY / name).is_file())


def tokens(page: str) -> list[Token]:
    """The page as its parser sees it."""
    return _PARSER.parse((REPOSITORY / page).read_text(encoding="utf-8"))


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    found = []
    marks: dict[str, str] = {}
    for token in tokens(page):
        if token.type == "html_block":
            marks.update(dict(_MARK.findall(token.content)))
            continue
        if token.type in ("fence", "code_block"):
            assert token.map
            language = (token.info.split() or [""])[0]
            found.append(Block(page, token.map[0] + 1, language, token.content, marks))
        marks = {}
    return found


def links(page: str) -> list[str]:
    """Where the links and pictures of a page lead."""
    inline = [child for token in tokens(page) for child in token.children or []]
    return [
        str(child.attrs.get("href", child.attrs.get("src"))) for child in inline if child.type in ("link_open", "image")
    ]


def anchors(page: str) -> set[str]:
    """What a link into a page may end in: its headings, as GitHub writes them."""
    found: set[str] = set()
    seen: dict[str, int] = {}
    parsed = tokens(page)
    for token, following in zip(parsed, parsed[1:], strict=False):
        if token.type != "heading_open":
            continue
        title = "".join(child.content for child in following.children or [] if child.type in ("text", "code_inline"))
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
        seen[slug] = seen.get(slug, 0) + 1
    return found
