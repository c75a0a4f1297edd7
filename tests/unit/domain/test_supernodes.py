# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which supernodes a run would cut or mix, and the batches that Ansible makes of a play."""

from __future__ import annotations

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import AnswerLost
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._operation import Given
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._supernodes import (
    batches_of,
    guard_problems,
    supernodes_of,
    upgrades,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._survey import Survey


def server(number, supernode=None):
    return {
        "id": f"s{number}",
        "name": f"n{number}",
        "supernode_id": supernode,
        "supernode_name": None if supernode is None else f"supernode-{supernode}",
    }


FLEET = [server(1, "a"), server(2, "a"), server(3, "a"), server(4, "b"), server(5, "b"), server(6)]


def problems(batches, versions=None, done=()):
    """Of batches of server numbers, which all want version 1 unless ``versions`` says otherwise."""
    wanted = {f"s{number}": (versions or {}).get(number, 1) for batch in batches for number in batch}
    ids = [[f"s{number}" for number in batch] for batch in batches]
    finished = {f"s{number}" for number in done}
    return guard_problems(supernodes_of(FLEET, wanted, ids), lambda _supernode, _wanted: finished)


@pytest.mark.parametrize("batches", [[[1, 2, 3]], [[1, 2, 3], [4, 5, 6]], [[6], [4, 5], [3, 1, 2]], [[6]], []])
def test_whole_supernodes_are_no_problem(batches):
    assert problems(batches) == []


def test_each_cut_is_named():
    found = problems([[1, 2], [3, 4, 5]])
    assert found == ["the servers of supernode supernode-a are in batches 1, 2 of the play"]


def test_a_part_is_named_with_those_that_are_missing():
    (text,) = problems([[1, 2]])
    assert text.startswith("2 of the 3 servers of supernode supernode-a take part, and 1 that do not are not done: n3")


def test_versions_that_differ_are_named_even_where_all_are_done():
    (text,) = problems([[1, 2, 3]], {2: 9}, done=(1, 2, 3))
    assert text == "the servers of supernode supernode-a would run different versions: n1, n3; n2"


@pytest.mark.parametrize(
    ("batches", "done"),
    [
        ([[1]], (2, 3)),  # a limit to the unfinished one
        ([[1, 2]], (3,)),
        ([[1], [2], [3]], (2, 3)),  # a resume: only one is left to do
        ([[1], [2]], (2, 3)),
        ([[1]], (1,)),  # nothing is started there
    ],
)
def test_what_is_done_is_not_cut_off(batches, done):
    assert problems(batches, done=done) == []


@pytest.mark.parametrize(("batches", "done"), [([[1]], (2,)), ([[1], [2], [3]], (3,)), ([[1, 2]], (1,))])
def test_where_two_are_left_to_do_it_is_cut(batches, done):
    assert len(problems(batches, done=done)) == 1


@pytest.mark.parametrize(
    ("serial", "sizes"),
    [
        ([], [10]),
        ([0], [10]),
        ([-1], [10]),
        ([3], [3, 3, 3, 1]),
        ([1, 5, 20], [1, 5, 4]),
        (["25%"], [2, 2, 2, 2, 2]),
        (["1%"], [1] * 10),
        ([1, "50%"], [1, 5, 4]),
        (["3"], [3, 3, 3, 1]),
        (["100%"], [10]),
    ],
)
def test_batches_are_those_that_ansible_makes(serial, sizes):
    from ansible.executor.playbook_executor import PlaybookExecutor

    class Play:
        hosts, order = "all", None

    Play.serial = serial
    executor = PlaybookExecutor.__new__(PlaybookExecutor)
    names = [f"h{number}" for number in range(10)]
    executor._inventory = type("Inventory", (), {"get_hosts": lambda *_args, **_options: list(names)})()
    assert [len(batch) for batch in batches_of(names, serial)] == sizes
    assert batches_of(names, serial) == executor._get_serialized_batches(Play)


def test_only_items_with_a_version_matter():
    assert upgrades([{"type": "HDK_UPGRADE", "spec": {}}])
    assert upgrades([{"type": "OTHER", "spec": {"version": "1"}}])
    assert not upgrades([{"type": "DEVICE_LOG_COLLECT", "spec": {"obs_path": "x"}}, {"type": "COMMON", "spec": None}])


# The survey


class ServersApi:
    """The list of servers on top of the jobs of another API; ``everyone`` are those of other users too."""

    def __init__(self, jobs, listing, own, others=(), forbidden=False):
        self._jobs, self._listing = jobs, listing
        self._own, self._others, self._forbidden = list(own), list(others), forbidden
        self.asked = []

    def __getattr__(self, name):
        return getattr(self._jobs, name)

    def list_servers(self, everyone=False, polling=False):
        self.asked.append(everyone)
        if everyone and self._forbidden:
            raise AnswerLost("forbidden")
        return self._listing([*self._own, *(self._others if everyone else [])])


def raw(number, supernode=None):
    record = {"id": f"s{number}", "name": f"n{number}", "status": "RUNNING"}
    if supernode:
        record["server_hps"] = {"id": supernode, "name": f"supernode-{supernode}"}
    return record


def survey(api, clock, batches, **options):
    ids = [server_id for batch in batches for server_id in batch]
    group = {
        "number": 1,
        "name": "upgrade",
        "type": "HDK_UPGRADE",
        "items": [{"type": "HDK_UPGRADE", "spec": {"version": "1"}}],
        "server_ids": ids,
        "options": {"reuse": "same_name"},
    }
    given = {"server_ids": ids, "software": False, "templates": False, "events": False, "supernodes": True}
    given["groups"] = [group]
    return Survey(Given(clock, {**given, "batches": batches, "secret_spec": None, **options})).read(api)


def test_who_is_done_is_read_from_the_jobs(api, clock, listing):
    servers = ServersApi(api, listing, [raw(1, "a"), raw(2, "a")])
    assert len(survey(servers, clock, [["s1"]])["supernode_problems"]) == 1
    api.add({"s2": "SUCCESS"}, name="another name")
    assert survey(servers, clock, [["s1"]])["supernode_problems"] == []
    api.add({"s2": "PROCESSING"}, status="PROCESSING")
    assert len(survey(servers, clock, [["s1"]])["supernode_problems"]) == 1


def test_jobs_that_cannot_be_read_leave_nobody_done(api, clock, listing):
    api.add({"s2": "SUCCESS"})
    servers = ServersApi(api, listing, [raw(1, "a"), raw(2, "a")])
    api.script["list_jobs"] = [AnswerLost("reset")]
    assert len(survey(servers, clock, [["s1"]])["supernode_problems"]) == 1


def test_jobs_are_not_read_where_supernodes_are_whole(api, clock, listing):
    servers = ServersApi(api, listing, [raw(1, "a"), raw(2, "a")])
    assert survey(servers, clock, [["s1", "s2"]])["supernode_problems"] == []
    assert api.calls == []


@pytest.mark.parametrize("forbidden", [True, False])
def test_servers_of_others_in_the_same_supernode_count_where_they_can_be_seen(api, clock, listing, forbidden):
    servers = ServersApi(api, listing, [raw(1, "a")], [raw(2, "a")], forbidden)
    found = survey(servers, clock, [["s1"]])
    assert len(found["supernode_problems"]) == (0 if forbidden else 1)
    assert servers.asked == [False, True]


def test_without_a_guard_nothing_is_judged(api, clock, listing):
    servers = ServersApi(api, listing, [raw(1, "a"), raw(2, "a")])
    assert survey(servers, clock, [["s1"]], supernodes=False)["supernode_problems"] == []
    assert servers.asked == [False]
