# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command on a fake node: python enter.py FOLDER COMMAND...

Jobs of the simulator that ended since are done to the node first. ``FOLDER`` is the node's. As the only command of an
SSH server it is called with the folder of all nodes and ``--ssh``: then the address that was dialled names the node,
and a node that is down refuses.

A node's ``upgrade`` in ``state.json``: ``url`` of the simulator, ``server_id``, and what an HDK_UPGRADE does to it:
``effect`` is "all", "none" (the job ends, and nothing was done), "disk" (a restart is needed) or "seven" (NPU 3 stays).
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import urllib.request
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import fake_tools  # noqa: E402  (its folder is put on the path first)

ROOT = "MODELARTS_LITESERVER_NODE_ROOT"
OLD = 3  # the NPU that an upgrade with effect "seven" leaves out
BOOT_ID = "/proc/sys/kernel/random/boot_id"


def firmware_of(version):
    """The firmware of a package, as the fake nodes have it."""
    return "7.9.0." + "".join(char for char in version if char.isdigit()) + ".220"


def upgrade(state, version):
    """What an upgrade does to a node."""
    how = state["upgrade"]
    effect = how.get("effect", "all")
    if effect == "none":
        return
    firmware = firmware_of(version)
    state["files"]["/usr/local/Ascend/driver/version.info"] = f"Version={version}\npackage_version={version}\n"
    state["files"]["/usr/local/Ascend/firmware/version.info"] = f"Version={firmware}\npackage_version={version}\n"
    if effect != "disk":
        state["title"] = version
        for npu in state["npus"]:
            if effect != "seven" or npu["npu_id"] != OLD:
                npu.update(driver=version, firmware=firmware)
    if how.get("restart"):
        state["files"][BOOT_ID] = str(uuid.uuid4()) + "\n"
        state["down_for"] = how["restart"]
    state.update(how.get("leaves", {}))


def catch_up(folder):
    """Do the jobs that have ended to the node; returns its state."""
    with open(os.path.join(folder, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open(os.path.join(folder, "state.json")) as file:
            state = json.load(file)
        before = json.dumps(state)
        how = state.get("upgrade")
        if how:
            with urllib.request.urlopen(how["url"] + "/_control/jobs", timeout=30) as answer:
                jobs = json.load(answer)
            for job in jobs:
                ended = [task for task in job["tasks"] if task["server_id"] == how["server_id"]]
                done = state.setdefault("jobs", [])
                versions = [item["spec"]["version"] for item in job["items"] if "version" in item.get("spec", {})]
                if job["id"] not in done and versions and any(task["status"] == "SUCCESS" for task in ended):
                    done.append(job["id"])
                    upgrade(state, versions[0])
        if json.dumps(state) != before:
            for path, text in state["files"].items():
                if path.startswith(("/usr/local/Ascend", BOOT_ID)):
                    with open(folder + path, "w") as file:
                        file.write(text)
            fake_tools.save(folder, state)
        return state


def is_down(folder, state):
    """Whether a restart goes on: so many commands are refused."""
    if state.get("down_for", 0) <= 0:
        return False
    state["down_for"] -= 1
    fake_tools.save(folder, state)
    return True


def main(arguments):
    folder, command = arguments[0], arguments[1:]
    if command == ["--ssh"]:
        folder = os.path.join(folder, os.environ["SSH_CONNECTION"].split()[2])
        command = ["/bin/sh", "-c", os.environ.get("SSH_ORIGINAL_COMMAND", "")]
        state = catch_up(folder)
        if is_down(folder, state):
            return 255  # as the client says it where nobody answers
    else:
        catch_up(folder)
    path = os.path.join(folder, "usr/local/bin") + os.pathsep + os.environ["PATH"]
    os.execve(command[0], command, {**os.environ, ROOT: folder, "PATH": path})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
