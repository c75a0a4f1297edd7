# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Variables of the role that must be strings, where YAML or a survey has made something else of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..._errors import InvalidOption

# Of a whole number, nothing that matters is lost: 10 servers may fail.
COUNTS = frozenset(["fleet_job_max_failures"])
# What the role's tasks read as well, as it was written.
AS_WRITTEN = frozenset(["fleet_job_before", "fleet_job_after", "fleet_job_delegate_to"])
_QUOTED = re.compile(r"""(['"])((?:(?!\1).)*)\1""", re.DOTALL)


def restore_strings(given: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The variables, with a pair of quotes around a string taken away.

    AWX writes the answer ``24.10`` of a survey as ``!unsafe '24.10'``, and ansible-core 2.19 and later read the number
    24.1 there. What is lost is lost; but an answer that has quotes of its own, ``'24.10'``, arrives as a string with
    them, on each version.

    :param given: {variable: value}, without those that have none.
    :param options: the entry point's argument spec.
    :raises InvalidOption: strings that are none, all of them. Choices are left to the argument spec, which knows
        that false was ``off``.
    """
    values, problems = dict(given), []
    for name, value in given.items():
        option = options.get(name, {})
        if option.get("type") not in ("str", "path") or "choices" in option:
            continue
        if isinstance(value, str):
            if name not in AS_WRITTEN and (quoted := _QUOTED.fullmatch(value)):
                values[name] = quoted[2]
        elif name not in COUNTS or isinstance(value, bool) or not isinstance(value, int):
            problems.append(f"{name}: is {_kind_of(value)} in YAML, not a string")
    if problems:
        raise InvalidOption(
            f"{'; '.join(problems)}. What was written is lost: 24.10 becomes 24.1, 007 becomes 7, off"
            " becomes false. What to do: quote it; in a survey of AWX, type the quotes as well, for example '24.10'."
        )
    return {name: value for name, value in values.items() if value != ""}


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"a number ({value})"
    if isinstance(value, Mapping):
        return "a dictionary"
    if isinstance(value, (list, tuple)):
        return "a list"
    return f"a {type(value).__name__} ({value})"
