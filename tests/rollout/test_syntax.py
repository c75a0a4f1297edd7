# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A syntax check of the runbooks needs no inventory: it is what linters and users' own CI run."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest
from playbooks.harness import clean_environment


@pytest.mark.parametrize("name", ["doctor", "hdk_upgrade", "collect_logs", "job_status"])
def test_a_syntax_check_needs_no_inventory(tmp_path, name):
    command = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), "--syntax-check"]
    done = subprocess.run(
        [*command, f"modelarts.liteserver.{name}"],
        env=clean_environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
