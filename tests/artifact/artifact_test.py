# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the built artifact work for somebody who has nothing else? python tests/artifact/artifact_test.py ARTIFACT CORE

As the README says it: a new virtual environment with ansible-core CORE and ``requests``, the artifact installed into
an empty folder, verified, and cut down to plugins, roles, playbooks and meta: all that it may rely on. Then its modules
by their full names, its inventory plugin, its runbook, and awx_setup up to a controller's modules. It all happens
in a temporary folder, with nothing of this clone in the environment. The service is the simulator of this clone, run by
the Python that runs this script (it needs aiohttp).
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from simulator.process import Simulator  # noqa: E402  (its folder is put on the path first)

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
# A playbook of one's own that imports the one of the collection, with a file of its own where that has one.
AWX_SETUP = """
- name: Set up AWX
  ansible.builtin.import_playbook: modelarts.liteserver.awx_setup
"""
# awx.awx, which the collection does not depend on: it knows one organization, and its modules end the play.
AWX_ACTION = """
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        return {"failed": True, "msg": "was given " + self._task.args["name"]}
"""
AWX_LOOKUP = """
from ansible.plugins.lookup import LookupBase

class LookupModule(LookupBase):
    def run(self, terms, variables=None, **options):
        return [{"id": 1, "name": "Default"}] if terms == ["organizations/"] else []
"""
# All that may be relied on to be installed, and what makes an installed folder a collection.
KEPT = {"plugins", "roles", "playbooks", "meta", "MANIFEST.json", "FILES.json"}
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
        for entry in installed.iterdir():
            if entry.name not in KEPT:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        documented = json.loads(place.run("ansible-doc", "--json", "--list", "-t", "module", NAME))
        require(len(documented) >= 7, f"modules are documented: {sorted(documented)}")
        place.run("ansible-doc", "-t", "module", *documented)
        place.run("ansible-doc", "-t", "inventory", f"{NAME}.liteserver")
        place.run("ansible-doc", "-t", "filter", f"{NAME}.job_lines", f"{NAME}.waves")
        place.run("ansible-doc", "-t", "role", f"{NAME}.fleet_job")
        awx_setup(place, installed)
        with Simulator(servers=SERVERS, settings={"job_duration": 1, "duration_spread": 0}) as simulator:
            against(place, simulator)


def awx_setup(place: Place, installed: pathlib.Path) -> None:
    """Playbook awx_setup, imported by another playbook, reads its definitions from the collection."""
    awx = place.collections / "ansible_collections" / "awx" / "awx"
    modules = set(re.findall(r"awx\.awx\.(\w+):", (installed / "playbooks" / "tasks" / "awx_setup.yml").read_text()))
    plugins = {"action": (modules, AWX_ACTION), "modules": (modules, ""), "lookup": (["controller_api"], AWX_LOOKUP)}
    for kind, (names, text) in plugins.items():
        (awx / "plugins" / kind).mkdir(parents=True)
        for name in names:
            (awx / "plugins" / kind / f"{name}.py").write_text(text)
    manifest = {"namespace": "awx", "name": "awx", "version": "24.6.1", "authors": ["nobody"], "readme": "README.md"}
    (awx / "MANIFEST.json").write_text(json.dumps({"collection_info": manifest, "format": 1}))
    (place.folder / "my_awx.yml").write_text(AWX_SETUP)
    variables = ["-e", "awx_setup_project_url=https://git.example.com/npu.git"]
    output = place.run("ansible-playbook", *variables, "my_awx.yml", status=2)
    require("was given Huawei Cloud ModelArts" in output, f"the credential type is the first: {output}")


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
