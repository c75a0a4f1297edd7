# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Where role ``fleet_job`` may stand in a play, and which of its uses a task belongs to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.playbook.handler import Handler

from ..module_utils._errors import InvalidOption

LINEAR = ("linear", "ansible.builtin.linear", "debug", "ansible.builtin.debug")


def run_of(task: Any) -> str:
    """Names the run that a task of the role belongs to: one use of the role in one play of this process.

    Not by the hosts, which an inventory may change between two batches. What is loaded with the
    playbook keeps its id from batch to batch. What is included while the play runs gets new ids
    each time, so its place in its file stands for it.

    :returns: the id of the play, a blank, and a digest of where the role stands in it.
    """
    above = list(_and_above(task))
    outermost = max(index for index, node in enumerate(above) if getattr(node, "_role", None) is task._role)
    # A role of the keyword roles has nothing above it.
    place = above[outermost + 1 :] or above[outermost:]
    parts: list[str] = []
    loaded = True
    for node in reversed(place):
        parts.append(node._uuid if loaded else str(node.get_path() if hasattr(node, "get_path") else ""))
        loaded = loaded and getattr(node, "statically_loaded", True)
    return f"{task.play._uuid} {hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]}"


def has_rescue(task: Any) -> bool:
    """Whether a block around a task has a rescue section: then Ansible goes on where every host failed."""
    return any(getattr(node, "rescue", None) for node in _and_above(task))


def _and_above(task: Any) -> Iterator[Any]:
    """A task, what it stands in, and so on to the play."""
    node = task
    while node is not None:
        yield node
        node = getattr(node, "_parent", None)


def require_whole_batch(task: Any) -> None:
    """Refuse any place in which the role could not keep what it promises.

    The jobs are started once for the whole batch, so a condition would start them for
    hosts that it leaves out. Run once, it would hide what came of all hosts but one.
    Delegated as a whole, its hooks would run on one host for all the others.

    :param task: a task of the role.
    :raises InvalidOption: names what stands above the role.
    """
    strategy = task.play.strategy
    if strategy not in LINEAR:
        raise InvalidOption(
            f"role fleet_job runs with strategy linear, not {strategy}: it starts one job for all hosts of a batch"
        )
    for keyword in ("run_once", "delegate_to"):
        above = [*_and_above(task._parent), task._role, task.play]
        if any(_is_set(getattr(node, f"_{keyword}", None)) for node in above):
            raise InvalidOption(
                f"role fleet_job stands under {keyword}, but has a verdict for each host. What to do: leave {keyword}"
                " out; the role runs what needs to run once by itself, and fleet_job_delegate_to names the host that"
                " talks to the API."
            )
    below: set[str] = set()
    for node in _and_above(task):
        what = _leaves_hosts_out(node, below)
        if what:
            raise InvalidOption(
                f"role fleet_job stands under {what}, but starts jobs for all hosts of the batch. What to do:"
                " choose the hosts by the play's 'hosts' (group_by in a play before it), and use import_role without"
                " conditions."
            )
        below.add(node._uuid)


def _is_set(value: object) -> bool:
    """Whether a keyword that is not yet validated is there: as a word or template, or as true."""
    return value is True or (isinstance(value, str) and value.strip().lower() not in ("", "false", "no"))


def _leaves_hosts_out(node: Any, below: set[str]) -> str | None:
    """What of this task or block may leave hosts out; ``below`` are the ids of those under it."""
    if node.when:
        return "a condition (when)"
    if getattr(node, "loop", None) is not None:
        return "a loop"
    if isinstance(node, Handler):
        return "a handler"
    if any(part._uuid in below for name in ("rescue", "always") for part in getattr(node, name, [])):
        return "a rescue or always section"
    if not getattr(node, "statically_loaded", True) and _has_template(node.get_ds()):
        return "an include whose name is a template"
    return None


def _has_template(include: Mapping[str, object]) -> bool:
    """Whether what an include takes in depends on variables: each host may get another file or none."""
    return any("{{" in str(value) for key, value in include.items() if key.split(".")[-1].startswith("include_"))
