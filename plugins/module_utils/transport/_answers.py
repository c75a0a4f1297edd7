# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What an answer holds: its limits, unpacking and decoding, and what a refusal means.

Nothing here sends anything, so a test needs bytes only.
"""

from __future__ import annotations

import datetime
import json
import math
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from .._errors import ApiError, BadAnswer, LiteServerError, NotFound, ServiceFailed, Throttled, Unauthorized
from .._shapes import Conceal
from ._retry import Trouble, retry_after, throttle_window

# An answer of 5,000 servers is some 10 MB; more than this is not an answer.
MAX_ANSWER_BYTES = 64 * 1024 * 1024
# What an answer takes in memory is rather its values than its bytes: "[],[],[]..." grows twentyfold. So
# each value counts for this many bytes, and an answer for no more than the weight of some 30,000 servers.
VALUE_BYTES = 100
MAX_ANSWER_WEIGHT = 256 * 1024 * 1024
# Documented answers nest five deep. What handles results, here and in Ansible, calls itself at each level.
MAX_DEPTH = 40
# An excerpt of a body is made of so much of it, and a secret in it, a token, is not longer than this.
EXCERPT_BYTES, LONGEST_SECRET = 65536, 32768
# "Not found" has no HTTP status of its own for Lite Servers: 400 with this code.
NOT_FOUND_CODES = frozenset(["ModelArts.6404"])
# An HTTP path or gateway that is not there must not read as "no such job".
NOT_PUBLISHED_CODES = frozenset(["APIGW.0101", "APIG.0101"])


class Answer(NamedTuple):
    """An answer as it came: its headers, its body (as it was packed) and its HTTP status."""

    headers: Mapping[str, str]
    body: bytes
    status: int


class Failed(Exception):
    """One try failed: the kind of trouble, and the error if nothing more is done."""

    def __init__(self, trouble: Trouble, error: LiteServerError) -> None:
        super().__init__(str(error))
        self.trouble = trouble
        self.error = error


def bounded(parts: Iterable[bytes]) -> bytes:
    """The body as it was sent, or a little more than the limit of it."""
    kept: list[bytes] = []
    size = 0
    for part in parts:
        kept.append(part)
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            break
    return b"".join(kept)


def unpacked(answer: Answer, conceal: Conceal) -> bytes:
    """The body as it was meant, if it is not more than a controller can bear; raises BadAnswer."""
    body = answer.body
    encoding = (answer.headers.get("Content-Encoding") or "identity").strip().lower()
    if encoding in ("gzip", "x-gzip", "deflate"):
        try:
            # 32 + 15 reads either format, and the second argument is where a small bomb stops growing.
            body = zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(body, MAX_ANSWER_BYTES + 1)
        except zlib.error as error:
            raise BadAnswer(f"the answer cannot be unpacked: {error}") from error
    elif encoding != "identity":
        raise BadAnswer(f"the answer is packed in a way that was not requested: {printable(encoding, conceal)}")
    if len(body) > MAX_ANSWER_BYTES:
        raise BadAnswer(f"the answer is larger than {MAX_ANSWER_BYTES >> 20} MiB")
    return body


def weight(body: bytes) -> int:
    """What an unpacked body may take in memory, in bytes."""
    return len(body) + VALUE_BYTES * (body.count(b",") + body.count(b"[") + body.count(b"{"))


def decoded(answer: bytes, conceal: Conceal) -> Any:
    """The JSON value of an unpacked body; raises BadAnswer."""
    if not answer.strip():
        raise BadAnswer("the answer is empty")
    if weight(answer) > MAX_ANSWER_WEIGHT:
        raise BadAnswer(f"the answer has too many values: {len(answer)} bytes would fill the memory")
    try:
        body = json.loads(answer, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"the answer is not JSON: it begins with {_excerpt(answer, conceal)}") from error
    level = [body]
    for _depth in range(MAX_DEPTH):
        level = [
            inner
            for value in level
            if isinstance(value, (dict, list))
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return body
    raise BadAnswer(f"the answer nests deeper than {MAX_DEPTH} levels")


def _finite(text: str) -> float:
    """A number as JSON has it: Python would read NaN and 1e999, and write what no other program reads."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _excerpt(answer: bytes, conceal: Conceal) -> str:
    """The first words of a body for a message."""
    text = conceal(answer[:EXCERPT_BYTES].decode("utf-8", "replace"))
    if len(answer) > EXCERPT_BYTES:
        text = text[:-LONGEST_SECRET]  # what a cut leaves of a secret is not recognised
    return repr(printable(text, str, 120))


def printable(text: object, conceal: Conceal, longest: int = 500) -> str | None:
    """A text of the service as it may be shown: one line, nothing that steers a terminal, no secret, not too long."""
    if not isinstance(text, str):
        return None
    text = conceal(text)  # before it is cut, or a secret in it would not be found
    text = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * longest]).split())
    return text if len(text) <= longest else text[:longest] + "..."


# The key pairs that the service, its gateway and IAM are known to use.
_ERROR_KEYS = (("error_code", "error_msg"), ("code", "message"), ("errorCode", "errorMsg"))


def _error_of(answer: bytes, conceal: Conceal) -> tuple[str | None, str | None, str | None]:
    """(code, message, request id) of an error body of any producer; each may be None."""
    try:
        body = decoded(answer, conceal)
    except BadAnswer:
        return None, _excerpt(answer, conceal) if answer.strip() else None, None
    if not isinstance(body, dict):
        return None, _excerpt(answer, conceal), None
    request_id = printable(body.get("request_id"), conceal)
    for level in [body] + [value for value in body.values() if isinstance(value, dict)]:
        for code_key, message_key in _ERROR_KEYS:
            code, message = level.get(code_key), level.get(message_key)
            if isinstance(message, str):
                return (
                    printable(str(code), conceal) if isinstance(code, (str, int)) else None,
                    printable(message, conceal),
                    request_id,
                )
    return None, _excerpt(answer, conceal), request_id


def refusal(
    answer: Answer,
    what: str,
    where: str,
    unauthorized_hint: Callable[[str], str],
    utc: datetime.datetime,
    conceal: Conceal,
) -> Failed:
    """Turn an answer that is not a success into a typed error.

    :param what: the request in words.
    :param where: the host that answered, in words.
    :param unauthorized_hint: takes the service's text of a 401, and returns what to do.
    :param utc: the time, for a pause that is given as a date.
    """
    headers, status = answer.headers, answer.status
    try:
        code, message, request_id = _error_of(unpacked(answer, conceal), conceal)
    except BadAnswer:
        code, message, request_id = None, None, None
    request_id = request_id or printable(headers.get("X-Request-Id"), conceal)
    shown = message or printable(headers.get("Content-Type"), conceal) or "no text"
    text = f"{what}: HTTP {status}{' ' + code if code else ''}: {shown}"
    details: dict[str, Any] = {"code": code, "http_status": status, "request_id": request_id}
    asked = retry_after(headers.get("Retry-After"), utc)
    if status == 401:
        hint = f"{unauthorized_hint(message or '')}; {where} was asked"
        return Failed(Trouble.UNAUTHORIZED, Unauthorized(text, hint=hint, **details))
    if status == 429:
        asked = max((pause for pause in (asked, throttle_window(message)) if pause is not None), default=None)
        return Failed(
            Trouble.THROTTLED,
            Throttled(
                text, retry_after=asked, hint="fewer requests: a longer wait_sleep, fewer tasks at once", **details
            ),
        )
    if status >= 500:
        return Failed(Trouble.SERVER_ERROR, ServiceFailed(text, retry_after=asked, **details))
    if code in NOT_FOUND_CODES or (status == 404 and code not in NOT_PUBLISHED_CODES):
        return Failed(Trouble.REFUSED, NotFound(text, **details))
    return Failed(Trouble.REFUSED, ApiError(text, hint=_refusal_hint(status, code, where), **details))


def _refusal_hint(status: int, code: str | None, where: str) -> str | None:
    if code in NOT_PUBLISHED_CODES:
        return f"{where} does not offer this call: check region and endpoint"
    if status < 400:
        return "redirects are not followed: put the address it leads to in endpoint if you trust it"
    if status == 403:
        return f"check project_id, and the permissions of this user in that project; {where} was asked"
    return None
