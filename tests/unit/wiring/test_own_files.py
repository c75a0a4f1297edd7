# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a folder and a file are, and who else may write there; in another user's eyes too, without being root."""

from __future__ import annotations

import grp
import os
import pathlib
import pwd
from types import SimpleNamespace

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring import _own_files as own_files
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._own_files import check_folder, read_own_file

STRANGER = 54321


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder of this user's in another one."""
    folder = tmp_path / "above" / "folder"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def as_stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process belongs to somebody else than the files, and root does not count."""
    monkeypatch.setattr(own_files.os, "geteuid", lambda: STRANGER)
    monkeypatch.setattr(own_files, "_ROOT", STRANGER)


def test_folders_of_ones_own(folder: pathlib.Path) -> None:
    check_folder(str(folder))
    (folder / "file").write_text("text")
    assert read_own_file(str(folder / "file"), 4) == "text"


def test_a_folder_of_a_stranger(folder: pathlib.Path, as_stranger: None) -> None:
    with pytest.raises(PermissionError, match="belongs to user"):
        check_folder(str(folder))
    with pytest.raises(PermissionError, match="belongs to user"):
        check_folder(str(folder), above=False)


def test_a_file_of_a_stranger(folder: pathlib.Path, as_stranger: None) -> None:
    (folder / "file").write_text("text")
    with pytest.raises(PermissionError, match="it belongs to user"):
        read_own_file(str(folder / "file"), 4)


def test_a_file_of_roots_is_not_ones_own(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has written it, whatever root may do."""
    (folder / "file").write_text("text")
    monkeypatch.setattr(own_files, "_ROOT", os.geteuid())
    monkeypatch.setattr(own_files.os, "geteuid", lambda: STRANGER)
    check_folder(str(folder), above=False)
    with pytest.raises(PermissionError, match="it belongs to user"):
        read_own_file(str(folder / "file"), 4)


@pytest.mark.parametrize("mode", [0o777, 0o757, 0o707, 0o702])
def test_a_folder_for_everybody(folder: pathlib.Path, mode: int) -> None:
    folder.chmod(mode)
    with pytest.raises(PermissionError, match=f"^.*{folder} may be written by everybody"):
        check_folder(str(folder))
    folder.chmod(mode | 0o1000)
    check_folder(str(folder))
    folder.chmod(0o700)
    folder.parent.chmod(mode)
    with pytest.raises(PermissionError, match="above may be written by everybody"):
        check_folder(str(folder))
    check_folder(str(folder), above=False)


@pytest.mark.parametrize(
    ("name", "members", "fine"),
    [
        ("me", [], True),
        ("me", ["me"], True),
        ("me", ["me", "other"], False),
        ("team", ["me"], False),
        ("team", [], False),
    ],
)
def test_a_folder_for_a_group(
    folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, name: str, members: list[str], fine: bool
) -> None:
    """The group that a system makes for each user is the user."""
    folder.chmod(0o770)
    monkeypatch.setattr(own_files, "_ROOT", -1)
    monkeypatch.setattr(grp, "getgrgid", lambda gid: SimpleNamespace(gr_name=name, gr_mem=members))
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: SimpleNamespace(pw_name="me"))
    if fine:
        check_folder(str(folder), above=False)
    else:
        with pytest.raises(PermissionError, match=f"may be written by group {name}"):
            check_folder(str(folder), above=False)


def test_a_group_that_nobody_knows(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_gid: int) -> None:
        raise KeyError

    folder.chmod(0o770)
    monkeypatch.setattr(own_files, "_ROOT", -1)
    monkeypatch.setattr(grp, "getgrgid", unknown)
    with pytest.raises(PermissionError, match="may be written by group [0-9]"):
        check_folder(str(folder), above=False)


@pytest.mark.parametrize("mode", [0o666, 0o622, 0o602])
def test_a_file_for_everybody(folder: pathlib.Path, mode: int) -> None:
    (folder / "file").write_text("text")
    (folder / "file").chmod(mode)
    with pytest.raises(PermissionError, match="it may be written by everybody"):
        read_own_file(str(folder / "file"), 4)


def test_what_is_no_file(folder: pathlib.Path) -> None:
    """A pipe is not waited for, and a link is not followed."""
    os.mkfifo(folder / "pipe")
    (folder / "file").write_text("text")
    (folder / "link").symlink_to(folder / "file")
    with pytest.raises(OSError, match="no file but a pipe"):
        read_own_file(str(folder / "pipe"), 4)
    with pytest.raises(OSError, match="no file but a pipe|Is a directory"):
        read_own_file(str(folder), 4)
    with pytest.raises(OSError, match="symbolic links"):
        read_own_file(str(folder / "link"), 4)
    with pytest.raises(OSError, match="more than"):
        read_own_file(str(folder / "file"), 3)
    with pytest.raises(OSError, match="is no folder"):
        check_folder(str(folder / "file"))
