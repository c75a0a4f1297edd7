# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Steps of playbooks that read records which are there, without the service: ``run_report`` and ``job_status``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from ..module_utils._errors import InvalidOption
from ..module_utils._shapes import Record
from ..module_utils.domain.rollout._closing import status_lines
from ..module_utils.domain.rollout._report import campaign_of, page_of, table_of
from ..module_utils.domain.rollout._run_record import RUNNING, state_of
from ..module_utils.wiring._replaced_file import replace_file
from ..module_utils.wiring._run_files import is_alive
from ._report_page import html_page
from ._step import Result, Step
from ._visible_wait import show

_RECORD = re.compile(r"(main|hdk_upgrade|log_collect|common)-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}\.json")


def report(step: Step) -> Result:
    """Write HTML, Markdown and CSV of one record or of several runs as one campaign; returns the paths."""
    paths = list(_paths_of(step.args["records"]))
    records = [_as_it_stands(step.files.load(path).data) for path in paths]
    whole = campaign_of(records)
    name = os.path.splitext(os.path.basename(paths[0]))[0] if len(paths) == 1 else f"campaign-{_newest(records)}"
    folder = os.path.realpath(os.path.expanduser(str(step.args["folder"] or "") or os.path.dirname(paths[0])))
    texts = {".html": html_page(whole), ".md": page_of(whole), ".csv": table_of(records)}
    written = [os.path.join(folder, name + ending) for ending in texts]
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        for path, text in zip(written, texts.values(), strict=True):
            replace_file(path, text)
    except OSError as error:
        raise InvalidOption(f"run_report_folder: cannot write into {folder}: {error.strerror or error}") from None
    for path in written:
        show(f"report: {path}", stderr=False)
    return {"reports": written, "runs": len(records)}


def status(step: Step) -> Result:
    """Say where the newest run of these records stands; reads only."""
    records = [_as_it_stands(step.files.load(path).data) for path in _paths_of(step.args["records"])]
    newest = max(records, key=lambda data: (data["started_at"], data["run_id"]))
    return {"summary": status_lines(newest)}


def _newest(records: list[Record]) -> str:
    return str(max(data["run_id"] for data in records))


def _paths_of(given: object) -> Iterator[str]:
    """The records of files and folders.

    :raises InvalidOption: there is none.
    """
    places = given if isinstance(given, (list, tuple)) else [given]
    found = False
    for place in filter(None, places):
        path = os.path.realpath(os.path.expanduser(str(place)))
        if os.path.isdir(path):
            inside = [os.path.join(path, name) for name in sorted(os.listdir(path)) if _RECORD.fullmatch(name)]
        else:
            inside = [path]
        found = found or bool(inside)
        yield from inside
    if not found:
        raise InvalidOption(
            f"no record of a run in {given}. What to do: name files or folders that fleet_job_record was set to"
        )


def _as_it_stands(data: Record) -> Record:
    """A record as a reader has to take it: a run whose process is gone was interrupted."""
    process = data.get("process")
    alive = is_alive(process) if isinstance(process, dict) else None
    state, by = state_of(data, alive is not False)
    if state == data["state"]:
        return data
    reason = "its ansible-playbook is gone; jobs that it started go on" if data["state"] == RUNNING else data["stopped"]
    return {**data, "state": state, "stopped_by": by, "stopped": reason, "ended_at": data["updated_at"]}
