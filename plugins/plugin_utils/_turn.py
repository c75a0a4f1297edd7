# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""When the next batch may start: the soak after the one before it, the stop file, and the end of the window."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ..module_utils._clock import Clock
from ..module_utils._errors import InvalidOption
from ..module_utils.domain._wording import duration
from ..module_utils.domain.rollout._closing import batch_title
from ..module_utils.domain.rollout._gates import judge_stop_file, judge_window
from ..module_utils.domain.rollout._run_record import RunRecord
from ..module_utils.domain.rollout._schedule import window_end_of

# How often the stop file is looked at during a soak, and how often the soak says that it goes on, in seconds.
LOOK, HEARTBEAT = 5, 60


def checked_turn(own: dict[str, Any], now: int) -> int | None:
    """The end of the window in ms, or None; before the run's first request.

    :raises InvalidOption: what could never be right about window, stop file and webhook.
    """
    stop_file = own.get("stop_file")
    if stop_file:
        folder = os.path.dirname(_path_of(stop_file))
        if not os.path.isdir(folder):
            raise InvalidOption(f"fleet_job_stop_file: there is no folder {folder}, so the file could never be there")
    if own.get("notify_url"):
        from ..module_utils.wiring._webhook import check_webhook  # not above, see _run_news.py

        check_webhook(own["notify_url"])
    return window_end_of(own["window_end"], now) if own.get("window_end") else None


def await_turn(record: RunRecord, own: dict[str, Any], clock: Clock, show: Callable[[str], object]) -> None:
    """Stop the run, or come back when its next batch may be opened.

    :param own: the role's variables.
    :param clock: its wall clock counts.
    """
    judge_turn(record, own, clock)
    left = _soak_left(record, own["soak"], clock)
    if record.data["stopped"] is not None or left <= 0:
        return
    # Not after a soak that is in vain.
    _judge_window(record, own, clock, left)
    if record.data["stopped"] is not None:
        return
    begun = spoken = clock.now()
    show(f"soak: {duration(left)} before the next batch, after {batch_title(record.data)}")
    while (rest := begun + left - clock.now()) > 0 and _found(own) is None:
        clock.sleep(min(LOOK, rest))
        if clock.now() - spoken >= HEARTBEAT and rest > LOOK:
            spoken = clock.now()
            show(f"soak: {duration(begun + left - spoken)} left")
    judge_turn(record, own, clock)


def judge_turn(record: RunRecord, own: dict[str, Any], clock: Clock) -> None:
    """Stop the run where the next batch, or one whose jobs are about to start, may not start now."""
    judge_stop_file(record, _found(own), _now(clock))
    _judge_window(record, own, clock, 0)


def _judge_window(record: RunRecord, own: dict[str, Any], clock: Clock, wait: float) -> None:
    judge_window(record, own.get("wave_minutes"), own["wait_timeout"], _now(clock), wait)


def _soak_left(record: RunRecord, soak: float, clock: Clock) -> float:
    """Seconds until the next batch may start; nothing has to show itself where the batch before changed nothing."""
    if not record.data["batches"] or not soak:
        return 0
    batch = record.batch
    worked = any(
        row["batch"] == batch["number"] and row["job_id"] and row["submitted"] for row in record.data["servers"]
    )
    attached = any(job["action"] in ("created", "attached") for job in batch["jobs"])
    if not worked and not attached:
        return 0
    return float((batch["ended_at"] or _now(clock)) / 1000 + soak - _now(clock) / 1000)


def _found(own: dict[str, Any]) -> str | None:
    """What stands where the stop file may be; None where it is known that nothing does."""
    stop_file = own.get("stop_file")
    if not stop_file:
        return None
    path = _path_of(stop_file)
    try:
        os.lstat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"it cannot be seen whether {path} is there: {error.strerror or error}"
    return f"{path} is there"


def _path_of(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))


def _now(clock: Clock) -> int:
    return int(clock.utc().timestamp() * 1000)
