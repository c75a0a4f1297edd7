# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every package that the project installs for itself has a version and hashes, and nothing is installed without."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
REQUIREMENTS = ROOT / "tests" / "requirements"
PINS = sorted(REQUIREMENTS.glob("constraints-*.txt"))
CORES = ("2.16", "2.18", "2.19", "2.20", "2.21")
PIN = re.compile(r"([A-Za-z0-9._-]+)==([^\s;]+)(?: ; [^\\]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n")


def pinned(path: pathlib.Path) -> dict[str, str]:
    """{package: version and hashes} of a file; fails where anything else stands in it."""
    comment, _end, text = path.read_text().partition("\n")
    assert comment.startswith("# Every package for ")
    found = list(PIN.finditer(text))
    assert "".join(match[0] for match in found) == text
    return {match[1]: match[2] + match[3] for match in found}


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
def test_every_line_is_a_pin_with_hashes(path: pathlib.Path) -> None:
    assert pinned(path)


@pytest.mark.parametrize("core", CORES)
def test_the_demo_has_a_part_of_the_others(core: str) -> None:
    demo, every = (pinned(REQUIREMENTS / f"constraints-{core}{part}.txt") for part in ("-demo", ""))
    assert demo.items() <= every.items()
    assert demo["ansible-core"].startswith(core + ".")


@pytest.mark.parametrize("path", sorted(REQUIREMENTS.glob("*.txt")), ids=lambda path: path.stem)
def test_what_is_wanted_is_pinned(path: pathlib.Path) -> None:
    if path in PINS:
        return
    files = [f"constraints-{core}.txt" for core in CORES] if path.stem in ("demo", "test") else []
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    for name in files or [f"constraints-{path.stem}.txt"]:
        pins = pinned(REQUIREMENTS / name)
        for line in filter(None, lines):
            package, _equals, version = re.split(r"(==|>=|<)", line + "==", maxsplit=1)
            assert package.lower().replace("_", "-") in {pin.lower() for pin in pins}, line


def test_every_installation_asks_for_hashes() -> None:
    """Of this project's own; what users run is theirs."""
    files = [*ROOT.glob("tests/**/*.sh"), *ROOT.glob("tests/**/*.py"), ROOT / "Makefile", *ROOT.glob(".ci/*")]
    unpinned = []
    for path in files:
        # "ansible-test units" runs on a copy that may itself lie in .ansible, and leaves a folder tests/output there.
        below = path.relative_to(ROOT).parts
        if path.name in ("get_pip.py", pathlib.Path(__file__).name) or ".ansible" in below or "output" in below:
            continue
        for line in path.read_text(errors="replace").splitlines():
            command = re.search(r"\bpip\b.*\b(install|download)\b", line)
            if command and "--require-hashes" not in line and not line.lstrip().startswith("#"):
                unpinned.append(f"{path.relative_to(ROOT)}: {line.strip()}")
    # The first pin of what pins; and two lists of words that --require-hashes follows.
    assert sorted(line.split(":")[0] for line in unpinned) == [
        "tests/artifact/artifact_test.py",
        "tests/tools/packaged_collection.py",
        "tests/tools/pin.sh",
    ], unpinned


def test_a_file_with_another_hash_is_refused(tmp_path: pathlib.Path) -> None:
    """pip itself, with the words of venv.sh."""
    words = re.search(r'"\$venv/bin/python" (-m pip .*--no-deps)\)', (ROOT / "tests/tools/venv.sh").read_text())
    assert words
    wheel = tmp_path / "nothing-1.0-py3-none-any.whl"
    wheel.write_bytes(b"not what was pinned")
    pins = tmp_path / "pins.txt"
    pins.write_text("nothing==1.0 --hash=sha256:" + "0" * 64 + "\n")
    target = ["--no-index", "--find-links", str(tmp_path), "--target", str(tmp_path / "target")]
    done = subprocess.run(
        [sys.executable, *words[1].split(), *target, "-r", str(pins)],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
