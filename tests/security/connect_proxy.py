# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A forward proxy on loopback that makes tunnels (CONNECT) and nothing else, and writes down what it was asked."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import threading

HEAD_BYTES = 65536


class ConnectProxy:
    """A context manager.

    Attributes:
        credentials: ``user:password`` that it asks for, or None.
        asked: the first line of each request, ``CONNECT host:port HTTP/1.1``.
        heads: each request to the proxy itself, whole.
        tunnelled: what clients sent through its tunnels, as it saw it.
    """

    def __init__(self) -> None:
        self.credentials: str | None = None
        self.heads: list[str] = []
        self.tunnelled = b""
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> ConnectProxy:
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop)
        self._server = starting.result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_details: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    @property
    def url(self) -> str:
        """The proxy's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def asked(self) -> list[str]:
        """The first lines of all requests to the proxy."""
        return [head.split("\r\n")[0] for head in self.heads]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with (
            contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError),
            contextlib.closing(writer),
        ):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            method, target, _version = head.split("\r\n")[0].split(" ")
            if method != "CONNECT":
                writer.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
                return await writer.drain()
            if self.credentials is not None and _basic(self.credentials) not in head:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return await writer.drain()
            host, _colon, port = target.rpartition(":")
            onward_reader, onward = await asyncio.open_connection(host, int(port))
            with contextlib.closing(onward):
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await asyncio.gather(self._pump(reader, onward, True), self._pump(onward_reader, writer, False))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(HEAD_BYTES):
                self.tunnelled += data if note else b""
                writer.write(data)
                await writer.drain()
            writer.write_eof()


def _basic(credentials: str) -> str:
    return "Proxy-Authorization: Basic " + base64.b64encode(credentials.encode()).decode()
