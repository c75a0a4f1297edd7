# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Where role ``fleet_job`` may stand in a play."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils._errors import InvalidOption

LINEAR = ("linear", "ansible.builtin.linear", "debug", "ansible.builtin.debug")


def require_whole_batch(task: Any) -> None:
    """Refuse any place in which only some hosts of the batch would run the role.

    The jobs are started once for the whole batch, so a condition would start them for
    hosts that it leaves out.

    :param task: a task of the role.
    :raises InvalidOption: names what stands above the role.
    """
    strategy = task.play.strategy
    if strategy not in LINEAR:
        raise InvalidOption(
            f"role fleet_job runs with strategy linear, not {strategy}: it starts one job for all hosts of a batch"
        )
    below: set[str] = set()
    node = task
    while node is not None:
        what = _leaves_hosts_out(node, below)
        if what:
            raise InvalidOption(
                f"role fleet_job stands under {what}, but starts jobs for all hosts of the batch. What to do:"
                " choose the hosts by the play's 'hosts' (group_by in a play before it), and use import_role without"
                " conditions."
            )
        below.add(node._uuid)
        node = getattr(node, "_parent", None)


def _leaves_hosts_out(node: Any, below: set[str]) -> str | None:
    """What of this task or block may leave hosts out; ``below`` are the ids of those under it."""
    if node.when:
        return "a condition (when)"
    if getattr(node, "loop", None) is not None:
        return "a loop"
    if any(part._uuid in below for name in ("rescue", "always") for part in getattr(node, name, [])):
        return "a rescue or always section"
    if not getattr(node, "statically_loaded", True) and _has_template(node.get_ds()):
        return "an include whose name is a template"
    return None


def _has_template(include: Mapping[str, object]) -> bool:
    """Whether what an include takes in depends on variables: each host may get another file or none."""
    return any("{{" in str(value) for key, value in include.items() if key.split(".")[-1].startswith("include_"))
