# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the collection awx.awx into a folder: python tests/tools/awx_collection.py FOLDER

The Python package index has it only as a part of the package "ansible", which holds a hundred others and takes minutes to
install. So its wheel is fetched, and only this collection is taken out of it.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

# The last of the versions for Python 3.11; from version 14 on, the package does without awx.awx.
PACKAGE = "ansible==12.3.0"
PART = "ansible_collections/awx/awx/"


def install(folder: pathlib.Path) -> None:
    mark = folder / ".ready"
    if mark.is_file() and mark.read_text() == PACKAGE:
        return
    print(f"Taking the collection awx.awx out of {PACKAGE}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temp:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-qq", "--no-deps", "--no-input"]
        subprocess.run([*pip, "--only-binary", ":all:", "--dest", temp, PACKAGE], check=True)
        (wheel,) = pathlib.Path(temp).glob("*.whl")
        target = pathlib.Path(temp) / "collections"
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.startswith(PART)]
            archive.extractall(target, names)
        if not (target / PART / "plugins" / "modules" / "job_template.py").is_file():
            sys.exit(f"{wheel.name} does not hold {PART}")
        (target / ".ready").write_text(PACKAGE)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(target, folder)


if __name__ == "__main__":
    install(pathlib.Path(sys.argv[1]))
