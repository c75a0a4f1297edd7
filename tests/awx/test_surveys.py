# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The surveys of the job templates: AWX takes them, and every answer reaches the role or the playbook."""

from __future__ import annotations

import copy
import datetime
import json
import re
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from awx.conftest import EXTENSION, ROOT
from awx.launches import order_of_a_run, variables_file
from awx.schemas import choices, launched_variables, survey_errors
from node.local import local_variables, running, upgraded_by
from rollout.rollout import VERSION, Rollout, Run, host, hosts
from simulator.process import Simulator
from simulator.servers import server_id

ENTRIES = yaml.safe_load((ROOT / "roles" / "fleet_job" / "meta" / "argument_specs.yml").read_text())["argument_specs"]
# name of a template: (playbook of the collection, entry point of the role)
RUNS = {
    "doctor": ("doctor", None),
    **dict.fromkeys(("plan", "upgrade", "resume"), ("hdk_upgrade", "hdk_upgrade")),
    "logs": ("collect_logs", "log_collect"),
    "status": ("job_status", None),
    "failure report": ("job_status", None),
}
# What answers the required questions.
ANSWERS = {"fleet_job_version": VERSION, "fleet_job_spec": '{"obs_path": "obs://bucket/folder"}'}


def survey(questions: list[dict[str, Any]]) -> dict[str, Any]:
    """A survey as playbook awx_setup sends it."""
    return {"name": "", "description": "", "spec": questions}


def template(objects: dict[str, Any], name: str) -> dict[str, Any]:
    """A job template by its name."""
    return next(each for each in objects["job_templates"] if each["name"] == name)


def launch(objects: dict[str, Any], name: str, **answers: Any) -> dict[str, Any]:
    """The extra variables that a template starts its playbook with."""
    questions = template(objects, name)["survey"]
    needed = {key: value for key, value in ANSWERS.items() if key in {each["variable"] for each in questions}}
    return launched_variables(survey(questions), {**needed, **answers})


def run_with(rollout: Rollout, name: str, variables: dict[str, Any], crashed: bool = False, check: bool = False) -> Run:
    """A run of a template's playbook with extra variables as AWX writes and gives them."""
    file = rollout.directory / "extravars"
    file.write_text(variables_file(variables))
    arguments = ("-e", f"@{file}", *(["--check", "--diff"] if check else []))
    return rollout.start(playbook(name), arguments=arguments).finish(crashed=crashed)


def playbook(name: str) -> str:
    """The playbook of the collection that a template's own imports."""
    return f"modelarts.liteserver.{RUNS[name][0]}"


def test_every_template_is_run_by_a_test(objects: dict[str, Any]) -> None:
    assert [each["name"] for each in objects["job_templates"]] == list(RUNS)


@pytest.mark.parametrize("name", RUNS)
def test_awx_takes_the_survey(objects: dict[str, Any], name: str) -> None:
    assert survey_errors(survey(template(objects, name)["survey"])) == []


def test_awx_takes_the_survey_of_the_workflow(objects: dict[str, Any]) -> None:
    """It asks what its nodes ask, so that every answer reaches them."""
    assert survey_errors(survey(objects["workflow"]["survey"])) == []
    asked = {question["variable"] for question in objects["workflow"]["survey"]}
    names = {each["job_template"] for each in objects["workflow"]["nodes"] if "job_template" in each}
    assert names == {"plan", "upgrade", "status", "failure report"}
    for name in names:
        for question in template(objects, name)["survey"]:
            assert question["variable"] in asked or not question["required"]


@pytest.mark.parametrize(
    "change",
    [
        lambda question: question.pop("variable"),
        lambda question: question.update(type="choice"),
        lambda question: question.update(required="yes"),
        lambda question: question.update(default=3),
        lambda question: question.update(default="maybe"),
        lambda question: question.update(choices=[]),
        lambda question: question.update(min="1"),
        lambda question: question.update(hint="no such key"),
    ],
)
def test_the_schema_notices_mistakes(objects: dict[str, Any], change: Any) -> None:
    question = copy.deepcopy(objects["questions"]["preflight"])
    assert survey_errors(survey([question])) == []
    change(question)
    assert survey_errors(survey([question])) != []


def test_two_questions_for_one_variable_are_noticed(objects: dict[str, Any]) -> None:
    assert survey_errors(survey([objects["questions"]["canary"]] * 2)) != []


@pytest.mark.parametrize("kind", [*RUNS, "workflow"])
def test_a_schedule_needs_only_what_has_no_default(objects: dict[str, Any], kind: str) -> None:
    """AWX fills in no default for a required question."""
    questions = objects["workflow"]["survey"] if kind == "workflow" else template(objects, kind)["survey"]
    assert [each["variable"] for each in questions if each["required"] and "default" in each] == []
    needed = {each["variable"]: ANSWERS[each["variable"]] for each in questions if each["required"]}
    assert launched_variables(survey(questions), needed).keys() >= needed.keys()


@pytest.mark.parametrize("name", RUNS)
def test_the_project_imports_the_playbook(objects: dict[str, Any], name: str) -> None:
    plays = yaml.safe_load((EXTENSION / "project" / template(objects, name)["playbook"]).read_text(encoding="utf-8"))
    imports = [each.get("ansible.builtin.import_playbook") for each in plays]
    assert imports == [playbook(name), *([None] if name == "failure report" else [])]
    assert (ROOT / "playbooks" / f"{RUNS[name][0]}.yml").is_file()


@pytest.mark.parametrize("name", RUNS)
def test_each_variable_is_one_of_the_role_or_the_playbook(objects: dict[str, Any], name: str) -> None:
    book, entry = RUNS[name]
    text = (ROOT / "playbooks" / f"{book}.yml").read_text(encoding="utf-8")
    options = ENTRIES[entry]["options"] if entry else {}
    for question in template(objects, name)["survey"]:
        variable = question["variable"]
        option = options.get(variable)
        if option is None:
            # It is used, and not only named in a comment.
            assert re.search(rf"^ [^#]*\b{variable}\b", text, re.MULTILINE), variable
            continue
        if question["type"] == "multiplechoice":
            assert set(choices(question)) <= set(option["choices"]), variable
        assert (question["type"] == "integer") == (option["type"] == "int"), variable


@pytest.mark.parametrize("name", ["plan", "upgrade", "resume", "logs"])
def test_defaults_pass_the_argument_spec(objects: dict[str, Any], name: str) -> None:
    """Without the empty ones, which the role takes for none."""
    options = ENTRIES[RUNS[name][1]]["options"]
    given = {key: value for key, value in launch(objects, name).items() if key in options and value != ""}
    result = ArgumentSpecValidator(options).validate(given)
    assert result.error_messages == []


def test_defaults_as_they_are_upgrade_a_fleet(objects: dict[str, Any], simulator: Simulator, rollout: Rollout) -> None:
    run = run_with(rollout, "upgrade", launch(objects, "upgrade"))
    assert (run.status, run.failed) == (0, [])
    assert [len(each["body"]["server_ids"]) for each in simulator.requests("create_job")] == [1, 3, 8]
    names = {each["body"]["name"] for each in simulator.requests("create_job")}
    assert names == {f"hdk_upgrade_{VERSION}"}


def test_an_upgrade_takes_the_waves_of_the_plan(
    objects: dict[str, Any], simulator: Simulator, rollout: Rollout
) -> None:
    """AWX returns the hosts of a group in another order for each job."""

    def inventory_of_a_job(seed: int) -> None:
        members = {host(n): {"liteserver_id": server_id(n)} for n in range(1, 13)}
        order = order_of_a_run(list(members), seed)
        (rollout.directory / "hosts.yml").write_text(
            json.dumps({"npu": {"hosts": {name: members[name] for name in order}}})
        )

    simulator.reset(servers=12, job_duration=0.3, supernode_share=8 / 12, supernode_size=4)
    inventory_of_a_job(1)
    plan = run_with(rollout, "plan", launch(objects, "plan"), check=True)
    assert simulator.requests("create_job") == []
    planned = list(plan.verdicts())
    inventory_of_a_job(2)
    run_with(rollout, "upgrade", launch(objects, "upgrade"))
    names = {server_id(number): host(number) for number in range(1, 13)}
    waves = [
        sorted(names[each] for each in request["body"]["server_ids"]) for request in simulator.requests("create_job")
    ]
    # The first supernode whole, and then at most three times as many.
    assert waves == [hosts(1, 2, 3, 4), hosts(*range(5, 13))]
    assert [sorted(planned[:4]), sorted(planned[4:])] == waves


def test_every_answer_of_an_upgrade_arrives(objects: dict[str, Any], simulator: Simulator, rollout: Rollout) -> None:
    """What shows in the requests and the record; the others are in the test of wrong ones."""
    answers = {
        "fleet_job_version": "24.1.rc3.9",
        "fleet_job_hosts": ",".join(hosts(1, 2, 3, 4, 5, 6, 7)),
        "fleet_job_canary": 2,
        "fleet_job_growth": 2,
        "fleet_job_largest": 3,
        "fleet_job_max_failures": "2",
        "fleet_job_skipped": "failed",
        # This version is not on offer.
        "fleet_job_preflight": "off",
        "fleet_job_name": "from-awx",
        "fleet_job_description": "change 4711",
        "fleet_job_record": str(rollout.record),
    }
    simulator.server(7, skip=1)
    rollout.expect_warnings()
    run = run_with(rollout, "upgrade", launch(objects, "upgrade", **answers))
    bodies = [each["body"] for each in simulator.requests("create_job")]
    numbers = {server_id(number): number for number in range(1, 13)}
    assert [[numbers[each] for each in body["server_ids"]] for body in bodies] == [[1, 2], [3, 4, 5], [6, 7]]
    # The mark of the collection stands behind the answer.
    assert {(body["name"], body["description"].partition("_lsj1-")[0]) for body in bodies} == {
        ("from-awx", "change 4711")
    }
    assert {item["spec"]["version"] for body in bodies for item in body["items"]} == {"24.1.rc3.9"}
    assert run.failed == [host(7)]
    (record,) = rollout.records()
    assert record["max_failures"] == "2"


@pytest.mark.parametrize("template_of_a_run", ["upgrade", "resume"])
def test_a_verified_upgrade(
    objects: dict[str, Any], simulator: Simulator, rollout: Rollout, template_of_a_run: str
) -> None:
    """The second server's job ends well, and its node still runs the old version on an NPU."""
    folder = rollout.directory / "nodes"
    nodes = {
        n: local_variables(
            folder / str(n),
            upgraded_by(running("24.1.rc3.9", "7.5.0.108.220"), simulator.url, server_id(n), effect),
        )
        for n, effect in ((1, "all"), (2, "seven"))
    }
    rollout.inventory(2, nodes, npu_node_settle=0, npu_node_timeout=30, npu_node_idle_timeout=0)
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    answers = {
        "fleet_job_verify": "health",
        "fleet_job_drain": "docker,holders",
        "fleet_job_retries": 1,
        "fleet_job_soak": 1,
        "fleet_job_window_end": f"'{tomorrow:%Y-%m-%dT%H:%M:%SZ}'",
    }
    run = run_with(rollout, template_of_a_run, launch(objects, template_of_a_run, **answers))
    assert (run.status, run.failed) == (2, [host(2)]), run.output
    assert "runs24.1.rc3.9onNPU3" in run.text


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ({"fleet_job_drain": "docker"}, "fleet_job_drain: needs fleet_job_verify: health"),
        ({"fleet_job_drain": "docker;holders", "fleet_job_verify": "health"}, "fleet_job_drain"),
        ({"fleet_job_window_end": "2020-01-01T06:00+01:00"}, "fleet_job_window_end"),
    ],
)
def test_answers_that_cannot_be_met_are_refused(
    objects: dict[str, Any], simulator: Simulator, rollout: Rollout, answers: dict[str, Any], text: str
) -> None:
    rollout.expect_warnings()
    run = run_with(rollout, "upgrade", launch(objects, "upgrade", **answers))
    assert run.status != 0 and text.replace(" ", "") in run.text, run.output
    assert simulator.counts()["writes"] == 0


@pytest.mark.parametrize("name", ["upgrade", "logs"])
def test_a_wrong_answer_is_refused_by_the_name_of_its_field(
    objects: dict[str, Any], simulator: Simulator, rollout: Rollout, name: str
) -> None:
    """All at once, past AWX's own check: by the API somebody may send what the survey does not allow."""
    book, entry = RUNS[name]
    options = ENTRIES[entry]["options"]
    asked = [each["variable"] for each in template(objects, name)["survey"] if each["variable"] in options]
    wrong = {key: ["not", "this"] for key in asked if options[key]["type"] not in ("str", "path")}
    wrong.update({key: "nonsense" for key in asked if "choices" in options[key]})
    assert len(wrong) >= 2
    rollout.expect_warnings()
    run = run_with(rollout, name, {**launch(objects, name), **wrong})
    assert run.status != 0
    assert [key for key in wrong if key not in run.text] == []
    assert simulator.counts()["writes"] == 0


@pytest.mark.parametrize("field", ["fleet_job_max_failures", "fleet_job_name"])
def test_a_wrong_text_is_refused_by_the_name_of_its_field(
    objects: dict[str, Any], simulator: Simulator, rollout: Rollout, field: str
) -> None:
    rollout.expect_warnings()
    run = run_with(rollout, "upgrade", {**launch(objects, "upgrade"), field: "no good!"})
    assert run.status != 0
    assert field in run.text
    assert simulator.counts()["writes"] == 0


@pytest.mark.parametrize("field", ["fleet_job_canary", "fleet_job_growth", "fleet_job_largest"])
def test_a_wrong_size_of_waves_is_refused(
    objects: dict[str, Any], simulator: Simulator, rollout: Rollout, field: str
) -> None:
    rollout.expect_warnings()
    run = run_with(rollout, "upgrade", {**launch(objects, "upgrade"), field: "many"}, crashed=True)
    assert run.status != 0
    assert field.removeprefix("fleet_job_") in run.text
    assert simulator.counts()["writes"] == 0


def test_logs_are_collected(objects: dict[str, Any], simulator: Simulator, rollout: Rollout) -> None:
    answers = {
        "fleet_job_spec": '{"obs_path": "obs://bucket/folder", "log_type": "device"}',
        "fleet_job_hosts": host(3),
    }
    run = run_with(rollout, "logs", launch(objects, "logs", **answers))
    assert (run.status, run.failed) == (0, [])
    (request,) = simulator.requests("create_job")
    assert request["body"]["server_ids"] == [server_id(3)]
    assert request["body"]["items"][0]["spec"] == {"obs_path": "obs://bucket/folder", "log_type": "device"}


def test_the_answers_of_the_doctor_arrive(objects: dict[str, Any], simulator: Simulator, rollout: Rollout) -> None:
    """And an empty one for the report means none."""
    assert run_with(rollout, "doctor", launch(objects, "doctor")).status == 0
    report = rollout.directory / "doctor.md"
    assert run_with(rollout, "doctor", launch(objects, "doctor", doctor_report=str(report))).status == 0
    assert report.is_file()
    assert simulator.counts()["writes"] == 0


def test_status_with_and_without_answers(objects: dict[str, Any], simulator: Simulator, rollout: Rollout) -> None:
    """Empty answers filter nothing."""
    items = [{"type": "COMMON", "spec": {}}]
    simulator.seed(
        [{"name": f"job-{n}", "items": items, "servers": {server_id(n): "SUCCESS"}, "age": 100 - n} for n in (1, 2, 3)]
    )
    everything = run_with(rollout, "status", launch(objects, "status"))
    assert "3jobs,3servers" in everything.text
    newest = run_with(rollout, "status", launch(objects, "status", job_status_jobs=2))
    assert "2of3jobs,2servers" in newest.text
    one = run_with(rollout, "status", launch(objects, "status", job_status_name="job-2"))
    assert "1job,1server" in one.text


def test_the_report_of_a_failure_lists_the_jobs_and_fails(
    objects: dict[str, Any], simulator: Simulator, rollout: Rollout
) -> None:
    """Otherwise AWX would call the workflow successful."""
    items = [{"type": "COMMON", "spec": {}}]
    simulator.seed([{"name": "job-1", "items": items, "servers": {server_id(1): "SUCCESS"}, "age": 100}])
    file = rollout.directory / "extravars"
    # The workflow gives its own answers to every node, asked for or not.
    file.write_text(variables_file(launch(objects, "upgrade")))
    book = EXTENSION / "project" / template(objects, "failure report")["playbook"]
    run = rollout.start(str(book), arguments=("-e", f"@{file}")).finish()
    assert "1job,1server" in run.text
    assert (run.status, run.failed) == (2, ["localhost"])
    assert "The canary or the fleet has failed" in run.message("The canary or the fleet has failed")
