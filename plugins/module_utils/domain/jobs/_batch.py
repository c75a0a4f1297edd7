# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Many jobs by one process: those of a batch are started one after the other, and waited for side by side."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..._errors import InvalidOption, JobUnsettled, LiteServerError
from ..._shapes import Record
from .._api import Api
from .._operation import Given
from .._progress import Progress
from .._result import ServerRow, task_result
from .._waiting import GO_ON_WAITING, WaitLimits, check_wait_options, timed_out_error
from .._wording import servers, some_of
from ._decision import Standing
from ._follow import wait_for, warn_of_statuses
from ._model import Job
from ._remembering import RememberingApi
from ._result import job_record
from ._run import Run, attach_to_newest, diff_of, follow, job_ids_of, rows_of, servers_at, take_judgements
from ._start import judge_only, start
from ._wanted import Wanted, read_wanted

MOST_NAMES = 3  # of jobs, that a line names


def cut(server_ids: Iterable[str], supernode_of: Mapping[str, str], most: int) -> list[tuple[str, ...]]:
    """Servers in parts of at most ``most``; a supernode is in one part where it fits into one.

    :param supernode_of: {server id: supernode id}, without those that are in none.
    """
    units: dict[tuple[str, str], list[str]] = {}
    for server_id in server_ids:
        supernode = supernode_of.get(server_id)
        units.setdefault(("single", server_id) if supernode is None else ("supernode", supernode), []).append(server_id)
    parts: list[list[str]] = []
    for members in units.values():
        # The first part with room; a supernode that fits into none is cut, since no part is larger.
        for chunk in (members[at : at + most] for at in range(0, len(members), most)):
            room = next((part for part in parts if len(part) + len(chunk) <= most), None)
            if room is None:
                parts.append(list(chunk))
            else:
                room += chunk
    return [tuple(part) for part in parts]


@dataclass
class Part:
    """A job of a batch, or what was to become one.

    :ivar group: number of the group of equal requests that its servers belong to.
    :ivar error: why it failed, or None.
    """

    group: int
    run: Run
    wanted: Wanted
    error: LiteServerError | None = None

    def result(self) -> Record:
        """As ``liteserver_job`` would return it."""
        job = self.run.jobs.get(self.run.main_job_id or "")
        return {
            "group": self.group,
            **task_result(
                changed=bool(self.run.submitted),
                action=self.run.action,
                job=None if job is None else job_record(job.raw, self.wanted.secret_keys),
                job_ids=job_ids_of(self.run),
                rows=rows_of(self.run),
                submitted=self.run.submitted,
                timed_out=self.run.timed_out,
                elapsed=0,
            ),
            **_failure(self.error),
        }


def _failure(error: LiteServerError | None) -> Record:
    return {"failed": False} if error is None else {"failed": True, "msg": str(error), "error": error.as_result()}


class StartBatch:
    """Starts the jobs of a batch: an operation, see :class:`.._operation.Operation`.

    Each group of equal requests becomes jobs of at most ``servers_per_job`` servers, for exactly the servers that need
    one. A job that cannot be started holds up no other.

    :param options: ``groups`` (dictionaries with number, name, type, items, server_ids, options and supernodes),
        ``secret_spec``, ``servers_per_job``, ``unprepared`` (servers for which no job may be created) and
        ``request_timeout``.
    """

    def __init__(self, given: Given) -> None:
        self._given, self._clock, self._options = given, given.clock, given.options
        self._groups: list[tuple[int, Wanted, Mapping[str, str]]] = []
        self._parts: list[Part] = []
        self.warnings: list[str] = []

    def prepare(self) -> None:
        """Check the options; raises InvalidOption before any request is sent."""
        if self._options["servers_per_job"] < 1:
            raise InvalidOption("must be 1 or more", ("servers_per_job",))
        for group in self._options["groups"]:
            given = {"reuse": "same_name", "skipped": "ok", "template_check": "warn", "mark": True, **group["options"]}
            given |= {key: group[key] for key in ("name", "type", "items", "server_ids")}
            wanted, doubts = read_wanted({**given, "secret_spec": self._options.get("secret_spec")})
            self.warnings += map(str, doubts)
            self._groups.append((group["number"], wanted, group.get("supernodes") or {}))

    def run(self, api: Api) -> None:
        """Start them; what the service refuses is in the result of each job."""
        remembering = RememberingApi(api, self._clock)
        with contextlib.nullcontext() if self._given.check_mode else self._given.lock:
            for number, wanted, supernodes in self._groups:
                for server_ids in self._jobs_of(remembering, number, wanted, supernodes):
                    self._start(remembering, number, replace(wanted, server_ids=server_ids))
        self.warnings[:] = dict.fromkeys(self.warnings)  # what is true of all jobs is said once

    def _jobs_of(
        self, api: Api, number: int, wanted: Wanted, supernodes: Mapping[str, str]
    ) -> Iterable[tuple[str, ...]]:
        """The servers of each job of a group; none where the group as a whole may not be started."""
        most = self._options["servers_per_job"]
        unprepared = set(self._options.get("unprepared") or []).intersection(wanted.server_ids)
        if len(wanted.server_ids) <= most and not unprepared:
            return [wanted.server_ids]
        part = Part(number, self._run_of(wanted), wanted)
        try:
            judge_only(api, part.run, wanted, self._clock)
        except LiteServerError as error:
            part.error = error
            self._parts.append(part)
            return []
        # So that a resume makes one job of two failed servers, wherever in the group they stand.
        submit = [each for each in servers_at(part.run, Standing.SUBMIT) if each not in unprepared]
        kept = [server_id for server_id in wanted.server_ids if server_id not in set(submit)]
        if kept:
            self._parts.append(self._kept(part, kept, unprepared))
        return cut(submit, supernodes, most)

    def _kept(self, whole: Part, server_ids: Sequence[str], unprepared: Collection[str]) -> Part:
        """The servers for which nothing is started: they are done, or their job runs; or they were to be so."""
        run = self._run_of(replace(whole.wanted, server_ids=tuple(server_ids)))
        take_judgements(run, {server_id: whole.run.judged[server_id] for server_id in server_ids})
        part = Part(whole.group, run, whole.wanted)
        if running := servers_at(run, Standing.RUNNING):
            attach_to_newest(run, running)
        if changed := [each for each in servers_at(run, Standing.SUBMIT) if each in unprepared]:
            part.error = JobUnsettled(
                f"{servers(len(changed))} needed no job when the hooks ran, and would need one now: {some_of(changed)}."
                " Nothing was created for them",
                hint="run the same play again: the hooks then run on them",
            )
        return part

    def _start(self, api: Api, number: int, wanted: Wanted) -> None:
        part = Part(number, self._run_of(wanted), wanted)
        self._parts.append(part)
        try:
            start(api, part.run, wanted, self._clock, self._options["request_timeout"])
        except LiteServerError as error:
            part.error = error
        if not self._given.check_mode:
            warn_of_statuses(part.run, rows_of(part.run))

    def _run_of(self, wanted: Wanted) -> Run:
        return Run(
            server_ids=wanted.server_ids,
            title=wanted.name,
            skipped_ok=wanted.skipped_ok,
            is_reboot=wanted.is_reboot,
            check_mode=self._given.check_mode,
            conceal=self._given.conceal,
            warnings=self.warnings,
        )

    def result(self) -> Record:
        """``jobs``: the result of each part, in the order of the groups."""
        return {
            "changed": any(part.run.submitted for part in self._parts),
            "jobs": [part.result() for part in self._parts],
        }

    def diff(self) -> Record:
        """Each server before and after, for ``--diff``."""
        whole = diff_of(Run())
        for part in self._parts:
            of_part = diff_of(part.run)
            whole["before"].update(of_part["before"])
            whole["after"].update(of_part["after"])
        return whole


class EndTimes(Progress):
    """Lines about a wait, and when the end of each server was seen.

    :ivar seen: {server id: seconds on the clock}.
    """

    def __init__(self, name: str, every: float, started: float, write: Callable[[str], object]) -> None:
        super().__init__(name, every, started, write)
        self.seen: dict[str, float] = {}

    def saw(self, rows: list[ServerRow], now: float) -> None:
        """Take the servers' rows of one poll."""
        for row in rows:
            if row["verdict"] != "running":
                self.seen.setdefault(row["server_id"], now)
        super().saw(rows, now)


class WaitBatch:
    """Waits for the jobs of a batch side by side: an operation, see :class:`.._operation.Operation`.

    :param options: ``jobs`` (dictionaries with job_id, name, server_ids and skipped), ``again`` (whether the same play
        finds these jobs), and those of a wait.
    """

    def __init__(self, given: Given) -> None:
        self._given, self._clock, self._options = given, given.clock, given.options
        self._failure: LiteServerError | None = None
        self._last_error: LiteServerError | None = None
        self._ends: EndTimes | None = None
        self.warnings: list[str] = []
        self._runs: Sequence[Run] = [
            Run(
                server_ids=tuple(job["server_ids"]),
                title=job["name"],
                skipped_ok=job["skipped"] == "ok",
                is_reboot=job.get("is_reboot"),
                conceal=given.conceal,
                action="attached",
                warnings=self.warnings,
            )
            for job in self._options["jobs"] or []
        ]

    def prepare(self) -> None:
        """Check the options; raises InvalidOption before any request is sent."""
        check_wait_options(self._options)

    def run(self, api: Api) -> None:
        """Wait. What the service refuses is in the result of each job, beside what was known by then."""
        for run, job in zip(self._runs, self._options["jobs"] or [], strict=True):
            follow(run, Job(job["job_id"], job["name"]), run.server_ids)
        title = some_of(list(dict.fromkeys(run.title for run in self._runs)), MOST_NAMES)
        self._ends = progress = EndTimes(
            title, self._options["progress"], self._clock.now(), self._given.write_progress
        )
        resume = GO_ON_WAITING if self._options["again"] else None
        try:
            self._last_error = wait_for(api, self._runs, self._clock, WaitLimits.of(self._options), progress, resume)
        except LiteServerError as error:
            self._failure = error
        for run in self._runs:
            warn_of_statuses(run, rows_of(run))
        self.warnings[:] = dict.fromkeys(self.warnings)

    def result(self) -> Record:
        """``jobs``: what came of each, in the order of the option.

        ``ended_ago`` of a server is in seconds since its end was seen, or None.
        """
        return {"changed": False, "jobs": [self._result_of(run) for run in self._runs]}

    def _result_of(self, run: Run) -> Record:
        rows = rows_of(run)
        error = self._failure or run.failure
        if run.timed_out and error is None:
            error = timed_out_error(self._options, rows, "done", self._last_error, "the job goes on")
        known = any(job.raw for job in run.jobs.values())
        # Of a job that was never read, whoever started it knows more.
        shown = [{**row, "ended_ago": self._ended_ago(row["server_id"])} for row in rows if known or error is None]
        return {"servers": shown, "timed_out": run.timed_out, **_failure(error)}

    def _ended_ago(self, server_id: str) -> float | None:
        seen = self._ends.seen.get(server_id) if self._ends else None
        return None if seen is None else self._clock.now() - seen

    def diff(self) -> None:
        """Waiting changes nothing."""
        return None
