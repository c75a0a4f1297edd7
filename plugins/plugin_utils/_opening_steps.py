# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Steps of role ``fleet_job`` before the hooks and the jobs of a batch: may it start, and in which waves."""

from __future__ import annotations

import sys

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.release import __version__ as ansible_version

from ..module_utils._errors import InvalidOption
from ..module_utils.domain.rollout._budget import FailureBudget
from ..module_utils.domain.rollout._gates import (
    judge_approval,
    judge_failures,
    judge_open,
    judge_preflight,
    refusal,
)
from ..module_utils.domain.rollout._preflight import problems_of
from ..module_utils.domain.rollout._run_record import PENDING, RunRecord
from ..module_utils.domain.rollout._supernodes import batches_of
from ..module_utils.domain.rollout._waves import waves_of_servers
from ..module_utils.wiring._run_files import now_ms
from ._aftercare import check_aftercare
from ._command_line import continuing, started_by
from ._role_place import require_whole_batch, run_of
from ._step import Result, Step
from ._survey import server_ids_of, supernodes_in, survey_of
from ._turn import await_turn, checked_turn
from ._visible_wait import show
from ._wave_file import WaveFile


def waves(step: Step) -> Result:
    """Before the role, in a play of its own: the hosts of this play by supernode and name, and in which waves."""
    server_of = server_ids_of(step.task, step.templar, step.vars)
    read = step.batch("read", server_ids=[server_id for server_id in server_of.values() if server_id])
    if read.get("failed"):
        raise AnsibleActionFail(read["msg"], result={"error": read.get("error")})
    sizes = {name: step.args[name] for name in ("canary", "growth", "largest") if step.args[name] not in (None, "")}
    hosts, serial = waves_of_servers(server_of, read["servers"], **sizes)
    WaveFile(step.temporary).write({"hosts": hosts, "serial": serial})
    return {"waves": serial}


def open_batch(step: Step) -> Result:
    """A batch begins: find its run or begin one, and refuse where the run was stopped."""
    entry = step.args["entry"]
    require_whole_batch(step.task)
    WaveFile(step.temporary).take()
    batch, hosts = list(step.vars["ansible_play_batch"]), list(step.vars["ansible_play_hosts_all"])
    present = set(step.vars["ansible_play_hosts"])
    own = step.own
    name = run_of(step.task)
    path, record = step.files.find(name)
    total = len(hosts if record is None else record.hosts)
    budget = FailureBudget(own.get("max_failures"), total)
    begins = path is None or record is None
    if path is None or record is None:
        folder = None if step.task.check_mode else own.get("record")
        gates = (own["preflight"], own["supernodes"] if entry != "log_collect" else "off")
        asked = PENDING if any(gate != "off" for gate in gates) else "off"
        facts = _facts(step, own, hosts)
        path, record = step.files.begin(name, entry, hosts, budget.text, asked, folder, facts)
    news = step.news(path)
    if begins:
        news.began(record, path)
    number = len(record.data["batches"]) + 1
    wanted = own["approve"] == "batches" or (own["approve"] == "canary" and number == 2)
    approval = PENDING if wanted and not step.task.check_mode else "not_needed"
    step.run.note_later_failures(record)
    judge_failures(record, budget, now_ms())
    stopped = judge_open(record, now_ms())
    if not stopped and not step.task.check_mode:
        await_turn(record, own, step.clock, show)
        stopped = refusal(record) if record.data["stopped"] else None
    if stopped:
        news.ended(record)
    else:
        record.open_batch(batch, now_ms(), approval)
        record.left_before(set(hosts).difference(present), now_ms())
    try:
        step.files.write(path, record)
    except InvalidOption as error:
        if not stopped:
            raise
        raise AnsibleActionFail(f"{error.message.rstrip('.')}. {stopped}") from error
    if stopped:
        raise AnsibleActionFail(stopped)
    return {
        "preflight": record.data["preflight"] == PENDING,
        "approve": approval == PENDING,
        "number": number,
        "progress": news.opens(record, batch),
    }


def _facts(step: Step, own: Result, hosts: list[str]) -> Result:
    """What is known of a run from its beginning; what could never be right about it is an error."""
    check_aftercare(own, now_ms())
    return {
        "user": started_by(step.vars),
        "command": continuing(sys.argv, step.vars),
        "ansible_version": ansible_version,
        "batches_planned": len(batches_of(hosts, step.task.play.serial)),
        "window_end": checked_turn(own, now_ms()),
    }


def preflight(step: Step) -> Result:
    """Judge the whole run before its first job, and say all that is wrong at once."""
    own = step.own
    with step.run.edit() as record:
        try:
            found = _problems(step, record, own)
        except (AnsibleError, InvalidOption) as error:
            record.stop(f"preflight: {error}", "preflight", now_ms())
            step.news().ended(record)
            step.files.write(step.run.path, record)
            raise
        warnings, refused = judge_preflight(record, found, own, now_ms())
        step.warnings += warnings
        step.news().ended(record)
    if refused:
        raise AnsibleActionFail(refused)
    return {}


def _problems(step: Step, record: RunRecord, own: Result) -> dict[str, list[str]]:
    """{gate: what is wrong with the run}."""
    requests, problems = step.requests(record).of(step.vars["ansible_play_hosts_all"])
    options = survey_of(step.task, requests, own, step.args["entry"])
    if options is None:
        return {"preflight": [], "supernodes": []}
    read = step.batch("read", **options, secret_spec=step.args["secret_spec"])
    if read.get("failed"):
        raise AnsibleActionFail(read["msg"], result={"error": read.get("error")})
    record.take_supernodes(supernodes_in(read, requests))
    secret_keys = frozenset(str(key) for key in own.get("secret_spec") or {})
    servers, software, templates, events = (read[name] for name in ("servers", "software", "templates", "events"))
    problems += problems_of(requests, servers, software, templates, secret_keys, events)
    return {"preflight": problems, "supernodes": read["supernode_problems"]}


def approve(step: Step) -> Result:
    """Take down what was answered: only the record lets the batch start."""
    with step.run.edit() as record:
        refused = judge_approval(record, str(step.args["answer"] or "").strip(), now_ms())
        step.news().ended(record)
    if refused:
        raise AnsibleActionFail(refused)
    return {}
