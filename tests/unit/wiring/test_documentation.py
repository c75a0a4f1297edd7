# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written about the options is what they are."""

from __future__ import annotations

import importlib
import pathlib
import re
from typing import Any

import pytest
import yaml

from ansible_collections.modelarts.liteserver.plugins.doc_fragments._connection import ModuleDocFragment
from ansible_collections.modelarts.liteserver.plugins.doc_fragments._wait import ModuleDocFragment as WaitFragment
from ansible_collections.modelarts.liteserver.plugins.module_utils._version import VERSION
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._fields import FIELDS
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._result import ServerRow
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._model import ServerRecord
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._connection_options import (
    connection_argument_spec,
)

ROOT = pathlib.Path(__file__).resolve().parents[3]
# What runs on the controller alone, as fleet_job_step does, has no argument spec and no connection.
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if "run_module(" in path.read_text())
COLLECTION = "ansible_collections.modelarts.liteserver"


def shape_of(options: dict[str, Any], inner: str) -> dict[str, Any]:
    """What a DOCUMENTATION and an argument spec both tell of options.

    ``inner`` is the key under which an option has options of its own.
    """
    shape = {}
    for name, option in options.items():
        shape[name] = {
            "type": option.get("type", "str"),
            "default": option.get("default"),
            "required": option.get("required", False),
            "choices": option.get("choices"),
            "elements": option.get("elements"),
            "aliases": sorted(option.get("aliases", [])),
            "options": shape_of(option[inner], inner) if inner in option else None,
        }
    return shape


def texts_of(description: str | list[str]) -> str:
    return description if isinstance(description, str) else " ".join(description)


def module(name: str) -> Any:
    return importlib.import_module(f"{COLLECTION}.plugins.modules.{name}")


def options_of(name: str) -> dict[str, Any]:
    """The documented options of a module without those of the connection."""
    documented = yaml.safe_load(module(name).DOCUMENTATION)
    if "modelarts.liteserver._wait" in documented["extends_documentation_fragment"]:
        return yaml.safe_load(WaitFragment.DOCUMENTATION)["options"] | documented["options"]
    return documented["options"]


def fields_of(returned: dict[str, Any]) -> set[str]:
    """The names of documented fields of a result, the inner ones too."""
    return {each for name, value in returned.items() for each in (name, *fields_of(value.get("contains") or {}))}


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_returns_are_fields(name: str) -> None:
    """Else a short secret could change the name under which a program looks for them."""
    assert fields_of(yaml.safe_load(module(name).RETURN)) <= FIELDS
    assert FIELDS >= {*ServerRow.__annotations__, *ServerRecord.__annotations__}


def test_there_are_modules() -> None:
    assert {"liteserver_job", "liteserver_job_info"} <= set(MODULES)
    assert "fleet_job_step" not in MODULES


def test_what_is_no_module_of_its_own_says_so_first() -> None:
    assert yaml.safe_load(module("fleet_job_step").DOCUMENTATION)["short_description"].startswith("Internal,")


def test_each_module_has_a_target_for_ansible_test() -> None:
    targets = {path.name for path in (ROOT / "tests" / "integration" / "targets").iterdir()}
    assert targets - {"setup_simulator"} == {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}


def test_connection_options_are_documented_as_they_are() -> None:
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    assert shape_of(documented, "suboptions") == shape_of(connection_argument_spec(), "options")


def test_variables_of_the_connection_options_are_documented_as_they_are() -> None:
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    for name, option in connection_argument_spec().items():
        _function, variables = option.get("fallback", (None, []))
        # In the same order, because the first found wins.
        assert re.findall(r"E\((\w+)\)", texts_of(documented[name]["description"])) == variables, name


def test_variables_of_the_inventory_plugin_are_the_ones_of_the_modules() -> None:
    documented = yaml.safe_load(ModuleDocFragment.PLUGIN)["options"]
    expected = {
        name: option["fallback"][1] for name, option in connection_argument_spec().items() if "fallback" in option
    }
    # Of a plugin's variables the last one found wins, of a module's the first.
    assert {name: [entry["name"] for entry in option["env"]][::-1] for name, option in documented.items()} == expected


@pytest.mark.parametrize("name", MODULES)
def test_module_options_are_documented_as_they_are(name: str) -> None:
    assert shape_of(options_of(name), "suboptions") == shape_of(module(name).ARGUMENT_SPEC, "options")
    assert yaml.safe_load(module(name).DOCUMENTATION)["module"] == name


@pytest.mark.parametrize("name", MODULES)
def test_module_has_the_connection_options_and_none_of_their_names(name: str) -> None:
    documented = yaml.safe_load(module(name).DOCUMENTATION)
    assert "modelarts.liteserver._connection" in documented["extends_documentation_fragment"]
    assert "modelarts.liteserver._attributes" in documented["extends_documentation_fragment"]
    assert not set(options_of(name)) & set(connection_argument_spec())


@pytest.mark.parametrize("name", MODULES)
def test_secret_options_of_a_module_are_not_logged(name: str) -> None:
    for option, spec in module(name).ARGUMENT_SPEC.items():
        if re.search(r"secret|password|token|(^|_)key($|_)", option):
            assert spec.get("no_log") is True, option


@pytest.mark.parametrize("name", MODULES)
def test_every_option_that_a_text_names_exists(name: str) -> None:
    known = set(options_of(name)) | set(connection_argument_spec())
    text = module(name).DOCUMENTATION + module(name).RETURN
    named = set(re.findall(r"O\((\w+)[=)]", text))
    assert named - known == set()
    returned = set(re.findall(r"RV\((\w+)[=)\[.]", text))
    assert returned - set(yaml.safe_load(module(name).RETURN)) == set()


@pytest.mark.parametrize("name", MODULES)
def test_examples_use_options_that_exist(name: str) -> None:
    known = {
        other: set(module(other).ARGUMENT_SPEC)
        | set(connection_argument_spec())
        | {alias for spec in module(other).ARGUMENT_SPEC.values() for alias in spec.get("aliases", [])}
        for other in MODULES
    }
    used = 0
    for task in yaml.safe_load(module(name).EXAMPLES):
        for other in MODULES:
            options = task.get(f"modelarts.liteserver.{other}")
            if options is not None:
                used += other == name
                assert set(options) <= known[other]
    assert used


def test_version_is_the_one_of_the_collection() -> None:
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"] == VERSION


def test_action_group_lists_every_module() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    # The steps of the role hand the connection on to the modules that they run.
    assert sorted(runtime["action_groups"]["all"]) == sorted([*MODULES, "fleet_job_step"])
    assert runtime["requires_ansible"] == ">=2.16.0"
