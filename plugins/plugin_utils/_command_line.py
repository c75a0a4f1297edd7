# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The command that runs a play, as it may be shown and typed again, and who has started it."""

from __future__ import annotations

import getpass
import json
import shlex
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..module_utils.domain._masking import is_secret_name, masked
from ..module_utils.domain._untrusted import as_line

_OWN = "fleet_job_"
_SECRET = frozenset(["fleet_job_secret_spec", "fleet_job_notify_url"])
_EXTRA = ("-e", "--extra-vars")
# A run is continued as a whole.
_LEFT_OUT = ("--start-at-task",)
HIDDEN = "..."


def shown_command(arguments: Sequence[str]) -> str:
    """A command line without what may be secret in its extra variables, quoted for a shell.

    :param arguments: as the process got them, its own name first. Values of extra variables that are not the role's own
        become ``...``; files of variables stay.
    """
    shown = ["ansible-playbook"]
    rest = iter(arguments[1:])
    for argument in rest:
        option, equals, value = argument.partition("=")
        if argument in _LEFT_OUT:
            next(rest, None)
        elif option in _LEFT_OUT and equals:
            continue
        elif argument in _EXTRA:
            shown += ["-e", _shown_variables(next(rest, ""))]
        elif option == "--extra-vars" and equals:
            shown += ["-e", _shown_variables(value)]
        elif argument.startswith("-e") and not argument.startswith("--"):
            shown += ["-e", _shown_variables(argument[2:])]
        else:
            shown.append(argument)
    return as_line(" ".join(map(shlex.quote, shown)))


def _shown_variables(text: str) -> str:
    if text.startswith("@"):
        return text
    if text.lstrip()[:1] in ("{", "["):
        try:
            values = json.loads(text)
        except ValueError:
            return HIDDEN
        if not isinstance(values, dict):
            return HIDDEN
        return json.dumps({name: value if _may_be_shown(name, value) else HIDDEN for name, value in values.items()})
    return " ".join(_shown_pairs(text)) or HIDDEN


def _shown_pairs(text: str) -> Iterator[str]:
    try:
        words = shlex.split(text)
    except ValueError:
        return
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            yield f"{name}={shlex.quote(value) if _may_be_shown(name, value) else HIDDEN}"


def _may_be_shown(name: str, value: object) -> bool:
    if not name.startswith(_OWN) or name in _SECRET or is_secret_name(name):
        return False
    return bool(masked({name: value}) == {name: value})


def continuing(arguments: Sequence[str], task_vars: Mapping[str, Any]) -> str:
    """What continues a run, for people: the same command, or in AWX the same job template."""
    for prefix in ("awx", "tower"):
        if task_vars.get(f"{prefix}_job_id"):
            name = task_vars.get(f"{prefix}_job_template_name")
            return (
                f"launch the job template {as_line(str(name))} again" if name else "launch the same job template again"
            )
    return shown_command(arguments)


def started_by(task_vars: Mapping[str, Any]) -> str:
    """Who has started a run: the user of AWX with its job, or this process's user and machine."""
    for prefix in ("awx", "tower"):
        job = task_vars.get(f"{prefix}_job_id")
        if job:
            return as_line(f"{task_vars.get(f'{prefix}_user_name') or 'unknown'} (AWX job {job})", 200)
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container without an entry for its user
        user = "unknown"
    return as_line(f"{user}@{socket.gethostname()}", 200)
