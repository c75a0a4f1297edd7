# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A spec for the logs of failed servers is refused by its own name, before a run begins."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.plugin_utils._aftercare import check_aftercare


@pytest.mark.parametrize("spec", [{"obs_path": {"bucket": 1.5, "": {}}}, {"obs_path": float("nan")}])
def test_a_spec_that_no_job_could_have(spec: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption) as raised:
        check_aftercare({"collect_logs": "failed", "logs_spec": spec}, 1)
    assert raised.value.path[:1] == ("fleet_job_logs_spec",)
    assert raised.value.message.startswith("fleet_job_logs_spec")
    assert "fleet_job_spec" not in raised.value.message
