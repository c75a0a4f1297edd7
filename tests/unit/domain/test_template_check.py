# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wanted job against the live templates."""

from __future__ import annotations

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import ServiceFailed, TemplateRejected
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._operation import Given
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._present import PresentJob
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._template_check import findings
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._wanted import read_wanted


def template(job_type="ASCEND_SOFTWARE_UPGRADE", name="t", **params):
    return {
        "id": name,
        "name": name,
        "type": job_type,
        "params": [{"name": key, "regex": regex} for key, regex in params.items()],
    }


def check(templates, options, **given):
    return findings(templates, read_wanted(dict(options, **given))[0])


def test_a_type_that_the_service_stores_under_another_name_is_known(options):
    assert check([template(version="^[0-9.]+$")], options) == []


def test_an_unknown_type_names_what_is_offered(options):
    (text,) = check([template("COMMON"), template("LOG_COLLECT")], options)
    assert "HDK_UPGRADE" in text and "COMMON, LOG_COLLECT" in text


def test_an_unknown_key_names_the_known_ones(options):
    (text,) = check([template(version="", target="")], options, spec={"versoin": "1"})
    assert text.startswith("spec.versoin:") and "target, version" in text


def test_a_value_that_does_not_match(options):
    (text,) = check([template(version="^[0-9.]{1,5}$")], options, spec={"version": "24.1.rc3"})
    assert "'24.1.rc3'" in text and "^[0-9.]{1,5}$" in text


def test_a_secret_value_is_not_in_the_finding(options):
    (text,) = check([template(key="^[0-9]+$")], options, spec=None, secret_spec={"key": "canary"})
    assert "canary" not in text


def test_one_of_several_flavors_is_enough(options):
    assert check([template(version="^x$"), template(name="u", version="^1$")], options) == []


@pytest.mark.parametrize("regex", [None, "", 5, "(unclosed"])
def test_a_regex_that_cannot_be_used_judges_nothing(options, regex):
    assert check([template(version=regex)], options) == []


@pytest.mark.parametrize("params", [None, [None], [{"name": None}], [{}]])
def test_odd_parameters_do_no_harm(options, params):
    assert len(check([dict(template(), params=params)], options)) == 1


@pytest.fixture
def run(clock, api, options):
    def run(check_mode=False, **given):
        operation = PresentJob(Given(clock, dict(options, **given), check_mode))
        operation.prepare()
        operation.run(api)
        return operation

    return run


@pytest.mark.parametrize("check_mode", [False, True])
def test_strict_creates_nothing(run, api, check_mode):
    api.templates = [template(version="^x$")]
    with pytest.raises(TemplateRejected, match="does not match"):
        run(check_mode, template_check="strict")
    assert api.count("create_job") == 0


@pytest.mark.parametrize("check_mode", [False, True])
def test_warn_warns(run, api, check_mode):
    api.templates = [template(version="^x$")]
    assert any("does not match" in warning for warning in run(check_mode, template_check="warn").warnings)
    assert api.count("create_job") == (0 if check_mode else 1)


def test_off_does_not_ask(run, api):
    run(template_check="off")
    assert api.count("list_templates") == 0


def test_templates_that_cannot_be_read_stop_only_strict(run, api):
    api.script["list_templates"] = [ServiceFailed("down"), ServiceFailed("down")]
    with pytest.raises(ServiceFailed):
        run(template_check="strict")
    assert any("could not be read" in warning for warning in run(template_check="warn").warnings)
    assert api.count("create_job") == 1


def test_nothing_to_submit_asks_for_no_template(run, api):
    api.add({"s1": "SUCCESS", "s2": "SUCCESS"})
    run(template_check="strict")
    assert api.count("list_templates") == 0
