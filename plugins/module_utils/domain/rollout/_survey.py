# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""All that is read before the first job of a run, by one operation."""

from __future__ import annotations

import contextlib

from ..._errors import LiteServerError
from ..._shapes import Record
from .._api import Api
from .._reading import Info
from ..servers._model import list_servers
from ..servers._server_info import SoftwareInfo, TemplateInfo


class Survey(Info):
    """Servers, and where they are asked for the versions on offer and the templates.

    Options: ``server_ids`` of the run, ``software`` and ``templates`` (whether to read them).
    """

    def read(self, api: Api) -> Record:
        """``servers`` (without their raw records), ``software`` and ``templates`` (None where not read)."""
        servers = list_servers(api)
        known = {server["id"] for server in servers}
        if not known.issuperset(self._options["server_ids"] or []):
            # Not everybody may list the servers of the whole project; whoever may not, is told that the ids are not
            # known.
            with contextlib.suppress(LiteServerError):
                servers += [server for server in list_servers(api, everyone=True) if server["id"] not in known]
        software = templates = None
        if self._options["software"]:
            software = SoftwareInfo({"flavor_type": None, "type": None}).read(api)["software"]
        if self._options["templates"]:
            nothing = {"template_id": None, "name": None, "type": None, "flavor_type": None}
            templates = TemplateInfo(nothing).read(api)["templates"]
        return {
            "servers": [{**server, "raw": {}} for server in servers],
            "software": software,
            "templates": templates,
        }
