#!/usr/bin/python
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: liteserver_doctor
short_description: Check whether a project is as this collection assumes
version_added: 1.0.0
description:
  - Reads jobs, servers, templates, versions and events of a project, and checks each assumption of this collection.
    The assumptions are those of the page about reliability in the documentation.
  - Sends at most 40 requests, whatever the size of the project, and never one that could change anything.
  - Does not fail where it finds something. The playbook C(modelarts.liteserver.doctor) does, where a run would be unsafe or
    impossible.
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
extends_documentation_fragment:
  - modelarts.liteserver._attributes
  - modelarts.liteserver._attributes.info_module
  - modelarts.liteserver._connection
options:
  report:
    description:
      - File for a report that is fit to be shown to others, for example in an issue. It is written twice, with the endings C(.json)
        and C(.md), on the machine that runs the module, readable for its owner only. A file that is there is replaced.
        Ansible runs modules of the controller in the folder of the playbook, which is where a relative path begins.
      - Ids, names, addresses and messages are replaced by digests, which are equal for equal values of one report. Nothing else
        can be learned from them.
      - Not written in check mode.
    type: path
  nodes:
    description:
      - What the nodes returned, by the name of their host, each the result of M(modelarts.liteserver.npu_info), with C(python), the version
        of Python of the node. A host that did not answer has an empty dictionary.
      - Without it, nodes are not checked.
    type: dict
seealso:
  - module: modelarts.liteserver.liteserver_job
  - module: modelarts.liteserver.npu_info
"""

EXAMPLES = r"""
- name: Check the project
  modelarts.liteserver.liteserver_doctor:
    region: cn-north-4
    project_id: 0123456789abcdef0123456789abcdef
    report: doctor.md
  register: doctor

- name: Show what was found
  ansible.builtin.debug:
    var: doctor.lines

- name: Stop where a run would be unsafe or impossible
  ansible.builtin.assert:
    that: doctor.counts.failed == 0
    fail_msg: "{{ doctor.lines[0] }}"
"""

RETURN = r"""
status:
  description:
    - V(failed) where at least one check failed, else V(unknown) where one could not be made, else V(warning) where there is one, else
      V(ok).
  returned: success
  type: str
  sample: warning
counts:
  description: How many checks are V(ok), V(warning), V(failed) and V(unknown), and C(total).
  returned: success
  type: dict
  sample: {ok: 31, warning: 1, failed: 0, unknown: 0, total: 32}
lines:
  description:
    - Lines for people, failures first, each with what to do. Of the checks that are fine there is only a count, in the last line.
    - The first line is the cause, where one failure explains the others.
  returned: success
  type: list
  elements: str
  sample:
    - "WARNING 1 of 12 servers not RUNNING but STOPPED: liteserver-00003: start them, or leave them out (--limit)."
    - "    (server_statuses) the preflight refuses a run on the others."
    - "31 of 32 checks are fine; 17 requests, nothing was written."
checks:
  description: The checks, each with what it found.
  returned: success
  type: list
  elements: dict
  contains:
    check:
      description: Name of the check.
      type: str
    status:
      description:
        - V(ok), V(warning), V(failed) (a run would be unsafe or impossible) or V(unknown) (it could not be seen).
      type: str
    assumption:
      description: What the collection assumes, in Markdown.
      type: str
    found:
      description: What was found.
      type: str
    means:
      description: What follows from it, or null where the assumption holds.
      type: str
    todo:
      description: What to do about it, or null where there is nothing to do.
      type: str
  sample:
    - check: server_statuses
      status: warning
      assumption: Servers are `RUNNING`
      found: "1 of 12 servers not RUNNING but STOPPED: liteserver-00003"
      means: the preflight refuses a run on the others
      todo: start them, or leave them out (--limit)
requests:
  description: How many requests were sent, repeats and logins among them.
  returned: success
  type: int
  sample: 17
report_files:
  description: The files of the report that were written.
  returned: success
  type: list
  elements: str
  sample: [doctor.json, doctor.md]
error:
  description: Why the task failed; see M(modelarts.liteserver.liteserver_job).
  returned: failure
  type: dict
"""

import secrets

# Before what an older Python cannot read.
from ..module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ..module_utils.domain.doctor._examination import Examination
from ..module_utils.wiring._doctor_report import check_report, report_writer, versions
from ..module_utils.wiring._task import run_module

ARGUMENT_SPEC = {
    "report": {"type": "path"},
    "nodes": {"type": "dict"},
}


def main():
    run_module(
        ARGUMENT_SPEC,
        lambda given: Examination(
            given,
            versions=versions(),
            key=secrets.token_bytes(32),
            check_path=check_report,
            write=report_writer(given.conceal),
        ),
    )


if __name__ == "__main__":
    main()
