# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit on what takes time: in the main thread, in others, and where the process's alarm is taken."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._clock import time_limit

# What takes longer hangs.
SECONDS = 60


# One more byte, again and again, until nobody takes it. In a process of its own, as a server is.
SENDER = """\
import contextlib, socket, sys, time
with contextlib.suppress(OSError), socket.socket(fileno=int(sys.argv[1])) as connection:
    while True:
        connection.send(b"x")
        time.sleep(0.01)
"""


@pytest.fixture
def endless() -> Iterator[socket.socket]:
    """A connection on which there is always one more byte, until the test is over."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-c", SENDER, str(theirs.fileno())]
        sender = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    ours.settimeout(SECONDS)
    yield ours
    ours.close()
    assert sender.wait(SECONDS) == 0


def in_main(body: Callable[[], None]) -> None:
    body()


def in_thread(body: Callable[[], None]) -> None:
    """Run it in another thread; what it raises is raised here."""
    raised: list[BaseException] = []

    def caught() -> None:
        try:
            body()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=caught, daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert not thread.is_alive(), "it hangs"
    if raised:
        raise raised[0]


def with_alarm_taken(body: Callable[[], None]) -> None:
    """As under Ansible's own time-out of a task, which comes much later."""
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        body()
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0, "it is still to come"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


PLACES = pytest.mark.parametrize("place", [in_main, in_thread, with_alarm_taken])


@PLACES
def test_a_read_that_does_not_end_ends(place: Callable[[Callable[[], None]], None], endless: socket.socket) -> None:
    def body() -> None:
        with (
            pytest.raises(TimeoutError, match="too long") as raised,
            time_limit(0.2, "too long"),
        ):
            endless.makefile("rb").read(1000)
        assert raised.value.strerror == "too long"

    place(body)


@PLACES
def test_what_ends_in_time_is_left_alone(place: Callable[[Callable[[], None]], None]) -> None:
    def body() -> None:
        threads = threading.active_count()
        for _each in range(20):
            with time_limit(SECONDS, "never"):
                pass
        assert threading.active_count() == threads

    place(body)


@PLACES
def test_an_error_of_the_body_is_passed_on(place: Callable[[Callable[[], None]], None]) -> None:
    def body() -> None:
        with pytest.raises(KeyError), time_limit(SECONDS, "never"):
            raise KeyError

    place(body)


def test_a_limit_that_comes_at_the_very_end_is_raised_in_the_limit_or_not_at_all() -> None:
    """Never in what follows."""

    def body() -> None:
        for _each in range(300):
            with contextlib.suppress(TimeoutError), time_limit(0.0005, "late"):
                threading.Event().wait(0.0005)
            sum(range(1000))

    in_thread(body)


TRACED = """\
import sys, threading
from ansible_collections.modelarts.liteserver.plugins.module_utils._clock import time_limit

def trace(frame, event, _argument):
    return trace

def body():
    sys.settrace(trace)
    with time_limit(60, "never"):
        pass
    (lambda: None)()
    sys.settrace(None)
    print("through")

thread = threading.Thread(target=body)
thread.start()
thread.join()
"""


def test_a_thread_goes_on_behind_a_limit_where_it_is_traced() -> None:
    """In a process of its own: CPython 3.11 never went on where what a limit would raise was taken back."""
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", TRACED], env=found, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert (run.stdout, run.returncode) == ("through\n", 0), run.stderr
