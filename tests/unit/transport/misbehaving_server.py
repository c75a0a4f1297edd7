# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server and a proxy on loopback that misbehave as told, and count what reached them.

They speak HTTP/1.1 on plain sockets, because a library would not break off an answer half-way.
"""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# Nothing waits that long unless a test is broken.
PATIENCE = 20.0


@dataclass(frozen=True)
class Received:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int = 0

    def header(self, name: str) -> str | None:
        """A header's value; None if it is not there; the test fails if it is there twice."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) < 2, f"{name} was sent more than once"
        return values[0] if values else None


@dataclass(frozen=True)
class Reply:
    """An answer, sent whole."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)

    def wire(self) -> bytes:
        """The bytes of the answer."""
        headers = {"Content-Length": str(len(self.body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} Text", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body

    def act(self, connection: socket.socket) -> bool:
        """Send it; True keeps the connection open for another request."""
        connection.sendall(self.wire())
        return True


def reply_json(value: Any, status: int = 200, **headers: str) -> Reply:
    """A JSON answer; underscores in header names stand for hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})


@dataclass(frozen=True)
class Cut:
    """Send the beginning of an answer (or none of it), then close the connection."""

    reply: Reply | None = None
    reset: bool = False

    def act(self, connection: socket.socket) -> bool:
        """Close early, with FIN or with RST."""
        if self.reply is not None:
            connection.sendall(self.reply.wire()[: -max(1, len(self.reply.body) // 2)])
        if self.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


@dataclass(frozen=True)
class Hang:
    """Send the beginning of an answer (or none of it), then nothing until the client goes away."""

    reply: Reply | None = None

    def act(self, connection: socket.socket) -> bool:
        """Wait for the client to give up."""
        if self.reply is not None:
            connection.sendall(self.reply.wire()[: -max(1, len(self.reply.body) // 2)])
        connection.recv(1)
        return False


Answer = Reply | Cut | Hang


class _Listener:
    """Accepts connections, each in a thread of its own."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._changed = threading.Condition()
        self._accepted: set[int] = set()
        self._unread = 0
        self._open: set[socket.socket] = set()
        self._closing = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, and cut what is open."""
        self._closing = True
        # A blocked accept is not woken up by close; a connection wakes it up.
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join(PATIENCE)
        self._socket.close()
        with self._changed:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def settle(self) -> None:
        """Wait until everything that was sent before has been read and written down."""
        # Connections are accepted in their order: when this one was, all earlier ones were.
        with socket.socket() as last:
            last.bind(("127.0.0.1", 0))
            port = last.getsockname()[1]
            with self._changed:
                self._accepted.discard(port)
            last.connect(("127.0.0.1", self.port))
        with self._changed:
            done = self._changed.wait_for(lambda: port in self._accepted and not self._unread, PATIENCE)
        assert done, "the server did not come to rest"

    def _accept(self) -> None:
        while True:
            connection, (_host, port) = self._socket.accept()
            if self._closing:
                connection.close()
                return
            with self._changed:
                self._accepted.add(port)
                self._unread += 1
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        read = False

        def at_rest() -> None:
            nonlocal read
            with self._changed:
                self._unread -= not read
                read = True
                self._changed.notify_all()

        try:
            connection.settimeout(PATIENCE)
            self.handle(connection, at_rest)
        except (OSError, EOFError):
            pass
        finally:
            connection.close()
            with self._changed:
                self._open.discard(connection)
            at_rest()

    def handle(self, connection: socket.socket, at_rest: Callable[[], None]) -> None:
        """Serve one connection; ``at_rest`` is called when the first request is written down."""
        raise NotImplementedError


def _read_head(stream: Any) -> tuple[str, list[tuple[str, str]]]:
    """The first line and the headers; EOFError where the client closed instead."""
    first = stream.readline()
    if not first:
        raise EOFError
    headers = []
    while (line := stream.readline().rstrip(b"\r\n")) != b"":
        name, _colon, value = line.decode("latin-1").partition(":")
        headers.append((name, value.strip()))
    return first.decode("latin-1").rstrip("\r\n"), headers


class MisbehavingServer(_Listener):
    """Answers the first request with the first of ``answers``, and so on; the last one stays.

    Args:
        certificate: file with certificate and key to speak TLS with; None is plain http.

    Attributes:
        kept_dies: a second request on a connection is not read: the connection is reset as it comes in.
    """

    def __init__(self, certificate: str | None = None) -> None:
        self._context = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self.answers: list[Answer] = [Reply()]
        self._received: list[Received] = []
        self.kept_dies = False
        self.connections = 0
        super().__init__()

    @property
    def url(self) -> str:
        """The server's address, without a final slash."""
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    @property
    def received(self) -> list[Received]:
        """All requests so far, oldest first."""
        self.settle()
        return list(self._received)

    @property
    def count(self) -> int:
        """How many requests arrived."""
        return len(self.received)

    def handle(self, connection: socket.socket, at_rest: Callable[[], None]) -> None:
        """Read requests and misbehave."""
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True)
        # Closing has to happen here: wrap_socket took the descriptor over.
        with connection, connection.makefile("rb") as stream:
            with self._changed:
                self.connections += 1
                number = self.connections
            stays, kept = True, False
            while stays:
                if kept and self.kept_dies and stream.peek(1):
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                kept = True
                line, headers = _read_head(stream)
                method, target, _version = line.split(" ")
                length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
                request = Received(method, target, headers, stream.read(length), number)
                with self._changed:
                    self._received.append(request)
                    answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                at_rest()
                stays = answer.act(connection)


class PlainSpeaker(_Listener):
    """Not a TLS server: does something else to the first bytes of a handshake."""

    def __init__(self, act: Callable[[socket.socket], None]) -> None:
        self._act = act
        self.handshakes = 0
        super().__init__()

    @property
    def url(self) -> str:
        """The address that a client would speak TLS to."""
        return f"https://127.0.0.1:{self.port}"

    def handle(self, connection: socket.socket, at_rest: Callable[[], None]) -> None:
        """Read the ClientHello, and act."""
        if not connection.recv(65536):
            return
        with self._changed:
            self.handshakes += 1
        at_rest()
        self._act(connection)


class RecordingProxy(_Listener):
    """A proxy that writes down what it is asked for.

    Attributes:
        refusal: what it answers instead of making a tunnel, as bytes.
        credentials: ``user:password`` that it asks for, or None.
        tunnelled: what clients sent through its tunnels, as it saw it.
    """

    def __init__(self) -> None:
        self.refusal: bytes | None = None
        self.credentials: str | None = None
        self.tunnelled = b""
        self._asked: list[tuple[str, list[tuple[str, str]]]] = []
        super().__init__()

    @property
    def url(self) -> str:
        """The proxy's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def asked(self) -> list[str]:
        """The first lines of all requests to the proxy itself."""
        self.settle()
        return [line for line, _headers in self._asked]

    def header(self, name: str) -> list[str]:
        """The values of a header, over all requests to the proxy itself."""
        self.settle()
        return [value for _line, headers in self._asked for key, value in headers if key.lower() == name.lower()]

    def handle(self, connection: socket.socket, at_rest: Callable[[], None]) -> None:
        """Answer one CONNECT, and pass on the bytes both ways."""
        with connection.makefile("rb", buffering=0) as stream:
            line, headers = _read_head(stream)
        with self._changed:
            self._asked.append((line, headers))
        at_rest()
        refusal = self.refusal
        if self.credentials is not None and ("Proxy-Authorization", _basic(self.credentials)) not in headers:
            refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        if refusal is not None:
            connection.sendall(refusal)
            return
        host, _colon, port = line.split(" ")[1].rpartition(":")
        with socket.create_connection((host, int(port)), PATIENCE) as onward:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(onward, connection, lambda data: None), daemon=True)
            back.start()
            _pump(connection, onward, self._saw)
            back.join(PATIENCE)

    def _saw(self, data: bytes) -> None:
        with self._changed:
            self.tunnelled += data


def _basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


def _pump(source: socket.socket, sink: socket.socket, note: Callable[[bytes], None]) -> None:
    """Pass bytes on until one side ends, and let the other side know."""
    try:
        while data := source.recv(65536):
            note(data)
            sink.sendall(data)
    except OSError:
        pass
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
