# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what happened on each host to a file: one JSON line per event, the last one with the recap."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: host_record
type: aggregate
short_description: Writes what happened on each host to a file
description:
  - For the tests of role fleet_job.
options:
  record_file:
    description: File to append to.
    type: path
    env:
      - name: HOST_RECORD_FILE
"""


class CallbackModule(CallbackBase):
    """Appends a line for each result, and one for the recap."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "host_record"
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
        self._append({"status": status, "task": task.get_name(), "host": host.get_name(), "result": value})

    def _append(self, line):
        with open(self.get_option("record_file"), "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=_plain) + "\n")


def _plain(value):
    return dict(value) if isinstance(value, Mapping) else str(value)
