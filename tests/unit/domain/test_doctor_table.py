# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of assumptions in docs/reliability.md is made from the checks of the doctor.

A failure prints the table as it has to be.
"""

from __future__ import annotations

import pathlib

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.doctor._checks import CHECKS

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs" / "reliability.md"
HEADS = ["| assumption | if it does not hold | check |", "|---|---|---|"]


def test_the_table_of_assumptions_is_made_from_the_checks() -> None:
    section = PAGE.read_text(encoding="utf-8").split("## What is assumed of the API\n")[1].split("\n## ")[0]
    told = [line for line in section.splitlines() if line.startswith("|")]
    made = HEADS + [f"| {check.assumption} | {check.otherwise} | `{check.name}` |" for check in CHECKS]
    assert told == made, "\n".join(["", *made])


def test_names_are_different_and_words_are_there() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert len({check.assumption for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert check.name.isidentifier(), check.name
        assert check.assumption and check.otherwise, check.name
        # They stand in cells of a table, and in sentences with a full stop of their own.
        assert not set("|\n") & set(check.assumption + check.otherwise), check.name
        assert not check.assumption.endswith(".") and not check.otherwise.endswith("."), check.name


def test_no_assumption_of_the_promises_is_without_a_check() -> None:
    """What the promises take for granted stands in the table, word for word where they name it."""
    for assumption in (
        "The list shows a new job within `request_timeout`, then always",
        "The list shows an older job no later than a younger one",
        "List and detail show the `description` that was sent",
        "Server ids differ by more than their case",
        "`create_at` orders jobs",
        "A job that is `FINISHED` or `DELETED` does nothing more on its servers",
        "An undocumented status may still be running",
    ):
        assert assumption in {check.assumption for check in CHECKS}
    assert any("429" in check.assumption for check in CHECKS)
