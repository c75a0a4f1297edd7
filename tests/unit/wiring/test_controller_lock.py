# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of this controller: one at a time, freed when its holder ends, however it ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._clock import SystemClock
from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import LockUnavailable
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._controller_lock import (
    ControllerLock,
    lock_path,
)

CONNECTION = {"region": None, "endpoint": "http://127.0.0.1:8080", "project_id": "p1"}
fork = multiprocessing.get_context("fork")


def lock_on(path, write=lambda line: None):
    return ControllerLock(lambda: path, SystemClock(), write)


def hold(path, pipe):
    with lock_on(path):
        pipe.send("entered")
        pipe.recv()


@pytest.fixture
def held(tmp_path):
    """A lock that another process holds: (path, process, the pipe that lets it go)."""
    path = tmp_path / "home" / "a.lock"
    pipe, end = fork.Pipe()
    process = fork.Process(target=hold, args=(path, end))
    process.start()
    assert pipe.poll(60)
    yield path, process, pipe
    process.kill()
    process.join(60)


def test_the_second_waits_with_a_message_until_the_first_is_through(held):
    path, _process, pipe = held
    lines = []

    def write(line):
        lines.append(line)
        pipe.send("leave")

    with lock_on(path, write):
        pass
    assert len(lines) == 1 and "waiting for another run on this controller" in lines[0] and str(path) in lines[0]


def test_a_killed_holder_holds_up_nobody(held):
    path, process, _pipe = held
    told = []

    def kill(line):
        told.append(line)
        os.kill(process.pid, signal.SIGKILL)

    with lock_on(path, kill):
        assert told
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def test_it_is_free_after_an_error(tmp_path):
    for _attempt in range(2):
        with pytest.raises(ValueError, match="inside"), lock_on(tmp_path / "a.lock"):
            raise ValueError("inside")


def test_only_this_user_can_open_it(tmp_path):
    path = tmp_path / "home" / "deep" / "a.lock"
    with lock_on(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.exists(), "removed, it would be two locks for those who wait for it"


def test_a_link_and_a_file_in_the_way_are_errors(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "link", tmp_path / "file" / "a.lock"):
        with pytest.raises(LockUnavailable, match="Nothing was created"), lock_on(path):
            pytest.fail("entered")
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_for_each_project_of_each_endpoint_below_ansibles_home():
    mine = lock_path(CONNECTION, {"ANSIBLE_HOME": "/opt/ansible"})
    assert mine.parent.as_posix() == "/opt/ansible/modelarts.liteserver"
    assert mine.name == lock_path(CONNECTION, {}).name
    assert lock_path(CONNECTION, {}).parent.parent.name == ".ansible"
    others = [dict(CONNECTION, project_id="p2"), dict(CONNECTION, endpoint="http://127.0.0.1:8081")]
    assert len({mine.name, *(lock_path(each, {}).name for each in others)}) == 3
