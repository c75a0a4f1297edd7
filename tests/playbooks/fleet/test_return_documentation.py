# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The RETURN of every module, compared with what the module really returns."""

from __future__ import annotations

# A boolean is a number to isinstance, and a subclass of an error is not the error that is meant.
# pylint: disable=unidiomatic-typecheck
import ast
import pathlib
import re
from collections.abc import Iterable
from typing import Any

import pytest
import yaml
from playbooks.fleet.fleet_tasks import (
    all_in,
    doctor,
    event_info,
    power,
    server_info,
    service_info,
    software_info,
    template_info,
)
from playbooks.harness import ERROR_KEYS, REPOSITORY, Step, Task, bare_job, info, job, planned, servers

MODULES = sorted(path.stem for path in (REPOSITORY / "plugins" / "modules").glob("liteserver_*.py"))
MISSING = "00000000-0000-4000-8000-000000000001"
TYPES = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}
# Results that every module may have, which are documented by Ansible.
OF_ANSIBLE = {"changed", "msg"}
# Records of the service, in which any key may be, and what is written about them is what is known.
OPEN = {"raw", "info", "spec", "items", "tasks"}
# An option that is refused, in every module.
REFUSED = {"request_timeout": 0}


def constant(module: str, name: str) -> Any:
    """What the module's file says under this name, read as YAML."""
    source = pathlib.Path(REPOSITORY / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            return yaml.safe_load(node.value.value)
    raise AssertionError(f"{module} has no {name}")


def text_of(documented: dict[str, Any]) -> str:
    """The description as one text."""
    description = documented["description"]
    return description if isinstance(description, str) else " ".join(description)


class Comparison:
    """Compares results with their documentation, and remembers what was ever returned.

    Attributes:
        faults: what does not fit, each with its path.
        seen: paths that had a value.
        sampled: {path of a record that has a sample and no documented keys: (keys of the sample, keys seen)}.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.seen: set[str] = set()
        self.sampled: dict[str, tuple[set[str], set[str]]] = {}

    def compare(
        self, documentation: dict[str, Any], result: dict[str, Any], options: Iterable[str], where: str, null: bool
    ) -> None:
        """Compare a dict with the documentation of its keys.

        Args:
            options: those that were given to the task; "Only with O(x)" depends on them.
            null: whether any of the keys may be null.
        """
        for key in set(result) - set(documentation):
            self.faults.append(f"{where}{key}: returned and not documented")
        for key, documented in documentation.items():
            path, text = f"{where}{key}", text_of(documented)
            only = re.search(r"Only with O\((\w+)\)", text)
            if only and only[1] not in options:
                if result.get(key) is not None:
                    self.faults.append(f"{path}: returned without {only[1]}")
            elif key not in result:
                self.faults.append(f"{path}: documented and not returned")
            elif result[key] is None:
                if not (null or "null" in text):
                    self.faults.append(f"{path}: null, which is not documented")
                elif "Always null" in text:
                    self.seen.add(path)
            else:
                self.seen.add(path)
                self._compare_value(documented, key, result[key], options, path)

    def _compare_value(
        self, documented: dict[str, Any], key: str, value: Any, options: Iterable[str], path: str
    ) -> None:
        if type(value) is not TYPES[documented["type"]]:
            self.faults.append(f"{path}: {type(value).__name__}, documented is {documented['type']}")
            return
        if "choices" in documented and value not in documented["choices"]:
            self.faults.append(f"{path}: {value!r} is not one of the choices")
        entries = value if isinstance(value, list) else [value]
        if "elements" in documented:
            for entry in entries:
                if type(entry) is not TYPES[documented["elements"]]:
                    self.faults.append(f"{path}: an element is {type(entry).__name__}")
                    return
        if "contains" in documented:
            for entry in entries:
                self.compare(documented["contains"], entry, options, f"{path}.", "null" in text_of(documented))
            self._compare_parts(documented, entries, path)
        elif "sample" in documented and (isinstance(value, dict) or documented.get("elements") == "dict"):
            self.same_keys(documented["sample"], value, path)

    def _compare_parts(self, documented: dict[str, Any], entries: list[Any], path: str) -> None:
        """Compare records whose own keys are not documented with the sample of what they are in."""
        sample = documented.get("sample")
        sample = sample[0] if isinstance(sample, list) else sample
        for name, part in documented["contains"].items():
            if sample and name in sample and name not in OPEN and "contains" not in part:
                for entry in entries:
                    self.same_keys(sample[name], entry.get(name), f"{path}.{name}")

    def same_keys(self, sample: Any, value: Any, path: str) -> None:
        """The sample of something has the keys that it really has, now or in another situation."""
        if isinstance(value, list) and isinstance(sample, list):
            for entry in value:
                self.same_keys(sample[0] if sample else None, entry, path)
        elif isinstance(value, dict) and isinstance(sample, dict):
            self.sampled.setdefault(path, (set(sample), set()))[1].update(value)
            for name in set(sample) & set(value) - OPEN:
                self.same_keys(sample[name], value[name], f"{path}.{name}")

    def finish(self, documentation: dict[str, Any]) -> None:
        """Add what only all situations together show."""
        for path in sorted(paths_of(documentation) - self.seen):
            self.faults.append(f"{path}: documented and never returned")
        for path, (sample, returned) in self.sampled.items():
            if sample != returned:
                self.faults.append(f"{path}: the sample has {sorted(sample)}, returned is {sorted(returned)}")


def check(module: str, situations: list[tuple[Step, set[str]]]) -> None:
    """Compare each step (with its options) of a module with its RETURN.

    The situations together must show every documented key.
    """
    documentation = constant(module, "RETURN")
    comparison = Comparison()
    for step, options in situations:
        returned = {"always", "failure" if step.failed else "success"}
        assert {documented["returned"] for documented in documentation.values()} <= {"always", "failure", "success"}
        expected = {key: value for key, value in documentation.items() if value["returned"] in returned}
        result = {key: value for key, value in step.result.items() if key not in OF_ANSIBLE}
        comparison.compare(expected, result, options, "", null=False)
        if step.failed and set(step["error"]) != ERROR_KEYS:
            comparison.faults.append("error: other keys than those of liteserver_job")
    comparison.finish(documentation)
    assert not comparison.faults, "\n".join(sorted(set(comparison.faults)))


def paths_of(documentation: dict[str, Any], where: str = "") -> set[str]:
    """All documented keys, with those in others."""
    found = set()
    for key, documented in documentation.items():
        found.add(where + key)
        found |= paths_of(documented.get("contains", {}), f"{where}{key}.")
    return found


def situations(run: Any, tasks: list[Task]) -> list[tuple[Step, set[str]]]:
    """Each step with the names of the options that its task was given."""
    options = [next(set(value) for key, value in task.items() if key.startswith("modelarts.")) for task in tasks]
    return list(zip(run, options, strict=True))


def test_liteserver_info(simulator, playbook):
    simulator.reset(servers=4, foreign_servers=1)
    tasks = [
        server_info(),
        server_info(scope="all"),
        server_info(server_ids=[*servers(1, 4), MISSING]),
        server_info(**REFUSED),
    ]
    check("liteserver_info", situations(playbook.run(*tasks), tasks))


def test_liteserver_job_template_info(simulator, playbook):
    first = playbook.one(template_info())["templates"][0]["id"]
    tasks = [template_info(), template_info(template_id=first), template_info(**REFUSED)]
    check("liteserver_job_template_info", situations(playbook.run(*tasks), tasks))


def test_liteserver_software_info(simulator, playbook):
    tasks = [software_info(), software_info(**REFUSED)]
    check("liteserver_software_info", situations(playbook.run(*tasks), tasks))


def test_liteserver_service_info(simulator, playbook):
    service = simulator.seed_service(name="svc", spec={"replicas": "2"})
    tasks = [
        service_info(service_id=service["id"]),
        service_info(service_id=MISSING),
        service_info(service_id="s", **REFUSED),
    ]
    check("liteserver_service_info", situations(playbook.run(*tasks), tasks))


def test_liteserver_event_info(simulator, playbook):
    whole = dict.fromkeys(("startTime", "finishTime"), "2026-11-23T10:00:00Z") | {"poolName": "pool"}
    simulator.seed_event(1, **whole)
    tasks = [
        event_info(server_ids=servers(1)),
        event_info(server_ids=[MISSING]),
        event_info(**REFUSED),
    ]
    check("liteserver_event_info", situations(playbook.run(*tasks), tasks))


def test_liteserver_doctor(simulator, playbook, tmp_path):
    simulator.server(3, status="STOPPED")
    tasks = [doctor(report=str(tmp_path / "doctor.md")), doctor(**REFUSED)]
    check("liteserver_doctor", situations(playbook.run(*tasks), tasks))


def test_liteserver_power(simulator, playbook):
    all_in(simulator, "STOPPED", 1)
    simulator.server(2, power_fail=1)
    simulator.fault("stop_server", "not_found", skip=1)
    tasks = [
        planned(power("started", 1, 3)),
        power("started", 1, 3, wait=True),
        power("stopped", 2, 4, wait=True),
        power("started", server_ids=[MISSING]),
        power("started", 1, **REFUSED),
    ]
    run = playbook.run(*tasks)
    assert [step.failed for step in run] == [False, False, True, True, True]
    check("liteserver_power", situations(run, tasks))


def test_liteserver_job(simulator, playbook):
    simulator.server(2, fail=1)
    simulator.fault("create_job", "error_502_html", skip=2)
    tasks = [
        planned(job(1, 2)),
        job(1, wait=True),
        job(1, 2, wait=True),
        job(1),
        job(3, request_timeout=1),
        bare_job(state="absent", name="upgrade"),
        job(1, **REFUSED),
    ]
    run = playbook.run(*tasks)
    assert [step.failed for step in run] == [False, False, True, False, True, False, True]
    check("liteserver_job", situations(run, tasks))


def test_liteserver_job_info(simulator, playbook):
    (job_id,) = simulator.seed(
        [
            {
                "name": "upgrade",
                "description": "text",
                "items": [{"type": "HDK_UPGRADE", "spec": {"version": "24.1"}}],
                "servers": {servers(1)[0]: "SUCCESS"},
            }
        ]
    )
    tasks = [info(), info(job_ids=[job_id, MISSING]), info(**REFUSED)]
    check("liteserver_job_info", situations(playbook.run(*tasks), tasks))


@pytest.mark.parametrize("module", MODULES)
def test_the_samples(module):
    """A sample of something whose keys are documented has exactly these keys."""
    for name, documented in constant(module, "RETURN").items():
        if "contains" not in documented:
            continue
        sample = documented["sample"]
        for entry in sample if isinstance(sample, list) else [sample]:
            compare_sample(entry, documented["contains"], name)


def compare_sample(sample, contains, path):
    always = {key for key, value in contains.items() if "Only with" not in text_of(value)}
    assert always <= set(sample) <= set(contains), path
    for key, documented in contains.items():
        value = sample.get(key)
        if value is None:
            continue
        assert type(value) is TYPES[documented["type"]], f"{path}.{key}"
        if "contains" in documented:
            for entry in value if isinstance(value, list) else [value]:
                compare_sample(entry, documented["contains"], f"{path}.{key}")


def test_every_module_is_compared():
    compared = {name.removeprefix("test_") for name in globals() if name.startswith("test_liteserver_")}
    assert compared == set(MODULES)
