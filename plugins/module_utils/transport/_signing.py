# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""AK/SK request signing, ``SDK-HMAC-SHA256``.

Source: Huawei Cloud's guide "API request signing" and the behaviour of the
vendor's SDK core 3.1.219; the tests compare with that SDK byte for byte.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from .._clock import Clock

if TYPE_CHECKING:
    from requests import PreparedRequest

ALGORITHM = "SDK-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"

# requests adds these by itself after or before signing; the gateway signs only
# what SignedHeaders names, so they are left out.
_UNSIGNED = frozenset(["authorization", "content-length", "connection", "accept", "accept-encoding"])


def encode(text: str) -> str:
    """Percent-encode everything but A-Z a-z 0-9 - . _ ~ (UTF-8)."""
    return quote(text, safe="~")


def canonical_query(pairs: Iterable[tuple[str, object]]) -> str:
    """Encode query parameters the way that is signed and sent.

    :param pairs: iterable of (name, value); booleans become ``true``/``false``.
    """
    texts = []
    for name, value in pairs:
        if isinstance(value, bool):
            value = str(value).lower()
        texts.append((name, str(value)))
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(texts))


def canonical_path(path: str) -> str:
    """The signed form of a path: decoded, each segment encoded, always with a final slash.

    An encoded slash inside a segment becomes a separator here, as in the vendor's signer.
    """
    encoded = "/".join(encode(segment) for segment in unquote(path).split("/"))
    return encoded if encoded.endswith("/") else encoded + "/"


def authorization(
    method: str,
    path: str,
    pairs: Iterable[tuple[str, str]],
    headers: Mapping[str, object],
    body: bytes,
    access_key: str,
    secret_key: str,
) -> str:
    """The value of the ``Authorization`` header.

    :param path: the path of the URL as it is sent, percent-encoded.
    :param pairs: the decoded query parameters, (name, value).
    :param headers: every header to sign, with ``X-Sdk-Date`` and ``Host`` among them.
    :param body: bytes, empty for none.
    """
    signed = {name.lower(): str(value).strip() for name, value in headers.items() if "_" not in name}
    names = ";".join(sorted(signed))
    request = "\n".join(
        [
            method.upper(),
            canonical_path(path),
            canonical_query(pairs),
            "".join(f"{name}:{signed[name]}\n" for name in sorted(signed)),
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    to_sign = "\n".join([ALGORITHM, signed["x-sdk-date"], hashlib.sha256(request.encode("utf-8")).hexdigest()])
    # The secret key itself is the key: no derivation chain as in other clouds.
    signature = hmac.new(secret_key.encode("utf-8"), to_sign.encode("utf-8"), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Access={access_key}, SignedHeaders={names}, Signature={signature}"


class AccessKeyAuth:
    """Signs each request as it is prepared (the ``auth`` of a ``requests`` request)."""

    def __init__(
        self, access_key: str, secret_key: str, project_id: str, security_token: str | None, clock: Clock
    ) -> None:
        self._access_key = access_key
        self._secret_key = secret_key
        self._project_id = project_id
        self._security_token = security_token
        self._clock = clock

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign a ``requests.PreparedRequest``; called anew for each try."""
        url = urlsplit(str(request.url))
        headers = request.headers
        headers["X-Sdk-Date"] = self._clock.utc().strftime(DATE_FORMAT)
        headers["Host"] = url.netloc
        headers["X-Project-Id"] = self._project_id
        if self._security_token:
            headers["X-Security-Token"] = self._security_token
        body = request.body or b""
        headers["Authorization"] = authorization(
            str(request.method),
            url.path,
            parse_qsl(url.query, keep_blank_values=True),
            {name: value for name, value in headers.items() if name.lower() not in _UNSIGNED},
            body if isinstance(body, bytes) else str(body).encode("utf-8"),
            self._access_key,
            self._secret_key,
        )
        return request

    def renew(self) -> bool:
        """A key is never renewed: a refused signature is tried only once.

        More than five bad signatures in a row lock the key for five minutes.
        """
        return False

    def unauthorized_hint(self, message: str) -> str:
        """What to do about a 401, from the gateway's text."""
        if "reach the limit" in message:
            return (
                "the access key is locked for five minutes after too many bad signatures: wait, then correct the keys"
            )
        if "expired" in message:
            return "check this machine's clock (15 minutes are tolerated) and whether the temporary keys have expired"
        return "check access_key, secret_key and, for temporary keys, security_token"
