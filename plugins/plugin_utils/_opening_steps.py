# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Steps of role ``fleet_job`` before the hooks and the jobs of a batch: may it start, and in which waves."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail, AnsibleError

from ..module_utils._errors import InvalidOption
from ..module_utils.domain.rollout._budget import FailureBudget
from ..module_utils.domain.rollout._gates import judge_approval, judge_failures, judge_open, judge_preflight
from ..module_utils.domain.rollout._preflight import problems_of
from ..module_utils.domain.rollout._run_record import PENDING, RunRecord
from ..module_utils.domain.rollout._waves import waves_of_servers
from ..module_utils.wiring._run_files import now_ms
from ._role_place import require_whole_batch, run_of
from ._step import Result, Step
from ._survey import server_ids_of, supernodes_in, survey_of
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
    own = step.own()
    name = run_of(step.task)
    path, record = step.files.find(name)
    total = len(hosts if record is None else record.hosts)
    budget = FailureBudget(own.get("max_failures"), total)
    if path is None or record is None:
        folder = None if step.task.check_mode else own.get("record")
        gates = (own["preflight"], own["supernodes"] if entry != "log_collect" else "off")
        asked = PENDING if any(gate != "off" for gate in gates) else "off"
        path, record = step.files.begin(name, entry, hosts, budget.text, asked, folder)
    number = len(record.data["batches"]) + 1
    wanted = own["approve"] == "batches" or (own["approve"] == "canary" and number == 2)
    approval = PENDING if wanted and not step.task.check_mode else "not_needed"
    step.run.note_later_failures(record)
    judge_failures(record, budget, now_ms())
    stopped = judge_open(record, now_ms())
    if not stopped:
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
        "progress": f"batch {number}, {len(batch)} servers; {len(record.seen) - len(batch)} of {total} had"
        f" their turn, {len(record.failed_hosts())} failed",
    }


def preflight(step: Step) -> Result:
    """Judge the whole run before its first job, and say all that is wrong at once."""
    with step.run.edit() as record:
        try:
            found, own = _problems(step, record)
        except (AnsibleError, InvalidOption) as error:
            record.stop(f"preflight: {error}", "preflight", now_ms())
            step.files.write(step.run.path, record)
            raise
        warnings, refused = judge_preflight(record, found, own, now_ms())
        step.warnings += warnings
    if refused:
        raise AnsibleActionFail(refused)
    return {}


def _problems(step: Step, record: RunRecord) -> tuple[dict[str, list[str]], Result]:
    """({gate: what is wrong with the run}, the variables of this host)."""
    own = step.own()
    requests, problems = step.requests(record).of(step.vars["ansible_play_hosts_all"])
    options = survey_of(step.task, requests, own, step.args["entry"])
    if options is None:
        return {"preflight": [], "supernodes": []}, own
    read = step.batch("read", **options, secret_spec=step.args["secret_spec"])
    if read.get("failed"):
        raise AnsibleActionFail(read["msg"], result={"error": read.get("error")})
    record.take_supernodes(supernodes_in(read, requests))
    secret_keys = frozenset(str(key) for key in own.get("secret_spec") or {})
    servers, software, templates, events = (read[name] for name in ("servers", "software", "templates", "events"))
    problems += problems_of(requests, servers, software, templates, secret_keys, events)
    return {"preflight": problems, "supernodes": read["supernode_problems"]}, own


def approve(step: Step) -> Result:
    """Take down what was answered: only the record lets the batch start."""
    with step.run.edit() as record:
        refused = judge_approval(record, str(step.args["answer"] or "").strip(), now_ms())
    if refused:
        raise AnsibleActionFail(refused)
    return {}
