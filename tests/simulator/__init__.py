# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator of the Huawei Cloud ModelArts "Lite Server" API.

It is a process of its own that speaks real HTTP on a loopback address; see
README.md in this directory. From Python, use ``simulator.process.Simulator``.
"""

from __future__ import annotations
