# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The linter of terms finds a wrong word wherever users read it, and nowhere else."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest
from documentation.blocks import REPOSITORY

PLUGIN = (
    '"""{docstring}"""\n\nDOCUMENTATION = r"""\n---\ndescription:\n  - {documentation}\n"""\n\n\n'
    "def twin(look):\n    {body}\n"
)


def lint(clone: pathlib.Path, name: str, text: str) -> tuple[int, str]:
    """The exit status and the output of the linter on a clone that holds one file."""
    subprocess.run(["git", "init", "--quiet", str(clone)], check=True)
    path = clone / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, REPOSITORY / "tests" / "tools" / "terms.py", clone],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def plugin(docstring: str = "Fine.", documentation: str = "Fine.", body: str = "return look") -> str:
    """A plugin with these texts."""
    return PLUGIN.format(docstring=docstring, documentation=documentation, body=body)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("README.md", "# Page\n\nMend the server.\n", "README.md:3: Mend ==> Fix"),
        ("docs/page.md", "Run the same again.\n", "docs/page.md:1: same again ==> rerun"),
        ("docs/page.md", "Name your authority.\n", "authority ==> certificate authority"),
        ("docs/page.md", "You recieve it.\n", "recieve ==> receive"),
        ("roles/r/meta/argument_specs.yml", "---\ndescription: Tells it.\n", "Tells ==> Reports"),
        ("plugins/modules/m.py", plugin(documentation="A sign of life."), "m.py:6: sign of life ==> heartbeat"),
        ("plugins/modules/m.py", plugin(body='raise ValueError(f"{look}: trouble with it")'), "m.py:11: trouble ==>"),
    ],
)
def test_a_wrong_word_is_found(tmp_path: pathlib.Path, name: str, text: str, found: str) -> None:
    status, output = lint(tmp_path, name, text)
    assert status != 0
    assert found in output


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("docs/page.md", "Your certificate authority. The message is `mend the server`.\n"),
        ("plugins/modules/m.py", plugin(docstring="Looks again, and tells.", body='return "told"')),
    ],
)
def test_nothing_else_is_found(tmp_path: pathlib.Path, name: str, text: str) -> None:
    assert lint(tmp_path, name, text) == (0, "terms: 1 files\n")


def test_nothing_to_check_is_a_failure(tmp_path: pathlib.Path) -> None:
    assert lint(tmp_path, "notes.txt", "Mend it.\n") == (1, "terms: 0 files\n")
