# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the transport layer share: a fake clock, servers on loopback, and certificates."""

from __future__ import annotations

import datetime
import ipaddress
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._client import HttpClient
from ansible_collections.modelarts.liteserver.plugins.module_utils.transport._retry import Backoff
from ansible_collections.modelarts.liteserver.tests.unit.transport.fake_clock import FakeClock
from ansible_collections.modelarts.liteserver.tests.unit.transport.misbehaving_server import (
    MisbehavingServer,
    RecordingProxy,
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """Nothing of the machine's proxies, certificates and home reaches a test."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture
def clock() -> FakeClock:
    """A clock on which sleeping takes no time."""
    return FakeClock()


@pytest.fixture
def other_server() -> Iterator[MisbehavingServer]:
    """Another one, on another port."""
    server = MisbehavingServer()
    yield server
    server.close()


@pytest.fixture
def proxy() -> Iterator[RecordingProxy]:
    """A proxy that makes tunnels and writes them down."""
    proxy = RecordingProxy()
    yield proxy
    proxy.close()


@pytest.fixture(scope="session")
def issue_certificate(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Makes a self-signed certificate for a host; the path of a file with certificate and key."""
    # cryptography is there because ansible-core needs it.
    directory = tmp_path_factory.mktemp("certificates")

    def issue(name: str, host: str) -> str:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        try:
            names: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address(host))]
        except ValueError:
            names = [x509.DNSName(host)]
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=2))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        path = directory / f"{name}.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return str(path)

    return issue


@pytest.fixture(scope="session")
def certificate(issue_certificate: Callable[..., str]) -> str:
    """The certificate of tls_server, for 127.0.0.1, and so the authority that accepts it."""
    return issue_certificate("server", "127.0.0.1")


@pytest.fixture
def tls_server(certificate: str) -> Iterator[MisbehavingServer]:
    """An https server that no public authority knows."""
    server = MisbehavingServer(certificate)
    yield server
    server.close()


@pytest.fixture
def client_of(clock: FakeClock) -> Iterator[Callable[..., HttpClient]]:
    """Makes clients on the fake clock; the keywords are HttpClient's."""
    made = []

    def make(**changes: Any) -> HttpClient:
        options = {
            "verify": True,
            "proxy": None,
            "timeout": PROMPT,
            "max_retries": 2,
            "backoff": Backoff(),
            "clock": clock,
            "user_agent": "unit-test/1.0",
        }
        made.append(HttpClient(**{**options, **changes}))
        return made[-1]

    yield make
    for client in made:
        client._connections.close()


# Seconds, for servers that do answer.
PROMPT = 20
