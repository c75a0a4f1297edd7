# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that were named to do harm: every string of their records wants to run something, or to be something else.

What is not modelled: strings that lead astray a person, such as look-alike letters, and an inventory of another plugin.
"""

from __future__ import annotations

import json
import pathlib
import random
from typing import Any

from security.hostile_server import Answer

# What an expression does that was believed, and the ways to have it believed.
HEADER = "#jinja2:variable_start_string:'[[',variable_end_string:']]'\n[[ %s ]]"
WAYS = ("{{ %s }}", "{%% if %s %%}x{%% endif %%}", "{# #}{{ %s }}", HEADER, " " + HEADER, "%s", "RUNNING' or %s or '")
NAMES = (
    *("localhost", "LOCALHOST", "127.0.0.1", "::1", "0x7f000001", "2130706433", "10.0.0.99", "localhost.localdomain"),
    *(
        "all",
        "ungrouped",
        "ALL",
        "canary",
        "status_RUNNING",
        "-i",
        "--version",
        "-oProxyCommand=x",
        "@file",
        "!x",
        "&x",
    ),
    *("a,b", "a:b", "~.*", "*", "a[1:300]", "../../etc/passwd", "..", "web/../x", "web.yml", ".hidden", "x" * 4096),
    *("a\u200bb", "\u3164", "\u202eevil", "\uff4cocalhost", "a\nb", "a b", "true", "None", "", "web", "WEB", "\ud800"),
)
ADDRESSES = (
    *(
        "-oProxyCommand=%s",
        "root@10.0.0.1",
        "0x7f000001",
        "10.0.0.1\n",
        " 10.0.0.1",
        "127.0.0.1",
        "::1",
        "fe80::1%eth0",
    ),
    *("10.0.0.1 -oProxyCommand=%s", "localhost", "::ffff:127.0.0.1", "10.0.0.7", "fd00::7", "example.com", ""),
)


def lookup(file: pathlib.Path) -> str:
    """An expression that makes a file where it is evaluated."""
    return f"lookup('ansible.builtin.pipe','touch {file}')"


def hostile_servers(count: int, touched: pathlib.Path, seed: int = 1, odd_ids: bool = True) -> list[dict[str, Any]]:
    """So many servers, which make a file where anything of them is executed.

    :param odd_ids: whether the ids are hostile too; no module takes such an id.
    """
    chance = random.Random(seed)
    evil = [way % lookup(touched) for way in WAYS]

    def text() -> str:
        return chance.choice(evil) if chance.random() < 0.6 else chance.choice(NAMES)

    def value(depth: int = 0) -> Any:
        kind = chance.randrange(6 if depth < 2 else 3)
        if kind == 3:
            return [value(depth + 1) for _entry in range(chance.randrange(3))]
        if kind == 4:
            return {text(): value(depth + 1) for _entry in range(chance.randrange(3))}
        return text() if kind < 2 or kind == 5 else chance.choice([None, True, 5, 0.5])

    servers = []
    for number in range(count):
        server_id = f"{number:08x}-aaaa-bbbb-cccc-dddddddddddd"
        if odd_ids and number % 3 == 0:
            # What cannot be printed, or is longer, is no id: a list with one is an error.
            server_id = "".join(filter(str.isprintable, text()))[:180] + str(number)
        address = chance.choice(ADDRESSES)
        server = {
            "id": server_id,
            "name": text(),
            "status": chance.choice(["RUNNING", text()]),
            "flavor": text(),
            "category": text(),
            "image": {"name": text()},
            "server_hps": {"id": text(), "name": text()},
            "tags": {text(): text()},
            # Without a string among its values, ansible-core 2.16 marks nothing of it.
            "counts": {text(): 1},
            "labels": [{"key": text(), "value": text()}],
            "endpoints": [{"uri": address.replace("%s", f"touch {touched}")}],
        }
        if chance.random() < 0.3:
            server[chance.choice(["name", "status", "server_hps", "endpoints", "image", text()])] = value()
        servers.append(server)
    return servers


def paged(servers: list[dict[str, Any]]) -> Any:
    """What answers a list of servers, page by page."""

    def answer(query: dict[str, str]) -> Answer:
        limit, offset = int(query.get("limit", 10)), int(query.get("offset", 0))
        shown = servers[offset : offset + limit]
        pages = -(-len(servers) // limit)
        body = {
            "current": offset // limit + 1,
            "pages": pages,
            "size": len(shown),
            "total": len(servers),
            "data": shown,
        }
        return 200, {}, json.dumps(body).encode()

    return answer
