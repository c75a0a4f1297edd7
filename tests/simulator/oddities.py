# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a service might show its jobs otherwise than they are: nobody has seen that it does not.

Each is a switch of ``settings.py``, off by default, and README.md lists them. They change what is shown, and when;
what the jobs really do stays the same, but for ``restart_failed``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import catalog
from .settings import Settings

if TYPE_CHECKING:
    from .state import Job, Task

MASK = "******"


def shown_items(job: Job, settings: Settings, now: float) -> list[dict[str, Any]]:
    """The items of a job: not yet, rewritten, completed, or masked."""
    if now < job.created + settings.items_delay:
        return []
    return [_shown_item(item, job, settings) for item in job.items]


def _shown_item(item: dict[str, Any], job: Job, settings: Settings) -> dict[str, Any]:
    if "spec" not in item and not settings.add_defaults:
        return item
    spec = dict(item.get("spec") or {})
    if settings.normalize_versions and "version" in spec:
        spec["version"] = spec["version"].upper()
    if settings.add_defaults:
        spec = {**catalog.defaults_of(job.template_id), **spec}
    if settings.mask_specs:
        spec = dict.fromkeys(spec, MASK)
    return {**item, "spec": spec}


def shown_tasks(job: Job, settings: Settings, now: float) -> list[Task]:
    """The tasks that a detail shows: not yet, one after the other, or no more."""
    if settings.tasks_retention and now >= job.ends + settings.tasks_retention:
        return []
    part = settings.tasks_in_parts
    return [task for place, task in enumerate(job.tasks) if now >= job.tasks_from + place * part]


def is_found(job: Job, settings: Settings, now: float) -> bool:
    """Whether a detail is found at all."""
    return now >= job.created + settings.detail_delay and not is_forgotten(job, settings, now)


def is_listed(job: Job, settings: Settings, now: float, query: Mapping[str, str]) -> bool:
    """Whether a list that is asked in this way shows a job."""
    asked = "id" if "id" in query else "name" if "name" in query else "plain"
    lag = settings.query_lag if settings.lagging_query in (asked, "any") else 0.0
    return now >= job.created + lag and not is_forgotten(job, settings, now)


def is_forgotten(job: Job, settings: Settings, now: float) -> bool:
    """Whether the service keeps no record of a job any more."""
    return bool(settings.retention) and now >= job.ends + settings.retention


def shows_times(job: Job, settings: Settings, now: float) -> bool:
    """Whether a job's own times are shown, and not null."""
    return not settings.null_times_after or now < job.created + settings.null_times_after


def shown_id(server_id: str, settings: Settings) -> str:
    """A server's id in a task."""
    return server_id.upper() if settings.upper_ids else server_id
