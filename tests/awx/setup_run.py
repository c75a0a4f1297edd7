# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of playbook awx_setup with the real modules of awx.awx, against a simulated controller."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
from typing import Any

from awx.conftest import EXTENSION
from awx.controller import TOKEN, Controller
from playbooks.harness import clean_environment

PLAYBOOK = "modelarts.liteserver.awx_setup"
SECRET = "secretKeyThatNobodyMaySee0123456789"
INPUTS = {"region": "cn-north-4", "project_id": "p", "access_key": "AK", "secret_key": SECRET}
# A run that takes longer hangs.
RUN_SECONDS = 200
VARIABLES = {
    "awx_setup_project_url": "https://git.example.com/npu.git",
    "awx_setup_execution_environment": "registry.example.com/npu-ee:1",
    "awx_setup_instance_groups": ["default"],
    "awx_setup_schedule": {
        "rrule": "DTSTART;TZID=Europe/Berlin:20270106T020000 RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=WE",
        "extra_data": {"fleet_job_version": "24.1.rc3.10"},
    },
}
# How AWX finds the playbooks of a project: files at any depth whose lines begin plays or import them.
PLAYS = re.compile(r"^\s*-?\s*(hosts|(ansible\.builtin\.)?import_playbook):", re.MULTILINE)
# What ansible-core 2.20 and later say of awx.awx itself.
OF_AWX = re.compile(
    r"\[WARNING\]: Deprecation warnings can be disabled.*\n\[DEPRECATION WARNING\]: Importing 'to_native' from "
    r"'ansible\.module_utils\._text' is deprecated.*|\[WARNING\]: Value for result key 'finished' of type str was .*"
)


def project_files() -> list[str]:
    """The playbooks that AWX finds in the project of the collection."""
    project = EXTENSION / "project"
    found = [path for path in project.glob("**/*.yml") if PLAYS.search(path.read_text(encoding="utf-8"))]
    return [str(path.relative_to(project)) for path in found]


class Run:
    """A finished awx_setup.

    Attributes:
        changed: the tasks that changed something, in their order.
        writes: the requests to the controller that could change something.
    """

    def __init__(
        self,
        controller: Controller,
        directory: pathlib.Path,
        *arguments: str,
        variables: dict[str, Any],
        awx_awx: bool = True,
        warns: bool = False,
    ) -> None:
        before = len(controller.writes())
        collections = os.environ["ANSIBLE_COLLECTIONS_PATH"]
        done = subprocess.run(
            [
                *[str(pathlib.Path(sys.executable).parent / "ansible-playbook"), PLAYBOOK],
                *["-e", json.dumps(variables), *arguments],
            ],
            env={
                **clean_environment(directory),
                "CONTROLLER_HOST": controller.url,
                "CONTROLLER_OAUTH_TOKEN": TOKEN,
                "ANSIBLE_COLLECTIONS_PATH": collections + (f":{os.environ['AWX_VENV']}/collections" if awx_awx else ""),
                "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
                "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
                "COLUMNS": "200",
            },
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=RUN_SECONDS,
        )
        self.status = done.returncode
        self.output = done.stdout + done.stderr
        self.changed = []
        task = ""
        for line in done.stdout.splitlines():
            if match := re.match(r"TASK \[(.*)\]", line):
                task = match[1]
            elif line.startswith("changed:") and task not in self.changed:
                self.changed.append(task)
        self.writes = controller.writes()[before:]
        # -vvv is not needed for a secret to show: an error or a diff is enough.
        assert SECRET not in self.output
        assert warns or "WARNING" not in OF_AWX.sub("", self.output), self.output
