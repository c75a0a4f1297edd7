# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The variables of role ``fleet_job`` as each host of the play sees them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load

from ..module_utils._errors import InvalidOption
from ..module_utils.domain._waiting import check_wait_options
from ..module_utils.domain._wording import some_of
from ..module_utils.domain.rollout._requests import PER_HOST, HostRequest, request_of
from ..module_utils.domain.rollout._strings import restore_strings
from ..module_utils.domain.rollout._variables import PREFIX, require_known

HOOKS = ("before", "after")
# Also imported when the play is loaded, and what they are without a value.
NODE_PARTS: dict[str, Any] = {"drain": [], "verify": "off"}
SERVER_ID = PREFIX + "server_id"
# As the role's defaults have it. Ansible compiles a template anew each time: half of what a host would cost here.
DEFAULT_SERVER_ID, OWN_SERVER_ID = "{{ liteserver_id | default('') }}", "liteserver_id"


class HostVariables:
    """Reads the role's variables of one host after the other, checked by the argument spec of an entry point.

    A task that runs once sees them as its own host does, and hostvars leave out what plays
    and roles set. Only Ansible's own merge, with this play, task and host, is what a task
    on that host would see.

    :param task: the step's task.
    :param templar: the step's templar.
    :param task_vars: what the step sees.
    :param entry: the entry point.
    """

    def __init__(self, task: Any, templar: Any, task_vars: Mapping[str, Any], entry: str) -> None:
        self._task, self._templar = task, templar.copy_with_new_env()
        # Otherwise each host's variables would have the manager find the hosts of the play anew.
        self._hosts = {
            "_hosts": list(task_vars["ansible_play_batch"]),
            "_hosts_all": list(task_vars["ansible_play_hosts_all"]),
        }
        self._manager = task.get_variable_manager()
        self._entry = entry
        with open(os.path.join(task_vars["role_path"], "meta", "argument_specs.yml"), encoding="utf-8") as file:
            specs = yaml_load(file)["argument_specs"]
        self._spec: dict[str, Any] = specs[entry]["options"]
        # Variables of another entry point may be there for another use of the role.
        self._known = {name for spec in specs.values() for name in spec["options"]}
        self._validator = ArgumentSpecValidator(self._spec)
        self._checked: dict[str, dict[str, Any]] = {}
        self._loaded = self._hooks_when_loaded()

    def of(self, host_name: str) -> dict[str, Any]:
        """Values of one host, without the prefix of the role's variables.

        :raises InvalidOption: a value is missing, of another type, or its template fails.
        """
        host = self._manager._inventory.get_host(host_name)
        variables = self._manager.get_vars(play=self._task.play, host=host, task=self._task, **self._hosts)
        require_known(variables, self._known)
        given = self._templated(variables)
        server_id = given.get(SERVER_ID)
        if not isinstance(server_id, str):
            return self._values(given)
        # Nothing else depends on the id, and mostly it is all in which hosts differ.
        shared = json.dumps({**given, SERVER_ID: None}, sort_keys=True, default=str)
        if shared not in self._checked:
            self._checked[shared] = self._values(given)
        return {**self._checked[shared], "server_id": str(server_id)}

    def _values(self, given: dict[str, Any]) -> dict[str, Any]:
        checked = self._validator.validate(given)
        if checked.error_messages:
            raise InvalidOption("; ".join(checked.error_messages))
        parameters = checked.validated_parameters
        values = {name.removeprefix(PREFIX): value for name, value in parameters.items() if name in self._spec}
        try:
            check_wait_options({**values, "progress": 0})
        except InvalidOption as error:
            raise InvalidOption(PREFIX + error.message) from error
        for name, least in (("servers_per_job", 1), ("retries", 0), ("soak", 0), ("wave_minutes", 1)):
            if values.get(name) is not None and values[name] < least:
                raise InvalidOption(f"{PREFIX}{name}: must be {least} or more")
        self._require_loaded_hooks(values)
        if values.get("drain") and values["verify"] != "health":
            raise InvalidOption(
                f"{PREFIX}drain: needs {PREFIX}verify: health, since only a node that passed it is returned. What to"
                " do: set both"
            )
        return values

    def requests_of(self, host_names: Sequence[str], started_at: int) -> tuple[list[HostRequest], list[str]]:
        """([request of each host that has a valid one], [problems]).

        :param started_at: of the run, in ms.
        """
        requests: list[HostRequest] = []
        hosts_of: dict[str, list[str]] = {}
        seen: dict[str, tuple[str, Any]] = {}
        for host in host_names:
            try:
                values = self.of(host)
                for name, value in values.items():
                    if name not in PER_HOST and seen.setdefault(name, (host, value))[1] != value:
                        raise InvalidOption(
                            f"{PREFIX}{name}: must be the same for all hosts of a run, and differs from"
                            f" {seen[name][0]}'s"
                        )
                requests.append(request_of(host, self._entry, values, started_at))
            except InvalidOption as error:
                hosts_of.setdefault(error.message, []).append(host)
        return requests, [f"{text} ({some_of(names)})" for text, names in hosts_of.items()]

    def _templated(self, variables: dict[str, Any]) -> dict[str, Any]:
        self._templar.available_variables = variables
        given = {}
        for name in self._spec:
            if name not in variables:
                continue
            value = variables[name]
            if name == SERVER_ID and value == DEFAULT_SERVER_ID:
                value = variables.get(OWN_SERVER_ID)
            try:
                value = self._templar.template(value)
            except AnsibleError as error:
                raise InvalidOption(f"{name}: {' '.join(str(error).split())}") from error
            # An empty value is what a variable without one looks like in a survey.
            if value is not None and value != "":
                given[name] = value
        return restore_strings(given, self._spec)

    def _hooks_when_loaded(self) -> dict[str, Any]:
        self._templar.available_variables = variables = self._manager.get_vars(play=self._task.play, task=self._task)
        templar = self._templar
        loaded: dict[str, Any] = {hook: templar.template(variables.get(PREFIX + hook) or "") or None for hook in HOOKS}
        for part, absent in NODE_PARTS.items():
            value = templar.template(variables.get(PREFIX + part) or "") or absent
            is_words = part == "drain" and isinstance(value, str)
            loaded[part] = [word.strip() for word in value.split(",")] if is_words else value
        return loaded

    def _require_loaded_hooks(self, values: dict[str, Any]) -> None:
        """A hook that only the inventory sets was not there when the play was loaded, and would not run."""
        for hook in HOOKS:
            if (values.get(hook) or None) != self._loaded[hook]:
                raise InvalidOption(
                    f"{PREFIX}{hook}: is set where a play cannot see it when it is loaded (inventory or facts), and"
                    " would not run; set it in the play, for the role, or with --extra-vars"
                )
        for part, absent in NODE_PARTS.items():
            if part in values and values[part] != self._loaded[part]:
                raise InvalidOption(
                    f"{PREFIX}{part}: is set where a play cannot see it when it is loaded (inventory or facts), and its"
                    f" tasks would not run (there it is {self._loaded[part] or absent}); set it in the play, for the"
                    " role, or with --extra-vars"
                )
