# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""Connection options: their argument spec, and their rules.

Without the client that they lead to: where a run only needs to know about them, requests is not loaded.
"""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from ansible.module_utils.basic import env_fallback

from .._errors import InvalidOption
from .._shapes import Options
from ._secrets import forms_of

# Source: region table of the vendor's SDK 3.1.219, where one region has a domain of its own.
_MODELARTS_DOMAINS = {"ap-southeast-1": "myhuaweicloud.cn"}
_REGION = re.compile(r"[a-z0-9-]{1,63}")
# Names as the DNS takes them; other scripts have to be written in their xn-- form.
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.(?!-)[A-Za-z0-9_-]{1,63})*\.?")
_PROJECT_ID = re.compile(r"[a-zA-Z0-9-]{1,64}")

# Characters of what stands for the user in an address: a shorter one is a name and no token, also beside a password.
SHORT_TOKEN = 8
LONG_NAME = 20
_SECRET_OPTIONS = ("access_key", "secret_key", "security_token", "auth_token", "password")
# option: (environment variables, the first found wins; further argument spec)
_OPTIONS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "region": (("HUAWEICLOUD_SDK_REGION", "HW_REGION_NAME"), {}),
    "endpoint": (("LITESERVER_ENDPOINT",), {}),
    "project_id": (("HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID"), {}),
    "access_key": (("HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY"), {"no_log": True}),
    "secret_key": (("HUAWEICLOUD_SDK_SK", "HW_SECRET_KEY"), {"no_log": True}),
    "security_token": (("HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN"), {"no_log": True}),
    "auth_token": (("HW_AUTH_TOKEN",), {"no_log": True}),
    "username": (("HW_USER_NAME",), {}),
    "password": (("HW_USER_PASSWORD",), {"no_log": True}),
    "domain_name": (("HW_DOMAIN_NAME",), {}),
    "iam_endpoint": (("HUAWEICLOUD_SDK_IAM_ENDPOINT", "HW_AUTH_URL"), {}),
    "validate_certs": ((), {"type": "bool", "default": True}),
    "ca_path": (("LITESERVER_CA_PATH",), {"type": "path"}),
    "proxy": ((), {}),
    "request_timeout": ((), {"type": "int", "default": 30}),
    "max_retries": (("HW_MAX_RETRIES",), {"type": "int", "default": 5}),
}
# way to authenticate: (options it needs, options it may have)
_WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "keys": (("access_key", "secret_key"), ("security_token",)),
    "token": (("auth_token",), ()),
    "password": (("username", "password", "domain_name"), ()),
}


def connection_argument_spec() -> dict[str, dict[str, Any]]:
    """The options that every module of the collection has."""
    spec: dict[str, dict[str, Any]] = {}
    for option, (variables, extra) in _OPTIONS.items():
        spec[option] = dict({"type": "str"}, **extra)
        if variables:
            spec[option]["fallback"] = (_first_filled, list(variables))
    return spec


def _first_filled(*variables: str) -> str:
    """As Ansible's own fallback, but an empty variable counts as none.

    AWX sets every variable of a credential type, and leaves those empty whose field was not filled in.
    """
    return str(env_fallback(*(name for name in variables if os.environ.get(name))))


def environment_options() -> dict[str, Any]:
    """The options that the environment gives, for those who have no argument spec; an empty variable gives nothing.

    :returns: {option: text}; where all variables of an option are empty, its default.
    """
    values: dict[str, Any] = {}
    for option, (variables, extra) in _OPTIONS.items():
        filled = [os.environ[name] for name in variables if os.environ.get(name)]
        if filled:
            values[option] = filled[0]
        elif variables and "default" in extra:
            values[option] = extra["default"]
    return values


def passwords_in_addresses(options: Options) -> set[str]:
    """Values that no output may show although the option they are in may be shown; nothing is checked yet.

    What stands before the last @ is taken, whatever is in it: with a slash in the password, an address means something
    else to every program, and it must not be shown all the same. The proxies of the environment count, too.
    """
    addresses = [options.get(option) for option in ("proxy", "endpoint", "iam_endpoint")]
    addresses += [value for name, value in os.environ.items() if name.lower().endswith("_proxy")]
    passwords = set()
    for address in addresses:
        found = re.match(r"(?:[a-z][a-z0-9+.-]*://|//)?(.*)@", str(address or ""), re.IGNORECASE | re.DOTALL)
        user, colon, password = found[1].partition(":") if found else ("", "", "")
        passwords.add(password)
        # A token may stand for the user, alone or with some word for a password.
        if len(user) >= (LONG_NAME if colon and password else SHORT_TOKEN):
            passwords.add(user)
    return {form for password in passwords if password for form in (password, unquote(password))}


def hide(hidden: set[str], *secrets: object) -> None:
    """Add secrets to the values that no output may show, in all forms in which they may be written."""
    for secret in secrets:
        hidden.update(forms_of(str(secret)))


def check_connection(options: Options) -> list[str]:
    """Check the connection options before any request.

    :returns: warnings, a list of texts.
    :raises InvalidOption: names the options and the rule.
    """
    warnings = []
    way_of(options)
    if not options["project_id"]:
        raise InvalidOption("project_id: needed (or set {})".format(_variables("project_id")))
    if not _PROJECT_ID.fullmatch(options["project_id"]):
        raise InvalidOption("project_id: 1 to 64 letters, digits and hyphens")
    if options["region"] and not _REGION.fullmatch(options["region"]):
        raise InvalidOption("region: lower-case letters, digits and hyphens, such as cn-north-4")
    endpoint_of(options)
    iam_endpoint_of(options)
    for option in _SECRET_OPTIONS:
        # They become HTTP headers; a line break would be an error that shows the value.
        if option != "password" and options[option] and not re.fullmatch(r"[\x21-\x7e]+", options[option]):
            raise InvalidOption(f"{option}: has a blank, a line break or a character that is not ASCII")
    if options["request_timeout"] < 1:
        raise InvalidOption("request_timeout: must be at least 1 second")
    if options["max_retries"] < 0:
        raise InvalidOption("max_retries: must be 0 or more")
    if options["ca_path"] and not os.path.exists(options["ca_path"]):
        raise InvalidOption(
            "ca_path: '{}' does not exist on the machine that runs the module".format(options["ca_path"])
        )
    if options["proxy"]:
        split_url("proxy", options["proxy"], "http://proxy.example.com:3128")
    if not options["validate_certs"]:
        warnings.append(
            "validate_certs=false: whoever sits between here and the service can read and change everything"
        )
    return warnings


def way_of(options: Options) -> str:
    """The one way to authenticate; raises InvalidOption for none, two, or half a one."""
    begun = [way for way, (needed, more) in _WAYS.items() if any(options[option] for option in needed + more)]
    described = "; ".join(
        "{} ({})".format(" + ".join(needed), ", ".join(_variables(option) for option in needed))
        for needed, more in _WAYS.values()
    )
    if not begun:
        raise InvalidOption(f"no way to authenticate: give exactly one of: {described}")
    if len(begun) > 1:
        given = [option for way in begun for option in _WAYS[way][0] + _WAYS[way][1] if options[option]]
        raise InvalidOption(
            "{} ways to authenticate are given, by option or environment variable ({}): give exactly one of: {}".format(
                len(begun), ", ".join(given), described
            )
        )
    missing = [option for option in _WAYS[begun[0]][0] if not options[option]]
    if missing:
        raise InvalidOption(
            "{}: needed with {} (or set {})".format(
                " and ".join(missing),
                " and ".join(option for option in sum(_WAYS[begun[0]], ()) if options[option]),
                ", ".join(_variables(option) for option in missing),
            )
        )
    return begun[0]


def _variables(option: str) -> str:
    return " or ".join(_OPTIONS[option][0])


def endpoint_of(options: Options) -> str:
    """The address of the API; raises InvalidOption."""
    if options["endpoint"]:
        return _checked_url("endpoint", options["endpoint"])
    if not options["region"]:
        raise InvalidOption("region: needed, or endpoint (or set {})".format(_variables("region")))
    domain = _MODELARTS_DOMAINS.get(options["region"], "myhuaweicloud.com")
    return "https://modelarts.{}.{}".format(options["region"], domain)


def iam_endpoint_of(options: Options) -> str:
    if options["iam_endpoint"]:
        # Terraform's variable carries the version, ours adds it.
        return re.sub(r"/v3$", "", _checked_url("iam_endpoint", options["iam_endpoint"]))
    if options["region"]:
        return "https://iam.{}.myhuaweicloud.com".format(options["region"])
    if options["username"]:
        raise InvalidOption(
            "iam_endpoint: needed for a login where no region is given (or set {})".format(_variables("region"))
        )
    return ""


def _checked_url(option: str, value: str) -> str:
    """A base address without its final slash; raises InvalidOption."""
    url, host = split_url(option, value, "https://modelarts.cn-north-4.myhuaweicloud.com")
    if url.username is not None or url.password is not None or "?" in value or "#" in value:
        raise InvalidOption(f"{option}: must be scheme, host, port and path only")
    if url.scheme == "http" and not is_loopback(host):
        raise InvalidOption(f"{option}: must begin with https, unless it is a loopback address such as 127.0.0.1")
    return value.rstrip("/")


def split_url(option: str, value: str, example: str) -> tuple[SplitResult, str]:
    """(parts, host) of an address with scheme and host. An error does not show it: it may hold a password."""
    try:
        url = urlsplit(value)
        host, _port = url.hostname or "", url.port
    except ValueError:
        url, host = None, ""
    is_host = _is_ip(host) or (len(host) <= 253 and bool(_HOST.fullmatch(host)) and "[" not in value)
    if url is None or url.scheme not in ("https", "http") or not is_host or not re.fullmatch(r"[\x21-\x7e]+", value):
        raise InvalidOption(f"{option}: must be an address such as {example}")
    return url, host


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host of an address is this machine itself."""
    return ip_address(host).is_loopback if _is_ip(host) else host == "localhost"
