# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Steps of role ``fleet_job`` after role ``npu_node`` has asked the nodes of a batch."""

from __future__ import annotations

from ..module_utils.domain.rollout._gates import judge_batch, judge_failures
from ..module_utils.domain.rollout._node_outcomes import verified as with_words
from ..module_utils.domain.rollout._node_outcomes import verified_line
from ..module_utils.domain.rollout._run_record import RunRecord
from ..module_utils.wiring._run_files import now_ms
from ._host_fates import HostFates
from ._role_place import has_rescue
from ._step import Result, Step
from ._visible_wait import show


def mark_of(step: Step, record: RunRecord) -> str:
    """What tells a word that a node said for this batch from one of an earlier play."""
    return f"{step.run.name} {record.batch['number']}"


def verified(step: Step) -> Result:
    """Bring what the nodes say into the outcomes, the record and the summary; nothing that was not said passes."""
    outcomes, budget = step.outcomes.all(), step.budget()
    fates = HostFates(step.task, step.vars)
    words = {host: fates.word_of_node(host, str(step.args["mark"])) for host in outcomes}
    judged = with_words(outcomes, {host: dict(word) for host, word in words.items() if word is not None})
    play = step.task.play

    def note(record: RunRecord) -> None:
        record.settled(judged, now_ms(), hook=True)
        judge_failures(record, budget(record), now_ms())
        if not has_rescue(step.task):
            judge_batch(record, play.max_fail_percentage, bool(step.task.any_errors_fatal), now_ms())

    record, trouble = step.run.note(note, [])
    if trouble:
        step.warnings.append(f"{trouble} What the nodes report may not be in the record; then no further batch starts.")
    step.outcomes.write(judged)
    line = verified_line(record.data) if record is not None else None
    if record is not None:
        step.news().settled(record)
    if line:
        show(line, stderr=False)
    drained = {host for host, word in words.items() if word is not None and word.get("drained")}
    return {
        "summary": [line] if line else [],
        "return_hosts": [host for host, outcome in judged.items() if outcome["ok"] and host in drained],
    }
