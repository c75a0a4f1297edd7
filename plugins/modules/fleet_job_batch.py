#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: fleet_job_batch
short_description: Internal, the requests of one step of role fleet_job
version_added: 1.0.0
description:
  - Internal. A part of role P(modelarts.liteserver.fleet_job#role), and of no use without it. Its options and results may change in any release.
  - It reads what the preflight needs, starts all jobs of a batch, or waits for them side by side. The role runs it on the host that
    O(ignore:fleet_job_delegate_to) names; without one, the role does the same in the process of its step.
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
      - Shows each server before and after.
  idempotent:
    support: partial
    details:
      - As with M(modelarts.liteserver.liteserver_job).
options:
  work:
    description:
      - What to do. V(judge) starts nothing, and returns which servers V(start) would submit.
    type: str
    required: true
    choices: [read, judge, start, wait]
  server_ids:
    description:
      - For O(work=read), the servers of the run.
    type: list
    elements: str
  software:
    description:
      - For O(work=read), whether to read the versions on offer.
    type: bool
    default: false
  templates:
    description:
      - For O(work=read), whether to read the job templates.
    type: bool
    default: false
  events:
    description:
      - For O(work=read), whether to read the scheduled events.
    type: bool
    default: false
  supernodes:
    description:
      - For O(work=read), whether to judge what the run does to supernodes.
    type: bool
    default: false
  batches:
    description:
      - For O(work=read), the ids of the servers of each batch.
    type: list
    elements: list
  groups:
    description:
      - For O(work=read), O(work=judge) and O(work=start), groups of equal requests.
    type: list
    elements: dict
  secret_spec:
    description:
      - As in M(modelarts.liteserver.liteserver_job), for every job.
    type: dict
  servers_per_job:
    description:
      - For O(work=start), the most servers of one job.
    type: int
    default: 50
  unprepared:
    description:
      - For O(work=start), servers for which no job may be created, since their hooks did not run.
    type: list
    elements: str
  jobs:
    description:
      - For O(work=wait), the jobs, and for which of their servers to wait.
    type: list
    elements: dict
  again:
    description:
      - For O(work=wait), whether running the same play again finds these jobs.
    type: bool
    default: true
seealso:
  - module: modelarts.liteserver.liteserver_job
"""

EXAMPLES = r"""
- name: Wait for two jobs
  modelarts.liteserver.fleet_job_batch:
    work: wait
    jobs:
      - job_id: 64e0c1f2-5a4c-4c59-9d9b-0b3f8f6f3f10
        name: upgrade
        server_ids: [66d210bc-023c-490a-8664-afd321a163ad]
        skipped: ok
"""

RETURN = r"""
events:
  description: The scheduled events of these servers, or null.
  returned: O(work=read)
  type: list
  elements: dict
jobs:
  description: The outcome of each job, as M(modelarts.liteserver.liteserver_job) returns it.
  returned: O(work=judge), O(work=start) and O(work=wait)
  type: list
  elements: dict
servers:
  description: The servers that can be seen.
  returned: O(work=read)
  type: list
  elements: dict
supernode_problems:
  description: What the run does to supernodes and must not, as sentences.
  returned: O(work=read)
  type: list
  elements: str
software:
  description: The versions on offer, or null.
  returned: O(work=read)
  type: list
  elements: dict
templates:
  description: The job templates, or null.
  returned: O(work=read)
  type: list
  elements: dict
"""

# Before what an older Python cannot read.
from ..module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ..module_utils.wiring._batch_work import ARGUMENT_SPEC, operation_of
from ..module_utils.wiring._task import run_module


def main():
    run_module(ARGUMENT_SPEC, operation_of)


if __name__ == "__main__":
    main()
