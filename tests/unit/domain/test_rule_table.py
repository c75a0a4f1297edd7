# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule, situation by situation; the table in docs/already-done.md is made from it.

A failure prints the table as it has to be.
"""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._decision import (
    Sighting,
    Standing,
    State,
    standing_of,
)

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs" / "already-done.md"
SAME = {
    state: Sighting(state, same_items=True)
    for state in (State.DONE, State.FAILED, State.RUNNING, State.STUCK, State.UNSETTLED)
}
OTHER = {state: Sighting(state, same_items=False) for state in (State.DONE, State.FAILED, State.RUNNING, State.STUCK)}
DONE, FAILED, RUNNING, STUCK = (SAME[state] for state in (State.DONE, State.FAILED, State.RUNNING, State.STUCK))
ELSEWHERE = Sighting(State.DONE, same_items=True, admitted=False)
UNSETTLED = SAME[State.UNSETTLED]
OTHER_DONE, OTHER_RUNNING = OTHER[State.DONE], OTHER[State.RUNNING]

WORDS = {
    DONE: "the same items, done",
    FAILED: "the same items, failed",
    RUNNING: "the same items, running",
    STUCK: "the same items, ended without a known end",
    UNSETTLED: "one that does not show whether it is on the server",
    ELSEWHERE: "the same items, done, other name",
    OTHER_DONE: "other items, ended",
    OTHER_RUNNING: "other items, running",
}
RESULTS = {
    Standing.DONE: "done",
    Standing.RUNNING: "attached to",
    Standing.SUBMIT: "submitted",
    Standing.BUSY: "an error, nothing is created",
    Standing.UNSETTLED: "polled again, then an error",
    None: "submitted, unless an older job decides",
}
# The jobs on a server, newest first.
SITUATIONS = [
    (),
    (DONE,),
    (FAILED,),
    (RUNNING,),
    (STUCK,),
    (UNSETTLED,),
    (OTHER_DONE,),
    (OTHER_RUNNING,),
    (DONE, OTHER_DONE),
    (DONE, RUNNING),
    (DONE, OTHER_RUNNING),
    (FAILED, DONE),
    (FAILED, RUNNING),
    (RUNNING, OTHER_RUNNING),
    (OTHER_DONE, DONE),
    (OTHER_DONE, RUNNING),
    (DONE, UNSETTLED),
    (ELSEWHERE,),
    (ELSEWHERE, DONE),
    (ELSEWHERE, FAILED, DONE),
    (ELSEWHERE, OTHER_DONE, DONE),
]
EXPECTED = dict(
    zip(
        SITUATIONS,
        [
            None,
            Standing.DONE,
            Standing.SUBMIT,
            Standing.RUNNING,
            Standing.RUNNING,
            Standing.UNSETTLED,
            Standing.SUBMIT,
            Standing.BUSY,
            Standing.DONE,
            Standing.RUNNING,
            Standing.BUSY,
            Standing.SUBMIT,
            Standing.RUNNING,
            Standing.BUSY,
            Standing.SUBMIT,
            Standing.RUNNING,
            Standing.UNSETTLED,
            None,
            Standing.DONE,
            Standing.DONE,
            Standing.SUBMIT,
        ],
        strict=True,
    )
)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: ", ".join(WORDS[one] for one in each) or "none")
def test_the_rule(situation):
    assert standing_of(situation)[0] is EXPECTED[situation]


def test_the_table_in_the_docs_is_the_rule():
    rows = ["| the jobs on the server, newest first | the server is |", "|---|---|"]
    for situation in SITUATIONS:
        jobs = "; then ".join(WORDS[one] for one in situation) or "none"
        rows.append(f"| {jobs} | {RESULTS[standing_of(situation)[0]]} |")
    table = "\n".join(rows)
    shown = PAGE.read_text(encoding="utf-8").split("<!-- the rule -->\n")[1].split("\n<!-- end of the rule -->")[0]
    assert shown.strip() == table, table
