# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a batch, the closing block, the plan and the diff: they grow with what went wrong, and fit 80 columns."""

from __future__ import annotations

import pytest
from run_records import BEGIN, host, outcome, run_of

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._closing import (
    batch_lines,
    closing_lines,
    estimate,
    mixed_supernodes,
    reasons_of,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._plan import (
    change_lines,
    plan_lines,
    plan_page,
)

FAILED = {number: outcome(number, "failed", "npu busy") for number in range(3, 27)}


def test_many_failures_of_one_reason_are_one_line() -> None:
    record = run_of([60], FAILED)
    lines = closing_lines(record.data, "/records/run.json", "ansible-playbook up.yml")
    assert lines == [
        "",
        "result: ended with failures: 36 of 60 done, 24 failed",
        "failed: 24 servers",
        "  FAILED: npu busy: liteserver-[00003:00026] (24 servers)",
        "record: /records/run.json",
        "continue: ansible-playbook up.yml",
    ]


def test_a_batch_says_which_it_is_how_it_went_and_what_is_left() -> None:
    record = run_of([1, 3], {2: outcome(2, "failed", "npu busy")}, total=12, facts={"batches_planned": 4})
    assert batch_lines(record.data, soak=60) == [
        "batch 2 of 4: 2 of 3 done, 1 failed, 30 min 0 s; slowest liteserver-00004 with",
        "  29 min 55 s",
        "run: 3 of 12 done, 1 failed, 8 pending, 1 h 0 min 1 s; about 1 h 2 min 0 s left",
        "  FAILED: npu busy: liteserver-00002",
        "  job hdk_upgrade_24.1.rc3.10 00000000-0000-0000-0000-0000000f4242: 3 servers,",
        "    created",
    ]


def test_there_is_no_estimate_before_a_batch_with_jobs_has_ended() -> None:
    record = run_of([], total=3, facts={"batches_planned": 2})
    assert estimate(record.data) is None
    done_before = {1: outcome(1, changed=False)}
    assert estimate(run_of([1], done_before, total=3, facts={"batches_planned": 2}).data) is None
    assert estimate(run_of([1], total=3, facts={"batches_planned": 2}).data) == "about 30 min 0 s left"


def test_what_still_runs_is_told_with_its_job() -> None:
    record = run_of([3], {2: outcome(2, "running", ok=False)}, total=5)
    record.stop("the window ends", "window", BEGIN + 10)
    lines = closing_lines(record.data, None, "again")
    assert lines[1:3] == ["result: stopped by window: 2 of 5 done, 1 running, 2 pending", "reason: the window ends"]
    assert "still running: 1 server" in lines
    assert f"  job 00000000-0000-0000-0000-0000000f4240: {host(2)}" in lines
    assert not any(line.startswith("failed") for line in lines)


def test_supernodes_left_mixed_are_named() -> None:
    record = run_of([8], {2: outcome(2, "failed", "m")}, supernode_size=4)
    assert mixed_supernodes(record.data) == {"sn-00": (3, 4)}
    assert "supernodes left mixed: sn-00 (3 of 4 done)" in closing_lines(record.data, None, None)


def test_reasons_are_sorted_and_bounded() -> None:
    record = run_of([100], {number: outcome(number, "failed", f"reason {max(number, 2)}") for number in range(1, 41)})
    assert next(iter(reasons_of(record.data["servers"]).values())) == [host(1), host(2)]
    lines = closing_lines(record.data, None, None)
    assert "  and 24 more reasons; the record has them all" in lines
    assert len(lines) < 25


@pytest.mark.parametrize("size", [60, 500, 5000])
def test_nothing_grows_with_the_hosts(size: int) -> None:
    record = run_of([size], supernode_size=8)
    assert len(batch_lines(record.data)) + len(closing_lines(record.data, "/r", "c")) < 12


def test_hostile_texts_stay_on_their_line_and_lines_fit() -> None:
    message = "\x1b[2Jboom\n[WARNING]: x" + "\u4e2d" * 300
    record = run_of([3], {1: outcome(1, "failed", message)})
    for line in [*closing_lines(record.data, None, None), *batch_lines(record.data)]:
        assert line.isprintable()
        assert len(line) <= 79


# The plan


def test_the_plan_is_a_table_with_totals() -> None:
    found = {1: outcome(1, "done"), 5: outcome(5, "running", ok=True)}
    record = run_of([4, 4, 2], found, supernode_size=4, check_mode=True)
    assert plan_lines(record.data) == [
        "plan: hdk_upgrade_24.1.rc3.10, 10 servers in 3 waves. Nothing was created",
        " wave  servers  supernodes  to submit  done  to wait for",
        "    1        4  sn-00               3     1            0",
        "    2        4  sn-01               3     0            1",
        "    3        2  sn-02               2     0            0",
        "total       10  3                   8     1            1",
    ]
    assert plan_lines(record.data, 1800, 600)[-1] == (
        "time: 3 waves of at most 30 min 0 s, 10 min 0 s between them: at most 1 h 50 min 0 s"
    )


def test_what_would_fail_is_below_the_plan() -> None:
    found = {
        number: outcome(number, "running", "busy with another version", ok=False, status=None) for number in (1, 2)
    }
    found[3] = outcome(3, "unknown", "not known", ok=False, status=None)
    record = run_of([4], found, check_mode=True)
    lines = plan_lines(record.data)
    assert lines[-1] == "  not known: liteserver-00003"
    assert "would fail: 3 servers" in lines


@pytest.mark.parametrize(("servers", "supernode_size"), [(60, 3), (500, 48), (500, 0), (500, 7)])
def test_the_plan_fits_a_terminal_and_grows_with_the_waves(servers: int, supernode_size: int) -> None:
    sizes = [1, 3, 9, 27] + [10] * ((servers - 40) // 10)
    record = run_of(sizes, supernode_size=supernode_size, check_mode=True)
    lines = plan_lines(record.data)
    assert len(lines) <= len(sizes) + 4
    assert max(map(len, lines)) <= 80


def test_the_page_of_the_plan_has_every_host() -> None:
    record = run_of([4, 6], {1: outcome(1)}, supernode_size=4, check_mode=True)
    page = plan_page(record.data)
    assert "| 1 | 4 | sn-00 | 3 | 1 | 0 |" in page
    assert "- to submit (3): liteserver-&#91;00002:00004&#93;" in page
    assert "- done (1): liteserver-00001" in page
    assert "- to submit (6): liteserver-&#91;00005:00010&#93;" in page


def test_the_diff_names_hosts_once_for_each_kind_of_change() -> None:
    changes = [(host(n), "no task of these items", "to be submitted") for n in range(1, 500)]
    changes += [(host(500), "FAILED, these items, job 64e0c1f2", "to be submitted")]
    changes += [(host(501), "SUCCESS, these items", "SUCCESS, these items")]
    assert change_lines(changes) == [
        "+ to be submitted: 499 servers, liteserver-[00001:00499] (before: no task of these items)",
        "+ to be submitted: 1 server, liteserver-00500 (before: FAILED, these items)",
    ]
