# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What the hosts of a batch request, read from their variables once for all steps of the batch."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence

from ..module_utils.domain.rollout._requests import HostRequest
from ..module_utils.domain.rollout._run_record import RunRecord
from ..module_utils.wiring._replaced_file import replace_file
from ._host_variables import HostVariables


class HostRequests:
    """Requests by host, kept in Ansible's own temporary folder from one step of a batch to the next.

    What was checked before the first job is what the jobs are started with, whatever a hook sets.

    :param temporary: that folder, which is new for each process and removed at its end.
    :param run: name of the run.
    """

    def __init__(self, temporary: str, run: str, record: RunRecord, variables: HostVariables) -> None:
        self._variables = variables
        self._started_at = record.data["started_at"]
        name = hashlib.sha256(
            json.dumps([run, record.data["run_id"], len(record.data["batches"])]).encode()
        ).hexdigest()
        self._path = os.path.join(temporary, f"fleet_job_requests-{name[:16]}.json")

    def of(self, host_names: Sequence[str]) -> tuple[list[HostRequest], list[str]]:
        """See :meth:`._host_variables.HostVariables.requests_of`."""
        known: dict[str, HostRequest] = {}
        if os.path.lexists(self._path):
            with open(self._path, encoding="utf-8") as file:
                known = json.load(file)
        if all(host in known for host in host_names):
            return [known[host] for host in host_names], []
        requests, problems = self._variables.requests_of(host_names, self._started_at)
        if not problems:
            replace_file(self._path, json.dumps({request["host"]: request for request in requests}))
        return requests, problems
