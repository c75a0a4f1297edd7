# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What "make release-check" refuses, in a small repository that is right but for one thing."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "release_check.py"
FILES = {
    "galaxy.yml": "version: 1.2.0\n",
    "plugins/module_utils/_version.py": 'VERSION = "1.2.0"\n',
    "changelogs/changelog.yaml": "releases:\n  1.1.0: {fragments: [old.yml]}\n  1.2.0: {fragments: [new.yml]}\n",
    "CHANGELOG.md": "# Notes\n\n## v1\\.2\\.0\n\n## v1\\.1\\.0\n",
}


def git(root: pathlib.Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, stdout=subprocess.DEVNULL)


def check(root: pathlib.Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, str(SCRIPT), str(root)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def root(tmp_path: pathlib.Path) -> pathlib.Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    git(tmp_path, "tag", "1.1.0")
    return tmp_path


def commit(root: pathlib.Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "Release")


def test_a_release_that_is_right(root: pathlib.Path) -> None:
    status, output = check(root)
    assert (status, "1.2.0 may be tagged." in output) == (0, True), output


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("galaxy.yml", "version: 1.3.0\n", "version.py: does not say 1.3.0"),
        ("galaxy.yml", "version: 1.2.0-rc1\n", "is not of the form 1.2.3"),
        ("plugins/module_utils/_version.py", 'VERSION = "1.1.0"\n', "version.py: does not say 1.2.0"),
        ("changelogs/changelog.yaml", "releases:\n  1.1.0: {fragments: [old.yml]}\n", "has no release 1.2.0"),
        ("changelogs/changelog.yaml", "releases:\n  1.2.0: {changes: {}}\n", "was made from no fragment"),
        (
            "changelogs/changelog.yaml",
            "releases:\n  1.2.0: {fragments: [new.yml]}\n  1.10.0: {fragments: [newer.yml]}\n",
            "1.10.0 is newer than 1.2.0",
        ),
        ("changelogs/fragments/late.yml", "bugfixes: [late]\n", "late.yml are in no release"),
        ("CHANGELOG.md", "## v1\\.1\\.0\n", "has no section v1.2.0"),
    ],
)
def test_what_is_refused(root: pathlib.Path, name: str, text: str, problem: str) -> None:
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(text)
    commit(root)
    status, output = check(root)
    assert (status, problem in output) == (1, True), output


@pytest.mark.parametrize("name", ["galaxy.yml", "new-file"])
def test_a_tree_that_is_not_clean(root: pathlib.Path, name: str) -> None:
    with open(root / name, "a") as file:
        file.write("# more\n")
    status, output = check(root)
    assert (status, f"the tree is not clean: {name}" in output) == (1, True), output


@pytest.mark.parametrize("tag", ["1.2.0", "v1.2.0"])
def test_a_tag_that_is_there(root: pathlib.Path, tag: str) -> None:
    git(root, "tag", tag)
    status, output = check(root)
    assert (status, f"tag {tag} is there already" in output) == (1, True), output
