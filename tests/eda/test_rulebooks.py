# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebooks in a real ansible-rulebook, which runs their playbooks against the simulator."""

from __future__ import annotations

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from eda.conftest import ROOT
from playbooks.harness import clean_environment
from rollout.rollout import Rollout, play, role
from simulator.process import Simulator
from simulator.servers import server_id

VENV = pathlib.Path(os.environ["EDA_VENV"])
# What takes longer hangs.
SECONDS = 150


class Rulebook:
    """A running ansible-rulebook; ``name`` is that of a rulebook of a collection, or a file."""

    def __init__(self, simulator: Simulator, directory: pathlib.Path, name: str, **variables: Any) -> None:
        directory.mkdir(exist_ok=True)
        inventory, given = directory / "inventory.yml", directory / "vars.yml"
        inventory.write_text(json.dumps({"all": {"hosts": {"localhost": {"ansible_connection": "local"}}}}))
        given.write_text(json.dumps({"liteserver_interval": 1, **variables}))
        self._output = directory / "output"
        credentials = simulator.credentials()
        environment = clean_environment(directory)
        with open(self._output, "ab") as output:
            self._process = subprocess.Popen(
                [
                    *[str(VENV / "bin" / "ansible-rulebook"), "--rulebook", name],
                    *["--inventory", str(inventory), "--vars", str(given), "--verbose", "--shutdown-delay", "5"],
                ],
                env={
                    **environment,
                    "PATH": os.pathsep.join([str(VENV / "bin"), os.environ["PATH"]]),
                    **({"JAVA_HOME": os.environ["JAVA_HOME"]} if "JAVA_HOME" in os.environ else {}),
                    "LITESERVER_ENDPOINT": credentials["endpoint"],
                    "HUAWEICLOUD_SDK_PROJECT_ID": credentials["project_id"],
                    "HUAWEICLOUD_SDK_AK": credentials["access_key"],
                    "HUAWEICLOUD_SDK_SK": credentials["secret_key"],
                },
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds; fails where the process ends before."""
        end = time.monotonic() + SECONDS
        while not condition():
            assert self._process.poll() is None, self.output()
            assert time.monotonic() < end, self.output()
            time.sleep(0.1)

    def stop(self) -> None:
        """End it as an operator does, and by force what is left after that."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
                raise

    def output(self) -> str:
        """All that it has said."""
        return self._output.read_text()


@pytest.fixture
def rulebook(simulator: Simulator, tmp_path: pathlib.Path) -> Iterator[Callable[..., Rulebook]]:
    """Starts rulebooks, and ends those that a test leaves running."""
    running: list[Rulebook] = []

    def start(name: str, **variables: Any) -> Rulebook:
        state = tmp_path / "state.json"
        begun = state.exists()
        running.append(
            Rulebook(simulator, tmp_path, f"modelarts.liteserver.{name}", liteserver_state_file=str(state), **variables)
        )
        if not begun:
            # From here on, it tells what changes.
            running[-1].wait_for(state.exists)
        return running[-1]

    yield start
    for each in running:
        each.stop()


def follow_ups(folder: pathlib.Path) -> list[tuple[str, str]]:
    """(server, message) of each follow-up."""
    found = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    return sorted((each["server_name"], each["message"]) for each in found)


def test_a_follow_up_for_each_failed_server_also_after_a_restart(
    simulator: Simulator, rulebook: Any, create: Any, tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "follow-ups"
    folder.mkdir()
    simulator.server(2, fail=1, message="npu busy {{ lookup('pipe', 'id') }}")
    simulator.server(5, fail=1, message="no disk")
    first = rulebook("follow_up", follow_up_folder=str(folder))
    create("upgrade", 1, 2, 3)
    simulator.advance(2000)
    first.wait_for(lambda: len(follow_ups(folder)) == 1)
    # A message of the service is no program of ours.
    expected = ("liteserver-00002", "npu busy { { lookup('pipe', 'id') }}")
    assert follow_ups(folder) == [expected]
    first.stop()
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    # While nobody looks:
    create("another", 5)
    simulator.advance(2000)
    second = rulebook("follow_up", follow_up_folder=str(folder))
    second.wait_for(lambda: len(follow_ups(folder)) == 2)
    assert follow_ups(folder) == [expected, ("liteserver-00005", "no disk")]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert simulator.counts()["writes"] == 2


def test_the_next_step_begins_when_a_job_is_done_on_all_servers(
    simulator: Simulator, rulebook: Any, create: Any
) -> None:
    simulator.server(3, fail=1)
    step = rulebook("next_step", next_step_type="COMMON", next_step_spec={"command": "npu-smi info"})
    create("hdk_upgrade_failing", 3, 4)
    create("log_collect", 5)
    create("hdk_upgrade_24.1.rc3.10", 1, 2)
    simulator.advance(2000)
    step.wait_for(lambda: simulator.count("create_job") == 4)
    request = simulator.requests("create_job")[-1]["body"]
    assert request["name"] == "next_hdk_upgrade_24.1.rc3.10"
    assert request["items"] == [{"type": "COMMON", "spec": {"command": "npu-smi info"}}]
    assert sorted(request["server_ids"]) == sorted([server_id(1), server_id(2)])
    # Its own end begins nothing: its name is not watched.
    simulator.advance(2000)
    lists = simulator.count("list_jobs")
    step.wait_for(lambda: simulator.count("list_jobs") >= lists + 3)
    assert simulator.count("create_job") == 4


def test_the_rulebook_of_the_guide_takes_what_a_run_sends(simulator: Simulator, tmp_path: pathlib.Path) -> None:
    """``docs/steering.md``: as it is there, but on loopback without a certificate, and with another action."""
    guide = (ROOT / "docs" / "steering.md").read_text(encoding="utf-8")
    (text,) = [block for block in re.findall(r"^```yaml\n(.*?)^```$", guide, re.M | re.S) if "builtin.webhook" in block]
    (rules,) = yaml.safe_load(text)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    rules["sources"] = [{"eda.builtin.webhook": {"host": "127.0.0.1", "port": port}}]
    action = rules["rules"][0]["action"].pop("run_job_template")
    rules["rules"][0]["action"] = {"debug": {"msg": f"paged: {action['job_args']['extra_vars']['text']}"}}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump([rules]))

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    book = Rulebook(simulator, tmp_path / "eda", str(tmp_path / "rules.yml"))
    try:
        book.wait_for(answers)
        (tmp_path / "run").mkdir()
        simulator.reset(servers=3, job_duration=0.3)
        simulator.server(1, fail=1, message="npu busy")
        with Rollout(simulator, tmp_path / "run") as rollout:
            rollout.inventory(3)
            url = f"http://127.0.0.1:{port}/endpoint"
            run = rollout.run(play(role(notify_url=url, max_failures=0), serial=1))
        assert run.status == 2, run.output
        book.wait_for(lambda: "paged: " in book.output())
        assert re.search(r"paged: .*stopped", book.output()), book.output()
        # Its start and its batch are no reason to page anybody.
        assert book.output().count("paged: ") == 1
    finally:
        book.stop()
