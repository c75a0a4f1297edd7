# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated names, strings and shapes through what becomes of a server: its record, its variables, its name, the cache,
and the files of a run.

Pure functions, so that there can be thousands; with LITESERVER_FUZZ=50, fifty times as many. Real programs over hostile
fleets are in test_hostile_inventory.py.
"""

from __future__ import annotations

import base64
import json
import os
import pathlib
import re
import stat
import tempfile
from typing import Any
from urllib.parse import quote, quote_plus

from ansible.module_utils.common.parameters import remove_values
from hypothesis import given, settings
from hypothesis import strategies as st
from security.answers import JOB_ID, ODD_VALUES, SERVER_IDS, server, spoiled
from security.hostile_fleet import ADDRESSES, NAMES, WAYS

from ansible_collections.modelarts.liteserver.plugins.module_utils._errors import ServersFailed
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._masking import masked
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain._untrusted import as_shown
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._follow import require_success
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._model import read_job
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._result import job_record
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.jobs._run import Run, follow, rows_of
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.rollout._outcomes import jobs_of, outcomes_of
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._inventory import (
    host_names,
    host_variables,
)
from ansible_collections.modelarts.liteserver.plugins.module_utils.domain.servers._model import in_order, server_record
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._run_files import RunFiles
from ansible_collections.modelarts.liteserver.plugins.module_utils.wiring._secrets import forms_of
from ansible_collections.modelarts.liteserver.plugins.plugin_utils._step import PAGES
from ansible_collections.modelarts.liteserver.tests.unit.wiring.test_secrets import WRITERS

EXAMPLES = settings(max_examples=50 * int(os.environ.get("LITESERVER_FUZZ", "1")))
CANARY = 'canary-01 "quoted\\ and/more+ü'
ENCODED = {CANARY, json.dumps(CANARY), quote(CANARY), quote_plus(CANARY), repr(CANARY)}
ENCODED.add(base64.b64encode(CANARY.encode()).decode())
SECRET_NAMES = [
    "password",
    "user_data",
    "userPwd",
    "passwd_b64",
    "api_key",
    "apiKey",
    "AccessKeyId",
    "token_id",
    "ssh-key",
]
SECRET_NAMES += [
    "root_password",
    "DB_PASSWORD",
    "clientSecret",
    "secretAccessKey",
    "kubeconfig",
    "x-auth-token",
    "admin_pass",
]

texts = st.one_of(
    st.sampled_from([*NAMES, *(way % "lookup('pipe','id')" for way in WAYS), *ADDRESSES]), st.text(max_size=20)
)
shapes = st.one_of(texts, ODD_VALUES, st.dictionaries(texts, texts, max_size=2))


@st.composite
def records(draw: Any) -> list[dict[str, Any]]:
    """A fleet, with ids that the transport lets through."""
    ids = st.text(st.characters(exclude_categories=["C", "Zl", "Zp", "Zs"]), min_size=1, max_size=20) | st.sampled_from(
        [name for name in NAMES if name and name.isprintable() and len(name) <= 256]
    )
    fleet = []
    for server_id in draw(st.lists(ids, unique=True, max_size=8)):
        record = draw(spoiled(server(0)))
        record = record if isinstance(record, dict) else {}
        keys = st.sampled_from(["name", "status", "flavor", "server_hps", "image", "endpoints", "tags"])
        record.update(draw(st.dictionaries(keys | texts, shapes, max_size=4)))
        record["id"] = server_id
        record["endpoints"] = draw(st.lists(st.fixed_dictionaries({"uri": shapes}), max_size=2) | shapes)
        fleet.append(record)
    return fleet


def strings_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in strings_in(each)]
    if isinstance(value, (list, tuple)):
        return [text for each in value for text in strings_in(each)]
    return [value] if isinstance(value, str) else []


@EXAMPLES
@given(records())
def test_any_fleet_is_as_many_hosts(fleet: list[dict[str, Any]]) -> None:
    servers = in_order(server_record(as_shown(record)) for record in fleet)
    wished = {each["id"]: each["name"] for each in servers}
    addresses, taken = {each["id"]: each["private_ips"] for each in servers}, {"all": None, "web": None}
    names = host_names(wished, addresses, taken).names
    # They do not depend on the order of the service.
    assert names == host_names(dict(reversed(wished.items())), addresses, taken).names
    assert len({name.casefold() for name in names.values()}) == len(fleet)
    for each in servers:
        name = names[each["id"]]
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}", name) or name in each["private_ips"]
        assert name.lower() not in ("localhost", "all", "ungrouped", "web", "127.0.0.1", "::1")
        variables = host_variables(each)
        for text in strings_in(variables):
            assert not re.search(
                r"\{[{%#]|#jinja2:|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", text, re.IGNORECASE
            )
        for address in each["private_ips"]:
            assert re.fullmatch(r"[0-9a-f.:]+", address)


secret_places = st.one_of(
    st.sampled_from(SECRET_NAMES).map(lambda name: {name: CANARY}),
    st.sampled_from(SECRET_NAMES).map(lambda name: {name: [{"x": CANARY}]}),
    st.sampled_from(SECRET_NAMES).map(lambda name: {"key": name, "value": CANARY}),
    st.sampled_from(SECRET_NAMES).map(lambda name: {"name": name, "values": [CANARY]}),
    st.sampled_from(SECRET_NAMES).map(lambda name: json.dumps({name: CANARY})),
    st.sampled_from(SECRET_NAMES).map(lambda name: f"{name}={quote(CANARY)}"),
    st.just(f"https://user:{quote(CANARY, safe='')}@example.com/"),
    st.just(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}"),
    # The same as keys.
    st.sampled_from(SECRET_NAMES).map(lambda name: {f"{name}={quote(CANARY)}": 1}),
    st.just({f"https://user:{quote(CANARY, safe='')}@example.com/": []}),
)


@EXAMPLES
@given(
    st.recursive(secret_places | shapes, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=6)
)
def test_no_secret_of_a_record_is_kept(value: Any) -> None:
    record = server_record({"id": "a", "extra": value})
    kept = json.dumps(record["raw"]) + json.dumps(record["raw"], ensure_ascii=False)
    for written in ENCODED:
        assert written not in kept
        assert json.dumps(written)[1:-1] not in kept
    assert masked(record["raw"]) == record["raw"]


WRITTEN = sorted({write(CANARY) for write in WRITERS.values()})
# Where names, messages and values are cut, a few characters behind the place at which the secret begins.
cut_texts = st.builds(
    lambda length, parts: "n" * length + " ".join(parts),
    st.sampled_from([0, 115, 187, 3985, 16370]),
    st.lists(st.sampled_from(WRITTEN) | texts, max_size=3),
)
told_tasks = st.fixed_dictionaries(
    {"status": st.sampled_from(["SUCCESS", "FAILED", "SKIPPED", "PROCESSING"]) | cut_texts},
    optional={"server_name": cut_texts, "message": cut_texts, "id": cut_texts},
)


@EXAMPLES
@given(st.lists(told_tasks, min_size=1, max_size=len(SERVER_IDS)), cut_texts, st.dictionaries(cut_texts, cut_texts))
def test_no_secret_is_in_the_files_of_a_run(told: list[dict[str, Any]], name: str, more: dict[str, str]) -> None:
    """From what the service tells of a job to the record and its page; and no file but these is written."""
    hidden = forms_of(CANARY)

    def conceal(text: str) -> str:
        return str(remove_values(text, hidden))

    ids, hosts = SERVER_IDS[: len(told)], [f"h{number}" for number, _task in enumerate(told)]
    tasks = [{**task, "server_id": server_id} for server_id, task in zip(ids, told, strict=True)]
    job = read_job({**more, "id": JOB_ID, "name": name, "status": "FINISHED", "create_at": 1, "tasks": tasks})
    run = Run(server_ids=tuple(ids), title=name, conceal=conceal)
    follow(run, job, ids)
    result: dict[str, Any] = {"servers": rows_of(run), "job": job_record(job.raw), "job_ids": [JOB_ID]}
    try:
        require_success(run, "any", "again")
    except ServersFailed as error:
        result.update(failed=True, msg=str(error), error=error.as_result())
    result = as_shown(result, conceal)
    group: Any = {"number": 1, "name": "upgrade", "hosts": hosts, "server_ids": ids, "options": {}}
    outcomes, jobs = outcomes_of([group], [result], [], []), jobs_of([group], [result])
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        (place / "ansible").mkdir(mode=0o700)
        files = RunFiles(str(place / "ansible"), PAGES)
        path, record = files.begin("run", "hdk_upgrade", hosts, None, "off", str(place / "records"))
        record.open_batch(hosts, 2)
        record.started(jobs, outcomes, 3)
        files.write(path, record)
        record.settled(outcomes, 4)
        files.write(path, record)
        assert files.load(path).data == json.loads(json.dumps(record.data))
        written = [each for each in place.rglob("*") if each.is_file()]
        assert sorted(each.relative_to(place).parts[0] + each.suffix for each in written) == [
            "ansible.json",
            "records.html",
            "records.json",
            "records.md",
        ]
        for each in written:
            assert stat.S_IMODE(each.stat().st_mode) == 0o600
            kept = each.read_text(encoding="utf-8")
            for form in WRITTEN:
                assert form[:9] not in kept, "a part of a secret"
