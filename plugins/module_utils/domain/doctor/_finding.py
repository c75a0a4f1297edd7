# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""A check beside the assumption that it tests, what it found, and sentences that can be shown without names.

A sentence is a text of ours with places for values. What comes from the service or the user stands there as
:class:`Private`, unless it has passed :func:`word` or :func:`version`. So a report replaces it by construction, and no
check can forget to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

from ..._errors import LiteServerError
from ..._shapes import Conceal
from .._untrusted import LONGEST_NAME, as_line

if TYPE_CHECKING:
    from ._facts import Facts

Status = Literal["ok", "warning", "failed", "unknown"]
STATUSES: tuple[Status, ...] = get_args(Status)
# Words of an API: a status, a type, a parameter. No id, key or name of somebody's choice should look like one.
_WORD = re.compile(r"[A-Za-z][A-Za-z]*[0-9]{0,3}(?:_[A-Za-z0-9]{1,16}){0,6}")
_LONGEST_WORD = 40
_HEXADECIMAL = re.compile(r"[0-9a-fA-F_]{8,}")
_VERSION = re.compile(r"[0-9]{1,4}(?:\.(?:[0-9]{1,5}|[a-zA-Z]{1,5}[0-9]{0,4})){1,5}")
_CODE = re.compile(r"[A-Za-z]{1,16}\.[0-9]{1,10}|[a-z_]{1,30}")
# How many names a sentence has.
MOST_NAMES = 5


class Private(NamedTuple):
    """What a report must not show, such as an id, a name, an address or a message.

    :ivar kind: what it is, in one word.
    """

    kind: str
    text: str


class Word(str):
    """A string that a report may show."""


Value: TypeAlias = "int | Word | Private | Several"


class Several(NamedTuple):
    """Values, and how many more there are."""

    values: tuple[Word | Private, ...]
    more: int


@dataclass(frozen=True)
class Said:
    """A sentence without its full stop.

    :ivar text: our own words, with ``{}`` for each value.
    """

    text: str
    values: tuple[Value, ...] = ()

    def shown(self, name: Callable[[Private], str]) -> str:
        """The sentence.

        :param name: what stands in the place of something private.
        """
        return self.text.format(*(_written(value, name) for value in self.values))

    def concealed(self, conceal: Conceal) -> Said:
        """The sentence without secrets; before anything of it is cut, since nobody finds a part of one."""
        return replace(self, values=tuple(_concealed(value, conceal) for value in self.values))

    def __str__(self) -> str:
        return self.shown(plainly)


def plainly(private: Private) -> str:
    """What is private, for the people who may see it."""
    return as_line(private.text, LONGEST_NAME if private.kind != "message" else 300)


def _concealed(value: Any, conceal: Conceal) -> Any:
    if isinstance(value, Several):
        return value._replace(values=tuple(_concealed(each, conceal) for each in value.values))
    return value._replace(text=conceal(value.text)) if isinstance(value, Private) else value


def _written(value: Value, name: Callable[[Private], str]) -> str:
    if isinstance(value, Several):
        shown = ", ".join(_written(each, name) for each in value.values)
        return f"{shown} and {value.more} more" if value.more else shown
    return name(value) if isinstance(value, Private) else str(value)


def word(value: object) -> Word | Private:
    """A word of the service, if it looks like one."""
    text = value if isinstance(value, str) else "nothing" if value is None else str(value)
    if len(text) <= _LONGEST_WORD and _WORD.fullmatch(text) and not _HEXADECIMAL.fullmatch(text):
        return Word(text)
    return Private("word", text)


def version(value: object) -> Word | Private:
    """A version, if it looks like one and is no address."""
    text = value if isinstance(value, str) else str(value)
    if _VERSION.fullmatch(text):
        try:
            ip_address(text)
        except ValueError:
            return Word(text)
    return Private("version", text)


def several(values: Iterable[Word | Private]) -> Several:
    """The first of these values."""
    found = list(dict.fromkeys(values))
    return Several(tuple(found[:MOST_NAMES]), max(len(found) - MOST_NAMES, 0))


def named(kind: str, texts: Iterable[str]) -> Several:
    """The first of these private texts."""
    return several(Private(kind, text) for text in texts)


def words(values: Iterable[object]) -> Several:
    """The first of these words, sorted."""
    return several(word(value) for value in sorted(set(values), key=str))


def answer_of(error: LiteServerError) -> Word:
    """How a call ended: its HTTP status and its code."""
    code = error.code if _CODE.fullmatch(str(error.code)) else ""
    return Word(" ".join(filter(None, [f"HTTP {error.http_status}" if error.http_status else "", code])) or "an error")


def counted(count: int, noun: str) -> Word:
    """``1 job``, ``2 jobs``."""
    return Word(f"{count} {noun}" if count == 1 else f"{count} {noun}s")


class Outcome(NamedTuple):
    """What a check found.

    :ivar todo: what to do about it, without its full stop; empty where there is nothing to do.
    :ivar means: what follows, where it is something else than the check's ``otherwise``.
    """

    status: Status
    found: Said
    todo: str = ""
    means: str = ""


def ok(text: str, *values: Value) -> Outcome:
    """The assumption holds, as far as it could be seen."""
    return Outcome("ok", Said(text, values))


def warning(text: str, *values: Value, todo: str, means: str = "") -> Outcome:
    """A run is possible and safe, but something is not as it is assumed."""
    return Outcome("warning", Said(text, values), todo, means)


def failed(text: str, *values: Value, todo: str, means: str = "") -> Outcome:
    """A run would be unsafe or impossible."""
    return Outcome("failed", Said(text, values), todo, means)


def unknown(text: str, *values: Value, todo: str = "") -> Outcome:
    """It could not be seen: this never counts as good."""
    return Outcome("unknown", Said(text, values), todo)


@dataclass(frozen=True)
class Check:
    """An assumption of the collection, and the function that tests it.

    :ivar assumption: what the collection takes for granted.
    :ivar otherwise: what happens where it does not hold.
    :ivar judge: what was read -> what it says of the assumption, or None where nobody asked for it.
    """

    name: str
    assumption: str
    otherwise: str
    judge: Callable[[Facts], Outcome | None]


@dataclass(frozen=True)
class Finding:
    """What one check of a run found."""

    check: Check
    outcome: Outcome

    def concealed(self, conceal: Conceal) -> Finding:
        """The same without secrets in what was found."""
        return replace(self, outcome=self.outcome._replace(found=self.outcome.found.concealed(conceal)))

    @property
    def status(self) -> Status:
        """The status of the outcome."""
        return self.outcome.status

    @property
    def means(self) -> str:
        """What follows from it; empty where the assumption holds."""
        if self.status == "ok":
            return ""
        if self.status == "unknown":
            return f"it is not known; if it does not hold: {self.check.otherwise}"
        return self.outcome.means or self.check.otherwise


def with_status(findings: Sequence[Finding], status: Status) -> list[Finding]:
    """The findings of one status."""
    return [finding for finding in findings if finding.status == status]
