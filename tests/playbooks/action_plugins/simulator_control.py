# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Works the simulator's control interface from the middle of a play; for the tests only."""

from __future__ import annotations

import json
import urllib.request

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Sends ``body`` with ``method`` to ``url``; anything but success is an exception."""

    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """One request."""
        result = super().run(tmp, task_vars)
        request = urllib.request.Request(
            self._task.args["url"],
            data=json.dumps(self._task.args["body"]).encode(),
            method=self._task.args["method"],
        )
        # No proxy may come between.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            answer.read()
        return {**result, "changed": False}
