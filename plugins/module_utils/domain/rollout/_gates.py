# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Whether a run may go on. The record alone decides: what Ansible made of an earlier failure does not count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .._wording import duration, servers
from ._budget import FailureBudget
from ._name_ranges import named
from ._run_record import PENDING, RUNNING, RunRecord
from ._schedule import batch_seconds, pace_of, shown_time

AGAIN = "running the same play again submits only servers that are not done"
# {stopped_by: what to do before that}, where it is not the reason itself that says so.
_BEFORE_AGAIN = {
    "window": "run it again in the next window, or set fleet_job_wave_minutes where a batch is known to take less",
    "stop_file": "remove the file",
}


# {gate: (its name in a message, what to do)} of what is judged before the first job.
_FIRST_GATES = {
    "preflight": ("preflight", "correct them, leave the hosts out with --limit, or set fleet_job_preflight=warn"),
    "supernodes": (
        "fleet_job_supernodes",
        "let whole supernodes take part, each in one batch and with one version, or set fleet_job_supernodes=warn",
    ),
}


def judge_preflight(
    record: RunRecord, found: Mapping[str, Sequence[str]], settings: Mapping[str, str], now: int
) -> tuple[list[str], str | None]:
    """Judge the whole run before its first job.

    :param found: {gate: problems}.
    :param settings: {gate: ``strict``, ``warn`` or ``off``}.
    :returns: (warnings, why nothing may be started, or None).
    """
    warnings: list[str] = []
    stops: list[str] = []
    texts: list[str] = []
    for gate, (name, _hint) in _FIRST_GATES.items():
        problems = [] if settings[gate] == "off" else found[gate]
        if not problems:
            continue
        text = f"{name}: {len(problems)} problems: " if len(problems) > 1 else f"{name}: "
        text += "; ".join(f"({number}) {problem}" for number, problem in enumerate(problems, 1))
        if settings[gate] == "warn":
            warnings.append(text)
        else:
            stops.append(gate)
            texts.append(text)
    if stops:
        record.stop(". ".join(texts), stops[0], now)
        hints = "; ".join(_FIRST_GATES[gate][1] for gate in stops)
        return warnings, f"{'. '.join(texts)}. No job was started. What to do: {hints}."
    record.data["preflight"] = "warned" if warnings else "off" if settings["preflight"] == "off" else "passed"
    return warnings, None


def judge_failures(record: RunRecord, budget: FailureBudget, now: int) -> None:
    """Stop the run where too many have failed and there are servers that were not touched."""
    failed = record.failed_hosts()
    if record.untouched and budget.passed_by(len(failed)):
        total = len(record.hosts)
        reason = (
            f"fleet_job_max_failures: {len(failed)} of {total} servers failed, more than may fail ({budget}); no"
            " further batch is started"
        )
        record.stop(reason, "budget", now)


def judge_batch(record: RunRecord, most_percent: float | None, any_fatal: bool, now: int) -> None:
    """Stop the run where Ansible itself ends the play after the verdicts of the newest batch, see :func:`play_end`."""
    end = play_end(record, most_percent, any_fatal)
    if end is not None and record.untouched:
        record.stop(*end, now)


def play_end(record: RunRecord, most_percent: float | None, any_fatal: bool) -> tuple[str, str] | None:
    """Why Ansible itself ends the play after the verdicts of the newest batch: (reason, stopped_by), or None.

    :param most_percent: ``max_fail_percentage`` of the play.
    :param any_fatal: ``any_errors_fatal``.
    """
    number = record.batch["number"]
    rows = [row for row in record.data["servers"] if row["batch"] == number and row["passed"] is not None]
    lost = [row["host"] for row in rows if not row["passed"]]
    if not lost:
        return None
    what = f"{len(lost)} of {len(rows)} servers of batch {number} did not pass"
    if len(lost) == len(rows):
        return f"none of {servers(len(rows))} of batch {number} passed", "all_failed"
    if any_fatal:
        return f"any_errors_fatal: {what}", "budget"
    if most_percent is not None and 100 * len(lost) > most_percent * len(rows):
        return f"max_fail_percentage: {what}, more than {most_percent:g} %", "budget"
    return None


def judge_window(record: RunRecord, wave_minutes: float | None, wait_timeout: float, now: int, wait: float = 0) -> None:
    """Stop the run where the next batch could not end before the window does.

    :param wave_minutes: ``fleet_job_wave_minutes``, or None.
    :param wait_timeout: ``fleet_job_wait_timeout``, in seconds.
    :param wait: seconds until the batch could start.
    """
    end = record.data["window_end"]
    if end is None:
        return
    seconds, why = batch_seconds(pace_of(record.data["servers"], record.data["batches"]), wave_minutes, wait_timeout)
    if now + (wait + seconds) * 1000 > end:
        left = max(end - now, 0) / 1000
        soak = f" after {duration(wait)} of soak" if wait else ""
        text = f"the next batch may take {duration(seconds)}{soak} ({why}), and the window ends in {duration(left)}"
        record.stop(f"fleet_job_window_end: {text}, at {shown_time(end)}", "window", now)


def judge_stop_file(record: RunRecord, found: str | None, now: int) -> None:
    """Stop the run where somebody has put the stop file there.

    :param found: what was found in its place, as a sentence; None where nothing is there.
    """
    if found is not None:
        record.stop(f"fleet_job_stop_file: {found}", "stop_file", now)


def judge_interruption(record: RunRecord, reason: str, now: int) -> None:
    """Stop the run where its process ends within a step; one that has come to its end stays as it is."""
    if record.data["state"] == RUNNING:
        record.stop(reason, "interrupted", now)


def judge_approval(record: RunRecord, answer: str, now: int) -> str | None:
    """Take down what was answered; why the newest batch is not started, or None."""
    given, number = answer.lower() == "yes", record.batch["number"]
    record.batch["approval"] = "given" if given else "refused"
    if given:
        return None
    text = f"fleet_job_approve: batch {number} was not approved"
    record.stop(text, "approval", now)
    silent = "" if answer else " (there was no answer: nobody can type one here, in AWX for example)"
    return (
        f"{text}{silent}. Nothing was started for it. What to do: run the same play again, only servers that are not"
        " done are submitted; in AWX, put an approval node between two templates."
    )


def judge_hook(record: RunRecord, passed: int, failed: int, now: int, what: str = "fleet_job_before") -> None:
    """Stop the run where what comes before the jobs left no host of the newest batch: Ansible ends the play there.

    :param what: comes before the jobs.
    """
    if failed and not passed:
        number = record.batch["number"]
        record.stop(f"{what} failed on every host of batch {number}", "hook", now)


def judge_start(record: RunRecord, now: int) -> str | None:
    """Why no job of the newest batch may be started now, or None; a gate that was passed by stops the run."""
    if record.data["stopped"] is None and record.data["batches"]:
        if record.data["preflight"] == PENDING:
            record.stop("the preflight did not take place", "preflight", now)
        elif record.batch["approval"] == PENDING:
            record.stop(f"batch {record.batch['number']} was not approved", "approval", now)
    if record.data["stopped"] is None:
        if not record.data["batches"]:
            return "no batch was opened"
        if record.data["state"] != RUNNING or record.batch["phase"] != "preparing":
            return f"the jobs of batch {record.batch['number']} were started before"
        return None
    return refusal(record)


def judge_open(record: RunRecord, now: int) -> str | None:
    """Why no further batch may be opened, or None."""
    if record.data["stopped"] is None and record.unsettled:
        reason = (
            f"the outcome of batch {record.batch['number']} is not known: its steps were interrupted, or could not"
            " write their record"
        )
        record.stop(reason, "interrupted", now)
    return None if record.data["stopped"] is None else refusal(record)


def refusal(record: RunRecord) -> str:
    """What a step of a stopped run says."""
    failed, running = record.failed_hosts(), record.running_hosts()
    text = f"this run was stopped, nothing more is started: {record.data['stopped'].rstrip('.')}."
    if failed:
        text += f" Failed: {named(failed)}."
    if running:
        text += f" Still running: {named(running)}."
    text += f" {servers(record.untouched)} not touched." if record.untouched else ""
    return f"{text} What to do: {_BEFORE_AGAIN.get(record.data['stopped_by'], 'see why')}; {AGAIN}."
