# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real certificates of an authority that no system knows."""

from __future__ import annotations

import datetime
import pathlib

import trustme

# certificate with its chain, key
Pair = tuple[str, str]


class Certificates:
    """Files with certificates.

    Attributes:
        authority: the authority's own certificate, for ``ca_path``.
        other_authority: another one's, which has signed nothing here.
        good: for 127.0.0.1 and localhost.
        wrong_host: for another host.
        expired: for 127.0.0.1, until yesterday.
    """

    def __init__(self, authority: trustme.CA, directory: pathlib.Path) -> None:
        self._authority = authority
        self._directory = directory
        self.authority = str(directory / "authority.pem")
        authority.cert_pem.write_to_path(self.authority)
        self.other_authority = str(directory / "other.pem")
        trustme.CA().cert_pem.write_to_path(self.other_authority)
        yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
        self.good = self._issue("good", "127.0.0.1", "localhost")
        self.wrong_host = self._issue("wrong-host", "other.example.com", "127.0.0.2")
        self.expired = self._issue("expired", "127.0.0.1", not_after=yesterday)

    def _issue(self, name: str, *hosts: str, not_after: datetime.datetime | None = None) -> Pair:
        certificate = self._authority.issue_cert(*hosts, not_after=not_after)
        chain, key = str(self._directory / f"{name}.pem"), str(self._directory / f"{name}.key")
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(chain, append=True)
        certificate.private_key_pem.write_to_path(key)
        return chain, key
