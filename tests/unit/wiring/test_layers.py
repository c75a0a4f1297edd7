# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import whom: the layers, read from the imports in the source."""

from __future__ import annotations

import ast
import pathlib
import sys

import pytest

MODULE_UTILS = pathlib.Path(__file__).resolve().parents[3] / "plugins" / "module_utils"
LAYERS = ("domain", "transport", "wiring")
# layer -> what its files may import besides the standard library and their own layer
ALLOWED = {
    ".": {"."},
    "domain": {"."},
    "transport": {".", "requests", "urllib3"},  # requests stands on urllib3
    "wiring": {".", "domain", "transport", "ansible"},
}


def imports_of(path: pathlib.Path) -> set[str]:
    """The layers ("." for the files beside them) and the packages that a file imports, anywhere in it."""
    place = path.relative_to(MODULE_UTILS).parent.parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = [*place][: len(place) - (node.level - 1)]
            assert node.level - 1 <= len(place), f"{path}: leaves module_utils"
            whole = base + (node.module.split(".") if node.module else [])
            names = [[*whole, alias.name] for alias in node.names]
            found.update(name[0] if name[0] in LAYERS else "." for name in names)
            continue
        elif isinstance(node, ast.ImportFrom):
            names = [(node.module or "").split(".")]
            if names[0][:5] == ["ansible_collections", "modelarts", "liteserver", "plugins", "module_utils"]:
                rest = names[0][5:] or [alias.name for alias in node.names]
                found.add(rest[0] if rest[0] in LAYERS else ".")
                continue
        else:
            continue
        found.update(name[0] for name in names)
    return found


FILES = sorted(path for path in MODULE_UTILS.rglob("*.py"))


def test_there_are_files_in_each_layer() -> None:
    assert {path.relative_to(MODULE_UTILS).parent.as_posix() for path in FILES} == {".", *LAYERS}
    assert {"errors.py", "clock.py"} <= {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(MODULE_UTILS).as_posix())
def test_imports(path: pathlib.Path) -> None:
    layer = path.relative_to(MODULE_UTILS).parent.as_posix()
    imported = imports_of(path) - set(sys.stdlib_module_names)
    assert imported - {layer} <= ALLOWED[layer]


def test_imports_are_found_at_all() -> None:
    assert imports_of(MODULE_UTILS / "wiring" / "connection.py") >= {"transport", "ansible", ".", "re"}
    assert imports_of(MODULE_UTILS / "transport" / "client.py") >= {"requests", "transport", ".", "json"}
    assert "domain" in imports_of(MODULE_UTILS / "domain" / "present.py")
