# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment: what ansible-builder reads from the built collection, and the context that it makes."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from awx.conftest import ROOT
from playbooks.harness import clean_environment

BUILDER = pathlib.Path(os.environ["AWX_VENV"]) / "bin" / "ansible-builder"
GALAXY = pathlib.Path(sys.executable).parent / "ansible-galaxy"
DEFINITION = ROOT / "extensions" / "ee" / "execution-environment.yml"


def run(directory: pathlib.Path, *command: object) -> str:
    """The output of a command that ends well."""
    done = subprocess.run(
        [str(word) for word in command],
        env=clean_environment(directory),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The collection as it is published."""
    directory = tmp_path_factory.mktemp("artifact")
    run(directory, GALAXY, "collection", "build", ROOT, "--output-path", directory)
    (built,) = directory.glob("*.tar.gz")
    return built


def test_the_collection_tells_what_it_needs(artifact: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Installed, and not the clone: what the artifact leaves out is not there."""
    run(tmp_path, GALAXY, "collection", "install", artifact, "--offline", "--force", "-p", tmp_path / "collections")
    told = yaml.safe_load(run(tmp_path, BUILDER, "introspect", tmp_path / "collections"))
    assert [re.split(r"\s+#", need)[0] for need in told["python"]] == ["requests>=2.28"]
    assert told["system"] == []


def test_what_it_needs_is_what_the_modules_say() -> None:
    """And no more: the tests' own versions are others."""
    needs = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and not line.startswith("#")]
    fragment = (ROOT / "plugins" / "doc_fragments" / "_connection.py").read_text(encoding="utf-8")
    documented = re.search(r"^requirements:\n((?:  - .*\n)+)", fragment, re.MULTILINE)
    assert documented
    names = [re.split(r"[<>=!~ ]", line.strip("- "))[0] for line in documented[1].splitlines()]
    assert [re.split(r"[<>=!~ ]", need)[0] for need in needs] == names


def test_the_context_holds_the_collection(artifact: pathlib.Path, tmp_path: pathlib.Path) -> None:
    shutil.copy(DEFINITION, tmp_path)
    shutil.copy(artifact, tmp_path / "modelarts-liteserver.tar.gz")
    context = tmp_path / "context"
    run(
        tmp_path,
        BUILDER,
        "create",
        "--file",
        tmp_path / DEFINITION.name,
        "--context",
        context,
        "--output-filename",
        "Containerfile",
    )
    assert (context / "_build" / "modelarts-liteserver.tar.gz").read_bytes() == artifact.read_bytes()
    (collection,) = yaml.safe_load((context / "_build" / "requirements.yml").read_text())["collections"]
    containerfile = (context / "Containerfile").read_text()
    folder, name = collection["name"].rsplit("/", 1)
    assert (collection["type"], name) == ("file", "modelarts-liteserver.tar.gz")
    assert f"COPY _build {folder}" in containerfile
    assert "ansible-galaxy collection install" in containerfile
    assert "introspect" in containerfile
