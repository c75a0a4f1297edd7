# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule for "already done" against a slow and obvious model, over random histories.

The jobs are made as the service answers them, so reading them is part of what is tested.
"""

from __future__ import annotations

import datetime
import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._decision import (
    Sighting,
    State,
    judge,
    standing_of,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._mark import (
    Mark,
    digest_of_items,
    mark_text,
    types_of_mark,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._model import (
    Item,
    read_job,
    read_summary,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._wanted import read_wanted

HISTORIES = 3000

SERVERS = ["s1", "s2", "s3", "s4"]
NAMES = ["upgrade", "upgrade.2", "other"]
ITEM = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["HDK_UPGRADE", "COMMON"]),
        "spec": st.sampled_from(
            [{"version": "1rc"}, {"version": "1RC"}, {"version": "2"}, {"version": "1rc", "x": "y"}, {}]
        ),
    }
)
# What a service may add to a spec, or show instead of it.
ADDED = st.sampled_from([{}, {}, {"mode": "fast"}, {"mode": "slow"}, {"mode": "******"}, {"version": "******"}])
DEFAULTS = {"mode": "fast"}
# Few different ones, so that equal and nearly equal items are frequent.
ITEMS = st.lists(ITEM, min_size=1, max_size=2)
TASK_STATUS = st.sampled_from(["SUCCESS", "SUCCESS", "FAILED", "SKIPPED", "PROCESSING", "PAUSED"])
JOB_STATUS = st.sampled_from(["FINISHED", "FINISHED", "PROCESSING", "ACTIVE", "DELETED", "COMPLETED"])


@st.composite
def jobs(draw):
    """A job's detail with ``when`` (its true time) and ``sent`` (its true items) beside it."""
    when = 1755005748000 + draw(st.integers(0, 12))
    tasks = draw(st.lists(st.tuples(st.sampled_from(SERVERS), TASK_STATUS), max_size=5))
    sent = draw(ITEMS)
    shown = [{**item, "spec": {**item["spec"], **draw(ADDED)}} for item in sent]
    marked = draw(st.booleans())
    lost = draw(st.sampled_from([0, 0, 0, 1]))
    digests = types_of_mark(item["type"] for item in sent)
    mark = Mark(
        digests,
        digest_of_items(_items(sent), frozenset()),
        len({server_id for server_id, _status in tasks}) + lost,
        "0123456789",
    )
    return {
        "when": when,
        "sent": sent,
        "id": draw(st.uuids()).hex,
        "name": draw(st.sampled_from(NAMES)),
        "type": "ASCEND_SOFTWARE_UPGRADE",
        "status": draw(JOB_STATUS),
        "description": mark_text(mark) if marked and mark.servers else draw(st.sampled_from([None, "", "words"])),
        "create_at": draw(st.sampled_from([when, when, str(when), _iso(when), None])),
        "items": draw(st.sampled_from([shown, shown, []])),
        "tasks": [
            {"id": f"t{n}", "server_id": draw(st.sampled_from([server, server.upper()])), "status": status}
            for n, (server, status) in enumerate(tasks)
        ],
    }


@st.composite
def wishes(draw):
    """The options of a task."""
    return {
        "name": draw(st.sampled_from(NAMES)),
        "type": "HDK_UPGRADE",
        "server_ids": draw(st.lists(st.sampled_from(SERVERS), min_size=1, max_size=5)),
        "items": draw(ITEMS),
        "reuse": draw(st.sampled_from(["same_name", "same_name", "any_name", "any_name", "never"])),
        "skipped": draw(st.sampled_from(["ok", "failed"])),
        "is_reboot": draw(st.sampled_from([None, False, True])),
    }


def _items(items):
    return [Item(item["type"], tuple(sorted(item["spec"].items()))) for item in items]


def _iso(when):
    return datetime.datetime.fromtimestamp(when / 1000, datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def model(options, history, patient):
    """{server: standing}, by going through every job for every server, and the rule's sentences one by one."""
    newest_first = sorted(
        history, key=lambda job: (job["create_at"] is not None and job["when"], job["id"]), reverse=True
    )
    return {server: _model_of_server(options, server, newest_first, patient) for server in options["server_ids"]}


def _model_of_server(options, server, newest_first, patient):
    if options["reuse"] == "never":
        return "submit"
    facts = [fact for job in newest_first if (fact := _fact(options, server, job, patient))]
    # What a newer job has decided, an older one that is over does not change.
    seen = []
    for fact in facts:
        if not fact["history"] or _decided(seen) is None:
            seen.append(fact)
    return _decided(seen) or "submit"


def _decided(seen):
    if any(fact["is"] == "may be" for fact in seen):
        return "unsettled"
    if any(fact["is"] == "runs" and not fact["same"] for fact in seen):
        return "busy"
    if any(fact["is"] == "runs" for fact in seen):
        return "running"
    if not seen:
        return None
    if seen[0]["same"] and seen[0]["is"] == "stuck":
        return "running"
    if seen[0]["same"] and seen[0]["is"] == "failed":
        return "submit"
    before_others = list(itertools.takewhile(lambda fact: fact["same"], seen))
    if any(fact["is"] == "done" and fact["admitted"] for fact in before_others):
        return "done"
    return None if before_others == seen else "submit"


def _fact(options, server, job, patient):
    """What one job is to a server, or None."""
    over, deleted, dated = job["status"] in ("FINISHED", "DELETED"), job["status"] == "DELETED", job["create_at"]
    marked = (job["description"] or "").startswith("lsj1-")
    wanted_types = {item["type"] for item in options["items"]}
    if (marked or job["items"]) and wanted_types.isdisjoint(item["type"] for item in job["sent"]):
        return None
    same = _same(options, job, marked)
    statuses = {task["status"] for task in job["tasks"] if task["server_id"].lower() == server}
    listed = {task["server_id"].lower() for task in job["tasks"]}
    fact = {
        "same": bool(same),
        "admitted": options["reuse"] == "any_name" or job["name"] == options["name"],
        "history": over and dated is not None,
    }
    if deleted and (not statuses or dated is None):
        return None
    if not statuses:
        told = bool(listed) and not (marked and len(listed) < int(job["description"].split("-")[3]))
        return None if told else {**fact, "is": "may be"}
    if same is None and not deleted:
        return {**fact, "is": "may be"}
    ended = statuses <= {"SUCCESS", "FAILED", "SKIPPED"}
    failed = "FAILED" in statuses or ("SKIPPED" in statuses and options["skipped"] == "failed")
    again = "FAILED" in statuses and options["is_reboot"]
    if not over and (not ended or again):
        return {**fact, "is": "runs"}
    if dated is None:
        return {**fact, "is": "may be"}
    if not ended:
        return {**fact, "is": "failed" if deleted else "may be" if patient else "stuck"}
    return {**fact, "is": "failed" if failed else "done"}


def _same(options, job, marked):
    """None where it cannot be told."""
    if marked:
        return _as_set(options["items"]) == _as_set(job["sent"])
    if not job["items"]:
        return None
    return all(any(_covers(item, other) for other in job["items"]) for item in options["items"])


def _covers(item, other):
    def plain(spec):
        return {key: value.lower() if key == "version" else value for key, value in spec.items()}

    wanted, shown = plain(item["spec"]), plain(other["spec"])
    rest = {key: value for key, value in shown.items() if key not in wanted}
    return (
        item["type"] == other["type"]
        and all(shown.get(key) == value for key, value in wanted.items())
        and all(value in ("******", DEFAULTS.get(key)) for key, value in rest.items())
    )


def _as_set(items):
    return Counter((item["type"], tuple(sorted((k, v.lower()) for k, v in item["spec"].items()))) for item in items)


def judged(options, history, listed=None, patient=True):
    """The product's answer, and the ids of the jobs that it read."""
    details, read = {job["id"]: job for job in history}, []

    def detail(summary):
        read.append(summary.id)
        return read_job(details[summary.id])

    wanted, _warnings = read_wanted(options)
    summaries = [read_summary(job) for job in listed or history]
    return judge(wanted, summaries, detail, lambda job: DEFAULTS, lambda job: patient), read


IS = {
    "may be": State.UNSETTLED,
    "runs": State.RUNNING,
    "done": State.DONE,
    "failed": State.FAILED,
    "stuck": State.STUCK,
}


def test_each_row_of_three_jobs_stands_as_in_the_model():
    kinds = list(itertools.product(IS, [True, False], [True, False]))
    rows = itertools.chain.from_iterable(itertools.product(kinds, repeat=length) for length in range(4))
    for row in rows:
        standing, _decider = standing_of([Sighting(IS[word], same, admitted) for word, same, admitted in row])
        facts = [{"is": word, "same": same, "admitted": admitted} for word, same, admitted in row]
        assert (standing.value if standing else None) == _decided(facts), row


@pytest.mark.thorough
@settings(max_examples=HISTORIES, derandomize=True)
@given(options=wishes(), history=st.lists(jobs(), max_size=8, unique_by=lambda job: job["id"]), patient=st.booleans())
def test_the_rule_agrees_with_the_model(options, history, patient):
    judgements, read = judged(options, history, patient=patient)
    expected = model(options, history, patient)
    assert {server: judgement.standing.value for server, judgement in judgements.items()} == expected
    assert list(judgements) == list(dict.fromkeys(options["server_ids"]))
    assert len(read) == len(set(read))
    _check_that_little_was_read(options, history, read, patient)


def _check_that_little_was_read(options, history, read, patient):
    """Of what is over, only what is younger than the job that decided the last server; nothing of other types."""
    wanted = {item["type"] for item in options["items"]}
    by_age = sorted(history, key=lambda job: (job["create_at"] is not None and job["when"], job["id"]), reverse=True)
    for place, job in enumerate(by_age):
        if job["id"] not in read:
            continue
        marked = (job["description"] or "").startswith("lsj1-")
        assert not marked or not wanted.isdisjoint(item["type"] for item in job["sent"])
        if job["status"] in ("FINISHED", "DELETED") and job["create_at"] is not None:
            newer = by_age[:place]
            facts = [[_fact(options, server, each, patient) for each in newer] for server in options["server_ids"]]
            assert any(_decided([fact for fact in of_server if fact]) is None for of_server in facts)


@settings(max_examples=300, derandomize=True)
@given(options=wishes(), history=st.lists(jobs(), max_size=6, unique_by=lambda job: job["id"]), data=st.data())
def test_the_order_of_the_list_does_not_matter(options, history, data):
    shuffled = data.draw(st.permutations(history))
    assert judged(options, history)[0] == judged(options, history, shuffled)[0]
