# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""A call, sent as often as its kind allows by the retry table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from .._clock import Clock
from .._errors import BadAnswer, OutcomeUnknown
from .._shapes import Conceal
from ._answers import Failed, decoded, printable, refusal, unpacked, weight
from ._exchange import Call, Connections
from ._retry import Backoff, Move, Trouble, move_after
from ._watch import Watch

T = TypeVar("T")
# Takes decoded JSON and the answer's headers; raises BadAnswer for another shape than the call documents.
Parse: TypeAlias = Callable[[Any, Mapping[str, str]], T]


class HttpClient:
    """Sends calls.

    :param verify: True for the bundled authorities, a path to others, or False.
    :param proxy: proxy URL; None leaves it to the usual environment variables.
    :param timeout: seconds to connect, and seconds without a byte while reading; a whole answer may take ten times
        as long.
    :param max_retries: repeats after the first try, where the table allows any.
    :param clock: see :class:`.._clock.SystemClock`.
    :param conceal: takes a text of the service and returns it without secrets, before it is cut
        or put on one line for a message.
    :param place: what a user has named of the place that calls go to ("region 'cn-north-4'"), for error messages.
    :ivar weight: of all answers so far, see :data:`._answers.MAX_ANSWER_WEIGHT`.
    :ivar watch: what limits and notes requests, if anything.
    """

    def __init__(
        self,
        verify: bool | str,
        proxy: str | None,
        timeout: int,
        max_retries: int,
        backoff: Backoff,
        clock: Clock,
        user_agent: str,
        conceal: Conceal = str,
        place: str = "",
    ) -> None:
        self._connections = Connections(verify, proxy, timeout, user_agent, place, conceal)
        self._max_retries = max_retries
        self._backoff = backoff
        self._clock = clock
        self._conceal = conceal
        self.weight = 0
        self.watch: Watch | None = None

    def send(self, call: Call, parse: Parse[T]) -> T:
        """Send a call, repeat it where that is safe, and return ``parse(answer)``.

        :param parse: takes (decoded JSON, response headers); raises BadAnswer for
            another shape than the call documents.
        :raises LiteServerError: a subclass that says what happened; OutcomeUnknown
            where a write may have been carried out.
        """
        repeats = 0
        renewed = False
        while True:
            try:
                return self._try(call, parse)
            except Failed as failed:
                error, move = failed.error, move_after(call.kind, failed.trouble)
            if move is Move.RENEW and not renewed and call.auth.renew():
                renewed = True
                continue
            if move is Move.REPEAT and repeats < self._max_retries:
                asked = error.retry_after
                if asked is None or asked <= self._backoff.patience:
                    self._clock.sleep(self._backoff.pause(repeats, self._clock.uniform(), asked))
                    repeats += 1
                    continue
            if move is Move.LOOK:
                raise OutcomeUnknown(
                    error.message,
                    code=error.code,
                    http_status=error.http_status,
                    request_id=error.request_id,
                ) from error
            if repeats:
                error.message = f"{error.message} (given up after {repeats + 1} tries)"
            raise error

    def _try(self, call: Call, parse: Parse[T]) -> T:
        if self.watch is not None:
            self.watch.allow(call)
        answer = self._connections.exchange(call)
        if self.watch is not None:
            self.watch.note(call, answer, self._clock.utc())
        if answer.status >= 300:
            where = self._connections.where(call)
            raise refusal(answer, call.what, where, call.auth.unauthorized_hint, self._clock.utc(), self._conceal)
        try:
            body = unpacked(answer, self._conceal)
            self.weight += weight(body)
            return parse(decoded(body, self._conceal), answer.headers)
        except BadAnswer as error:
            error.message = f"{call.what}: {error.message}"
            error.http_status = answer.status
            error.request_id = printable(answer.headers.get("X-Request-Id"), self._conceal)
            error.hint = (
                error.hint or "if it stays, check endpoint: is something else than the service answering there?"
            )
            raise Failed(Trouble.BAD_ANSWER, error) from error
