# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What the event source ``jobs`` is made of: its arguments, its state file, and one look at the service."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values

from .._clock import SystemClock
from .._errors import InternalError, InvalidOption, LiteServerError
from .._shapes import Record
from ..domain._untrusted import as_event, as_line, as_shown
from ..domain.jobs._events import JobWatch, checked_knowledge
from ..transport._exchange import REQUESTS_IMPORT_ERROR
from ._connection import build_api
from ._connection_options import check_connection, connection_argument_spec, hide, passwords_in_addresses
from ._own_files import read_own_file
from ._replaced_file import replace_file
from ._secrets import Secrets

SCHEMA_VERSION = 1
# After trouble the pause is doubled, up to so many seconds.
LONGEST_PAUSE = 300
# Of a state file; what is known of 100,000 jobs has some 20 MB.
MOST_BYTES = 256 * 1024 * 1024
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "interval": {"type": "int", "default": 30},
    "requests_per_minute": {"type": "int", "default": 30},
    "names": {"type": "list", "elements": "str"},
    "state_file": {"type": "path"},
}


class JobSource:
    """The arguments of a source, checked, and what it knows.

    :param args: as a rulebook gives them; keys that begin with ``eda_`` are ansible-rulebook's own.
    :ivar warnings: texts about the arguments, and then about the last look.
    :raises InvalidOption: an argument, or the state file, breaks a rule.
    """

    def __init__(self, args: dict[str, Any]) -> None:
        if REQUESTS_IMPORT_ERROR:
            raise InvalidOption("the Python library requests is missing where ansible-rulebook runs")
        spec = dict(connection_argument_spec(), **ARGUMENT_SPEC)
        given = {name: value for name, value in args.items() if not name.startswith("eda_") and value is not None}
        checked = ArgumentSpecValidator(spec).validate(given)
        options = checked.validated_parameters
        self._secrets = Secrets()
        hide(self._secrets, *(options[name] for name in spec if spec[name].get("no_log") and options.get(name)))
        hide(self._secrets, *passwords_in_addresses(options))
        if checked.error_messages:
            raise InvalidOption(self._clean("; ".join(checked.error_messages)))
        self.warnings = check_connection(options)
        for name, least in (("interval", 1), ("requests_per_minute", 1)):
            if options[name] < least:
                raise InvalidOption(f"{name}: must be at least {least}")
        self._interval, self._per_minute = options["interval"], options["requests_per_minute"]
        # Without links: the file is replaced, and not where a link leads to.
        self._path = os.path.realpath(options["state_file"]) if options["state_file"] else None
        # What a file was written for: its changes would be news for another project or other names.
        self._watched = {key: options[key] for key in ("region", "endpoint", "project_id", "names")}
        self._watch = JobWatch(self._read(), options["names"])
        self._api = build_api(options, SystemClock(), lambda token: hide(self._secrets, token), self._clean)
        self._troubles = 0

    def look(self) -> tuple[list[Record], float]:
        """(events, seconds until the next look); blocks, and raises LiteServerError."""
        try:
            events, requests = self._watch.look(self._api)
        except LiteServerError as error:
            error.message = as_line(self._clean(error.message))
            raise
        except Exception as error:
            raise InternalError(error) from None
        self._troubles, self.warnings = 0, [as_line(self._clean(text)) for text in self._watch.warnings]
        return events, max(self._interval, requests * 60 / self._per_minute)

    @staticmethod
    def passes(error: LiteServerError) -> bool:
        """Whether an error may pass by itself: a redirect comes from whatever stands before the service for a while."""
        return error.retryable or 300 <= (error.http_status or 0) < 400

    def pause_after_trouble(self) -> float:
        """Seconds until the next look after one that failed; longer each time."""
        self._troubles += 1
        return float(min(self._interval * 2 ** min(self._troubles, 10), max(LONGEST_PAUSE, self._interval)))

    def delivery(self, event: Record) -> Record:
        """The event as it may be delivered: without secrets, of which nothing is found in what was cut."""
        return dict(as_event(as_shown(event, self._clean)))

    def told(self, event: Record) -> None:
        """An event was delivered."""
        self._watch.told(event)

    def ended(self) -> None:
        """All events of a look were delivered."""
        self._watch.ended()

    def save(self) -> str | None:
        """Write the state file, if there is to be one, as far as events were delivered.

        :returns: why it could not be written, or None. The next look writes all of it.
        """
        if self._path and self._watch.known is not None:
            state = {"schema_version": SCHEMA_VERSION, "watched": self._watched, "jobs": self._watch.known}
            try:
                replace_file(self._path, json.dumps(state) + "\n")
            except OSError as error:
                return (
                    f"state_file: cannot write {self._path}: {error.strerror or error}; until then, a restart reports"
                    " again what was reported since"
                )
        return None

    def _read(self) -> dict[str, Record] | None:
        if not self._path:
            return None
        what = f"state_file: {self._path}"
        hint = "remove it to begin anew with what is there then"
        folder = os.path.dirname(self._path)
        if not os.path.isdir(folder):
            raise InvalidOption(f"{what} cannot be written: {folder} is no folder")
        if not os.path.lexists(self._path):
            return None
        try:
            state = json.loads(read_own_file(self._path, MOST_BYTES))
            version, watched, jobs = state["schema_version"], state["watched"], state["jobs"]
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            reason = getattr(error, "strerror", None) or error.__class__.__name__
            raise InvalidOption(f"{what} cannot be read ({reason}); {hint}") from error
        if version != SCHEMA_VERSION:
            raise InvalidOption(f"{what} was written by another version; {hint}")
        if watched != self._watched:
            raise InvalidOption(f"{what} was written for another region, endpoint, project or names; {hint}")
        try:
            return checked_knowledge(jobs)
        except ValueError as error:
            raise InvalidOption(f"{what} cannot be read ({error}); {hint}") from error

    def _clean(self, text: str) -> str:
        return str(remove_values(text, self._secrets))
