# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fail unless "ansible-test sanity --junit" ran the tests that count: python tests/tools/check_sanity.py FOLDER

ansible-test exits with 0 where it finds nothing to test, and where a program that a test needs is missing.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

MUST_RUN = {
    "ansible-doc",
    "compile",
    "import",
    "pep8",
    "pylint",
    "runtime-metadata",
    "shebang",
    "shellcheck",
    "validate-modules",
    "yamllint",
}


def main(folder: Path) -> None:
    ran = set()
    skipped = set()
    for path in folder.glob("ansible-test-sanity-*.xml"):
        name = re.sub(r"-python-[0-9.]+$", "", path.stem.removeprefix("ansible-test-sanity-"))
        (skipped if ElementTree.parse(path).find(".//skipped") is not None else ran).add(name)
    missing = MUST_RUN - ran
    if missing:
        sys.exit("These sanity tests did not run: " + ", ".join(sorted(missing)))
    print(f"{len(ran)} sanity tests ran" + (f"; skipped: {', '.join(sorted(skipped))}" if skipped else ""))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
