# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What the info modules about servers, templates, software and services tell."""

from __future__ import annotations

from typing import Any

from ..._errors import InvalidOption, ListIncomplete, NotFound
from ..._shapes import Record
from .._api import Api
from .._ids import check_ids
from .._masking import masked
from .._reading import Info
from ._model import in_order, list_servers, matches, read_servers, server_record


class ServerInfo(Info):
    """Servers by filters, or by id."""

    FILTERS = {
        "names": "name",
        "statuses": "status",
        "flavors": "flavor",
        "categories": "category",
        "supernodes": "supernode",
    }

    def prepare(self) -> None:
        """Check the ids; raises InvalidOption."""
        if self._options["server_ids"] is not None:
            check_ids("server_ids", self._options["server_ids"])

    def read(self, api: Api) -> Record:
        """Read servers by id, or list them, and filter them here: the API has no filters."""
        missing: list[str] = []
        if self._options["server_ids"] is None:
            servers = list_servers(api, everyone=self._options["scope"] == "all")
        else:
            found = read_servers(api, list(dict.fromkeys(self._options["server_ids"])))
            missing = [server_id for server_id, raw in found.items() if raw is None]
            servers = in_order(server_record(raw) for raw in found.values() if raw is not None)
        filters = {key: self._options[option] for option, key in self.FILTERS.items()}
        return {
            "servers": [server for server in servers if matches(server, filters)],
            "missing_server_ids": missing,
        }


class TemplateInfo(Info):
    """Job templates by filters, or one by id with its details."""

    def prepare(self) -> None:
        """Check the id; raises InvalidOption."""
        if self._options["template_id"] is not None:
            check_ids("template_id", [self._options["template_id"]])

    def read(self, api: Api) -> Record:
        """Read one template, or list them and filter them here too."""
        if self._options["template_id"] is not None:
            try:
                return {"templates": [template_record(api.get_template(self._options["template_id"]))]}
            except NotFound:
                return {"templates": []}
        filters = {key: self._options[key] for key in ("name", "type", "flavor_type")}
        # All of them, because the service compares with the case, and not by flavor type.
        listing = api.list_templates()
        if not listing.complete:
            raise ListIncomplete("the service lists fewer templates than it counts", hint="run it again")
        records = [template_record(raw) for raw in listing.records]
        kept = [
            record
            for record in records
            if all(value is None or same_word(record[key], value) for key, value in filters.items())
        ]
        return {
            "templates": sorted(
                kept, key=lambda record: (str(record["type"] or ""), str(record["name"] or ""), record["id"])
            )
        }


def template_record(raw: Record) -> Record:
    """A template as results show it; the keys of the detail are null in a list."""
    keys = ["name", "description", "type", "flavor_type", "status", "cmd", "swr_path", "resources"]
    keys += ["volumes", "volumes_mount", "timeout", "check_interval"]
    params = raw.get("params")
    return {
        "id": raw["id"],
        **{key: raw.get(key) for key in keys},
        "params": [
            {
                "name": param.get("name"),
                "description": param.get("description"),
                "value": param.get("value"),
                # The service tells it as a text.
                "visible": str(param.get("visible")).lower() == "true",
                "regex": param.get("regex"),
            }
            for param in (params if isinstance(params, list) else [])
            if isinstance(param, dict)
        ],
    }


def same_word(value: object, wanted: str) -> bool:
    """Equality without case: the service writes flavor types in capitals in one place and small in another."""
    return isinstance(value, str) and value.lower() == wanted.lower()


class SoftwareInfo(Info):
    """Versions on offer, by flavor type and software type."""

    def read(self, api: Api) -> Record:
        """Read them all, and filter them here: the documents disagree on the names of the filters."""
        found = []
        for flavor in api.list_software():
            for support in _dicts(flavor.get("support")):
                versions = [info.get("version") for info in _dicts(support.get("info"))]
                entry = {
                    "flavor_type": _text(flavor.get("flavor_type")),
                    "type": _text(support.get("type")),
                    "versions": [version for version in versions if isinstance(version, str)],
                    "info": _dicts(support.get("info")),
                }
                if all(
                    self._options[key] is None or same_word(entry[key], self._options[key])
                    for key in ("flavor_type", "type")
                ):
                    found.append(entry)
        return {"software": found}


class ServiceInfo(Info):
    """One deployed service."""

    def prepare(self) -> None:
        """Check the id; raises InvalidOption."""
        if not self._options["service_id"]:
            raise InvalidOption("service_id: needed")
        check_ids("service_id", [self._options["service_id"]])

    def read(self, api: Api) -> Record:
        """Read it, or null where it is not found."""
        try:
            raw = api.get_service(self._options["service_id"])
        except NotFound:
            return {"service": None}
        spec = raw.get("spec")
        return {
            "service": {
                "id": raw["id"],
                "name": raw.get("name"),
                "status": raw.get("status"),
                "spec": masked(spec) if isinstance(spec, dict) else {},
                "instances": masked(_dicts(raw.get("instances"))),
                "model": masked(raw.get("model")),
            }
        }


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _dicts(value: Any) -> list[Record]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
