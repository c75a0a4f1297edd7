# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``state: absent`` on a service in memory."""

from __future__ import annotations

import pytest

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import (
    ApiError,
    InvalidOption,
    JobRunning,
    ListIncomplete,
    LiteServerError,
    OutcomeUnknown,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._operation import Given
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._absent import ATTEMPTS, AbsentJob


@pytest.fixture
def absent(clock, api, options):
    """An operation that has run with these options; errors are raised."""

    def absent(check_mode=False, **given):
        operation = AbsentJob(Given(clock, dict(options, state="absent", **{"name": None, **given}), check_mode))
        absent.last = operation
        operation.prepare()
        operation.run(api)
        return operation.result()

    return absent


def deletes(api):
    return [call[1] for call in api.calls if call[0] == "delete_jobs"]


def test_all_jobs_of_exactly_this_name_are_deleted_in_one_call(absent, api):
    api.add({}, name="upgrade")
    api.add({}, name="upgrade.2")
    api.add({}, name="upgrade")
    result = absent(name="upgrade")
    assert deletes(api) == [("job-1", "job-3")] and list(api.jobs) == ["job-2"]
    assert (result["changed"], result["action"], result["job_ids"]) == (True, "deleted", ["job-1", "job-3"])


def test_nothing_there_is_no_change_and_no_delete(absent, api):
    api.add({}, name="other")
    assert absent(name="upgrade")["changed"] is False
    assert absent(job_id="job-9")["changed"] is False
    assert deletes(api) == []


def test_what_is_deleted_already_is_not_there(absent, api):
    api.add({}, status="DELETED")
    assert absent(name="upgrade")["changed"] is False and absent(job_id="job-1")["changed"] is False
    assert deletes(api) == []


def test_one_running_job_keeps_all_without_force(absent, api):
    api.add({})
    api.add({"s1": "PROCESSING"}, status="PROCESSING")
    with pytest.raises(JobRunning, match="job-2"):
        absent(name="upgrade")
    assert deletes(api) == []
    assert absent(name="upgrade", force=True)["changed"] is True and api.jobs == {}


def test_an_undocumented_status_counts_as_running(absent, api):
    api.add({}, status="COMPLETED")
    with pytest.raises(JobRunning):
        absent(name="upgrade")


def test_check_mode_deletes_nothing(absent, api):
    api.add({})
    result = absent(check_mode=True, name="upgrade")
    assert (result["changed"], result["action"]) == (True, "planned") and deletes(api) == []


def test_an_incomplete_list_deletes_nothing(absent, api):
    api.add({})
    api.complete = False
    with pytest.raises(ListIncomplete):
        absent(name="upgrade")
    assert deletes(api) == []


def test_a_lost_answer_is_looked_after_and_not_repeated_for_what_is_gone(absent, api):
    api.add({})

    def lose(api, job_ids):
        api.jobs.clear()
        raise OutcomeUnknown("reset")

    api.script["delete_jobs"] = [lose]
    assert absent(name="upgrade")["changed"] is True and len(deletes(api)) == 1


def test_a_lost_delete_that_did_not_happen_is_sent_again_for_what_is_left(absent, api):
    api.add({})
    api.add({})

    def lose_half(api, job_ids):
        del api.jobs["job-1"]
        raise OutcomeUnknown("reset")

    api.script["delete_jobs"] = [lose_half]
    assert absent(name="upgrade")["changed"] is True
    assert deletes(api) == [("job-1", "job-2"), ("job-2",)]


def test_what_the_service_keeps_is_an_error_that_names_it(absent, api):
    api.add({})
    api.script["delete_jobs"] = [OutcomeUnknown("reset") for _attempt in range(ATTEMPTS)]
    with pytest.raises(LiteServerError, match="job-1") as raised:
        absent(name="upgrade")
    assert raised.value.code == "not_deleted" and len(deletes(api)) == ATTEMPTS


def test_a_refused_delete_changed_nothing(absent, api):
    api.add({})
    api.script["delete_jobs"] = [ApiError("not allowed", http_status=403)]
    with pytest.raises(ApiError):
        absent(name="upgrade")
    assert absent.last.result()["changed"] is False


@pytest.mark.parametrize(
    "given", [{}, {"name": "a", "job_id": "b"}, {"name": "a b"}, {"job_id": "a/b"}, {"job_id": ".."}]
)
def test_name_or_id_and_nothing_else(absent, api, given):
    with pytest.raises(InvalidOption):
        absent(**given)
    assert api.calls == []
