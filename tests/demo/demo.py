# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the runbook of a fleet upgrade, against a simulator that this script starts and stops.

Twelve servers, of which three are one supernode and one fails its first upgrade: the plan, the run
with its canary and the wave in which the server fails, the run that resumes it, one that finds
nothing to do, and one that asks the nodes themselves. Nodes are folders with stand-ins for the tools of
the driver, reached without a login. Exits with 1 if it did not go like that.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from node.local import local_variables, running, upgraded_by  # noqa: E402  (their folder is put on the path first)
from simulator.process import Simulator  # noqa: E402
from simulator.state import server_id  # noqa: E402

SERVERS, SUPERNODE, FAILING, LEFT_OUT = 12, 3, 7, 5
PLAYBOOK = "modelarts.liteserver.hdk_upgrade"
ARGUMENTS = ["-i", "npu.liteserver.yml", "-e", "fleet_job_version=24.1.rc3.10", "-e", "fleet_job_growth=2"]
LINE = 150  # a failed task prints its whole result as one line of several kilobytes

# (heading, arguments, exit status, servers in each create request that reaches the API)
STEPS = [
    (
        "1. The plan: --check --diff shows the waves and what would be submitted, and sends nothing",
        ["--check", "--diff"],
        0,
        [],
    ),
    (
        "2. The run: the canary is the supernode; in the second wave a server fails, so no third wave starts",
        ["-e", "fleet_job_max_failures=0"],
        2,
        [3, 6],
    ),
    (
        "3. Resume, by a rerun: only the failed server and the third wave are submitted",
        ["-e", "fleet_job_max_failures=0"],
        0,
        [1, 3],
    ),
    ("4. A rerun: nothing is left to do, and nothing is sent", [], 0, []),
    (
        "5. A rerun in which each node is asked: one whose job was SUCCESS runs the old driver on NPU 3",
        ["-i", "{nodes}", "-e", "fleet_job_verify=version", "-e", "npu_node_settle=0"],
        2,
        [],
    ),
]


def main():
    settings = {"job_duration": 2, "duration_spread": 2, "supernode_share": SUPERNODE / SERVERS}
    with Simulator(servers=SERVERS, settings=settings) as simulator:
        simulator.server(FAILING, fail=1, message="npu busy")
        with tempfile.TemporaryDirectory(prefix="nodes-") as folder:
            nodes = put_nodes(simulator, pathlib.Path(folder))
            return max(show(simulator, *step, nodes) for step in STEPS)


def put_nodes(simulator, folder):
    """Nodes on the old version, which the simulator's jobs upgrade; an inventory that says how to reach them."""
    hosts = {}
    for number in range(1, SERVERS + 1):
        effect = "seven" if number == LEFT_OUT else "all"
        state = upgraded_by(running("24.1.rc3.9", "7.5.0.108.220"), simulator.url, server_id(number), effect)
        hosts[f"liteserver-{number:05d}"] = local_variables(folder / str(number), state)
    (folder / "nodes.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    return folder / "nodes.json"


def show(simulator, heading, arguments, status, creates, nodes):
    """Run the playbook once, show its output, and check that it did what the heading says."""
    command = ["ansible-playbook", *ARGUMENTS, *(each.replace("{nodes}", str(nodes)) for each in arguments), PLAYBOOK]
    print(f"\n{'=' * 100}\n{heading}\n$ {' '.join(command)}\n", flush=True)
    simulator.clear_requests()
    with subprocess.Popen(
        command,
        cwd=HERE,
        env=environment(simulator),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout:
            line = line.rstrip("\n")
            print(line if len(line) <= LINE else line[:LINE] + " ...", flush=True)
    sent = [len(request["body"]["server_ids"]) for request in simulator.requests("create_job")]
    counts = simulator.counts()
    print(f"What reached the API: {counts['total']} requests, {counts['writes']} of them writes.")
    if (process.returncode, sent) == (status, creates):
        return 0
    print(f"demo: exit status {process.returncode} and creates {sent}, but {status} and {creates} were to be seen")
    return 1


def environment(simulator):
    """What a user would export, and nothing of this machine's own settings for the cloud."""
    options = simulator.credentials()
    ours = ("HUAWEICLOUD_", "HW_", "LITESERVER_")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        "LITESERVER_ENDPOINT": options["endpoint"],
        "HUAWEICLOUD_SDK_PROJECT_ID": options["project_id"],
        "HUAWEICLOUD_SDK_AK": options["access_key"],
        "HUAWEICLOUD_SDK_SK": options["secret_key"],
        "ANSIBLE_LOCALHOST_WARNING": "False",
        # One line less for each step that the run needs only once.
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "False",
    }


if __name__ == "__main__":
    sys.exit(main())
