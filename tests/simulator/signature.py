# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's check of AK/SK signatures (``SDK-HMAC-SHA256``).

Written from the published signing guide, on purpose without any code of a client: a
client that signs wrongly must fail here.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
import urllib.parse
from collections.abc import Mapping

ALGORITHM = "SDK-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"
MAX_SKEW_SECONDS = 15 * 60

_AUTHORIZATION = re.compile(
    ALGORITHM
    + r" Access=(?P<access>[^\s,]+), SignedHeaders=(?P<headers>[^\s,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


class SignatureError(Exception):
    """The request is not signed as it should be; the text is the gateway's reason."""


def access_key_of(authorization: str) -> str | None:
    """The access key that an ``Authorization`` header names, or None if it has another form."""
    match = _AUTHORIZATION.fullmatch(authorization)
    return match["access"] if match else None


def canonical_uri(raw_path: str) -> str:
    """The path as sent, decoded and encoded again segment by segment, always with a slash at its end.

    An encoded slash inside a segment becomes a separator; the vendor's SDK signs it so.
    """
    segments = urllib.parse.unquote(raw_path).split("/")
    encoded = "/".join(urllib.parse.quote(segment, safe="~") for segment in segments)
    return encoded if encoded.endswith("/") else encoded + "/"


def canonical_query(raw_query: str) -> str:
    """The query as sent, decoded, sorted by name and value, and encoded again.

    A plus sign is a plus sign: clients must send a space as ``%20``.
    """
    pairs = []
    for part in raw_query.split("&") if raw_query else []:
        name, _equals, value = part.partition("=")
        pairs.append((urllib.parse.unquote(name), urllib.parse.unquote(value)))
    return "&".join(
        urllib.parse.quote(name, safe="~") + "=" + urllib.parse.quote(value, safe="~") for name, value in sorted(pairs)
    )


def payload_hash(headers: Mapping[str, str], body: bytes) -> str:
    """The last line of the canonical request.

    A client may leave the payload unsigned only where the content is neither JSON nor BSON.
    """
    content_type = headers.get("Content-Type", "")
    declared = headers.get("X-Sdk-Content-Sha256")
    is_signed_type = content_type.startswith(("application/json", "application/bson"))
    if body and declared == "UNSIGNED-PAYLOAD" and not is_signed_type:
        return declared
    return hashlib.sha256(body).hexdigest()


def verify(
    method: str,
    raw_path: str,
    raw_query: str,
    headers: Mapping[str, str],
    body: bytes,
    secret_key: str,
    wall_time: float,
) -> None:
    """Check one request as it came over the wire.

    Args:
        raw_path: the path as sent, still percent-encoded.
        raw_query: the query string as sent, without the question mark.
        headers: the headers as sent; looked up without regard to case.
        wall_time: the gateway's real time, seconds since the epoch.

    Raises:
        SignatureError: with the reason.
    """
    match = _AUTHORIZATION.fullmatch(headers.get("Authorization", ""))
    if match is None:
        raise SignatureError("verify aksk signature fail, the Authorization header is malformed")
    names = match["headers"].split(";")
    if "x-sdk-date" not in names:
        raise SignatureError("verify aksk signature fail, x-sdk-date is not signed")
    if names != sorted({name.lower() for name in names}):
        raise SignatureError("verify aksk signature fail, the signed headers are not lower-case, sorted and unique")
    missing = [name for name in names if name not in headers]
    if missing:
        raise SignatureError(f"verify aksk signature fail, signed but not sent: {';'.join(missing)}")

    date = headers["X-Sdk-Date"].strip()
    try:
        signed_at = datetime.datetime.strptime(date, DATE_FORMAT).replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        raise SignatureError("verify aksk signature fail, x-sdk-date is malformed") from None
    if abs(signed_at.timestamp() - wall_time) > MAX_SKEW_SECONDS:
        raise SignatureError("signature expired")

    canonical_request = "\n".join(
        [
            method.upper(),
            canonical_uri(raw_path),
            canonical_query(raw_query),
            "".join(f"{name}:{headers[name].strip()}\n" for name in names),
            match["headers"],
            payload_hash(headers, body),
        ]
    )
    # Header bytes that are no UTF-8 arrive as surrogates; they must become the same bytes again.
    digest = hashlib.sha256(canonical_request.encode("utf-8", "surrogateescape")).hexdigest()
    string_to_sign = f"{ALGORITHM}\n{date}\n{digest}"
    expected = hmac.new(secret_key.encode(), string_to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, match["signature"]):
        raise SignatureError("verify aksk signature fail, the signature does not match")


class KeyGuard:
    """Locks an access key after more than five bad signatures in a row, as the gateway does."""

    MOST_FAILURES = 5

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._locked_until: dict[str, float] = {}

    def is_locked(self, access_key: str, now: float) -> bool:
        """Whether the key is locked at ``now`` (seconds)."""
        return now < self._locked_until.get(access_key, float("-inf"))

    def failed(self, access_key: str, now: float, lock_seconds: float) -> None:
        """Count a bad signature; the sixth in a row locks the key for ``lock_seconds``."""
        self._failures[access_key] = self._failures.get(access_key, 0) + 1
        if self._failures[access_key] > self.MOST_FAILURES:
            self._failures[access_key] = 0
            self._locked_until[access_key] = now + lock_seconds

    def succeeded(self, access_key: str) -> None:
        """A good signature ends the row."""
        self._failures.pop(access_key, None)
