# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role fleet_job costs beyond the servers' own time, and what a playbook with uri costs.

    python tests/benchmark/rollout_benchmark.py [--hosts N] [--naive N]

Runs an upgrade over N hosts in one batch, one over 2 N, and the plain playbook that
somebody would write without the collection: for each host, a POST of a job for its
server and a GET until the job is over. The plain one has fewer hosts by default,
because it starts two modules for each.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from simulator.process import Simulator  # noqa: E402  (its folder is put on the path first)

JOB_SECONDS = 1.0
VERSION = "24.1.rc3.10"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--naive", type=int, default=100)
    arguments = parser.parse_args()
    runs = [
        ("role fleet_job", arguments.hosts, role_play),
        ("role fleet_job", 2 * arguments.hosts, role_play),
        ("role fleet_job", arguments.naive, role_play),
        ("plain playbook with uri", arguments.naive, naive_play),
    ]
    print("seconds beyond the servers' own time; only the ratios mean something on another machine\n")
    print(f"{'playbook':26} {'hosts':>6} {'seconds':>8} {'per host':>9} {'requests':>9} {'creates':>8}")
    seconds = {}
    for name, hosts, play in runs:
        spent, counts = measure(hosts, play)
        seconds[name, hosts] = spent
        each = f"{1000 * spent / hosts:6.0f} ms"
        print(f"{name:26} {hosts:6} {spent:8.1f} {each} {counts['total']:9} {counts['create_job']:8}", flush=True)
    growth = seconds["role fleet_job", 2 * arguments.hosts] / seconds["role fleet_job", arguments.hosts]
    naive = seconds["plain playbook with uri", arguments.naive] / seconds["role fleet_job", arguments.naive]
    print(f"\ntwice as many hosts take {growth:.2f} times as long (limit 2.5)")
    print(f"the plain playbook takes {naive:.1f} times as long as the role, over {arguments.naive} hosts")


def measure(hosts, play):
    """(seconds beyond the servers' own time, the simulator's counts) of one run."""
    with (
        tempfile.TemporaryDirectory() as directory,
        Simulator(servers=hosts, settings={"job_duration": JOB_SECONDS, "record_bodies": False}) as simulator,
    ):
        folder = pathlib.Path(directory)
        members = {
            f"npu-{number:05d}": {"liteserver_id": simulator.server_id(number)} for number in range(1, hosts + 1)
        }
        (folder / "hosts.yml").write_text(json.dumps({"npu": {"hosts": members}}))
        (folder / "play.json").write_text(json.dumps([play(simulator)]))
        credentials = simulator.credentials()
        started = time.monotonic()
        done = subprocess.run(
            [
                str(pathlib.Path(sys.executable).parent / "ansible-playbook"),
                *["-i", str(folder / "hosts.yml"), str(folder / "play.json")],
            ],
            env={
                **os.environ,
                "LITESERVER_ENDPOINT": credentials["endpoint"],
                "HUAWEICLOUD_SDK_PROJECT_ID": credentials["project_id"],
                "HUAWEICLOUD_SDK_AK": credentials["access_key"],
                "HUAWEICLOUD_SDK_SK": credentials["secret_key"],
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        spent = time.monotonic() - started
        if done.returncode:
            sys.exit(done.stdout[-3000:])
        unfinished = [job for job in simulator.jobs() if job["status"] != "FINISHED"]
        served = sum(len(job["tasks"]) for job in simulator.jobs())
        if unfinished or served != hosts:
            sys.exit(f"{served} of {hosts} servers were served, {len(unfinished)} jobs are not finished")
        return spent - JOB_SECONDS, simulator.counts()


def role_play(_simulator):
    """The role as the playbooks of the collection use it."""
    return {
        "name": "Upgrade",
        "hosts": "npu",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Upgrade",
                "ansible.builtin.import_role": {
                    "name": "modelarts.liteserver.fleet_job",
                    "tasks_from": "hdk_upgrade",
                    "rolespec_validate": False,
                },
                "vars": {"fleet_job_version": VERSION},
            }
        ],
    }


def naive_play(simulator):
    """A job per host and a look until it is over, with a token: uri cannot sign."""
    base = f"{simulator.url}/v1/{simulator.credentials()['project_id']}/dev-servers/jobs"
    call = {
        "headers": {"X-Auth-Token": "sim-static-token"},
        "body_format": "json",
        "return_content": True,
        "status_code": [200, 201, 202],
    }
    return {
        "name": "Upgrade",
        "hosts": "npu",
        "gather_facts": False,
        "connection": "local",
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": [
            {
                "name": "Create a job",
                "ansible.builtin.uri": {
                    **call,
                    "url": base,
                    "method": "POST",
                    "body": {
                        "name": "upgrade",
                        "type": "HDK_UPGRADE",
                        "server_ids": ["{{ liteserver_id }}"],
                        "items": [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}],
                    },
                },
                "register": "created",
            },
            {
                "name": "Wait for it",
                "ansible.builtin.uri": {**call, "url": base + "/{{ created.json.id }}"},
                "register": "job",
                "until": "job.json.status == 'FINISHED'",
                "retries": 60,
                "delay": 1,
            },
        ],
    }


if __name__ == "__main__":
    main()
