# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory plugin costs, as a ratio to a static inventory of the same hosts.

    python tests/benchmark/inventory_benchmark.py [--rounds N] [--servers N]

Each round runs ``ansible-inventory --list`` once with each, one after the other, so that whatever
else the machine does falls on both. Medians over the rounds; more than the allowed ratio fails.
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
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from simulator.process import Simulator  # noqa: E402  (its folder is put on the path first)

ALLOWED_RATIO = 1.5
ALLOWED_REQUESTS = 60
GROUPS = ("category", "flavor", "status", "supernode_name")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", type=int, default=5000)
    arguments = parser.parse_args()
    with (
        Simulator(servers=arguments.servers) as simulator,
        tempfile.TemporaryDirectory(prefix="benchmark-") as folder,
    ):
        plugin, static = pathlib.Path(folder, "liteserver.yml"), pathlib.Path(folder, "static.yml")
        plugin.write_text(json.dumps(configuration(simulator)))
        simulator.clear_requests()
        first, listed = listing(plugin)
        requests = simulator.count("total")
        make_static(plugin, static)
        second, other = listing(static)
        if unordered(other) != unordered(listed):
            raise SystemExit("the two inventories differ: the figures would mean nothing")
        times = {plugin: [first], static: [second]}
        for _round in range(arguments.rounds - 1):
            for inventory, seconds in times.items():
                seconds.append(listing(inventory)[0])
    medians = {inventory: statistics.median(seconds) for inventory, seconds in times.items()}
    ratio = medians[plugin] / medians[static]
    print(f"ansible-inventory --list, {len(listed['_meta']['hostvars'])} hosts, {arguments.rounds} rounds; medians\n")
    print(f"{'the plugin, on the simulator':40} {medians[plugin]:7.2f}s   {requests} requests")
    print(f"{'a static YAML file, the same hosts':40} {medians[static]:7.2f}s")
    print(f"{'ratio':40} {ratio:7.2f}    at most {ALLOWED_RATIO}")
    if ratio > ALLOWED_RATIO or requests > ALLOWED_REQUESTS:
        raise SystemExit("too much")


def configuration(simulator):
    """Options of the plugin: groups by category, flavor, status and supernode."""
    return {
        "plugin": "modelarts.liteserver.liteserver",
        **simulator.credentials(),
        "keyed_groups": [{"key": f"liteserver_{name}", "prefix": name} for name in GROUPS],
    }


def make_static(plugin, static):
    """Write the plugin's inventory as a YAML file with the same hosts, variables and groups."""
    static.write_bytes(run(plugin, "--list", "--yaml"))


def listing(inventory):
    """(seconds, what ``--list`` says)."""
    begin = time.perf_counter()
    output = run(inventory, "--list")
    return time.perf_counter() - begin, json.loads(output)


def unordered(listed):
    """A listing without the order of hosts and groups, which the YAML output sorts."""
    return {
        name: {key: value if name == "_meta" else sorted(value) for key, value in group.items()}
        for name, group in listed.items()
    }


def run(inventory, *arguments):
    """Run ansible-inventory; what it prints."""
    command = [str(pathlib.Path(sys.executable).with_name("ansible-inventory")), "-i", str(inventory), *arguments]
    done = subprocess.run(command, env=dict(os.environ, ANSIBLE_NOCOLOR="1"), capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr.decode())
    return done.stdout


if __name__ == "__main__":
    main()
