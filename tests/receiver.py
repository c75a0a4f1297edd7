# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A webhook's receiver: a real HTTP server in a thread, which keeps what it is sent."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
import time
from typing import Any

TOKEN = "T0KEN-vzqw81xk"


class Receiver:
    """Takes documents at any path; a context manager.

    Attributes:
        url: with a token in its path and its query.
        events: the documents, in the order in which they came.
        paths: the path and query of each.
        headers: the headers of each.
        status: what it answers with.
        held: while this is not set, it does not answer.
    """

    def __init__(self, certificate: tuple[str, str] | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.location: str | None = None
        self.held = threading.Event()
        self.held.set()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.paths.append(self.path)
                receiver.headers.append(dict(self.headers))
                receiver.events.append(json.loads(body))
                receiver.held.wait()
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}/services/{TOKEN}?key={TOKEN}"

    @property
    def kinds(self) -> list[str]:
        """The kinds of the events."""
        return [event["kind"] for event in self.events]

    def wait_until(self, count: int) -> None:
        """Wait for so many events."""
        end = time.monotonic() + 60
        while len(self.events) < count:
            assert time.monotonic() < end, self.kinds
            time.sleep(0.02)

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_details: object) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()
