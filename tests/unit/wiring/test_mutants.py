# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each mutant still has a text to replace: they are run by hand, and a refactoring must not take one away unseen."""

from __future__ import annotations

import pathlib

from mutants.mutants import MUTANTS

ROOT = pathlib.Path(__file__).resolve().parents[3]


def test_the_text_of_each_mutant_is_there_once() -> None:
    stale = [name for name, file, text, *_rest in MUTANTS if (ROOT / file).read_text(encoding="utf-8").count(text) != 1]
    assert stale == []


def test_names_differ() -> None:
    assert len({name for name, *_rest in MUTANTS}) == len(MUTANTS)
