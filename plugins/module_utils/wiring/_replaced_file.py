# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Files that are written as a whole, so that a reader or a crash never meets half of one."""

from __future__ import annotations

import contextlib
import os
import secrets


def replace_file(path: str, text: str) -> None:
    """Replace a file in one step, readable for its owner only; raises OSError."""
    temporary = f"{path}.{secrets.token_hex(4)}.tmp"
    # Messages of the service may say more than a stranger should read.
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
