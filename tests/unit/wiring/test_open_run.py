# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who of a batch gets no job, where Ansible's own books say little or nothing."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._run_files import RunFiles
from ansible_collections.modelarts.liteserver.plugins.plugin_utils import _open_run
from ansible_collections.modelarts.liteserver.plugins.plugin_utils._open_run import OpenRun

HOSTS = ["h1", "h2", "h3", "h4", "h5"]


class Fates:
    """h1 was ended, h2 failed, h3 was rescued, h4 passed the hook, and of h5 nothing is known."""

    def __init__(self, *_arguments: object) -> None:
        self.ended, self.failed, self.rescued = {"h1"}, {"h2"}, {"h3": "Drain"}

    def passed_hook(self, host: str, run: str, number: int) -> bool:
        return (host, run, number) == ("h4", "play place", 1)


@pytest.fixture
def run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> OpenRun:
    monkeypatch.setattr(_open_run, "HostFates", Fates)
    monkeypatch.setattr(_open_run, "run_of", lambda _task: "play place")
    files = RunFiles(str(tmp_path))
    path, record = files.begin("play place", "main", HOSTS, None, "off", None)
    record.open_batch(HOSTS, 5)
    files.write(path, record)
    return OpenRun(files, None, {})


@pytest.mark.parametrize(("hook", "left_out"), [(True, ["h1", "h2", "h3", "h5"]), (False, ["h1", "h2", "h3"])])
def test_a_job_needs_the_note_of_a_hook(run: OpenRun, hook: bool, left_out: list[str]) -> None:
    with run.edit() as record:
        reasons = run.left_out(record, hook)
    assert sorted(reasons) == left_out
    assert reasons["h1"] == "", "it was ended"
    assert "'Drain' failed" in reasons["h3"]


def test_who_failed_in_another_use_of_the_play_gets_no_job(run: OpenRun) -> None:
    files = run._files
    path, other = files.begin("play elsewhere", "main", HOSTS, None, "off", None)
    other.open_batch(HOSTS, 5)
    other.starting([], {}, 6, {"h4": "no", **dict.fromkeys(HOSTS[:3] + HOSTS[4:], "")})
    files.write(path, other)
    with run.edit() as record:
        assert "another use of the role" in run.left_out(record, False)["h4"]


def test_a_step_without_a_run_says_so(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_open_run, "run_of", lambda _task: "play place")
    with pytest.raises(InvalidOption, match="'Open the batch' was left out"):
        OpenRun(RunFiles(str(tmp_path)), None, {})
