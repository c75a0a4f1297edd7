# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Lite Servers of a project as an inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: liteserver
short_description: Hosts from ModelArts Lite Servers
version_added: 1.0.0
description:
  - Makes a host of each Lite Server of a user or a project, all pages, ordered by supernode, then name.
    Servers without a supernode come last. The order of hosts in groups is the same.
  - The file that configures it ends in C(liteserver.yml) or C(liteserver.yaml).
  - When anything fails, be it an option, a request or a template, the program that asked for the inventory ends with one line
    that says why, and exit status 4. There is never an empty or a shorter inventory instead, whatever
    C(any_unparsed_is_failed) and C(unparsed_is_failed) say in C([inventory]) of C(ansible.cfg).
  - Each host has the variables C(liteserver_id), C(liteserver_name), C(liteserver_status), C(liteserver_flavor),
    C(liteserver_category), C(liteserver_supernode_id), C(liteserver_supernode_name), C(liteserver_private_ip) (the first),
    C(liteserver_private_ips) (a list), and C(liteserver_raw), the record as the service tells it, with what is secret by its name
    masked. All of them are always there, and null where the service does not tell. C(ansible_host) follows O(address).
  - No groups are made but those of O(groups) and O(keyed_groups).
author:
  - modelarts.liteserver contributors (@modelarts-liteserver)
extends_documentation_fragment:
  - constructed
  - inventory_cache
  - modelarts.liteserver._connection
  - modelarts.liteserver._connection.plugin
notes:
  - Every option may be a template, rendered with the extra variables (C(-e)) and without host variables. Values from the
    environment are taken as they are. O(hostname) and O(address) are rendered for each server.
  - The names of hosts depend on the servers of the O(scope), not on the O(filters). Where several servers are named alike, all of
    them get the beginning of their ids behind the name (V(name_0a1b2c3d)), and a warning names those that are in the inventory.
  - With O(cache), the records of the servers are kept, without anything secret. What is kept for one project, user, endpoint,
    O(scope) and set of O(filters) is never read for another. C(--flush-cache) reads everything again.
options:
  plugin:
    description:
      - Always V(modelarts.liteserver.liteserver). It says that the file is for this plugin.
    type: str
    required: true
    choices: [modelarts.liteserver.liteserver]
  scope:
    description:
      - V(own) takes the servers of the user who asks, V(all) those of the whole project.
    type: str
    choices: [own, all]
    default: own
  filters:
    description:
      - Only servers that pass all of these filters. Each is a value or a list of accepted values.
      - The API has no filters for servers. They work here, on what it lists.
    type: dict
    default: {}
    suboptions:
      name:
        description:
          - Names of servers.
        type: list
        elements: str
      status:
        description:
          - Statuses, for example V(RUNNING) or V(STOPPED).
        type: list
        elements: str
      flavor:
        description:
          - Flavors.
        type: list
        elements: str
      category:
        description:
          - Categories, V(HPS) (in a supernode), V(SPOD) (a full rack) or V(SERVER) (single).
        type: list
        elements: str
      supernode:
        description:
          - Ids or names of supernodes.
        type: list
        elements: str
  hostname:
    description:
      - Template of the host name, with the variables of the server. By default it is the server's name.
      - A server for which this is empty, or has blanks or braces in it, is named by its id.
    type: str
  address:
    description:
      - What C(ansible_host) is. V(private_ip) is the first private address, V(none) leaves it unset, and anything else is a
        template with the variables of the server.
      - Where there is no such address, or the template is empty, C(ansible_host) is unset.
    type: str
    default: private_ip
  strict:
    description:
      - Whether an expression of O(compose), O(groups) or O(keyed_groups) that fails for a server ends the program. If not, the
        server does without it.
"""

EXAMPLES = r"""
# fmt: code
# Each example is an inventory file of its own. ansible-core 2.16 lets no documentation hold several, without the line above.

# The connection comes from the environment: HUAWEICLOUD_SDK_REGION, HUAWEICLOUD_SDK_PROJECT_ID, HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK.
plugin: modelarts.liteserver.liteserver

---
# Groups such as category_HPS, flavor_modelarts_bm_npu_arm_8snt9b3_d, status_RUNNING, supernode_hps_01
plugin: modelarts.liteserver.liteserver
region: cn-north-4
scope: all
keyed_groups:
  - key: liteserver_category
    prefix: category
  - key: liteserver_flavor
    prefix: flavor
  - key: liteserver_status
    prefix: status
  - key: liteserver_supernode_name or ''
    prefix: supernode
    default_value: none

---
# The running servers of two supernodes
plugin: modelarts.liteserver.liteserver
filters:
  status: RUNNING
  supernode: [hps-01, hps-02]

---
# Names, addresses, variables and groups of your own
plugin: modelarts.liteserver.liteserver
hostname: "{{ liteserver_name | lower }}.npu.example.com"
address: "{{ liteserver_private_ips | last | default('') }}"
strict: true
compose:
  liteserver_image: liteserver_raw.image.name | default('')
groups:
  bare_metal: liteserver_raw.cloud_server.type | default('') == 'BMS'

---
# Kept in files for ten minutes
plugin: modelarts.liteserver.liteserver
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/liteserver
cache_timeout: 600

---
# The secret key from a vault or another lookup
plugin: modelarts.liteserver.liteserver
region: cn-north-4
project_id: 0123456789abcdef0123456789abcdef
access_key: "{{ lookup('ansible.builtin.file', '~/.liteserver/access_key') }}"
secret_key: "{{ lookup('ansible.builtin.file', '~/.liteserver/secret_key') }}"
"""

import difflib
import hashlib
import json
from collections.abc import Mapping

from ansible.errors import AnsibleError, AnsibleOptionsError, AnsibleParserError
from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ..module_utils._clock import SystemClock
from ..module_utils._errors import InternalError, InvalidOption, LiteServerError
from ..module_utils.domain._wording import showable
from ..module_utils.domain.servers._inventory import checked_filters, host_names, host_variables
from ..module_utils.domain.servers._model import in_order, list_servers, matches, server_record
from ..module_utils.transport._client import REQUESTS_IMPORT_ERROR
from ..module_utils.wiring._connection import (
    build_api,
    check_connection,
    connection_argument_spec,
    environment_options,
    hide,
    passwords_in_addresses,
)

try:
    from ansible.template import trust_as_template

    wrap_var = None
except ImportError:  # before 2.19
    from ansible.utils.unsafe_proxy import wrap_var

# Ansible's own for an inventory that cannot be parsed, where it is told to fail at all.
EXIT_STATUS = 4
# Rendered for each server, and not as options.
_PER_SERVER = ("hostname", "address", "compose", "groups", "keyed_groups")
_SECRETS = tuple(option for option, spec in connection_argument_spec().items() if spec.get("no_log"))


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Options in, hosts out."""

    NAME = "modelarts.liteserver.liteserver"

    def verify_file(self, path):
        """Whether the file may be for this plugin, by its name."""
        return super().verify_file(path) and path.endswith(("liteserver.yml", "liteserver.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        """Add a host for each server, or end the process.

        :raises AnsibleParserError: the file is not for this plugin: the others may try it.
        :raises SystemExit: anything else went wrong.
        """
        super().parse(inventory, loader, path, cache)
        self._secrets = set()
        config = loader.load_from_file(path, cache="none")
        if not isinstance(config, Mapping) or config.get("plugin") != self.NAME:
            raise AnsibleParserError(f"{path}: is not for the plugin {self.NAME}")
        try:
            self._note_secrets(config)
            self._read_config_data(path)
            # Everything is read before the first host is added.
            self._add_hosts(self._hosts(path, cache))
        except Exception as error:
            self._end(path, error)

    def _end(self, path, error):
        """End the process with one line.

        The inventory manager makes a warning of every Exception, and goes on with whatever hosts there are: a play
        over "all" would then succeed on none or on half of the fleet. A SystemExit is what it does not catch.
        """
        if not isinstance(error, (AnsibleError, LiteServerError)):
            error = InternalError(error)
        self.display.display(f"[ERROR]: {path}: {self._clean(_one_line(error))}", color="red", stderr=True)
        raise SystemExit(EXIT_STATUS) from None

    def _clean(self, text):
        return showable(remove_values(text, self._secrets))

    def _note_secrets(self, options):
        """Remember the values of secret options, and the texts in them where they are no texts."""
        for option in _SECRETS:
            values = [options.get(option)]
            for value in values:
                if isinstance(value, Mapping):
                    values += value.values()
                elif isinstance(value, (list, tuple)):
                    values += value
                elif value is not None and str(value):
                    hide(self._secrets, value)

    def _note_token(self, token):
        hide(self._secrets, token)

    # Options

    def set_options(self, task_keys=None, var_options=None, direct=None):
        """Check the file's options and render them, before Ansible gives them their types.

        Those that the file leaves out come from the environment, where Ansible itself takes an empty variable for a value.
        """
        given = {option: value for option, value in self._rendered(direct or {}).items() if value is not None}
        super().set_options(task_keys, var_options, {**environment_options(), **given})

    def _rendered(self, config):
        rendered = {}
        for option, value in config.items():
            if option not in self.option_definitions:
                near = difflib.get_close_matches(str(option), self.option_definitions, 1)
                hint = f", did you mean {near[0]}?" if near else ""
                raise AnsibleOptionsError(f"{option}: no such option{hint}")
            if option not in _PER_SERVER:
                value = self._template(option, value, self._vars)
                self._note_secrets({option: value})
            if self.option_definitions[option].get("type") in ("bool", "boolean") and value is not None:
                # Ansible takes every word that it does not know for false.
                try:
                    value = boolean(value)
                except TypeError as error:
                    raise AnsibleOptionsError(f"{option}: must be true or false, not '{value}'") from error
            rendered[option] = value
        return rendered

    def _template(self, what, template, variables):
        self.templar.available_variables = variables
        try:
            return self.templar.template(template)
        except AnsibleError as error:
            raise AnsibleOptionsError(f"{what}: {_one_line(error)}") from None

    def _connection(self):
        """The connection options, as the modules have them; raises InvalidOption."""
        options = {option: _plain(self.get_option(option)) for option in connection_argument_spec()}
        self._note_secrets(options)
        hide(self._secrets, *passwords_in_addresses(options))
        for warning in check_connection(options):
            self.display.warning(warning)
        return options

    # Servers

    def _hosts(self, path, cache):
        """[(host name, host variables), ...] of the wanted servers, in order."""
        if REQUESTS_IMPORT_ERROR:
            raise AnsibleError(missing_required_lib("requests"))
        connection = self._connection()
        filters = checked_filters(_plain(self.get_option("filters") or {}))
        address = self.get_option("address")
        if address not in ("private_ip", "none") and "{{" not in address:
            raise InvalidOption(f"address: private_ip, none or a template, not '{address}'")
        servers = self._servers(path, cache, connection, filters)
        wanted = {server["id"] for server in servers if matches(server, filters)}
        if servers and not wanted:
            self.display.warning(f"{path}: none of {len(servers)} servers passes the filters")
        variables = {server["id"]: _data(host_variables(server)) for server in servers}
        names, renamed = host_names(self._wished_names(servers, variables, wanted))
        alike = [names[server["id"]] for server in servers if server["id"] in renamed & wanted]
        if alike:
            self.display.warning(
                f"{path}: servers whose names others have, too, got their ids behind them: " + ", ".join(alike)
            )
        return [(names[server["id"]], variables[server["id"]]) for server in servers if server["id"] in wanted]

    def _servers(self, path, cache, connection, filters):
        """All servers of the scope, from the cache if it may be."""
        keep = self.get_option("cache")
        key = self.get_cache_key(path) + "_" + self._fingerprint(connection, filters)
        if keep and cache:
            try:
                return in_order(server_record(raw) for raw in self._cache[key])
            except KeyError:
                pass  # nothing there, or too old
        api = build_api(connection, SystemClock(), self._note_token, self._clean)
        servers = showable(list_servers(api, everyone=self.get_option("scope") == "all"), self._clean)
        if keep:
            self._cache[key] = [server["raw"] for server in servers]
        return servers

    def _fingerprint(self, connection, filters):
        """What tells the cached servers of one question from those of another.

        Who asks is a part of it, since "own" are other servers for another user.
        """
        options = ("region", "endpoint", "project_id", "access_key", "auth_token", "username", "domain_name")
        question = [[connection[option] for option in options], self.get_option("scope"), filters]
        return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:16]

    def _wished_names(self, servers, variables, wanted):
        """{server id: the name that its host should have}, of all servers, so that names do not depend on filters."""
        template = self.get_option("hostname")
        if not template:
            return {server["id"]: server["name"] for server in servers}
        wished = {}
        for server in servers:
            what = "hostname: server {}".format(server["name"] or server["id"])
            try:
                name = self._template(what, template, variables[server["id"]])
            except AnsibleOptionsError:
                if server["id"] in wanted:
                    raise
                continue
            wished[server["id"]] = None if name is None else str(name).strip()
        return wished

    # Hosts

    def _add_hosts(self, hosts):
        address, strict = self.get_option("address"), self.get_option("strict")
        for name, variables in hosts:
            if address == "private_ip":
                host = variables["liteserver_private_ip"]
            else:
                host = None if address == "none" else self._template(f"address: host {name}", address, variables)
            if host:
                variables["ansible_host"] = _data(str(host))
            self.inventory.add_host(name)
            for variable, value in variables.items():
                self.inventory.set_variable(name, variable, value)
            self._set_composite_vars(self.get_option("compose"), variables, name, strict)
            # What compose has set may be grouped by.
            everything = {**variables, **self.inventory.get_host(name).get_vars()}
            self._add_host_to_composed_groups(self.get_option("groups"), everything, name, strict, False)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), everything, name, strict, False)


def _one_line(error):
    """An error's text without the excerpt of a file that Ansible may put behind it."""
    text = str(error) or error.__class__.__name__
    return " ".join(text.split("\n\n")[0].split())


def _plain(value):
    """An option's value without Ansible's own types."""
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _data(value):
    """What the service says, marked so that nothing in it is ever taken for a template.

    A text without a brace cannot be one, and is left in the form that Ansible shows as it is.
    """
    if isinstance(value, str):
        if wrap_var is None:
            return value if "{" in value else trust_as_template(value)
        return wrap_var(value) if "{" in value else value
    if isinstance(value, dict):
        return {key: _data(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_data(item) for item in value]
    return value
