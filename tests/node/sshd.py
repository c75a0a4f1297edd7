# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real SSH server for many fake nodes, on loopback, as this user: the address that is dialled names the node.

The home is a folder of the test, since the user's own shell files would run with each command.
"""

from __future__ import annotations

import getpass
import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any

from node.fake_node import FakeNode, Tree

ENTER = pathlib.Path(__file__).resolve().parent / "enter.py"
SECONDS = 20
SSH_OPTIONS = "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
CONFIG = """
Port {port}
{addresses}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile {folder}/sshd.pid
ForceCommand {python} -IS {enter} {folder}/nodes --ssh
SetEnv {environment}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxStartups 100
MaxSessions 100
Subsystem sftp {sftp}
LogLevel ERROR
"""
# So that "make coverage" sees what runs on the nodes too: {variable of a node: of this process}.
COVERAGE = {name: name for name in ("COVERAGE_FILE", "COVERAGE_ROOT")} | {"COVERAGE_PROCESS_START": "COVERAGE_RCFILE"}
SFTP = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")


class Nodes:
    """Fake nodes that one can log in on; a context manager.

    Args:
        folder: an empty folder of this user.
        states: {host: its state}.
    """

    def __init__(self, folder: pathlib.Path, states: dict[str, Tree]) -> None:
        sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
        assert sshd and shutil.which("ssh"), "the SSH server is missing: install openssh-server and openssh-client"
        self._sshd = sshd
        self.folder = folder
        self._sockets = tempfile.mkdtemp(prefix="ssh-")
        self.address = {host: f"127.0.1.{number}" for number, host in enumerate(states, 1)}
        self.node = {host: self._made(host, state) for host, state in states.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def _made(self, host: str, state: Tree) -> FakeNode:
        folder = self.folder / "nodes" / self.address[host]
        folder.mkdir(parents=True)
        return FakeNode(folder, state)

    def __enter__(self) -> Nodes:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in ("host_key", "key"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)]
            subprocess.run(command, check=True)
        environment = {"HOME": str(self.folder)}
        environment |= {name: os.environ[ours] for name, ours in COVERAGE.items() if ours in os.environ}
        config = CONFIG.format(
            environment=" ".join(f'"{name}={value}"' for name, value in environment.items()),
            port=self.port,
            addresses="\n".join(f"ListenAddress {address}" for address in self.address.values()),
            folder=self.folder,
            python=sys.executable,
            # sshd gives the whole line to a shell.
            enter=shlex.quote(str(ENTER)),
            sftp=next(path for path in SFTP if os.path.exists(path)),
        )
        (self.folder / "sshd_config").write_text(config)
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        log = open(self.folder / "sshd.log", "wb")
        command = [self._sshd, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        end = time.monotonic() + SECONDS
        for address in self.address.values():
            while not self._answers(address):
                running = self._process.poll() is None and time.monotonic() < end
                assert running, (self.folder / "sshd.log").read_text()
                time.sleep(0.05)
        return self

    def _answers(self, address: str) -> bool:
        try:
            with socket.create_connection((address, self.port), 1) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def __exit__(self, *_reason: object) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait()
        shutil.rmtree(self._sockets, ignore_errors=True)

    def variables(self, host: str) -> dict[str, Any]:
        """What makes Ansible log in on a node."""
        return {
            "ansible_host": self.address[host],
            "ansible_port": self.port,
            "ansible_user": getpass.getuser(),
            "ansible_ssh_private_key_file": str(self.folder / "key"),
            "ansible_ssh_common_args": SSH_OPTIONS,
            # The path of a socket has to be short. Connections end soon after their run.
            "ansible_control_path_dir": self._sockets,
            "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=5s",
            "ansible_pipelining": True,
            "ansible_python_interpreter": sys.executable,
            "npu_node_become": False,
        }
