# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module costs, as ratios of one run on one machine.

    python tests/benchmark/benchmark.py [--rounds N]

Each round runs the tasks that are compared one after the other, in one play, so that
whatever else the machine does falls on all of them. Medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from simulator.process import Simulator  # noqa: E402  (its folder is put on the path first)

BASELINE = "a module that imports requests and does one GET"
SERVERS = 64


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    with Simulator(servers=SERVERS, settings={"job_duration": 0}) as simulator:
        times = measure(simulator, rounds)
    base = statistics.median(times[BASELINE])
    print(f"{rounds} rounds, {SERVERS} servers; times are medians of this run, only the ratios mean something\n")
    print(f"{'task':58} {'median':>8} {'ratio':>6}")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name:58} {median:7.3f}s {median / base:6.2f}")


def measure(simulator, rounds):
    """{task name: [seconds, ...]} of the tasks that are compared."""
    job = {
        "name": "upgrade",
        "type": "HDK_UPGRADE",
        "spec": {"version": "24.1.rc3.10"},
        "server_ids": [simulator.server_id(index) for index in range(1, SERVERS + 1)],
    }
    tasks = {
        BASELINE: {"requests_get": {"url": simulator.url + "/_control/settings"}},
        "liteserver_job that finds nothing to do": {"modelarts.liteserver.liteserver_job": job},
        "liteserver_job_info, a list of one job": {"modelarts.liteserver.liteserver_job_info": {"name": "upgrade"}},
    }
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "module_defaults": {"group/modelarts.liteserver.all": simulator.credentials()},
        "tasks": [{"name": "prepare", "modelarts.liteserver.liteserver_job": dict(job, wait=True, wait_sleep=1)}],
    }
    for _round in range(rounds):
        play["tasks"] += [dict(task, name=name) for name, task in tasks.items()]
    lines = run(play)
    if [line for line in lines if line["failed"]] or [line for line in lines[1:] if line["changed"]]:
        raise SystemExit(f"a task failed or changed something: the figures would mean nothing: {lines}")
    return {name: [line["seconds"] for line in lines if line["task"] == name] for name in tasks}


def run(play):
    """Run one play; the lines of the callback."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        playbook, times = pathlib.Path(folder, "play.json"), pathlib.Path(folder, "times")
        playbook.write_text(json.dumps([play]))
        environment = dict(
            os.environ,
            TASK_TIMES=str(times),
            ANSIBLE_LIBRARY=str(HERE / "library"),
            ANSIBLE_CALLBACK_PLUGINS=str(HERE / "callback_plugins"),
            ANSIBLE_CALLBACKS_ENABLED="task_times",
        )
        command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", str(playbook)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(done.stdout + done.stderr)
        return [json.loads(line) for line in times.read_text().splitlines()]


if __name__ == "__main__":
    main()
