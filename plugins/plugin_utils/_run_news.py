# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What a run lets people know: lines on the terminal, whatever Ansible shows of tasks that are ok, and a webhook."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._errors import InvalidOption
from ..module_utils.domain._untrusted import as_line
from ..module_utils.domain._wording import servers
from ..module_utils.domain.rollout._closing import (
    batch_lines,
    batch_title,
    closing_lines,
    estimate,
    result_of,
    standing,
    wrapped,
)
from ..module_utils.domain.rollout._notification import Kind, end_kind, event_of
from ..module_utils.domain.rollout._plan import plan_lines, plan_page
from ..module_utils.domain.rollout._run_record import ENDED, RUNNING, RunRecord
from ..module_utils.wiring._connection_options import environment_options
from ..module_utils.wiring._replaced_file import replace_file
from ..module_utils.wiring._run_files import is_alive, now_ms
from ._aftercare import collect_logs
from ._command_line import continuing
from ._visible_wait import show

if TYPE_CHECKING:
    from ._step import Result, Step


class RunNews:
    """The news of one run, from one of its steps.

    In check mode only the plan is told, since nothing happens.

    :param path: of the record.
    :param own: the role's variables.
    """

    def __init__(self, step: Step, path: str, own: Result) -> None:
        self._step, self._own = step, own
        # A temporary one is gone before anybody could read it.
        self._path = None if os.path.dirname(path) == step.temporary else path
        self._check_mode = bool(step.task.check_mode)

    def began(self, record: RunRecord, path: str) -> None:
        """The first lines of a run: where it is kept, and where the one before it stands."""
        if self._check_mode:
            return
        data = record.data
        planned = data["batches_planned"]
        batches = "1 batch" if planned == 1 else f"{planned} batches"
        _show(wrapped(f"run {data['run_id']}: {servers(len(data['servers']))} in {batches}"))
        if self._path:
            show(f"record: {self._path}", stderr=False)
        before = self._step.files.before(path, data["entry"], record.hosts)
        if before is not None:
            _show(wrapped(_standing_before(self._step, *before)))
        self._notify("started", record)

    def opens(self, record: RunRecord, batch: Iterable[str]) -> str:
        """A batch begins; returns the line about it."""
        text = f"{batch_title(record.data)}: {servers(len(list(batch)))}"
        rest = estimate(record.data, self._own["soak"])
        text += f"; run: {standing(record.data['servers'])}" if len(record.data["batches"]) > 1 else ""
        text += f"; {rest}" if rest else ""
        if not self._check_mode:
            _show(wrapped(text))
        return text

    def settled(self, record: RunRecord) -> list[str]:
        """What came of a batch is known; returns the lines about it."""
        lines = batch_lines(record.data, self._own["soak"])
        if not self._check_mode:
            _show(lines)
            self._notify("batch", record)
        return lines

    def ended(self, record: RunRecord) -> None:
        """The run has ended or was stopped: aftercare, the last lines and the last event, once."""
        if record.data["state"] != RUNNING and not record.data["reported"] and not self._check_mode:
            collect_logs(self._step, record.data, self._own)
        self.interrupted(record)

    def interrupted(self, record: RunRecord) -> None:
        """The same without anything that takes time or starts something. The record remembers it."""
        data = record.data
        if data["state"] == RUNNING or data["reported"]:
            return
        data["reported"] = True
        if self._check_mode:
            if data["state"] == ENDED:
                self._show_plan(data)
            return
        left = data["state"] != ENDED or any(row["passed"] is False for row in data["servers"])
        _show(closing_lines(data, self._path, continuing(sys.argv, self._step.vars) if left else None))
        self._notify(end_kind(data), record)

    def _show_plan(self, data: dict[str, Any]) -> None:
        minutes = self._own.get("wave_minutes")
        pace = (None if minutes is None else minutes * 60, self._own["soak"])
        _show(["", *plan_lines(data, *pace)])
        file = self._own.get("plan_file")
        if not file:
            return
        path = os.path.realpath(os.path.expanduser(file))
        try:
            replace_file(path, plan_page(data, *pace))
        except OSError as error:
            raise InvalidOption(f"fleet_job_plan_file: cannot write {path}: {error.strerror or error}") from None
        show(f"plan: {path}", stderr=False)

    def _notify(self, kind: Kind, record: RunRecord) -> None:
        url = self._own.get("notify_url")
        if not url:
            return
        options = {**environment_options(), **self._step.connection()}
        verify = options.get("validate_certs")
        # As an option of a module would read it.
        options["validate_certs"] = verify is None or boolean(verify, strict=False)
        # Not above: it loads requests, and each of Ansible's workers is a copy of the process that loads this file.
        from ..module_utils.wiring._webhook import Webhook

        trouble = Webhook(url, options).send(event_of(kind, record.data, self._path, self._own["soak"]))
        if trouble:
            self._step.warnings.append(trouble)


def _standing_before(step: Step, path: str, record: RunRecord) -> str:
    """Where the run before this one stands; one that was killed is closed: its record and its pages say the same."""
    data = record.data
    alive = is_alive(data["process"]) if isinstance(data.get("process"), dict) else None
    if data["state"] == RUNNING and alive is False:
        record.stop("its ansible-playbook is gone; jobs that it started go on", "interrupted", now_ms())
        step.files.write(path, record)
    text = f"run before, {as_line(data['run_id'])}: {result_of(data)}: {standing(data['servers'])}"
    if data["state"] == RUNNING:
        text += "; it still runs" if alive else f"; it ran when {as_line(os.path.basename(path))} was written last"
    return text


def _show(lines: Iterable[str]) -> None:
    for line in lines:
        show(line, stderr=False)
