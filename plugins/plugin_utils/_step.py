# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What each step of role ``fleet_job`` has at hand: its task, its run, the role's variables, the API."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import cached_property
from typing import Any

from ansible import constants as C

from ..module_utils._clock import Clock, SystemClock
from ..module_utils._errors import LiteServerError
from ..module_utils.domain.rollout._budget import FailureBudget
from ..module_utils.domain.rollout._gates import judge_interruption
from ..module_utils.domain.rollout._report import page_of
from ..module_utils.domain.rollout._run_record import RunRecord
from ..module_utils.wiring._run_files import RunFiles, now_ms
from ._batch_run import run_batch
from ._host_requests import HostRequests
from ._host_variables import HostVariables
from ._open_run import OpenRun
from ._outcome_file import OutcomeFile
from ._report_page import html_page
from ._role_place import run_of
from ._run_news import RunNews

Result = dict[str, Any]
PAGES = {".md": page_of, ".html": html_page}
ARGUMENTS = frozenset(
    [
        *("step", "entry", "answer", "number", "secret_spec", "started", "mark"),
        *("canary", "growth", "largest", "records", "folder"),
    ]
)


class Step:
    """One task of action plugin ``fleet_job_step``.

    :ivar args: the arguments that are a step's; None where the task does not give one.
    :ivar vars: the variables that the task sees.
    :ivar temporary: Ansible's own folder of this process, removed at its end.
    :ivar files: the records of runs.
    :ivar clock: of this machine.
    :ivar warnings: what Ansible shows after the step.
    :param action: the action plugin.
    """

    def __init__(self, action: Any, task_vars: dict[str, Any]) -> None:
        self._action = action
        self.task, self.templar, self.vars = action._task, action._templar, task_vars
        self.args: dict[str, Any] = {name: self.task.args.get(name) for name in ARGUMENTS}
        self.temporary: str = C.DEFAULT_LOCAL_TMP
        self.files = RunFiles(self.temporary, PAGES)
        self.clock: Clock = SystemClock()
        self.warnings: list[Any] = []

    @cached_property
    def run(self) -> OpenRun:
        """The run that the step belongs to."""
        return OpenRun(self.files, self.task, self.vars)

    @cached_property
    def outcomes(self) -> OutcomeFile:
        """What came of the hosts of the newest batch."""
        return OutcomeFile(self.temporary, run_of(self.task))

    @cached_property
    def variables(self) -> HostVariables:
        """The role's variables, as each host sees them."""
        return HostVariables(self.task, self.templar, self.vars, self.args["entry"])

    @cached_property
    def own(self) -> Result:
        """The role's variables, as this step's own host sees them."""
        return self.variables.of(self.vars["inventory_hostname"])

    def requests(self, record: RunRecord) -> HostRequests:
        """What the hosts of the newest batch request."""
        return HostRequests(self.temporary, run_of(self.task), record, self.variables)

    def budget(self) -> Callable[[RunRecord], FailureBudget]:
        """From a record to its failure budget; read now, while a mistake can still be said."""
        text = self.own.get("max_failures")
        return lambda record: FailureBudget(text, len(record.hosts))

    def connection(self) -> Result:
        """The options of the connection that the task was given."""
        return {name: value for name, value in self.task.args.items() if name not in ARGUMENTS}

    def news(self, path: str | None = None) -> RunNews:
        """What the run lets people know.

        :param path: of its record, where it has only just begun.
        """
        return RunNews(self, path or self.run.path, self.own)

    def interrupted(self, reason: str) -> None:
        """Something ends this process within the step: write down why, and let people know, where its run has begun."""
        with contextlib.suppress(LiteServerError):
            path = self.files.path_of(run_of(self.task))
            if path is None:
                return
            self.files.note(path, lambda record: judge_interruption(record, reason, now_ms()))
            # Whatever was interrupted, this is no time to read variables: each step does so at its beginning.
            if "own" in self.__dict__:
                self.files.note(path, self.news(path).interrupted)

    def batch(self, work: str, **options: Any) -> Result:
        """Do a batch's work at the API, with the options of the connection that the task was given."""
        result = run_batch(self._action, self.vars, {**self.connection(), "work": work, **options})
        self.warnings += result.pop("warnings", None) or []
        return result
