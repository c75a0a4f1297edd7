# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The webhook against a real HTTP server: the rules of the API client, a few seconds, nothing secret, no failure."""

from __future__ import annotations

import pathlib
import socket
import threading
import time

import pytest
import trustme
from receiver import TOKEN, Receiver

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import InvalidOption
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring import _webhook as webhook
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._webhook import Webhook, check_webhook

EVENT = {"kind": "batch", "text": "x"}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def test_an_event_is_delivered_as_it_is() -> None:
    with Receiver() as receiver:
        assert Webhook(receiver.url, {}).send(EVENT) is None
    assert receiver.events == [EVENT]
    assert receiver.paths == [f"/services/{TOKEN}?key={TOKEN}"]
    assert receiver.headers[0]["Content-Type"] == "application/json;charset=utf-8"
    assert "Authorization" not in receiver.headers[0]


@pytest.mark.parametrize("status", [204, 400, 404, 500])
def test_what_is_no_success_is_told_and_not_repeated(status: int) -> None:
    with Receiver() as receiver:
        receiver.status = status
        trouble = Webhook(receiver.url, {}).send(EVENT)
    assert (trouble is None) is (status == 204)
    assert len(receiver.events) == 1
    if trouble:
        assert trouble == (
            "fleet_job_notify_url: the event 'batch' was not delivered to 127.0.0.1:"
            f" it answered with HTTP status {status}"
        )


def test_a_redirect_is_not_followed() -> None:
    with Receiver() as other, Receiver() as receiver:
        receiver.status, receiver.location = 307, other.url
        assert "HTTP status 307" in str(Webhook(receiver.url, {}).send(EVENT))
    assert other.events == []


def test_a_receiver_that_does_not_answer_costs_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PATIENCE", 1)
    with Receiver() as receiver:
        receiver.held.clear()
        begun = time.monotonic()
        trouble = Webhook(receiver.url, {}).send(EVENT)
        assert time.monotonic() - begun < 4
    assert trouble and TOKEN not in trouble


def test_a_search_for_a_name_that_does_not_end_costs_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PATIENCE", 1)
    found = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found.wait(30))
    begun = time.monotonic()
    trouble = Webhook("https://hooks.example.com/services", {}).send(EVENT)
    assert time.monotonic() - begun < 15
    assert trouble and "no answer within 1 s" in trouble
    found.set()


@pytest.mark.parametrize("url", [f"http://127.0.0.1:1/{TOKEN}", f"https://no.such.host.invalid/{TOKEN}?key={TOKEN}"])
def test_who_is_not_there_is_told_without_the_token(url: str) -> None:
    trouble = Webhook(url, {}).send(EVENT)
    assert trouble and "was not delivered" in trouble and TOKEN not in trouble


def test_tls_is_verified_as_for_the_api(tmp_path: pathlib.Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    chain, key, ca = (str(tmp_path / name) for name in ("chain.pem", "key.pem", "ca.pem"))
    certificate.cert_chain_pems[0].write_to_path(chain)
    certificate.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    with Receiver((chain, key)) as receiver:
        refused = Webhook(receiver.url, {}).send(EVENT)
        assert refused and "certificate" in refused and TOKEN not in refused
        assert receiver.events == []
        assert Webhook(receiver.url, {"ca_path": ca}).send(EVENT) is None
        assert Webhook(receiver.url, {"validate_certs": False}).send(EVENT) is None
    assert len(receiver.events) == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/services/T/B?x=1",
        "http://127.0.0.1:5000/",
        "http://localhost:5000",
        "http://[::1]:5000/x",
    ],
)
def test_addresses_that_may_be_told(url: str) -> None:
    check_webhook(url)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://hooks.example.com/SECRETS", "must begin with https"),
        ("https://user:SECRETS@hooks.example.com/", "must not have a user"),
        ("ftp://hooks.example.com/SECRETS", "must be an address"),
        ("hooks.example.com/SECRETS", "must be an address"),
        ("https:///SECRETS", "must be an address"),
        ("https://hooks.example.com/SECRETS\nX: y", "must be an address"),
    ],
)
def test_other_addresses_are_an_error_that_does_not_show_them(url: str, word: str) -> None:
    with pytest.raises(InvalidOption, match="fleet_job_notify_url: ") as caught:
        check_webhook(url)
    assert word in str(caught.value)
    assert "SECRETS" not in str(caught.value)
