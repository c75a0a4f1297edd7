# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a module as Ansible hands them to it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._connection_options import (
    connection_argument_spec,
)


def options_of(module: ModuleType, **given: Any) -> dict[str, Any]:
    """Every option of a module, its default where a test gives no value."""
    spec = {**connection_argument_spec(), **module.ARGUMENT_SPEC}
    unknown = set(given) - set(spec)
    if unknown:
        raise ValueError(f"no options of the module: {', '.join(sorted(unknown))}")
    return {name: given.get(name, option.get("default")) for name, option in spec.items()}
