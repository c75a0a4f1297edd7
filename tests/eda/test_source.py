# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source without ansible-rulebook: its main() with a queue, against the simulator."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import importlib.util
import json
import logging
import os
import pathlib
import socket
import stat
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest
from eda.conftest import ROOT
from simulator.process import Simulator
from simulator.servers import server_id

# An event that takes longer does not come.
SECONDS = 60


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The plugin's file, run by its path as ansible-rulebook does."""
    path = ROOT / "extensions" / "eda" / "plugins" / "event_source" / "jobs.py"
    spec = importlib.util.spec_from_file_location("jobs_of_a_test", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_REGION", "LITESERVER_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    return module


class Source:
    """A running source.

    Attributes:
        pauses: the seconds that it wanted to wait between its looks; it waits for a moment only.
    """

    def __init__(self, plugin: ModuleType, args: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        self.queue: asyncio.Queue = asyncio.Queue()
        self.pauses: list[float] = []
        self._looked = asyncio.Event()
        wait = asyncio.sleep

        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)
            self._looked.set()
            await wait(0.01)

        monkeypatch.setattr(asyncio, "sleep", pause)
        self.task = asyncio.create_task(plugin.main(self.queue, args))

    async def events(self, count: int) -> list[dict[str, Any]]:
        """The next events, so many."""
        return [await asyncio.wait_for(self.queue.get(), SECONDS) for _each in range(count)]

    async def looks(self, count: int) -> None:
        """Wait until so many looks have ended."""
        for _look in range(count):
            self._looked.clear()
            await asyncio.wait_for(self._looked.wait(), SECONDS)

    async def stop(self) -> list[dict[str, Any]]:
        """Cancel it as ansible-rulebook does; what was left in the queue."""
        self.task.cancel()
        await asyncio.wait([self.task], timeout=SECONDS)
        return [self.queue.get_nowait() for _each in range(self.queue.qsize())]


@pytest.fixture
def start(plugin: ModuleType, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Source]:
    """Starts a source with the simulator's credentials, or with others."""

    def start_source(**args: Any) -> Source:
        return Source(plugin, {**simulator.credentials(), "max_retries": 0, **args}, monkeypatch)

    return start_source


def ids(events: list[dict[str, Any]], **names: str) -> list[str]:
    """The ids of events, with names in place of ids of jobs and servers."""
    found = []
    for event in events:
        text = event["id"]
        for name, identifier in names.items():
            text = text.replace(identifier, name)
        for number in range(1, 13):
            text = text.replace(server_id(number), f"server{number}")
        found.append(text)
    return found


def test_a_job_from_its_start_to_its_end(simulator: Simulator, start: Any, create: Any) -> None:
    simulator.seed([{"name": "old", "items": [{"type": "COMMON", "spec": {}}], "servers": {server_id(1): "SUCCESS"}}])
    simulator.server(2, fail=1, message="npu {{ busy }}")

    async def story() -> None:
        source = start()
        await source.looks(1)
        job = create("upgrade", 1, 2)
        begun = await source.events(3)
        assert ids(begun[:1], job=job) == ["job/NEW/PROCESSING"]
        assert sorted(ids(begun[1:], job=job)) == ["job/server1/NEW/PROCESSING", "job/server2/NEW/PROCESSING"]
        simulator.advance(2000)
        ended = await source.events(3)
        assert sorted(ids(ended[:2], job=job)) == ["job/server1/PROCESSING/SUCCESS", "job/server2/PROCESSING/FAILED"]
        assert ids(ended[2:], job=job) == ["job/PROCESSING/FINISHED"]
        assert ended[2]["failed_server_ids"] == [server_id(2)]
        (failed,) = (event for event in ended if event["status"] == "FAILED")
        assert (failed["server_name"], failed["message"]) == ("liteserver-00002", "npu { { busy }}")
        await source.looks(3)
        assert await source.stop() == []

    asyncio.run(story())
    assert simulator.counts()["writes"] == 1


def test_a_restart_with_a_state_file(simulator: Simulator, start: Any, create: Any, tmp_path: pathlib.Path) -> None:
    """What happened meanwhile is told, and nothing else."""
    state = tmp_path / "state.json"

    async def before() -> str:
        source = start(state_file=str(state))
        await source.looks(1)
        job = create("upgrade", 1)
        await source.events(2)
        assert await source.stop() == []
        return job

    async def after(job: str) -> None:
        source = start(state_file=str(state))
        told = ids(await source.events(2), job=job)
        assert told == ["job/server1/PROCESSING/SUCCESS", "job/PROCESSING/FINISHED"]
        await source.looks(2)
        assert await source.stop() == []

    async def again() -> None:
        source = start(state_file=str(state))
        await source.looks(2)
        assert await source.stop() == []

    job = asyncio.run(before())
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    simulator.advance(2000)
    asyncio.run(after(job))
    asyncio.run(again())
    assert list(tmp_path.iterdir()) == [state]
    assert simulator.credentials()["secret_key"] not in state.read_text()


def test_stopped_between_two_events_none_is_lost_or_repeated(
    simulator: Simulator, start: Any, create: Any, tmp_path: pathlib.Path
) -> None:
    """A queue with one place holds the source between two events, as ansible-rulebook's does."""
    state = tmp_path / "state.json"

    async def before() -> tuple[str, list[str]]:
        source = start(state_file=str(state))
        await source.looks(1)
        source.queue._maxsize = 1  # type: ignore[attr-defined]
        job = create("upgrade", 1, 2, 3)
        taken = await source.events(2)
        while not source.queue.full():
            await source.looks(0)
            await asyncio.sleep(0)
        return job, ids(taken + await source.stop(), job=job)

    async def after(job: str) -> list[str]:
        source = start(state_file=str(state))
        rest = ids(await source.events(1), job=job)
        await source.looks(2)
        return rest + ids(await source.stop(), job=job)

    job, first = asyncio.run(before())
    assert len(first) == 3
    second = asyncio.run(after(job))
    assert sorted(first + second) == [
        "job/NEW/PROCESSING",
        "job/server1/NEW/PROCESSING",
        "job/server2/NEW/PROCESSING",
        "job/server3/NEW/PROCESSING",
    ]


def test_after_a_crash_before_the_state_is_written_the_same_events_come_again(
    plugin: ModuleType, simulator: Simulator, start: Any, create: Any, tmp_path: pathlib.Path, monkeypatch: Any
) -> None:
    """At least once, and with the same ids, so that a rule can tell."""
    state = tmp_path / "state.json"

    async def crashing() -> tuple[str, list[str]]:
        source = start(state_file=str(state))
        await source.looks(1)
        with monkeypatch.context() as patch:
            patch.setattr(plugin._layers().JobSource, "save", lambda self: None)
            job = create("upgrade", 1)
            told = ids(await source.events(2), job=job)
            await source.stop()
        return job, told

    async def after(job: str) -> list[str]:
        source = start(state_file=str(state))
        told = ids(await source.events(2), job=job)
        await source.stop()
        return told

    job, first = asyncio.run(crashing())
    assert asyncio.run(after(job)) == first == ["job/NEW/PROCESSING", "job/server1/NEW/PROCESSING"]


def test_trouble_is_survived_with_longer_pauses(simulator: Simulator, start: Any, create: Any, caplog: Any) -> None:
    async def story() -> None:
        source = start(interval=30)
        await source.looks(1)
        job = create("upgrade", 1)
        simulator.fault("list_jobs", "error_503_before", times=3)
        simulator.fault("get_job", "drop_before", times=1)
        assert ids(await source.events(2), job=job) == ["job/NEW/PROCESSING", "job/server1/NEW/PROCESSING"]
        await source.looks(1)
        await source.stop()
        troubled = [pause for pause in source.pauses if pause > 30]
        assert troubled == [60, 120, 240, 300]
        assert source.pauses[-1] == 30

    with caplog.at_level(logging.WARNING):
        asyncio.run(story())
    assert caplog.text.count("Polling again in") == 4


def test_many_jobs_are_looked_at_within_the_throttle(simulator: Simulator, start: Any, create: Any) -> None:
    async def story() -> None:
        source = start(interval=5, requests_per_minute=30)
        for number in range(1, 10):
            create(f"upgrade-{number}", number)
        await source.looks(3)
        await source.stop()
        # Ten requests, the list and nine details, at two seconds each.
        assert set(source.pauses[1:]) == {20}

    asyncio.run(story())


def test_only_some_names(simulator: Simulator, start: Any, create: Any) -> None:
    async def story() -> None:
        source = start(names=["hdk_*"])
        await source.looks(1)
        create("log_collect", 1)
        wanted = create("hdk_upgrade", 2)
        assert {event["job_id"] for event in await source.events(2)} == {wanted}
        await source.looks(2)
        assert await source.stop() == []

    asyncio.run(story())


def ended_with(source: Source) -> str:
    """The text of the error that ended a source."""
    error = source.task.exception()
    assert error is not None
    return str(error)


@pytest.mark.parametrize(
    "args, text",
    [
        ({"secret_key": "wrong-and-secret"}, "HTTP 401"),
        ({"access_key": None, "secret_key": None}, "no way to authenticate"),
        ({"interval": 0}, "interval: must be at least 1"),
        ({"interval": "often"}, "interval"),
        ({"intervall": 5}, "intervall"),
    ],
)
def test_what_ends_it(simulator: Simulator, start: Any, args: dict[str, Any], text: str) -> None:
    """A refusal is not asked for again: wrong keys would be locked."""

    async def story() -> str:
        source = start(**args)
        await asyncio.wait([source.task], timeout=SECONDS)
        return ended_with(source)

    message = asyncio.run(story())
    assert text in message
    assert "wrong-and-secret" not in message
    assert simulator.counts()["total"] <= 1


KNOWN = {"name": "upgrade", "status": "PROCESSING", "tasks": {}, "looks": 0}
ODD_KNOWLEDGE: list[Any] = [
    *(None, [], 5, "text", {"id": None}, {"id": []}, {"id": "text"}, {"id": {}}),
    *({"id": {**KNOWN, key: odd}} for key, odd in (("name", 5), ("status", {}), ("tasks", []), ("looks", None))),
    *({"id": {**KNOWN, "tasks": odd}} for odd in ({"server": 5}, {"server": None}, "text", 5)),
]


def state_of(jobs: Any) -> str:
    """A state file of the simulator's project, with this in place of what is known."""
    return json.dumps({"schema_version": 1, "watched": "WATCHED", "jobs": jobs})


@pytest.mark.parametrize(
    "content, text",
    [
        ("half of", "cannot be read"),
        ("[]", "cannot be read"),
        ("null", "cannot be read"),
        ("[" * 100000, "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        *((state_of(jobs), "cannot be read") for jobs in ODD_KNOWLEDGE),
        (json.dumps({"schema_version": 9, "watched": {}, "jobs": {}}), "another version"),
        (json.dumps({"schema_version": 1, "watched": {"project_id": "other"}, "jobs": {}}), "another region"),
    ],
)
def test_a_state_file_that_is_not_its_own(
    simulator: Simulator, start: Any, tmp_path: pathlib.Path, content: str | bytes, text: str
) -> None:
    """To begin anew could leave out what happened meanwhile, and to go on could repeat it: somebody has to decide."""
    state = tmp_path / "state.json"
    if isinstance(content, str):
        options = simulator.credentials()
        watched = {"region": None, "endpoint": options["endpoint"], "project_id": options["project_id"], "names": None}
        content = content.replace('"WATCHED"', json.dumps(watched)).encode()
    state.write_bytes(content)

    async def story() -> str:
        source = start(state_file=str(state))
        await asyncio.wait([source.task], timeout=SECONDS)
        return ended_with(source)

    message = asyncio.run(story())
    assert message.startswith(f"state_file: {state} ")
    assert text in message
    assert state.read_bytes() == content
    assert simulator.counts()["total"] == 0


@pytest.mark.parametrize(
    "kind", ["a pipe", "a folder", "somebody else's", "for everybody", "in no folder", "in a file"]
)
def test_a_state_file_that_is_no_file_of_its_own(
    simulator: Simulator, start: Any, tmp_path: pathlib.Path, kind: str
) -> None:
    """It ends at once, with a message: nobody would write into the pipe."""
    state = tmp_path / "state.json"
    if kind == "a pipe":
        os.mkfifo(state)
    elif kind == "a folder":
        state.mkdir()
    elif kind == "in no folder":
        state = tmp_path / "none" / "state.json"
    elif kind == "in a file":
        state.write_text("")
        state = state / "state.json"
    else:
        if kind == "somebody else's" and os.geteuid() != 0:
            pytest.skip("only root may give a file to somebody else")
        state.write_text("{}")
        state.chmod(0o666)
        if kind == "somebody else's":
            state.chmod(0o600)
            os.chown(state, 54321, -1)

    async def story() -> str:
        source = start(state_file=str(state))
        await asyncio.wait([source.task], timeout=SECONDS)
        return ended_with(source)

    assert asyncio.run(story()).startswith(f"state_file: {state} cannot be ")
    assert simulator.counts()["total"] == 0


def test_a_folder_that_vanishes_is_a_warning_until_it_is_back(
    simulator: Simulator, start: Any, create: Any, tmp_path: pathlib.Path, caplog: Any
) -> None:
    """Events go on, and the file has them all when it can be written again."""
    folder = tmp_path / "state"
    folder.mkdir()

    async def story() -> str:
        source = start(state_file=str(folder / "state.json"))
        await source.looks(1)
        (folder / "state.json").unlink()
        folder.rmdir()
        job = create("upgrade", 1)
        assert len(await source.events(2)) == 2
        await source.looks(1)
        folder.mkdir()
        await source.looks(2)
        assert await source.stop() == []
        return job

    with caplog.at_level(logging.WARNING):
        job = asyncio.run(story())
    assert f"state_file: cannot write {folder / 'state.json'}: No such file or directory" in caplog.text
    assert "Traceback" not in caplog.text
    assert list(json.loads((folder / "state.json").read_text())["jobs"]) == [job]


def test_a_redirect_is_a_warning(simulator: Simulator, start: Any, create: Any, caplog: Any) -> None:
    """Something before the service sends one for a while; it is not followed."""

    async def story() -> None:
        source = start()
        await source.looks(1)
        create("upgrade", 1)
        simulator.fault("list_jobs", "redirect", location="http://127.0.0.1:9/")
        assert len(await source.events(2)) == 2
        await source.stop()

    with caplog.at_level(logging.WARNING):
        asyncio.run(story())
    assert "HTTP 302" in caplog.text
    assert caplog.text.count("Polling again in") == 1


@pytest.mark.parametrize("part", ["the body", "the headers"])
def test_an_answer_byte_by_byte_ends(
    plugin: ModuleType, simulator: Simulator, start: Any, caplog: Any, monkeypatch: Any, part: str
) -> None:
    """Each byte comes in time, and the answer never ends: looks are in another thread than the main one."""
    endless = threading.Event()

    def trickle() -> None:
        while not endless.is_set():
            # The listener is closed at the end, a connection where the client has had enough.
            with contextlib.suppress(OSError), listener.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                connection.sendall(b"Content-Length: 1000000\r\n\r\n" if part == "the body" else b"X-Endless: ")
                while not endless.wait(0.02):
                    connection.sendall(b" ")

    layers = plugin._layers()
    client = importlib.import_module(f"{layers.__name__.rsplit('.', 2)[0]}.transport._exchange")
    monkeypatch.setattr(client, "WHOLE_ANSWER_TIMEOUTS", 1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=trickle, daemon=True).start()

        async def story() -> None:
            source = start(endpoint=f"http://127.0.0.1:{listener.getsockname()[1]}", request_timeout=1)
            await source.looks(2)
            await source.stop()

        with caplog.at_level(logging.WARNING):
            asyncio.run(story())
        endless.set()
    assert caplog.text.count("it was not complete after 1 s") >= 2


@pytest.mark.parametrize("encoding", ["as it is", "as JSON", "in an address"])
def test_a_refusal_that_echoes_the_key_does_not_show_it(simulator: Simulator, start: Any, encoding: str) -> None:
    secret = 'se/cr"et+key=='
    shown = {"as it is": secret, "as JSON": json.dumps(secret)[1:-1], "in an address": quote(secret, safe="")}[encoding]
    body = {"error_code": "APIGW.0301", "error_msg": f"wrong key {shown} of yours"}

    class Refusing(http.server.BaseHTTPRequestHandler):
        """Says the key."""

        def do_GET(self) -> None:
            """Refuse."""
            self.send_response(401)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        async def story() -> str:
            source = start(endpoint=f"http://127.0.0.1:{server.server_address[1]}", secret_key=secret)
            await asyncio.wait([source.task], timeout=SECONDS)
            return ended_with(source)

        message = asyncio.run(story())
        server.shutdown()
    assert "wrong key" in message
    assert shown not in message
    assert secret not in message
