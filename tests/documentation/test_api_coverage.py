# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page about the API is what the SDK and the modules make of it now."""

from __future__ import annotations

from documentation.api_coverage import PAGE, make


def test_the_page_is_as_it_would_be_made_now() -> None:
    assert make() == PAGE.read_text(encoding="utf-8"), "run: make api-coverage"
