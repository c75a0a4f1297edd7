# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the documentation site into dist/docs: "make docs".

The guides are the Markdown pages of the repository as they are, and lie where they lie there, so that their links
hold. The reference is made from the plugins and the role by antsibull-docs, and from the heads of the playbooks. Any
warning is an error; a page outside docs/ that the table of contents in index.rst leaves out is one. No network is
needed.
"""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SITE = REPOSITORY / "docs" / "site"
OUTPUT = REPOSITORY / "dist" / "docs"
BIN = pathlib.Path(sys.executable).parent


def main() -> None:
    """Build it."""
    source = OUTPUT / "source"
    shutil.rmtree(OUTPUT, ignore_errors=True)
    source.mkdir(parents=True)
    copy_pages(source)
    for name in ("index.rst", "conf.py"):
        shutil.copy(SITE / name, source / name)
    for name in ("static", "templates"):
        shutil.copytree(SITE / name, source / name)
    reference(source / "reference")
    (source / "reference" / "playbooks.md").write_text(playbooks(), encoding="utf-8")
    run(
        *["sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "-d", str(OUTPUT / "doctrees")],
        *[str(source), str(OUTPUT / "html")],
    )
    print(f"The site is in {(OUTPUT / 'html' / 'index.html').relative_to(REPOSITORY)}")


def copy_pages(source: pathlib.Path) -> None:
    """The Markdown pages of the repository, and the files that they lead to."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    files = listed.stdout.decode().split("\0")
    # Those of .github are forms.
    pages = [name for name in files if name.endswith(".md") and not name.startswith(".")]
    led_to = {
        str((REPOSITORY / page).parent.joinpath(link.partition("#")[0]).resolve().relative_to(REPOSITORY))
        for page in pages
        for link in re.findall(r"\]\(([^):]+)\)", (REPOSITORY / page).read_text(encoding="utf-8"))
        if not link.startswith("#")
    }
    for name in {*pages, *(led_to & set(files))}:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, source / name)


def reference(folder: pathlib.Path) -> None:
    """Modules, plugins and roles, from their own documentation."""
    folder.mkdir()
    run(
        *["antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--fail-on-error"],
        *["--dest-dir", str(folder), "modelarts.liteserver"],
    )
    index = folder / "index.rst"
    index.write_text(internal_last(index.read_text(encoding="utf-8")), encoding="utf-8")
    for page in folder.glob("*.rst"):
        page.write_text(corrected(page.read_text(encoding="utf-8")), encoding="utf-8")


def corrected(page: str) -> str:
    """A page of antsibull-docs without what does not hold: it is not on Galaxy, nor its name in capitals."""
    page = re.sub(r"`(modelarts\.liteserver collection) <https://galaxy\.ansible\.com/[^>]*>`_", r"\1", page)
    page = re.sub(
        r"To install it,? use: :code:`ansible\\-galaxy collection install modelarts\.liteserver`\.",
        "To install it, see :doc:`Installation </README>`.",
        page,
    )
    # The theme has the contents of each page beside it.
    page = re.sub(r"^\.\. contents::\n(?: +:.*\n)+", "", page, flags=re.MULTILINE)
    page = re.sub(r"^Modelarts\.Liteserver$", "modelarts.liteserver", page, flags=re.MULTILINE)
    wrong = re.search(r".*(?:galaxy\.ansible\.com|collection install|Modelarts).*", page)
    if wrong:
        raise SystemExit(f"antsibull-docs has changed its words, see corrected() in docs/site/build.py: {wrong[0]}")
    return page


def internal_last(index: str) -> str:
    """The list of plugins with what is internal at the end of each list, because nobody looks for it."""
    internal = re.findall(r":ansplugin:`(\S+) .*-- Internal,", index)
    lists = index.split("\n\n")
    for name in internal:
        lists = ["\n".join(sorted(part.split("\n"), key=lambda line: name in line)) for part in lists]
    return "\n\n".join(lists)


def playbooks() -> str:
    """The page about the playbooks, from what stands at the head of each."""
    lines = ["# Playbooks", "", "Start them by their names. The connection comes from the environment.", ""]
    for path in sorted((REPOSITORY / "playbooks").glob("*.yml")):
        head = re.search(r"^# SPDX.*\n\n((?:#.*\n)+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        if not head:
            raise SystemExit(f"{path}: has no description at its head")
        text = [line.removeprefix("#").removeprefix(" ") for line in head[1].splitlines()]
        lines += [f"## modelarts.liteserver.{path.stem}", "", *playbook(text), ""]
    return "\n".join(lines)


def playbook(head: list[str]) -> list[str]:
    """Markdown of the head of a playbook: its variables as a table, commands (indented) as blocks, the rest as text."""
    lines: list[str] = []
    before = "text"
    for line in head:
        variable = re.fullmatch(r"([a-z]\w+_\w+) {2,}(.*)", line)
        continued = before == "variable" and re.fullmatch(r" {10,}(\S.*)", line)
        kind = "variable" if variable or continued else "command" if line.startswith("  ") else "text"
        if kind != before:
            lines += {"command": ["```"], "variable": [""], "text": [""]}[before]
            lines += {"command": ["", "```bash"], "variable": ["| variable | |", "|---|---|"], "text": []}[kind]
        if continued:
            lines[-1] = f"{lines[-1].removesuffix(' |')} {continued[1]} |"
        else:
            lines.append(f"| `{variable[1]}` | {variable[2]} |" if variable else line.removeprefix("  "))
        before = kind
    return lines + (["```"] if before == "command" else [])


def run(program: str, *arguments: str) -> None:
    """Run a program of this environment; its failure ends the build."""
    status = subprocess.run([str(BIN / program), *arguments], cwd=REPOSITORY, check=False).returncode
    if status:
        raise SystemExit(f"{program} failed with status {status}")


if __name__ == "__main__":
    main()
