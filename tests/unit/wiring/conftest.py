# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the wiring layer share: no connection variables, and modules that run in this process."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes

ROOT = pathlib.Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's credentials and proxies reaches a test."""
    for name in list(os.environ):
        if name.upper().startswith(("HW_", "HUAWEICLOUD_", "LITESERVER_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)


@pytest.fixture
def root() -> pathlib.Path:
    """The root of the collection."""
    return ROOT


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs something as a module with these options; returns what it printed, as data and as text."""

    def run(function: Callable[[], None], options: dict[str, Any], **arguments: Any) -> tuple[dict[str, Any], str]:
        internal = {f"_ansible_{name}": value for name, value in arguments.items()}
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(ImportError, AttributeError):  # ansible-core 2.16
                from ansible.module_utils import _internal

                # In a process that has imported action plugins too, a module's warnings would go to the terminal.
                monkeypatch.setattr(_internal, "is_controller", False)
            try:
                from ansible.module_utils.testing import patch_module_args
            except ImportError:  # ansible-core 2.16
                text = json.dumps({"ANSIBLE_MODULE_ARGS": {**options, **internal}})
                monkeypatch.setattr(basic, "_ANSIBLE_ARGS", to_bytes(text))
            else:
                stack.enter_context(patch_module_args({**options, **internal}))
            with pytest.raises(SystemExit):
                function()
        text = capsys.readouterr().out
        return json.loads(text), text

    return run
