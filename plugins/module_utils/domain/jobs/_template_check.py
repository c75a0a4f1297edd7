# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Comparing a wanted job with the service's live templates before it is created."""

from __future__ import annotations

import re

from ..._clock import time_limit
from ..._shapes import Record
from ._model import Job, spec_text
from ._wanted import Wanted

# The request's type and the type under which the service stores the template differ
# where the documents show both (page "Creating a Lite Server task", and the template list).
STORED_TYPES = {"HDK_UPGRADE": "ASCEND_SOFTWARE_UPGRADE", "DEVICE_LOG_COLLECT": "LOG_COLLECT"}


# There are regexes that take for ever on some texts; the documented ones take no time at all.
SECONDS = 2


def findings(templates: list[Record], wanted: Wanted) -> list[str]:
    """What no live template takes, as sentences; empty where one takes everything.

    :param templates: records of the template list: ``name``, ``type``, ``params`` with
        ``name`` and ``regex``.
    """
    types = {wanted.type, STORED_TYPES.get(wanted.type)}
    matching = [template for template in templates if str(template.get("type")) in types]
    if not matching:
        offered = ", ".join(sorted({str(template.get("type")) for template in templates})) or "nothing"
        return [f"type: no live template is of type '{wanted.type}'; the service offers {offered}"]
    # There is a template for each flavor type: one that takes the spec is enough.
    try:
        with time_limit(SECONDS, "comparing"):
            return min((_against(template, wanted) for template in matching), key=len)
    except TimeoutError:
        return [f"the live templates of type '{wanted.type}' cannot be compared within {SECONDS} s"]


def defaults_in(templates: list[Record], job: Job, job_type: str) -> dict[str, str]:
    """{parameter: the value that a job's live template gives it by default}; empty where no template can be told.

    :param job_type: as it is sent, where the job does not tell its template.
    """
    types = {job_type, STORED_TYPES.get(job_type), job.raw.get("type")}
    matching = [each for each in templates if each.get("id") == job.raw.get("template_id")] or [
        each for each in templates if each.get("type") in types
    ]
    return {
        param["name"]: spec_text(param["value"])
        for template in matching[:1]
        for param in _params(template)
        if param.get("value") is not None
    }


def _params(template: Record) -> list[Record]:
    params = template.get("params")
    return [
        param
        for param in (params if isinstance(params, list) else [])
        if isinstance(param, dict) and isinstance(param.get("name"), str)
    ]


def _against(template: Record, wanted: Wanted) -> list[str]:
    params = {param["name"]: param for param in _params(template)}
    found = []
    for item in wanted.body_items:
        for key, value in item.spec:
            if key not in params:
                found.append(
                    "spec.{}: template '{}' has no such parameter; it has {}".format(
                        key, template.get("name"), ", ".join(sorted(params)) or "none"
                    )
                )
            elif not _matches(params[key].get("regex"), value):
                shown = "the value" if key in wanted.secret_keys else f"'{value}'"
                found.append(
                    "spec.{}: {} does not match the template's regex {}".format(key, shown, params[key]["regex"])
                )
    return found


def _matches(regex: object, value: str) -> bool:
    if not isinstance(regex, str) or not regex:
        return True
    try:
        return re.search(regex, value) is not None
    except (re.error, RecursionError, OverflowError):
        # Written for another language's engine: the service will judge.
        return True
