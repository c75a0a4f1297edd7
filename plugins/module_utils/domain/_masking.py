# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What is secret by the name under which it stands, or by its form."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Collection
from typing import Any

MASK = "********"
# A name is secret that ends like this, as of old, ...
_ENDING = re.compile(r"(pass|_[as]k)$", re.IGNORECASE)
# ... or has one of these in it, wherever it is written apart: userPwd, passwd_b64, AccessKeyId, token_id, user_data.
_PART = re.compile(
    r"passw|passphrase|pwd|secret(?!ar)|(?<!max)(?<!num)token(?!iz)|credential|authorization|cookie|userdata(?!b)|"
    r"cloudinit|kubeconfig|connectionstring|dockerconfig|"
    r"(api|access|private|ssh|auth|encryption|encrypt|master|license|signing|hmac|account|shared|root|admin)key(?!pair)"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET_WORDS = frozenset(["pass", "auth", "auths", "otp", "sk"])
# Of a pair such as {"key": "root_password", "value": ...}, a tag: which field names, and which is named.
_NAMING = frozenset(["key", "name", "tagkey", "param", "parameter", "variable", "env"])
_NAMED = frozenset(["value", "values", "tagvalue", "val", "default", "content", "data"])
_ASSIGNMENT = re.compile(r"\s*([A-Za-z0-9_.-]+)\s*[=:]\s*(\S+)\s*")
_PASSWORD_OF_URL = re.compile(r"(://[^/\s:@]*:)\S+(?=@)")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def masked(value: Any, secret_keys: Collection[str] = frozenset()) -> Any:
    """A value without its secrets: what stands under these keys, under a name of a secret, or has the form of one."""
    if isinstance(value, dict):
        named = any(
            isinstance(inner, str) and _squashed(key) in _NAMING and (inner in secret_keys or is_secret_name(inner))
            for key, inner in value.items()
        )
        return {
            (_masked_text(key, secret_keys) if isinstance(key, str) else key): MASK
            if key in secret_keys or is_secret_name(str(key)) or (named and _squashed(key) in _NAMED)
            else masked(inner, secret_keys)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [masked(inner, secret_keys) for inner in value]
    return _masked_text(value, secret_keys) if isinstance(value, str) else value


@functools.lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a name says that what stands under it is secret. In doubt it is."""
    if len(name) > 256:
        return bool(_PART.search(_squashed(name)))
    words = {word.lower() for word in _WORD.findall(name)}
    return bool(_ENDING.search(name) or _PART.search(_squashed(name)) or words & _SECRET_WORDS)


def _squashed(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def _masked_text(text: str, secret_keys: Collection[str]) -> str:
    """A text without the secrets in it whose form says so: of an address, of name=value, of JSON, a private key."""
    if "PRIVATE KEY" in text and _PRIVATE_KEY.search(text):
        return MASK
    if "://" in text and "@" in text:
        text = _PASSWORD_OF_URL.sub(rf"\g<1>{MASK}", text)
    assigned = _ASSIGNMENT.fullmatch(text) if len(text) < 4096 else None
    if assigned and (assigned.group(1) in secret_keys or is_secret_name(assigned.group(1))):
        return text[: assigned.start(2)] + MASK
    if text[:1] in ("{", "[") and text[-1:] in ("}", "]"):
        try:
            inner = json.loads(text)
        except (ValueError, RecursionError):
            return text
        clean = masked(inner, secret_keys)
        return text if clean == inner else json.dumps(clean)
    return text
