# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as lines for people."""

from __future__ import annotations

DOCUMENTATION = r"""
name: job_lines
short_description: Jobs and what they did on each server, as lines for people
version_added: 1.0.0
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
description:
  - Takes jobs with their tasks, as M(modelarts.liteserver.liteserver_job_info) reads them by id.
  - Gives a line for each job, newest first, then a line for each server with its newest task, failed servers first. Times are UTC.
positional: _input
options:
  _input:
    description:
      - The jobs.
    type: list
    elements: dict
    required: true
  server_ids:
    description:
      - Only these servers. By default all that the jobs name.
    type: list
    elements: str
  total:
    description:
      - How many jobs there are, where not all of them were read. The first line then states it.
    type: int
"""

EXAMPLES = r"""
- name: List what runs now
  modelarts.liteserver.liteserver_job_info:
    status: PROCESSING
  register: running

- name: Read these jobs with their tasks
  modelarts.liteserver.liteserver_job_info:
    job_ids: "{{ running.jobs | map(attribute='id') }}"
  register: details

- name: Show them
  ansible.builtin.debug:
    msg: "{{ details.jobs | modelarts.liteserver.job_lines }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import InvalidOption
from ..module_utils.domain.jobs._lines import job_lines


def lines(jobs, server_ids=None, total=None):
    """The filter; see DOCUMENTATION."""
    try:
        return job_lines(jobs, server_ids, total)
    except InvalidOption as error:
        raise AnsibleFilterError(f"modelarts.liteserver.job_lines: {error}") from error


class FilterModule:
    """Filters of the collection."""

    def filters(self):
        """{name: function}."""
        return {"job_lines": lines}
