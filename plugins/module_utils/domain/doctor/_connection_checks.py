# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Checks of the connection, of the credentials, and of every call that the collection needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..._errors import (
    AnswerLost,
    BadAnswer,
    LiteServerError,
    NotFound,
    Throttled,
    TlsFailed,
    Unauthorized,
    Unreachable,
)
from ._facts import Facts, Read
from ._finding import Check, Outcome, Private, answer_of, counted, failed, ok, unknown, warning
from ._reader import PROJECT_CODES

# The gateway refuses a signature whose date is further off; half of that is worth a word.
MOST_SKEW = 15 * 60
WORTH_A_WORD = 5 * 60
NOT_PUBLISHED = frozenset(["APIGW.0101", "APIG.0101"])
LOCKED = "reach the limit"
FIRST = "see what comes first, then run it again"


def reason_of(error: LiteServerError) -> Private:
    """The last part of an error's message, which is the network's or the service's own."""
    return Private("message", error.message.rpartition(": ")[2].partition(" (given up")[0])


def breaks_connection(facts: Facts) -> LiteServerError | None:
    """The error that shows that the service is not reached, if one does."""
    for error in facts.errors:
        if isinstance(error, (Unreachable, TlsFailed)) or (isinstance(error, AnswerLost) and not facts.seen):
            return error
    # Something answers, and not one call as the service would.
    elsewhere = [isinstance(error, BadAnswer) or error.code in NOT_PUBLISHED for error in facts.errors]
    return facts.errors[0] if elsewhere and all(elsewhere) and not _values(facts) else None


def _values(facts: Facts) -> list[Read[Any]]:
    return [read for read in facts.reads if read.value is not None]


def connection(facts: Facts) -> Outcome:
    """The service is reached."""
    error = breaks_connection(facts)
    if isinstance(error, TlsFailed) and not error.retryable:
        return failed(
            "the service's certificate is not accepted ({})",
            reason_of(error),
            todo="name the file of your own certificate authority in ca_path, or check endpoint and proxy",
        )
    if isinstance(error, TlsFailed):
        todo = "check that endpoint speaks https, and the proxy"
        return failed("TLS with the service does not come up ({})", reason_of(error), todo=todo)
    if isinstance(error, Unreachable) and "proxy" in error.message:
        todo = "check the address and the password of the proxy, and that it lets this machine through to the service"
        return failed("the proxy does not connect to the service ({})", reason_of(error), todo=todo)
    if isinstance(error, Unreachable):
        todo = "check region (or endpoint), the name service, the proxy and the network"
        return failed("there is no connection to the service ({})", reason_of(error), todo=todo)
    if isinstance(error, AnswerLost):
        todo = "check region (or endpoint), the proxy and the network"
        return failed("the request was sent, and no answer came ({})", reason_of(error), todo=todo)
    if error is not None and error.code in NOT_PUBLISHED:
        todo = "check region (or endpoint)"
        return failed("what answers there does not have the calls of Lite Servers ({})", answer_of(error), todo=todo)
    if error is not None:
        todo = "check region (or endpoint) and the proxy"
        return failed("something else than the service answers ({})", answer_of(error), todo=todo)
    if not facts.seen:
        return unknown("nothing was asked", todo=FIRST)
    return ok("the service answered, after {}", counted(facts.sent, "request"))


def _skew(facts: Facts) -> float | None:
    """Seconds by which the service's clock is ahead; of several, the one with the shortest way."""
    skews = [seen.skew for seen in facts.seen if seen.skew is not None]
    return min(skews, key=abs, default=None)


def refused_for_the_clock(facts: Facts) -> bool:
    """Whether requests were refused, and would be for the date of their signature alone."""
    skew = _skew(facts)
    refused = any(isinstance(error, Unauthorized) for error in facts.errors)
    return facts.signed and refused and skew is not None and abs(skew) > MOST_SKEW


def clock(facts: Facts) -> Outcome:
    """This machine's clock is right."""
    skew = _skew(facts)
    if skew is None:
        return unknown("the service did not report its time", todo="compare this machine's clock with another one")
    minutes = counted(round(abs(skew) / 60), "minute")
    if abs(skew) <= WORTH_A_WORD:
        return ok("it differs from the service's by less than {}", counted(int(abs(skew)) // 60 + 1, "minute"))
    text = f"this machine's clock is {{}} {'behind' if skew > 0 else 'ahead of'} the service's"
    todo = "set this machine's clock, by NTP for example"
    if refused_for_the_clock(facts):
        return failed(text + ", so that its signatures are refused", minutes, todo=todo)
    return warning(text, minutes, todo=todo)


def credentials(facts: Facts) -> Outcome:
    """Keys, token or user are accepted."""
    refusals = [error for error in facts.errors if isinstance(error, Unauthorized)]
    if breaks_connection(facts) or refused_for_the_clock(facts):
        return unknown("they could not be judged", todo=FIRST)
    if not refusals:
        # Who is told that a call is not permitted is known by then.
        accepted = _values(facts) or any(error.http_status == 403 for error in facts.errors)
        return ok("they are accepted") if accepted else unknown("they could not be judged", todo=FIRST)
    error = refusals[0]
    if _values(facts):
        todo = "run it again; if it stays, renew them"
        return warning("they are accepted by some calls, and not by {}", counted(len(refusals), "other"), todo=todo)
    if LOCKED in error.message:
        todo = "wait five minutes, then correct access_key and secret_key before you run it again"
        return failed("the access key is locked after too many bad signatures ({})", answer_of(error), todo=todo)
    if facts.signed:
        todo = "check access_key, secret_key and, for temporary keys, security_token and whether they have expired"
        return failed("the access key or its signature is not accepted ({})", answer_of(error), todo=todo)
    todo = "check username, password and domain_name, or get a new auth_token for this region"
    return failed("the login or the token is not accepted ({})", answer_of(error), todo=todo)


def _refused_everywhere(facts: Facts) -> LiteServerError | None:
    """The error by which the service refuses the project as a whole, if it does."""
    for error in facts.errors:
        if error.code in PROJECT_CODES:
            return error
    refusals = [error for error in facts.errors if error.http_status == 403]
    return refusals[0] if refusals and len(refusals) == len(facts.errors) and not _values(facts) else None


def project(facts: Facts) -> Outcome:
    """The project is one of these credentials, in this region."""
    if breaks_connection(facts) or not (_values(facts) or _refused_everywhere(facts)):
        return unknown("it could not be judged", todo=FIRST)
    error = _refused_everywhere(facts)
    if error is None:
        return ok("it can be read")
    if error.code in PROJECT_CODES:
        todo = "check project_id, and that it belongs to this region and to these credentials"
        return failed("the project is not available there ({})", answer_of(error), todo=todo)
    todo = "check project_id, and ask for the permissions of ModelArts in that project"
    return failed("no call is permitted in this project ({})", answer_of(error), todo=todo)


def throttling(facts: Facts) -> Outcome:
    """The gateway lets so few requests through."""
    refusals = sum(seen.status == 429 for seen in facts.seen)
    if refusals:
        return warning(
            "{} of {} refused with HTTP 429, and repeated after the window that the gateway names",
            refusals,
            counted(facts.sent, "request"),
            todo="run less at once in this project, and set a longer wait_sleep",
        )
    if not _values(facts) or any(read.skipped == "over" for read in facts.reads):
        return unknown("too little was asked", todo=FIRST)
    return ok("none of {} was refused with HTTP 429", counted(facts.sent, "request"))


def _call(call: _Call, facts: Facts) -> Outcome:
    """What came of one call."""
    reads = call.reads(facts)
    errors = [read.error for read in reads if read.error is not None]
    answered = any(read.value is not None for read in reads)
    if not errors:
        if answered:
            return ok("it answers")
        if any(read.skipped in ("over", "budget") for read in reads) or (call.of and call.of(facts).value is None):
            return unknown("it was not asked", todo=FIRST)
        return unknown("the project has no record to read with this call", todo="run the doctor again when it has one")
    error = next((each for each in errors if not isinstance(each, NotFound)), errors[0])
    judged = not (breaks_connection(facts) or _refused_everywhere(facts))
    if not judged or (isinstance(error, Unauthorized) and not _values(facts)):
        return unknown("it could not be judged", todo=FIRST)
    vanished = isinstance(error, NotFound) and call.of is not None
    bad = failed if call.needed and not answered and not vanished else warning
    text, todo = _words_of(error, call.name, vanished)
    return bad(text, answer_of(error), todo=todo)


def _words_of(error: LiteServerError, name: str, vanished: bool) -> tuple[str, str]:
    """(what happened, what to do about it)."""
    if error.http_status == 403:
        return "this call is not permitted ({})", f"ask for the permission of {name} in this project"
    if vanished:
        return "what a list shows is not found ({})", "run it again; if it stays, delete its record or report it"
    if isinstance(error, Throttled):
        return "the gateway refuses it for too many requests ({})", "run it again later"
    if isinstance(error, BadAnswer):
        todo = "report it: a new version of the API may have changed this call"
        return "the answer has another shape than documented ({})", todo
    return "this call fails ({})", "run it again; if it stays, ask the vendor's support"


class _Call(NamedTuple):
    """A call of the API.

    :ivar needed: whether a run is impossible without it.
    :ivar name: what the API reference calls it.
    :ivar of: the list that shows what it reads, where it reads one object.
    """

    check: str
    assumption: str
    name: str
    needed: bool
    otherwise: str
    reads: Callable[[Facts], Sequence[Read[Any]]]
    of: Callable[[Facts], Read[Any]] | None = None


_CALLS = (
    _Call(
        "list_jobs",
        "The jobs of the project can be listed",
        "ListDevServerJobs",
        True,
        "no job can be started: whether it runs already is not known",
        lambda facts: [facts.jobs],
    ),
    _Call(
        "read_job",
        "A job that the list shows can be read",
        "GetDevServerJob",
        True,
        "nothing is started on the servers that it may concern (`job_unsettled`)",
        lambda facts: list(facts.details.values()),
        lambda facts: facts.jobs,
    ),
    _Call(
        "list_servers",
        "The servers of this user can be listed",
        "ListDevServers",
        True,
        "there is no inventory, and no preflight",
        lambda facts: [facts.servers],
    ),
    _Call(
        "list_all_servers",
        "The servers of all users of the project can be listed",
        "ListAllDevServers",
        False,
        "servers of other users are not seen (`scope: all`), and of a supernode only a part may be",
        lambda facts: [facts.everyone],
    ),
    _Call(
        "read_server",
        "A server that the list shows can be read",
        "ShowDevServer",
        True,
        "no server can be started, stopped or read by its id",
        lambda facts: [facts.server],
        lambda facts: facts.servers,
    ),
    _Call(
        "list_templates",
        "The job templates can be listed",
        "ListDevServerJobTemplates",
        True,
        "the preflight of an upgrade stops it",
        lambda facts: [facts.templates],
    ),
    _Call(
        "read_template",
        "A job template can be read",
        "GetDevServerJobTemplate",
        False,
        "the module `liteserver_job_template_info` shows no details",
        lambda facts: [facts.template],
        lambda facts: facts.templates,
    ),
    _Call(
        "list_software",
        "The versions on offer can be listed",
        "ShowSoftware",
        True,
        "the preflight of an upgrade stops it",
        lambda facts: [facts.software],
    ),
    _Call(
        "list_events",
        "The scheduled events can be listed",
        "ListScheduledEvents",
        False,
        "maintenance that is planned is not seen",
        lambda facts: [facts.events],
    ),
)
CHECKS = (
    Check(
        "connection",
        "Under `region` or `endpoint` the service answers, with a certificate that is accepted",
        "nothing can be read or started",
        connection,
    ),
    Check(
        "clock",
        "This machine's clock is at most 15 minutes off",
        "signed requests are refused, sooner or later",
        clock,
    ),
    Check("credentials", "The keys, the token or the user are accepted", "nothing can be read or started", credentials),
    Check(
        "project", "The project belongs to the region and to the credentials", "nothing can be read or started", project
    ),
    *(Check(call.check, call.assumption, call.otherwise, partial(_call, call)) for call in _CALLS),
    Check(
        "throttling",
        "429, and a refused connection, mean that nothing was done; a few dozen requests are let through",
        "a create could be carried out twice; runs pause for the gateway's window",
        throttling,
    ),
)
