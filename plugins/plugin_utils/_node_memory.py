# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The controller's copy of what a node remembers of its maintenance, for a node that loses its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from ansible.errors import AnsibleActionFail

from ..module_utils.wiring._own_files import read_own_file
from ..module_utils.wiring._replaced_file import replace_file

Memory = dict[str, Any]
FOLDER = os.path.join("modelarts.liteserver", "nodes")
MOST_BYTES = 64 * 1024 * 1024


class NodeMemory:
    """The copy of one host, below Ansible's home.

    :param host: its name in the inventory.
    :param checked: from a text to what is remembered in it; raises ValueError.
    """

    def __init__(self, host: str, checked: Callable[[str], Memory]) -> None:
        self._checked = checked
        home = os.environ.get("ANSIBLE_HOME") or os.path.join("~", ".ansible")
        self._path = os.path.join(os.path.expanduser(home), FOLDER, f"{quote(host, safe='')}.json")

    def read(self) -> Memory | None:
        """What is remembered here; None where there is nothing."""
        if not os.path.lexists(self._path):
            return None
        try:
            return self._checked(read_own_file(self._path, MOST_BYTES))
        except (OSError, ValueError) as error:
            raise AnsibleActionFail(
                f"{self._path}: {error}. It is a copy of what the node remembers: remove it."
            ) from error

    def keep(self, memory: Memory) -> None:
        """Replace what is remembered here."""
        try:
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
            replace_file(self._path, json.dumps(memory))
        except OSError as error:
            raise AnsibleActionFail(
                f"{self._path}: {error.strerror or error}. The node remembers what was stopped; the copy here cannot be"
                " written. What to do: set ANSIBLE_HOME to a folder of this user."
            ) from error


def write_versions(path: str, fleet: object) -> None:
    """Write what the nodes of a fleet run."""
    try:
        replace_file(os.path.expanduser(path), json.dumps(fleet, indent=1) + "\n")
    except OSError as error:
        raise AnsibleActionFail(f"npu_versions_file: {path}: {error.strerror or error}.") from error
