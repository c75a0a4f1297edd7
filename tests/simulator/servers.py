# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server as plain data, with what power does to it; and what every server's record holds.

Nothing runs in the background: a status is worked out from the clock when somebody asks.
"""

from __future__ import annotations

import dataclasses
import math
import uuid
import zlib
from typing import Any

from . import errors
from .catalog import NAMESPACE
from .settings import Settings

# Power action: (states it may start from, state meanwhile, state after, state if it fails).
# Only the rule for stop is documented ("running / stop failed"); the others follow its pattern.
POWER_ACTIONS = {
    "start": (("STOPPED", "START_FAILED"), "STARTING", "RUNNING", "START_FAILED"),
    "stop": (("RUNNING", "STOP_FAILED"), "STOPPING", "STOPPED", "STOP_FAILED"),
    "reboot": (("RUNNING", "REBOOT_FAILED"), "REBOOTING", "RUNNING", "REBOOT_FAILED"),
}

_VPC_ID = str(uuid.uuid5(NAMESPACE, "vpc"))
_SUBNET_ID = str(uuid.uuid5(NAMESPACE, "subnet"))
_IMAGE_IDS = {name: str(uuid.uuid5(NAMESPACE, f"image/{name}")) for name in ("HCE2.0-Snt9b23", "HCE2.0-Snt9b")}


class BehaviourError(ValueError):
    """A server behaviour that makes no sense; the text says why."""


def server_id(index: int) -> str:
    """The id of the server number ``index``, counted from 1 (the server named ``liteserver-00001``)."""
    if index < 1:
        raise ValueError("servers are counted from 1")
    return str(uuid.uuid5(NAMESPACE, f"server/{index}"))


def supernode_id(index: int) -> str:
    """The id of the supernode number ``index``, counted from 1 (the one named ``supernode-001``)."""
    if index < 1:
        raise ValueError("supernodes are counted from 1")
    return str(uuid.uuid5(NAMESPACE, f"supernode/{index}"))


@dataclasses.dataclass
class Server:
    """One server: its unchanging record, its behaviour, and what its power is doing.

    Attributes:
        fail, skip: how many of its next tasks fail or are skipped; infinity is "always".
        message: the message of its finished tasks; None is the default text.
        duration: seconds per task; None is the setting ``job_duration``.
        final_status: the status of its finished tasks, whatever it is; None lets ``fail`` and ``skip`` decide.
        power_fail: how many of its next power actions fail; infinity is "always".
        settled: its power status when no action is under way.
    """

    index: int
    id: str
    record: dict[str, Any]
    created: float
    owned: bool
    fail: float = 0
    skip: float = 0
    message: str | None = None
    duration: float | None = None
    final_status: str | None = None
    power_fail: float = 0
    settled: str = "RUNNING"
    updated: float = 0.0
    # An action under way: (status before, status meanwhile, status after, visible from, done at).
    action: tuple[str, str, str, float, float] | None = None

    @property
    def spread(self) -> float:
        """A number from 0 to below 1 that is this server's for ever."""
        return zlib.crc32(self.id.encode()) / 2**32

    def status(self, now: float) -> str:
        """The power status at ``now``."""
        if self.action is None:
            return self.settled
        before, meanwhile, after, visible_from, done_at = self.action
        if now < visible_from:
            return before
        return meanwhile if now < done_at else after

    def updated_at(self, now: float) -> float:
        """When the status last changed, as seen at ``now``."""
        if self.action is None:
            return self.updated
        visible_from, done_at = self.action[3:]
        if now < visible_from:
            return self.updated
        return visible_from if now < done_at else done_at

    def check_power(self, action: str, now: float) -> None:
        """Raise the 400 answer if ``action`` is not possible at ``now``."""
        status = self.status(now)
        is_busy = self.action is not None and now < self.action[4]
        if is_busy or status not in POWER_ACTIONS[action][0]:
            raise errors.not_supported(f"Server {self.id} status is {status}, does not support {action}.")

    def begin_power(self, action: str, now: float, settings: Settings) -> None:
        """Start a power action that ``check_power`` has allowed."""
        self.updated = self.updated_at(now)
        before = self.status(now)
        _allowed, meanwhile, after, failed = POWER_ACTIONS[action]
        if self.power_fail > 0:
            self.power_fail -= 1
            after = failed
        visible_from = now + (settings.reboot_delay if action == "reboot" else 0.0)
        self.action = (before, meanwhile, after, visible_from, visible_from + settings.power_duration)

    def behave(self, changes: Any, now: float) -> None:
        """Take over changes of behaviour: fail, skip, message, duration, final_status, status, power_fail.

        Raises:
            BehaviourError: an unknown name or a bad value; nothing is changed then.
        """
        if not isinstance(changes, dict):
            raise BehaviourError("a behaviour must be an object")
        checked: dict[str, Any] = {}
        for name, value in changes.items():
            if name in ("fail", "skip", "power_fail"):
                is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
                if not is_count and value != "always":
                    raise BehaviourError(f'{name} must be a whole number from 0 or "always", not {value!r}')
                checked[name] = value if is_count else math.inf
            elif name in ("message", "final_status"):
                if value is not None and not isinstance(value, str):
                    raise BehaviourError(f"{name} must be null or a string, not {value!r}")
                checked[name] = value
            elif name == "duration":
                is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
                if value is not None and not is_number:
                    raise BehaviourError(f"duration must be null or a number of seconds, 0 or more, not {value!r}")
                checked[name] = value
            elif name == "status":
                if not isinstance(value, str) or not value:
                    raise BehaviourError(f"status must be a string that is not empty, not {value!r}")
                checked["settled"] = value
            else:
                raise BehaviourError(
                    f"unknown behaviour '{name}'; known are: "
                    "duration, fail, final_status, message, power_fail, skip, status"
                )
        for name, value in checked.items():
            setattr(self, name, value)
        if "settled" in checked:
            self.action, self.updated = None, now

    def behaviour(self, now: float) -> dict[str, Any]:
        """The behaviour as JSON data."""

        def count(value: float) -> int | str:
            return "always" if value == math.inf else int(value)

        return {
            "id": self.id,
            "name": self.record["name"],
            "fail": count(self.fail),
            "skip": count(self.skip),
            "message": self.message,
            "duration": self.duration,
            "final_status": self.final_status,
            "power_fail": count(self.power_fail),
            "status": self.status(now),
        }


def record_of(index: int, category: str, flavor: str, image: str, cloud_server: dict[str, str]) -> dict[str, Any]:
    """The parts of a server record that do not change, in the shape of the server calls."""
    return {
        "charging_mode": "PRE_PAID" if category != "SERVER" else "POST_PAID",
        "cloud_server": cloud_server,
        "endpoints_response": [],
        "flavor": flavor,
        "key_pair_name": "KeyPair-sim",
        "order_id": f"CS{index:010d}",
        "vpc_id": _VPC_ID,
        "subnet_id": _SUBNET_ID,
        "endpoints": [
            {
                "dev_service": "SSH",
                "service": "SSH",
                # The private address; no .0 and no .255.
                "uri": f"10.{(index - 1) // 62500}.{(index - 1) // 250 % 250}.{(index - 1) % 250 + 1}",
                "key_pair_names": ["KeyPair-sim"],
            }
        ],
        "volumes": [
            {
                "size": 500,
                "type": "ROOT",
                "evs_type": "SSD",
                "evs_id": str(uuid.uuid5(NAMESPACE, f"volume/{index}")),
            }
        ],
        "image": {
            "arch": "ARM",
            "image_id": _IMAGE_IDS[image],
            "name": image,
            "server_type": cloud_server["type"],
            "status": "ACTIVE",
        },
        "category": category,
    }
