# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Files that only this user can have written: whose they are, and who else may write where they lie."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat

_ROOT = 0


def check_folder(folder: str, above: bool = True) -> None:
    """Refuse a folder in which others can replace the files of this user; raises OSError.

    It, and each folder above it, has to belong to this user or to root, and only they may write there. In a folder
    with the sticky bit, such as /tmp, others may write too: they cannot replace what is not theirs.

    :param folder: an absolute path without links.
    :param above: whether to judge the folders above it too, whose owners could replace it as a whole.
    """
    while True:
        status = os.lstat(folder)
        if not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, f"{folder} is no folder")
        _check_owner(folder, status, (os.geteuid(), _ROOT))
        if not status.st_mode & stat.S_ISVTX:
            _check_writers(folder, status)
        parent = os.path.dirname(folder)
        if not above or parent == folder:
            return
        folder = parent


def read_own_file(path: str, most: int) -> str:
    """The text of a file that this user has written, and nobody else may; raises OSError or ValueError.

    :param most: bytes; a larger one is refused.
    """
    # Without waiting for whoever writes into a pipe, and without following a link.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, encoding="utf-8") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no file but a pipe, a folder or a device")
        _check_owner("it", status, (os.geteuid(),))
        _check_writers("it", status)
        if status.st_size > most:
            raise OSError(errno.EFBIG, f"it has more than {most >> 20} MiB")
        return file.read()


def _check_owner(what: str, status: os.stat_result, owners: tuple[int, ...]) -> None:
    if status.st_uid not in owners:
        raise PermissionError(
            errno.EPERM,
            f"{what} belongs to {_user(status.st_uid)}, who can replace what lies there; use a folder of your own",
        )


def _check_writers(what: str, status: os.stat_result) -> None:
    others = status.st_mode & stat.S_IWOTH
    if others or (status.st_mode & stat.S_IWGRP and not _only_this_user(status.st_gid)):
        who = "everybody" if others else f"group {_group(status.st_gid)}"
        raise PermissionError(
            errno.EPERM,
            f"{what} may be written by {who}; take that right away (chmod go-w), or use a folder of your own",
        )


def _only_this_user(gid: int) -> bool:
    """Whether a group has no members but this user and root, as the group that many systems make for each user."""
    try:
        group, name = grp.getgrgid(gid), pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return gid == _ROOT
    return (gid == _ROOT or group.gr_name == name) and {*group.gr_mem} <= {name, "root"}


def _user(uid: int) -> str:
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user {uid}"


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
