# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are meant to do harm, through the real modules in real processes with little memory."""

from __future__ import annotations

import gzip
import itertools
import json
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from security.answers import JOB_ID, NAMES, SERVER_IDS, answers, job, page, server, true_answer
from security.test_fuzzed_answers import CONTROLS, RUNS, repr_of

# A module that has read nothing takes 400 MiB of addresses; an answer that is let through at its worst, some more.
MEMORY = 1536 * 1024 * 1024
MEGABYTE = 1024 * 1024


@pytest.fixture
def run(modules, hostile):
    """Runs a module with little memory; its result, or the error of its result."""

    def run(module: str, **options: Any) -> dict[str, Any]:
        ended = modules.run(module, {**hostile.credentials(), **options}, memory=MEMORY)
        assert ended.stderr == ""
        assert ended.status == (1 if ended.result.get("failed") else 0)
        if ended.result.get("failed"):
            assert ended.result["error"]["code"] != "internal_error", ended.result["msg"]
            assert len(ended.result["msg"]) < 10000
        return ended.result

    return run


def parts(part, count):
    """A body that is never held whole by the server."""
    return itertools.repeat(part, count)


def bad(result, text):
    """Assert that it failed with a bad answer, in these words."""
    assert result["error"]["code"] == "bad_answer"
    assert text in result["msg"]


@pytest.mark.parametrize(
    "body",
    [
        lambda: parts(b" " * MEGABYTE, 100),
        lambda: parts(b"x" * MEGABYTE, 1000000),
        lambda: itertools.chain([b'{"data": ["'], parts(b"x" * MEGABYTE, 100), [b'"]}']),
    ],
    ids=["100 MB of blanks", "no end", "one text"],
)
@pytest.mark.parametrize(
    "module, operation", [("liteserver_info", "list_servers"), ("liteserver_job_info", "list_jobs")]
)
def test_a_body_of_100_megabytes(run, hostile, module, operation, body):
    hostile.special[operation] = lambda _query: (200, {}, body())
    bad(run(module), "the answer is larger than 64 MiB")


@pytest.mark.parametrize("status", [400, 401, 500])
def test_an_error_of_100_megabytes(run, hostile, status):
    hostile.special["list_servers"] = lambda _query: (status, {}, parts(b"x" * MEGABYTE, 100))
    assert run("liteserver_info")["error"]["http_status"] == status


def test_a_login_of_100_megabytes(run, hostile):
    hostile.special["create_token"] = lambda _query: (201, {"X-Subject-Token": "t"}, parts(b" " * MEGABYTE, 100))
    bad(run("liteserver_info"), "the answer is larger than 64 MiB")


@pytest.mark.parametrize("unit", [b"[],", b'{"":0},', b"1,", b'"",', b"[[[[]]]],"])
def test_small_on_the_way_and_large_in_memory(run, hostile, unit):
    """Fifty megabytes that would be a gigabyte of values."""
    body = b'{"total": 1, "data": [' + unit * (50 * MEGABYTE // len(unit)) + b"0]}"
    hostile.answers("list_servers", body)
    bad(run("liteserver_info"), "too many values")


def test_as_many_values_as_are_let_through(run, hostile):
    """The worst answer that is read at all does not fill the memory either."""
    template = {**true_answer("list_templates")["data"][0], "more": [{"": 0}] * 1200000}
    hostile.answers("list_templates", page(template))
    assert len(run("liteserver_job_template_info")["templates"]) == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_bomb(run, hostile, encoding):
    bomb = gzip.compress(b" " * 200 * MEGABYTE, 1)
    hostile.answers("list_servers", bomb, Content_Encoding=encoding)
    bad(run("liteserver_info"), "the answer is larger than 64 MiB")


@pytest.mark.parametrize("depth", [50, 900, 100000])
@pytest.mark.parametrize("open_, close", [("[", "]"), ('{"a":', "}")])
def test_deep_nesting(run, hostile, depth, open_, close):
    deep = open_ * depth + "0" + close * depth
    hostile.answers("get_service", ('{"id": "s", "model": ' + deep + "}").encode())
    result = run("liteserver_service_info", service_id="s")
    assert result["error"]["code"] == "bad_answer"


@pytest.mark.parametrize("number", [b"NaN", b"-Infinity", b"1e999", b"9" * 5000])
def test_numbers_that_no_other_program_can_read(run, hostile, number):
    hostile.answers("get_service", b'{"id": "s", "model": ' + number + b"}")
    bad(run("liteserver_service_info", service_id="s"), "not JSON")


def test_html_where_json_should_be(run, hostile):
    for operation in NAMES:
        hostile.answers(operation, b"<html>Sign in to the hotel network</html>", Content_Type="text/html")
    for name, (module, options) in RUNS.items():
        result = run(module, **options)
        if name == "doctor":  # it fails by its findings
            lists = [each for each in result["checks"] if each["check"].startswith("list_")]
            assert lists and "ok" not in {each["status"] for each in lists}
        else:
            assert result["error"]["code"] == "bad_answer"


# Ids


@pytest.mark.parametrize(
    "identifier", ["a\x1b[2J", "a\nb", "a\x00", "x" * 5000, "\u202ea", "\ud800", "", 5, None, ["a"], True]
)
@pytest.mark.parametrize(
    "module, operation", [("liteserver_info", "list_servers"), ("liteserver_job_info", "list_jobs")]
)
def test_an_id_that_is_none(run, hostile, module, operation, identifier):
    record = true_answer(operation)["data"][0]
    hostile.answers(operation, page({**record, "id": identifier}))
    bad(run(module), "no 'id'")


def test_ids_with_slashes_stay_one_part_of_the_path(run, hostile):
    """A job that leads elsewhere if its id is put into a path as it is."""
    evil = "../../other-project/dev-servers/x?y=#z"
    hostile.answers("list_jobs", page({**job(evil), "name": "upgrade"}))
    hostile.answers("get_job", job(evil))
    wanted = {"name": "upgrade", "type": "HDK_UPGRADE", "spec": {"version": "1"}, "server_ids": SERVER_IDS[:1]}
    run("liteserver_job", **wanted, request_timeout=1)
    details = [path for method, path in hostile.requests if path.startswith("/jobs/") and "templates" not in path]
    assert set(details) == {"/jobs/..%2F..%2Fother-project%2Fdev-servers%2Fx%3Fy%3D%23z"}


def test_ids_that_are_there_twice(run, hostile):
    """The first record of an id counts, and a job that is listed twice is not two."""
    other = {**server(0), "name": "impostor"}
    hostile.answers("list_servers", page(server(0), other, server(1)))
    shown = run("liteserver_info")
    # The list counts three, and has two: it is not whole.
    assert shown["error"]["code"] == "list_incomplete"
    hostile.answers("list_servers", {**page(server(0), other, server(1)), "total": 2})
    assert [each["name"] for each in run("liteserver_info")["servers"]] == ["liteserver-00000", "liteserver-00001"]
    hostile.answers("list_jobs", {**page(job(JOB_ID), job(JOB_ID)), "total": 1})
    assert len(run("liteserver_job_info")["jobs"]) == 1


# Lists without an end


def growing(hostile, operation, size, more):
    """A list of which each page has new records, and counts more; ``more`` gives the envelope's other fields."""
    count = itertools.count(1)

    def answer(_query):
        records = [{"id": f"id-{next(count)}", "create_at": 1} for _record in range(size)]
        body = {**page(*records), **more(len(hostile.requests))}
        return 200, {}, json.dumps(body).encode()

    hostile.special[operation] = answer


ENDLESS = {
    "a total that grows": lambda n: {"total": n * 100000},
    "pages that grow": lambda n: {"total": None, "pages": n + 5, "current": n},
    "a total out of all reason": lambda n: {"total": 10**15},
    "nothing said": lambda n: {"total": None, "pages": None, "current": None},
}


@pytest.mark.parametrize("more", ENDLESS)
@pytest.mark.parametrize("size", [1, 1000])
def test_pages_without_an_end(run, hostile, more, size):
    growing(hostile, "list_servers", size, ENDLESS[more])
    result = run("liteserver_info", max_retries=0)
    assert result["failed"]
    assert result["error"]["code"] in ("bad_answer", "list_incomplete")
    assert "servers" not in result
    assert hostile.count("list_servers") <= 2001


def test_an_endless_job_list_creates_nothing(run, hostile):
    growing(hostile, "list_jobs", 1000, ENDLESS["a total that grows"])
    result = run("liteserver_job", name="x", type="HDK_UPGRADE", spec={"version": "1"}, server_ids=SERVER_IDS[:1])
    assert result["error"]["code"] in ("bad_answer", "list_incomplete")
    assert (hostile.count("create_job"), result["changed"]) == (0, False)


def test_pages_that_would_fill_the_memory_together(run, hostile):
    """Each page is a good answer."""
    heavy = [0] * 500000
    growing(hostile, "list_servers", 1, lambda n: {"total": 10**6, "heavy": heavy})
    result = run("liteserver_info")
    assert result["failed"]


# Time


def test_an_answer_that_comes_byte_by_byte(run, hostile):
    """No silence is longer than request_timeout, and yet it ends."""
    gone = threading.Event()

    def drip():
        try:
            yield b'{"id": "s", "name": "'
            while not gone.wait(0.2):
                yield b"x"
        finally:
            gone.set()

    hostile.special["get_service"] = lambda _query: (200, {}, drip())
    result = run("liteserver_service_info", service_id="s", request_timeout=1)
    gone.set()
    assert result["error"]["code"] == "no_answer"
    assert "not complete after 10 s" in result["msg"]


def test_a_regex_that_takes_for_ever(run, hostile):
    template = {**true_answer("list_templates")["data"][0]}
    template["params"] = [{"name": "version", "regex": "^(([a-z])+.)+[A-Z]([a-z])+$"}]
    hostile.answers("list_templates", page(template))
    result = run(
        "liteserver_job",
        name="x",
        type="HDK_UPGRADE",
        spec={"version": "a" * 60},
        server_ids=SERVER_IDS[:1],
        template_check="strict",
    )
    assert result["error"]["code"] == "template_rejected"
    assert "cannot be compared within" in result["msg"]
    assert (hostile.count("create_job"), result["changed"]) == (0, False)


# A sample of the fuzzing through real processes.


@settings(max_examples=25, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_sample_in_real_processes(run, hostile, data):
    # A wait would be in real time here.
    name = data.draw(
        st.sampled_from(sorted(name for name, (_module, options) in RUNS.items() if "wait" not in options))
    )
    module, options = RUNS[name]
    hostile.special.clear()
    hostile.requests.clear()
    for operation in data.draw(st.sets(st.sampled_from(NAMES), min_size=1, max_size=2)):
        status, headers, body = data.draw(answers(operation))
        try:
            for value in headers.values():
                value.encode("latin-1")
        except UnicodeEncodeError:
            continue
        headers = {name: value.replace("\n", "").replace("\r", "") for name, value in headers.items()}
        headers = {name: value for name, value in headers.items() if name not in ("Date", "Content-Encoding")}
        hostile.special[operation] = lambda _query, answer=(status, headers, body): answer
    result = run(module, **{**options, "request_timeout": 1})
    assert not CONTROLS.search(repr_of(result))
