# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""May this commit be tagged as a release? python tests/tools/release_check.py ROOT

Names everything that is not as docs/releasing.md wants it, and exits with 1 where there is something.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
from typing import Any

import yaml

VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


def problems_of(root: pathlib.Path) -> list[str]:
    """Sentences; none where the release may be made."""
    galaxy = _yaml(root / "galaxy.yml")
    version = str(galaxy["version"])
    problems = []
    if not VERSION.fullmatch(version):
        problems.append(f"galaxy.yml: version {version} is not of the form 1.2.3")
    code = re.search(r'^VERSION = "(.*)"$', (root / "plugins/module_utils/_version.py").read_text(), re.MULTILINE)
    if code is None or code[1] != version:
        problems.append(f"plugins/module_utils/_version.py: does not say {version}, as galaxy.yml does")
    problems += _changelog_problems(root, version)
    changed = _git(root, "status", "--porcelain")
    if changed:
        problems.append(f"the tree is not clean: {', '.join(line[3:] for line in changed.splitlines())}")
    problems += [f"tag {tag} is there already" for tag in _git(root, "tag", "--list", version, f"v{version}").split()]
    return problems


def _changelog_problems(root: pathlib.Path, version: str) -> list[str]:
    problems = []
    releases = _yaml(root / "changelogs/changelog.yaml")["releases"]
    if version not in releases:
        problems.append(f"changelogs/changelog.yaml: has no release {version}: run antsibull-changelog release")
    elif not releases[version].get("fragments"):
        problems.append(f"changelogs/changelog.yaml: release {version} was made from no fragment")
    newer = [known for known in releases if _number(known) > _number(version)]
    if newer:
        problems.append(f"changelogs/changelog.yaml: {max(newer, key=_number)} is newer than {version}")
    left = sorted(path.name for path in (root / "changelogs/fragments").glob("*.y*ml"))
    if left:
        problems.append(f"changelogs/fragments: {', '.join(left)} are in no release")
    # The page is Markdown, where the dots are escaped.
    page = (root / "CHANGELOG.md").read_text(encoding="utf-8").replace("\\", "")
    if not re.search(rf"^## v{re.escape(version)}$", page, re.MULTILINE):
        problems.append(f"CHANGELOG.md: has no section v{version}")
    return problems


def _number(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"[0-9]+", version)]


def _yaml(path: pathlib.Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _git(root: pathlib.Path, *arguments: str) -> str:
    # A hook of git's own sets variables that would lead to another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def main(root: pathlib.Path) -> None:
    problems = problems_of(root)
    if problems:
        sys.exit("No release:\n" + "\n".join(f"- {problem}" for problem in problems))
    version = _yaml(root / "galaxy.yml")["version"]
    if "repository" not in _yaml(root / "galaxy.yml"):
        print("note: galaxy.yml names no repository; Galaxy takes no artifact without one", file=sys.stderr)
    print(f"{version} may be tagged.")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
