# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of role ``npu_node``: the module of the same name on the node, and what is for the controller.

The controller keeps a copy of what the node remembers, and asks again while a step waits.
"""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.domain._untrusted import as_line
from ..module_utils.node._fleet import fleet_of, json_of, lines_of
from ..module_utils.node._memory import checked
from ..module_utils.node._verdict import NOT_KNOWN, OK, UNSUPPORTED
from ..plugin_utils._node_memory import NodeMemory, write_versions

MODULE = "modelarts.liteserver.npu_node_step"
PAUSE_SECONDS = 5.0
Result = dict[str, Any]

display = Display()


class ActionModule(ActionBase):
    """One step; the argument ``step`` names it. See the role's tasks for their order."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> Result:
        """Run the step; what cannot be done is a failed task that says what to do."""
        result: Result = super().run(tmp, task_vars)
        self._vars = task_vars or {}
        self._host = str(self._vars["inventory_hostname"])
        steps = {"holders": self._wait_until_idle, "judge": self._judge, "versions": self._versions}
        step = self._task.args.get("step")
        result.update(steps[step]() if step in steps else self._remembering())
        result.pop("invocation", None)
        return result

    # --- the steps ---

    def _remembering(self) -> Result:
        """A step that only the node takes."""
        return self._shown(self._asked())

    def _wait_until_idle(self) -> Result:
        """Wait until nobody holds an NPU; in check mode, only look."""
        end = time.monotonic() + float(self._task.args.get("wait") or 0)
        told = ""
        while True:
            result = self._asked()
            if result.get("failed") or result["holders"] == [] or self._task.check_mode:
                return self._shown(result)
            text = _holders_line(result)
            if time.monotonic() >= end:
                raise AnsibleActionFail(
                    f"{self._host}: {text}. The driver's installer would refuse. What to do: end it, or name its service or"
                    " container for the drain; then run the same play again. What was stopped stays stopped, see role"
                    " npu_node, entry point return."
                )
            if text != told:
                display.display(f"{as_line(self._host)}: waits until idle: {text}")
                told = text
            time.sleep(PAUSE_SECONDS)

    def _judge(self) -> Result:
        """Ask the node until it passes, or until the time for that is over."""
        begin = time.monotonic()
        answer_by = begin + float(self._task.args.get("wait") or 0)
        settled_by = begin + float(self._task.args.get("settle") or 0)
        while True:
            try:
                result = self._asked()
            except AnsibleConnectionFailure as error:
                result = _no_word(f"the node cannot be reached: {' '.join(str(error).split())}")
            if result.get("failed"):
                result = _no_word(str(result.get("msg")))
            # A node that says what it runs has only to settle; one that says nothing may be on its way up.
            end = answer_by if result["verdict"] in (NOT_KNOWN, UNSUPPORTED) else settled_by
            if result["verdict"] == OK or time.monotonic() >= end or self._task.check_mode:
                break
            time.sleep(min(PAUSE_SECONDS, max(end - time.monotonic(), 0)))
            self._reconnect(answer_by)
        result = self._shown({**result, "mark": self._task.args.get("mark")})
        if result["restarted"]:
            result["notes"] = [*result["notes"], "the node was restarted since the snapshot"]
        result["msg"] = _verdict_line(result)
        if result["verdict"] != OK and self._task.args.get("fails", True) in (True, "true", "True", "yes"):
            text = (
                f"{self._host}: {result['msg']}. What to do: see the node itself; where it was drained, it stays so until"
                " 'health' of role npu_node has passed, and 'return' is run."
            )
            # In both: which of them is shown differs between versions of ansible-core.
            raise AnsibleActionFail(text, result={**result, "msg": text})
        return result

    def _versions(self) -> Result:
        """What all nodes of the play run, from the results of ``npu_info``."""
        facts, hosts = self._vars["hostvars"], self._vars["ansible_play_hosts_all"]
        nodes = {}
        for host in hosts:
            variables = facts[host]
            supernode = variables.get("liteserver_supernode_id")
            nodes[host] = {"npu": variables.get("_npu_versions"), "supernode": supernode and str(supernode)}
        wanted = self._task.args.get("version") or None
        # Before ansible-core 2.19, what a template has made of a number is a string.
        given = self._vars.get("npu_versions_wanted")
        if any(each is not None and not isinstance(each, str) for each in (wanted, given)):
            raise AnsibleActionFail("npu_versions_wanted: is not a string in YAML (24.10 becomes 24.1). Quote it.")
        fleet = fleet_of(nodes, wanted)
        file = self._task.args.get("file")
        if file and not self._task.check_mode:
            write_versions(str(file), json_of(fleet))
        return {"table": lines_of(fleet), "problems": fleet.problems}

    # --- the node, and what is kept here ---

    def _asked(self) -> Result:
        """The module's result on the node; what it remembers is kept here too."""
        memory_here = NodeMemory(self._host, checked)
        given = {name: value for name, value in self._task.args.items() if value is not None and name != "elsewhere"}
        result = self._execute_module(
            module_name=MODULE, module_args={**given, "elsewhere": memory_here.read()}, task_vars=self._vars
        )
        memory = result.pop("memory", None)
        if memory is not None and not self._task.check_mode:
            memory_here.keep(memory)
        return dict(result)

    def _reconnect(self, end: float) -> None:
        """Wait as ``wait_for_connection`` does, where the node cannot be reached."""
        loader = self._shared_loader_obj.action_loader
        task = self._task.copy()
        task.args = {"timeout": max(int(end - time.monotonic()), 1), "sleep": 1, "delay": 0, "connect_timeout": 5}
        action = loader.get(
            "ansible.builtin.wait_for_connection",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        action.run(task_vars=self._vars)

    def _shown(self, result: Result) -> Result:
        if result.get("failed") and "msg" in result and not str(result["msg"]).startswith(self._host):
            result["msg"] = f"{self._host}: {result['msg']}"
        return result


def _no_word(reason: str) -> Result:
    """The result of a node that says nothing."""
    return {
        "changed": False,
        "verdict": NOT_KNOWN,
        "reasons": [as_line(reason)],
        "notes": [],
        **dict.fromkeys(("driver_before", "driver_after", "firmware_before", "firmware_after", "snapshot_at")),
        "restarted": False,
        "drained": False,
    }


def _holders_line(result: Result) -> str:
    """Who holds an NPU, for people."""
    if not result["supported"]:
        return "there is no NPU driver"
    if result["holders"] is None:
        return "who holds an NPU is not known: " + "; ".join(
            as_line(each) for each in result["unknown"] + result["unseen"]
        )
    shown = [
        as_line(
            f"{each['name']} (pid {each['pid']}"
            + (f", container {each['container'][:12]})" if each["container"] else ")")
        )
        for each in result["holders"][:8]
    ]
    more = len(result["holders"]) - len(shown)
    return "an NPU is held by " + ", ".join(shown) + (f" and {more} more" if more else "")


def _verdict_line(result: Result) -> str:
    """A verdict for people: the worst reasons first."""
    texts = result["reasons"] if result["verdict"] != OK else result["notes"]
    shown = [as_line(text) for text in texts[:4]]
    if len(texts) > len(shown):
        shown.append(f"and {len(texts) - len(shown)} more")
    word = result["verdict"].replace("_", " ")
    return f"{word}: {'; '.join(shown)}" if shown else word
