# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On a Python that is too old for the modules, they say so: Ansible runs modules on older ones."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import ansible.release
import pytest
from module_process import MODULES

# ansible-core: the oldest Python that it runs modules on; for an older one it has words of its own.
OLDEST = {"2.16": (3, 6), "2.18": (3, 8), "2.19": (3, 8), "2.20": (3, 9), "2.21": (3, 9)}
CORE = ".".join(ansible.release.__version__.split(".")[:2])
TOO_OLD = [(3, 6), (3, 7), (3, 8), (3, 9)]


def interpreter(version: tuple[int, int]) -> str | None:
    """The path of a Python of this version that this machine has."""
    name = "python{}.{}".format(*version)
    found = [shutil.which(name)]
    for root in (os.environ.get("PYENV_ROOT"), pathlib.Path.home() / ".pyenv"):
        found += sorted(map(str, pathlib.Path(root or "/nowhere").glob("versions/{}.{}.*/bin/python".format(*version))))
    probe = "import sys; print(sys.version_info[:2])"
    for path in filter(None, found):
        done = subprocess.run([path, "-I", "-c", probe], capture_output=True, text=True, check=False)
        if done.stdout.strip() == str(version):
            return path
    return None


@pytest.mark.parametrize("version", TOO_OLD, ids=lambda version: "{}.{}".format(*version))
def test_every_module_says_what_it_needs(simulator, playbook, version):
    if version < OLDEST[CORE]:
        pytest.skip(f"ansible-core {CORE} itself refuses it")
    path = interpreter(version)
    if path is None:
        pytest.skip("this machine does not have it")
    run = playbook.run(
        *[
            {
                f"modelarts.liteserver.{module}": {},
                "vars": {"ansible_python_interpreter": path},
                "ignore_errors": True,
            }
            for module in MODULES
        ]
    )
    assert len(run) == len(MODULES)
    for step in run:
        assert step.failed
        assert "need Python 3.10 or later" in step["msg"]
        assert path in step["msg"]
    assert simulator.count("total") == 0
