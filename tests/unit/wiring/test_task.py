# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an operation becomes a task's result: keys, errors, warnings, diff, and what is kept out of it."""

from __future__ import annotations

import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption, ServersFailed
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._operation import Given
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring import _task as task
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._task import run_module
from ansible_collections.modelarts.liteserver.tests.unit.transport.misbehaving_server import (
    MisbehavingServer,
    reply_json,
)

CONNECTION = {"region": "cn-north-4", "project_id": "p", "access_key": "THE-ACCESS-KEY", "secret_key": "THE-SECRET-KEY"}


class Operation:
    """Does what a test wants, and writes down what was asked of it."""

    def __init__(self, work: Callable[[Any], None] | None = None, refuse: Exception | None = None) -> None:
        self.warnings: list[str] = []
        self.steps: list[str] = []
        self.shown: dict[str, Any] = {"changed": True, "answer": 42}
        self.difference: dict | None = {"before": "a", "after": "b"}
        self._work = work
        self._refuse = refuse

    def prepare(self) -> None:
        self.steps.append("prepare")
        if self._refuse:
            raise self._refuse

    def run(self, api: Any) -> None:
        self.steps.append("run")
        if self._work:
            self._work(api)

    def result(self) -> dict[str, Any]:
        return dict(self.shown)

    def diff(self) -> dict | None:
        return self.difference


def module_of(operation: Operation, spec: dict | None = None) -> Callable[[], None]:
    return lambda: run_module(spec or {}, lambda _given: operation)


def fail_with(error: Exception) -> Callable[[Any], None]:
    def work(_api: Any) -> None:
        raise error

    return work


def test_success(run: Callable) -> None:
    operation = Operation()
    result, _text = run(module_of(operation), CONNECTION)
    assert operation.steps == ["prepare", "run"]
    assert (result["changed"], result["answer"]) == (True, 42)
    assert "failed" not in result
    assert "diff" not in result
    assert "error" not in result


def test_failure_has_the_result_and_the_error(run: Callable) -> None:
    error = ServersFailed("1 of 2 servers failed", hint="run it again", http_status=None, request_id="r1")
    result, _text = run(module_of(Operation(fail_with(error))), CONNECTION)
    assert result["failed"] is True
    assert (result["changed"], result["answer"]) == (True, 42)
    assert result["msg"] == "1 of 2 servers failed. Hint: run it again (request id r1)"
    assert result["error"] == {
        "code": "servers_failed",
        "http_status": None,
        "request_id": "r1",
        "message": "1 of 2 servers failed",
        "retryable": False,
        "hint": "run it again",
        "outcome": None,
    }


def test_diff_only_where_it_is_asked_for(run: Callable) -> None:
    assert run(module_of(Operation()), CONNECTION, diff=True)[0]["diff"] == {"before": "a", "after": "b"}
    assert "diff" not in run(module_of(Operation()), CONNECTION)[0]
    without = Operation()
    without.difference = None
    assert "diff" not in run(module_of(without), CONNECTION, diff=True)[0]
    failed = Operation(fail_with(ServersFailed("x")))
    assert run(module_of(failed), CONNECTION, diff=True)[0]["diff"] == {"before": "a", "after": "b"}


def warnings_of(result: dict) -> str:
    return str(result.get("warnings"))


@pytest.mark.parametrize("work", [None, fail_with(ServersFailed("x"))])
def test_warnings_of_the_operation_and_of_the_connection(run: Callable, work: Callable | None) -> None:
    operation = Operation(work)
    operation.warnings.append("mind the gap")
    result, _text = run(module_of(operation), {**CONNECTION, "validate_certs": False})
    assert "mind the gap" in warnings_of(result)
    assert "validate_certs=false" in warnings_of(result)


def test_nothing_is_run_before_every_option_is_checked(run: Callable) -> None:
    refused = Operation()
    result, _text = run(module_of(refused), {**CONNECTION, "project_id": "a/b"})
    assert refused.steps == []
    assert result["error"]["code"] == "invalid_option"
    assert result["msg"].startswith("project_id")
    refused = Operation(refuse=InvalidOption("name: is needed"))
    result, _text = run(module_of(refused), CONNECTION)
    assert refused.steps == ["prepare"]
    assert (result["failed"], result["msg"]) == (True, "name: is needed")


def test_own_options_and_check_mode_reach_the_operation(run: Callable) -> None:
    seen = []

    def operation_of(given: Given) -> Operation:
        seen.append((given.options["mine"], given.options["region"], given.check_mode, given.clock.now() >= 0))
        return Operation()

    run(lambda: run_module({"mine": {"type": "int"}}, operation_of), {**CONNECTION, "mine": "7"}, check_mode=True)
    assert seen == [(7, "cn-north-4", True, True)]


def test_unknown_option_is_refused(run: Callable) -> None:
    result, _text = run(module_of(Operation()), {**CONNECTION, "regoin": "x"})
    assert "regoin" in result["msg"]


# Secrets


@pytest.mark.parametrize("verbosity", [0, 4])
def test_secret_that_the_service_echoes_is_kept_out(run: Callable, server: MisbehavingServer, verbosity: int) -> None:
    secrets = ["THE-ACCESS-KEY", "THE-SECRET-KEY", "THE-SECURITY-TOKEN"]
    server.answers = [reply_json({"error_code": "X", "error_msg": "you sent " + " ".join(secrets)}, 400)]
    options = {**CONNECTION, "endpoint": server.url, "security_token": "THE-SECURITY-TOKEN"}
    result, text = run(module_of(Operation(lambda api: api.get_job("1"))), options, verbosity=verbosity)
    assert server.count == 1
    assert "you sent" in result["msg"]
    assert not [secret for secret in secrets if secret in text]


def test_token_of_a_login_is_kept_out(run: Callable, server: MisbehavingServer) -> None:
    server.answers = [
        reply_json({}, 201, X_Subject_Token="FETCHED-TOKEN-1"),
        reply_json({}, 401),
        reply_json({}, 201, X_Subject_Token="FETCHED-TOKEN-2"),
        reply_json({"error_code": "X", "error_msg": "you sent FETCHED-TOKEN-1 FETCHED-TOKEN-2 THE-PASSWORD"}, 400),
    ]
    options = {
        "project_id": "p",
        "endpoint": server.url,
        "iam_endpoint": server.url,
        "username": "sre",
        "password": "THE-PASSWORD",
        "domain_name": "account",
    }
    result, text = run(module_of(Operation(lambda api: api.get_job("1"))), options)
    assert "you sent" in result["msg"]
    assert server.count == 4
    for secret in ("FETCHED-TOKEN-1", "FETCHED-TOKEN-2", "THE-PASSWORD"):
        assert secret not in text


def test_password_of_the_proxy_is_kept_out(run: Callable) -> None:
    options = {**CONNECTION, "proxy": "http://user:PROXY-PASSWORD@127.0.0.1:1"}
    operation = Operation()
    operation.shown["proxy"] = options["proxy"]
    _result, text = run(module_of(operation), options)
    assert "PROXY-PASSWORD" not in text


# Without the library


def test_missing_library_is_named(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "REQUESTS_IMPORT_ERROR", "Traceback: No module named requests")
    operation = Operation()
    result, _text = run(module_of(operation), CONNECTION)
    assert result["failed"] is True
    assert "Failed to import the required Python library (requests)" in result["msg"]
    assert operation.steps == []


def test_every_file_is_importable_without_the_library(root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "requests.py").write_text("raise ImportError('not here')\n")
    names = [
        ".".join(["ansible_collections.modelarts.liteserver", *path.relative_to(root).with_suffix("").parts])
        for folder in ("module_utils", "modules")
        for path in (root / "plugins" / folder).rglob("*.py")
    ]
    assert len(names) > 10
    code = "import sys, importlib\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
    code += "http = sys.modules['ansible_collections.modelarts.liteserver.plugins.module_utils.transport._exchange']\n"
    code += "assert 'not here' in http.REQUESTS_IMPORT_ERROR\n"
    done = subprocess.run(
        [sys.executable, "-c", code, *names],
        env={"PYTHONPATH": ":".join([str(tmp_path), *sys.path]), "HOME": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
