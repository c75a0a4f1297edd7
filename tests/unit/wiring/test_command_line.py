# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that continues a run can be copied, and shows nothing secret."""

from __future__ import annotations

import pytest

from ansible_collections.modelarts.liteserver.plugins.plugin_utils._command_line import (
    continuing,
    shown_command,
    started_by,
)

BOOK = "modelarts.liteserver.hdk_upgrade"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([BOOK], BOOK),
        (["-i", "npu inventory.yml", "--limit", "npu-0[1:3]", BOOK], f"-i 'npu inventory.yml' --limit 'npu-0[1:3]' {BOOK}"),  # noqa: E501
        (["-e", "fleet_job_version=24.1 fleet_job_max_failures=5%", BOOK], f"-e 'fleet_job_version=24.1 fleet_job_max_failures=5%' {BOOK}"),  # noqa: E501
        (["-e@vars.yml", "--extra-vars=@more.yml"], "-e @vars.yml -e @more.yml"),
        (["-e", '{"fleet_job_version": "24.1", "token": "SECRET"}'], """-e '{"fleet_job_version": "24.1", "token": "..."}'"""),  # noqa: E501
        (["-e", '{"fleet_job_secret_spec": {"code": "SECRET"}}'], """-e '{"fleet_job_secret_spec": "..."}'"""),
        (["-e", '{"fleet_job_spec": {"obs_path": "obs://b", "password": "SECRET"}}'], """-e '{"fleet_job_spec": "..."}'"""),  # noqa: E501
        (["-e", "fleet_job_notify_url=https://h/SECRET db_password=SECRET"], "-e 'fleet_job_notify_url=... db_password=...'"),  # noqa: E501
        (["-e", "fleet_job_notify_url='SECRET"], "-e ..."),
        (["-e", "{broken: SECRET"], "-e ..."),
        (["--extra-vars", "[SECRET]"], "-e ..."),
        (["-eSECRET=SECRET2"], "-e SECRET=..."),
        (["-e", "ansible_password=SECRET"], "-e ansible_password=..."),
        (["--start-at-task", "Verdict", "--start-at-task=x", BOOK], BOOK),
        (["-e"], "-e ..."),
    ],
)  # fmt: skip
def test_what_is_shown(arguments: list[str], expected: str) -> None:
    shown = shown_command(["/venv/bin/ansible-playbook", *arguments])
    assert shown == f"ansible-playbook {expected}"
    assert "SECRET " not in shown and "SECRET'" not in shown.replace("-e SECRET=...", "")


def test_in_awx_the_job_template_is_launched() -> None:
    variables = {"awx_job_id": 42, "awx_job_template_name": "Upgrade\x1b[2J", "awx_user_name": "alice"}
    assert continuing(["x"], variables) == "launch the job template Upgrade [2J again"
    assert started_by(variables) == "alice (AWX job 42)"
    assert continuing(["x"], {"tower_job_id": 1}) == "launch the same job template again"


def test_elsewhere_the_user_and_the_machine_are_named() -> None:
    assert "@" in started_by({})
