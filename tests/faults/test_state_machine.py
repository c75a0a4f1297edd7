# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random sequences of runs, and what has to hold after every step.

A failure prints the steps that lead to it, and the command that replays it. Sizes and seeds:
``FAULTS_SCALE`` (1; ten with ``make soak``), ``FAULTS_SEED`` (1).
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from typing import Any, ClassVar

import pytest
from faults.fake_fleet import FAULTS, KILLS, Fleet, Oddities, Run, play
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import JobUnsettled
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._run import jobs_on

SCALE = int(os.environ.get("FAULTS_SCALE", "1"))
SEED = int(os.environ.get("FAULTS_SEED", "1"))
# Shares, so that several processes can do the work. Together at least 10,000 steps.
SHARES, HISTORIES, STEPS = 4, 48 * SCALE, 52
LEAST_STEPS = 2500 * SCALE
SERVERS = [f"s{number}" for number in range(1, 7)]

meets = st.dictionaries(st.integers(0, 12), st.sampled_from(FAULTS + KILLS), max_size=2)
some_servers = st.lists(st.sampled_from(SERVERS), min_size=1, max_size=6, unique=True)
versions = st.sampled_from(["1rc", "1rc", "2"])
seconds = st.sampled_from([0.0, 0.0, 0.7, 3.0])
# What a service keeps for less than a run and its repeat are apart cannot tell of them.
kept = st.sampled_from([0.0, 0.0, 1000.0])
KINDS = {"bool": st.booleans(), "str": st.sampled_from(["none", "plain", "id", "any"]), "float": seconds}
ODDITIES = {
    field.name: kept if "retention" in field.name or field.name == "null_times_after" else KINDS[str(field.type)]
    for field in dataclasses.fields(Oddities)
}
orders = st.lists(st.integers(0, 1), max_size=40)
checks = st.sampled_from(["warn", "off"])


class Runs(RuleBasedStateMachine):
    """The history of one fleet."""

    steps = doubled = deleted = 0
    switched: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.fleet = Fleet()
        self.wanted, self.version = list(SERVERS[:3]), "1rc"
        self.is_reboot: bool | None = None

    @initialize(is_reboot=st.sampled_from([None, True]))
    def the_task_of_this_fleet(self, is_reboot: bool | None) -> None:
        """The service does not show it of a job, so it is the task's word for all of its runs."""
        self.is_reboot = is_reboot

    # What changes by itself

    @rule(servers=some_servers)
    def the_fleet_grows_or_shrinks(self, servers: list[str]) -> None:
        type(self).steps += 1
        self.wanted = servers

    @rule(version=versions)
    def another_version_is_wanted(self, version: str) -> None:
        type(self).steps += 1
        self.version = version

    @rule(servers=some_servers, fate=st.sampled_from(["FAILED", "SKIPPED", "FAILED"]))
    def the_next_tasks_end_badly(self, servers: list[str], fate: str) -> None:
        type(self).steps += 1
        for server in servers:
            self.fleet.fates.setdefault(server, []).append(fate)

    @rule(
        lag=st.sampled_from([0.0, 0.0, 2.0, 20.0]),
        tasks_delay=st.sampled_from([0.0, 0.0, 4.0]),
        page_size=st.sampled_from([1, 2, 10]),
        duration=st.sampled_from([0.0, 20.0, 90.0]),
    )
    def the_service_behaves_otherwise(self, lag: float, tasks_delay: float, page_size: int, duration: float) -> None:
        type(self).steps += 1
        self.fleet.lag, self.fleet.tasks_delay = lag, tasks_delay
        self.fleet.page_size, self.fleet.duration = page_size, duration

    @rule(odd=st.builds(Oddities, **ODDITIES))
    def the_service_shows_its_jobs_otherwise(self, odd: Oddities) -> None:
        type(self).steps += 1
        type(self).switched |= {name for name, value in dataclasses.asdict(odd).items() if value not in (0, "none")}
        self.fleet.odd = odd

    @rule(seconds=st.sampled_from([1.0, 30.0, 200.0]))
    def time_passes(self, seconds: float) -> None:
        type(self).steps += 1
        self.fleet.now += seconds

    # What is run

    @rule(wait=st.booleans(), check_mode=st.booleans(), template_check=checks, faults=meets)
    def one_run(self, wait: bool, check_mode: bool, template_check: str, faults: dict[int, str]) -> None:
        run = Run(self.fleet, self.options(wait=wait, template_check=template_check), check_mode, faults)
        self.play([run], [])

    @rule(waits=st.booleans(), check=checks, versions=st.tuples(versions, versions), servers=some_servers, order=orders)
    def two_runs_at_once(self, waits: bool, check: str, versions: tuple[str, str], servers: Any, order: Any) -> None:
        first = Run(self.fleet, self.options(wait=waits, spec={"version": versions[0]}, template_check=check))
        second = Run(self.fleet, self.options(wait=waits, spec={"version": versions[1]}, server_ids=servers))
        self.play([first, second], order)

    @rule(faults=st.tuples(meets, meets), servers=some_servers, order=orders)
    def two_runs_at_once_and_faults(self, faults: tuple[Any, Any], servers: Any, order: Any) -> None:
        first = Run(self.fleet, self.options(wait=True), False, faults[0])
        second = Run(self.fleet, self.options(server_ids=servers), False, faults[1])
        self.play([first, second], order)

    @rule()
    def runs_without_faults_converge(self) -> None:
        self.converge()

    def teardown(self) -> None:
        self.converge()

    # How it is checked

    def options(self, **given: Any) -> dict[str, Any]:
        return {
            "server_ids": self.wanted,
            "spec": {"version": self.version},
            "is_reboot": self.is_reboot,
            **given,
        }

    def play(self, runs: list[Run], order: list[int]) -> None:
        type(self).steps += 1
        jobs, doubled = len(self.fleet.jobs), len(self.fleet.doubled)
        play(self.fleet, runs, itertools.chain(order, itertools.cycle([0, 1])))
        assert len(self.fleet.jobs) - jobs == sum(len(run.created) for run in runs)
        for run in runs:
            if not run.killed:
                self.check_result(run)
        for elder, younger in self.fleet.doubled[doubled:]:
            assert len(runs) == 2, f"{elder} and {younger} run at once, and there was one run"
            type(self).doubled += 1
            self.check_told(runs, elder, younger)
        # A run that was killed, or lost its list, leaves a job that the list may not show yet.
        self.fleet.now += self.fleet.lag

    def check_result(self, run: Run) -> None:
        result = run.operation.result()
        assert run.creates <= 1, "sent twice"
        if run.check_mode:
            assert run.requests.count("create") == 0
            assert result["changed"] == (result["action"] == "planned")
        else:
            assert result["changed"] == bool(run.creates), "changed is whether a create reached the service"
        if not run.error and not run.check_mode:
            assert result["action"] == ("none" if not result["job"] else result["action"])
        version = run.operation._options["spec"]["version"]
        for row in result["servers"]:
            if row["verdict"] != "done":
                continue
            job = self.fleet.job(row["job_id"])
            assert job.version == version and job.status_of(row["server_id"], self.fleet.now) in ("SUCCESS", "SKIPPED")
            for job_id in jobs_on(run.operation.known, row["server_id"]):
                assert not self.fleet.job(job_id).runs(row["server_id"], self.fleet.now), "done, and still running"

    def check_told(self, runs: list[Run], elder: str, younger: str) -> None:
        """Two jobs run on one server: somebody says so, or could not, and says that."""
        for run in runs:
            text = "\n".join([*run.operation.warnings, str(run.error or "")])
            if "started twice" in text and (elder in text or younger in text):
                return
        creator = next(run for run in runs if younger in run.created)
        text = "\n".join(creator.operation.warnings)
        could_not = any(
            words in text
            for words in (
                "could not be seen whether another run",
                "the job list does not show",
                "does not list all of its servers: it may run on these too",
            )
        )
        lost = creator.error is not None and creator.error.outcome == "unknown"
        assert creator.killed or could_not or lost, f"nobody tells that {elder} and {younger} run at once"

    def converge(self) -> None:
        self.fleet.fates.clear()
        self.fleet.now += 300
        while True:
            first = self.run_on()
            result = first.operation.result()
            assert {row["verdict"] for row in result["servers"]} == {"done"}
            untold = self.fleet.untold()
            again = self.run_on()
            # What the service no longer tells by the second run, that cannot know.
            if untold == self.fleet.untold():
                break
        assert again.created == []
        result = again.operation.result()
        assert (result["changed"], result["action"]) == (False, "none")

    def run_on(self) -> Run:
        """A run to its end, on the way out that an error names: of some jobs, the service tells too little any more."""
        while True:
            run = Run(self.fleet, self.options(wait=True))
            self.play([run], [])
            if not isinstance(run.error, JobUnsettled):
                assert run.error is None
                return run
            [unsettled] = [job for job in self.fleet.jobs if f"job_id={job.id})" in (run.error.hint or "")]
            assert run.created == [] and self.fleet.now > unsettled.end + 200
            unsettled.deleted = True
            type(self).deleted += 1


@pytest.mark.parametrize("share", range(SHARES))
def test_random_histories(share, record_property):
    class Share(Runs):
        steps = doubled = deleted = 0
        switched: ClassVar[set[str]] = set()

    sizes = settings(
        max_examples=HISTORIES,
        stateful_step_count=STEPS,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(seed(SEED * SHARES + share)(Share), settings=sizes)
    except BaseException as error:
        error.add_note(f'replay it: FAULTS_SEED={SEED} make faults ARGS="-k test_random_histories[{share}]"')
        raise
    record_property("state machine, steps", Share.steps)
    record_property("state machine, records deleted that held up a run", Share.deleted)
    record_property("state machine, pairs of jobs that two runs started at once", Share.doubled)
    assert Share.steps >= LEAST_STEPS, "too few steps"
    assert Share.doubled, "no two runs ever met"
    assert Share.switched == set(ODDITIES), "a switch was never on"
