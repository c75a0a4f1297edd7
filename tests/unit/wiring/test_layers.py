# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import whom: the walls between the layers and between their rooms, read from the imports in the source."""

from __future__ import annotations

import ast
import pathlib
import re
import sys

import pytest

PLUGINS = pathlib.Path(__file__).resolve().parents[3] / "plugins"
MODULE_UTILS = PLUGINS / "module_utils"
# room -> what its files may import besides the standard library and their own room; "." are the files beside them
ALLOWED = {
    ".": set(),
    "domain": {"."},  # what the rooms of the domain share
    "domain/jobs": {".", "domain"},
    "domain/servers": {".", "domain"},
    "domain/rollout": {".", "domain", "domain/jobs", "domain/servers"},
    "node": set(),  # what runs on the node: the standard library, on Python 3.6
    "transport": {".", "requests", "urllib3"},  # requests stands on urllib3
    "wiring": {".", "domain", "domain/jobs", "domain/servers", "domain/rollout", "transport", "ansible"},
}
PRIVATE = "# Private: may change in any release. Nothing outside this collection may import it."


def room_of(parts: list[str]) -> str:
    """The room in which the module of this path lies: the longest that is one."""
    for length in (2, 1):
        if len(parts) >= length and "/".join(parts[:length]) in ALLOWED:
            return "/".join(parts[:length])
    return "."


def imports_in(source: str, place: tuple[str, ...]) -> set[str]:
    """The rooms and the packages that a file at this place imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            assert node.level - 1 <= len(place), "leaves module_utils"
            base = [*place[: len(place) - (node.level - 1)], *(node.module.split(".") if node.module else [])]
            found.update(room_of([*base, alias.name]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = (node.module or "").split(".")
            if parts[:5] == ["ansible_collections", "modelarts", "liteserver", "plugins", "module_utils"]:
                found.update(room_of([*parts[5:], alias.name]) for alias in node.names)
            else:
                found.add(parts[0])
    return found


def broken_walls(source: str, room: str) -> set[str]:
    """What a file of this room imports and may not."""
    place = () if room == "." else tuple(room.split("/"))
    return imports_in(source, place) - set(sys.stdlib_module_names) - {room} - ALLOWED[room]


FILES = sorted(path for path in MODULE_UTILS.rglob("*.py"))


def test_every_room_is_named_here() -> None:
    assert {path.relative_to(MODULE_UTILS).parent.as_posix() for path in FILES} == set(ALLOWED)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(MODULE_UTILS).as_posix())
def test_imports(path: pathlib.Path) -> None:
    room = path.relative_to(MODULE_UTILS).parent.as_posix()
    assert not broken_walls(path.read_text(encoding="utf-8"), room)


@pytest.mark.parametrize(
    ("room", "line"),
    [
        (".", "from .domain._wording import some_of"),
        ("domain", "from .jobs._model import Job"),
        ("domain", "from ..transport._client import HttpClient"),
        ("domain", "import requests"),
        ("domain/jobs", "from ..servers._model import server_record"),
        ("domain/jobs", "from ..rollout import _budget"),
        ("domain/servers", "from ..jobs._model import Job"),
        ("domain/rollout", "from ...transport._client import HttpClient"),
        ("domain/rollout", "from ansible.errors import AnsibleError"),
        ("node", "from ..domain._wording import some_of"),
        ("node", "from ansible.module_utils.basic import AnsibleModule"),
        ("transport", "from ..domain._wording import some_of"),
        ("transport", "from ansible.module_utils.basic import AnsibleModule"),
        ("wiring", "import requests"),
    ],
)
def test_a_forbidden_import_is_found(room: str, line: str) -> None:
    assert broken_walls(f"def late():\n    {line}\n", room)


@pytest.mark.parametrize(
    "path",
    sorted([*FILES, *(one for name in ("plugin_utils", "doc_fragments") for one in (PLUGINS / name).rglob("*.py"))]),
    ids=lambda path: path.name,
)
def test_every_file_is_private_and_says_so(path: pathlib.Path) -> None:
    assert path.name.startswith("_")
    assert PRIVATE in path.read_text(encoding="utf-8").splitlines()[:4]


def test_the_page_about_the_rooms_names_files_that_exist() -> None:
    page = (PLUGINS.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(_\w+\.py)`", page))
    assert named
    assert named <= {path.name for path in PLUGINS.rglob("_*.py")}
