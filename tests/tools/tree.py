# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that belong to the collection: what git tracks, or would if asked to add everything.

python tests/tools/tree.py copy FOLDER       make FOLDER hold these files (tests/output and .git stay)
python tests/tools/tree.py artifact FILE     fail if the built artifact holds anything else, or lacks something
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What must be in an artifact, whatever else is.
EXPECTED = (
    "CHANGELOG.md",
    "LICENSE",
    "bindep.txt",
    "extensions/awx/project/liteserver.yml",
    "extensions/eda/plugins/event_source/jobs.py",
    "extensions/eda/rulebooks/",
    "extensions/ee/execution-environment.yml",
    "meta/execution-environment.yml",
    "playbooks/files/awx/credential_type.yml",
    "playbooks/files/awx/job_templates.yml",
    "requirements.txt",
    "README.md",
    "changelogs/changelog.yaml",
    "meta/runtime.yml",
    "plugins/modules/liteserver_job.py",
    "plugins/modules/liteserver_job_info.py",
    "tests/simulator/",
)


def belonging() -> list[str]:
    # A hook of git's own sets variables that would lead to another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    answer = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    )
    names = {os.fsdecode(name) for name in answer.stdout.split(b"\0") if name}
    # A file that is deleted, but not yet in a commit, is still listed.
    return sorted(name for name in names if os.path.lexists(ROOT / name))


def copy(target: Path) -> None:
    keep = {target / ".git", target / "tests", target / "tests" / "output"}
    for folder in (target, target / "tests"):
        folder.mkdir(parents=True, exist_ok=True)
        for entry in folder.iterdir():
            if entry in keep:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    names = belonging()
    if not names:
        sys.exit(f"git lists no file in {ROOT}")
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name, follow_symlinks=False)


def artifact(path: Path) -> None:
    with tarfile.open(path) as archive:
        held = {member.name for member in archive if not member.isdir()}
    added = held - set(belonging()) - {"FILES.json", "MANIFEST.json"}
    # For "tests/simulator/", any file below it will do.
    missing = [name for name in EXPECTED if not any((one + "/").startswith(name.rstrip("/") + "/") for one in held)]
    for name in sorted(added):
        print(f"{path}: {name} does not belong there: name it in build_ignore of galaxy.yml", file=sys.stderr)
    for name in missing:
        print(f"{path}: {name} is missing", file=sys.stderr)
    if added or missing:
        sys.exit(1)
    print(f"{path}: {len(held)} files, {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    {"copy": copy, "artifact": artifact}[sys.argv[1]](Path(sys.argv[2]))
