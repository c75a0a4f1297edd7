# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the built artifact work for somebody who has nothing else? python tests/artifact/artifact_test.py ARTIFACT CORE

As the README says it: a new virtual environment with ansible-core CORE and ``requests``, the artifact installed into
an empty folder and verified, then its modules by their full names, its inventory plugin, and its runbook. All of that
in a temporary folder, with nothing of this clone in the environment. The service is the simulator that the artifact
carries, run by the Python that runs this script (it needs aiohttp).
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAME = "modelarts.liteserver"
SERVERS = 4
SECONDS = 300  # more than any of these commands may take

PLAY = """
- name: What a first playbook does
  hosts: localhost
  connection: local
  gather_facts: false
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"  # ansible-core 2.16 takes another one, without requests
  tasks:
    - name: Servers
      modelarts.liteserver.liteserver_info:
      register: fleet
    - name: Upgrade
      modelarts.liteserver.liteserver_job:
        name: artifact
        type: HDK_UPGRADE
        spec: {version: "24.1.0.3"}
        server_ids: "{{ fleet.servers | map(attribute='id') | list }}"
        wait: true
        wait_sleep: 1
      register: upgrade
    - name: Check
      ansible.builtin.assert:
        that:
          - upgrade.changed
          - upgrade.counts.done == 4
    - name: Jobs
      modelarts.liteserver.liteserver_job_info:
        name: artifact
      register: jobs
      failed_when: jobs.jobs | length != 1
"""
INVENTORY = "plugin: modelarts.liteserver.liteserver\naddress: none\n"


class Place:
    """A temporary folder with everything in it, and an environment that knows nothing else.

    :param core: of ansible-core, such as ``2.19``.
    :param python: makes the virtual environment.
    """

    def __init__(self, folder: pathlib.Path, core: str, python: str) -> None:
        self.folder = folder
        self.collections = folder / "collections"
        self._bin = folder / "venv" / "bin"
        # What pip needs to find packages stays; what leads to this clone, or to a cloud, goes.
        ours = ("ANSIBLE", "PYTHON", "VIRTUAL_ENV", "HUAWEICLOUD_", "HW_", "LITESERVER_", "GIT_", "MAKE", "MFLAGS")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.environment.update(
            PATH=os.pathsep.join([str(self._bin), "/usr/bin", "/bin"]),
            ANSIBLE_COLLECTIONS_PATH=str(self.collections),
            ANSIBLE_HOME=str(folder / "ansible"),
            ANSIBLE_LOCALHOST_WARNING="False",
            ANSIBLE_NOCOLOR="1",
            LC_ALL="C.UTF-8",
        )
        pins = ROOT / "tests" / "requirements" / f"constraints-{core}-demo.txt"
        self.run(python, "-m", "venv", str(folder / "venv"))
        pip = [str(self._bin / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-qq", "--no-input"]
        self.run(*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(pins))

    def run(self, *command: str, status: int = 0) -> str:
        """The output of a command that has to end with this status."""
        print("$", *(pathlib.Path(part).name if part.startswith("/") else part for part in command), flush=True)
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode != status:
            sys.exit(f"{done.stdout}\nartifact_test: exit status {done.returncode}, not {status}")
        if str(ROOT) in done.stdout:
            sys.exit(f"{done.stdout}\nartifact_test: this names the clone, {ROOT}")
        return done.stdout


def main(artifact: pathlib.Path, core: str, python: str) -> None:
    with tempfile.TemporaryDirectory(prefix="artifact-") as folder:
        place = Place(pathlib.Path(folder), core, python)
        shutil.copy(artifact, folder)
        place.run("ansible-galaxy", "collection", "install", "--offline", "-p", str(place.collections), artifact.name)
        place.run("ansible-galaxy", "collection", "verify", "--offline", NAME)
        installed = place.collections / "ansible_collections" / "modelarts" / "liteserver"
        listed = json.loads(place.run("ansible-galaxy", "collection", "list", "--format", "json"))
        places = [path for path, held in listed.items() if NAME in held]
        require(places == [str(installed.parents[1])], f"only {installed} has the collection: {listed}")
        documented = json.loads(place.run("ansible-doc", "--json", "--list", "-t", "module", NAME))
        require(len(documented) >= 7, f"modules are documented: {sorted(documented)}")
        place.run("ansible-doc", "-t", "module", *documented)
        place.run("ansible-doc", "-t", "inventory", f"{NAME}.liteserver")
        place.run("ansible-doc", "-t", "role", f"{NAME}.fleet_job")
        sys.path.insert(0, str(installed / "tests"))
        from simulator.process import Simulator

        with Simulator(servers=SERVERS, settings={"job_duration": 1, "duration_spread": 0}) as simulator:
            against(place, simulator)


def against(place: Place, simulator: Any) -> None:
    """The parts of the collection that talk to the service."""
    options = simulator.credentials()
    place.environment.update(
        LITESERVER_ENDPOINT=options["endpoint"],
        HUAWEICLOUD_SDK_PROJECT_ID=options["project_id"],
        HUAWEICLOUD_SDK_AK=options["access_key"],
        HUAWEICLOUD_SDK_SK=options["secret_key"],
    )
    (place.folder / "npu.liteserver.yml").write_text(INVENTORY)
    (place.folder / "play.yml").write_text(PLAY)
    hosts = json.loads(place.run("ansible-inventory", "-i", "npu.liteserver.yml", "--list"))["_meta"]["hostvars"]
    require(len(hosts) == SERVERS, f"the inventory has every server: {sorted(hosts)}")
    place.run("ansible-playbook", "-i", "localhost,", "play.yml")
    require(simulator.count("create_job") == 1, "the first playbook creates one job")
    # The runbook counts jobs of any name, so it is another version that it brings.
    runbook = ["ansible-playbook", "-i", "npu.liteserver.yml", "-e", "fleet_job_version=24.1.rc3.10"]
    runbook.append(f"{NAME}.hdk_upgrade")
    place.run(*runbook)
    created = [request["body"]["server_ids"] for request in simulator.requests("create_job")][1:]
    servers = [one for job in created for one in job]
    require(sorted(servers) == sorted(row["liteserver_id"] for row in hosts.values()), f"one job per server: {created}")
    require(len(created) > 1, f"in waves: {created}")
    output = place.run(*runbook)
    require(simulator.count("create_job") == 1 + len(created), "the second run creates nothing")
    require(f"{SERVERS} done" in output, output)


def require(holds: bool, what: str) -> None:
    """End with what should have held."""
    if not holds:
        sys.exit(f"artifact_test: this does not hold: {what}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3])
    print("The artifact works.")
