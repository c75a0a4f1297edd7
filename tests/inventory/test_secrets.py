# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing secret is printed at the highest verbosity, whatever happens."""

from __future__ import annotations

import pytest
from inventory.harness import EXIT_STATUS, answer, server

ACCESS_KEY = "CANARYACCESSKEY01"
SECRET_KEY = "canary-02-secret-key"
AUTH_TOKEN = "canary-04-auth-token"
PASSWORD = "canary-05-pass-word"
PROXY_PASSWORD = "canary-09-proxy"


@pytest.fixture
def watched(simulator, inventory):
    """Runs at the highest verbosity, and asserts that no secret is in the output."""
    simulator.set(access_key=ACCESS_KEY, secret_key=SECRET_KEY, static_token=AUTH_TOKEN, password=PASSWORD)

    def run(*command, credentials, status, **options):
        merged = {**getattr(simulator, credentials)(), **options.pop("change", {})}
        done = inventory.run(*command, credentials=merged, arguments=("-vvvv",), **options)
        assert done.status == status, done.stderr
        lines = (done.stdout + done.stderr).splitlines()
        assert [line for line in lines if "canary" in line.lower()] == []
        return done

    return run


@pytest.mark.parametrize("credentials", ["credentials", "token_credentials", "password_credentials"])
def test_success_and_failure(simulator, watched, credentials):
    watched(credentials=credentials, status=0)
    simulator.fault("list_servers", "error_500", times=None)
    watched(credentials=credentials, status=EXIT_STATUS, max_retries=0)


@pytest.mark.parametrize(
    "change",
    [
        {"access_key": "CANARYOTHER"},
        {"secret_key": "canary other\nand more"},
        {"secret_key": ["canary-in-a-list", {"and": "canary-in-a-dict"}]},
        {"secret_key": "{{ 'canary-' ~ undefined_thing }}"},
        {"secret_key": "{{ 'canary-' "},
        {"secret_key": {"key": "canary"}, "qwertz": 1},
        {"auth_token": AUTH_TOKEN},
        {"proxy": f"http://user:{PROXY_PASSWORD}@127.0.0.1:9", "endpoint": "https://127.0.0.1:9", "max_retries": 0},
        {"max_retries": "many"},
    ],
    ids=str,
)
def test_wrong_options(simulator, watched, change):
    watched(credentials="credentials", change=change, status=EXIT_STATUS)


def test_a_service_that_tells_them(simulator, watched):
    """In an error that is shown, since a server is named like a key."""
    body = answer(server(1, name=SECRET_KEY))
    simulator.fault("list_servers", "wrong_shape", body=body)
    run = watched(credentials="credentials", status=EXIT_STATUS, hostname="{{ nothing }}")
    assert "hostname: server VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in run.stderr


def test_a_service_that_puts_them_into_records(simulator, watched, tmp_path):
    """As values and as keys, in variables and in the cache."""
    record = server(1, name="a", tags={f"of {SECRET_KEY}": f"key {SECRET_KEY}"}, status=ACCESS_KEY, owner=[SECRET_KEY])
    simulator.fault("list_servers", "wrong_shape", body=answer(record), times=None)
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    run = watched(credentials="credentials", status=0, **cache)
    assert "of ********" in run.stdout, run.stdout[-4000:]
    (file,) = (path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert "of ********" in file.read_text()
    assert "canary" not in file.read_text().lower()
