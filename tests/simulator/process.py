# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the simulator as a process of its own, for tests, and wraps its control interface."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from typing import Any

import requests
from urllib3.exceptions import InsecureRequestWarning

from .servers import server_id

# A loaded machine may take a while to import everything.
START_SECONDS = 30.0
STOP_SECONDS = 10.0
LOOK_SECONDS = 0.02


class SimulatorError(RuntimeError):
    """The process did not start or died, or the control interface refused a request; the text says why."""


class Simulator:
    """A running simulator; a context manager.

    Args:
        servers: number of servers in the fleet.
        settings: settings to start with; ``reset`` comes back to them.
        history: number of finished jobs to begin with.
        python: the interpreter to run it with; needs aiohttp.
        tls: files with a certificate and its key, to speak https. Nothing of this class checks the certificate.

    Attributes:
        url: ``http://127.0.0.1:PORT`` (https with ``tls``), the endpoint of the service and of the identity service.

    Every method may raise SimulatorError.
    """

    def __init__(
        self,
        servers: int = 12,
        settings: dict[str, Any] | None = None,
        history: int = 0,
        python: str = sys.executable,
        tls: tuple[str, str] | None = None,
    ) -> None:
        self._servers = servers
        self._initial_settings = settings or {}
        self._history = history
        self._python = python
        self._tls = tls
        self._process: subprocess.Popen[bytes] | None = None
        self._settings: dict[str, Any] = {}
        self.url = ""

    def __enter__(self) -> Simulator:
        self._directory = tempfile.TemporaryDirectory(prefix="simulator-")
        self._session = requests.Session()
        # No proxy and no .netrc of the environment may come between.
        self._session.trust_env = False
        self._session.verify = self._tls is None
        try:
            self._start()
            self._settings = self._control("GET", "settings")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def _start(self) -> None:
        directory = pathlib.Path(self._directory.name)
        port_file, self._errors = directory / "port", directory / "stderr"
        package_parent = str(pathlib.Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [package_parent, os.environ.get("PYTHONPATH")]))
        command = [
            *[self._python, "-m", "simulator", "--port", "0", "--port-file", str(port_file)],
            *["--servers", str(self._servers), "--history", str(self._history)],
            *["--settings", json.dumps(self._initial_settings)],
        ]
        if self._tls is not None:
            command += ["--tls-cert", self._tls[0], "--tls-key", self._tls[1]]
        with open(self._errors, "wb") as stderr:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env={**os.environ, "PYTHONPATH": path},
            )
        deadline = time.monotonic() + START_SECONDS
        while not port_file.exists():
            if self._process.poll() is not None:
                raise SimulatorError(f"the simulator ended with status {self._process.returncode}:\n{self.stderr()}")
            if time.monotonic() > deadline:
                raise SimulatorError(f"the simulator did not listen within {START_SECONDS:g} s:\n{self.stderr()}")
            time.sleep(LOOK_SECONDS)
        self.url = f"{'http' if self._tls is None else 'https'}://127.0.0.1:{int(port_file.read_text())}"

    def close(self) -> None:
        """Stop the process and remove its files. Safe to call twice."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self._session.close()
        self._directory.cleanup()

    def stderr(self) -> str:
        """What the process has written to its standard error so far."""
        return self._errors.read_text(errors="replace")

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", InsecureRequestWarning)
                answer = self._session.request(method, f"{self.url}/_control/{path}", json=body, timeout=60)
        except requests.RequestException as error:
            raise SimulatorError(f"the simulator does not answer: {error}\n{self.stderr()}") from error
        if answer.status_code != 200:
            raise SimulatorError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    # Setting it up

    def reset(self, servers: int | None = None, history: int | None = None, **settings: Any) -> None:
        """Everything fresh, as at the start, with ``settings`` on top."""
        body = {"settings": settings, "servers": servers, "history": history}
        self._settings = self._control("POST", "reset", body)

    @contextlib.contextmanager
    def fresh(self, servers: int | None = None, history: int | None = None, **settings: Any) -> Iterator[Simulator]:
        """``reset`` for the body, in which nothing may be written to standard error: that is a crash's traceback."""
        self.reset(servers, history, **settings)
        before = len(self.stderr())
        yield self
        said = self.stderr()[before:]
        if said:
            raise SimulatorError(f"the simulator wrote to standard error:\n{said}")

    def set(self, **settings: Any) -> None:
        """Change some settings; everything else stays."""
        self._settings = self._control("PATCH", "settings", settings)

    def settings(self) -> dict[str, Any]:
        """The settings in force."""
        return dict(self._settings)

    def fault(self, operation: str, kind: str, **params: Any) -> None:
        """Append a fault rule; ``params`` are times, skip and what the kind takes."""
        self._control("POST", "faults", [{"operation": operation, "kind": kind, **params}])

    def faults(self) -> list[dict[str, Any]]:
        """The rules that are left, with their counters."""
        return self._control("GET", "faults")

    def clear_faults(self) -> None:
        """Remove all fault rules."""
        self._control("DELETE", "faults")

    def held(self) -> int:
        """How many requests a fault ``hold`` keeps now."""
        return int(self._control("GET", "held")["held"])

    def await_held(self, count: int = 1, seconds: float = 30.0) -> None:
        """Wait until so many requests meet a fault ``hold``."""
        deadline = time.monotonic() + seconds
        while self.held() < count:
            if time.monotonic() > deadline:
                raise SimulatorError(f"no {count} requests were held within {seconds:g} s")
            time.sleep(LOOK_SECONDS)

    def release(self) -> None:
        """Let go of all requests that are held."""
        self._control("DELETE", "held")

    def seed(self, jobs: list[dict[str, Any]]) -> list[str]:
        """Put in jobs of the past; their ids in the same order."""
        return self._control("POST", "jobs", jobs)["ids"]

    def seed_service(self, **service: Any) -> dict[str, Any]:
        """Put in a deployed service; the whole record."""
        return self._control("POST", "services", service)

    def seed_event(self, index: int | None = None, **event: Any) -> dict[str, Any]:
        """Put in a scheduled event, of a server (counted from 1) or of none; the whole record."""
        body = event if index is None else {"server": server_id(index), **event}
        return self._control("POST", "events", body)

    def server(self, id_or_index: str | int, **behaviour: Any) -> dict[str, Any]:
        """Change a server's behaviour; the whole behaviour after that."""
        identifier = server_id(id_or_index) if isinstance(id_or_index, int) else id_or_index
        return self._control("PATCH", f"servers/{identifier}", behaviour)

    def advance(self, seconds: float) -> None:
        """Move the simulator's clock forward."""
        self._control("POST", "advance", {"seconds": seconds})

    # What happened

    def requests(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The logged requests, oldest first, of one operation or all."""
        log = self._control("GET", "requests")
        return [entry for entry in log if operation in (None, entry["operation"])]

    def clear_requests(self) -> None:
        """Empty the log and the counts."""
        self._control("DELETE", "requests")

    def counts(self) -> dict[str, int]:
        """Requests that arrived, per operation, with ``total`` and ``writes``."""
        return self._control("GET", "counts")

    def count(self, operation: str) -> int:
        """Requests of one operation, or of ``total``, ``writes`` or ``unknown``."""
        return self.counts()[operation]

    def jobs(self, name: str | None = None) -> list[dict[str, Any]]:
        """The true jobs, newest first, deleted ones too; of one name or all."""
        return [job for job in self._control("GET", "jobs") if name in (None, job["name"])]

    def servers(self) -> list[dict[str, Any]]:
        """The behaviour and status of all servers, by index."""
        return self._control("GET", "servers")

    # What a client needs

    @property
    def project_id(self) -> str:
        """The project id that the service knows."""
        return self._settings["project_id"]

    def server_id(self, index: int) -> str:
        """The id of a server, counted from 1."""
        return server_id(index)

    def credentials(self) -> dict[str, str]:
        """Module options for signed requests."""
        options = {
            "endpoint": self.url,
            "project_id": self.project_id,
            "access_key": self._settings["access_key"],
            "secret_key": self._settings["secret_key"],
        }
        if self._settings["security_token"] is not None:
            options["security_token"] = self._settings["security_token"]
        return options

    def password_credentials(self) -> dict[str, str]:
        """Module options for a password login."""
        return {
            "endpoint": self.url,
            "iam_endpoint": self.url,
            "project_id": self.project_id,
            "username": self._settings["user_name"],
            "password": self._settings["password"],
            "domain_name": self._settings["domain_name"],
        }

    def token_credentials(self) -> dict[str, str]:
        """Module options with the token that never expires."""
        return {"endpoint": self.url, "project_id": self.project_id, "auth_token": self._settings["static_token"]}
