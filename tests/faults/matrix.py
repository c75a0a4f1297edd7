# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix as a table: what comes of every fault at every request.

A cell is a request, a fault that meets it once, and ``wait`` or not. Its expectation is found by the kind of
the request and the fault: first in ``EXCEPTIONS`` (request), then in ``RULES`` (kind). A cell without one fails.

The expectations:

=============  =========================================================================================
as ever        the same outcome and as many of these requests as without the fault
repeated       the same outcome; the request was sent once more
looked again   the same outcome; somebody looked again a little later
warned         the same outcome, and a warning tells of it
not asked      the module does not send this request here
found          create: the answer was lost, the job was found; it is sent once
unknown        create: ``outcome_unknown``, with ``error.outcome``; it is sent once
once           delete, power: carried out, the answer was lost; the state shows it, and it is sent once
again          delete, power: not carried out; the state shows it, and it is sent once more
record deleted the job's record was deleted by somebody: with ``wait`` its end is not known, and the task says so
gone           it does not exist any more: nothing is changed, and the result says so
not known      reboot: it is sent once; the task fails, with ``error.outcome: unknown``
server left    power: the server does not exist any more: ``servers_failed``, which names it
CODE           the task fails with this ``error.code``; no write was sent, except where the request is later than that
=============  =========================================================================================
"""

from __future__ import annotations

from typing import Any

# Longer than request_timeout, which is one second, even where a busy machine lets the client begin to count late.
TOO_LONG = 3.0
# For a write that is carried out late: as late as can be within the second for which its work is looked for after that.
LATE = 1.7

FAULTS: dict[str, dict[str, Any]] = {
    "drop_before": {"kind": "drop_before"},
    "drop_after": {"kind": "drop_after"},
    "throttled": {"kind": "throttled", "window": "1 second"},
    "throttled, Retry-After": {"kind": "throttled", "window": "1 second", "retry_after": 1},
    "error_500 before": {"kind": "error_500"},
    "error_500 after": {"kind": "error_500", "when": "after"},
    "error_502_html before": {"kind": "error_502_html"},
    "error_502_html after": {"kind": "error_502_html", "when": "after"},
    "error_503_before": {"kind": "error_503_before"},
    "error_503_after": {"kind": "error_503_after"},
    "error_504_after": {"kind": "error_504_after"},
    "bad_json": {"kind": "bad_json"},
    "empty_body": {"kind": "empty_body"},
    "wrong_shape": {"kind": "wrong_shape"},
    "slow": {"kind": "slow", "delay": 0.2},
    "too slow before": {"kind": "slow", "delay": TOO_LONG},
    "too slow after": {"kind": "slow", "delay": TOO_LONG, "when": "after"},
    "unauthorized": {"kind": "unauthorized"},
    "forbidden": {"kind": "forbidden"},
    "redirect": {"kind": "redirect", "location": "http://127.0.0.1:9/"},
    "not_found": {"kind": "not_found"},
    "grows": {"kind": "grows"},
    "shrinks": {"kind": "shrinks"},
}
NOT_DONE = ["drop_before", "error_500 before", "error_502_html before", "error_503_before"]
DONE_AND_LOST = ["drop_after", "error_500 after", "error_502_html after", "error_503_after", "error_504_after"]
TOO_SLOW = ["too slow before", "too slow after"]
BAD_ANSWER = ["bad_json", "empty_body", "wrong_shape"]
THROTTLED = ["throttled", "throttled, Retry-After"]
MOVES = ["grows", "shrinks"]


def rule(fault: str, kind: str) -> dict[str, Any]:
    """What the simulator does to a request of a kind."""
    late = fault == "too slow before" and kind in ("create", "change")
    return {**FAULTS[fault], "delay": LATE} if late else FAULTS[fault]


def each(names: list[str], expected: str) -> dict[str, str]:
    """The same expectation for several faults."""
    return dict.fromkeys(names, expected)


RULES: dict[str, dict[str, str]] = {
    # Changes nothing: repeated where a repetition can help.
    "read": {
        **each(THROTTLED + NOT_DONE + DONE_AND_LOST + TOO_SLOW, "repeated"),
        **each(BAD_ANSWER, "bad_answer"),
        **each(MOVES, "as ever"),
        "slow": "as ever",
        "unauthorized": "APIGW.0301",
        "forbidden": "APIGW.0302",
        "redirect": "api_error",
        "not_found": "ModelArts.6404",
    },
    # One look of a wait: the next look repeats it.
    "poll": {
        **each(THROTTLED + NOT_DONE + DONE_AND_LOST + TOO_SLOW + BAD_ANSWER, "looked again"),
        "slow": "as ever",
        "unauthorized": "APIGW.0301",
        "forbidden": "APIGW.0302",
        "redirect": "api_error",
        "not_found": "looked again",
        "grows": "as ever",
        "shrinks": "server left",
    },
    # Looks after a create: whatever comes, the job runs, and the result says so.
    "look": {
        **each(THROTTLED + NOT_DONE + DONE_AND_LOST + TOO_SLOW + BAD_ANSWER, "looked again"),
        **each(["unauthorized", "forbidden", "redirect", "not_found"], "warned"),
        "slow": "as ever",
        "grows": "as ever",
        "shrinks": "record deleted",
    },
    # Never sent twice unless the first surely did nothing.
    "create": {
        **each(THROTTLED, "repeated"),
        **each(NOT_DONE, "unknown"),
        **each(DONE_AND_LOST + TOO_SLOW + BAD_ANSWER, "found"),
        "slow": "as ever",
        "unauthorized": "APIGW.0301",
        "forbidden": "APIGW.0302",
        "redirect": "api_error",
        "not_found": "ModelArts.6404",
    },
    # Delete, power: what the state shows decides.
    "change": {
        **each(THROTTLED, "repeated"),
        **each(NOT_DONE, "again"),
        **each(DONE_AND_LOST + TOO_SLOW + BAD_ANSWER, "once"),
        "slow": "as ever",
        "unauthorized": "APIGW.0301",
        "forbidden": "APIGW.0302",
        "redirect": "api_error",
        "not_found": "ModelArts.6404",
    },
}

# What a request does otherwise than its kind, and why.
EXCEPTIONS: dict[str, dict[str, str]] = {
    # The widest page is refused with 400 by some services: their own page size serves.
    "jobs, a further page": {"not_found": "looked again"},
    # A job that the list shows is looked for in the next list, before it counts as deleted.
    "job, in the history": {"not_found": "looked again"},
    "jobs, to delete": {"shrinks": "gone"},
    # The list shows it on.
    "job, to delete": {"not_found": "looked again"},
    # The job is still there, so it is deleted once more, which does no harm.
    "delete": {"not_found": "again", "too slow before": "again"},
    "server": {"not_found": "wrong_status"},
    "servers": {"shrinks": "wrong_status"},
    # What is refused concerns this server alone.
    **{verb: each(["redirect", "not_found"], "servers_failed") for verb in ("start", "stop")},
    # Never a second time: it may have been carried out between two looks.
    "reboot": {**each(["redirect", "not_found"], "servers_failed"), **each(NOT_DONE, "not known")},
    # A list that is "not found" is no look that a repetition mends.
    "servers, waited for": {"not_found": "ModelArts.6404"},
    "info: job": {"not_found": "gone"},
    "info: server": {"not_found": "gone"},
    "info: service": {"not_found": "gone"},
}
