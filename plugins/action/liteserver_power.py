# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module ``liteserver_power`` with a wait that can be seen."""

from __future__ import annotations

from ..plugin_utils._visible_wait import VisibleWait


class ActionModule(VisibleWait):
    """Runs the module of the same name."""
