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
  - When anything fails, be it an option, a request or a template, the program that reads the inventory ends with one line
    that states the reason, and exit status 4. There is never an empty or a shorter inventory instead, whatever
    C(any_unparsed_is_failed) and C(unparsed_is_failed) are in C([inventory]) of C(ansible.cfg).
  - Each host has the variables C(liteserver_id), C(liteserver_name), C(liteserver_status), C(liteserver_flavor),
    C(liteserver_category), C(liteserver_supernode_id), C(liteserver_supernode_name), C(liteserver_private_ip) (the first),
    C(liteserver_private_ips) (a list), C(liteserver_region), C(liteserver_project_id), and C(liteserver_raw), the record as the
    service returns it, with what is secret by its name masked. All of them are always there, and null where the service leaves it out.
    C(ansible_host) follows O(address).
  - No string of the service is trusted. They are marked so for Ansible, and C(ansible-inventory --list) shows strings as C(__ansible_unsafe).
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
  - The names of hosts depend on the servers of the O(scope), not on the O(filters). Where several servers share a name, all of
    them get the beginning of their ids behind the name (V(name_0a1b2c3d)), and a warning names those that are in the inventory.
    The same happens where a host or a group of an inventory that was read before has the name.
  - With O(cache), the records of the servers are kept, without anything secret, in files for their owner only. What is kept for one project, user, endpoint,
    O(scope) and set of O(filters) is never read for another. C(--flush-cache) reads everything again.
options:
  plugin:
    description:
      - Always V(modelarts.liteserver.liteserver). It marks the file as one for this plugin.
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
      - The API has no filters for servers. The collection filters the list.
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
      - A server for which this is empty is named by its id, and so is one for which it is something that Ansible, SSH or a path
        could take for something else, such as V(localhost), V(all), a number, or anything with other characters than letters,
        digits, V(_), V(-) and V(.). A server may be named by its own IP address.
    type: str
  address:
    description:
      - What C(ansible_host) is. V(private_ip) is the first private address, V(none) leaves it unset, and anything else is a
        template with the variables of the server.
      - Where there is no such address, or the template is empty, C(ansible_host) is unset. So it is, with a warning, where the
        address is no IP address, or the template makes neither an IP address nor a plain name of the DNS.
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
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable, to_safe_group_name

from ..module_utils._clock import SystemClock
from ..module_utils._errors import InvalidOption
from ..module_utils.domain._untrusted import as_group_name, as_line, as_remote, as_shown
from ..module_utils.domain.servers._inventory import checked_filters, host_names, host_variables
from ..module_utils.domain.servers._model import in_order, list_servers, matches, server_record, told_addresses
from ..module_utils.transport._exchange import REQUESTS_IMPORT_ERROR
from ..module_utils.wiring._connection import build_api
from ..module_utils.wiring._connection_options import check_connection, connection_argument_spec, environment_options
from ..plugin_utils._inventory_cache import ServerCache
from ..plugin_utils._inventory_hosts import Fleet, add_all, taken_names, untrusted
from ..plugin_utils._inventory_output import Output, one_line, unreadable

# Rendered for each server, and not as options.
_PER_SERVER = ("hostname", "address", "compose", "groups", "keyed_groups")
# What is kept in another form is never read.
_CACHE_SCHEMA = 3


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Options in, hosts out."""

    NAME = "modelarts.liteserver.liteserver"

    def verify_file(self, path):
        """Whether the file may be for this plugin, by its name: one that is not there, or unreadable, is an error."""
        return path.endswith(("liteserver.yml", "liteserver.yaml")) and (super().verify_file(path) or "," not in path)

    def parse(self, inventory, loader, path, cache=True):
        """Add a host for each server, or end the process.

        :raises AnsibleParserError: the file is not for this plugin: the others may try it.
        :raises SystemExit: anything else went wrong.
        """
        super().parse(inventory, loader, path, cache)
        self._output = Output(path)
        try:
            config = loader.load_from_file(path, cache="none")
        except Exception as error:
            self._output.end(unreadable(path, error))
        if not isinstance(config, Mapping) or config.get("plugin") != self.NAME:
            raise AnsibleParserError(f"{path}: is not for the plugin {self.NAME}")
        try:
            self._output.note(config)
            self._read_config_data(path)
            # Everything is read and composed before the first host is added.
            add_all(inventory, self._fleet(path, cache))
        except Exception as error:
            self._output.end(error)

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
                self._output.note({option: value})
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
            raise AnsibleOptionsError(f"{what}: {one_line(error)}") from None

    def _connection(self):
        """The connection options, as the modules have them; raises InvalidOption."""
        options = {option: _plain(self.get_option(option)) for option in connection_argument_spec()}
        self._output.note_connection(options)
        for warning in check_connection(options):
            self._output.warn(warning)
        return options

    # Servers

    def _fleet(self, path, cache):
        """The hosts and groups, as an inventory of their own."""
        if REQUESTS_IMPORT_ERROR:
            raise AnsibleError(missing_required_lib("requests"))
        connection = self._connection()
        filters = checked_filters(_plain(self.get_option("filters") or {}))
        address = self.get_option("address")
        if address not in ("private_ip", "none") and "{{" not in address:
            raise InvalidOption(f"address: private_ip, none or a template, not '{address}'")
        servers = self._servers(path, cache, connection, filters)
        wanted = [server for server in servers if matches(server, filters)]
        if servers and not wanted:
            self._output.warn(f"none of {len(servers)} servers passes the filters")
        place = {"liteserver_region": connection["region"], "liteserver_project_id": connection["project_id"]}
        variables = {server["id"]: untrusted({**host_variables(server), **place}) for server in servers}
        wished = self._wished_names(servers, variables, {server["id"] for server in wanted})
        self._set_addresses(wanted, variables)
        return self._named(wanted, wished, {server["id"]: server["private_ips"] for server in servers}, variables)

    def _servers(self, path, cache, connection, filters):
        """All servers of the scope, from the cache if it may be."""
        kept = None
        if self.get_option("cache"):
            key = self.get_cache_key(path) + "_" + self._fingerprint(connection, filters)
            kept = ServerCache(self._cache, key, self._output.warn)
            records = kept.read() if cache else None
            if records is not None:
                return in_order(server_record(raw) for raw in as_shown(records))
        api = build_api(connection, SystemClock(), self._output.note_token, self._output.clean)
        servers = list_servers(api, everyone=self.get_option("scope") == "all")
        servers = as_shown(servers, self._output.concealing(servers))
        if kept:
            kept.write([server["raw"] for server in servers])
        return servers

    def _fingerprint(self, connection, filters):
        """What tells the cached servers of one question from those of another.

        Who asks is a part of it, since "own" are other servers for another user.
        """
        options = ("region", "endpoint", "project_id", "access_key", "auth_token", "username", "domain_name")
        question = [_CACHE_SCHEMA, [connection[option] for option in options], self.get_option("scope"), filters]
        return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:16]

    def _wished_names(self, servers, variables, wanted):
        """{server id: the name that its host should have}, of all servers, so that names do not depend on filters."""
        template = self.get_option("hostname")
        if not template:
            return {server["id"]: server["name"] for server in servers}
        wished = {}
        for server in servers:
            what = f"hostname: server {as_line(server['name'] or server['id'])}"
            try:
                name = self._template(what, template, variables[server["id"]])
            except AnsibleOptionsError:
                if server["id"] in wanted:
                    raise
                continue
            wished[server["id"]] = (
                None if name is None else _plain(name if isinstance(name, str) else str(name)).strip()
            )
        return wished

    def _set_addresses(self, servers, variables):
        """Give the hosts their ansible_host, where there is one that ssh takes for nothing else."""
        option = self.get_option("address")
        refused = []
        for server in servers:
            own = variables[server["id"]]
            if option in ("private_ip", "none"):
                told = option == "private_ip" and told_addresses(server["raw"])
                address = server["private_ips"][0] if told and server["private_ips"] else None
            else:
                what = f"address: server {as_line(server['name'] or server['id'])}"
                told = _plain(self._template(what, option, own))
                address = as_remote(str(told)) if told else None
            if address:
                own["ansible_host"] = untrusted(address)
            elif told:
                refused.append(as_line(server["name"] or server["id"]))
        if refused:
            self._output.warn(
                "no ansible_host, since their addresses are neither IP addresses nor names of the DNS", refused
            )

    # Hosts

    def _named(self, servers, wished, addresses, variables):
        """The inventory of these servers, with names that neither they nor others have for something else."""
        taken = taken_names(self.inventory, self.get_option("project_id"))
        while True:
            found = host_names(wished, addresses, taken)
            fleet = self._composed([(found.names[server["id"]], variables[server["id"]]) for server in servers])
            ambiguous = fleet.ambiguous()
            if not ambiguous:
                break
            taken.update(dict.fromkeys(ambiguous))
        for text, server_ids in (
            ("servers whose names others have, too, got their ids behind them", found.alike),
            ("servers with names that no host may have are called by their ids", found.replaced),
        ):
            names = [found.names[server["id"]] for server in servers if server["id"] in server_ids]
            if names:
                self._output.warn(text, names)
        return fleet

    def _composed(self, hosts):
        """An inventory of [(host name, host variables), ...] with their composed variables and groups."""
        everywhere, self.inventory = self.inventory, Fleet()
        self.inventory.current_source = everywhere.current_source
        try:
            for name, variables in hosts:
                self._compose_host(name, variables)
            return self.inventory
        finally:
            self.inventory = everywhere

    def _compose_host(self, name, variables):
        strict = self.get_option("strict")
        self.inventory.add_host(name)
        for variable, value in variables.items():
            self.inventory.set_variable(name, variable, value)
        self._set_composite_vars(self.get_option("compose"), variables, name, strict)
        host = self.inventory.get_host(name)
        for variable in {"ansible_host", "ansible_ssh_host"} & set(self.get_option("compose") or {}):
            composed = host.vars.get(variable)
            if composed is not None and as_remote(str(composed)) is None:
                raise InvalidOption(
                    f"compose: {variable} of host {name} is neither an IP address nor a name of the DNS"
                )
        # What compose has set may be grouped by.
        everything = {**variables, **host.get_vars()}
        self._add_host_to_composed_groups(self.get_option("groups"), everything, name, strict, False)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), everything, name, strict, False)

    @staticmethod
    def _sanitize_group_name(name):
        """What Ansible makes of a group's name, with a bounded length."""
        return as_group_name(to_safe_group_name(name))


def _plain(value):
    """An option's value without Ansible's own types."""
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    # Their str() may be one of them again.
    return str.__str__(value) if isinstance(value, str) else value
