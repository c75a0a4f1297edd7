# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What was found, for people who must not see whose project it is: as JSON and as Markdown."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..._shapes import Record
from .._untrusted import as_markdown_cell
from ._checks import counts_of
from ._facts import Facts
from ._finding import Finding, Private, word

SCHEMA_VERSION = 1
DIGITS = 10
# Of a list, so many records tell which fields there are.
MOST_RECORDS = 200
MOST_WORDS = 50
_REGION = re.compile(r"[a-z]{2,3}-[a-z]{4,10}-[0-9]{1,2}")
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "list", dict: "object"}


class Pseudonyms:
    """Digests that are equal for equal strings of one report, and tell nothing without its key.

    Names and ids can be guessed; so the key is random, and is forgotten with the report.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, private: Private) -> str:
        """What stands in the place of something private."""
        text = private.text.encode(errors="surrogatepass")
        return f"{private.kind}-{hmac.new(self._key, text, hashlib.sha256).hexdigest()[:DIGITS]}"


def connection_of(region: str | None, given: Mapping[str, bool], way: str) -> Record:
    """What a report says of the connection.

    :param given: {option: whether it is given}.
    :param way: how requests are authenticated.
    """
    return {"region": region if region and _REGION.fullmatch(region) else None, "authentication": way, **given}


def report_of(
    findings: Sequence[Finding],
    facts: Facts,
    name: Callable[[Private], str],
    versions: Mapping[str, str | None],
    connection: Record,
    made_at: str,
) -> Record:
    """The report as JSON data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "made_at": made_at,
        "versions": dict(versions),
        "connection": connection,
        "requests": facts.sent,
        "counts": counts_of(findings),
        "checks": [
            {
                "check": finding.check.name,
                "status": finding.status,
                "assumption": finding.check.assumption,
                "found": finding.outcome.found.shown(name),
                "means": finding.means or None,
                "todo": finding.outcome.todo or None,
            }
            for finding in findings
        ],
        "sizes": _sizes(facts),
        "words": _words(facts, name),
        "fields": _fields(facts, name),
    }


def page_of(report: Record) -> str:
    """The report as a page of Markdown."""
    lines = ["# Lite Server doctor", "", "Ids, names, addresses and messages are replaced by digests.", ""]
    made = {"made at": report["made_at"], "requests": report["requests"]}
    lines += _table(("", ""), [*made.items(), *report["versions"].items(), *report["connection"].items()])
    for status in ("failed", "warning", "unknown", "ok"):
        checks = [check for check in report["checks"] if check["status"] == status]
        if checks:
            lines += [f"## {status}", ""]
            rows = [(each["check"], each["found"], each["means"] or "", each["todo"] or "") for each in checks]
            lines += _table(("check", "found", "what it means", "what to do"), rows)
    for title in ("sizes", "words", "fields"):
        lines += [f"## {title}", ""]
        lines += _table(("of", title), [(key, _flat(value)) for key, value in report[title].items()])
    return "\n".join(lines)


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flat(inner)}" for key, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for row in rows:
        lines.append(f"| {' | '.join(as_markdown_cell('' if cell is None else str(cell)) for cell in row)} |")
    return [*lines, ""]


def _lists(facts: Facts) -> dict[str, list[Record]]:
    """Records by their kind."""
    details = [read.value for read in facts.details.values() if read.value]
    templates = facts.templates.value.records if facts.templates.value else []
    return {
        "job of the list": facts.jobs.value.records if facts.jobs.value else [],
        "job": details,
        "item": [item for detail in details for item in _dicts(detail.get("items"))],
        "task": [task for detail in details for task in _dicts(detail.get("tasks"))],
        "template": templates,
        "parameter": [param for template in templates for param in _dicts(template.get("params"))],
        "server": facts.server_records,
        "event": facts.events.value.records if facts.events.value else [],
        "software": facts.software.value or [],
    }


def _sizes(facts: Facts) -> Record:
    """Of each list: records, pages, the service's own count."""
    lists = {
        "jobs": facts.jobs,
        "servers": facts.servers,
        "all servers": facts.everyone,
        "templates": facts.templates,
        "events": facts.events,
    }
    sizes: Record = {}
    for name, read in lists.items():
        if read.value is not None:
            pages = read.value.pages
            sizes[name] = {
                "records": len(read.value.records),
                "total": pages[-1].total,
                "pages": len(pages),
                "first_page": pages[0].records,
                "complete": read.value.complete,
            }
    return sizes


def _words(facts: Facts, name: Callable[[Private], str]) -> Record:
    """How often which word of the service stands in which field."""
    lists = _lists(facts)
    fields = {
        "job type": ("job of the list", "type"),
        "job status": ("job of the list", "status"),
        "item type": ("item", "type"),
        "task status": ("task", "status"),
        "template type": ("template", "type"),
        "template flavor type": ("template", "flavor_type"),
        "parameter": ("parameter", "name"),
        "server status": ("server", "status"),
        "server category": ("server", "category"),
        "event state": ("event", "state"),
        "event type": ("event", "type"),
        "flavor type on offer": ("software", "flavor_type"),
    }
    return {
        title: dict(Counter(_shown(record.get(field), name) for record in lists[kind]).most_common(MOST_WORDS))
        for title, (kind, field) in fields.items()
    }


def _fields(facts: Facts, name: Callable[[Private], str]) -> Record:
    """Which fields the records of each kind have, and of which types their values are."""
    fields: Record = {}
    for kind, records in _lists(facts).items():
        types: dict[str, set[str]] = {}
        for record in records[:MOST_RECORDS]:
            for field, value in record.items():
                types.setdefault(_shown(field, name), set()).add(_TYPES.get(type(value), "null"))
        fields[kind] = {field: sorted(types[field]) for field in sorted(types)[:MOST_WORDS]}
    return fields


def _shown(value: object, name: Callable[[Private], str]) -> str:
    found = word(value)
    return name(found) if isinstance(found, Private) else str(found)


def _dicts(value: object) -> list[Record]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
