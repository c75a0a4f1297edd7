# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: step_record
type: aggregate
short_description: Writes each task's result to a file, one JSON object a line
description:
  - For the tests only. Beside the result stands how many requests had reached the simulator by then.
options:
  record_file:
    description: File to append to.
    type: path
    env:
      - name: STEP_RECORD_FILE
  counts_url:
    description: Address that tells the simulator's counts.
    type: str
    env:
      - name: STEP_RECORD_COUNTS
"""


class CallbackModule(CallbackBase):
    """Appends a line for each result."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "step_record"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result):
        self._write("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write("failed", result)

    def v2_runner_on_unreachable(self, result):
        self._write("unreachable", result)

    def v2_runner_on_skipped(self, result):
        self._write("skipped", result)

    def _write(self, status, result):
        # No proxy may come between.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.get_option("counts_url"), timeout=60) as answer:
            counts = json.load(answer)
        # The public names came with ansible-core 2.19; the others may go one day.
        task = getattr(result, "task", None) or result._task
        value = getattr(result, "result", None) or result._result
        line = {"status": status, "name": task.get_name(), "total": counts["total"], "result": value}
        with open(self.get_option("record_file"), "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=_plain) + "\n")


def _plain(value):
    return dict(value) if isinstance(value, Mapping) else str(value)
