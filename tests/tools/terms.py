# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the spelling of what users read, and that it has one word for one thing: python tests/tools/terms.py [CLONE]

codespell does the work, with its own dictionaries and with terms.txt, which lists the words that we avoid and their
replacements. It reads the pages, the specs of the role, the playbooks, and the strings of plugins: their documentation
and their messages. Names and comments in code are not checked, and code within a line of a page (`like this`) is not.
A phrase is found on one line only.
"""

from __future__ import annotations

import ast
import pathlib
import re
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TERMS = pathlib.Path(__file__).with_name("terms.txt")
CHECKED = [
    "*.md",
    "roles/**/*.yml",
    "playbooks/**/*.yml",
    "extensions/**/*.yml",
    "plugins/**/*.py",
    "extensions/**/*.py",
]
# What a tool makes, or what quotes others.
UNCHECKED = [":!CHANGELOG.md", ":!CODE_OF_CONDUCT.md"]
# A certificate authority is one; an authority alone is not.
ALLOWED = [r"certificate authorit(?:y|ies)"]
# Software of the NPUs, no misspelt "can".
PRODUCTS = "cann"


def main(repository: pathlib.Path = REPOSITORY) -> int:
    """Check it; returns the exit status of codespell."""
    with tempfile.TemporaryDirectory() as temporary:
        copies = pathlib.Path(temporary)
        names = belonging(repository)
        for name in names:
            copy = copies / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(read_by_users(name, (repository / name).read_text(encoding="utf-8")), encoding="utf-8")
        status = subprocess.run(
            [
                *[sys.executable, "-m", "codespell_lib", "-D", "-", "-D", str(TERMS)],
                *["-L", PRODUCTS, "--regex", words(), "."],
            ],
            cwd=copies,
            check=False,
        ).returncode
    print(f"terms: {len(names)} files" + (", with words to replace" if status else ""))
    return status if names else 1


def belonging(repository: pathlib.Path) -> list[str]:
    """The files to check."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *CHECKED, *UNCHECKED],
        cwd=repository,
        capture_output=True,
        check=True,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return sorted({name for name in names if (repository / name).is_file()})


def words() -> str:
    """The pattern of a word: the phrases of the list first, then what codespell takes for a word by itself."""
    keys = [line.partition("->")[0] for line in TERMS.read_text(encoding="utf-8").splitlines()]
    phrases = [re.escape(key) for key in keys if " " in key]
    return "|".join(f"(?i:\\b{phrase}\\b)" for phrase in [*ALLOWED, *phrases]) + r"|[\w\-'\u2019]+"


def read_by_users(name: str, text: str) -> str:
    """The text with everything blank that users do not read; lines keep their numbers."""
    if name.endswith(".md"):
        return re.sub(r"`[^`\n]+`", "", text)
    if not name.endswith(".py"):
        return text
    lines = [""] * (text.count("\n") + 1)
    tree = ast.parse(text)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            for number, part in enumerate(node.value.split("\n"), node.lineno - 1):
                # A string that names something, such as a key, has no blank.
                if " " in part:
                    lines[min(number, len(lines) - 1)] += f" {part}"
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(*map(pathlib.Path, sys.argv[1:])))
