# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sleep ends when the reader of the result is gone; with real pipes."""

from __future__ import annotations

import os
import pathlib
import socket
import threading
from collections.abc import Iterator

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import Abandoned
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring import _listened_clock
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._listened_clock import ListenedClock

# Seconds of a sleep that nothing ends, unless the code is broken.
LONG = 10.0


@pytest.fixture
def pipe() -> Iterator[list[int]]:
    """[the reader's end, the module's end]; a test may close either and put None there."""
    ends: list = list(os.pipe())
    yield ends
    for end in ends:
        if end is not None:
            os.close(end)


def close(ends: list, index: int) -> None:
    os.close(ends[index])
    ends[index] = None


def test_a_reader_that_is_gone(pipe: list[int]) -> None:
    close(pipe, 0)
    with pytest.raises(Abandoned):
        ListenedClock(pipe[1]).sleep(LONG)


def test_a_reader_that_goes(pipe: list[int]) -> None:
    clock = ListenedClock(pipe[1])
    leaves = threading.Timer(0.1, close, (pipe, 0))
    leaves.start()
    with pytest.raises(Abandoned):
        clock.sleep(LONG)
    leaves.join()


def test_a_sleep_of_no_time_notices_it(pipe: list[int]) -> None:
    clock = ListenedClock(pipe[1])
    clock.sleep(0)
    close(pipe, 0)
    with pytest.raises(Abandoned):
        clock.sleep(0)


def test_the_same_over_a_socket() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        clock = ListenedClock(ours.fileno())
        clock.sleep(0.01)
        theirs.close()
        with pytest.raises(Abandoned):
            clock.sleep(LONG)


def test_the_same_on_a_terminal() -> None:
    """As over SSH without pipelining."""
    theirs, ours = os.openpty()
    clock = ListenedClock(ours)
    clock.sleep(0.01)
    os.close(theirs)
    with pytest.raises(Abandoned):
        clock.sleep(LONG)
    os.close(ours)


def test_a_reader_that_stays(pipe: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The sleep lasts as long as it should, and what is written meanwhile are empty lines."""
    monkeypatch.setattr(_listened_clock, "SIGN_SECONDS", 0.02)
    clock = ListenedClock(pipe[1])
    begun = clock.now()
    clock.sleep(0.1)
    assert clock.now() - begun >= 0.1
    close(pipe, 1)
    with open(pipe[0], closefd=False) as reader:
        assert set(reader.read()) == {"\n"}


def test_short_tasks_write_nothing(pipe: list[int]) -> None:
    ListenedClock(pipe[1]).sleep(0.05)
    close(pipe, 1)
    assert os.read(pipe[0], 1) == b""


def test_a_reader_that_does_not_read_holds_up_nothing(pipe: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    os.set_blocking(pipe[1], False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(pipe[1], bytes(4096))
    os.set_blocking(pipe[1], True)
    monkeypatch.setattr(_listened_clock, "SIGN_SECONDS", 0.01)
    ListenedClock(pipe[1]).sleep(0.05)


def test_a_lost_reader_that_only_writing_finds(monkeypatch: pytest.MonkeyPatch, pipe: list[int]) -> None:
    """As between SSH and a server: the one next to here lives on until it has something to pass on."""
    monkeypatch.setattr(_listened_clock, "SIGN_SECONDS", 0.02)
    clock = ListenedClock(pipe[1])
    between = threading.Thread(target=lambda: os.read(pipe[0], 1) and close(pipe, 0))
    between.start()
    with pytest.raises(Abandoned):
        clock.sleep(LONG)
    between.join()


@pytest.mark.parametrize("kind", ["file", "null", "closed"])
def test_where_nothing_can_be_known(tmp_path: pathlib.Path, kind: str) -> None:
    handle = os.open(os.devnull if kind == "null" else tmp_path / "file", os.O_RDWR | os.O_CREAT)
    if kind == "closed":
        os.close(handle)
    ListenedClock(handle).sleep(0.01)
    if kind != "closed":
        os.close(handle)
