# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What the doctor's report is written with: files, and the versions of the programs around it."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable

from ansible.module_utils.ansible_release import __version__ as ANSIBLE_VERSION

from .._errors import InvalidOption
from .._version import VERSION
from ..transport._exchange import library_versions
from ._replaced_file import replace_file


def check_report(path: str) -> None:
    """Refuse a path at which no report can be written; raises InvalidOption."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.basename(path) or os.path.isdir(path):
        raise InvalidOption("is a folder, and has to be the name of a file", ("report",))
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidOption(f"{folder} is no folder, or this user may not write there", ("report",))


def report_writer(conceal: Callable[[str], str]) -> Callable[[str, str], None]:
    """A function that writes a file, readable for its owner only, without secrets; it raises InvalidOption."""

    def write(path: str, text: str) -> None:
        try:
            replace_file(path, conceal(text))
        except OSError as error:
            raise InvalidOption(f"{path} cannot be written: {error.strerror}", ("report",)) from error

    return write


def versions() -> dict[str, str | None]:
    """{name of a program: its version}."""
    return {
        "collection": VERSION,
        "ansible_core": ANSIBLE_VERSION,
        "python": platform.python_version(),
        **library_versions(),
    }
