# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Steps of role ``fleet_job`` around ``fleet_job_before``: on which hosts it runs, and where it came to its end."""

from __future__ import annotations

from ..module_utils.domain._wording import some_of
from ..module_utils.domain.rollout._gates import judge_hook
from ..module_utils.domain.rollout._outcomes import outcomes_of, parts_of
from ..module_utils.domain.rollout._requests import HostRequest, groups_of
from ..module_utils.wiring._run_files import now_ms
from ._role_place import run_of
from ._step import Result, Step


def needed(step: Step) -> Result:
    """Judge which hosts of the batch need a job or have one that runs: the hooks run on these."""
    own = step.own
    with step.run.edit() as record:
        left_out = step.run.left_out(record, hook="")
        batch = [host for host in step.vars["ansible_play_batch"] if host not in left_out]
        requests, problems = step.requests(record).of(batch)
        hosts = batch
        if own["hooks_on"] == "needed" and not problems:
            hosts = _in_need(step, requests)
        record.batch["hook_hosts"] = hosts
    others = len(batch) - len(hosts)
    text = f"{preparations(own)} runs on {len(hosts)} of {len(batch)} hosts"
    text += f": {some_of(hosts, 10)}" if hosts and others else ""
    return {"hosts": hosts, "summary": f"{text}; the others are done" if others else text}


def preparations(own: Result) -> str:
    """The variables whose tasks come before the jobs of a batch, empty where there are none.

    :param own: the role's variables.
    """
    named = {"before": own.get("before"), "drain": own.get("drain"), "verify": own.get("verify", "off") != "off"}
    return " and ".join(f"fleet_job_{name}" for name, is_set in named.items() if is_set)


def _in_need(step: Step, requests: list[HostRequest]) -> list[str]:
    """The hosts that are not known to be done."""
    groups, before = groups_of(requests), list(step.warnings)
    secret_spec = step.args["secret_spec"]
    judged = step.batch("judge", groups=groups, secret_spec=secret_spec, servers_per_job=len(requests) or 1)
    step.warnings = before  # the start gives them again
    outcomes = outcomes_of(*parts_of(groups, judged), [], [], True)
    return [host for host, outcome in outcomes.items() if outcome["verdict"] != "done"]


def hook_passed(step: Step) -> Result:
    """The last task of ``fleet_job_before`` on a host: without this note there is no job for it."""
    # A string where templates do not keep types.
    return {"run": run_of(step.task), "batch": int(step.args["number"])}


def hook_ended(step: Step) -> Result:
    """After ``fleet_job_before``, also where it failed: with no host left, Ansible ends the play here."""
    what = preparations(step.own)
    with step.run.edit() as record:
        out = step.run.left_out(record, hook=what)
        number = record.batch["number"]
        own = sum(row["batch"] == number for row in record.data["servers"])
        judge_hook(record, own - len(out), sum(map(bool, out.values())), now_ms(), what)
        step.news().ended(record)
    return {}
