# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The record of one run of role ``fleet_job``: what was wanted, and what came of each server.

It is written before each step that may change something and after it, so that the
record of an aborted run tells what may have happened. ``docs/run-record.md`` documents it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ..._shapes import Record
from ..._version import VERSION
from .._result import VERDICTS
from .._untrusted import LONGEST_LINE
from ._outcomes import Outcome

SCHEMA_VERSION = 2
PENDING, STARTING, NOT_STARTED = "pending", "starting", "not_started"
# What only the node knows: its job is done, and it runs something else, or nobody has asked it.
MISMATCH, REBOOT_PENDING, UNVERIFIED = "mismatch", "reboot_pending", "unverified"
RUNNING, ENDED, STOPPED = "running", "ended", "stopped"
# Why a run was stopped: what cannot be read from a record is not among them.
STOPPED_BY = (
    "budget",
    "window",
    "stop_file",
    "approval",
    "preflight",
    "supernodes",
    "hook",
    "all_failed",
    "interrupted",
)
# What is known of a run from its beginning, and its values where it is not.
FACTS: Mapping[str, object] = {
    "user": None,
    "command": None,
    "ansible_version": None,
    "batches_planned": 0,
    "window_end": None,
}
# What a server's verdict may be, in the order in which people want to read them.
ORDER = (*VERDICTS, MISMATCH, REBOOT_PENDING, UNVERIFIED, STARTING, NOT_STARTED, PENDING)


class RunRecord:
    """The record as a dictionary in ``data``, and the steps that change it.

    Times are milliseconds since the epoch on this machine's clock.
    """

    def __init__(self, data: Record) -> None:
        self.data = data

    @classmethod
    def begin(
        cls,
        run_id: str,
        entry: str,
        hosts: Iterable[str],
        max_failures: str | None,
        now: int,
        preflight: str = PENDING,
        process: Mapping[str, object] | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> RunRecord:
        """The record of a run that has not done anything.

        :param hosts: names of all hosts of the play, in its order.
        :param preflight: ``pending``, or ``off`` where nobody wants one.
        :param process: what tells later whether the controller's process is still there, see :func:`state_of`.
        :param facts: of :data:`FACTS`, those that are known.
        """
        return cls(
            {
                "schema_version": SCHEMA_VERSION,
                "collection_version": VERSION,
                "run_id": run_id,
                "entry": entry,
                "state": RUNNING,
                "process": dict(process or {}),
                **FACTS,
                **(facts or {}),
                "started_at": now,
                "updated_at": now,
                "ended_at": None,
                "max_failures": max_failures,
                "preflight": preflight,
                "stopped": None,
                "stopped_by": None,
                "reported": False,
                "logs_job_ids": [],
                "batches": [],
                "servers": [
                    {
                        "host": host,
                        "server_id": None,
                        "server_name": None,
                        "supernode_id": None,
                        "supernode_name": None,
                        "batch": None,
                        "verdict": PENDING,
                        "passed": None,
                        "status": None,
                        "message": None,
                        "job_id": None,
                        "driver_before": None,
                        "driver_after": None,
                        "firmware_before": None,
                        "firmware_after": None,
                        "submitted": None,
                        "started_at": None,
                        "ended_at": None,
                    }
                    for host in hosts
                ],
            }
        )

    @property
    def unsettled(self) -> bool:
        """Whether jobs of the newest batch were begun, and nothing says what came of its servers."""
        return bool(self.data["batches"]) and self.batch["phase"] in ("starting", "waiting")

    @property
    def hosts(self) -> list[str]:
        """All hosts of the run."""
        return [row["host"] for row in self.data["servers"]]

    @property
    def seen(self) -> set[str]:
        """The hosts of the batches so far."""
        return {row["host"] for row in self.data["servers"] if row["batch"] is not None}

    @property
    def batch(self) -> Record:
        """The newest batch."""
        newest: Record = self.data["batches"][-1]
        return newest

    @property
    def untouched(self) -> int:
        """How many hosts have not had their turn."""
        return sum(row["batch"] is None for row in self.data["servers"])

    def open_batch(self, hosts: Collection[str], now: int, approval: str = "not_needed") -> None:
        """Begin a batch; nothing is started yet.

        :param approval: ``pending`` where somebody has to say yes first.
        """
        number = len(self.data["batches"]) + 1
        self.data["batches"].append(
            {
                "number": number,
                "phase": "preparing",
                "approval": approval,
                "started_at": now,
                "ended_at": None,
                "groups": [],
                "jobs": [],
            }
        )
        for row in self._rows(hosts):
            row["batch"] = number
        self.data["updated_at"] = now

    def take_supernodes(self, supernode_of: Mapping[str, tuple[str | None, str | None]]) -> None:
        """The supernodes of the hosts, as the API has them.

        :param supernode_of: {host: (id, name)}; None for a server that is in none.
        """
        for row in self._rows(supernode_of):
            row["supernode_id"], row["supernode_name"] = supernode_of[row["host"]]

    @property
    def places(self) -> dict[str, Record]:
        """{host: supernode_id and supernode_name}, null where the server is in none or it was not read."""
        keys = ("supernode_id", "supernode_name")
        return {row["host"]: {key: row.get(key) for key in keys} for row in self.data["servers"]}

    @property
    def supernode_of(self) -> dict[str, str]:
        """{host: supernode id} of the hosts that are in one, as far as it was read."""
        return {row["host"]: row["supernode_id"] for row in self.data["servers"] if row["supernode_id"]}

    def starting(
        self, groups: list[Record], server_ids: Mapping[str, str], now: int, left_out: Mapping[str, str] | None = None
    ) -> None:
        """Before the first request that creates a job: from here on, one may exist.

        :param server_ids: {host: server id}.
        :param left_out: {host: why it gets no job}, and with an empty reason those that count as nothing.
        """
        self.batch["phase"] = "starting"
        self.batch["groups"] = groups
        for row in self._rows(server_ids):
            row.update(server_id=server_ids[row["host"]], verdict=STARTING, started_at=now)
        number = self.batch["number"]
        for row in self.data["servers"]:
            if row["batch"] == number and row["verdict"] == PENDING:
                reason = (left_out or {}).get(row["host"], "the host failed before its job was started")
                row.update(verdict=NOT_STARTED, passed=False if reason else None, ended_at=now)
                row["message"] = reason or "the host left the play before its job was started"
        self.data["updated_at"] = now

    def retrying(self, hosts: Collection[str], now: int) -> None:
        """Before failed servers are submitted again: from here on, further jobs may exist."""
        self.batch["phase"] = "starting"
        for row in self._rows(hosts):
            row.update(verdict=STARTING, passed=None, ended_at=None)
        self.data["updated_at"] = now

    def started(self, jobs: list[Record], outcomes: Mapping[str, Outcome], now: int) -> None:
        """After the jobs were started: what is known of each server so far.

        :param jobs: dictionaries with job_id, name, servers, action and error.
        :param outcomes: {host: outcome}, see :func:`._outcomes.outcomes_of`.
        """
        self.batch["phase"] = "waiting"
        self.batch["jobs"] = jobs
        for row in self._rows(outcomes):
            _take(row, outcomes[row["host"]])
            if row["verdict"] == "running":
                row["message"] = None  # what its outcome says of it is true only after the wait
            row["ended_at"] = now if row["verdict"] in ("done", "failed", NOT_STARTED) else None
        self.data["updated_at"] = now

    def settled(self, outcomes: Mapping[str, Outcome], now: int, hook: bool = False) -> None:
        """After the wait: the outcome of each host of the batch.

        :param hook: whether tasks follow that may fail a host that is done: the user's, or those that ask its node.
        """
        for row in self._rows(outcomes):
            _take(row, outcomes[row["host"]])
            asked = outcomes[row["host"]]["verdict"] != UNVERIFIED
            row["passed"] = outcomes[row["host"]]["ok"] if asked else None
            row["ended_at"] = row["ended_at"] or outcomes[row["host"]].get("ended_at") or now
        self.data["updated_at"] = now
        self.batch["phase"] = "after"
        if not hook:
            self.closed(now)

    def closed(self, now: int) -> None:
        """The batch is over; with the last one, the run is."""
        for row in self.data["servers"]:
            if row["verdict"] == UNVERIFIED and row["batch"] == self.batch["number"]:
                row["passed"] = False
        self.batch.update(phase="ended", ended_at=now)
        self.data["updated_at"] = now
        if self.data["state"] == RUNNING and not self.untouched:
            self.data.update(state=ENDED, ended_at=now)

    def left_before(self, hosts: Iterable[str], now: int) -> None:
        """Hosts that left the play before their batch: they failed, or were ended, in a task before the role."""
        number = self.batch["number"]
        for row in self._rows(set(hosts)):
            if row["batch"] is None:
                row.update(batch=number, verdict=NOT_STARTED, message="the host left the play before its batch")
                row["ended_at"] = now
        self.data["updated_at"] = now

    def lost_later(self, hosts: Iterable[str], now: int) -> None:
        """Hosts that a task failed later, such as one of ``fleet_job_after``, or before their batch had jobs."""
        for row in self._rows(set(hosts)):
            if row["verdict"] == PENDING and row["batch"] is not None:
                row.update(verdict=NOT_STARTED, passed=False, ended_at=now)
                row["message"] = "the host failed before its job was started"
            if row["verdict"] == "done":
                row.update(
                    verdict="failed", passed=False, message="its job is done; a task after it failed", ended_at=now
                )
        self.data["updated_at"] = now

    def ended_early(self, hosts: Iterable[str]) -> None:
        """Hosts on which no task failed, and for which Ansible ended the play with ``fleet_job_after`` before them."""
        if not self.data["batches"] or self.batch["phase"] != "after":
            return
        for row in self._rows(set(hosts)):
            if row["verdict"] == "done" and row["batch"] == self.batch["number"]:
                row.update(verdict="failed", passed=False)
                row["message"] = "its job is done; the play was ended before fleet_job_after was through"

    def stop(self, reason: str, by: str, now: int) -> None:
        """Nothing further is started; the first reason stays.

        :param by: one of :data:`STOPPED_BY`.
        """
        if self.data["stopped"] is None:
            self.data.update(state=STOPPED, stopped=reason, stopped_by=by, ended_at=now, updated_at=now)

    def failed_hosts(self) -> list[str]:
        """The hosts whose server did not do what was wanted, of those that had their turn.

        One that still runs has not failed: nobody knows yet.
        """
        return [row["host"] for row in self.data["servers"] if row["passed"] is False and row["verdict"] != "running"]

    def running_hosts(self) -> list[str]:
        """The hosts whose job goes on although nobody waits for it any more."""
        return [row["host"] for row in self.data["servers"] if row["passed"] is False and row["verdict"] == "running"]

    def _rows(self, hosts: Collection[str]) -> list[Record]:
        wanted = set(hosts)
        return [row for row in self.data["servers"] if row["host"] in wanted]


def _take(row: Record, outcome: Outcome) -> None:
    """What an outcome tells of a server; where no job could be created for it, it was not started."""
    # Once submitted by this run, also where a retry is not.
    row.update(
        verdict=outcome["verdict"], job_id=outcome["job_id"], submitted=bool(row["submitted"]) or outcome["changed"]
    )
    if outcome["verdict"] == "planned" and not outcome["ok"]:
        row["verdict"] = NOT_STARTED
    texts = {key: outcome[key] for key in ("server_name", "status")}
    texts["message"] = outcome["message"] or outcome.get("text")
    texts.update(outcome.get("versions") or {})
    # Whatever a service puts into one, a record of 10,000 servers can be read.
    row.update({key: text if text is None else text[:LONGEST_LINE] for key, text in texts.items()})


def state_of(data: Record, alive: bool) -> tuple[str, str | None]:
    """(state, stopped_by) as a reader has to take them.

    :param alive: whether the process of ``data["process"]`` is still there. A run that says ``running``
        and whose process is gone was interrupted: nothing could write that down when it happened.
    """
    if data["state"] == RUNNING and not alive:
        return STOPPED, "interrupted"
    return data["state"], data["stopped_by"]
