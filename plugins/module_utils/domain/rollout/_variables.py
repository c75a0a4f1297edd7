# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The names of the role's variables: a misspelt one would be a rule that nobody keeps."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from ..._errors import InvalidOption
from .._wording import some_of

PREFIX = "fleet_job_"
# Read by the runbooks themselves.
OF_THE_RUNBOOKS = frozenset(PREFIX + name for name in ("hosts", "canary", "growth", "largest"))


def require_known(names: Iterable[str], known: Collection[str]) -> None:
    """Refuse variables with the role's prefix that are none of its own.

    :param names: of all variables that a host has.
    :param known: of the role, at any entry point.
    :raises InvalidOption: names them, and what may have been meant.
    """
    everything = OF_THE_RUNBOOKS.union(known)
    unknown = sorted(name for name in names if name.startswith(PREFIX) and name not in everything)
    if not unknown:
        return
    near = difflib.get_close_matches(unknown[0], sorted(everything), n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise InvalidOption(
        f"{unknown[0]}: role fleet_job has no such variable{meant}. Names that begin with {PREFIX} are the role's own"
        + (f". Also unknown: {some_of(unknown[1:], 5)}" if unknown[1:] else "")
    )
