# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Names for the shapes of values that the layers hand to each other; for readers and for the type checker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

# An object of the service as it came: what of it is documented is not always there, so it is read with care.
Record: TypeAlias = dict[str, Any]
# The options of a module or of the inventory plugin, as Ansible has checked and converted them.
Options: TypeAlias = Mapping[str, Any]
# Takes a text of the service and returns it without secrets.
Conceal: TypeAlias = Callable[[str], str]
