# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: aggregate
short_description: Writes each result and the recap to a file, one JSON object a line
description:
  - For the tests only.
options:
  record_file:
    description: File to append to.
    type: path
    env:
      - name: RECORD_FILE
  counts_url:
    description: Address of the simulator's counts; with it, each result has the number of requests that had arrived by then.
    type: str
    env:
      - name: RECORD_COUNTS
"""


class CallbackModule(CallbackBase):
    """Appends a line for each result, and one for the recap."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result):
        self._write("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_unreachable(self, result):
        self._write("unreachable", result)

    def v2_runner_on_skipped(self, result):
        self._write("skipped", result)

    def v2_playbook_on_stats(self, stats):
        self._append({"recap": {host: stats.summarize(host) for host in stats.processed}})

    def _write(self, status, result):
        # The public names came with ansible-core 2.19; the others may go one day.
        task = getattr(result, "task", None) or result._task
        host = getattr(result, "host", None) or result._host
        value = getattr(result, "result", None) or result._result
        line = {"status": status, "task": task.get_name(), "host": host.get_name(), "result": value}
        if self.get_option("counts_url"):
            # No proxy may come between.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(self.get_option("counts_url"), timeout=60) as answer:
                line["total"] = json.load(answer)["total"]
        self._append(line)

    def _append(self, line):
        with open(self.get_option("record_file"), "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=_plain) + "\n")


def _plain(value):
    return dict(value) if isinstance(value, Mapping) else str(value)
