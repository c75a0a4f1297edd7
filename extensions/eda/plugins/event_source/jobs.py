# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event source modelarts.liteserver.jobs: changes of jobs, and of their tasks on the servers."""

from __future__ import annotations

import asyncio
import importlib
import logging
import pathlib
import sys
import types
from typing import Any

DOCUMENTATION = r"""
---
short_description: Changes of Lite Server jobs, and of their tasks on the servers
description:
  - Polls the jobs of a project, and emits one event for each change of a job's status, and of the status of
    a job's task on a server.
  - The first poll emits no event for what is already there. With O(state_file), what changed while
    ansible-rulebook did not run makes events when it runs again.
  - Each event is delivered to ansible-rulebook at least once. After a crash between the delivery and the writing of
    O(state_file), the events of the last poll come again, with the same C(id).
  - An event has C(kind) (V(job) or V(task)), C(id), C(job_id), C(job_name), C(previous_status) (null for what is new) and
    C(status). One of a job has C(counts) (tasks by status) and C(failed_server_ids), one of a task has C(task_id),
    C(server_id), C(server_name) and C(message). A job that the service no longer has gets the status V(DELETED).
  - When a job has ended, the events of its tasks come before its own.
  - In all texts, what could begin a template is torn apart, because Ansible trusts what ansible-rulebook hands on.
    That is braces, and the header C(#jinja2:). Long texts are cut.
  - The connection options are those of the modules, with the same environment variables. Where ansible-rulebook runs, the
    Python libraries ansible-core and requests are needed.
  - After a failure of the network or the service it goes on, with longer pauses. A refusal, such as wrong credentials, ends
    it, because requests with wrong keys lock them.
options:
  interval:
    description:
      - Seconds between two polls.
    type: int
    default: 30
  requests_per_minute:
    description:
      - How many requests it may make in a minute on average. A poll takes one, or a few with a long list, and one for each job
        that runs. Where many run, the pauses get longer.
    type: int
    default: 30
  names:
    description:
      - Patterns such as V(hdk_*). Only jobs with such a name are watched.
    type: list
    elements: str
  state_file:
    description:
      - A file for the changes that were reported. It is replaced in one step, and readable for its owner only.
      - One file is for one source. It is refused for another project, endpoint or list of names.
    type: path
"""

EXAMPLES = r"""
- name: React to jobs
  hosts: all
  sources:
    - modelarts.liteserver.jobs:
        names: ["hdk_*"]
        state_file: /var/lib/eda/liteserver-jobs.json
  rules:
    - name: A server failed
      condition: event.kind == "task" and event.status == "FAILED"
      action:
        debug:
          msg: "{{ event.server_name }}: {{ event.message }}"
"""

logger = logging.getLogger(__name__)


def _layers() -> Any:
    """The module with JobSource.

    ansible-rulebook runs this file by its path, and the collection's name means nothing to its Python. So the collection's
    plugins get a name of their own here.
    """
    name = "modelarts_liteserver_plugins"
    if name not in sys.modules:
        package = types.ModuleType(name)
        package.__path__ = [str(pathlib.Path(__file__).absolute().parents[4] / "plugins")]
        sys.modules[name] = package
    return importlib.import_module(f"{name}.module_utils.wiring._event_source")


async def main(queue: asyncio.Queue, args: dict[str, Any]) -> None:
    """Look, deliver, remember, and again, until it is cancelled."""
    layers = _layers()
    errors = importlib.import_module(f"{layers.__name__.rsplit('.', 2)[0]}._errors")
    source = layers.JobSource(args)
    while True:
        for warning in source.warnings:
            logger.warning("%s", warning)
        try:
            # Requests block, and their retries sleep: never in the loop that all sources share.
            events, pause = await asyncio.to_thread(source.look)
        except errors.LiteServerError as error:
            if not source.passes(error):
                raise
            pause = source.pause_after_trouble()
            logger.warning("%s Polling again in %d s.", error, pause)
        else:
            await _deliver(queue, source, events)
        await asyncio.sleep(pause)


async def _deliver(queue: asyncio.Queue, source: Any, events: list[dict[str, Any]]) -> None:
    """Put the events into the queue; what has got there is known, also when this is cancelled in the middle."""
    try:
        for event in events:
            await queue.put(source.delivery(event))
            source.told(event)
        source.ended()
    finally:
        trouble = source.save()
        if trouble:
            logger.warning("%s", trouble)
