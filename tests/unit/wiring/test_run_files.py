# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of run records: which run a batch belongs to, where they are kept, and how they are written."""

from __future__ import annotations

import errno
import json
import os
import pathlib
import re
import stat
import subprocess

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._report import page_of
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._run_record import RunRecord
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring import _run_files as run_files
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._run_files import (
    RunFiles,
    is_alive,
    now_ms,
    process_of,
)

HOSTS = ["h1", "h2", "h3"]
# What plugin_utils/_role_place.py makes of a play and a place in it.
RUN, SAME_PLAY, OTHER_PLAY = "play1 place1", "play1 place2", "play2 place1"


@pytest.fixture
def temporary(tmp_path: pathlib.Path) -> pathlib.Path:
    """Ansible's own folder of this process."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def files(temporary: pathlib.Path) -> RunFiles:
    return RunFiles(str(temporary), {".md": page_of})


def start(files: RunFiles, batch: list[str], run: str = RUN) -> tuple[str, RunRecord]:
    """A run whose first batch is under way."""
    path, record = files.begin(run, "main", HOSTS, None, "pending", None)
    record.open_batch(batch, now_ms())
    files.write(path, record)
    return path, record


def mode(path: str | pathlib.Path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def test_the_first_batch_has_no_run_yet(files: RunFiles) -> None:
    assert files.find(RUN) == (None, None)


def test_the_next_batch_finds_its_run(files: RunFiles, temporary: pathlib.Path) -> None:
    path, record = start(files, ["h1"])
    # Another task of the same process.
    found_path, found = RunFiles(str(temporary)).find(RUN)
    assert found_path == path
    assert found.data == record.data


def test_a_run_that_has_not_had_a_batch_is_found(files: RunFiles) -> None:
    path, _record = files.begin(RUN, "main", HOSTS, None, "pending", None)
    assert files.find(RUN)[0] == path


@pytest.mark.parametrize("other", [SAME_PLAY, OTHER_PLAY])
def test_another_place_or_play_is_another_run(files: RunFiles, other: str) -> None:
    first, _record = start(files, ["h1"])
    assert files.find(other) == (None, None)
    second, _record = start(files, ["h1"], run=other)
    assert first != second
    assert [files.find(run)[0] for run in (RUN, other)] == [first, second]


def test_a_run_is_the_same_whatever_its_hosts(files: RunFiles) -> None:
    """An inventory may have others by now."""
    path, record = start(files, ["h1"])
    record.open_batch(["h4"], now_ms())
    files.write(path, record)
    assert files.find(RUN)[0] == path


def test_the_other_runs_of_a_play(files: RunFiles, tmp_path: pathlib.Path) -> None:
    start(files, ["h1"])
    same, _record = start(files, ["h1"], run=SAME_PLAY)
    start(files, ["h1"], run=OTHER_PLAY)
    assert [record.data for record in files.others(RUN)] == [files.load(same).data]
    os.unlink(same)
    assert files.others(RUN) == [], "removed by its user"


def test_a_process_is_known_again() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        known = process_of(process.pid)
        assert is_alive(known) is True
        assert is_alive({**known, "start": 1}) is False, "another process has its number by now"
        assert is_alive({**known, "host": "elsewhere"}) is None
        process.kill()
        process.wait()
        assert is_alive(known) is False
    assert is_alive({}) is None


def test_a_stopped_run_is_still_the_run_of_its_hosts(files: RunFiles) -> None:
    path, record = start(files, ["h1"])
    record.stop("too many", "budget", now_ms())
    files.write(path, record)
    assert files.find(RUN)[1].data["stopped"] == "too many"


def test_runs_of_another_process_are_not_found(files: RunFiles, tmp_path: pathlib.Path) -> None:
    kept = tmp_path / "records"
    files.begin(RUN, "main", HOSTS, None, "pending", str(kept))
    (tmp_path / "other").mkdir()
    assert RunFiles(str(tmp_path / "other")).find(RUN) == (None, None)


def test_a_new_record(files: RunFiles, temporary: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_files, "now_ms", lambda: 1755005748201)
    path, record = files.begin(RUN, "hdk_upgrade", HOSTS, "5%", "pending", None)
    assert re.fullmatch(r"hdk_upgrade-20250812T133548Z-[0-9a-f]{8}\.json", os.path.basename(path))
    assert os.path.dirname(path) == str(temporary)
    assert os.path.basename(path) == f"hdk_upgrade-{record.data['run_id']}.json"
    assert (record.data["max_failures"], record.data["started_at"]) == ("5%", 1755005748201)
    assert files.load(path).data == record.data
    again, _record = files.begin(RUN, "hdk_upgrade", HOSTS, "5%", "pending", None)
    assert again != path, "two runs of one second"


@pytest.mark.parametrize("folder", [None, ""])
def test_without_a_folder_the_record_goes_with_the_process(
    files: RunFiles, temporary: pathlib.Path, folder: str | None
) -> None:
    path, _record = files.begin(RUN, "main", HOSTS, None, "pending", folder)
    assert os.path.dirname(path) == str(temporary)


def test_a_folder_of_the_users(files: RunFiles, tmp_path: pathlib.Path) -> None:
    path, record = files.begin(RUN, "main", HOSTS, None, "pending", str(tmp_path / "a" / "b"))
    assert os.path.dirname(path) == str(tmp_path / "a" / "b")
    name = os.path.basename(path)
    assert sorted(os.listdir(tmp_path / "a" / "b")) == [name, name[:-5] + ".md"]
    assert [mode(tmp_path / "a" / "b" / name) for name in os.listdir(tmp_path / "a" / "b")] == [0o600, 0o600]
    assert mode(tmp_path / "a" / "b") == 0o700
    assert files.find(RUN)[0] == path
    with open(path, encoding="utf-8") as file:
        assert json.load(file) == record.data


def test_home_and_relative_folders(files: RunFiles, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    home, _record = files.begin(RUN, "main", HOSTS, None, "pending", "~/home")
    relative, _record = files.begin(RUN, "main", HOSTS, None, "pending", "relative")
    assert os.path.dirname(home) == str(tmp_path / "home")
    assert os.path.dirname(relative) == str(tmp_path / "relative")


def test_a_folder_that_is_a_file(files: RunFiles, tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("x")
    for folder in ("file", "file/below"):
        with pytest.raises(InvalidOption, match=r"^fleet_job_record: cannot write .*file.*: .+"):
            files.begin(RUN, "main", HOSTS, None, "pending", str(tmp_path / folder))
    assert files.find(RUN) == (None, None), "a run without a record is none"


def test_a_folder_without_the_right_to_write(files: RunFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may write anywhere, so the system's answer is given here.
    def refuse(path: str, data: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(run_files, "replace_file", refuse)
    with pytest.raises(InvalidOption, match=r"^fleet_job_record: cannot write .*\.json: Permission denied$"):
        files.begin(RUN, "main", HOSTS, None, "pending", None)


def test_records_are_for_the_user_only(files: RunFiles, temporary: pathlib.Path) -> None:
    old = os.umask(0)
    try:
        path, record = files.begin(RUN, "main", HOSTS, None, "pending", None)
        os.chmod(path, 0o644)
        files.write(path, record)
    finally:
        os.umask(old)
    assert {mode(temporary / name) for name in os.listdir(temporary)} == {0o600}


def test_a_record_is_replaced_as_a_whole(files: RunFiles, temporary: pathlib.Path) -> None:
    path, record = files.begin(RUN, "main", HOSTS, None, "pending", None)
    with open(path, encoding="utf-8") as reader:
        record.open_batch(["h1"], now_ms())
        files.write(path, record)
        assert json.load(reader)["batches"] == [], "who has the old file open reads it to its end"
    assert files.load(path).data == record.data
    assert sorted(os.listdir(temporary)) == sorted([os.path.basename(path), "fleet_job_runs.json"])


def test_a_write_that_fails_leaves_the_old_record_and_nothing_else(files: RunFiles, temporary: pathlib.Path) -> None:
    path, record = files.begin(RUN, "main", HOSTS, None, "pending", None)
    before, listed = files.load(path).data, sorted(os.listdir(temporary))
    record.data["updated_at"] = object()
    with pytest.raises(TypeError):
        files.write(path, record)
    assert files.load(path).data == before
    assert sorted(os.listdir(temporary)) == listed


def test_a_disk_that_is_full_leaves_the_old_record(
    files: RunFiles, temporary: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, record = files.begin(RUN, "main", HOSTS, None, "pending", None)
    before, listed = files.load(path).data, sorted(os.listdir(temporary))

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    record.open_batch(["h1"], now_ms())
    with pytest.raises(InvalidOption, match=r"^fleet_job_record: cannot write .*\.json: No space left on device$"):
        files.write(path, record)
    assert files.load(path).data == before
    assert sorted(os.listdir(temporary)) == listed


def test_any_text_can_be_kept(files: RunFiles) -> None:
    path, record = files.begin(RUN, "main", ["ü", "服务器"], None, "pending", None)
    record.data["servers"][0]["message"] = "\x1b[2J \u202e \ud800 服务器"
    files.write(path, record)
    assert files.load(path).data == record.data
    assert files.find(RUN)[0] == path


def test_a_record_that_is_gone_in_the_middle_of_its_run(files: RunFiles, tmp_path: pathlib.Path) -> None:
    """What has failed so far went with it."""
    path, record = files.begin(RUN, "main", HOSTS, None, "pending", str(tmp_path / "records"))
    record.open_batch(["h1"], now_ms())
    files.write(path, record)
    os.unlink(path)
    with pytest.raises(InvalidOption, match=r"^fleet_job_record: .*\.json was removed while its run went on\."):
        files.find(RUN)
    assert files.find(SAME_PLAY) == (None, None), "another run"


@pytest.mark.parametrize("content", ["[]", "{}", "5", "half", '{"schema_version": 1}', "[" * 100000])
def test_a_record_of_another_shape(files: RunFiles, content: str) -> None:
    path, _record = start(files, ["h1"])
    pathlib.Path(path).write_text(content)
    with pytest.raises(InvalidOption, match="^fleet_job_record: "):
        files.find(RUN)


@pytest.mark.parametrize("content", ["[]", "5", "half", "[5]", '["/path"]', '{"play place": 5}'])
def test_an_index_of_another_shape(files: RunFiles, temporary: pathlib.Path, content: str) -> None:
    start(files, ["h1"])
    (temporary / "fleet_job_runs.json").write_text(content)
    with pytest.raises(InvalidOption, match="^fleet_job_record: "):
        files.find(RUN)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", ["fsync", "open", "replace"])
def test_a_note_that_cannot_be_written_raises_nothing(
    files: RunFiles, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    """Whatever step of the write fails: jobs run by then, and whoever waits for them goes on."""
    path, record = start(files, ["h1"])
    before = files.load(path).data
    real = getattr(os, call)

    def fail(*given: object, **options: object) -> object:
        if call == "open" and not given[1] & os.O_WRONLY:  # type: ignore[operator]
            return real(*given, **options)
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        noted, trouble = files.note(path, lambda record: record.stop("reason", "budget", 5))
    assert noted is not None
    assert noted.data["stopped"] == "reason"
    assert trouble == f"fleet_job_record: cannot write {path}: {os.strerror(number)}"
    assert files.load(path).data == before


def test_a_note_in_a_record_that_cannot_be_read(files: RunFiles) -> None:
    path, _record = start(files, ["h1"])
    pathlib.Path(path).write_text("[]")
    noted, trouble = files.note(path, lambda record: record.stop("reason", "budget", 5))
    assert noted is None
    assert trouble is not None
    assert pathlib.Path(path).read_text() == "[]", "what cannot be believed is not written over"
