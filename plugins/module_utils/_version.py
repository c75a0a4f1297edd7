# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The collection's version, for the user agent; the same as in galaxy.yml (a test compares)."""

from __future__ import annotations

VERSION = "1.0.0"
