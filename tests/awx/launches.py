# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX 24.6.1 makes of a launch: prompts, variables and their file, slices, the order of hosts.

Sources in AWX: ``_accept_or_ignore_job_kwargs`` and ``get_effective_slice_ct`` in ``main/models/jobs.py``,
``main/models/mixins.py``, ``main/utils/safe_yaml.py``, ``get_sliced_hosts`` and ``get_script_data`` in
``main/models/inventory.py``. ansible-runner gives the file to ansible-playbook as ``-e @/runner/env/extravars``.

Not modelled: variables of templates and inventories, passwords as answers, prompts for lists of objects, permissions.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from typing import Any

import yaml
from awx.kinds import PROMPTS
from awx.schemas import answer_errors

UNASKED = "Field is not configured to prompt on launch."


def take_launch(
    template: dict[str, Any], questions: Sequence[dict[str, Any]], given: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """(what is taken, what is ignored, errors) of a launch, a schedule or a node.

    Args:
        template: as the API shows it.
        questions: of its survey, where that is switched on.
        given: prompts, and the answers in ``extra_vars``.

    A launch passes over the errors of ignored fields, a node those of missing answers; see ``forgiven``.
    """
    taken: dict[str, Any] = {}
    ignored: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    variables = dict(given.get("extra_vars") or {})
    missing = [
        f"'{each['variable']}' value missing"
        for each in questions
        # Only the form in the browser fills in defaults, and neither the API nor a schedule.
        if each["required"] and each["variable"] not in variables
    ]
    wrong = [
        error
        for each in questions
        if each["variable"] in variables
        for error in answer_errors(each, variables[each["variable"]])
    ]
    if missing or wrong:
        errors["variables_needed_to_start"] = missing + wrong
    asked = {each["variable"] for each in questions}
    unasked = sorted(set(variables) - asked)
    if unasked and not template.get("ask_variables_on_launch"):
        ignored["extra_vars"] = {name: variables.pop(name) for name in unasked}
        errors["extra_vars"] = [f"Variables {', '.join(unasked)} are not allowed on launch."]
    if variables:
        taken["extra_vars"] = variables
    for name in PROMPTS:
        value = given.get(name)
        if value is None or (name in template and value == template[name]):
            continue
        if template.get(f"ask_{'tags' if name == 'job_tags' else name}_on_launch"):
            taken[name] = value
        else:
            ignored[name] = value
            errors[name] = [UNASKED]
    return taken, ignored, errors


def forgiven(errors: dict[str, Any], *, launch: bool = False, node: bool = False) -> dict[str, Any]:
    """The errors that stay: a launch ignores what is not asked for, a node may be given its answers by the workflow."""
    left = dict(errors)
    if launch:
        left = {name: error for name, error in left.items() if name == "variables_needed_to_start"}
    if node and "variables_needed_to_start" in left:
        wrong = [each for each in left["variables_needed_to_start"] if not each.endswith("value missing")]
        left = {**{name: each for name, each in left.items() if name != "variables_needed_to_start"}}
        if wrong:
            left["variables_needed_to_start"] = wrong
    return left


def job_variables(questions: Sequence[dict[str, Any]], answers: dict[str, Any]) -> dict[str, Any]:
    """The extra variables of a job: the survey's defaults that are valid answers, and the answers over them."""
    defaults = {
        each["variable"]: each["default"]
        for each in questions
        if each.get("default") is not None and not list(answer_errors(each, each["default"]))
    }
    return {**defaults, **answers}


class _Untrusted(yaml.SafeDumper):
    """Marks every string, names of variables too."""


_Untrusted.add_representer(str, lambda dumper, value: dumper.represent_scalar("!unsafe", value))


def variables_file(variables: dict[str, Any]) -> str:
    """The file of extra variables of a job, for example ``!unsafe 'fleet_job_name': !unsafe '007'``."""
    return "".join(yaml.dump({name: value}, Dumper=_Untrusted) for name, value in variables.items())


def slices(hosts: Sequence[str], count: int, limit: Collection[str] | None = None) -> list[list[str]]:
    """The hosts of each slice: dealt out one by one from the whole inventory, and only then narrowed by the limit.

    A slice whose hosts the limit leaves out all is a job that fails.
    """
    count = max(1, min(count, len(hosts)))
    return [[each for each in sorted(hosts)[n::count] if limit is None or each in limit] for n in range(count)]


def order_of_a_run(hosts: Sequence[str], seed: int) -> list[str]:
    """The order in which a run gets the hosts of a group: that of a table which is read without an order."""
    shuffled = list(hosts)
    random.Random(seed).shuffle(shuffled)
    return shuffled
