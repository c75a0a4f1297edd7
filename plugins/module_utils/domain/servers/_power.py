# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Power: bring servers to be started, stopped, or rebooted once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from ..._errors import (
    ApiError,
    InvalidOption,
    LiteServerError,
    NotFound,
    OutcomeUnknown,
    PowerRefused,
    ServersFailed,
    WaitTimedOut,
)
from ..._shapes import Record
from .._api import Api
from .._ids import check_ids
from .._operation import Given
from .._progress import Progress
from .._result import ServerRow, Verdict, concealed_row, ids_with, server_row, task_result
from .._waiting import GO_ON_WAITING, WaitLimits, check_wait_options, growing_pauses, timed_out_error, watch
from .._wording import name_servers
from ._model import FAILED_STATUSES, read_servers, server_record

# While a reboot was accepted but not seen yet, polls are no further apart, in seconds:
# a REBOOTING between two polls would be missed, and the RUNNING after it not believed.
REBOOT_POLL_PAUSE = 5


@dataclass(frozen=True)
class Verb:
    """A power action, and the server statuses that matter to it.

    Source: the statuses of the vendor's SDK 3.1.219, and the vendor's help on stopping
    ("only servers in running / stop failed may be stopped").

    :ivar method: of the service.
    :ivar target: the status that is wanted.
    :ivar under_way: statuses on the way to it, in which nothing is sent.
    :ivar sent_from: statuses in which the action is sent.
    """

    method: str
    target: str
    under_way: frozenset[str]
    sent_from: frozenset[str]


VERBS = {
    "started": Verb(
        "start_server",
        "RUNNING",
        frozenset(["STARTING", "REBOOTING"]),
        frozenset(["STOPPED", "START_FAILED", "REBOOT_FAILED"]),
    ),
    "stopped": Verb("stop_server", "STOPPED", frozenset(["STOPPING"]), frozenset(["RUNNING", "STOP_FAILED"])),
    "rebooted": Verb("reboot_server", "RUNNING", frozenset(["REBOOTING"]), frozenset(["RUNNING", "REBOOT_FAILED"])),
}


@dataclass(frozen=True)
class ServerPower:
    """A server, and what was done to it.

    :ivar before: its status before anything was sent, or None where the service tells none.
    :ivar status: as seen last.
    :ivar left: whether any other status than ``before`` was seen since. Only then does a
        status say something about the action: a reboot begins and ends in RUNNING.
    :ivar planned: whether the action is to be sent.
    :ivar sent: whether it was, as far as can be told.
    :ivar lost: whether no answer came, and nothing shows that it was carried out.
    :ivar gone: whether the server is not found any more.
    :ivar refusal: why it is not done for this server, in the service's words or ours, or None.
    """

    before: str | None
    name: str | None = None
    status: str | None = None
    left: bool = False
    planned: bool = False
    sent: bool = False
    lost: bool = False
    gone: bool = False
    refusal: str | None = None

    def saw(self, raw: Record) -> ServerPower:
        """The same after the service's record of it was read."""
        server = server_record(raw)
        left = self.left or server["status"] != self.before
        name = server["name"] or self.name
        return replace(self, status=server["status"], left=left, lost=self.lost and not left, name=name)


def verdict_of(server: ServerPower, verb: Verb) -> Verdict:
    """What the state of a server means."""
    if server.refusal is not None:
        return "failed"
    if server.lost or server.gone:
        return "unknown"
    if server.planned and not server.sent:
        return "planned"
    if server.left or not server.sent:
        if server.status == verb.target:
            return "done"
        if server.status in FAILED_STATUSES:
            return "failed"
    return "running"


class Power:
    """An operation: one run of ``liteserver_power``."""

    def __init__(self, given: Given) -> None:
        self._given, self._clock, self._options = given, given.clock, given.options
        self._started = self._clock.now()
        self._verb = VERBS[self._options["state"]]
        self._server_ids: tuple[str, ...] = ()
        self._servers: dict[str, ServerPower] = {}  # by server id
        self._timed_out = False
        self.warnings: list[str] = []

    def prepare(self) -> None:
        """Check the options; raises InvalidOption before any request is sent."""
        check_wait_options(self._options)
        if self._options["state"] == "stopped" and not self._options["force"]:
            raise InvalidOption(
                "force: state=stopped is a forced power-off that interrupts whatever runs; set force=true if that is"
                " what you want"
            )
        self._server_ids = check_ids("server_ids", self._options["server_ids"])

    def run(self, api: Api) -> None:
        """Bring it about.

        :raises PowerRefused: before anything is sent, where a server's status does not allow it.
        """
        for server_id, raw in read_servers(api, self._server_ids).items():
            if raw is None:
                self._servers[server_id] = ServerPower(before=None, gone=True)
                continue
            record = server_record(raw)
            planned = record["status"] in self._verb.sent_from
            self._servers[server_id] = ServerPower(record["status"], record["name"], record["status"], planned=planned)
        self._require_fit_statuses()
        if self._given.check_mode:
            return
        for server_id, server in self._servers.items():
            if server.planned:
                self._send(api, server_id)
        if self._options["wait"]:
            self._wait(api)
        self._judge_the_end()

    def _require_fit_statuses(self) -> None:
        fit = self._verb.sent_from | self._verb.under_way | {self._verb.target}
        unfit = [server_id for server_id in self._server_ids if self._servers[server_id].before not in fit]
        if not unfit:
            return
        for server_id in unfit:
            server = self._servers[server_id]
            if not server.gone:
                self._servers[server_id] = replace(server, refusal=f"its status is {server.status or 'not known'}")
        rows = [self._row(server_id) for server_id in unfit]
        raise PowerRefused(
            f"{len(unfit)} of {len(self._server_ids)} servers cannot be {self._options['state']}:"
            f" {name_servers(rows)}. Nothing was sent",
            hint="wait until they are in another status, start a stopped one before a reboot, or leave them out",
        )

    def _send(self, api: Api, server_id: str) -> None:
        """Send the action once, or after a lost answer what the state then asks for."""
        try:
            self._act(api, server_id)
        except OutcomeUnknown:
            self._servers[server_id] = replace(self._servers[server_id], sent=True, lost=True)
            self._check_after_loss(api, server_id)
        except ApiError as error:
            self._refused(server_id, error)

    def _refused(self, server_id: str, error: ApiError) -> None:
        """What concerns this server alone does not hold up the others."""
        if error.retryable or error.http_status in (401, 403):
            raise error
        self._servers[server_id] = replace(self._servers[server_id], refusal=error.message)

    def _act(self, api: Api, server_id: str) -> None:
        answer = getattr(api, self._verb.method)(server_id)
        self._servers[server_id] = replace(self._servers[server_id], sent=True, lost=False).saw(answer)

    def _check_after_loss(self, api: Api, server_id: str) -> None:
        for _pause in growing_pauses(self._clock, self._options["request_timeout"]):
            try:
                self._servers[server_id] = self._servers[server_id].saw(api.get_server(server_id))
            except NotFound:
                self._servers[server_id] = replace(self._servers[server_id], gone=True)
                return
            if self._servers[server_id].left:
                return
        if self._options["state"] == "rebooted":
            return  # never a second time: it may have been carried out between two polls
        try:
            self._act(api, server_id)  # starting or stopping once more does no harm
        except OutcomeUnknown:
            return
        except ApiError as error:
            self._refused(server_id, error)

    # --- the wait and its end ---

    def _wait(self, api: Api) -> None:
        rebooted = self._options["state"] == "rebooted"
        limits = WaitLimits.of(self._options)
        if rebooted:
            limits = replace(limits, longest_pause=min(limits.longest_pause, REBOOT_POLL_PAUSE))
        state = watch(
            dict(self._servers),
            partial(self._poll, api),
            self._servers.update,
            ended=lambda _server_id, server: verdict_of(server, self._verb) != "running",
            gone=lambda server: replace(server, gone=True),
            rows=self._rows,
            clock=self._clock,
            limits=limits,
            progress=Progress(
                self._options["state"], self._options["progress"], self._clock.now(), self._given.write_progress
            ),
            resume=None if rebooted else GO_ON_WAITING,
        )
        if state.timed_out:
            self._timed_out = True
            raise self._wait_timed_out(state.last_error)

    def _poll(self, api: Api, server_ids: list[str]) -> Mapping[str, ServerPower | LiteServerError | None]:
        try:
            records = read_servers(api, server_ids, polling=True)
        except LiteServerError as error:
            if not error.retryable:
                raise
            return dict.fromkeys(server_ids, error)
        return {
            server_id: None if raw is None else self._servers[server_id].saw(raw) for server_id, raw in records.items()
        }

    def _wait_timed_out(self, last_error: LiteServerError | None) -> WaitTimedOut:
        rebooted = self._options["state"] == "rebooted"
        hint = "check the servers before you reboot them again" if rebooted else GO_ON_WAITING
        return timed_out_error(self._options, self._rows(), self._options["state"], last_error, hint, not rebooted)

    def _judge_the_end(self) -> None:
        rows = self._rows()
        failed = [row for row in rows if row["verdict"] == "failed"]
        unknown = [row for row in rows if row["verdict"] == "unknown"]
        if not failed and not unknown:
            return
        texts = []
        if failed:
            texts.append(f"{len(failed)} of {len(rows)} servers failed: {name_servers(failed)}")
        if unknown:
            texts.append(f"{len(unknown)} of {len(rows)} servers have no known outcome: {name_servers(unknown)}")
        raise ServersFailed(
            "; ".join(texts),
            hint="check these servers; the others are as in the result",
            outcome="unknown" if unknown else None,
        )

    # --- what is known ---

    def _row(self, server_id: str) -> ServerRow:
        server = self._servers.get(server_id)
        if server is None:
            return server_row(server_id, "unknown")
        row = server_row(server_id, verdict_of(server, self._verb))
        message = server.refusal
        if server.gone:
            message = "not found"
        elif server.lost:
            message = "the request got no answer, and nothing shows that it was carried out"
        elif row["verdict"] == "running" and server.sent and not server.left:
            message = f"accepted, but still {server.status}"
        row["server_name"], row["status"], row["message"] = server.name, server.status, message
        return concealed_row(row, self._given.conceal)

    def _rows(self) -> list[ServerRow]:
        return [self._row(server_id) for server_id in self._server_ids]

    def result(self) -> Record:
        """Every key of the result but ``msg`` and ``error``."""
        rows = self._rows()
        sent = [
            server_id for server_id in self._server_ids if server_id in self._servers and self._servers[server_id].sent
        ]
        if self._given.check_mode:
            sent = ids_with(rows, "planned")
        return task_result(
            changed=bool(sent),
            action="none" if not sent else "planned" if self._given.check_mode else "sent",
            rows=rows,
            submitted=sent,
            timed_out=self._timed_out,
            elapsed=self._clock.now() - self._started,
        )

    def diff(self) -> Record:
        """The status of each server before and after, for ``--diff``."""
        before = {server_id: server.before for server_id, server in self._servers.items()}
        after = {
            server_id: self._verb.target if server.planned and self._given.check_mode else server.status
            for server_id, server in self._servers.items()
        }
        if self._options["state"] == "rebooted":
            sent = set(self.result()["submitted_server_ids"])
            rebooted = "to be rebooted" if self._given.check_mode else "rebooted"
            after = {
                server_id: f"{status}, {rebooted}" if server_id in sent else status
                for server_id, status in after.items()
            }
        return {"before": before, "after": after, "before_header": "servers", "after_header": "servers"}
