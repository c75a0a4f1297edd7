# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import whom: the walls between the layers and between their rooms, read from the imports in the source."""

from __future__ import annotations

import ast
import pathlib
import re
import subprocess
import sys

import pytest
from tables import rows

PLUGINS = pathlib.Path(__file__).resolve().parents[3] / "plugins"
COLLECTION = ["ansible_collections", "modelarts", "liteserver", "plugins"]
SHARED, DOMAIN = "module_utils", "module_utils/domain"
JOBS, SERVERS, ROLLOUT, DOCTOR = (f"{DOMAIN}/{room}" for room in ("jobs", "servers", "rollout", "doctor"))
NODE, TRANSPORT, WIRING = (f"{SHARED}/{room}" for room in ("node", "transport", "wiring"))
ALL_OF_DOMAIN = {SHARED, DOMAIN, JOBS, SERVERS, ROLLOUT}
# room -> what its files may import besides the standard library and their own room
ALLOWED = {
    SHARED: set(),
    DOMAIN: {SHARED},  # what the rooms of the domain share
    JOBS: {SHARED, DOMAIN},
    SERVERS: {SHARED, DOMAIN},
    ROLLOUT: ALL_OF_DOMAIN,
    DOCTOR: {SHARED, DOMAIN, JOBS, SERVERS},
    NODE: set(),  # what runs on the node: the standard library, on Python 3.6
    TRANSPORT: {SHARED, "requests", "urllib3"},  # requests stands on urllib3
    WIRING: {*ALL_OF_DOMAIN, TRANSPORT, "ansible"},
    "plugin_utils": {*ALL_OF_DOMAIN, WIRING, "ansible", "yaml", "jinja2", "markupsafe"},  # come with ansible-core
    "doc_fragments": set(),
    # The doors.
    "action": {*ALL_OF_DOMAIN, NODE, "plugin_utils", "ansible"},
    "filter": {*ALL_OF_DOMAIN, "ansible"},
    "inventory": {*ALL_OF_DOMAIN, TRANSPORT, WIRING, "plugin_utils", "ansible"},
    "lookup": {"plugin_utils", "ansible"},
    "modules": {*ALL_OF_DOMAIN, DOCTOR, NODE, WIRING, "ansible"},
}
PRIVATE = "# Private: may change in any release. Nothing outside this collection may import it."


def room_of(parts: list[str]) -> str:
    """The room in which the module of this path below ``plugins`` lies: the longest that is one."""
    for length in (3, 2, 1):
        if "/".join(parts[:length]) in ALLOWED:
            return "/".join(parts[:length])
    return "plugins"


def imports_in(source: str, place: tuple[str, ...]) -> set[str]:
    """The rooms and the packages that a file at this place imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            assert node.level - 1 <= len(place), "leaves the plugins"
            base = [*place[: len(place) - (node.level - 1)], *(node.module.split(".") if node.module else [])]
            found.update(room_of([*base, alias.name]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = (node.module or "").split(".")
            if parts[: len(COLLECTION)] == COLLECTION:
                found.update(room_of([*parts[len(COLLECTION) :], alias.name]) for alias in node.names)
            else:
                found.add(parts[0])
    return found


def broken_walls(source: str, room: str) -> set[str]:
    """What a file of this room imports and may not."""
    return imports_in(source, tuple(room.split("/"))) - set(sys.stdlib_module_names) - {room} - ALLOWED[room]


FILES = sorted(PLUGINS.rglob("*.py"))
WITH_ROOMS = (SHARED, "plugin_utils")
PRIVATE_FILES = [path for path in FILES if path.relative_to(PLUGINS).parts[0] in (*WITH_ROOMS, "doc_fragments")]


def test_every_room_is_named_here() -> None:
    assert {path.relative_to(PLUGINS).parent.as_posix() for path in FILES} == set(ALLOWED)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PLUGINS).as_posix())
def test_imports(path: pathlib.Path) -> None:
    room = path.relative_to(PLUGINS).parent.as_posix()
    assert not broken_walls(path.read_text(encoding="utf-8"), room)


FORBIDDEN = [
    (SHARED, "from .domain._wording import some_of"),
    (DOMAIN, "from .jobs._model import Job"),
    (DOMAIN, "from ..transport._client import HttpClient"),
    (DOMAIN, "import requests"),
    (JOBS, "from ..servers._model import server_record"),
    (JOBS, "from ..rollout import _budget"),
    (SERVERS, "from ..jobs._model import Job"),
    (ROLLOUT, "from ...transport._client import HttpClient"),
    (ROLLOUT, "from ansible.errors import AnsibleError"),
    (ROLLOUT, "from ..doctor._facts import Facts"),
    (DOCTOR, "from ...transport._client import HttpClient"),
    (DOCTOR, "from ..rollout import _budget"),
    (NODE, "from ..domain._wording import some_of"),
    (NODE, "from .._errors import NotFound"),
    (NODE, "from ansible.module_utils.basic import AnsibleModule"),
    (TRANSPORT, "from ..domain._wording import some_of"),
    (TRANSPORT, "from ..wiring._task import run_module"),
    (TRANSPORT, "from ansible.module_utils.basic import AnsibleModule"),
    (WIRING, "import requests"),
    (WIRING, "from ..node._report import collect"),
    (WIRING, "from ...plugin_utils._step import Step"),
    ("plugin_utils", "from ..module_utils.transport._client import HttpClient"),
    ("plugin_utils", "from ..module_utils.node._report import collect"),
    ("plugin_utils", "from ..action.fleet_job_step import ActionModule"),
    ("doc_fragments", "from ..module_utils._version import VERSION"),
    ("action", "from ..module_utils.wiring._run_files import RunFiles"),
    ("filter", "from ..plugin_utils._wave_file import WaveFile"),
    ("inventory", "import requests"),
    ("lookup", "from ..module_utils.wiring._run_files import RunFiles"),
    ("modules", "from ..module_utils.transport._client import HttpClient"),
    ("modules", "from ..plugin_utils._visible_wait import visible_lines"),
]


@pytest.mark.parametrize(("room", "line"), FORBIDDEN)
def test_a_forbidden_import_is_found(room: str, line: str) -> None:
    assert broken_walls(f"def late():\n    {line}\n", room)


def test_each_wall_is_tried() -> None:
    assert {room for room, _line in FORBIDDEN} == set(ALLOWED)


@pytest.mark.parametrize("path", PRIVATE_FILES, ids=lambda path: path.name)
def test_every_file_is_private_and_says_so(path: pathlib.Path) -> None:
    assert path.name.startswith("_")
    assert PRIVATE in path.read_text(encoding="utf-8").splitlines()[:4]


def test_the_page_about_the_rooms_has_each_room_with_files_that_are_in_it() -> None:
    page = (PLUGINS.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    told = {room.strip("`/"): re.findall(r"\b(_\w+\.py)`", text) for room, text in rows(page, "| room |")}
    folders = {room.removeprefix(f"{SHARED}/"): PLUGINS / room for room in ALLOWED if room.split("/")[0] in WITH_ROOMS}
    assert set(told) == set(folders)
    for room, files in told.items():
        assert files and [name for name in files if not (folders[room] / name).is_file()] == [], room
    assert set(re.findall(r"\b(_\w+\.py)`", page)) <= {path.name for path in FILES}


def test_the_role_is_loaded_without_the_package_requests() -> None:
    """Ansible copies the process that loads its steps for each task of each host, and a copy costs by its size."""
    code = (
        "import sys\n"
        "from ansible.plugins.loader import action_loader, init_plugin_loader\n"
        "init_plugin_loader()\n"
        "assert action_loader.get('modelarts.liteserver.fleet_job_step', class_only=True)\n"
        "sys.exit('requests' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
