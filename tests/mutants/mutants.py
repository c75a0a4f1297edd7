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
DECISION, MODEL, HISTORY, MARK = (DOMAIN + f"jobs/_{name}.py" for name in ("decision", "model", "history", "mark"))
RULE = ["tests/unit/domain/test_decision_property.py"]
MARK_TESTS = ["tests/unit/domain/test_mark.py"]
LOCK_TESTS = ["tests/unit/wiring/test_controller_lock.py"]
DOMAIN_TESTS = ["tests/unit/domain", "--deselect=" + RULE[0]]
TWO_RUNS = ["tests/unit/domain/test_two_runs.py"]
NODE = "plugins/module_utils/node/"
NODE_TABLE = ["tests/node/test_table.py"]
NODE_GARBLED = ["tests/node/test_garbled.py"]
NODE_MEMORY = ["tests/node/test_memory.py"]
NODE_ROLE = ["tests/node/test_role.py"]
NODE_FLEET = ["tests/node/test_fleet.py"]
NODE_VERSIONS = ["tests/node/test_versions.py", "-k", "problem or supernode"]
TRANSPORT_TESTS = ["tests/unit/transport"]
HOSTILE = "tests/security/test_hostile_inventory.py"
WIRING = "plugins/module_utils/wiring/"
OWN_FILES = ["tests/unit/wiring/test_own_files.py"]
RECORD_FILES = ["tests/unit/wiring/test_run_files.py"]
CLOCK = ["tests/unit/wiring/test_clock.py"]
EVENTS = ["tests/unit/domain/test_event_info.py"]
EMPTY_LISTS = ["tests/unit/transport/test_paging.py"]
WIRING_TESTS = ["tests/unit/wiring/test_connection.py", "tests/unit/wiring/test_documentation.py"]

# (name, file, text, replacement, the tests that should notice)
GENERATED = ["tests/security/test_generated_texts.py"]
RESULTS = ["tests/unit/domain/test_results.py"]
BATCH_TESTS = ["tests/unit/domain/test_batch.py"]
DOCTOR = DOMAIN + "doctor/"
DOCTOR_TESTS = ["tests/unit/domain/test_doctor.py"]
SUPERNODE_TESTS = ["tests/unit/domain/test_supernodes.py"]
TURN_TESTS = ["tests/unit/wiring/test_turn.py"]
MUTANTS = [
    # The rule, condition by condition: the property test alone must notice each.
    ("rule: never admits", DECISION, "if wanted.reuse == REUSE_NEVER:", "if False:", RULE),
    (
        "rule: any name counts for same_name",
        DECISION,
        "wanted.reuse != REUSE_SAME_NAME or job.name == wanted.name",
        "True",
        RULE,
    ),
    (
        "rule: only the same name counts for any_name",
        DECISION,
        "wanted.reuse != REUSE_SAME_NAME or job.name == wanted.name",
        "job.name == wanted.name",
        RULE,
    ),
    ("rule: oldest first", DECISION, "reverse=True", "reverse=False", RULE),
    ("rule: by id, not by time", MODEL, "return job.created or 0, job.id", "return 0, job.id", RULE),
    (
        "rule: item types ignored",
        DECISION,
        "if job is None or not may_share_types(wanted, job):",
        "if job is None:",
        RULE,
    ),
    (
        "rule: the types of a mark ignored",
        DECISION,
        "return job.mark.types is None or not wanted.type_digests.isdisjoint(job.mark.types)",
        "return True",
        RULE,
    ),
    ("rule: a mark is not read", MODEL, 'mark=read_mark(raw.get("description")),', "mark=None,", RULE),
    ("rule: any mark will do", DECISION, "return job.mark.items == wanted.digest", "return True", RULE),
    (
        "rule: neither items nor a mark is other items",
        DECISION,
        "        return None\n    return all(",
        "        return False\n    return all(",
        RULE,
    ),
    (
        "rule: one wanted item is enough",
        DECISION,
        "    return all(\n        any(_is_item",
        "    return any(\n        any(_is_item",
        RULE,
    ),
    (
        "rule: case of a version matters",
        MARK,
        'return value.lower() if key == "version" else value',
        "return value",
        RULE,
    ),
    (
        "rule: further keys do not matter",
        DECISION,
        "return not further or further.items() <= defaults().items()",
        "return True",
        RULE,
    ),
    (
        "rule: a default is another item",
        DECISION,
        "return not further or further.items() <= defaults().items()",
        "return not further",
        RULE,
    ),
    (
        "rule: what is masked is another item",
        DECISION,
        'return len(value) >= 3 and not value.strip("*")',
        "return False",
        RULE,
    ),
    (
        "rule: other items that run do not matter",
        DECISION,
        "            return Standing.BUSY, seen\n",
        "            continue\n",
        RULE,
    ),
    ("rule: what runs does not matter", DECISION, "    if running:\n", "    if False:\n", RULE),
    (
        "rule: other items supersede nothing",
        DECISION,
        "            return Standing.SUBMIT, sightings[0]\n",
        "            continue\n",
        RULE,
    ),
    (
        "rule: reuse does not matter",
        DECISION,
        "if seen.state is State.DONE and seen.admitted:",
        "if seen.state is State.DONE:",
        RULE,
    ),
    (
        "rule: an earlier success makes up for a failure",
        DECISION,
        "if place == 0 and seen.state is State.FAILED:",
        "if False:",
        RULE,
    ),
    (
        "rule: a failure in between counts",
        DECISION,
        "if place == 0 and seen.state is State.FAILED:",
        "if seen.state is State.FAILED:",
        RULE,
    ),
    (
        "rule: what ended without a known end is started again",
        DECISION,
        "            return Standing.RUNNING, seen  # it may",
        "            return Standing.SUBMIT, seen  # it may",
        RULE,
    ),
    (
        "rule: unsettled is nothing",
        DECISION,
        "        if seen.state is State.UNSETTLED:\n",
        "        if False:\n",
        RULE,
    ),
    ("rule: a job without tasks is on no server", MODEL, "return bool(self.tasks) and (", "return (", RULE),
    (
        "rule: fewer tasks than the mark counts are all",
        MODEL,
        "(self.mark is None or len(self.task_of) >= self.mark.servers)",
        "True",
        RULE,
    ),
    (
        "rule: the case of ids matters",
        MODEL,
        "self.task_of.get(server_id.lower())",
        "self.task_of.get(server_id.upper())",
        RULE,
    ),
    (
        "rule: no patience with what has ended",
        DECISION,
        "State.UNSETTLED if patient else State.STUCK",
        "State.STUCK",
        RULE,
    ),
    ("rule: patience has no end", DECISION, "State.UNSETTLED if patient else State.STUCK", "State.UNSETTLED", RULE),
    ("rule: a job without a time counts", DECISION, "    elif job.created is None:", "    elif False:", RULE),
    ("rule: what was deleted holds up", DECISION, 'elif verdict == "unknown" and deleted:', "elif False:", RULE),
    (
        "rule: a restarted failure is final",
        DECISION,
        'job.ended or not job.raw.get("is_reboot", is_reboot)',
        "True",
        RULE,
    ),
    ("rule: reads every job", DECISION, "(not undecided and _is_history(summary))", "False", RULE),
    (
        "rule: an older job is not even read",
        DECISION,
        "(not undecided and _is_history(summary))",
        "not undecided",
        RULE,
    ),
    (
        "rule: an older job that has ended counts",
        DECISION,
        "undecided if _is_history(job) else wanted.server_ids",
        "wanted.server_ids",
        RULE,
    ),
    ("rule: SUCCESS is not done", DECISION, "task.status == SUCCESS:", "False:", RULE),
    ("rule: SKIPPED is always done", DECISION, 'return "done" if skipped_ok else "failed"', 'return "done"', RULE),
    ("rule: SKIPPED is never done", DECISION, 'return "done" if skipped_ok else "failed"', 'return "failed"', RULE),
    (
        "rule: the best of several tasks speaks",
        MODEL,
        "order.get(task.status, 0) < order.get(known.status, 0)",
        "order.get(task.status, 0) > order.get(known.status, 0)",
        RULE,
    ),
    (
        "rule: ISO times are seconds",
        DOMAIN + "_times.py",
        "datetime.timedelta(milliseconds=1)",
        "datetime.timedelta(seconds=1)",
        RULE,
    ),
    ("rule: DELETED is not over", MODEL, '["FINISHED", DELETED]', '["FINISHED"]', RULE),
    # The mark.
    (
        "mark: what follows it does not matter",
        MARK,
        "_MARK.fullmatch(description)",
        "_MARK.match(description)",
        MARK_TESTS,
    ),
    ("mark: it may be too long", MARK, "if len(text) <= LONGEST_DESCRIPTION else None", "", MARK_TESTS),
    ("mark: secret values are in it", MARK, "None if key in hidden else comparable", "comparable", MARK_TESTS),
    ("mark: types in any order", MARK, "list(types) != sorted(types)", "False", MARK_TESTS),
    # Launching.
    (
        "launch: a lost create is repeated",
        DOMAIN + "jobs/_launch.py",
        "launched = Launched(_lost_job(history, wanted, server_ids, nonce, clock, patience, error), found=True)\n"
        "    except",
        "launched = Launched(read_job(api.create_job(wanted.body(server_ids, nonce))))\n    except",
        DOMAIN_TESTS,
    ),
    (
        "launch: any nonce will do",
        HISTORY,
        "if job.mark is not None and job.mark.nonce == nonce:",
        "if True:",
        DOMAIN_TESTS,
    ),
    (
        "launch: does not wait for the list",
        DOMAIN + "jobs/_launch.py",
        "if listing is None:",
        "if False:",
        DOMAIN_TESTS,
    ),
    # Two runs at once.
    (
        "concurrent: nobody looks for them",
        DOMAIN + "jobs/_launch.py",
        "        return replace(launched, concurrent=tuple(concurrent), unseen=error)\n"
        "    return replace(launched, concurrent=tuple(concurrent))\n",
        "        return replace(launched, concurrent=tuple(concurrent), unseen=error)\n    return launched\n",
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
    (
        "history: a listed job that is not found is a deleted one",
        HISTORY,
        "None if summary.status == DELETED else unread_job(summary)",
        "None",
        TWO_RUNS,
    ),
    (
        "lock: not taken",
        "plugins/module_utils/wiring/_controller_lock.py",
        "fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "pass",
        LOCK_TESTS,
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
        DECISION,
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
        DOMAIN + "jobs/_polls.py",
        "if not error.retryable:\n                self._broken",
        "if True:\n                self._broken",
        DOMAIN_TESTS,
    ),
    (
        "list: an incomplete one is good enough",
        DOMAIN + "jobs/_history.py",
        "if listing.complete or self._wanted.reuse",
        "if True or self._wanted.reuse",
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
        "page: not escaped",
        DOMAIN + "rollout/_report.py",
        "as_markdown_cell(str(value))",
        "as_line(str(value))",
        ["tests/security/test_bounds_and_empty_lists.py", "tests/unit/domain/test_run_record.py"],
    ),
    (
        "record: values of any kind",
        DOMAIN + "rollout/_record_check.py",
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
        "limit: what comes late is taken back",
        "plugins/module_utils/_clock.py",
        "for _step in range(STEPS):\n                pass",
        "import ctypes\n\n            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), None)",
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
        TRANSPORT + "_exchange.py",
        "        if content is not None:\n            request.body",
        '        request = call.__dict__.setdefault("kept", request)\n'
        "        if content is not None:\n            request.body",
        TRANSPORT_TESTS,
    ),
    (
        "http: verify only on the session",
        TRANSPORT + "_exchange.py",
        "                response = adapter.send(\n"
        "                    request,\n"
        "                    stream=True,\n"
        "                    timeout=self._timeout,\n"
        "                    verify=self._verify,\n"
        "                    proxies=self._proxies(str(request.url)),\n"
        "                )\n",
        "                session = requests.Session()\n"
        "                session.verify = self._verify\n"
        "                found = session.merge_environment_settings(request.url, {}, True, None, None)\n"
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
    ("http: verify is left to the defaults", TRANSPORT + "_exchange.py", "verify=self._verify,", "", TRANSPORT_TESTS),
    (
        "http: plain http through a proxy",
        TRANSPORT + "_exchange.py",
        "return {}  # plain",
        "pass  # plain",
        TRANSPORT_TESTS,
    ),
    (
        "http: begun counts as not sent",
        TRANSPORT + "_exchange.py",
        "sent = body.begun",
        "sent = False",
        TRANSPORT_TESTS,
    ),
    ("http: not begun counts as sent", TRANSPORT + "_exchange.py", "sent = body.begun", "sent = True", TRANSPORT_TESTS),
    (
        "http: unpacking has no bound",
        TRANSPORT + "_answers.py",
        "(body, MAX_ANSWER_BYTES + 1)",
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
    (
        "http: a write goes over a kept connection",
        TRANSPORT + "_exchange.py",
        "if kind in (Kind.READ, Kind.POLL):",
        "if True:",
        [TRANSPORT_TESTS[0] + "/test_session.py"],
    ),
    (
        "http: networks of NO_PROXY are not read",
        TRANSPORT + "_exchange.py",
        "return {} if _in_no_proxy(url) else",
        "return",
        [TRANSPORT_TESTS[0] + "/test_session.py"],
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
        TRANSPORT + "_answers.py",
        "if weight(answer) > MAX_ANSWER_WEIGHT:",
        "if False:",
        ["tests/security/test_hostile_answers.py"],
    ),
    *[
        (
            f"secrets: a form is missing: {form.strip()}",
            "plugins/module_utils/wiring/_secrets.py",
            form,
            replacement,
            ["tests/unit/wiring/test_secrets.py"],
        )
        for form, replacement in (
            ("    _percent,\n", ""),
            ('    lambda text: quote_plus(text, errors="surrogatepass"),\n', ""),
            ("    html.escape,\n", ""),
            ("    lambda text: repr(text)[1:-1],\n", ""),
            ("    as_line,\n", ""),
            ('    lambda text: _json(text).replace("/", "\\\\/"),\n', ""),
            ("for form in once for way in _WAYS", "for form in once for way in [str]"),
            (" | _in_base64(secret", " or _in_base64(secret"),
            ("if len(form) >= SHORTEST}", "}"),
        )
    ],
    (
        "secrets: a slash ends the password of an address",
        "plugins/module_utils/wiring/_connection_options.py",
        "|//)?(.*)@",
        "|//)?([^/]*)@",
        WIRING_TESTS,
    ),
    (
        "secrets: wrong options are shown with the secrets in them",
        "plugins/module_utils/wiring/_task.py",
        "        self.hide_secrets()\n        super().fail_json",
        "        super().fail_json",
        ["tests/security/test_secrets_everywhere.py", "-k", "test_addresses_with_secrets"],
    ),
    (
        "abandoned: a wait does not notice who listens",
        "plugins/module_utils/wiring/_listened_clock.py",
        "_GONE = select.POLLERR | select.POLLHUP",
        "_GONE = 0",
        ["tests/unit/wiring/test_listened_clock.py"],
    ),
    (
        "abandoned: no sign of life",
        "plugins/module_utils/wiring/_listened_clock.py",
        'os.write(self._output, b"\\n")',
        "pass",
        ["tests/unit/wiring/test_listened_clock.py"],
    ),
    (
        "security: control characters stay",
        "plugins/module_utils/wiring/_task.py",
        "return as_shown(result, given.conceal), warnings, error",
        "return result, warnings, error",
        ["tests/security/test_terminal.py"],
    ),
    (
        "security: a crash is a traceback",
        "plugins/module_utils/wiring/_task.py",
        "    except Exception as failure:",
        "    except ZeroDivisionError as failure:",
        ["tests/security/test_secrets_everywhere.py"],
    ),
    (
        "record: one that is gone",
        WIRING + "_run_files.py",
        "if not os.path.lexists(path):\n            raise",
        "if False:\n            raise",
        RECORD_FILES,
    ),
    (
        "record: a batch that did not end",
        DOMAIN + "rollout/_gates.py",
        " and record.unsettled:",
        " and False:",
        ["tests/unit/domain/test_gates.py"],
    ),
    # Strings of the service.
    (
        "untrusted: strings of the service are trusted",
        "plugins/plugin_utils/_inventory_hosts.py",
        "    return as_value(value) if _TRUST_IS_MARKED else unsafe_proxy.wrap_var(as_value(value))\n",
        "    if not _TRUST_IS_MARKED or not isinstance(value, dict):\n        return value\n"
        "    trust = template.trust_as_template\n"
        "    return {key: trust(each) if isinstance(each, str) else each for key, each in value.items()}\n",
        [HOSTILE + "::test_no_string_is_executed_by_what_plays_do_with_it"],
    ),
    (
        "untrusted: a header makes no template",
        DOMAIN + "_untrusted.py",
        "|(#)(?=jinja2:)",
        "",
        ["tests/unit/domain/test_untrusted.py"],
    ),
    (
        "untrusted: no name is reserved",
        DOMAIN + "_untrusted.py",
        "None if _RESERVED.fullmatch(text) or _NUMBERS",
        "None if _NUMBERS",
        ["tests/unit/domain/test_untrusted.py"],
    ),
    (
        "untrusted: any address is one",
        DOMAIN + "servers/_model.py",
        "(as_address(uri) for uri in told_addresses(raw))",
        "iter(told_addresses(raw))",
        [HOSTILE + "::test_only_an_ip_address_is_one"],
    ),
    (
        "untrusted: a template may make any address",
        "plugins/inventory/liteserver.py",
        "address = as_remote(str(told)) if told else None",
        "address = str(told)",
        [HOSTILE + "::test_only_an_ip_address_is_one"],
    ),
    (
        "untrusted: hosts that are there already are no matter",
        "plugins/inventory/liteserver.py",
        'taken = taken_names(self.inventory, self.get_option("project_id"))',
        "taken = {}",
        [HOSTILE + "::test_a_host_and_a_group_of_another_inventory"],
    ),
    (
        "untrusted: everybody may read the cache",
        "plugins/plugin_utils/_inventory_cache.py",
        "os.chmod(self._file, stat.S_IRUSR | stat.S_IWUSR)",
        "pass",
        [HOSTILE + "::test_the_cache_is_its_owners_and_holds_nothing_secret"],
    ),
    (
        "untrusted: everybody may write the cache",
        "plugins/plugin_utils/_inventory_cache.py",
        "if self._file and not self._is_ours(self._file):",
        "if False:",
        [HOSTILE + "::test_a_cache_that_others_may_have_written"],
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
        NODE + "_health.py",
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
        NODE + "_holders.py",
        "holders if holders or (seen and quiet) else None",
        "holders",
        NODE_TABLE,
    ),
    (
        "node: an NPU of which nothing is said is idle",
        NODE + "_holders.py",
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
        NODE + "_chips.py",
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
    # A maintenance of a node.
    (
        "maintenance: what an earlier drain has stopped is forgotten",
        NODE + "_memory.py",
        "merged = list(earlier or [])",
        "merged = []",
        NODE_MEMORY,
    ),
    (
        "maintenance: a second snapshot takes the place of the first",
        NODE + "_memory.py",
        'if memory["before"] is not None and not again:',
        "if False:",
        NODE_MEMORY,
    ),
    (
        "maintenance: verify alone opens the way back",
        NODE + "_memory.py",
        'if passed["level"] != "health":',
        "if False:",
        NODE_MEMORY,
    ),
    (
        "maintenance: a pass of an earlier boot opens the way back",
        NODE + "_memory.py",
        'if boot_id is None or passed["boot_id"] != boot_id:',
        "if False:",
        NODE_MEMORY,
    ),
    (
        "maintenance: a failure leaves an earlier pass",
        NODE + "_memory.py",
        "return dict(memory, passed=None)\n    known",
        "return memory\n    known",
        NODE_MEMORY,
    ),
    (
        "maintenance: an old copy of the controller is believed",
        NODE + "_memory.py",
        "    if on_node is not None:\n        return on_node\n",
        "    if on_controller is None:\n        return on_node\n",
        NODE_MEMORY,
    ),
    (
        "maintenance: a container is stopped and then remembered",
        NODE + "_maintenance.py",
        'self._keep(_memory.with_drained(self._opened(), "containers", found))',
        "pass",
        [*NODE_ROLE, "-k", "test_a_maintenance"],
    ),
    (
        "maintenance: the container engine is a service like another",
        NODE + "_memory.py",
        "return plain in ENGINES or ",
        "return ",
        [*NODE_ROLE, "-k", "services_that_are_never_stopped"],
    ),
    (
        "maintenance: a container with --rm is stopped",
        NODE + "_maintenance.py",
        'if each["HostConfig"].get("AutoRemove"):',
        "if False:",
        [*NODE_ROLE, "-k", "would_be_gone"],
    ),
    (
        "maintenance: who holds an NPU is not known, and so nobody does",
        "plugins/action/npu_node_step.py",
        'result["holders"] == [] or',
        'not result["holders"] or',
        [*NODE_ROLE, "-k", "unknown_holders"],
    ),
    (
        "verify: a node without a word passes",
        DOMAIN + "rollout/_node_outcomes.py",
        "    if word is None:\n",
        '    if word is None:\n        word = {"verdict": "ok"}\n    if False:\n',
        NODE_MEMORY,
    ),
    (
        "verify: whoever is done passes before its node is asked",
        DOMAIN + "rollout/_node_outcomes.py",
        'if outcome["ok"] and outcome["verdict"] == "done":',
        "if False:",
        NODE_MEMORY,
    ),
    (
        "verify: a word of an earlier play counts",
        "plugins/plugin_utils/_host_fates.py",
        'return note if isinstance(note, Mapping) and note.get("mark") == mark else None',
        "return note if isinstance(note, Mapping) else None",
        NODE_MEMORY,
    ),
    (
        "verify: a drain without a way back is taken",
        "plugins/plugin_utils/_host_variables.py",
        'if values.get("drain") and values["verify"] != "health":',
        "if False:",
        [*NODE_FLEET, "-k", "does_not_fit"],
    ),
    (
        "versions: a node that says nothing is left out",
        NODE + "_fleet.py",
        'return dict(row, verdict="unknown", reasons=[said])',
        'return dict(row, verdict="unknown", reasons=[])',
        NODE_VERSIONS,
    ),
    (
        "versions: a mixed supernode is none",
        NODE + "_fleet.py",
        "if supernode != ALONE and len(versions) > 1:",
        "if False:",
        NODE_VERSIONS,
    ),
    # The gates of a rollout.
    (
        "gate: our own job clears the error of a collision",
        DOMAIN + "rollout/_outcomes.py",
        "            if not collided:\n",
        "            if True:\n",
        ["tests/unit/domain/test_outcomes.py"],
    ),
    (
        "gate: done in our own job where another ran",
        DOMAIN + "rollout/_outcomes.py",
        'if collided and row["verdict"] == "done" else row',
        "if False else row",
        ["tests/unit/domain/test_outcomes.py"],
    ),
    (
        "gate: whom Ansible takes out of the play for others' failures has failed",
        "plugins/plugin_utils/_open_run.py",
        " - (fates.taken & done)",
        "",
        ["tests/rollout/test_settling.py", "-k", "one_failure_ends"],
    ),
    (
        "gate: a hook that did not run has passed",
        DOMAIN + "rollout/_run_record.py",
        'if not self.data["batches"] or self.batch["phase"] != "after":',
        "if True:",
        ["tests/rollout/test_settling.py", "-k", "left_out"],
    ),
    (
        "gate: a start without a preflight",
        DOMAIN + "rollout/_gates.py",
        'if record.data["preflight"] == PENDING:',
        "if False:",
        ["tests/unit/domain/test_gates.py"],
    ),
    (
        "gate: a start without an approval",
        DOMAIN + "rollout/_gates.py",
        'elif record.batch["approval"] == PENDING:',
        "elif False:",
        ["tests/unit/domain/test_gates.py"],
    ),
    (
        "gate: a batch that starts twice",
        DOMAIN + "rollout/_gates.py",
        'or record.batch["phase"] != "preparing"',
        "or False",
        ["tests/unit/domain/test_gates.py"],
    ),
    (
        "gate: a stopped run opens",
        DOMAIN + "rollout/_gates.py",
        'return None if record.data["stopped"] is None else refusal(record)',
        "return None",
        ["tests/unit/domain/test_gates.py"],
    ),
    (
        "gate: anything approves",
        DOMAIN + "rollout/_gates.py",
        'answer.lower() == "yes"',
        "bool(answer)",
        ["tests/unit/domain/test_gates.py"],
    ),
    (
        "gate: running is failed",
        DOMAIN + "rollout/_run_record.py",
        'is False and row["verdict"] != "running"',
        "is False",
        ["tests/unit/domain/test_gates.py"],
    ),
    (
        "gate: the last reason holds",
        DOMAIN + "rollout/_run_record.py",
        '        if self.data["stopped"] is None:\n',
        "        if True:\n",
        ["tests/unit/domain/test_gates.py"],
    ),
    (
        "gate: ignored errors open it",
        "roles/fleet_job/tasks/hdk_upgrade.yml",
        "batch.yml\n  ignore_errors: false",
        "batch.yml\n  ignore_errors: true",
        ["tests/rollout/test_gates.py", "-k", "hook-ignore_errors_on_the_play"],
    ),
    (
        "gate: a run by the hosts of a batch",
        "plugins/plugin_utils/_role_place.py",
        "parts.append(node._uuid if loaded else",
        "parts.append(node._uuid if False else",
        ["tests/rollout/test_gates.py", "-k", "budget-twice_in_a_play"],
    ),
    (
        "gate: a rescued host is taken",
        "plugins/plugin_utils/_host_fates.py",
        "if any(_may_be(task, name, action) for task in tasks):",
        "if False:",
        ["tests/rollout/test_gates.py", "-k", "earlier_task_failed"],
    ),
    (
        "gate: a rescue of any play counts",
        "plugins/plugin_utils/_host_fates.py",
        "if any(_may_be(task, name, action) for task in tasks):",
        "if True:",
        ["tests/rollout/test_gates.py", "-k", "earlier_play_counts"],
    ),
    (
        "gate: a host without the hook's note is taken",
        "plugins/plugin_utils/_open_run.py",
        "elif hook and not fates.passed_hook(host, self.name, number):",
        "elif False:",
        ["tests/unit/wiring/test_open_run.py"],
    ),
    (
        "gate: who is ended has failed",
        "plugins/plugin_utils/_host_fates.py",
        "self.ended = removed & over",
        "self.ended = set() & over",
        ["tests/rollout/test_gates.py", "-k", "end_host_in_a_hook"],
    ),
    (
        "gate: run_once may stand above",
        "plugins/plugin_utils/_role_place.py",
        '("run_once", "delegate_to")',
        '("delegate_to",)',
        ["tests/rollout/test_gates.py", "-k", "preflight-run_once"],
    ),
    (
        "gate: an unreachable delegate leaves the play",
        "plugins/plugin_utils/_batch_run.py",
        "except AnsibleConnectionFailure as error:",
        "except ZeroDivisionError as error:",
        ["tests/rollout/test_gates.py", "-k", "preflight-with_an_unreachable_delegate"],
    ),
    (
        "secrets: keys stay as they are",
        DOMAIN + "_untrusted.py",
        "key if key in FIELDS else as_shown(key, conceal): as_shown(item, conceal)",
        "key: as_shown(item, conceal)",
        ["tests/unit/domain/test_untrusted.py"],
    ),
    (
        "secrets: fields are concealed",
        DOMAIN + "_untrusted.py",
        "key if key in FIELDS else as_shown(key, conceal): as_shown(item, conceal)",
        "as_shown(key, conceal): as_shown(item, conceal)",
        ["tests/unit/domain/test_untrusted.py"],
    ),
    (
        "secrets: keys with the form of one",
        DOMAIN + "_masking.py",
        "(_masked_text(key, secret_keys) if isinstance(key, str) else key): MASK",
        "key: MASK",
        GENERATED,
    ),
    (
        "secrets: a part of a form is replaced before the whole",
        WIRING + "_secrets.py",
        "sorted(super().__iter__(), key=len, reverse=True)",
        "sorted(super().__iter__(), key=len)",
        ["tests/unit/wiring/test_secrets.py"],
    ),
    (
        "secrets: names of servers are cut first",
        DOMAIN + "_result.py",
        'row["server_name"] and conceal(row["server_name"])',
        'row["server_name"]',
        RESULTS,
    ),
    (
        "secrets: messages are cut first",
        DOMAIN + "_result.py",
        'row["message"] and conceal(row["message"])',
        'row["message"]',
        RESULTS,
    ),
    (
        "secrets: texts of an error are cut first",
        TRANSPORT + "_answers.py",
        "text = conceal(text)  # before it is cut",
        "pass  # before it is cut",
        ["tests/security/test_secrets_everywhere.py", "-k", "repeats_every_secret"],
    ),
    (
        "secrets: an event tells them",
        WIRING + "_event_source.py",
        "return dict(as_event(as_shown(event, self._clean)))",
        "return dict(as_event(event))",
        ["tests/security/test_events.py", "-k", "concealed"],
    ),
    (
        "secrets: the inventory takes them over",
        "plugins/inventory/liteserver.py",
        "servers = as_shown(servers, self._output.concealing(servers))",
        "servers = as_shown(servers)",
        ["tests/inventory/test_secrets.py", "-k", "records"],
    ),
    (
        "hint: a wait with reuse=never promises to go on",
        DOMAIN + "jobs/_present.py",
        "resume = GO_ON_WAITING if self._may_repeat else None",
        "resume = GO_ON_WAITING",
        ["tests/playbooks/test_own_jobs.py", "-k", "never"],
    ),
    (
        "preflight: events do not matter",
        DOMAIN + "rollout/_preflight.py",
        "return problems + _with_events(requests, events or [])",
        "return problems",
        ["tests/unit/domain/test_preflight.py"],
    ),
    (
        "preflight: an event of an unknown state is none",
        DOMAIN + "rollout/_preflight.py",
        " or state.lower() not in STATES:",
        ":",
        ["tests/unit/domain/test_preflight.py"],
    ),
    (
        "preflight: whoever may not list events cannot run",
        DOMAIN + "rollout/_survey.py",
        'except LiteServerError as error:\n            self.warnings.append(f"preflight: the scheduled',
        'except ZeroDivisionError as error:\n            self.warnings.append(f"preflight: the scheduled',
        ["tests/unit/domain/test_survey.py"],
    ),
    # Many jobs by one process, and supernodes.
    (
        "batch: a job of any size",
        DOMAIN + "jobs/_batch.py",
        "if len(part) + len(chunk) <= most)",
        "if True)",
        BATCH_TESTS,
    ),
    (
        "batch: a job that runs is remembered",
        DOMAIN + "jobs/_remembering.py",
        "return job.ended and bool(job.tasks) and all(",
        "return bool(job.tasks) or all(",
        BATCH_TESTS,
    ),
    *(
        (f"batch: the list is as good as new {name}", DOMAIN + "jobs/_remembering.py", text, replacement, BATCH_TESTS)
        for name, text, replacement in (
            ("for ever", "< AS_GOOD_AS_NEW:", "< 9999:"),
            ("and a new job without its tasks", "self._created.get(job.id) == frozenset(job.task_of)", "True"),
            ("and a new job without a time", " and job.created is not None", ""),
            ("for a poll", "if self._listed and not polling and not filters:", "if self._listed and not filters:"),
            ("where it is not whole", "if listing.complete and not filters:", "if not filters:"),
            ("after a detail", "self._listed = None\n        return self._keep", "return self._keep"),
            ("after a create", "self._listed = None\n        raw = self._api.create", "raw = self._api.create"),
        )
    ),
    (
        "batch: a job where no hook ran",
        DOMAIN + "jobs/_batch.py",
        "for each in servers_at(part.run, Standing.SUBMIT) if each not in unprepared]",
        "for each in servers_at(part.run, Standing.SUBMIT)]",
        BATCH_TESTS,
    ),
    (
        "polls: the list is never stale",
        DOMAIN + "jobs/_polls.py",
        "if self._rounds % ROUNDS_PER_REREAD == 0:",
        "if False:",
        BATCH_TESTS,
    ),
    (
        "polls: what the list does not show is as it was",
        DOMAIN + "jobs/_polls.py",
        "elif now is None or now != self._shown.get(job_id):",
        "elif now != self._shown.get(job_id):",
        BATCH_TESTS,
    ),
    (
        "polls: a job that has ended is read no more",
        DOMAIN + "jobs/_polls.py",
        "if isinstance(answer, Job) and not answer.ended else None",
        "if isinstance(answer, Job) else None",
        BATCH_TESTS,
    ),
    (
        "supernodes: batches may cut them",
        DOMAIN + "rollout/_supernodes.py",
        "elif supernode.is_cut(done):",
        "elif False:",
        SUPERNODE_TESTS,
    ),
    (
        "supernodes: a server that runs is done",
        DOMAIN + "rollout/_survey.py",
        "if judgement.standing is Standing.DONE}",
        "if judgement.standing in (Standing.DONE, Standing.RUNNING)}",
        SUPERNODE_TESTS,
    ),
    (
        "supernodes: two versions in one",
        DOMAIN + "rollout/_supernodes.py",
        "        if supernode.is_mixed:\n",
        "        if False:\n",
        SUPERNODE_TESTS,
    ),
    # The doctor: it cannot write, and what it has not seen is not good.
    ("doctor: a write goes through", TRANSPORT + "_watch.py", "if call.kind not in READS:", "if False:", DOCTOR_TESTS),
    (
        "doctor: as many requests as it likes",
        TRANSPORT + "_watch.py",
        "if self.left <= 0 or ",
        "if ",
        DOCTOR_TESTS,
    ),
    (
        "doctor: the budget is that of a list only",
        TRANSPORT + "_watch.py",
        "(self._answers_left is not None and self._answers_left <= 0)",
        "False",
        DOCTOR_TESTS,
    ),
    ("doctor: unknown is ok", DOCTOR + "_finding.py", 'Outcome("unknown", ', 'Outcome("ok", ', DOCTOR_TESTS),
    (
        "doctor: a list that was not read is ok",
        DOCTOR + "_list_checks.py",
        'return unknown("the list could not be read", todo=FIRST)',
        'return Outcome("ok", unknown("").found)',
        DOCTOR_TESTS,
    ),
    (
        "doctor: a list that was read in part is ok",
        DOCTOR + "_server_checks.py",
        'if outcome.status == "ok" and (facts.servers.value is None or not facts.servers.value.complete):',
        "if False:",
        ["tests/playbooks/fleet/test_doctor.py", "-k", "not_whole"],
    ),
    (
        "doctor: a check that crashes is passed over",
        DOCTOR + "_checks.py",
        "        outcome = unknown(",
        "        return None\n        outcome = unknown(",
        DOCTOR_TESTS,
    ),
    (
        "doctor: whatever the service says is a word",
        DOCTOR + "_finding.py",
        '    return Private("word", text)',
        "    return Word(text)",
        DOCTOR_TESTS,
    ),
    (
        "doctor: digests that anybody can make",
        DOCTOR + "_report.py",
        "hmac.new(self._key, text, hashlib.sha256)",
        "hashlib.sha256(text)",
        DOCTOR_TESTS,
    ),
    (
        "doctor: a key that is refused is tried again",
        DOCTOR + "_reader.py",
        "return not self._accepted or self._refusals > 1",
        "return False",
        ["tests/security/test_doctor.py", "-k", "wrong_key"],
    ),
    (
        "doctor: a running task of an ended job is fine",
        DOCTOR + "_job_checks.py",
        "if any(task.status == PROCESSING for task in job.tasks)",
        "if False",
        ["tests/playbooks/fleet/test_doctor_matrix.py", "-k", "finished_early"],
    ),
    # When a batch may start, and what a run shows of secrets.
    (
        "turn: the window is not judged",
        DOMAIN + "rollout/_gates.py",
        "if now + (wait + seconds) * 1000 > end:",
        "if False:",
        TURN_TESTS,
    ),
    (
        "turn: what is not known takes no time",
        DOMAIN + "rollout/_schedule.py",
        "        return wait_timeout, ",
        "        return 0, ",
        TURN_TESTS,
    ),
    (
        "turn: done before is quick",
        DOMAIN + "rollout/_schedule.py",
        'for row in rows if row["submitted"] and ',
        "for row in rows if ",
        TURN_TESTS,
    ),
    (
        "turn: the soak does not count for the window",
        "plugins/plugin_utils/_turn.py",
        "_judge_window(record, own, clock, left)",
        "_judge_window(record, own, clock, 0)",
        TURN_TESTS,
    ),
    (
        "turn: a stop file that cannot be checked is not there",
        "plugins/plugin_utils/_turn.py",
        "    except FileNotFoundError:\n",
        "    except OSError:\n",
        TURN_TESTS,
    ),
    (
        "turn: nobody checks the stop file after a soak",
        "plugins/plugin_utils/_turn.py",
        "    judge_turn(record, own, clock)\n\n\ndef judge_turn",
        "\n\ndef judge_turn",
        TURN_TESTS,
    ),
    (
        "interruption: in the middle of a line",
        "plugins/plugin_utils/_interruption.py",
        "if left > 0 and _is_sending(frame):",
        "if False:",
        ["tests/unit/wiring/test_interruption.py", "-k", "middle_of_a_line"],
    ),
    (
        "interruption: the second signal ends it",
        "plugins/plugin_utils/_interruption.py",
        "            signal.signal(caught, _pass_over)",
        "            signal.signal(caught, previous[caught])",
        ["tests/unit/wiring/test_interruption.py"],
    ),
    (
        "interruption: not by a timeout of the task",
        "plugins/plugin_utils/_interruption.py",
        "if not isinstance(error, Exception):",
        "if False:",
        ["tests/unit/wiring/test_interruption.py"],
    ),
    (
        "interruption: only where jobs are started or waited for",
        "plugins/action/fleet_job_step.py",
        "if name in OF_NO_RUN else",
        'if name not in ("start", "wait") else',
        ["tests/rollout/test_steering.py", "-k", "interruption and preflight-Ctrl"],
    ),
    (
        "interruption: nobody is told",
        "plugins/plugin_utils/_step.py",
        """            if "own" in self.__dict__:
                self.files.note(path, self.news(path).interrupted)
""",
        "",
        ["tests/rollout/test_steering.py", "-k", "interruption and start-Ctrl"],
    ),
    (
        "command: extra variables are shown",
        "plugins/plugin_utils/_command_line.py",
        "    if not name.startswith(_OWN) or name in _SECRET or is_secret_name(name):\n",
        "    if False:\n",
        ["tests/unit/wiring/test_command_line.py"],
    ),
    (
        "webhook: plain http leaves the machine",
        WIRING + "_webhook.py",
        'if parts.scheme == "http" and not is_loopback(host):',
        "if False:",
        ["tests/unit/wiring/test_webhook.py"],
    ),
    (
        "webhook: it waits for ever",
        WIRING + "_webhook.py",
        "thread.join(PATIENCE)",
        "thread.join()",
        ["tests/unit/wiring/test_webhook.py", "-k", "does_not_end"],
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
        for part in ("plugins", "roles", "playbooks", "tests", "meta", "galaxy.yml"):
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
