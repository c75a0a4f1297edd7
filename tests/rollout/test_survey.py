# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of a survey: texts all of them, and empty where there was none.

Whoever writes a survey asks for a role's or a playbook's variable, and AWX passes what was typed as an extra variable:
in a file, as a string that is not to be trusted. From ansible-core 2.19 on, it is read as if it had no quotes.
"""

from __future__ import annotations

import datetime
import json

import pytest
import yaml
from ansible.release import __version__ as core
from awx.launches import variables_file
from playbooks.harness import REPOSITORY
from receiver import Receiver
from rollout.rollout import VERSION, host, hosts

SPECS = yaml.safe_load((REPOSITORY / "roles/fleet_job/meta/argument_specs.yml").read_text(encoding="utf-8"))
ENTRIES = {name: set(spec["options"]) for name, spec in SPECS["argument_specs"].items()}
# Of each host its own: no survey asks for it.
PER_HOST = {"fleet_job_server_id"}
# Need nodes that one can log in on: tests/awx/test_surveys.py.
OF_NODES = {"fleet_job_drain", "fleet_job_verify"}
OF_THE_PLAYBOOK = ("hosts", "canary", "growth", "largest")
BOOKS = {"hdk_upgrade": "modelarts.liteserver.hdk_upgrade", "log_collect": "modelarts.liteserver.collect_logs"}


def answers(**texts):
    """Extra variables from names without their prefix."""
    return {f"fleet_job_{name}": text for name, text in texts.items()}


def hooks(directory):
    """Two files of tasks that leave a mark in the output."""
    for name in ("before", "after"):
        task = {"name": f"Hook {name}", "ansible.builtin.debug": {"msg": f"hook {name} ran"}}
        (directory / f"{name}.yml").write_text(json.dumps([task]))
    return {name: str(directory / f"{name}.yml") for name in ("before", "after")}


# What a run can be seen to have obeyed; the rest is in the tests below.
COMMON = {
    "name": "nightly",
    "secret_spec": '{"code": "canary-secret"}',
    "reuse": "same_name",
    "skipped": "failed",
    "template_check": "off",
    "is_reboot": "true",
    "description": "change 4711",
    "wait_timeout": "3",
    "wait_sleep": "1",
    "max_failures": "50%",
    "preflight": "warn",
    "approve": "never",
    "delegate_to": "localhost",
    "servers_per_job": "5",
    "retries": "1",
    "supernodes": "off",
    "hooks_on": "all",
    "wave_minutes": "1",
    "soak": "1",
}


@pytest.mark.parametrize("entry", BOOKS)
def test_every_answer_reaches_the_role(simulator, rollout, tmp_path, entry):
    """Server 1 is skipped, which counts as failed; server 2 runs on after the wait."""
    rollout.expect_warnings()
    simulator.server(1, skip=1)
    simulator.server(2, duration=600)
    texts = {**COMMON, **hooks(tmp_path), "record": str(rollout.record), "hosts": "liteserver-0000*"}
    texts |= {"stop_file": str(tmp_path / "stop"), "plan_file": str(tmp_path / "plan.md")}
    tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    texts["window_end"] = tomorrow.strftime("%Y-%m-%dT06:00+01:00")
    logs = '{"obs_path": "obs://bucket/folder"}'
    if entry == "hdk_upgrade":
        texts |= {"version": VERSION, "canary": "2", "growth": "2", "largest": "3"}
        texts |= {"collect_logs": "failed", "logs_spec": logs}
    else:
        texts |= {"spec": logs}
    with Receiver() as receiver:
        texts["notify_url"] = receiver.url
        assert ENTRIES[entry] - PER_HOST - OF_NODES == set(answers(**texts)) & ENTRIES[entry]
        run = rollout.run(BOOKS[entry], variables=answers(**texts))
    assert [event["kind"] for event in receiver.events][:2] == ["started", "batch"]
    *bodies, last = [each["body"] for each in simulator.requests("create_job")]
    if entry == "hdk_upgrade":
        # Of the server that failed; the other one still runs.
        assert (last["items"][0]["type"], last["server_ids"]) == ("DEVICE_LOG_COLLECT", [simulator.server_id(1)])
    else:
        bodies.append(last)
    sizes = [len(body["server_ids"]) for body in bodies]
    # Of the upgrade, a wave for each supernode.
    assert sizes == ([5, 1, 3] if entry == "hdk_upgrade" else [5, 4])
    for body in bodies:
        assert (body["name"], described(body), body["is_reboot"]) == ("nightly", "change 4711", True)
        assert body["items"][0]["spec"]["code"] == "canary-secret"
    assert run.failed == hosts(1, 2)
    assert "SKIPPED" in run.verdicts()[host(1)]["msg"]
    assert "still running when the wait ended" in run.verdicts()[host(2)]["msg"]
    assert len(run.of("Hook before")) == sum(sizes)
    assert [record["entry"] for record in rollout.records()] == [entry]
    assert rollout.records()[0]["max_failures"].startswith("50%")
    assert "canary-secret" not in run.output


@pytest.mark.parametrize("entry", BOOKS)
def test_an_empty_answer_is_none(simulator, rollout, entry):
    """Every variable that may be left out is left out, and what its default says holds."""
    required = {"version": VERSION} if entry == "hdk_upgrade" else {"spec": '{"obs_path": "obs://bucket/folder"}'}
    empty = dict.fromkeys([name.removeprefix("fleet_job_") for name in ENTRIES[entry] - PER_HOST], "")
    run = rollout.run(BOOKS[entry], variables=answers(**{**empty, **dict.fromkeys(OF_THE_PLAYBOOK, ""), **required}))
    assert (run.status, run.failed, len(run.changed)) == (0, [], 12)
    bodies = [each["body"] for each in simulator.requests("create_job")]
    # The default waves: whole supernodes.
    assert [len(body["server_ids"]) for body in bodies] == ([6, 6] if entry == "hdk_upgrade" else [12])
    for body in bodies:
        assert body["name"].startswith(entry)
        assert "is_reboot" not in body
        assert described(body) == ""


WRONG = {
    "secret_spec": "no dictionary",
    "reuse": "sometimes",
    "skipped": "maybe",
    "template_check": "lenient",
    "is_reboot": "perhaps",
    "wait_timeout": "an hour",
    "wait_sleep": "often",
    "preflight": "loose",
    "approve": "weekly",
    "servers_per_job": "a few",
    "retries": "often",
    "supernodes": "perhaps",
    "hooks_on": "mostly",
    "wave_minutes": "short",
    "soak": "a while",
}
# Of the upgrade alone.
WRONG_OF_UPGRADE = {"verify": "trust", "drain": "everything", "collect_logs": "always", "logs_spec": "no dictionary"}


@pytest.mark.parametrize("entry", BOOKS)
def test_wrong_answers_are_refused_with_the_names_of_their_fields(simulator, rollout, entry):
    """All of them at once, in one message; the upgrade has read the servers for its waves before."""
    wrong = {**WRONG, **({"spec": "no dictionary"} if entry == "log_collect" else WRONG_OF_UPGRADE)}
    # The others take any text, or have a rule of their own below.
    texts = {"name", "description", "version", "max_failures", "before", "after", "record", "delegate_to"}
    texts |= {"window_end", "stop_file", "notify_url", "plan_file"}
    assert set(answers(**wrong)) == ENTRIES[entry] - PER_HOST - set(answers(**dict.fromkeys(texts)))
    run = rollout.run(BOOKS[entry], variables=answers(version=VERSION, **wrong))
    message = run.message("Open the batch")
    assert [name for name in answers(**wrong) if name not in message] == []
    assert simulator.counts()["writes"] == 0


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("version", "", "fleet_job_version"),
        ("version", "new est", "version"),
        ("name", "not allowed", "fleet_job_name"),
        ("max_failures", "a few", "fleet_job_max_failures"),
        ("canary", "few", "canary"),
        ("growth", "0", "growth"),
        ("largest", "-1", "largest"),
        ("wait_timeout", "0", "fleet_job_wait_timeout"),
        ("wait_sleep", "0", "fleet_job_wait_sleep"),
        ("window_end", "early", "fleet_job_window_end"),
        ("stop_file", "no/such/folder/stop", "fleet_job_stop_file"),
        ("notify_url", "http://example.com", "fleet_job_notify_url"),
        ("drain", "docker", "fleet_job_drain"),
    ],
)
def test_an_answer_that_breaks_a_rule_is_refused_with_its_field(simulator, rollout, name, text, said):
    rollout.expect_warnings()
    running = rollout.start(BOOKS["hdk_upgrade"], variables=answers(**{"version": VERSION, name: text}))
    run = running.finish(crashed=True)
    assert run.status != 0
    assert said in run.text
    assert simulator.counts()["writes"] == 0


def test_empty_answers_of_the_status(simulator, rollout):
    simulator.seed(
        [
            {
                "name": "a-job",
                "items": [{"type": "HDK_UPGRADE", "spec": {}}],
                "servers": {simulator.server_id(1): "SUCCESS"},
            }
        ]
    )
    names = ("name", "type", "status", "jobs", "server_ids")
    run = rollout.run("modelarts.liteserver.job_status", variables={f"job_status_{name}": "" for name in names})
    assert run.status == 0
    assert "a-job" in run.output


# Whether the strings in AWX's file of variables arrive as something else.
CHANGED = tuple(int(part) for part in core.split(".")[:2]) >= (2, 19)
CHANGED_TEXTS = {
    "name": "007",
    "version": "24.10",
    "description": "04711",
    "record": "off",
}


def from_awx(rollout, book, answered, crashed=False):
    """A run with extra variables as AWX 24.6.1 writes and gives them."""
    file = rollout.directory / "extravars"
    file.write_text(variables_file(answered))
    return rollout.start(book, arguments=("-e", f"@{file}")).finish(crashed=crashed)


def test_answers_that_arrive_as_something_else_are_refused(simulator, rollout):
    """All of them, with what to type instead; where they arrive as they are, they count as they are."""
    rollout.expect_warnings()
    texts = CHANGED_TEXTS if CHANGED else {name: CHANGED_TEXTS[name] for name in ("name", "description", "version")}
    run = from_awx(rollout, BOOKS["hdk_upgrade"], answers(**texts, preflight="off", supernodes="off"))
    if not CHANGED:
        assert sent(simulator) == {("007", "04711", "24.10")}
        return
    message = run.message("Open the batch")
    assert [
        name for name in answers(**texts) if f"{name}: is a" not in message and f"{name}: is the" not in message
    ] == []
    assert "type the quotes as well, for example '24.10'" in message
    assert simulator.counts()["writes"] == 0


def test_a_delegate_that_is_no_name_of_a_host_ends_the_upgrade_in_its_first_play(simulator, rollout):
    rollout.expect_warnings()
    run = from_awx(rollout, BOOKS["hdk_upgrade"], answers(version=VERSION, delegate_to="2027-01-06"))
    assert (run.status != 0, simulator.counts()["total"]) == (True, 0)


def test_answers_in_quotes_arrive_as_they_are(simulator, rollout):
    """On each ansible-core. A truth value that is a choice, and a whole number of failures, need none."""
    rollout.expect_warnings()
    texts = {"name": "'007'", "version": '"24.10"', "description": "'04711'", "record": f"'{rollout.record}'"}
    texts |= {"preflight": "off", "supernodes": "off", "max_failures": "10", "hosts": "liteserver-00001,", "canary": 1}
    from_awx(rollout, BOOKS["hdk_upgrade"], answers(**texts))
    assert sent(simulator) == {("007", "04711", "24.10")}
    assert [record["max_failures"] for record in rollout.records()] == ["10"]
    assert [len(each["body"]["server_ids"]) for each in simulator.requests("create_job")] == [1]


def described(body):
    """The description of a create, without the mark behind it."""
    return body["description"].rpartition("lsj1-")[0].removesuffix("_")


def sent(simulator):
    """{(name, description, version)} of the jobs that were created."""
    bodies = [each["body"] for each in simulator.requests("create_job")]
    return {(body["name"], described(body), body["items"][0]["spec"]["version"]) for body in bodies}


@pytest.mark.parametrize("entry", BOOKS)
@pytest.mark.parametrize("text", ["off", "0", "1001"])
def test_an_answer_that_was_a_group_never_becomes_all_hosts(simulator, rollout, entry, text):
    """False and 0 would: they are no hosts, and no hosts are the default."""
    rollout.expect_warnings()
    given = answers(version=VERSION, spec='{"obs_path": "obs://bucket/folder"}', hosts=text)
    run = from_awx(rollout, BOOKS[entry], given, crashed=True)
    assert simulator.counts()["writes"] == 0
    if CHANGED:
        assert run.status != 0
        assert "putacommabehindit" in run.text


def test_a_filter_that_arrives_as_something_else_is_refused(simulator, rollout):
    """A list of other jobs would say that there are none of this name."""
    rollout.expect_warnings()
    run = from_awx(rollout, "modelarts.liteserver.job_status", {"job_status_name": "007", "job_status_type": ""})
    if CHANGED:
        assert "job_status_name:isnotastringinYAML" in run.text
        assert (run.status, simulator.counts()["total"]) == (2, 0)
    else:
        assert run.status == 0
