# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a run may go on, by its record alone."""

from __future__ import annotations

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._budget import FailureBudget
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._gates import (
    judge_approval,
    judge_batch,
    judge_failures,
    judge_hook,
    judge_interruption,
    judge_open,
    judge_preflight,
    judge_start,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._run_record import (
    STOPPED_BY,
    RunRecord,
    state_of,
)

HOSTS = ["h1", "h2", "h3", "h4"]


def run(preflight="off", approval="not_needed", hosts=("h1", "h2")):
    """A run of four hosts whose first batch is open."""
    record = RunRecord.begin("run-1", "main", HOSTS, None, 1000, preflight)
    record.open_batch(list(hosts), 2000, approval)
    return record


def settled(*verdicts):
    """The same after the wait: a verdict for each host of the batch."""
    hosts = HOSTS[: len(verdicts)]
    record = run(hosts=hosts)
    record.starting([], {host: host for host in hosts}, 3000)
    record.settled(
        {
            host: {
                "server_id": host,
                "server_name": None,
                "status": None,
                "message": None,
                "job_id": "j",
                "job_name": "n",
                "changed": True,
                "verdict": verdict,
                "ok": verdict == "done",
            }
            for host, verdict in zip(hosts, verdicts, strict=True)
        },
        4000,
    )
    return record


def stop(record):
    return record.data["state"], record.data["stopped_by"]


@pytest.mark.parametrize(
    ("record", "stopped_by", "said"),
    [
        (run(), None, None),
        (run(preflight="passed"), None, None),
        (run(preflight="warned"), None, None),
        (run(approval="given"), None, None),
        (run(preflight="pending"), "preflight", "the preflight did not take place"),
        (run(approval="pending"), "approval", "batch 1 was not approved"),
        (RunRecord.begin("run-1", "main", HOSTS, None, 1000, "off"), None, "no batch was opened"),
        (settled("done", "done"), None, "the jobs of batch 1 were started before"),
        (settled("done", "done", "done", "done"), None, "the jobs of batch 1 were started before"),
    ],
)
def test_a_start_needs_every_gate(record, stopped_by, said):
    refused = judge_start(record, 5000)
    assert (refused is None) == (said is None)
    assert said is None or said in refused
    assert record.data["stopped_by"] == stopped_by


@pytest.mark.parametrize("by", STOPPED_BY)
def test_a_stopped_run_starts_and_opens_nothing_and_keeps_its_reason(by):
    record = run()
    record.stop("the reason.", by, 3000)
    record.stop("another", "budget", 4000)
    for refused in (judge_start(record, 5000), judge_open(record, 5000)):
        assert refused.startswith("this run was stopped, nothing more is started: the reason. ")
    record.closed(6000)
    assert (*stop(record), record.data["ended_at"]) == ("stopped", by, 3000)


def test_an_interruption_stops_what_goes_on_and_leaves_alone_what_has_ended():
    going, ended = run(), settled("done", "failed", "done", "done")
    ended.closed(4000)
    for record in (going, ended):
        judge_interruption(record, "Ctrl-C", 5000)
    assert (*stop(going), going.data["stopped"]) == ("stopped", "interrupted", "Ctrl-C")
    assert stop(ended) == ("ended", None)


@pytest.mark.parametrize(
    ("answer", "given"), [("yes", True), ("YES", True), ("", False), ("y", False), ("no", False), ("yes please", False)]
)
def test_only_yes_approves(answer, given):
    record = run(approval="pending")
    refused = judge_approval(record, answer, 3000)
    assert (refused is None) == given
    assert (judge_start(record, 4000) is None) == given
    assert (record.batch["approval"], record.data["stopped_by"]) == (
        ("given", None) if given else ("refused", "approval")
    )


@pytest.mark.parametrize(
    ("problems", "cuts", "mode", "guard", "preflight", "stopped_by"),
    [
        ([], [], "strict", "strict", "passed", None),
        (["one"], [], "warn", "strict", "warned", None),
        ([], ["one"], "strict", "warn", "warned", None),
        (["one", "two"], [], "strict", "strict", "pending", "preflight"),
        ([], ["one"], "strict", "strict", "pending", "supernodes"),
        ([], ["one"], "off", "strict", "pending", "supernodes"),
        (["one"], ["one"], "strict", "strict", "pending", "preflight"),
        (["one"], ["one"], "warn", "strict", "pending", "supernodes"),
        (["one"], ["one"], "off", "off", "off", None),
        (["one"], [], "off", "strict", "off", None),
    ],
)
def test_a_preflight_passes_warns_or_stops(problems, cuts, mode, guard, preflight, stopped_by):
    record = run(preflight="pending")
    found = {"preflight": problems, "supernodes": cuts}
    warnings, refused = judge_preflight(record, found, {"preflight": mode, "supernodes": guard}, 3000)
    assert len(warnings) == sum(bool(what) and how == "warn" for what, how in ((problems, mode), (cuts, guard)))
    assert bool(refused) is (stopped_by is not None)
    assert (record.data["preflight"], record.data["stopped_by"]) == (preflight, stopped_by)
    assert (judge_start(record, 4000) is None) == (stopped_by is None)


def test_a_batch_whose_end_is_not_known_lets_no_other_start():
    record = run()
    assert judge_open(record, 3000) is None
    record.starting([], {"h1": "s1"}, 3000)
    assert "the outcome of batch 1 is not known" in judge_open(record, 4000)
    assert stop(record) == ("stopped", "interrupted")


@pytest.mark.parametrize(
    ("verdicts", "limit", "stopped_by"),
    [
        (["failed", "done"], 0, "budget"),
        (["failed", "done"], 1, None),
        (["failed", "unknown"], 1, "budget"),
        (["failed", "running"], 1, None),
        (["running", "running"], 0, None),
        (["failed", "failed", "failed", "failed"], 0, None),
    ],
)
def test_the_budget_is_judged_when_a_batch_settles(verdicts, limit, stopped_by):
    """A server that still runs has not failed. Where nothing is left, there is nothing to stop."""
    record = settled(*verdicts)
    judge_failures(record, FailureBudget(limit, 4), 5000)
    assert record.data["stopped_by"] == stopped_by
    assert (judge_open(record, 6000) is None) == (stopped_by is None)


@pytest.mark.parametrize(
    ("verdicts", "percent", "fatal", "stopped_by"),
    [
        (["failed", "running"], None, False, "all_failed"),
        (["failed", "done"], None, False, None),
        (["failed", "done"], None, True, "budget"),
        (["failed", "done"], 50.0, False, None),
        (["failed", "done"], 49.0, False, "budget"),
        (["done", "done"], 0.0, True, None),
        (["failed", "failed", "failed", "failed"], 0.0, True, None),
    ],
)
def test_where_ansible_ends_the_play_the_record_says_why(verdicts, percent, fatal, stopped_by):
    record = settled(*verdicts)
    judge_batch(record, percent, fatal, 5000)
    assert record.data["stopped_by"] == stopped_by


@pytest.mark.parametrize(("passed", "failed", "stopped_by"), [(0, 2, "hook"), (1, 1, None), (0, 0, None)])
def test_a_hook_that_leaves_nobody_stops_the_run(passed, failed, stopped_by):
    record = run()
    judge_hook(record, passed, failed, 3000)
    assert record.data["stopped_by"] == stopped_by


def test_who_was_ended_counts_as_nothing_and_who_failed_counts():
    record = run()
    record.starting([], {}, 3000, {"h1": "", "h2": "the drain failed"})
    rows = {row["host"]: row for row in record.data["servers"]}
    assert [(rows[host]["verdict"], rows[host]["passed"]) for host in ("h1", "h2")] == [
        ("not_started", None),
        ("not_started", False),
    ]
    assert record.failed_hosts() == ["h2"]


def test_a_later_check_counts():
    record = settled("done", "done")
    record.lost_later(["h1"], 5000)
    judge_failures(record, FailureBudget(0, 4), 6000)
    assert stop(record) == ("stopped", "budget")


@pytest.mark.parametrize(("alive", "read"), [(True, ("running", None)), (False, ("stopped", "interrupted"))])
def test_a_run_whose_process_is_gone_was_interrupted(alive, read):
    assert state_of(run().data, alive) == read


def test_a_run_that_ended_did_so_whatever_became_of_its_process():
    assert state_of(settled("done", "done", "done", "done").data, False) == ("ended", None)
