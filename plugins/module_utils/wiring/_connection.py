# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The API client that connection options lead to."""

from __future__ import annotations

from collections.abc import Callable

from .._clock import Clock
from .._shapes import Conceal, Options
from .._version import VERSION
from ..transport._api_client import LiteServerApi
from ..transport._client import HttpClient
from ..transport._credentials import PasswordAuth, TokenAuth
from ..transport._exchange import Auth
from ..transport._retry import Backoff
from ..transport._signing import AccessKeyAuth
from ._connection_options import endpoint_of, iam_endpoint_of, way_of


def build_api(
    options: Options, clock: Clock, on_token: Callable[[str], object], conceal: Conceal = str
) -> LiteServerApi:
    """The API client that checked options lead to.

    :param on_token: called with each token that a login returns.
    :param conceal: takes a text of the service and returns it without secrets.
    """
    client = HttpClient(
        verify=(options["ca_path"] or True) if options["validate_certs"] else False,
        proxy=options["proxy"],
        timeout=options["request_timeout"],
        max_retries=options["max_retries"],
        backoff=Backoff(),
        clock=clock,
        user_agent=f"modelarts.liteserver/{VERSION} (ansible)",
        conceal=conceal,
        place="endpoint" if options["endpoint"] else "region '{}'".format(options["region"]),
    )
    return LiteServerApi(client, endpoint_of(options), options["project_id"], _auth(options, client, clock, on_token))


def _auth(options: Options, client: HttpClient, clock: Clock, on_token: Callable[[str], object]) -> Auth:
    way = way_of(options)
    if way == "keys":
        return AccessKeyAuth(
            options["access_key"], options["secret_key"], options["project_id"], options["security_token"], clock
        )
    if way == "token":
        return TokenAuth(options["auth_token"])
    return PasswordAuth(
        client,
        iam_endpoint_of(options),
        options["username"],
        options["password"],
        options["domain_name"],
        options["project_id"],
        clock,
        on_token,
    )
