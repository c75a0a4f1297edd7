# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the simulator: ``python -m simulator --port 0 --port-file FILE``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import ssl
import sys
import tempfile

from aiohttp import web

from .app import build
from .settings import Settings, SettingsError

HOST = "127.0.0.1"
# Handlers that are still slow when the end comes get this many seconds.
SHUTDOWN_SECONDS = 1.0


def _write_port_file(path: str, port: int) -> None:
    """Write the port so that a reader sees either no file or the whole number."""
    directory = os.path.dirname(os.path.abspath(path))
    descriptor, temporary = tempfile.mkstemp(dir=directory, prefix=".port-")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{port}\n")
    os.replace(temporary, path)


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description="A simulator of the ModelArts Lite Server API.")
    parser.add_argument("--port", type=_count, default=0, help="port on 127.0.0.1; 0 (the default) takes a free one")
    parser.add_argument("--port-file", help="file to write the port to once the simulator listens")
    parser.add_argument("--servers", type=_count, default=12, help="number of servers (default: 12)")
    parser.add_argument("--history", type=_count, default=0, help="number of finished jobs to begin with (default: 0)")
    parser.add_argument("--settings", default="{}", help="settings as a JSON object; README.md lists them")
    parser.add_argument("--tls-cert", help="certificate (PEM, with its chain) to speak https with; needs --tls-key")
    parser.add_argument("--tls-key", help="its private key (PEM, without a passphrase)")
    options = parser.parse_args(arguments)
    options.tls = None
    if options.tls_cert or options.tls_key:
        if not (options.tls_cert and options.tls_key):
            parser.error("--tls-cert and --tls-key go together")
        options.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            options.tls.load_cert_chain(options.tls_cert, options.tls_key)
        except OSError as error:  # an ssl.SSLError is one, too
            parser.error(f"--tls-cert, --tls-key: {error}")
    try:
        options.settings = Settings().changed(json.loads(options.settings))
    except (json.JSONDecodeError, SettingsError) as error:
        parser.error(f"--settings: {error}")
    return options


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        build(options.settings, options.servers, options.history), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, options.port, ssl_context=options.tls)
        await site.start()
        port = runner.addresses[0][1]
        if options.port_file:
            _write_port_file(options.port_file, port)
        print(f"listening on {'https' if options.tls else 'http'}://{HOST}:{port}", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    asyncio.run(_run(_parse(sys.argv[1:])))


if __name__ == "__main__":
    main()
