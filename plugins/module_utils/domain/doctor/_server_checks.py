# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Checks of what the service offers, and of the servers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from ..._clock import time_limit
from ..._shapes import Record
from .._untrusted import as_host_name
from ..jobs._template_check import SECONDS, STORED_TYPES
from ..servers._event_info import STATES, ids_of
from ..servers._model import FAILED_STATUSES, told_addresses
from ._facts import Facts
from ._finding import Check, Outcome, Private, counted, failed, named, ok, several, unknown, warning, word, words
from ._job_checks import REPORT
from ._list_checks import not_read

UPGRADE = "HDK_UPGRADE"
SOFTWARE = "ASCEND_HDK"
RUNNING = "RUNNING"
SUPERNODE_CATEGORY = "HPS"
# Of an event that is not over.
OPEN_STATES = frozenset(STATES[:3])


def upgrade_template(facts: Facts) -> Outcome:
    """There is a template for the upgrade."""
    if facts.templates.value is None:
        return not_read(facts.templates)
    records = facts.templates.value.records
    matching = [record for record in records if record.get("type") in (UPGRADE, STORED_TYPES[UPGRADE])]
    if not matching and not facts.templates.value.complete:
        return unknown("the list of templates was not read whole", todo="run it again")
    if not matching:
        return failed(
            "no template is of type {}; the service offers {}",
            word(STORED_TYPES[UPGRADE]),
            words(record.get("type") for record in records),
            todo="run a job of another type with role fleet_job and fleet_job_type, or report it",
        )
    taking = [record for record in matching if any(param.get("name") == "version" for param in _params(record))]
    if not taking:
        return failed(
            "the template of the upgrade has no parameter 'version'; it has {}",
            words(param.get("name") for record in matching for param in _params(record)),
            todo="give its parameters in fleet_job_spec, or report it",
        )
    return ok("{} of {} for upgrades", len(taking), counted(len(records), "template"))


def template_defaults(facts: Facts) -> Outcome:
    """The templates' own defaults match their rules."""
    if facts.templates.value is None:
        return not_read(facts.templates)
    broken, unreadable, checked = [], [], 0
    try:
        with time_limit(SECONDS, "comparing"):
            for record in facts.templates.value.records:
                for param in _params(record):
                    regex, value = param.get("regex"), param.get("value")
                    if not isinstance(regex, str) or not regex or not isinstance(value, str) or not value:
                        continue
                    checked += 1
                    try:
                        if re.search(regex, value) is None:
                            broken.append(word(param.get("name")))
                    except (re.error, RecursionError, OverflowError):
                        unreadable.append(word(param.get("name")))
    except TimeoutError:
        return warning("a rule takes longer than {} s to compare", SECONDS, todo="use template_check: off")
    todo = "use template_check: warn for them, and report it"
    if broken:
        return warning("the default of a parameter breaks its own rule: {}", several(broken), todo=todo)
    if unreadable:
        return warning("the rule of a parameter cannot be read by Python: {}", several(unreadable), todo=todo)
    return ok("all of {}", counted(checked, "default"))


def hdk_versions(facts: Facts) -> Outcome:
    """The service lists which versions it offers."""
    if facts.software.value is None:
        return not_read(facts.software)
    versions = [
        info.get("version")
        for flavor in facts.software.value
        for support in _dicts(flavor.get("support"))
        if support.get("type") == SOFTWARE
        for info in _dicts(support.get("info"))
    ]
    if not versions:
        todo = "find the version in the vendor's documents"
        return warning("no version of {} is on offer", word(SOFTWARE), todo=todo)
    return ok("{} on offer", counted(len(set(map(str, versions))), "version"))


def _too_few(facts: Facts) -> Outcome | None:
    """What a check of servers says where there is nothing to judge by."""
    if facts.servers.value is None:
        return not_read(facts.servers)
    if not facts.server_records:
        return unknown("this user has no server here", todo="read those of the whole project, with scope: all")
    return None


def _or_partly(facts: Facts, outcome: Outcome) -> Outcome:
    """The outcome, which is not good as long as not all servers were seen."""
    if outcome.status == "ok" and (facts.servers.value is None or not facts.servers.value.complete):
        return unknown("the list of servers was not read whole", todo="see server_list_whole")
    return outcome


def server_ids(facts: Facts) -> Outcome:
    """Ids differ by more than their case."""
    if outcome := _too_few(facts):
        return outcome
    counts = Counter(record["id"].lower() for record in facts.server_records)
    alike = [record["id"] for record in facts.server_records if counts[record["id"].lower()] > 1]
    if alike:
        todo = "do not run anything on them, and " + REPORT
        return failed("ids of servers differ in nothing but their case: {}", named("server", alike), todo=todo)
    return _or_partly(facts, ok("all of {}", counted(len(counts), "id")))


def server_names(facts: Facts) -> Outcome:
    """Names can be names of hosts."""
    if outcome := _too_few(facts):
        return outcome
    counts = Counter((record["name"] or "").lower() for record in facts.shown_servers)
    bad = []
    for record, raw in zip(facts.shown_servers, facts.server_records, strict=True):
        name = record["name"]
        if name is None or counts[name.lower()] > 1 or as_host_name(name, told_addresses(raw)) is None:
            bad.append(name or record["id"])
    if bad:
        return warning(
            "{} with the name of another one, or one that no host can have: {}",
            counted(len(bad), "server"),
            named("server", sorted(bad)),
            todo="give them other names, or live with names that have a part of the id",
        )
    return _or_partly(facts, ok("all of {}", counted(len(facts.server_records), "name")))


def server_statuses(facts: Facts) -> Outcome:
    """Servers are RUNNING."""
    if outcome := _too_few(facts):
        return outcome
    records = facts.shown_servers
    down = [record for record in records if record["status"] != RUNNING]
    if down:
        broken = any(record["status"] in FAILED_STATUSES for record in down)
        return warning(
            "{} of {} not RUNNING but {}: {}",
            len(down),
            counted(len(records), "server"),
            words(record["status"] for record in down),
            named("server", [record["name"] or record["id"] for record in down]),
            todo="repair them, or leave them out (--limit)" if broken else "start them, or leave them out (--limit)",
        )
    return _or_partly(facts, ok("all of {}", counted(len(records), "server")))


def supernodes(facts: Facts) -> Outcome:
    """A server in a supernode names it."""
    if outcome := _too_few(facts):
        return outcome
    records = facts.shown_servers
    silent = [record for record in records if record["category"] == SUPERNODE_CATEGORY and not record["supernode_id"]]
    if silent:
        return failed(
            "{} in a supernode without its id: {}",
            counted(len(silent), "server"),
            named("server", [record["name"] or record["id"] for record in silent]),
            todo="do not upgrade them in waves, and " + REPORT,
        )
    names: dict[str, set[object]] = {}
    flavors: dict[str, set[object]] = {}
    for record in records:
        if record["supernode_id"]:
            names.setdefault(record["supernode_id"], set()).add(record["supernode_name"])
            flavors.setdefault(record["supernode_id"], set()).add(record["flavor"])
    mixed = sorted(each for each in names if len(names[each]) > 1 or len(flavors[each]) > 1)
    if mixed:
        todo = "check their servers before an upgrade"
        return warning(
            "servers of one supernode differ in its name, or in their flavor: {}", named("supernode", mixed), todo=todo
        )
    return _or_partly(facts, ok("{} in all", counted(len(names), "supernode")))


def events(facts: Facts) -> Outcome:
    """No maintenance is planned or under way."""
    listing = facts.events.value
    if listing is None:
        return not_read(facts.events)
    strange = {str(record.get("state")) for record in listing.records if _state(record) not in STATES}
    if strange:
        return warning("there are events in a state that is not documented: {}", words(strange), todo=REPORT)
    open_events = [record for record in listing.records if _state(record) in OPEN_STATES]
    if open_events:
        having = {each: raw for raw in facts.server_records for each in ids_of(raw["id"], raw)}
        hit = [having[each] for event in open_events for each in _named_by(event) if each in having]
        return warning(
            "{} of maintenance planned or under way, on {} of these servers: {}",
            counted(len(open_events), "event"),
            len({raw["id"] for raw in hit}),
            several(Private("server", str(raw.get("name") or raw["id"])) for raw in hit),
            todo="see liteserver_event_info; wait for their end, or leave those servers out (--limit)",
        )
    if not listing.complete:
        return unknown("the list of events was not read whole", todo="see liteserver_event_info")
    return ok("none is, of {}", counted(len(listing.records), "event"))


def _named_by(event: Record) -> Iterator[str]:
    for key in ("instanceId", "underLyingInstanceId"):
        if isinstance(event.get(key), str):
            yield event[key].lower()


def _state(event: Record) -> str:
    return str(event.get("state")).lower()


def _params(template: Record) -> list[Record]:
    return _dicts(template.get("params"))


def _dicts(value: object) -> list[Record]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, Iterable) else []


CHECKS = (
    Check(
        "upgrade_template",
        "A template upgrades driver and firmware, and takes a `version`",
        "the preflight of an upgrade stops it",
        upgrade_template,
    ),
    Check(
        "template_defaults",
        "The templates' own defaults match their regexes",
        "`template_check: strict` refuses what the service would take",
        template_defaults,
    ),
    Check(
        "hdk_versions",
        "The service lists which versions of driver and firmware it offers",
        "a version that nobody offers is noticed only when the job fails",
        hdk_versions,
    ),
    Check("server_ids", "Server ids differ by more than their case", "two servers would count as one", server_ids),
    Check(
        "server_names",
        "Servers have names that differ, and that hosts of an inventory can have",
        "such a host is named by its id, or with a part of it",
        server_names,
    ),
    Check("server_statuses", "Servers are `RUNNING`", "the preflight refuses a run on the others", server_statuses),
    Check("supernodes", "A server in a supernode names it", "a wave may cut a supernode in two", supernodes),
    Check(
        "scheduled_events",
        "No maintenance is planned or under way",
        "it collides with a job on the same server",
        events,
    ),
)
