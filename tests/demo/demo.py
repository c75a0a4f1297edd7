# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the collection at work, against a simulator that this script starts and stops.

Twelve servers, of which one fails its first upgrade: the plan, the run with the failed
server, the second run that submits only that server, and the third that changes nothing.
Exits with 1 if it did not go like that.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from simulator.process import Simulator  # noqa: E402  (its folder is put on the path first)

SERVERS, FAILING = 12, 7
LINE = 150  # a failed task prints its whole result as one line of several kilobytes

# (heading, arguments, exit status, ids that reach the API in create requests)
STEPS = [
    ("1. The plan: --check --diff shows what would be submitted, and sends nothing", ["--check", "--diff"], 0, []),
    ("2. The run: one job for all; one server fails, so the task fails and names it", [], 2, [SERVERS]),
    ("3. The same again: only the failed server is submitted", [], 0, [1]),
    ("4. The same again: nothing is left to do, and nothing is sent", [], 0, []),
]


def main():
    with Simulator(servers=SERVERS, settings={"job_duration": 2, "duration_spread": 2}) as simulator:
        simulator.server(FAILING, fail=1, message="npu busy")
        return max(show(simulator, *step) for step in STEPS)


def show(simulator, heading, arguments, status, creates):
    """Run the playbook once, show its output, and check that it did what the heading says."""
    command = ["ansible-playbook", str(HERE / "upgrade.yml"), *arguments]
    print(f"\n{'=' * 100}\n{heading}\n$ ansible-playbook upgrade.yml {' '.join(arguments)}\n", flush=True)
    simulator.clear_requests()
    server_ids = [simulator.server_id(index) for index in range(1, SERVERS + 1)]
    with subprocess.Popen(
        [*command, "-e", json.dumps({"server_ids": server_ids})],
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
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
    }


if __name__ == "__main__":
    sys.exit(main())
