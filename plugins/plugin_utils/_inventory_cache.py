# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Servers in Ansible's inventory cache: for their owner's eyes, and read back only where they are what was kept."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.cache import BaseFileCacheModule

from ..module_utils._shapes import Record


class ServerCache:
    """The answer to one question in a cache.

    :param store: Ansible's cache of an inventory plugin.
    :param key: a name for the question.
    :param warn: called with a text.
    """

    def __init__(self, store: Any, key: str, warn: Callable[[str], object]) -> None:
        self._store = store
        self._key = key
        self._warn = warn
        plugin = store._plugin
        self._file: str | None = None  # Other kinds of caches, a database, guard their entries themselves.
        if isinstance(plugin, BaseFileCacheModule):
            # From ansible-core 2.19 on the name has a prefix of Ansible's own.
            self._file = plugin._get_cache_file_name(getattr(plugin, "_get_key", str)(key))

    def read(self) -> list[Record] | None:
        """The records of the servers; None where there are none, or none that can be relied on."""
        if self._file and not self._is_ours(self._file):
            return None
        try:
            kept = self._store[self._key]
        except KeyError:
            return None
        except (AttributeError, TypeError, ValueError):
            kept = None  # of another shape than Ansible's own
        records = None
        if isinstance(kept, dict) and isinstance(kept.get("servers"), str):
            with contextlib.suppress(ValueError):
                records = json.loads(kept["servers"])
        if isinstance(records, list) and all(map(_is_record, records)):
            if len({record["id"] for record in records}) == len(records):
                return records
        self._warn(f"the cache ({self._file or self._key}) holds no list of servers: the service is asked again")
        return None

    def write(self, records: list[Record]) -> None:
        """Keep records without anything secret in them."""
        # As one string: what reads the cache for Ansible would make of keys such as __ansible_type what they ask for.
        self._store[self._key] = {"servers": json.dumps(records)}
        self._store.set_cache()
        if self._file:
            try:
                # Ansible makes the file readable for everybody.
                os.chmod(self._file, stat.S_IRUSR | stat.S_IWUSR)
            except FileNotFoundError:
                pass  # Ansible could not write it, and has said so
            except OSError as error:
                raise AnsibleError(f"cache: {self._file}: {error.strerror}") from error

    def _is_ours(self, file: str) -> bool:
        """Whether nobody else can have written the file, if there is one."""
        try:
            status = os.lstat(file)
        except FileNotFoundError:
            return True
        others = stat.S_IWGRP | stat.S_IWOTH
        if stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & others:
            return True
        self._warn(f"the cache ({self._file}) may have been written by others: the service is asked again")
        return False


def _is_record(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str) and value["id"] != ""
