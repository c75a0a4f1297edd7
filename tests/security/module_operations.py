# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs what a module does in this process: its options, its operation and the transport, without Ansible and a network.

A thousand runs a minute instead of a thousand processes. What answers is a function.
"""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from module_options import options_of
from requests.structures import CaseInsensitiveDict

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import LiteServerError
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._operation import Given
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._untrusted import as_shown
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._answers import Answer
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._api_client import LiteServerApi
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._client import HttpClient
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._credentials import PasswordAuth
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._exchange import Connections
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._retry import Backoff
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._task import concealing
from ansible_collections.modelarts.liteserver.tests.unit.transport.fake_clock import FakeClock

MODULES = "ansible_collections.modelarts.liteserver.plugins.modules."
# What a run may ask for, with every retry, every page and every look of a short wait.
MOST_REQUESTS = 10000

# (method, path below the project, query) -> (status, headers, body)
Respond = Callable[[str, str, str], tuple[int, dict[str, str], bytes]]


class Endless(AssertionError):
    """The run does not stop asking."""


class CannedConnections(Connections):
    """What a function answers, instead of the network."""

    def __init__(self, respond: Respond) -> None:
        super().__init__(verify=True, proxy=None, timeout=5, user_agent="fuzz", place="")
        self._respond = respond
        self.requests: list[tuple[str, str]] = []

    def exchange(self, call: Any) -> Answer:
        request = type("Request", (), {"headers": {}})()
        call.auth(request)
        address = urlsplit(call.url)
        path = address.path.removeprefix("/v1/p/dev-servers")
        self.requests.append((call.method, path))
        if len(self.requests) > MOST_REQUESTS:
            raise Endless(self.requests[-3:])
        status, headers, body = self._respond(call.method, path, address.query)
        return Answer(CaseInsensitiveDict(headers), body, status)


class CannedClient(HttpClient):
    """The client with everything but the network."""

    def __init__(self, respond: Respond, clock: FakeClock) -> None:
        super().__init__(
            verify=True,
            proxy=None,
            timeout=5,
            max_retries=1,
            backoff=Backoff(),
            clock=clock,
            user_agent="fuzz",
        )
        self._connections = CannedConnections(respond)
        self.requests = self._connections.requests


@functools.cache
def _parts_of(module_name: str) -> tuple[ModuleType, Callable[[Given], Any]]:
    """A module, and what it gives to run_module to make its operation."""
    module = importlib.import_module(MODULES + module_name)
    parts: list[tuple[Any, Any]] = []
    with mock.patch.object(module, "run_module", lambda *given: parts.append(given)):
        module.main()
    return module, parts[0][1]


class Outcome:
    """What came of a run.

    Attributes:
        error: the error that would fail the task, or None.
        result: what the task would return, as it is shown.
        client: with the requests.
    """

    def __init__(self, error: LiteServerError | None, result: dict[str, Any], client: CannedClient) -> None:
        self.error = error
        self.result = result
        self.client = client

    @property
    def creates(self) -> int:
        """How many requests to create a job there were."""
        return self.client.requests.count(("POST", "/jobs"))


def run(module_name: str, options: dict[str, Any], respond: Respond, check: bool = False) -> Outcome:
    """Run a module's operation to its end. Only LiteServerError may come out of it; anything else is a defect."""
    module, operation_of = _parts_of(module_name)
    clock = FakeClock()
    client = CannedClient(respond, clock)
    hidden: set[str] = set()
    auth = PasswordAuth(client, "https://iam", "u", "p", "d", "p", clock, hidden.add)
    conceal = concealing(hidden)
    given = options_of(module, **{"request_timeout": 5, **options})
    operation = operation_of(Given(clock, given, check, conceal=conceal))
    error = None
    try:
        operation.prepare()
        operation.run(LiteServerApi(client, "https://service", "p", auth))
    except LiteServerError as raised:
        error = raised
        assert error.code and str(error)
    result = operation.result()
    shown = as_shown({**result, "diff": operation.diff(), "warnings": operation.warnings})
    if error is not None:
        shown.update(msg=as_shown(str(error)), error=as_shown(error.as_result()))
    # As a module prints it: JSON as every program reads it.
    json.dumps(shown, allow_nan=False).encode()
    return Outcome(error, shown, client)
