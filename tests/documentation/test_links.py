# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every link leads to something; of those to the outside only the form is checked."""

from __future__ import annotations

import re
import subprocess
from urllib.parse import urlsplit

import pytest
from documentation.blocks import REPOSITORY, anchors, links, pages

LONGEST_LINE = 130
WIDE = ("docs/api-coverage.md", "docs/architecture.md")
DOCS = [page for page in pages() if page.startswith("docs/") or page == "README.md"]


def tracked() -> set[str]:
    """The files that a clone has."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    return set(listed.stdout.decode().split("\0"))


def is_address(link: str) -> bool:
    """Whether it has the form of an address outside."""
    parts = urlsplit(link)
    return parts.scheme == "https" and bool(re.fullmatch(r"[a-z0-9.-]+\.[a-z]{2,}", parts.netloc)) and " " not in link


@pytest.mark.parametrize("page", pages())
def test_links(page: str) -> None:
    files = tracked()
    for link in links(page):
        if ":" in link.partition("#")[0]:
            assert is_address(link), link
            continue
        path, _hash, anchor = link.partition("#")
        target = (REPOSITORY / page).parent.joinpath(path).resolve() if path else REPOSITORY / page
        name = str(target.relative_to(REPOSITORY))
        assert name in files, f"{page}: {link}"
        if anchor:
            assert anchor in anchors(name), f"{page}: {link}: there are {sorted(anchors(name))}"


def test_there_are_links() -> None:
    assert sum(len(links(page)) for page in pages()) > 50
    assert "connect" in anchors("README.md")


def test_links_of_the_plugins() -> None:
    for path in (REPOSITORY / "plugins").rglob("*.py"):
        for link in re.findall(r"\b(?:U\(|L\([^,)]*,\s*)([^)]+)\)", path.read_text(encoding="utf-8")):
            assert is_address(link), f"{path}: {link}"


@pytest.mark.parametrize("page", [page for page in DOCS if page not in WIDE])
def test_lines_are_no_longer_than_they_may_be(page: str) -> None:
    # A row of a table, and a link, cannot be broken.
    lines = [line for line in (REPOSITORY / page).read_text(encoding="utf-8").splitlines() if line[:1] != "|"]
    assert [line for line in lines if len(line) > LONGEST_LINE and "](" not in line] == []


@pytest.mark.parametrize("page", [page for page in DOCS if page != "README.md"])
def test_the_readme_or_another_guide_leads_to_every_guide(page: str) -> None:
    leading = {
        str((REPOSITORY / other).parent.joinpath(link.partition("#")[0]).resolve().relative_to(REPOSITORY))
        for other in ("README.md", "CONTRIBUTING.md")
        for link in links(other)
        if ":" not in link
    }
    assert page in leading
