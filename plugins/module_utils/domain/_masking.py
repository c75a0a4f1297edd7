# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What is secret by the name under which it stands."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

MASK = "********"
# Spec keys that are secrets by their name, wherever a job with them came from.
_SECRET_NAME = re.compile(
    r"(pass(word|wd|phrase)?|secret(_?key)?|token|credentials?|(private|access)_?key|_[as]k)$", re.IGNORECASE
)


def masked(value: Any, secret_keys: Collection[str] = frozenset()) -> Any:
    """A value without its secrets: what stands under these keys, or under keys that are named like a secret."""
    if isinstance(value, dict):
        return {
            key: MASK if key in secret_keys or _SECRET_NAME.search(str(key)) else masked(inner, secret_keys)
            for key, inner in value.items()
        }
    return [masked(inner, secret_keys) for inner in value] if isinstance(value, list) else value
