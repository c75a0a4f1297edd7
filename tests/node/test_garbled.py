# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garbled outputs never make a node look better than it is: not healthy, not idle, not on the wanted version.

Left out, because no reader can notice it: damage that leaves exactly what a better node prints. So the wanted version
is not the beginning of another one here, no count has two digits, and no chip has two error codes of which one is new.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node import fake_node
from node.fake_node import LAYOUTS, FakeNode, healthy, in_state, wanted
from node.machine import Machine

from ansible_collections.modelarts.liteserver.plugins.module_utils.node._outputs import (
    LINKS,
    read_board,
    read_ecc,
    read_health,
    read_settings,
    read_word,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.node._report import SUBSETS, collect
from ansible_collections.modelarts.liteserver.plugins.module_utils.node._verdict import judge, occupied, same_version

BAD = (
    *(fake_node.lost_card, fake_node.new_error_code, fake_node.new_memory_error, fake_node.link_down),
    *(fake_node.old_version_on_one, fake_node.reboot_pending, fake_node.not_compatible, fake_node.half_installed),
    *(fake_node.listed_process, fake_node.busy_container, fake_node.unknown_health, fake_node.being_reset),
)


def one_alarm(state: fake_node.Tree) -> None:
    """An Alarm without a code."""
    fake_node.first_chip(state)["health"] = "Alarm"


@dataclasses.dataclass(frozen=True)
class Damage:
    """What happens to an output: the where-th of its lines (or of its words), counted around."""

    command: int
    kind: str
    where: int
    much: int

    def apply(self, text: str) -> str:
        lines = text.splitlines(True)
        if not lines:
            return text
        at = self.where % len(lines)
        line = lines[at]
        if self.kind == "break off":
            return text[:-1]
        if self.kind == "drop":
            lines[at] = ""
        elif self.kind == "double":
            lines[at] = line * 2
        elif self.kind == "cut line":
            lines[at] = line[: self.much % len(line)] + "\n"
        elif self.kind == "cut":
            lines[at:] = [line[: self.much % len(line)]]
        elif self.kind == "widen":
            lines[at] = re.sub(r"  +", lambda gap: gap.group() + " " * (self.much % 9), line)
        elif self.kind == "unknown word":
            words = re.split(r"(\s+)", line)
            words[(self.much * 2) % len(words)] = "Frobnicated"
            lines[at] = "".join(words)
        elif self.kind == "unknown line":
            lines[at] = line + "Something else\n"
        return "".join(lines)


EXAMPLES = 15
BOARD = "NPU ID : 4\nSoftware Version : 24.1.rc3.10\nFirmware Version : 7.1.0.2\nCompatibility : OK\n"
HEALTH = "Health Status : OK\nError Code : NA\nError Information : NA\n"
ECC = "NPU ID : 4\nChip Count : 1\nHBM Double Bit Error Count : 7\nChip ID : 0\n"
KINDS = ("drop", "double", "cut line", "cut", "widen", "unknown word", "unknown line")
damages = st.lists(
    st.builds(Damage, st.integers(0, 40), st.sampled_from(KINDS), st.integers(0, 60), st.integers(0, 60)),
    min_size=1,
    max_size=6,
)


class Case:
    """A layout in a state: what is true, and what is read where outputs are damaged."""

    def __init__(self, folder: pathlib.Path, layout: str, change: Callable[[fake_node.Tree], None]) -> None:
        self.layout = layout
        self.before = collect(Machine(FakeNode(folder, healthy(layout))), SUBSETS)
        self.node = FakeNode(folder, in_state(layout, change))
        plain = Machine(self.node)
        self.true = collect(plain, SUBSETS)
        self.commands = sorted(set(plain.commands))

    def read(self, damages: list[Damage]) -> dict[str, Any]:
        def garble(command: str, text: str) -> str:
            for damage in damages:
                if command == self.commands[damage.command % len(self.commands)]:
                    text = damage.apply(text)
            return text

        return collect(Machine(self.node, garble), SUBSETS)

    def verdict(self, result: dict[str, Any]) -> str:
        return judge(result, wanted(self.layout), self.before).verdict


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("change", (*BAD, one_alarm), ids=lambda change: change.__name__)
def test_damage_heals_nothing(
    layout: str, change: Callable[[fake_node.Tree], None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    case = Case(tmp_path_factory.mktemp("node"), layout, change)
    really = {(chip["npu_id"], chip["chip_id"]): chip for chip in case.true["npus"]}

    @settings(max_examples=EXAMPLES, database=None)
    @given(damages=damages)
    def heals_nothing(damages: list[Damage]) -> None:
        seen = case.read(damages)
        if case.verdict(case.true) != "ok":
            assert case.verdict(seen) != "ok", seen
        if occupied(case.true) != "idle":
            assert occupied(seen) != "idle", seen
        for chip in seen["npus"]:
            same = really.get((chip["npu_id"], chip["chip_id"]))
            if same is not None:
                assert chip["health"] != "OK" or same["health"] == "OK"
                assert chip["processes"] != [] or same["processes"] == []
                if same_version(chip["driver_version"], wanted(layout)):
                    assert same_version(same["driver_version"], wanted(layout))

    heals_nothing()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_output_that_breaks_off(layout: str, tmp_path: pathlib.Path) -> None:
    """Even where nothing but the end of the last line is missing, the output is not taken for whole."""
    case = Case(tmp_path, layout, fake_node.all_well)
    for number, command in enumerate(case.commands):
        if not command.startswith("docker"):
            seen = case.read([Damage(number, "break off", 0, 0)])
            assert any("cut off" in text for text in seen["unknown"]), command
            assert case.verdict(seen) == "unknown"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_lost_line_of_a_busy_node(layout: str, tmp_path: pathlib.Path) -> None:
    """One line after the other is missing from each output, and none makes the node idle."""
    case = Case(tmp_path, layout, fake_node.listed_process)
    busy = {(chip["npu_id"], chip["chip_id"]) for chip in case.true["npus"] if chip["processes"]}
    assert busy
    for number, command in enumerate(case.commands):
        if re.search(r"info$|-m$|proc-mem", command):
            for line in range(60):
                seen = case.read([Damage(number, "drop", line, 0)])
                assert occupied(seen) != "idle"
                called = [(chip["npu_id"], chip["chip_id"]) for chip in seen["npus"] if chip["processes"] == []]
                assert not busy & set(called), seen


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_lost_line_of_an_ill_node(layout: str, tmp_path: pathlib.Path) -> None:
    """One line after the other is missing from each output, and none makes an NPU healthy."""
    case = Case(tmp_path, layout, fake_node.unknown_health)
    well = {(chip["npu_id"], chip["chip_id"]) for chip in case.true["npus"] if chip["health"] == "OK"}
    assert len(well) < len(case.true["npus"])
    for number, command in enumerate(case.commands):
        if re.search(r"info$|-m$", command):
            for line in range(60):
                seen = case.read([Damage(number, "drop", line, 0)])
                assert case.verdict(seen) != "ok"
                called = {(chip["npu_id"], chip["chip_id"]) for chip in seen["npus"] if chip["health"] == "OK"}
                # Without its head, the table's rows do not say which chip of an NPU they are of.
                assert called <= well | {(npu_id, None) for npu_id, _chip_id in well}, seen
                # Whatever another output says of a chip that is missing in the table.
                missing = re.findall(r"NPU (\d+) chip (\d+): only in npu-smi info -m", str(seen["unknown"]))
                assert not called & {(int(npu_id), int(chip_id)) for npu_id, chip_id in missing}, seen


@pytest.mark.parametrize(
    ("read", "text", "line"),
    [
        (lambda text: read_board(text, 4), BOARD, "Compatibility : NOK"),
        (lambda text: read_board(text, 4), BOARD, "Software Version : 24.1.rc3.9"),
        (read_health, HEALTH, "Error Code : 80E01801"),
        (lambda text: read_ecc(text, "HBM", 1), ECC, "HBM Double Bit Error Count : 0"),
        (lambda text: read_word(text, "link status", LINKS), "link status: UP\n", "link status: DOWN"),
        (read_settings, "Version=24.1.rc3.10\n", "Version=24.1.rc3.9"),
    ],
)
def test_two_answers_are_none(read: Callable[[str], Any], text: str, line: str) -> None:
    value, unknown = read(text)
    assert not unknown
    for twice in (f"{line}\n{text}", f"{text}{line}\n"):
        other, unknown = read(twice)
        assert unknown and other != value, other
