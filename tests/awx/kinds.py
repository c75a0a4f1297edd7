# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of objects of AWX 24.6.1: fields with defaults, references, what is unique, sub-lists."""

from __future__ import annotations

from typing import Any

ASKS = ("variables", "limit", "tags", "skip_tags", "labels", "inventory", "scm_branch")
JOB_ASKS = (
    *ASKS,
    *("diff_mode", "job_type", "verbosity", "credential", "execution_environment", "forks", "instance_groups"),
    *("job_slice_count", "timeout"),
)
PROMPTS = (
    *("scm_branch", "job_type", "job_tags", "skip_tags", "limit", "diff_mode", "verbosity", "forks", "timeout"),
    "job_slice_count",
)


def _asks(names: tuple[str, ...]) -> dict[str, Any]:
    return {f"ask_{name}_on_launch": False for name in names}


# kind: {field: its value where none is given}
KINDS: dict[str, dict[str, Any]] = {
    "organizations": {"name": "", "description": ""},
    "instance_groups": {"name": ""},
    "credential_types": {"name": "", "description": "", "kind": "", "inputs": {}, "injectors": {}, "managed": False},
    "credentials": {"name": "", "description": "", "organization": None, "credential_type": None, "inputs": {}},
    "execution_environments": {
        "name": "",
        "description": "",
        "organization": None,
        "image": "",
        "credential": None,
        "pull": "",
    },
    "projects": {
        "name": "",
        "description": "",
        "organization": None,
        "scm_type": "",
        "scm_url": "",
        "scm_branch": "",
        "scm_refspec": "",
        "scm_clean": False,
        "scm_update_on_launch": False,
        "scm_update_cache_timeout": 0,
        "credential": None,
        "default_environment": None,
        "allow_override": False,
        "timeout": 0,
        "scm_revision": "",
        "status": "never updated",
    },
    "inventories": {
        "name": "",
        "description": "",
        "organization": None,
        "kind": "",
        "host_filter": None,
        "variables": "",
    },
    "inventory_sources": {
        "name": "",
        "description": "",
        "inventory": None,
        "source": "",
        "source_path": "",
        "source_vars": "",
        "source_project": None,
        "credential": None,
        "execution_environment": None,
        "overwrite": False,
        "overwrite_vars": False,
        "update_on_launch": False,
        "update_cache_timeout": 0,
        "timeout": 0,
        "verbosity": 1,
        "limit": "",
        "scm_branch": "",
    },
    "job_templates": {
        "name": "",
        "description": "",
        "organization": None,
        "job_type": "run",
        "inventory": None,
        "project": None,
        "playbook": "",
        "scm_branch": "",
        "forks": 0,
        "limit": "",
        "verbosity": 0,
        "extra_vars": "",
        "job_tags": "",
        "skip_tags": "",
        "timeout": 0,
        "execution_environment": None,
        "survey_enabled": False,
        "diff_mode": False,
        "become_enabled": False,
        "allow_simultaneous": False,
        "job_slice_count": 1,
        **_asks(JOB_ASKS),
    },
    "workflow_job_templates": {
        "name": "",
        "description": "",
        "organization": None,
        "extra_vars": "",
        "survey_enabled": False,
        "allow_simultaneous": False,
        "inventory": None,
        "limit": None,
        "scm_branch": None,
        **_asks(ASKS),
    },
    "workflow_job_template_nodes": {
        "identifier": "",
        "workflow_job_template": None,
        "unified_job_template": None,
        "extra_data": {},
        "all_parents_must_converge": False,
        "inventory": None,
        "execution_environment": None,
        **dict.fromkeys(PROMPTS),
    },
    "workflow_approval_templates": {"name": "", "description": "", "timeout": 0},
    "notification_templates": {
        "name": "",
        "description": "",
        "organization": None,
        "notification_type": "",
        "notification_configuration": {},
        "messages": None,
    },
    "schedules": {
        "name": "",
        "description": "",
        "rrule": "",
        "unified_job_template": None,
        "extra_data": {},
        "enabled": True,
        "inventory": None,
        **dict.fromkeys(PROMPTS),
    },
}
# Templates of every kind share their ids and one list.
TEMPLATES = ("projects", "inventory_sources", "job_templates", "workflow_job_templates", "workflow_approval_templates")
# kind: {sub-list: kind of what is in it}
LINKS = {
    "job_templates": {"credentials": "credentials", "instance_groups": "instance_groups"},
    "workflow_job_templates": {
        f"notification_templates_{event}": "notification_templates"
        for event in ("started", "success", "error", "approvals")
    },
    "workflow_job_template_nodes": {
        **dict.fromkeys(("success_nodes", "failure_nodes", "always_nodes"), "workflow_job_template_nodes"),
    },
}
# field: kind that it refers to
REFERENCES = {
    "organization": "organizations",
    "credential_type": "credential_types",
    "credential": "credentials",
    "project": "projects",
    "source_project": "projects",
    "inventory": "inventories",
    "execution_environment": "execution_environments",
    "default_environment": "execution_environments",
    "workflow_job_template": "workflow_job_templates",
}
# What tells objects of a kind apart.
UNIQUE = {
    "workflow_job_template_nodes": ("workflow_job_template", "identifier"),
    "credentials": ("organization", "name", "credential_type"),
    "inventory_sources": ("inventory", "name"),
    "schedules": ("unified_job_template", "name"),
    "credential_types": ("name", "kind"),
    # Whatever its organization is.
    "execution_environments": ("name",),
    "organizations": ("name",),
}
