# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered of a maintenance, and what a node's word makes of a server."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._node_outcomes import (
    unverified,
    verified,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.node import _memory
from ansible_collections.modelarts.liteserver.plugins.module_utils.node._maintenance import write_whole
from ansible_collections.modelarts.liteserver.plugins.plugin_utils._host_fates import HostFates

BOOT = "0b5ce0aa-94f9-4c1f-9a53-3f1b1f3f6c11"
names = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=4)


def drained(*services: str) -> _memory.Memory:
    return _memory.with_drained(_memory.opened(None, "id-1", 10), "services", list(services))


@given(st.lists(names, min_size=1, max_size=5))
def test_whatever_was_stopped_in_any_drain_is_returned_once(drains: list[list[str]]) -> None:
    memory = None
    for services in drains:
        memory = _memory.with_drained(_memory.opened(memory, "another", 10), "services", services)
    assert memory
    kept = memory["drained"]["services"]
    assert set(kept) == {name for services in drains for name in services}
    assert len(kept) == len(set(kept))


def test_of_a_state_the_first_holds() -> None:
    """A second drain sees a node that the first has cordoned."""
    first = {"node": "n", "cordoned": False, "labels": {"a": "1"}}
    memory = _memory.with_drained(_memory.opened(None, "id-1", 10), "kubernetes", first)
    memory = _memory.with_drained(memory, "kubernetes", {"node": "n", "cordoned": True, "labels": {"b": "2"}})
    assert memory["drained"]["kubernetes"] == {"node": "n", "cordoned": False, "labels": {"a": "1", "b": "2"}}


def test_a_snapshot_stays_until_the_maintenance_is_over() -> None:
    memory = _memory.with_snapshot(_memory.opened(None, "id-1", 10), {"npus": [1]}, 20, False)
    assert _memory.with_snapshot(memory, {"npus": []}, 30, False) == memory
    assert _memory.with_snapshot(memory, {"npus": []}, 30, True)["before"] == {"npus": []}
    closed = _memory.closed(memory, 40)
    assert closed["before"] == {"npus": [1]}
    assert _memory.opened(closed, "id-2", 50)["before"] is None


def test_only_a_pass_of_this_boot_and_of_health_opens_the_way_back() -> None:
    memory = drained("a")
    assert _memory.refusal_to_return(memory, BOOT)
    assert _memory.refusal_to_return(_memory.with_verdict(memory, True, "version", BOOT, 20), BOOT)
    passed = _memory.with_verdict(memory, True, "health", BOOT, 20)
    assert passed["state"] == "open" and _memory.refusal_to_return(passed, BOOT) is None
    assert _memory.refusal_to_return(passed, BOOT.replace("0b", "1b"))
    assert _memory.refusal_to_return(passed, None)
    # A later verify does not take health away, a later failure does, and so does another drain.
    assert _memory.refusal_to_return(_memory.with_verdict(passed, True, "version", BOOT, 30), BOOT) is None
    assert _memory.refusal_to_return(_memory.with_verdict(passed, False, "version", BOOT, 30), BOOT)
    assert _memory.refusal_to_return(_memory.with_drained(passed, "services", ["b"]), BOOT)


def test_a_pass_with_nothing_to_return_ends_the_maintenance() -> None:
    memory = _memory.with_verdict(_memory.opened(None, "id-1", 10), True, "version", BOOT, 20)
    assert memory["state"] == "closed"


def test_the_node_is_believed_where_it_remembers() -> None:
    old, new = drained("a"), _memory.closed(drained("b"), 20)
    assert _memory.believed(new, old) == new
    assert _memory.believed(None, old) == old
    assert _memory.believed(None, new) is None
    assert _memory.believed(None, None) is None


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 2},
        {"drained": ["services"]},
        {"drained": {"disks": ["sda"]}},
        {"state": "half"},
    ],
)
def test_what_was_not_written_so_is_not_believed(change: dict[str, Any]) -> None:
    assert _memory.checked(json.dumps(drained("a"))) == drained("a")
    with pytest.raises(ValueError, match="it is not"):
        _memory.checked(json.dumps({**drained("a"), **change}))
    for key in ("id", "before", "passed", "drained"):
        memory = {name: value for name, value in drained("a").items() if name != key}
        with pytest.raises(ValueError, match="it is not"):
            _memory.checked(json.dumps(memory))


def test_a_file_is_replaced_as_a_whole(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "new" / "file"
    write_whole(str(path), "one")
    write_whole(str(path), "two")
    assert path.read_text() == "two"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


OUTCOME = {
    "server_id": "s",
    "server_name": "n",
    "verdict": "done",
    "status": "SUCCESS",
    "message": None,
    "job_id": "j",
    "job_name": "up",
    "ok": True,
    "changed": True,
}


@pytest.mark.parametrize(
    ("word", "verdict"),
    [
        ({"verdict": "ok"}, "done"),
        ({"verdict": "mismatch", "reasons": ["runs X on NPU 3"]}, "mismatch"),
        ({"verdict": "reboot_pending", "reasons": ["runs X"]}, "reboot_pending"),
        ({"verdict": "unhealthy", "reasons": ["NPU 3: health Alarm"]}, "failed"),
        ({"verdict": "unknown", "reasons": []}, "unknown"),
        ({"verdict": "unsupported", "reasons": []}, "unknown"),
        ({"verdict": "a word of tomorrow"}, "unknown"),
        ({}, "unknown"),
        (None, "unknown"),
    ],
)
def test_what_a_word_makes_of_a_server(word: dict[str, Any] | None, verdict: str) -> None:
    before = unverified({"h": OUTCOME})
    assert (before["h"]["verdict"], before["h"]["ok"]) == ("unverified", False)
    after = verified(before, {} if word is None else {"h": word})["h"]
    assert (after["verdict"], after["ok"]) == (verdict, verdict == "done")
    assert after["ok"] or (after["text"] and after["hint"])


def test_a_word_of_another_batch_or_play_does_not_count() -> None:
    fates = HostFates.__new__(HostFates)
    fates._facts = {"h": {"npu_node_verdict": {"mark": "run 1", "verdict": "ok"}}, "i": {"npu_node_verdict": "ok"}}
    assert fates.word_of_node("h", "run 1")
    assert fates.word_of_node("h", "run 2") is None
    assert fates.word_of_node("i", "run 1") is None
    assert fates.word_of_node("j", "run 1") is None


def test_a_word_changes_nothing_of_a_server_that_is_not_done() -> None:
    failed = {**OUTCOME, "verdict": "failed", "ok": False}
    assert verified(unverified({"h": failed}), {"h": {"verdict": "ok"}}) == {"h": failed}
    planned = {**OUTCOME, "verdict": "planned"}
    assert unverified({"h": planned}) == {"h": planned}
