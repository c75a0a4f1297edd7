# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a run decides whether its next batch starts: believed only where nobody else can have written it.

And a record that cannot be written loses no job. Not modelled: access control lists, and file systems without owners.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from rollout.rollout import Rollout, hosts, play, role
from simulator.process import Simulator

STRANGER = 54321
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to somebody else")


def upgrade(folder: pathlib.Path, *after: dict[str, Any], **variables: Any) -> dict[str, Any]:
    """A play of two batches; what comes after the role runs in each."""
    return play(role(record=str(folder), **variables), *after, serial=2)


def python(code: str, **keywords: Any) -> dict[str, Any]:
    """A task that runs Python on the controller, once for the batch."""
    task = {"name": "Meanwhile", "ansible.builtin.command": {"argv": [sys.executable, "-c", code]}, "run_once": True}
    return {**task, "delegate_to": "localhost", "changed_when": False, **keywords}


def text_of(run: Any) -> str:
    """The output without what Ansible breaks lines with."""
    return str(run.text)


# --- whose folder it is ---


def spoil(folder: pathlib.Path, how: str) -> pathlib.Path:
    """Make the folder, or one above it, somebody else's too; the folder for the record."""
    inner = folder / "records"
    inner.mkdir(parents=True)
    if how == "of a stranger":
        os.chown(inner, STRANGER, -1)
    elif how == "below a stranger's":
        os.chown(folder, STRANGER, -1)
    elif how == "for everybody":
        inner.chmod(0o777)
    elif how == "below one for everybody":
        folder.chmod(0o777)
    elif how == "for a group":
        os.chown(inner, -1, STRANGER)
        inner.chmod(0o770)
    elif how == "a link to a stranger's":
        os.chown(inner, STRANGER, -1)
        (folder / "link").symlink_to(inner)
        return folder / "link"
    return inner


@ROOT_ONLY
@pytest.mark.parametrize(
    "how",
    [
        *("of a stranger", "below a stranger's", "for everybody", "below one for everybody", "for a group"),
        "a link to a stranger's",
    ],
)
def test_a_folder_that_others_may_change_is_refused(
    simulator: Simulator, rollout: Rollout, tmp_path: pathlib.Path, how: str
) -> None:
    """Before the first request."""
    run = rollout.run(upgrade(spoil(tmp_path / "place", how)))
    assert run.status != 0
    message = run.message("Open the batch")
    assert message.startswith("fleet_job_record: cannot use ")
    assert ("belongs to user 54321" in message) or ("may be written by" in message)
    assert simulator.counts()["total"] == 0


def test_a_folder_such_as_tmp_will_do(simulator: Simulator, rollout: Rollout, tmp_path: pathlib.Path) -> None:
    """With the sticky bit nobody can replace what is not theirs."""
    folder = tmp_path / "sticky"
    folder.mkdir()
    folder.chmod(0o1777)
    assert rollout.run(upgrade(folder / "records")).status == 0
    assert rollout.run(upgrade(folder)).status == 0
    assert simulator.count("create_job") == 2


# --- what lies in it ---

REPLACE = {
    "a stranger's": "os.chown(path, 54321, -1)",
    "for everybody": "os.chmod(path, 0o666)",
    "a link": "os.rename(path, path + '.old'); os.symlink(path + '.old', path)",
    "a pipe": "os.unlink(path); os.mkfifo(path)",
    "a folder": "os.unlink(path); os.mkdir(path)",
    "half of it": "open(path, 'r+').truncate(100)",
    "a list": "open(path, 'w').write('[]')",
    "of another kind": "record['servers'][0]['passed'] = 'no'; save()",
    "without a key": "del record['servers'][1]['verdict']; save()",
    "of another schema": "record['schema_version'] = 99; save()",
    "another host": "record['servers'][1]['host'] = record['servers'][0]['host']; save()",
    "another batch": "record['servers'][1]['batch'] = 7; save()",
    "times of no calendar": "record['started_at'] = 10**18; save()",
}
CODE = """
import glob, json, os
path = glob.glob({pattern!r})[0]
record = json.load(open(path))
def save():
    with open(path, "w") as file:
        json.dump(record, file)
{replace}
"""


@pytest.mark.parametrize("how", REPLACE)
def test_a_record_that_was_replaced_starts_nothing_more(
    simulator: Simulator, rollout: Rollout, tmp_path: pathlib.Path, how: str
) -> None:
    """The first batch used up the budget; whoever changes the record cannot have the next one started."""
    if how == "a stranger's" and os.geteuid() != 0:
        pytest.skip("only root may give a file to somebody else")
    folder = tmp_path / "records"
    simulator.server(1, fail=1)
    code = CODE.format(pattern=str(folder / "*.json"), replace=REPLACE[how])
    run = rollout.run(upgrade(folder, python(code), max_failures="0"))
    assert run.status != 0
    opened = run.of("Open the batch")
    assert [event["status"] for event in opened] == ["ok", "failed"]
    assert opened[1]["result"]["msg"].startswith("fleet_job_record: ")
    assert simulator.count("create_job") == 1


# --- a disk that is full ---


@pytest.fixture
def small_disk(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A real file system of one MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here; the test with the folder that vanishes takes the same way")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: pathlib.Path) -> None:
    """Leave no byte."""
    with open(folder / "filler", "wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def vanish(folder: pathlib.Path) -> None:
    """The folder goes away."""
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def become_a_file(folder: pathlib.Path) -> None:
    """The folder goes away, and a file is in its place."""
    vanish(folder)
    folder.write_text("")


def trouble_after_the_create(simulator: Simulator, rollout: Rollout, folder: pathlib.Path, trouble: Any) -> Any:
    """A run whose first create is answered after the trouble began."""
    simulator.fault("create_job", "hold", when="after")
    simulator.server(2, fail=1, message="npu busy")
    running = rollout.start(upgrade(folder))
    simulator.await_held()
    trouble(folder)
    simulator.release()
    return running.finish()


def check_nothing_is_lost(simulator: Simulator, run: Any) -> None:
    """The batch was waited for, its job is named, its hosts pass or fail by their servers, and nothing more began."""
    (job,) = simulator.jobs()
    verdicts = run.verdicts()
    assert {name: result["verdict"] for name, result in verdicts.items()} == dict(
        zip(hosts(1, 2), ["done", "failed"], strict=True)
    )
    assert "npu busy" in verdicts[hosts(2)[0]]["msg"]
    warnings = [text for event in run.events for text in event["result"].get("warnings") or []]
    named = [text for text in warnings if text.startswith("fleet_job_record: cannot ")]
    assert len(named) == 2
    assert all(job["id"] in text for text in named)
    assert "waited for" in named[0]
    # The summary is there, although the record is not.
    (waited,) = run.of("Wait for the jobs")
    assert "1 of 2 done, 1 failed" in "".join(waited["result"]["summary"])
    refused = run.of("Open the batch")[1]["result"]["msg"]
    assert refused.startswith("fleet_job_record: ")
    assert "Errno" not in run.output
    assert simulator.count("create_job") == 1


def test_a_full_disk_after_the_create_loses_no_job(
    simulator: Simulator, rollout: Rollout, small_disk: pathlib.Path
) -> None:
    run = trouble_after_the_create(simulator, rollout, small_disk, fill)
    check_nothing_is_lost(simulator, run)
    assert "No space left on device" in run.output
    refused = run.of("Open the batch")[1]["result"]["msg"]
    # Both: what is wrong with the record, and why nothing more is started.
    assert refused.startswith("fleet_job_record: cannot write ")
    assert "nothing more is started: the outcome of batch 1 is not known" in refused


@pytest.mark.parametrize("trouble", [vanish, become_a_file])
def test_a_folder_that_vanishes_after_the_create_loses_no_job(
    simulator: Simulator, rollout: Rollout, tmp_path: pathlib.Path, trouble: Any
) -> None:
    run = trouble_after_the_create(simulator, rollout, tmp_path / "records", trouble)
    check_nothing_is_lost(simulator, run)
    assert "was removed while its run went on" in run.of("Open the batch")[1]["result"]["msg"]


def test_a_disk_that_is_full_before_starts_nothing(
    simulator: Simulator, rollout: Rollout, small_disk: pathlib.Path
) -> None:
    fill(small_disk)
    run = rollout.run(upgrade(small_disk))
    assert run.message("Open the batch").endswith("No space left on device")
    assert simulator.counts()["total"] == 0
