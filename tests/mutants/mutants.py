# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaks the product on purpose, one place at a time, and runs the tests that should notice.

    python tests/mutants/mutants.py [WORD ...]

Each mutant is a copy of the plugins with one text replaced. A mutant that the tests
do not notice is printed as SURVIVED, and the exit status is 1. WORDs choose mutants
by a part of their name.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOMAIN = "plugins/module_utils/domain/"
TRANSPORT = "plugins/module_utils/transport/"
RULE = ["tests/unit/domain/test_decision_property.py"]
DOMAIN_TESTS = ["tests/unit/domain", "--deselect=" + RULE[0]]
TWO_RUNS = ["tests/unit/domain/test_two_runs.py"]
NODE = "plugins/module_utils/node/"
NODE_TABLE = ["tests/node/test_table.py"]
NODE_GARBLED = ["tests/node/test_garbled.py"]
TRANSPORT_TESTS = ["tests/unit/transport"]
WIRING = "plugins/module_utils/wiring/"
OWN_FILES = ["tests/unit/wiring/test_own_files.py"]
RECORD_FILES = ["tests/unit/wiring/test_run_files.py"]
CLOCK = ["tests/unit/wiring/test_clock.py"]
EVENTS = ["tests/unit/domain/test_event_info.py"]
EMPTY_LISTS = ["tests/unit/transport/test_paging.py"]
WIRING_TESTS = ["tests/unit/wiring/test_connection.py", "tests/unit/wiring/test_documentation.py"]

# (name, file, text, replacement, the tests that should notice)
MUTANTS = [
    # The rule, condition by condition: the property test alone must notice each.
    ("rule: never admits", DOMAIN + "jobs/_decision.py", "if wanted.reuse == REUSE_NEVER:", "if False:", RULE),
    (
        "rule: any name counts for same_name",
        DOMAIN + "jobs/_decision.py",
        "return wanted.reuse != REUSE_SAME_NAME or summary.name == wanted.name",
        "return True",
        RULE,
    ),
    (
        "rule: only the same name counts for any_name",
        DOMAIN + "jobs/_decision.py",
        "return wanted.reuse != REUSE_SAME_NAME or summary.name == wanted.name",
        "return summary.name == wanted.name",
        RULE,
    ),
    ("rule: oldest first", DOMAIN + "jobs/_decision.py", "reverse=True", "reverse=False", RULE),
    ("rule: by id, not by time", DOMAIN + "jobs/_model.py", "return job.created, job.id", "return 0, job.id", RULE),
    (
        "rule: item types ignored",
        DOMAIN + "jobs/_decision.py",
        "job is None or job.item_types != wanted.item_types",
        "job is None",
        RULE,
    ),
    ("rule: items ignored", DOMAIN + "jobs/_decision.py", "if job.items != wanted.items:", "if False:", RULE),
    (
        "rule: a job without tasks is passed over",
        DOMAIN + "jobs/_decision.py",
        "set(job.task_of) if job.tasks else undecided",
        "set(job.task_of)",
        RULE,
    ),
    (
        "rule: a finished job without tasks is passed over",
        DOMAIN + "jobs/_decision.py",
        "if job.tasks else undecided",
        "if job.tasks or job.ended else undecided",
        RULE,
    ),
    (
        "rule: an older task may overrule",
        DOMAIN + "jobs/_decision.py",
        "            open_servers.discard(server_id)\n",
        "",
        RULE,
    ),
    (
        "rule: reads every job",
        DOMAIN + "jobs/_decision.py",
        "if not open_servers and (not submit or summary.status in JOB_ENDED):",
        "if False:",
        RULE,
    ),
    (
        "rule: other items that run do not matter",
        DOMAIN + "jobs/_decision.py",
        "Standing.SUBMIT if task.ended or job.ended else Standing.BUSY",
        "Standing.SUBMIT",
        RULE,
    ),
    (
        "rule: a stuck task of a job that is over is busy",
        DOMAIN + "jobs/_decision.py",
        "Standing.SUBMIT if task.ended or job.ended else Standing.BUSY",
        "Standing.SUBMIT if task.ended else Standing.BUSY",
        RULE,
    ),
    (
        "rule: an ended task of a running job is busy",
        DOMAIN + "jobs/_decision.py",
        "Standing.SUBMIT if task.ended or job.ended else Standing.BUSY",
        "Standing.SUBMIT if job.ended else Standing.BUSY",
        RULE,
    ),
    ("rule: SUCCESS is not done", DOMAIN + "jobs/_decision.py", "task.status == SUCCESS:", "False:", RULE),
    (
        "rule: SKIPPED is always done",
        DOMAIN + "jobs/_decision.py",
        'return "done" if skipped_ok else "failed"',
        'return "done"',
        RULE,
    ),
    (
        "rule: SKIPPED is never done",
        DOMAIN + "jobs/_decision.py",
        'return "done" if skipped_ok else "failed"',
        'return "failed"',
        RULE,
    ),
    ("rule: FAILED is in flight", DOMAIN + "jobs/_decision.py", "task.status == FAILED:", "False:", RULE),
    (
        "rule: what runs is submitted again",
        DOMAIN + "jobs/_decision.py",
        '"running": Standing.RUNNING',
        '"running": Standing.SUBMIT',
        RULE,
    ),
    (
        "rule: order of items matters",
        DOMAIN + "jobs/_model.py",
        "return tuple(sorted(items, key=lambda item: (item.type, item.spec)))",
        "return tuple(items)",
        RULE,
    ),
    (
        "rule: the best of several tasks speaks",
        DOMAIN + "jobs/_model.py",
        "order.get(task.status, 0) < order.get(known.status, 0)",
        "order.get(task.status, 0) > order.get(known.status, 0)",
        RULE,
    ),
    ("rule: ISO times are local", DOMAIN + "_times.py", "time.timestamp() * 1000", "time.timestamp()", RULE),
    ("rule: DELETED is not over", DOMAIN + "jobs/_model.py", '["FINISHED", DELETED]', '["FINISHED"]', RULE),
    # Launching.
    (
        "launch: a lost create is repeated",
        DOMAIN + "jobs/_launch.py",
        "launched = Launched(_lost_job(history, wanted, server_ids, clock, patience, error), found=True)\n    except",
        "launched = Launched(read_job(api.create_job(wanted.body(server_ids))))\n    except",
        DOMAIN_TESTS,
    ),
    ("launch: adoption ignores items", DOMAIN + "jobs/_launch.py", "job.items == wanted.items and ", "", DOMAIN_TESTS),
    (
        "launch: adoption ignores servers",
        DOMAIN + "jobs/_launch.py",
        " and set(job.task_of) == wanted_servers",
        "",
        DOMAIN_TESTS,
    ),
    (
        "launch: adoption ignores what was there before",
        DOMAIN + "jobs/_history.py",
        "summary.id not in self._known_ids and ",
        "",
        DOMAIN_TESTS,
    ),
    ("launch: adoption ignores the name", DOMAIN + "jobs/_launch.py", "job.name == wanted.name and ", "", DOMAIN_TESTS),
    (
        "launch: does not wait for the list",
        DOMAIN + "jobs/_launch.py",
        "if not history.shows(launched.job.id, patience):",
        "if False:",
        DOMAIN_TESTS,
    ),
    # Two runs at once.
    (
        "concurrent: nobody looks for them",
        DOMAIN + "jobs/_launch.py",
        "return replace(launched, concurrent=tuple(concurrent))\n",
        "return launched\n",
        TWO_RUNS,
    ),
    (
        "concurrent: nobody looks before the create",
        DOMAIN + "jobs/_start.py",
        "if not run.check_mode and history.overtaken(servers_at(run, Standing.SUBMIT)):",
        "if False:",
        TWO_RUNS,
    ),
    (
        "concurrent: nobody waits for them",
        DOMAIN + "jobs/_run.py",
        "return [run.serving[server_id], *others]",
        "return [run.serving[server_id]]",
        TWO_RUNS,
    ),
    ("concurrent: other items are no matter", DOMAIN + "jobs/_start.py", "if collided:", "if False:", TWO_RUNS),
    ("rule: an older job that runs is no matter", DOMAIN + "jobs/_decision.py", "open_servers | submit", "set()", RULE),
    (
        "rule: an older job is not even read",
        DOMAIN + "jobs/_decision.py",
        "(not submit or summary.status in JOB_ENDED)",
        "True",
        RULE,
    ),
    (
        "history: a listed job that is not found is a deleted one",
        DOMAIN + "jobs/_history.py",
        " and not (lost and Standing.SUBMIT in standings)",
        "",
        TWO_RUNS,
    ),
    # Waiting and its end.
    (
        "wait: SKIPPED is a success",
        DOMAIN + "jobs/_decision.py",
        'return "done" if skipped_ok else "failed"',
        'return "done"',
        DOMAIN_TESTS,
    ),
    (
        "wait: FINISHED with FAILED is a success",
        DOMAIN + "jobs/_decision.py",
        'return "failed"\n    # An',
        'return "done" if job.ended else "failed"\n    # An',
        DOMAIN_TESTS,
    ),
    (
        "wait: an undocumented status ends it",
        DOMAIN + "jobs/_model.py",
        "return self.status in TASK_ENDED",
        "return self.status != PROCESSING",
        DOMAIN_TESTS,
    ),
    (
        "wait: unknown is done",
        DOMAIN + "jobs/_decision.py",
        'return "unknown" if job.ended else "running"',
        'return "done" if job.ended else "running"',
        DOMAIN_TESTS,
    ),
    (
        "wait: a time-out is no failure",
        DOMAIN + "jobs/_present.py",
        "if self.known.timed_out:",
        "if False:",
        DOMAIN_TESTS,
    ),
    ("wait: gone at the first 404", DOMAIN + "_waiting.py", "GONE_AFTER = 3", "GONE_AFTER = 1", DOMAIN_TESTS),
    (
        "wait: a look that fails ends it",
        DOMAIN + "_waiting.py",
        "if not error.retryable:\n                raise",
        "raise",
        DOMAIN_TESTS,
    ),
    (
        "list: an incomplete one is good enough",
        DOMAIN + "jobs/_history.py",
        "if not listing.complete and Standing.SUBMIT in standings:",
        "if False:",
        DOMAIN_TESTS,
    ),
    # The record of a run, and what an event may do.
    (
        "record: a folder of anybody's",
        WIRING + "_own_files.py",
        "_check_owner(folder, status, (os.geteuid(), _ROOT))",
        "pass",
        OWN_FILES,
    ),
    (
        "record: a file of anybody's",
        WIRING + "_own_files.py",
        '_check_owner("it", status, (os.geteuid(),))',
        "pass",
        OWN_FILES,
    ),
    ("record: a folder for everybody", WIRING + "_own_files.py", "_check_writers(folder, status)", "pass", OWN_FILES),
    ("record: a file for everybody", WIRING + "_own_files.py", '_check_writers("it", status)', "pass", OWN_FILES),
    ("record: any group", WIRING + "_own_files.py", "and not _only_this_user(status.st_gid)", "and False", OWN_FILES),
    ("record: what lies above", WIRING + "_own_files.py", "if not above or parent", "if True or parent", OWN_FILES),
    (
        "record: any shape",
        WIRING + "_run_files.py",
        "checked_record(self._read(path), path)",
        "self._read(path)",
        RECORD_FILES,
    ),
    (
        "record: one that is gone",
        WIRING + "_run_files.py",
        '                    not listed["seen"]',
        '                    True or not listed["seen"]',
        RECORD_FILES,
    ),
    ("record: a batch that did not end", WIRING + "_run_files.py", "if record.unsettled:", "if False:", RECORD_FILES),
    (
        "page: not escaped",
        DOMAIN + "rollout/_run_record.py",
        "as_markdown_cell(str(value))",
        "as_line(str(value))",
        ["tests/security/test_bounds_and_empty_lists.py", "tests/unit/domain/test_run_record.py"],
    ),
    (
        "record: values of any kind",
        DOMAIN + "rollout/_run_record.py",
        "if not _is(value[key], kind):",
        "if False:",
        ["tests/security/test_bounds_and_empty_lists.py"],
    ),
    (
        "limit: in the main thread only",
        "plugins/module_utils/_clock.py",
        "limit = _timer(seconds, what)",
        "limit = contextlib.nullcontext()",
        CLOCK,
    ),
    (
        "list: null is no list",
        TRANSPORT + "_paging.py",
        "if envelope.get(key) is None and",
        "if False and",
        EMPTY_LISTS,
    ),
    (
        "list: anything without data is empty",
        TRANSPORT + "_paging.py",
        " and set(envelope) <= known:",
        ":",
        EMPTY_LISTS,
    ),
    (
        "list: events of a full page are all",
        TRANSPORT + "_paging.py",
        "if (events or further) and total == EVENTS_LIMIT or further and total == len(events):",
        "if False:",
        EMPTY_LISTS,
    ),
    (
        "list: a list that was cut is whole",
        TRANSPORT + "_paging.py",
        "cut = len(self._found) == self._widest and not self._followed",
        "cut = False",
        EMPTY_LISTS,
    ),
    (
        "list: events on pages wider than documented",
        TRANSPORT + "_paging.py",
        "listing = _Reader(fetch, widest).read()\n    for",
        "listing = _Reader(fetch, WIDE_LIMIT).read()\n    for",
        EMPTY_LISTS,
    ),
    ("list: nothing is empty", TRANSPORT + "_paging.py", "and envelope and", "and", EMPTY_LISTS),
    (
        "events: the machine below does not count",
        DOMAIN + "servers/_event_info.py",
        '("id", "hps_ecs_id")',
        '("id",)',
        EVENTS,
    ),
    (
        "events: the underlying id is not looked at",
        DOMAIN + "servers/_event_info.py",
        'event.get("instanceId"), event.get("underLyingInstanceId")',
        'event.get("instanceId")',
        EVENTS,
    ),
    (
        "events: one that is left out is not named",
        DOMAIN + "servers/_event_info.py",
        "        if others:\n",
        "        if False:\n",
        EVENTS,
    ),
    (
        "events: a server that is gone has none",
        DOMAIN + "servers/_event_info.py",
        "for each in ids_of(server_id, server):",
        "for each in ids_of(server_id, server) if server else []:",
        EVENTS,
    ),
    # Transport.
    (
        "http: create is repeated on 5xx",
        TRANSPORT + "_retry.py",
        "Kind.CREATE: (Move.REPEAT, Move.REPEAT, Move.LOOK,",
        "Kind.CREATE: (Move.REPEAT, Move.REPEAT, Move.REPEAT,",
        TRANSPORT_TESTS,
    ),
    (
        "http: create is repeated after a reset",
        TRANSPORT + "_retry.py",
        "Kind.CREATE: (Move.REPEAT, Move.REPEAT, Move.LOOK, Move.LOOK,",
        "Kind.CREATE: (Move.REPEAT, Move.REPEAT, Move.LOOK, Move.REPEAT,",
        TRANSPORT_TESTS,
    ),
    (
        "http: the signature is reused on retry",
        TRANSPORT + "_client.py",
        "        if content is not None:\n            request.body",
        '        request = call.__dict__.setdefault("kept", request)\n'
        "        if content is not None:\n            request.body",
        TRANSPORT_TESTS,
    ),
    (
        "http: verify only on the session",
        TRANSPORT + "_client.py",
        "                response = adapter.send(\n"
        "                    request,\n"
        "                    stream=True,\n"
        "                    timeout=self._timeout,\n"
        "                    verify=self._verify,\n"
        "                    proxies=self._proxies(str(request.url)),\n"
        "                )\n",
        "                self._session.verify = self._verify\n"
        "                found = self._session.merge_environment_settings(request.url, {}, True, None, None)\n"
        "                response = adapter.send(\n"
        "                    request, timeout=self._timeout, **dict(found, proxies=self._proxies(str(request.url)))\n"
        "                )\n",
        TRANSPORT_TESTS,
    ),
    (
        "secrets: secret_spec is logged",
        "plugins/modules/liteserver_job.py",
        '"secret_spec": {"type": "dict", "no_log": True}',
        '"secret_spec": {"type": "dict"}',
        WIRING_TESTS,
    ),
    ("http: verify is left to the defaults", TRANSPORT + "_client.py", "verify=self._verify,", "", TRANSPORT_TESTS),
    (
        "http: plain http through a proxy",
        TRANSPORT + "_client.py",
        "return {}  # plain",
        "pass  # plain",
        TRANSPORT_TESTS,
    ),
    ("http: begun counts as not sent", TRANSPORT + "_client.py", "sent = body.begun", "sent = False", TRANSPORT_TESTS),
    ("http: not begun counts as sent", TRANSPORT + "_client.py", "sent = body.begun", "sent = True", TRANSPORT_TESTS),
    (
        "http: unpacking has no bound",
        TRANSPORT + "_client.py",
        "(answer, MAX_ANSWER_BYTES + 1)",
        "(answer)",
        TRANSPORT_TESTS,
    ),
    (
        "paging: a list that moved is not noticed",
        TRANSPORT + "_paging.py",
        'if begins and (not data or any(record["id"] != begun for record, begun in zip(data, begins, strict=False))):',
        "if False:",
        TRANSPORT_TESTS,
    ),
    ("http: token not renewed", TRANSPORT + "_client.py", "call.auth.renew()", "False", TRANSPORT_TESTS),
    ("http: a 401 is repeated", TRANSPORT + "_client.py", "and not renewed and", "and", TRANSPORT_TESTS),
    (
        "paging: a failed page is the last one",
        TRANSPORT + "_paging.py",
        '            got = self._page({"offset": offset, "limit": size}, [self._last_id])\n',
        "            try:\n"
        '                got = self._page({"offset": offset, "limit": size}, [self._last_id])\n'
        "            except ApiError:\n                return\n",
        TRANSPORT_TESTS,
    ),
    (
        "paging: a changed total is complete",
        TRANSPORT + "_paging.py",
        "(silent or not self._missing()) and not self._changed",
        "(silent or not self._missing())",
        TRANSPORT_TESTS,
    ),
    ("signing: no final slash", TRANSPORT + "_signing.py", 'else encoded + "/"', "else encoded", TRANSPORT_TESTS),
    # Security.
    (
        "security: an answer has no limit of weight",
        TRANSPORT + "_client.py",
        "if _weight(answer) > MAX_ANSWER_WEIGHT:",
        "if False:",
        ["tests/security/test_hostile_answers.py"],
    ),
    (
        "security: control characters stay",
        "plugins/module_utils/wiring/_task.py",
        "result = showable(result, conceal)",
        "pass",
        ["tests/security/test_terminal.py"],
    ),
    (
        "security: a crash is a traceback",
        "plugins/module_utils/wiring/_task.py",
        "    except Exception as error:",
        "    except ZeroDivisionError as error:",
        ["tests/security/test_secrets_everywhere.py"],
    ),
    (
        "strings: every number is a count",
        DOMAIN + "rollout/_strings.py",
        "name not in COUNTS or ",
        "",
        ["tests/unit/domain/test_strings.py"],
    ),
    (
        "strings: quotes stay",
        DOMAIN + "rollout/_strings.py",
        "values[name] = quoted[2]",
        "pass",
        ["tests/unit/domain/test_strings.py"],
    ),
    (
        "strings: quotes inside go too",
        DOMAIN + "rollout/_strings.py",
        "(?:(?!\\1).)*",
        ".*",
        ["tests/unit/domain/test_strings.py"],
    ),
    (
        "progress: a worker may write beside the line",
        "plugins/plugin_utils/_visible_wait.py",
        "if in_worker else contextlib.nullcontext()",
        "if False else contextlib.nullcontext()",
        ["tests/unit/wiring/test_progress_pipe.py"],
    ),
    (
        "progress: the main process writes nothing",
        "plugins/plugin_utils/_visible_wait.py",
        "if in_worker else contextlib.nullcontext()",
        "if True else contextlib.nullcontext()",
        ["tests/unit/wiring/test_progress_pipe.py"],
    ),
    # What runs on the node.
    (
        "node: a health that no pattern knows is OK",
        NODE + "_layouts.py",
        "            return UNKNOWN\n        return word",
        '            return "OK"\n        return word',
        NODE_TABLE,
    ),
    (
        "node: the better health of two holds",
        NODE + "_report.py",
        'max(chip["health"], values["health"], key=HEALTHS.index)',
        'min(chip["health"], values["health"], key=HEALTHS.index)',
        NODE_TABLE,
    ),
    (
        "node: a version is compared in part",
        NODE + "_verdict.py",
        "one.strip().lower() == other.strip().lower()",
        "one.strip().lower().startswith(other.strip().lower())",
        NODE_TABLE,
    ),
    (
        "node: the case of a version counts",
        NODE + "_verdict.py",
        "one.strip().lower() == other.strip().lower()",
        "one.strip() == other.strip()",
        NODE_TABLE,
    ),
    (
        "node: idle where nothing could be seen",
        NODE + "_report.py",
        "holders if holders or (seen and quiet) else None",
        "holders",
        NODE_TABLE,
    ),
    (
        "node: an NPU of which nothing is said is idle",
        NODE + "_report.py",
        'return [] if chip["npu_id"] in info.idle and not others else None',
        "return []",
        NODE_GARBLED,
    ),
    (
        "node: an unknown line is passed over",
        NODE + "_layouts.py",
        "                self._end_chip()\n                self.unknown.append(line)",
        "                self._end_chip()",
        NODE_TABLE,
    ),
    (
        "node: a cut output is whole",
        NODE + "_layouts.py",
        'if not text.endswith("\\n"):\n            self',
        "if False:\n            self",
        NODE_GARBLED,
    ),
    (
        "node: a second answer is passed over",
        NODE + "_outputs.py",
        "    if len(values) == 1:\n        return values[0]",
        "    if values:\n        return values[0]",
        NODE_GARBLED,
    ),
    (
        "node: an NPU that is missing in the table is well",
        NODE + "_report.py",
        'row["health"] if row else UNKNOWN',
        'row["health"] if row else "OK"',
        NODE_GARBLED,
    ),
    (
        "node: a reset is not waited for",
        NODE + "_machine.py",
        'if answer.problem == "reset" and self._clock() < end:',
        "if False:",
        NODE_TABLE,
    ),
    (
        "node: a tool that hangs is run again",
        NODE + "_machine.py",
        "self._given_up[tool] = answer",
        "pass",
        NODE_TABLE,
    ),
    (
        "node: an idle container counts for nothing",
        NODE + "_holders.py",
        "if not (mapped or runtime or asked):",
        "if True:",
        NODE_TABLE,
    ),
    (
        "node: mapped devices are not looked for",
        NODE + "_holders.py",
        'if b"/dev/" in line:',
        "if False:",
        NODE_TABLE,
    ),
    (
        "node: a container is the host",
        NODE + "_holders.py",
        'return os.readlink(node.path("/proc/1/ns/pid")) != HOST',
        "return False",
        NODE_TABLE,
    ),
    (
        "node: chips that are gone are not missed",
        NODE + "_verdict.py",
        'if chip["bus_id"] is not None and chip["bus_id"] not in now:',
        "if False:",
        NODE_TABLE,
    ),
    (
        "node: the firmware's package is not compared",
        NODE + "_verdict.py",
        'elif not same_version(firmware["package_version"], driver["package_version"]):',
        "elif False:",
        NODE_TABLE,
    ),
    (
        "node: unknown texts do not count",
        NODE + "_verdict.py",
        'found.extend((NOT_KNOWN, text) for text in node["unknown"])',
        "pass",
        NODE_TABLE,
    ),
    (
        "node: the mildest reason is the verdict",
        NODE + "_verdict.py",
        "reasons.sort(key=lambda reason: reason[0])",
        "reasons.sort(key=lambda reason: -reason[0])",
        NODE_TABLE,
    ),
]


def main(words):
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant[0] for word in words)]
    survived = [mutant[0] for mutant in chosen if not _is_noticed(*mutant)]
    print(f"{len(chosen)} mutants, {len(chosen) - len(survived)} noticed, {len(survived)} survived")
    return 1 if survived or not chosen else 0


def _is_noticed(name, file, text, replacement, tests):
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        collection = pathlib.Path(folder, "ansible_collections", "modelarts", "liteserver")
        for part in ("plugins", "tests", "meta", "galaxy.yml"):
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, collection / part, ignore=shutil.ignore_patterns("__pycache__", "output"))
            else:
                shutil.copy(source, collection / part)
        target = collection / file
        source = target.read_text()
        if source.count(text) != 1:
            raise SystemExit(f"{name}: the text to replace is there {source.count(text)} times in {file}")
        target.write_text(source.replace(text, replacement))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--import-mode=importlib"]
        command += [
            "-c",
            "/dev/null",
            "--rootdir",
            str(collection),
            "-o",
            f"pythonpath={folder} {collection}/tests",
            *tests,
        ]
        # Where a test starts Ansible, that takes the mutant too.
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": folder}
        run = subprocess.run(command, cwd=collection, env=environment, capture_output=True, text=True, check=False)
        # 1 is "tests failed"; anything else (nothing collected, a broken import) noticed nothing.
        noticed = run.returncode == 1
        print(f"{'noticed' if noticed else 'SURVIVED'}  {name}", flush=True)
        if run.returncode not in (0, 1):
            print(run.stdout[-2000:], run.stderr[-2000:])
        return noticed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
