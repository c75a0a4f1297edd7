# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error code that a user can meet is on the page about them, and no other code of the collection."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from documentation.blocks import REPOSITORY, tokens

from ansible_collections.modelarts.liteserver.plugins.module_utils import _errors as errors
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._answers import (
    NOT_FOUND_CODES,
    NOT_PUBLISHED_CODES,
)

PAGE = "docs/troubleshooting.md"
SERVICE = re.compile(r"\b(?:ModelArts|APIGW?)\.\d+\b")


def calls() -> Iterator[ast.Call]:
    """Every call in the plugins."""
    for path in (REPOSITORY / "plugins").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield node


def codes_of_calls() -> set[str]:
    """Codes that are given where an error is raised."""
    given = [word.value for call in calls() for word in call.keywords if word.arg == "code"]
    return {value.value for value in given if isinstance(value, ast.Constant) and isinstance(value.value, str)}


def codes_of_classes() -> set[str]:
    """Codes of the kinds of errors; the base class has none of its own."""
    found, left = set(), [errors.LiteServerError]
    while left:
        kinds = left.pop().__subclasses__()
        found |= {kind.code for kind in kinds if kind.__module__ == errors.__name__}
        left += kinds
    return found


def rows(title: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    parsed = tokens(PAGE)
    begin = next(n for n, token in enumerate(parsed) if token.type == "inline" and token.content == title)
    end = next(n for n, token in enumerate(parsed) if n > begin and token.type == "table_close")
    body = next(n for n, token in enumerate(parsed) if n > begin and token.type == "tbody_open")
    found: list[list[str]] = []
    for token in parsed[body:end]:
        if token.type == "tr_open":
            found.append([])
        elif token.type == "inline":
            found[-1].append(token.content)
    return found


def test_every_code_of_the_collection_has_a_row() -> None:
    told = [row[0].strip("`") for row in rows("Codes of the collection")]
    assert len(told) == len(set(told))
    assert set(told) == codes_of_classes() | codes_of_calls()


def test_every_row_says_why_and_what_to_do() -> None:
    for title in ("Codes of the collection", "Codes of the service", "No code at all"):
        for row in rows(title):
            assert all(row), row


def test_no_error_goes_without_a_code() -> None:
    for call in calls():
        if isinstance(call.func, ast.Name) and call.func.id == "LiteServerError":
            assert "code" in {word.arg for word in call.keywords}, ast.unparse(call)


def test_every_code_of_the_service_that_the_collection_or_the_simulator_knows_has_a_row() -> None:
    told = {row[0].strip("`") for row in rows("Codes of the service")}
    assert all(SERVICE.fullmatch(code) for code in told)
    simulated = set(SERVICE.findall((REPOSITORY / "tests/simulator/errors.py").read_text(encoding="utf-8")))
    known = simulated | NOT_FOUND_CODES | NOT_PUBLISHED_CODES
    assert len(simulated) >= 6
    # Both prefixes stand for one code.
    assert {code.replace("APIG.", "APIGW.") for code in known} <= told
