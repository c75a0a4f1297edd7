# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP server on loopback that answers with what a function says, for real processes of the product."""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterable
from typing import Any

from security.answers import good_answer, operation_of

PROJECT = "0123456789abcdef0123456789abcdef"
# status, headers, body; a body of parts is sent part by part, without a length
Answer = tuple[int, dict[str, str], bytes | Iterable[bytes]]


class HostileServer(http.server.ThreadingHTTPServer):
    """A context manager; answers as documented where no function is set.

    Attributes:
        special: {operation: function of the query's parameters that gives the answer}.
        requests: (method, path) so far.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.special: dict[str, Callable[[dict[str, str]], Answer]] = {}
        self.requests: list[tuple[str, str]] = []

    def __enter__(self) -> HostileServer:
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_details: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    @property
    def url(self) -> str:
        """The server's address, without a final slash."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def credentials(self) -> dict[str, Any]:
        """Options of every module: a login here, so that its answer can be hostile too."""
        login = {"username": "u", "password": "pass-word", "domain_name": "d", "iam_endpoint": self.url}
        return {"endpoint": self.url, "project_id": PROJECT, "request_timeout": 5, "max_retries": 0, **login}

    def answers(self, operation: str, body: Any = None, status: int = 200, **headers: str) -> None:
        """Answer one operation with JSON, or with bytes as they are."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if operation == "create_token":
            named.setdefault("X-Subject-Token", "token")
        self.special[operation] = lambda _query: (status, named, sent)

    def count(self, operation: str) -> int:
        """How many requests of one operation there were."""
        return sum(operation_of(*request) == operation for request in self.requests)


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # Headers and body in one packet; two of them would meet a delayed acknowledgement.
    wbufsize = -1
    server: HostileServer

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urllib.parse.urlsplit(self.path)
        path = re.sub("^/v1/[^/]*/dev-servers", "", address.path)
        self.server.requests.append((self.command, path))
        operation = operation_of(self.command, path)
        query = dict(urllib.parse.parse_qsl(address.query))
        special = self.server.special.get(operation)
        status, headers, body = special(query) if special else good_answer(operation)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        # The client goes away when it has seen enough.
        with contextlib.suppress(OSError):
            if isinstance(body, bytes):
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return
            self.send_header("Connection", "close")
            self.end_headers()
            for part in body:
                self.wfile.write(part)
                self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def handle(self) -> None:
        """Serve it, unless the client breaks it off."""
        with contextlib.suppress(OSError):
            super().handle()

    def log_message(self, *_args: object) -> None:
        """Nothing."""
