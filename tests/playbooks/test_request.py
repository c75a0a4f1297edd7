# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the create request carries, and how it is compared with the live templates before."""

from __future__ import annotations

import re

from playbooks.harness import VERSION, job, servers


def body_of(step):
    (request,) = step.asked("create_job")
    return request["body"]


def test_only_what_was_given_is_sent(playbook):
    run = playbook.run(
        job(1, 2, 1, name="one", mark=False),
        job(1, name="two", description="", is_reboot=False, mark=False),
        job(3, name="three", description="Two words.", is_reboot=True, mark=False),
        job(4, 5, name="four"),
        job(6, name="five", description="d" * 29),
    )
    items = [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]
    body = {"name": "one", "type": "HDK_UPGRADE", "server_ids": servers(1, 2), "items": items}
    assert body_of(run[0]) == body
    assert body_of(run[1]) == {**body, "name": "two", "server_ids": servers(1), "description": "", "is_reboot": False}
    assert body_of(run[2])["description"] == "Two words."
    assert body_of(run[2])["is_reboot"] is True
    assert run[2]["job"]["description"] == "Two words."
    assert re.fullmatch(r"lsj1-dba0-eed23518a1e1-2-[0-9a-f]{10}", body_of(run[3])["description"])
    assert body_of(run[4])["description"] == "d" * 29
    run[4].warns("description leaves no room for the mark")


def test_spec_values_become_texts(playbook):
    spec = {
        "true": True,
        "false": False,
        "number": 7,
        "zero": 0,
        "version": "24.10",
        "float": 24.1,
        "empty": "",
        "unicode": "\u9a71\u52a8 \u00e4",
        "yes": "yes",
    }
    expected = {
        **spec,
        "true": "true",
        "false": "false",
        "number": "7",
        "zero": "0",
        "float": "24.1",
    }
    step, again = playbook.run(*[job(1, spec=spec, template_check="off", wait=True)] * 2)
    assert not step.failed
    assert body_of(step)["items"] == [{"type": "HDK_UPGRADE", "spec": expected}]
    # A number with a fraction may have lost its final zeros before Ansible saw it.
    step.warns("spec.float: is a number in YAML")
    assert again["action"] == "none"
    again.warns("spec.float")


def test_several_items_and_a_secret(playbook):
    items = [{"type": "COMMON", "spec": {"command": "a"}}, {"type": "COMMON"}, {"type": "A", "spec": {"b": 1}}]
    options = {"spec": None, "items": items, "secret_spec": {"code": 12345678}, "template_check": "off", "wait": True}
    step, again = playbook.run(*[job(1, **options)] * 2)
    assert body_of(step)["items"] == [
        {"type": "COMMON", "spec": {"command": "a", "code": "12345678"}},
        {"type": "COMMON", "spec": {}},
        {"type": "A", "spec": {"b": "1"}},
    ]
    assert again["action"] == "none"
    only = playbook.one(job(1, name="only-secret", spec=None, secret_spec={"version": VERSION}))
    assert body_of(only)["items"] == [{"type": "HDK_UPGRADE", "spec": {"version": VERSION}}]


def test_template_check(simulator, playbook):
    wrong = {"spec": {"version": "24.1 rc3", "colour": "red"}}
    run = playbook.run(
        job(1, name="a", template_check="strict", **wrong),
        job(1, name="b", template_check="warn", **wrong),
        job(1, name="c", template_check="off", **wrong),
        job(1, name="d", template_check="strict", type="NO_SUCH"),
        job(1, name="e", template_check="strict", wait=True),
        job(1, name="e", template_check="strict", spec={"version": VERSION}),
        job(1, name="f", type="COMMON", spec={"command": "npu-smi info"}, template_check="strict"),
    )
    for step in run:
        step.check_keys()
    strict, warned, off, no_type, right, again, other = run
    for step in (strict, no_type):
        assert step.failed
        assert (step["error"]["code"], step["changed"], step.writes) == ("template_rejected", False, 0)
        assert step.verdicts == ["planned"]
    assert "spec.version: '24.1 rc3' does not match" in strict["msg"]
    assert (
        "spec.colour: template 'ascend-software-upgrade' has no such parameter; it has reset_mode, version"
        in strict["msg"]
    )
    assert "type: no live template is of type 'NO_SUCH'" in no_type["msg"]
    warned.warns("spec.colour", "spec.version")
    assert [step.count("create_job") for step in run] == [0, 1, 1, 0, 1, 0, 1]
    assert off.count("list_templates") == 0
    assert not right.failed
    assert not other.failed
    # Where nothing is created, nothing is compared.
    assert again.count("list_templates") == 0


def test_templates_that_cannot_be_read(simulator, playbook):
    simulator.fault("list_templates", "error_503_before", times=None)
    run = playbook.run(
        job(1, name="a", template_check="strict", max_retries=1),
        job(1, name="b", template_check="warn", max_retries=1),
    )
    run[0].check_keys()
    assert run[0].failed
    assert (run[0]["error"]["http_status"], run[0].writes) == (503, 0)
    assert run[1]["action"] == "created"
    run[1].warns("template_check: the live templates could not be read")
