# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test gets the simulator fresh."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from simulator.process import Simulator


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment stays away."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The vendor's SDK. Its import writes into the home directory, so that is another one meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield SimpleNamespace(
            api=importlib.import_module("huaweicloudsdkmodelarts.v1"),
            credentials=importlib.import_module("huaweicloudsdkcore.auth.credentials"),
            exceptions=importlib.import_module("huaweicloudsdkcore.exceptions.exceptions"),
            signer=importlib.import_module("huaweicloudsdkcore.signer.signer"),
            request=importlib.import_module("huaweicloudsdkcore.sdk_request"),
        )


class Client:
    """A plain HTTP client with the token that never expires."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["X-Auth-Token"] = simulator.token_credentials()["auth_token"]

    def call(self, method: str, path: str = "", **options: Any) -> requests.Response:
        """Call ``/v1/{project}/dev-servers{path}``."""
        url = f"{self.simulator.url}/v1/{self.simulator.project_id}/dev-servers{path}"
        return self.session.request(method, url, allow_redirects=False, **{"timeout": 10, **options})

    def get(self, path: str = "", **query: Any) -> Any:
        """The JSON of a GET that must succeed."""
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, **changes: Any) -> requests.Response:
        """Create a job over the first server, with ``changes`` to the body; None leaves a field out."""
        body = {
            "name": "upgrade",
            "type": "HDK_UPGRADE",
            "server_ids": [self.simulator.server_id(1)],
            "items": [{"type": "HDK_UPGRADE", "spec": {"version": "24.1.rc3.10"}}],
            **changes,
        }
        return self.call("POST", "/jobs", json={name: value for name, value in body.items() if value is not None})

    def created(self, **changes: Any) -> Any:
        """The JSON of a create that must succeed."""
        answer = self.create(**changes)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    """A client of the fresh simulator."""
    client = Client(simulator)
    yield client
    client.session.close()


@pytest.fixture
def is_error() -> Callable[[requests.Response, int, str], None]:
    """Asserts status, code and the request id of an error answer."""

    def check(answer: requests.Response, status: int, code: str) -> None:
        assert (answer.status_code, answer.json()["error_code"]) == (status, code), answer.text
        request_id = answer.headers["X-Request-Id"]
        assert len(request_id) == 32
        assert int(request_id, 16) >= 0
        if code.startswith("API"):
            assert answer.json()["request_id"] == request_id

    return check
