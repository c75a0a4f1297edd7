# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last word of a step that a signal ends: said once, whatever comes after the first signal."""

from __future__ import annotations

import os
import pathlib
import select
import signal
import subprocess
import sys
from multiprocessing.queues import SimpleQueue

import pytest
from ansible.executor.task_queue_manager import FinalQueue

from ansible_collections.modelarts.liteserver.plugins.plugin_utils._interruption import noted_interruption

# What it writes stands for the record. While it does, the next signals come, and its handler is interrupted for them.
STEP = """\
import os, signal, sys, time
from ansible_collections.modelarts.liteserver.plugins.plugin_utils import _interruption as interruption

def note(reason):
    if sys.argv[2] == "storm":
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)
    with open(sys.argv[1], "a") as file:
        for word in ("noted", "\\n"):
            file.write(word)
            file.flush()
            time.sleep(0.01)

handlers = {
    "handled": [lambda number, _frame: os._exit(number)] * 2,
    "default": [signal.default_int_handler, signal.SIG_DFL],
    "ignored": [signal.SIG_IGN] * 2,
}
for number, handler in zip((signal.SIGINT, signal.SIGTERM), handlers[sys.argv[3]], strict=True):
    signal.signal(number, handler)
with interruption.noted_interruption(note):
    print("ready", flush=True)
    time.sleep(60 if sys.argv[3] != "ignored" else 1)
"""

# It sends more than a pipe takes, as a line that is shown; who lets people know sends one too.
LINE = """\
import os, signal, sys, time
from multiprocessing import get_context
from ansible_collections.modelarts.liteserver.plugins.plugin_utils import _interruption as interruption

context = get_context("fork")
queue = context.SimpleQueue()

def work():
    with interruption.noted_interruption(lambda reason: queue.put("last word")):
        queue.put("x" * 1000000)
        time.sleep(60)

def is_stuck():
    with open(f"/proc/{worker.pid}/stat") as file:
        return queue._reader.poll() and file.read().rpartition(")")[2].split()[0] == "S"

worker = context.Process(target=work)
worker.start()
while not is_stuck():
    time.sleep(0.01)
os.kill(worker.pid, signal.SIGTERM)
time.sleep(3 * interruption.AGAIN)
print(len(queue.get()))
print(queue.get())
worker.join()
print(worker.exitcode)
"""


def test_lines_go_the_way_that_is_looked_for() -> None:
    """On each ansible-core; the queue below stands for Ansible's."""
    assert issubclass(FinalQueue, SimpleQueue) and FinalQueue.put is SimpleQueue.put


def test_a_signal_in_the_middle_of_a_line_comes_again() -> None:
    """Otherwise the step would wait for a lock that it holds itself, and the whole run for the step."""
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", LINE], env=found, capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.split("\n")[:3] == ["1000000", "last word", str(-signal.SIGTERM)]


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("others", ["storm", "none"])
@pytest.mark.parametrize("before", ["handled", "default"])
def test_a_signal_is_noted_before_it_ends_the_step(
    tmp_path: pathlib.Path, first: signal.Signals, others: str, before: str
) -> None:
    noted = tmp_path / "noted"
    command = [sys.executable, "-c", STEP, str(noted), others, before]
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=found, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as step:
        assert step.stdout and select.select([step.stdout], [], [], 60)[0] and step.stdout.readline() == "ready\n"
        os.kill(step.pid, first)
        _output, errors = step.communicate(timeout=60)
    assert noted.read_text() == "noted\n"
    if before == "handled":
        assert (step.returncode, errors) == (first, "")
    elif first == signal.SIGTERM:
        assert (step.returncode, errors) == (-first, "")
    else:
        assert step.returncode and "KeyboardInterrupt" in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_ignored_is_not_noted(tmp_path: pathlib.Path, number: signal.Signals) -> None:
    """As Ctrl-C is in the background of a shell: the run goes on."""
    noted = tmp_path / "noted"
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", STEP, str(noted), "none", "ignored"]
    with subprocess.Popen(command, env=found, stdout=subprocess.PIPE, text=True) as step:
        assert step.stdout and step.stdout.readline() == "ready\n"
        os.kill(step.pid, number)
        assert step.wait(60) == 0
    assert not noted.exists()


class Timeout(BaseException):
    """As Ansible's own, in each version another class."""


@pytest.mark.parametrize("error", [Timeout(), KeyboardInterrupt(), SystemExit(1), ValueError()])
def test_what_no_error_handling_sees_is_noted(error: BaseException) -> None:
    notes: list[str] = []
    with pytest.raises(type(error)), noted_interruption(notes.append):
        raise error
    assert len(notes) == (0 if isinstance(error, ValueError) else 1)


def test_a_signal_while_a_timeout_is_noted_ends_the_step_behind_it() -> None:
    notes: list[str] = []

    def note(_reason: str) -> None:
        if not notes:
            notes.append("begun")
            os.kill(os.getpid(), signal.SIGTERM)
        notes.append("noted")

    before = signal.signal(signal.SIGTERM, lambda _number, _frame: notes.append("ended"))
    try:
        with pytest.raises(Timeout), noted_interruption(note):
            raise Timeout
    finally:
        signal.signal(signal.SIGTERM, before)
    assert notes[:3] == ["begun", "noted", "ended"]
