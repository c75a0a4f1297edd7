# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and classes stay small enough to be read at one go, and a class changes few of its fields."""

from __future__ import annotations

import ast
import pathlib

import pytest

PLUGINS = pathlib.Path(__file__).resolve().parents[3] / "plugins"
FILES = sorted(PLUGINS.rglob("*.py"))
SOURCES = {path.relative_to(PLUGINS).as_posix(): path.read_text(encoding="utf-8") for path in FILES}
DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN"}
MOST_LINES = 400  # of a file, without its documentation
MOST_LINES_OF_A_CLASS = 260
MOST_CHANGING_FIELDS = 10
TESTS = PLUGINS.parent / "tests"
MOST_LINES_OF_A_TEST = 700
LISTS = {TESTS / "mutants" / "mutants.py"}  # rows of one table, which nobody reads from end to end


def lines_of(node: ast.stmt | ast.ClassDef) -> int:
    assert node.end_lineno
    return node.end_lineno - node.lineno + 1


def lines_without_documentation(source: str) -> int:
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assign)]
    documentation = [
        node for node in found if {name.id for name in node.targets if isinstance(name, ast.Name)} & DOCUMENTATION
    ]
    return source.count("\n") - sum(map(lines_of, documentation))


def classes_in(source: str) -> list[ast.ClassDef]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]


def assigned(tree: ast.AST, to_self: bool) -> set[str]:
    """The attributes that something assigns to, of ``self`` or of anything else."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and (isinstance(node.value, ast.Name) and node.value.id == "self") is to_self
    }


def changing_fields(of: ast.ClassDef, elsewhere: set[str]) -> set[str]:
    """The fields that get another value after the constructor.

    :param elsewhere: the attributes that the plugins assign to, which says what of a dataclass changes.
    """
    methods = [node for node in of.body if isinstance(node, ast.FunctionDef) and node.name != "__init__"]
    fields = set().union(*(assigned(method, True) for method in methods))
    if any("dataclass" in ast.unparse(decorator) for decorator in of.decorator_list):
        named = [node.target for node in of.body if isinstance(node, ast.AnnAssign)]
        fields |= {name.id for name in named if isinstance(name, ast.Name)} & elsewhere
    return fields


def broken_limits(source: str, elsewhere: set[str]) -> list[str]:
    """What of a file is larger than it may be."""
    lines = lines_without_documentation(source)
    found = [f"{lines} lines"] if lines >= MOST_LINES else []
    for each in classes_in(source):
        if lines_of(each) >= MOST_LINES_OF_A_CLASS:
            found.append(f"class {each.name}: {lines_of(each)} lines")
        changing = changing_fields(each, elsewhere)
        if len(changing) > MOST_CHANGING_FIELDS:
            found.append(f"class {each.name} changes {', '.join(sorted(changing))}")
    return found


ELSEWHERE = set().union(*(assigned(ast.parse(source), False) for source in SOURCES.values()))


@pytest.mark.parametrize("name", SOURCES)
def test_files_and_classes_are_small(name: str) -> None:
    assert not broken_limits(SOURCES[name], ELSEWHERE), "give what is a concern of its own a file of its own"


def test_files_of_tests_are_small() -> None:
    own = {path for path in TESTS.rglob("*.py") if path.relative_to(TESTS).parts[0] != "output"} - LISTS
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in own}
    assert [path for path in own if lines[path] > MOST_LINES_OF_A_TEST] == [], "split along its subject"


FIELDS = [f"field{number}" for number in range(11)]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("x = 1\n" * 400, "400 lines"),
        ("x = 1\n" * 399, None),
        ('DOCUMENTATION = """\n' + "\n" * 400 + '"""\n', None),
        ("class Large:\n" + "    x = 1\n" * 259, "class Large: 260 lines"),
        ("class Large:\n" + "    x = 1\n" * 258, None),
        ("class Busy:\n  def do(self):\n" + "".join(f"    self.{name} = 1\n" for name in FIELDS), "class Busy changes"),
        (
            "class Busy:\n  def do(self):\n" + "".join(f"    self.{name} += 1\n" for name in FIELDS),
            "class Busy changes",
        ),
        ("class Busy:\n  def do(self):\n" + "".join(f"    self.{name} = 1\n" for name in FIELDS[1:]), None),
        ("class Whole:\n  def __init__(self):\n" + "".join(f"    self.{name} = 1\n" for name in FIELDS), None),
        ("@dataclass\nclass Loose:\n" + "".join(f"  {name}: int\n" for name in FIELDS), "class Loose changes"),
        ("@dataclass\nclass Plain:\n" + "".join(f"  {name}_too: int\n" for name in FIELDS), None),
    ],
)
def test_what_is_too_large_is_found(source: str, found: str | None) -> None:
    broken = broken_limits(source, set(FIELDS))
    assert found in broken[0] if found else not broken
