# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws docs/images/plan.svg and run.svg from real runs of the demo's first two steps: make pictures

Each shows the end of a run as a terminal shows it, with long lines cut off.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import demo
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text
from simulator.process import Simulator

IMAGES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "images"
WIDTH = 110
# Of an error only the message: its place in the role and the whole result of the task follow.
CONTEXT = re.compile(r"^(Origin: |fatal: | ?\d+( |$)|\s*\^ column|\s*$)")


def main() -> None:
    """Draw both."""
    settings = {"job_duration": 2, "duration_spread": 2, "supernode_share": demo.SUPERNODE / demo.SERVERS}
    with Simulator(servers=demo.SERVERS, settings=settings) as simulator:
        simulator.server(demo.FAILING, fail=1, message="npu busy")
        plan, upgrade = (step[1] for step in demo.STEPS[:2])
        draw("plan", plan, waves(run(simulator, plan), 2))
        draw("run", upgrade, waves(run(simulator, upgrade), 1))


def run(simulator: Simulator, arguments: list[str]) -> str:
    """The coloured output of a run."""
    environment = {**demo.environment(simulator), "ANSIBLE_FORCE_COLOR": "1", "COLUMNS": str(WIDTH)}
    command = ["ansible-playbook", *demo.ARGUMENTS, *arguments, demo.PLAYBOOK]
    done = subprocess.run(command, cwd=demo.HERE, env=environment, capture_output=True, text=True, check=False)
    return done.stdout


def waves(output: str, first: int) -> list[str]:
    """The lines of the waves from this one on, from 0, to the recap."""
    texts = output.partition("PLAY RECAP")[0].split("PLAY [Upgrade driver and firmware]")[first + 1 :]
    shown: list[str] = []
    for line in [line for text in texts for line in text.splitlines()[1:]]:
        plain = Text.from_ansi(line).plain
        if plain.startswith(("TASK [", "plan: ", "result: ")):
            shown.append("")
        if plain and not CONTEXT.match(plain):
            shown.append(line)
    return shown


def draw(name: str, arguments: list[str], lines: list[str]) -> None:
    """One picture: the command, and what it shows."""
    with open("/dev/null", "w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True)
        console.print(Text("$ " + " ".join(["ansible-playbook", *demo.ARGUMENTS, *arguments, demo.PLAYBOOK])))
        for line in lines:
            text = Text.from_ansi(line)
            text.truncate(WIDTH, overflow="ellipsis")
            console.print(text, no_wrap=True)
        svg = console.export_svg(title="modelarts.liteserver", theme=MONOKAI, unique_id=name)
    # No font from elsewhere: a page loads nothing from the network.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    (IMAGES / f"{name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
