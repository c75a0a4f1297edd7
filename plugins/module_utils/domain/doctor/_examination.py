# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The operation: read a project, judge it, write a report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from ..._errors import InvalidOption
from ..._shapes import Record
from .._api import Api
from .._operation import Given
from ._checks import counts_of, examined, lines_of
from ._finding import Finding, Status
from ._reader import MOST_REQUESTS, ProjectReader
from ._report import Pseudonyms, connection_of, page_of, report_of

# The worst one speaks for all: what is not known is worse than what is known to be no more than a warning.
_BY_WEIGHT: tuple[Status, ...] = ("failed", "unknown", "warning", "ok")


class Examination:
    """Looks at a project, and writes nothing there: an operation.

    :param given: with the options ``report`` (a path or None), ``nodes`` (what nodes said, or None), and those of the
        connection.
    :param versions: {name of a program: its version}.
    :param key: random bytes, for the digests of the report.
    :param check_path: takes the report's path, and raises InvalidOption where no file can be written there.
    :param write: takes a path and a text, and writes a file.
    """

    def __init__(
        self,
        given: Given,
        *,
        versions: Mapping[str, str | None],
        key: bytes,
        check_path: Callable[[str], None],
        write: Callable[[str, str], None],
    ) -> None:
        self._given = given
        self._options = given.options
        self._versions = versions
        self._name = Pseudonyms(key)
        self._check_path = check_path
        self._write = write
        self._findings: list[Finding] = []
        self._sent = 0
        self._files: list[str] = []
        self._done = False
        self.warnings: list[str] = []

    def prepare(self) -> None:
        """Check the options; raises InvalidOption before any request is sent."""
        nodes = self._options["nodes"]
        if nodes is not None and not all(isinstance(node, dict) for node in nodes.values()):
            raise InvalidOption("must be a dictionary of dictionaries, the result of npu_info by host", ("nodes",))
        if self._options["report"] is not None:
            self._check_path(self._options["report"])

    def run(self, api: Api) -> None:
        """Read what the checks need, judge it, and write the report; InvalidOption where that cannot be written."""
        reader = ProjectReader(
            api.read_only(MOST_REQUESTS),
            signed=bool(self._options.get("access_key")),
            request_timeout=self._options["request_timeout"],
            nodes=self._options["nodes"],
        )
        facts = reader.read()
        self._findings = [finding.concealed(self._given.conceal) for finding in examined(facts)]
        self._sent, self._done = facts.sent, True
        if self._options["report"] is None or self._given.check_mode:
            return
        made_at = self._given.clock.utc().strftime("%Y-%m-%dT%H:%M:%SZ")
        report = report_of(self._findings, facts, self._name, self._versions, self._connection(), made_at)
        stem = self._options["report"]
        for ending in (".json", ".md"):
            stem = stem.removesuffix(ending)
        self._write(stem + ".json", json.dumps(report, indent=2) + "\n")
        self._files.append(stem + ".json")
        self._write(stem + ".md", page_of(report))
        self._files.append(stem + ".md")

    def _connection(self) -> Record:
        options = self._options
        given = {name: bool(options.get(name)) for name in ("endpoint", "proxy", "ca_path", "validate_certs")}
        ways = {"access_key": "keys", "auth_token": "token", "username": "password"}  # nosec B105: names of options
        way = next((ways[option] for option in ways if options.get(option)), "none")
        return connection_of(options.get("region"), given, way)

    def result(self) -> Record:
        """Every key of the result but ``msg`` and ``error``."""
        if not self._done:
            # Nothing, not an empty list: that would read as nothing found.
            return {"changed": False}
        counts = counts_of(self._findings)
        return {
            "changed": False,
            "status": next(status for status in _BY_WEIGHT if counts[status] or status == "ok"),
            "counts": counts,
            "checks": [
                {
                    "check": finding.check.name,
                    "status": finding.status,
                    "assumption": finding.check.assumption,
                    "found": str(finding.outcome.found),
                    "means": finding.means or None,
                    "todo": finding.outcome.todo or None,
                }
                for finding in self._findings
            ],
            "lines": lines_of(self._findings, self._sent),
            "requests": self._sent,
            "report_files": self._files,
        }

    def diff(self) -> None:
        """Reading changes nothing."""
        return None
