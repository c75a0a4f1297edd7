# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/reliability.md names is there."""

from __future__ import annotations

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "reliability.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_every_promise_names_a_test_that_is_there():
    promises = TEXT.split("## The promises")[1].split("\n## ")[0]
    rows = [line for line in promises.splitlines() if line.startswith("|")][2:]
    assert len(rows) >= 10
    for row in rows:
        links = re.findall(r"\]\(([^)]+)\)", row)
        assert links, row
        for link in links:
            assert (PAGE.parent / link).resolve().is_file(), link
            assert "/tests/" in link


def test_the_words_are_those_of_the_product():
    present = (ROOT / "plugins" / "module_utils" / "domain" / "jobs" / "_start.py").read_text(encoding="utf-8")
    words = "started twice, since another run created job"
    assert words in " ".join(TEXT.split())
    assert words in present


def test_lines_are_short():
    assert [line for line in TEXT.splitlines() if len(line) > 130 and not line.startswith("|")] == []


def test_the_readme_leads_here():
    assert "docs/reliability.md" in (ROOT / "README.md").read_text(encoding="utf-8")
