# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX 24.6 takes as a credential type, as the inputs of a credential, and as a survey.

Source: awx/main/fields.py (credential types), awx/api/views (surveys) and awx/main/models/mixins.py (answers).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jinja2 import TemplateError
from jinja2.runtime import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jsonschema import Draft4Validator

_NAME = "^[a-zA-Z_][a-zA-Z0-9_]*$"
# Of those that AWX keeps for itself.
_KEPT_VARIABLES = (
    "VIRTUAL_ENV",
    "PATH",
    "PYTHONPATH",
    "JOB_ID",
    "INVENTORY_ID",
    "AD_HOC_COMMAND_ID",
    "CACHE",
    "AWX_HOST",
)

INPUTS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "required": {"type": "array", "items": {"type": "string"}},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "label"],
                "additionalProperties": False,
                "properties": {
                    "id": {"type": "string", "pattern": _NAME},
                    "label": {"type": "string"},
                    "help_text": {"type": "string"},
                    "type": {"enum": ["string", "boolean"]},
                    "format": {"enum": ["ssh_private_key", "url"]},
                    "choices": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string"}},
                    "multiline": {"type": "boolean"},
                    "secret": {"type": "boolean"},
                    "ask_at_runtime": {"type": "boolean"},
                    "default": {},
                },
            },
        },
    },
}
INJECTORS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "env": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {_NAME: {"type": "string", "pattern": "^[\\x00-\\x7f]*$"}},
        },
        "extra_vars": {"type": "object"},
        "file": {"type": "object"},
    },
}
_LIMIT = {"type": ["integer", "null"]}
SURVEY = {
    "type": "object",
    "required": ["name", "description", "spec"],
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "spec": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["type", "question_name", "variable", "required"],
                "properties": {
                    "type": {
                        "enum": ["text", "textarea", "password", "integer", "float", "multiplechoice", "multiselect"]
                    },
                    "question_name": {"type": "string", "minLength": 1},
                    "question_description": {"type": "string"},
                    "variable": {"type": "string", "pattern": _NAME},
                    "required": {"type": "boolean"},
                    "min": _LIMIT,
                    "max": _LIMIT,
                    "choices": {"type": ["array", "string"], "items": {"type": "string"}},
                    "new_question": {"type": "boolean"},
                    "default": {},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
_TYPES = {"integer": (int,), "float": (int, float)}


def _schema_errors(schema: dict[str, Any], value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in Draft4Validator(schema).iter_errors(value)]


def render(template: str, values: dict[str, Any], strict: bool = False) -> str:
    """An injector's template, as AWX renders it."""
    more: dict[str, Any] = {"undefined": StrictUndefined} if strict else {}
    return ImmutableSandboxedEnvironment(**more).from_string(template).render(**values)


def credential_type_errors(inputs: Any, injectors: Any) -> list[str]:
    """Why a credential type is not taken."""
    errors = _schema_errors(INPUTS, inputs) + _schema_errors(INJECTORS, injectors)
    if errors:
        return errors
    fields = inputs.get("fields", [])
    names = [field["id"] for field in fields]
    errors += [f"{name}: is there twice" for name in sorted(set(names)) if names.count(name) > 1]
    errors += ["tower: is kept for AWX"] if "tower" in names else []
    errors += [f"required: no field {name}" for name in inputs.get("required", []) if name not in names]
    for field in fields:
        kind = {"string": str, "boolean": bool}[field.get("type", "string")]
        if "default" in field and not isinstance(field["default"], kind):
            errors.append(f"{field['id']}: its default is of another type")
        if kind is bool and {"choices", "multiline", "format", "secret"} & set(field):
            errors.append(f"{field['id']}: not for a boolean")
    for name, template in injectors.get("env", {}).items():
        if name.startswith("ANSIBLE_") or name in _KEPT_VARIABLES:
            errors.append(f"{name}: this variable may not be set")
        try:
            render(template, dict.fromkeys(names, "EXAMPLE"), strict=True)
        except TemplateError as error:
            errors.append(f"{name}: {error}")
    return errors


def credential_inputs_errors(inputs: dict[str, Any], values: dict[str, Any]) -> list[str]:
    """Why the inputs of a credential are not taken by its type."""
    kinds = {field["id"]: field.get("type", "string") for field in inputs.get("fields", [])}
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"type": kind} for name, kind in kinds.items()},
    }
    return _schema_errors(schema, values)


def injected_environment(credential_type: dict[str, Any], values: dict[str, str]) -> dict[str, str]:
    """The variables of a job with such a credential: all of them, and empty where a field was not filled in."""
    given = {name: value for name, value in values.items() if value}
    return {name: render(template, given) for name, template in credential_type["injectors"]["env"].items()}


def survey_errors(survey: Any) -> list[str]:
    """Why a survey is not taken."""
    errors = _schema_errors(SURVEY, survey)
    if errors:
        return errors
    variables = [question["variable"] for question in survey["spec"]]
    errors += [f"{name}: is asked twice" for name in sorted(set(variables)) if variables.count(name) > 1]
    for question in survey["spec"]:
        errors += _question_errors(question)
    return errors


def _question_errors(question: dict[str, Any]) -> Iterator[str]:
    name, kind, default = question["variable"], question["type"], question.get("default", "")
    if kind in ("multiplechoice", "multiselect"):
        if not question.get("choices"):
            yield f"{name}: needs choices"
            return
        allowed = choices(question)
        if not isinstance(default, (str, list)):
            yield f"{name}: its default is of another type"
            return
        chosen = default.splitlines() if isinstance(default, str) else default
        if [each for each in chosen if each not in allowed] or (kind == "multiplechoice" and len(chosen) > 1):
            yield f"{name}: its default is not one of the choices"
    if default == "":
        return
    if type(default) not in _TYPES.get(kind, (str,)):
        yield f"{name}: its default is of another type"
    elif list(answer_errors(question, default)):
        yield f"{name}: its default is no valid answer"


def choices(question: dict[str, Any]) -> list[str]:
    """The choices, however they are written."""
    given = question["choices"]
    return [each for each in (given.splitlines() if isinstance(given, str) else given) if each.strip()]


def answer_errors(question: dict[str, Any], answer: Any) -> Iterator[str]:
    """Why an answer is not taken."""
    name, kind = question["variable"], question["type"]
    if kind in ("multiplechoice",):
        if answer not in choices(question):
            yield f"{name}: is not one of the choices"
        return
    if type(answer) not in _TYPES.get(kind, (str,)):
        yield f"{name}: is of another type"
        return
    size = len(answer) if isinstance(answer, str) else answer
    if question.get("min") is not None and size < question["min"]:
        yield f"{name}: is too small"
    if question.get("max") is not None and size > question["max"]:
        yield f"{name}: is too large"


def launched_variables(survey: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    """The extra variables of a launch: the defaults that are valid, and the answers over them.

    Raises:
        ValueError: an answer is not taken, or a required one is missing.
    """
    errors = []
    values = {}
    for question in survey["spec"]:
        name = question["variable"]
        if name in answers:
            errors += answer_errors(question, answers[name])
        elif question["required"]:
            errors.append(f"{name}: is missing")
        elif "default" in question and not list(answer_errors(question, question["default"])):
            values[name] = question["default"]
    errors += [f"{name}: is not asked for" for name in set(answers) - {q["variable"] for q in survey["spec"]}]
    if errors:
        raise ValueError("; ".join(errors))
    return {**values, **answers}
