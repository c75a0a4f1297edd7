# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a line about a wait goes: into a pipe that somebody reads, or to the system log."""

from __future__ import annotations

import os
import pathlib
import sys
from typing import Any

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._progress_pipe import (
    VARIABLE,
    progress_writer,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._task import concealing
from ansible_collections.modelarts.liteserver.plugins.plugin_utils import _visible_wait as visible_wait
from ansible_collections.modelarts.liteserver.plugins.plugin_utils._visible_wait import ShownLines


class Module:
    """The part of a module that a line needs."""

    def __init__(self) -> None:
        self.no_log_values = {"hunter2hunter2"}
        self.logged: list[str] = []
        self.log = self.logged.append


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the action plugin displays, and how."""
    found: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(visible_wait.display, "display", lambda text, **more: found.append((text, more)))
    return found


def test_lines_are_shown_in_their_order_and_all_before_the_end(
    shown: list, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = Module()
    with ShownLines(str(tmp_path)) as lines:
        monkeypatch.setenv(VARIABLE, lines.path)
        assert os.stat(lines.path).st_mode & 0o777 == 0o600
        write = progress_writer(concealing(module.no_log_values), module.log)
        for number in range(500):
            write(f"line {number}")
    assert [text for text, _more in shown] == [f"line {number}" for number in range(500)]
    assert all(more == {"stderr": True} for _text, more in shown)
    assert module.logged == []
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("queue", [None, object()])
def test_in_a_worker_nothing_is_written_beside_the_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], queue: object
) -> None:
    """Older versions of ansible-runner write marks; ansible-core 2.19 warns of what a worker writes to stderr."""
    shown = []

    def display(text: str, stderr: bool) -> None:
        sys.stderr.write("mark")
        shown.append(text)

    monkeypatch.setattr(visible_wait.display, "display", display)
    monkeypatch.setattr(visible_wait.display, "_final_q", queue, raising=False)
    visible_wait.show("a line")
    assert shown == ["a line"]
    # In the main process it is where the line itself goes.
    assert capsys.readouterr().err == ("" if queue else "mark")


def test_secrets_and_control_characters_do_not_get_through(
    shown: list, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ShownLines(str(tmp_path)) as lines:
        monkeypatch.setenv(VARIABLE, lines.path)
        write = progress_writer(concealing(Module().no_log_values), print)
        write("the password is hunter2hunter2")
        write("one\x1b[2J\rtwo \N{RIGHT-TO-LEFT OVERRIDE}")
        write("\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 5000)
    texts = [text for text, _more in shown]
    assert texts[0] == "the password is ********"
    assert texts[1] == "one [2J two"
    assert len(texts) == 3 and texts[2].startswith("\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 1000)


def test_where_nobody_reads_the_line_is_logged(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, regular, link = tmp_path / "pipe", tmp_path / "file", tmp_path / "link"
    os.mkfifo(pipe)
    regular.write_text("precious")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    link.symlink_to(pipe)
    module = Module()
    write = progress_writer(concealing(module.no_log_values), module.log)
    for path in ("", str(tmp_path / "none"), str(tmp_path), str(regular), str(link), "/dev/null"):
        monkeypatch.setenv(VARIABLE, path)
        write("a line")
    os.close(reader)
    monkeypatch.setenv(VARIABLE, str(pipe))
    write("a line")
    monkeypatch.delenv(VARIABLE)
    write("a line")
    assert module.logged == ["a line"] * 8
    assert regular.read_text() == "precious"


def test_a_pipe_that_is_full_holds_nothing_up(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    monkeypatch.setenv(VARIABLE, str(pipe))
    module = Module()
    write = progress_writer(concealing(module.no_log_values), module.log)
    while not module.logged:
        write("x" * 1000)
    read = os.read(reader, 1 << 24)
    os.close(reader)
    assert set(read.split(b"\n")) == {b"x" * 1000, b""}
