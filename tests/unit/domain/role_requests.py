# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host of role ``fleet_job`` requests, for the tests of the rollout."""

from __future__ import annotations

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._requests import request_of

STARTED_AT = 1755005748201  # 2025-08-12T13:35:48Z
# As the role's defaults and its argument specs leave them.
VALUES = {"reuse": "any_name", "skipped": "ok", "template_check": "warn"}


def request(host="h1", server_id="s1", entry="hdk_upgrade", **values):
    """The request of a host whose variables are the defaults and these."""
    given = {**VALUES, "server_id": server_id, **({"version": "24.1"} if entry == "hdk_upgrade" else {}), **values}
    return request_of(host, entry, given, STARTED_AT)
