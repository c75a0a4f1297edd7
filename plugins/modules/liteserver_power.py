#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: liteserver_power
short_description: Start, stop or reboot ModelArts Lite Servers
version_added: 1.0.0
description:
  - B(Stopping is a forced power-off.) Whatever runs on the server is interrupted. So O(state=stopped) needs O(force=true).
  - Starts and stops only the servers that are not there yet, by the status that the service returns. A reboot is always sent, once.
  - A server whose status is already changing, such as V(STARTING), gets no request; O(wait) waits for it.
  - Where a server is in a status that does not allow the action, the task fails before anything is sent.
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
extends_documentation_fragment:
  - modelarts.liteserver._attributes
  - modelarts.liteserver._attributes.writing_module
  - modelarts.liteserver._connection
  - modelarts.liteserver._wait
attributes:
  diff_mode:
    support: full
    details:
      - Shows the status of each server before and after.
  idempotent:
    support: partial
    details:
      - With O(state=rebooted) each run reboots.
options:
  state:
    description:
      - V(started) and V(stopped) act where the server is not so already. V(rebooted) reboots each server once.
    type: str
    choices: [started, stopped, rebooted]
    required: true
  server_ids:
    description:
      - Ids of Lite Servers (not of the ECS or BMS underneath). A repeated id counts once.
    type: list
    elements: str
    required: true
  force:
    description:
      - Needed with O(state=stopped), to confirm that you want a forced power-off.
    type: bool
    default: false
  wait:
    description:
      - Waits until every server is in the wanted status, or has failed to get there.
      - After a reboot, V(RUNNING) counts only once another status was seen since.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait. After that the task fails with RV(timed_out=true).
    type: int
    default: 1200
  wait_sleep:
    description:
      - Longest pause between two polls in seconds. The first ones are shorter. With O(state=rebooted) it is 5 at most.
    type: int
    default: 10
seealso:
  - module: modelarts.liteserver.liteserver_info
"""

EXAMPLES = r"""
- name: Start two servers, and wait until they run
  modelarts.liteserver.liteserver_power:
    region: cn-north-4
    project_id: 0123456789abcdef0123456789abcdef
    state: started
    server_ids:
      - 66d210bc-023c-490a-8664-afd321a163ad
      - 0d6b1f0e-5a0e-4d27-9a3a-0f6a4b2f1c77
    wait: true

- name: Reboot one
  modelarts.liteserver.liteserver_power:
    state: rebooted
    server_ids: ["66d210bc-023c-490a-8664-afd321a163ad"]
    wait: true
    wait_timeout: 1800

- name: Power one off, whatever runs on it
  modelarts.liteserver.liteserver_power:
    state: stopped
    force: true
    server_ids: ["66d210bc-023c-490a-8664-afd321a163ad"]
"""

RETURN = r"""
action:
  description: What was done. V(planned) is what check mode would do.
  returned: always
  type: str
  sample: sent
  choices: [sent, none, planned]
servers:
  description: An entry for each server, in the order of O(server_ids), of the same shape as with M(modelarts.liteserver.liteserver_job).
  returned: always
  type: list
  elements: dict
  contains:
    server_id:
      description: Id of the Lite Server.
      type: str
    server_name:
      description: Its name, or null where it was not read.
      type: str
    status:
      description: Its status as seen last, or null.
      type: str
    message:
      description: Why it failed, or what is not known, or null.
      type: str
    task_id:
      description: Always null. It is there because other modules have it.
      type: str
    job_id:
      description: Always null. It is there because other modules have it.
      type: str
    verdict:
      description:
        - What it means. V(planned) is a server to which the action would be, or was not yet, sent. V(unknown) is one whose
          request got no answer, or that is not found any more.
      type: str
      choices: [done, failed, running, unknown, planned]
  sample:
    - server_id: 66d210bc-023c-490a-8664-afd321a163ad
      server_name: liteserver-978c-00001
      status: RUNNING
      message: null
      task_id: null
      job_id: null
      verdict: done
counts:
  description: How many servers have each verdict, and how many there are.
  returned: always
  type: dict
  sample: {done: 1, failed: 0, running: 0, unknown: 0, planned: 0, total: 1}
failed_server_ids:
  description: Ids of the servers with the verdict V(failed).
  returned: always
  type: list
  elements: str
  sample: []
submitted_server_ids:
  description: Ids of the servers to which the action was sent, or in check mode would be.
  returned: always
  type: list
  elements: str
  sample: [66d210bc-023c-490a-8664-afd321a163ad]
timed_out:
  description: Whether O(wait_timeout) passed.
  returned: always
  type: bool
  sample: false
elapsed:
  description: Seconds that the task took.
  returned: always
  type: float
  sample: 95.2
error:
  description: Why the task failed; see M(modelarts.liteserver.liteserver_job). Its own code is V(wrong_status).
  returned: failure
  type: dict
"""

# Before what an older Python cannot read.
from ..module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ..module_utils.domain.servers._power import Power
from ..module_utils.wiring._task import run_module

ARGUMENT_SPEC = {
    "state": {"type": "str", "choices": ["started", "stopped", "rebooted"], "required": True},
    "server_ids": {"type": "list", "elements": "str", "required": True},
    "force": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 1200},
    "wait_sleep": {"type": "int", "default": 10},
    "progress": {"type": "int", "default": 60},
}


def main():
    run_module(ARGUMENT_SPEC, Power)


if __name__ == "__main__":
    main()
