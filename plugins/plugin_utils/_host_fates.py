# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What became of the hosts of a play: Ansible tells a task who left the play, but not why."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

# Fails hosts by their verdicts: the record of its run says whom.
OWN_STEP = "fleet_job_step"
# What the last task of a hook leaves on each host that got there.
HOOK_NOTE = "_fleet_job_hook_passed"
# Under which role npu_node registers what a node says.
NODE_WORD = "npu_node_verdict"


class HostFates:
    """Who failed, who was rescued, and who was ended by ``meta: end_host``, as of now.

    :ivar failed: hosts that a task failed, or that could not be reached.
    :ivar taken: those of them on which no task failed: Ansible ended the play for all, as with ``any_errors_fatal``.
    :ivar rescued: {host: name of the task that failed}: a task of this play failed, and a ``rescue`` took the host.
    :ivar ended: hosts that left the play without a failure.
    """

    def __init__(self, task: Any, task_vars: Mapping[str, Any]) -> None:
        everybody = set(task_vars["ansible_play_hosts_all"])
        removed = everybody.difference(task_vars["ansible_play_hosts"])
        self._task = task
        self._facts: Mapping[str, Any] = getattr(task.get_variable_manager(), "_nonpersistent_fact_cache", {})
        self.rescued = {host: name for host, name in self._rescued() if host in everybody}
        books = _books_of_ansible()
        # Where Ansible keeps them elsewhere: who left is taken for failed.
        failed, over, lost = (removed, frozenset(), removed) if books is None else books
        self.ended = removed & over - failed - set(self.rescued)
        # Who is on the way through an always section has failed, though Ansible does not count it yet.
        self.failed = (failed & everybody) | (removed - self.ended - set(self.rescued))
        self.taken = self.failed - lost

    def passed_hook(self, host: str, run: str, number: int) -> bool:
        """Whether a host came to the end of ``fleet_job_before`` in this batch of this run."""
        note = self._facts.get(host, {}).get(HOOK_NOTE)
        return isinstance(note, Mapping) and note.get("run") == run and note.get("batch") == number

    def word_of_node(self, host: str, mark: str) -> Mapping[str, Any] | None:
        """What role ``npu_node`` has found out about a host for this batch of this run; None where it has not."""
        note = self._facts.get(host, {}).get(NODE_WORD)
        return note if isinstance(note, Mapping) and note.get("mark") == mark else None

    def _rescued(self) -> Iterator[tuple[str, str]]:
        tasks: list[Any] | None = None
        for host, facts in self._facts.items():
            failed = facts.get("ansible_failed_task")
            if failed is None:
                continue
            name, action = (str(failed.get(key) or "") for key in ("name", "action"))
            if action.split(".")[-1] == OWN_STEP:
                continue
            if tasks is None:
                tasks = list(_tasks_of(self._task.play))
            if any(_may_be(task, name, action) for task in tasks):
                yield host, name or action


def _may_be(task: Any, name: str, action: str) -> bool:
    """Whether a task of the play is the one that failed, or may have included it: Ansible keeps only its name."""
    if not getattr(task, "statically_loaded", True):
        return True
    own = str(task.name or "")
    return str(task.action) == action and (own == name or "{{" in own)


def _tasks_of(play: Any) -> Iterator[Any]:
    blocks = [*play.compile(), *play.handlers]
    while blocks:
        node = blocks.pop()
        parts = [part for name in ("block", "rescue", "always") for part in getattr(node, name, None) or []]
        if parts:
            blocks += parts
        elif hasattr(node, "action"):
            yield node


def _books_of_ansible() -> tuple[frozenset[str], frozenset[str], frozenset[str]] | None:
    """(hosts that failed or were unreachable, hosts for which the play is over, hosts on which a task failed so far).

    None where they are not to be found.

    A step runs in a fork of the process that runs the play, so the play's iterator is further up on its own stack.
    """
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        iterator, strategy = frame.f_locals.get("iterator"), frame.f_locals.get("self")
        manager = getattr(strategy, "_tqm", None)
        if manager is not None and iterator is not None and hasattr(iterator, "get_failed_hosts"):
            failed = {*iterator.get_failed_hosts(), *manager._failed_hosts, *manager._unreachable_hosts}
            states = iterator._host_states.items()
            over = frozenset(name for name, state in states if state.run_state.name == "COMPLETE")
            return frozenset(failed), over, frozenset({*manager._stats.failures, *manager._stats.dark})
        frame = frame.f_back
    return None
