# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""All checks in their order, and the lines that tell people what they found."""

from __future__ import annotations

from collections.abc import Sequence

from ..._errors import InternalError
from .._wording import some_of
from . import _connection_checks, _job_checks, _list_checks, _node_checks, _server_checks
from ._facts import Facts
from ._finding import STATUSES, Check, Finding, Word, counted, unknown, with_status

# The first failure is the first line for people, so what breaks everything else comes first.
CHECKS: tuple[Check, ...] = (
    *_connection_checks.CHECKS,
    *_list_checks.CHECKS,
    *_job_checks.CHECKS,
    *_server_checks.CHECKS,
    *_node_checks.CHECKS,
)
MOST_CHECKS_OF_A_LINE = 6


def examined(facts: Facts) -> list[Finding]:
    """What each check finds, but for those that nobody asked for."""
    return [finding for check in CHECKS if (finding := _judged(check, facts)) is not None]


def _judged(check: Check, facts: Facts) -> Finding | None:
    try:
        outcome = check.judge(facts)
    # An answer that nobody has foreseen must not hide what the other checks found.
    except Exception as error:
        # Files and lines of this collection, and no value.
        outcome = unknown("{}", Word(InternalError(error).message), todo="report it")
    return None if outcome is None else Finding(check, outcome)


def counts_of(findings: Sequence[Finding]) -> dict[str, int]:
    """{status: how many}, and ``total``."""
    return {**{status: len(with_status(findings, status)) for status in STATUSES}, "total": len(findings)}


def lines_of(findings: Sequence[Finding], sent: int) -> list[str]:
    """The lines for people: failures first, each with what to do, and of what is fine no more than a count.

    :param sent: how many requests were sent.
    """
    lines = []
    for status, title in (("failed", "FAILED"), ("warning", "WARNING")):
        for finding in findings:
            if finding.status == status:
                lines.append(f"{title} {finding.outcome.found}: {finding.outcome.todo}.")
                lines.append(f"    ({finding.check.name}) {_plain(finding.means)}.")
    alike: dict[str, list[Finding]] = {}
    for finding in with_status(findings, "unknown"):
        alike.setdefault(finding.outcome.todo, []).append(finding)
    for todo, group in alike.items():
        found = list(dict.fromkeys(str(finding.outcome.found) for finding in group))
        text = found[0] if len(found) == 1 else f"{counted(len(group), 'check')} could not be made"
        names = some_of([finding.check.name for finding in group], MOST_CHECKS_OF_A_LINE)
        lines.append(f"UNKNOWN {text}: {todo}. ({names})")
    fine, checks = len(with_status(findings, "ok")), counted(len(findings), "check")
    lines.append(f"{fine} of {checks} are fine; {counted(sent, 'request')}, nothing was written.")
    return lines


def _plain(markdown: str) -> str:
    return markdown.replace("`", "")
