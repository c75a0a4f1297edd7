#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: liteserver_job
short_description: Create, reuse, wait for and delete jobs on ModelArts Lite Servers
version_added: 1.0.0
description:
  - Declares that every server in O(server_ids) has run the given items, such as an upgrade of driver and firmware (HDK), and
    creates one job for exactly the servers that still need it.
  - Each server is judged by itself, over the earlier jobs that share an item type with the wanted items, newest first.
    A server whose newest task ran the same items and succeeded is done, where O(reuse) admits that job. One where it still
    runs is attached to. One where it failed, where the newest task ran other items, or that has no task at all, is submitted.
    Where other items still run, nothing is created, whatever the name of that job.
    So the same task twice creates one job, and after a partial failure only the failed servers are submitted again.
  - The API has no failed state for jobs. This module fails when a server failed, see O(fail_on).
  - A create request whose outcome is not known is never repeated. The collection searches for the job instead, and the task fails with
    RV(ignore:error.outcome=unknown) where it is not found.
  - Runs on one controller judge and create one after the other, by a lock below Ansible's home (E(ANSIBLE_HOME), or
    C(~/.ansible) of the user). The API has no lock, so two runs at the same moment on two controllers may both create a job.
    Each searches for the other one afterwards. A job of
    another run with the same items is named in a warning, waited for too, and the younger of both decides the verdicts. One with
    other items fails the task with V(servers_busy).
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
      - Shows each server, or with O(state=absent) each job, before and after.
  idempotent:
    support: partial
    details:
      - With O(reuse=never) each run creates a job. A server that failed is submitted again.
options:
  state:
    description:
      - V(present) brings the servers to have run the items, or attaches to the job O(job_id).
      - V(absent) deletes the records of the job O(job_id), or of all jobs that are named O(name). It does not stop work on the
        servers; the API cannot do that.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - Name of the job, V(^[-_.a-zA-Z0-9]{1,64}$). Needed with O(state=present) unless O(job_id) is given.
      - See O(reuse). Slices of a fleet may use one name at the same time.
    type: str
  job_id:
    description:
      - With O(state=present), attaches to this job. Nothing is created, and O(wait) waits for it. With O(server_ids), only these
        servers of it count. With O(items) or O(spec), it is an error if the job runs others.
      - With O(state=absent), deletes this job.
    type: str
  type:
    description:
      - Type of the job template, V(^[-_.a-zA-Z0-9]{1,64}$), for example V(HDK_UPGRADE). The service may store another one; it is
        never compared.
    type: str
  server_ids:
    description:
      - Ids of Lite Servers (not of the ECS or BMS underneath). A repeated id is sent once.
    type: list
    elements: str
  items:
    description:
      - The items of the job. Their order does not matter when they are compared with earlier jobs.
    type: list
    elements: dict
    suboptions:
      type:
        description:
          - Type of the item, for example V(HDK_UPGRADE) or V(DEVICE_LOG_COLLECT).
        type: str
        required: true
      spec:
        description:
          - Parameters of the item. The keys are the parameters of the template. Values become strings, as the API requires
            (V(true) becomes V("true")). Quote versions, because YAML reads 24.10 as 24.1.
        type: dict
  spec:
    description:
      - Short for one item of the same type as O(type). Mutually exclusive with O(items).
    type: dict
  secret_spec:
    description:
      - Parameters that are secret. They are merged into the spec of the first item and never shown. Each value must have 4
        characters or more, because Ansible blanks every occurrence of it in the result.
    type: dict
  description:
    description:
      - Description of the job, sent when given, in front of the mark where both fit into 64 characters, see O(mark). Where they
        do not, it is sent alone, with a warning. It is not compared with earlier jobs.
    type: str
  is_reboot:
    description:
      - Sent when given. The API's documentation contradicts itself on its effect. By the newest, a failed task is restarted.
        It is not compared with earlier jobs.
    type: bool
  reuse:
    description:
      - Which finished jobs may count as having done the work. V(same_name) means jobs of this O(name), V(any_name) jobs of any
        name. To prevent a second start, every job counts, whatever its name. A newer one with other items supersedes, and one that runs
        is attached to or holds this task up.
      - V(never) skips the check, and creates a job in any case.
    type: str
    choices: [same_name, any_name, never]
    default: same_name
  fail_on:
    description:
      - Which failed servers make the task fail. V(any) means one is enough, V(all) only if all of them failed, V(never) none.
      - A server whose job has ended without a known outcome counts as failed here.
    type: str
    choices: [any, all, never]
    default: any
  skipped:
    description:
      - What a server that the service skipped counts as. With V(ok) it is done, and a warning names it.
    type: str
    choices: [ok, failed]
    default: ok
  template_check:
    description:
      - Compares O(type) and O(spec) with the parameters and regexes of the live templates before anything is created.
        V(strict) fails where they do not fit, V(warn) warns, V(off) skips the check.
    type: str
    choices: [strict, warn, 'off']
    default: warn
  wait:
    description:
      - Waits until the task of every wanted server has ended, or its job has.
    type: bool
    default: false
  mark:
    description:
      - Sends a mark in the field V(description), by which later runs recognise the job whatever the service makes of its items,
        and by which it is found where the answer to the create request is lost. It reads
        V(lsj1-<types>-<items>-<servers>-<nonce>); of O(secret_spec) only the keys go into it.
      - With V(false) none is sent. Jobs without one are recognised by their items.
    type: bool
    default: true
  force:
    description:
      - With O(state=absent), deletes the record of a job that still runs. The work on the servers goes on.
    type: bool
    default: false
seealso:
  - module: modelarts.liteserver.liteserver_job_info
"""

EXAMPLES = r"""
- name: Upgrade the NPU driver and firmware of two servers, and wait for it
  modelarts.liteserver.liteserver_job:
    region: cn-north-4
    project_id: 0123456789abcdef0123456789abcdef
    name: hdk_upgrade_24.1.rc3.10
    type: HDK_UPGRADE
    spec:
      version: "24.1.rc3.10"
    server_ids:
      - 66d210bc-023c-490a-8664-afd321a163ad
      - 0d6b1f0e-5a0e-4d27-9a3a-0f6a4b2f1c77
    wait: true
    wait_timeout: 7200
  register: upgrade

- name: Name the servers that failed
  ansible.builtin.debug:
    msg: "{{ upgrade.servers | selectattr('verdict', 'eq', 'failed') | map(attribute='message') }}"

- name: Start a job now, and wait for it later
  modelarts.liteserver.liteserver_job:
    name: collect_logs_2026-11
    type: LOG_COLLECT
    items:
      - type: DEVICE_LOG_COLLECT
        spec:
          obs_path: obs://bucket/logs
    server_ids: ["66d210bc-023c-490a-8664-afd321a163ad"]
    reuse: never
  register: logs

- name: Wait for it
  modelarts.liteserver.liteserver_job:
    job_id: "{{ logs.job.id }}"
    wait: true

- name: Delete the records of all jobs of one name
  modelarts.liteserver.liteserver_job:
    state: absent
    name: collect_logs_2026-11
"""

RETURN = r"""
action:
  description:
    - What was done. V(attached) means that a job is followed that was there before, or whose create request got no answer.
      V(planned) is what check mode would do.
  returned: always
  type: str
  sample: created
  choices: [created, attached, none, deleted, planned]
job:
  description:
    - The job that was created or attached to, as the service returns it, without its tasks (RV(servers) has them), with times in milliseconds
      since the epoch, or null. With O(state=absent), the newest of the deleted ones. Fields that are not documented are passed on.
    - Values of O(secret_spec), and of keys of a spec that are named like a secret, are masked.
    - In a template, write V(result.job['items']), because V(result.job.items) is a method.
  returned: always
  type: dict
  sample:
    id: 64e004ec-6cb0-401f-a7c0-ec2557626b16
    name: hdk_upgrade_task
    description: Task description.
    type: ASCEND_SOFTWARE_UPGRADE
    status: FINISHED
    items:
      - type: HDK_UPGRADE
        spec:
          version: 24.1.rc3.10
    template_id: 6f02d33b-a5d6-485c-8d73-480da5870512
    user_name: modelarts_user
    abnormal_count: 0
    create_at: 1755005748201
    update_at: 1755005931007
job_ids:
  description:
    - Ids of all jobs that serve the servers, each once, those with the same items that another run started at the same moment
      included. With O(state=absent), of all that were deleted.
  returned: always
  type: list
  elements: str
  sample: [64e004ec-6cb0-401f-a7c0-ec2557626b16]
servers:
  description: An entry for each wanted server, in the order of O(server_ids).
  returned: always
  type: list
  elements: dict
  contains:
    server_id:
      description: Id of the Lite Server.
      type: str
    server_name:
      description: Its name, or null where no task of it was seen.
      type: str
    status:
      description: Status of its task as the service returns it, or null. With RV(servers[].verdict=planned), of its earlier task.
      type: str
    message:
      description: The service's message about the task, or null.
      type: str
    task_id:
      description: Id of its task, or null.
      type: str
    job_id:
      description: Id of the job of that task, or null.
      type: str
    verdict:
      description:
        - What it means. V(planned) is a server that would be submitted, or for which nothing was created because the task failed
          before. V(unknown) is a server whose job has ended without a documented end, or whose create request got no answer.
      type: str
      choices: [done, failed, running, unknown, planned]
  sample:
    - server_id: 66d210bc-023c-490a-8664-afd321a163ad
      server_name: liteserver-978c-00001
      status: SUCCESS
      message: the message
      task_id: 64e004ec-ad30-4038-9af1-afd321a163ad
      job_id: 64e004ec-6cb0-401f-a7c0-ec2557626b16
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
  description: Ids of the servers for which this task sent a create request, or in check mode would send one.
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
  sample: 183.4
error:
  description: Why the task failed.
  returned: failure
  type: dict
  contains:
    code:
      description:
        - The service's own code, or one of V(invalid_option), V(unreachable), V(tls), V(no_answer), V(bad_answer), V(api_error),
          V(outcome_unknown), V(servers_failed), V(wait_timeout), V(servers_busy), V(job_unsettled), V(list_incomplete),
          V(template_rejected), V(lock_unavailable), V(job_running), V(not_deleted).
      type: str
    http_status:
      description: Status of the HTTP answer, or null.
      type: int
    request_id:
      description: The service's id of the request, for its support, or null.
      type: str
    message:
      description: What happened.
      type: str
    retryable:
      description: Whether running the same task again may succeed by itself.
      type: bool
    hint:
      description: What to do, or null.
      type: str
    outcome:
      description: V(unknown) where the job may or may not have been created, else null.
      type: str
  sample:
    code: servers_failed
    http_status: null
    request_id: null
    message: "1 of 12 servers failed: liteserver-978c-00002: npu busy"
    retryable: false
    hint: running the same task again submits only the failed servers
    outcome: null
"""

# Before what an older Python cannot read.
from ..module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ..module_utils.domain.jobs._absent import AbsentJob
from ..module_utils.domain.jobs._present import PresentJob
from ..module_utils.wiring._task import run_module

ARGUMENT_SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str"},
    "job_id": {"type": "str"},
    "type": {"type": "str"},
    "server_ids": {"type": "list", "elements": "str"},
    "items": {
        "type": "list",
        "elements": "dict",
        "options": {"type": {"type": "str", "required": True}, "spec": {"type": "dict"}},
    },
    "spec": {"type": "dict"},
    "secret_spec": {"type": "dict", "no_log": True},
    "description": {"type": "str"},
    "is_reboot": {"type": "bool"},
    "reuse": {"type": "str", "choices": ["same_name", "any_name", "never"], "default": "same_name"},
    "fail_on": {"type": "str", "choices": ["any", "all", "never"], "default": "any"},
    "skipped": {"type": "str", "choices": ["ok", "failed"], "default": "ok"},
    "template_check": {"type": "str", "choices": ["strict", "warn", "off"], "default": "warn"},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 3600},
    "wait_sleep": {"type": "int", "default": 10},
    "progress": {"type": "int", "default": 60},
    "mark": {"type": "bool", "default": True},
    "force": {"type": "bool", "default": False},
}


def operation_of(given):
    return AbsentJob(given) if given.options["state"] == "absent" else PresentJob(given)


def main():
    run_module(ARGUMENT_SPEC, operation_of)


if __name__ == "__main__":
    main()
