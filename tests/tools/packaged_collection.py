# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a collection that others publish into a folder: python tests/tools/packaged_collection.py NAMESPACE.NAME FOLDER

The Python package index has it only as a part of the package "ansible", which holds a hundred others and takes minutes
to install. So its wheel is fetched, and only this collection is taken out of it. The pin is the last version for
Python 3.11; from version 14 on, the package does without awx.awx.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

PINS = pathlib.Path(__file__).parent.parent / "requirements" / "constraints-awx-collection.txt"


def install(name: str, folder: pathlib.Path) -> None:
    part = "ansible_collections/{}/{}/".format(*name.split("."))
    mark = folder / ".ready"
    pins = PINS.read_text()
    if mark.is_file() and mark.read_text() == pins:
        return
    print(f"Taking the collection {name} out of the package ansible")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temp:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-qq", "--no-deps", "--no-input"]
        wanted = ["--require-hashes", "--requirement", str(PINS)]
        subprocess.run([*pip, "--only-binary", ":all:", "--dest", temp, *wanted], check=True)
        (wheel,) = pathlib.Path(temp).glob("*.whl")
        target = pathlib.Path(temp) / "collections"
        with zipfile.ZipFile(wheel) as archive:
            names = [each for each in archive.namelist() if each.startswith(part)]
            archive.extractall(target, names)
        if not (target / part / "plugins" / "modules").is_dir():
            sys.exit(f"{wheel.name} does not hold {part}")
        (target / ".ready").write_text(pins)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(target, folder)


if __name__ == "__main__":
    install(sys.argv[1], pathlib.Path(sys.argv[2]))
