# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulated service offers: templates, software versions and plug-ins.

The template of the driver upgrade follows the documented example; the parameters of
the other templates are not published and are plausible inventions.
"""

from __future__ import annotations

import uuid
from typing import Any

NAMESPACE = uuid.UUID("5f0b2c64-8f0e-5d5b-9a55-3d1b6f7e0a01")

# The documented request asks for this type, the documented answer shows the other.
RENAMED_TYPES = {"HDK_UPGRADE": "ASCEND_SOFTWARE_UPGRADE"}


def _parameter(name: str, description: str, value: str, regex: str, visible: bool = True) -> dict[str, str]:
    return {
        "name": name,
        "description": description,
        "value": value,
        "visible": "true" if visible else "false",
        "regex": regex,
    }


def _template(
    name: str, type_: str, flavor_type: str, description: str, params: list[dict[str, str]], timeout: int = 7200
) -> dict[str, Any]:
    """A template as its detail call shows it; numbers are strings there, units are not documented."""
    return {
        "id": str(uuid.uuid5(NAMESPACE, f"template/{name}/{flavor_type}")),
        "name": name,
        "description": description,
        "cmd": f"/opt/liteserver/run.sh {type_.lower()}",
        "swr_path": f"swr.sim-region.myhuaweicloud.com/liteserver/{name}:latest",
        "resources": "{}",
        "volumes": "[]",
        "volumes_mount": "[]",
        "flavor_type": flavor_type,
        "timeout": str(timeout),
        "check_interval": "30",
        "type": type_,
        "status": "ACTIVE",
        "params": params,
    }


_VERSION_REGEX = "^[0-9a-zA-Z.]{1,32}$"

TEMPLATES: list[dict[str, Any]] = [
    _template(
        "ascend-software-upgrade",
        "ASCEND_SOFTWARE_UPGRADE",
        "ASCEND_SNT9B",
        "Upgrades the Ascend driver and firmware.",
        [
            _parameter("version", "Driver version to install.", "24.1.rc3.10", _VERSION_REGEX),
            _parameter("reset_mode", "How chips are reset.", "hot", "^(hot|reboot)$", visible=False),
        ],
    ),
    _template(
        "ascend-software-upgrade-snt9c",
        "ASCEND_SOFTWARE_UPGRADE",
        "ASCEND_SNT9C",
        "Upgrades the Ascend driver and firmware of supernodes.",
        [
            _parameter("version", "Driver version to install.", "25.2.1", _VERSION_REGEX),
            _parameter("reset_mode", "How chips are reset.", "hot", "^(hot|reboot)$", visible=False),
        ],
    ),
    _template(
        "log-collect",
        "LOG_COLLECT",
        "ASCEND_GENERIC",
        "Collects NPU logs and uploads them.",
        [
            _parameter("obs_path", "Where the logs go.", "", "^obs://[-._/a-zA-Z0-9]{3,255}$"),
            _parameter("log_type", "Which logs to collect.", "all", "^(all|device|host)$"),
        ],
        timeout=3600,
    ),
    _template(
        "common-command",
        "COMMON",
        "ASCEND_GENERIC",
        "Runs a command on each server.",
        [
            _parameter("command", "The command line.", "", "^.{1,1024}$"),
            _parameter("run_as", "The user that runs it.", "root", "^[a-z_][-a-z0-9_]{0,31}$", visible=False),
        ],
        timeout=1800,
    ),
    _template(
        "ascend-system-config",
        "ASCEND_SYSTEM_CONFIG",
        "ASCEND_GENERIC",
        "Sets system parameters for Ascend workloads.",
        [
            _parameter("huge_pages", "Number of huge pages.", "1024", "^[0-9]{1,7}$"),
            _parameter("irq_balance", "Whether interrupts are balanced.", "true", "^(true|false)$"),
        ],
        timeout=1800,
    ),
    _template(
        "service-deploy",
        "SERVICE_DEPLOY",
        "ASCEND_SNT9B",
        "Deploys an inference service.",
        [
            _parameter("model_name", "Model to serve.", "", "^[-_.a-zA-Z0-9]{1,64}$"),
            _parameter("model_url", "Where the model lies.", "", "^obs://[-._/a-zA-Z0-9]{3,255}$"),
            _parameter("quant_type", "Quantization.", "fp16", "^(w8A8|fp16)$"),
        ],
    ),
]


def defaults_of(template_id: str) -> dict[str, str]:
    """{parameter: default} of a template: what a service would add to a spec that leaves them out."""
    for template in TEMPLATES:
        if template["id"] == template_id:
            return {param["name"]: param["value"] for param in template["params"] if param["value"]}
    return {}


def _software(flavor_type: str, versions: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "flavor_type": flavor_type,
        "support": [
            {
                "type": type_,
                "info": [
                    {
                        "id": str(uuid.uuid5(NAMESPACE, f"software/{flavor_type}/{type_}/{version}")),
                        "version": version,
                        "description": f"{type_} {version}",
                    }
                    for version in offered
                ],
            }
            for type_, offered in versions.items()
        ],
    }


SOFTWARE: list[dict[str, Any]] = [
    _software(
        "ascend_snt9b",
        {
            "ASCEND_HDK": ["24.1.rc3.10", "24.1.0.6", "24.1.0.3"],
            "CES_AGENT": ["2.8.2.2"],
            "ASCEND_CANN": ["8.2.RC1"],
        },
    ),
    _software(
        "ascend_snt9b23",
        {
            "ASCEND_HDK": ["25.2.1", "24.1.rc3.10", "24.1.rc3.9"],
            "CES_AGENT": ["2.8.2.2"],
            "ASCEND_CANN": ["8.3.RC1", "8.2.RC1"],
            "K8S_TOOLKITS": ["7.2.0"],
        },
    ),
    _software("ascend_generic", {"CES_AGENT": ["2.8.2.2", "2.7.5"]}),
]


def _plugin(name: str, versions: dict[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "infos": [
            {
                "id": str(uuid.uuid5(NAMESPACE, f"plugin/{name}/{version}")),
                "version": version,
                "status": status,
                "url": f"https://plugins.sim-region.example.com/{name}-{version}.tar.gz",
            }
            for version, status in versions.items()
        ],
    }


PLUGINS: list[dict[str, Any]] = [
    _plugin("ai-plugin", {"1.2.0": "ACTIVE", "1.1.0": "INACTIVE"}),
    _plugin("ces-agent", {"2.8.2.2": "ACTIVE"}),
]


def stored_type(requested: str, rename: bool) -> str:
    """The type that a job is kept under."""
    return RENAMED_TYPES.get(requested, requested) if rename else requested


def template_id_for(requested: str, flavor_type: str) -> str:
    """The template that serves a job type, preferring the one for ``flavor_type``; "" if there is none.

    A create request names no template: the service finds it by type.
    """
    type_ = RENAMED_TYPES.get(requested, requested)
    candidates = [template for template in TEMPLATES if template["type"] == type_]
    candidates.sort(key=lambda template: template["flavor_type"] != flavor_type)
    return candidates[0]["id"] if candidates else ""
