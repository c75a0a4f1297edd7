# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No string of the service runs, redirects or hides anything, in real runs over hostile servers.

With HOSTILE_SERVERS=2000 the generated fleet is as large as that; by default it has a hundred.
"""

from __future__ import annotations

import json
import os
import pathlib
import stat
import subprocess
import sys
from typing import Any

import pytest
from inventory.harness import EXIT_STATUS, LIST, PLUGIN, Inventory, answer, server, unmarked
from playbooks.harness import clean_environment
from security.answers import page
from security.hostile_fleet import HEADER, NAMES, WAYS, hostile_servers, lookup, paged
from security.hostile_server import HostileServer
from simulator.process import Simulator

COUNT = int(os.environ.get("HOSTILE_SERVERS", "100"))
OURS_FIRST = {"ANSIBLE_INVENTORY_ENABLED": f"{PLUGIN},host_list,script,auto,yaml,ini,toml"}


@pytest.fixture
def inventory(simulator: Simulator, tmp_path: pathlib.Path) -> Inventory:
    """Runs programs over an inventory file."""
    return Inventory(simulator, tmp_path)


@pytest.fixture
def touched(tmp_path: pathlib.Path) -> pathlib.Path:
    """A file that is made where anything is executed."""
    return tmp_path / "touched"


def play_of(inventory: Inventory, *tasks: dict[str, Any], **keywords: Any) -> tuple[str, ...]:
    """The command that runs a play; a task that fails is no failure."""
    play = {"hosts": "all", "gather_facts": False, "tasks": list(tasks), "ignore_errors": True, **keywords}
    (inventory.directory / "play.json").write_text(json.dumps([play]))
    return ("ansible-playbook", "play.json")


def debug(**options: Any) -> dict[str, Any]:
    return {"ansible.builtin.debug": options}


STRINGS = ("liteserver_supernode_id", "liteserver_id")


def uses(variable: str) -> list[dict[str, Any]]:
    """What plays do with a string, most of it what they should not."""
    told, of_host = braced(variable), braced(f"hostvars[inventory_hostname].{variable}")
    return [
        debug(msg=[told, f"a {of_host} b"]),
        debug(var=variable),
        debug(var=told),
        {**debug(msg="x"), "when": told},
        {**debug(msg="x"), "when": f"'{told}' == 'RUNNING'"},
        {**debug(msg="x"), "when": variable},
        {"ansible.builtin.set_fact": {"label": f"x{of_host}", "y": of_host}},
        debug(msg="{{ label }}{{ y }}"),
        {"ansible.builtin.group_by": {"key": f"g_{told}"}},
        {**debug(msg="{{ item }}{{ x }}"), "loop": [told], "vars": {"x": of_host}},
    ]


def braced(expression: str) -> str:
    return f"{{{{ {expression} }}}}"


def test_no_string_is_executed_by_what_plays_do_with_it(inventory, hostile, touched):
    """Line 1: braces, the header without any, and bare expressions, in values, keys, names and ids."""
    expression = lookup(touched)
    servers = [
        server(
            number,
            **dict.fromkeys(("name", "status", "flavor"), way % expression),
            server_hps={"id": way % expression},
        )
        for number, way in enumerate(WAYS, 1)
    ]
    servers += [{"id": way % expression} for way in WAYS if way.isprintable()]
    for each in servers:
        each["tags"] = {(WAYS[number] % expression): number for number in range(len(WAYS))}
    hostile.answers("list_servers", page(*servers))
    keys = braced("hostvars[inventory_hostname].liteserver_raw.tags.keys() | list")
    tags = [
        debug(msg="{{ liteserver_raw.tags | dict2items }}"),
        debug(msg="{{ hostvars[inventory_hostname].liteserver_raw.tags | dict2items }}"),
        {"ansible.builtin.set_fact": {"keys": keys, "first": f"x{keys}"}},
        debug(msg="{{ keys }} {{ first }}"),
        debug(var="keys"),
        {**debug(msg="{{ item.key }}"), "loop": "{{ liteserver_raw.tags | dict2items }}"},
    ]
    command = play_of(inventory, *tags, *(task for variable in STRINGS for task in uses(variable)))
    run = inventory.run(*command, credentials=hostile.credentials())
    assert not touched.exists()
    assert run.status == 0, run.stdout + run.stderr
    assert run.stdout.count("ok=") == len(servers)


def test_expressions_of_the_inventory_file_execute_nothing(inventory, hostile, touched):
    """And honest ones work as they do elsewhere."""
    expression = lookup(touched)
    servers = [server(n, name=f"n{n}", status=way % expression, flavor="fl") for n, way in enumerate(WAYS, 1)]
    hostile.answers("list_servers", page(*servers))
    options = {
        "compose": {
            "copied": "liteserver_status",
            "joined": "'x' ~ liteserver_status",
            "size": "liteserver_flavor | length",
        },
        "groups": {"touchy": "'touch' in liteserver_status", "equal": "liteserver_status == 'RUNNING'"},
        "keyed_groups": [
            {"key": "liteserver_status", "prefix": "status"},
            {"key": "liteserver_flavor", "prefix": "flavor"},
            {"key": "liteserver_raw.tags | default({})", "prefix": "tag"},
        ],
        "strict": True,
    }
    run = inventory.run(hostname="{{ liteserver_name }}", credentials=hostile.credentials(), **options)
    assert run.groups["touchy"] == run.groups["flavor_fl"] == [f"n{number}" for number in range(1, len(WAYS) + 1)]
    assert "equal" not in run.groups
    assert int(run.hostvars["n1"]["size"]) == 2
    assert all(len(group) <= 128 and group.replace("_", "a").isalnum() for group in run.groups)
    command = play_of(inventory, *uses("joined"))
    assert inventory.again(*command).status == 0
    assert not touched.exists()


def test_the_mark_survives_a_round_through_json(inventory, hostile, touched):
    """As AWX keeps inventories: what ansible-inventory writes is what a later play reads."""
    servers = [server(n, name=f"n{n}", status=way % lookup(touched)) for n, way in enumerate(WAYS, 1)]
    hostile.answers("list_servers", page(*servers))
    listed = inventory.run(*LIST, credentials=hostile.credentials()).succeeded()
    script = inventory.directory / "script.sh"
    (inventory.directory / "kept.json").write_text(listed.stdout)
    script.write_text("#!/bin/sh\ncat kept.json\n")
    script.chmod(0o755)
    command = play_of(inventory, *uses("liteserver_status"))
    inventory.file = script
    run = inventory.again(*command)
    assert (run.status, run.stdout.count("ok=")) == (0, len(WAYS)), run.stdout + run.stderr
    assert not touched.exists()


# Names


def test_names_that_mean_something_else(inventory, hostile):
    """Line 2. Every server is a host, by its id where its name is none, and none of the groups' variables changes."""
    servers = [server(number, name=name) for number, name in enumerate(NAMES, 1)]
    # Others are no ids: a list with one of those is an error.
    fit = [name for name in NAMES if name.isprintable() and 0 < len(name) <= 200 and name.lower() != "web"]
    odd = [{"id": name, "name": "localhost"} for name in fit]
    hostile.answers("list_servers", page(*servers, *odd))
    keyed = [{"key": "liteserver_status", "prefix": "status"}]
    options = {"keyed_groups": keyed, "groups": {"canary": "liteserver_name == 'web'"}}
    run = inventory.run(*LIST, credentials=hostile.credentials(), **options)
    assert run.status == 0
    assert "names that no host may have" in run.warnings
    data = unmarked(json.loads(run.stdout))
    hosts = data["_meta"]["hostvars"]
    assert len(hosts) == len(servers) + len(odd)
    assert {"localhost", "127.0.0.1", "all", "ungrouped", "canary", "status_RUNNING", "web"}.isdisjoint(hosts)
    assert len({name.casefold() for name in hosts}) == len(hosts)
    assert {each["liteserver_id"] for each in hosts.values()} == {each["id"] for each in (*servers, *odd)}
    for each in servers:
        assert any(each["id"][:8] in name for name in hosts), each
    assert sorted(hosts[each]["liteserver_name"] for each in data["canary"]["hosts"]) == ["web"]
    assert len(data["status_RUNNING"]["hosts"]) == len(servers)
    for name in hosts:
        assert name.replace("-", "a").replace("_", "a").replace(".", "a").isalnum()
    for name, group in data.items():
        assert "vars" not in group, name


def test_a_server_that_is_named_like_the_groups_that_it_or_others_make(inventory, hostile):
    """Neither are the hosts of one the hosts of the other, nor is it an error, whichever comes first."""
    names = ["canary", "status_RUNNING", "status_x", "z"]
    servers = [
        server(number, name=name, status="x" if name == "z" else "RUNNING") for number, name in enumerate(names, 1)
    ]
    options = {"groups": {"canary": "liteserver_status == 'RUNNING'"}, "strict": True}
    options["keyed_groups"] = [{"key": "liteserver_status", "prefix": "status"}]
    for order in (servers, servers[::-1]):
        hostile.answers("list_servers", page(*order))
        run = inventory.run(credentials=hostile.credentials(), **options).warned("others have, too")
        running = ["canary_00000001", "status_RUNNING_00000002", "status_x_00000003"]
        assert run.groups == {"canary": running, "status_RUNNING": running, "status_x": ["z"]}


def test_localhost_stays_the_controller(inventory, hostile):
    names = ("localhost", "127.0.0.1", "::1")
    hostile.answers(
        "list_servers", page(*(server(n, name=name, endpoints=[{"uri": "10.9.9.9"}]) for n, name in enumerate(names)))
    )
    show = {**debug(msg="{{ hostvars['localhost'].ansible_host | default('none') }}"), "delegate_to": "localhost"}
    run = inventory.run(*play_of(inventory, show, hosts="localhost"), credentials=hostile.credentials())
    assert run.status == 0
    assert "10.9.9.9" not in run.stdout


# Addresses


def test_only_an_ip_address_is_one(inventory, hostile):
    """Line 3, in the variable, in ansible_host, and in what compose makes of it."""
    bad = [
        "-oProxyCommand=touch x",
        "root@10.0.0.1",
        "0x7f000001",
        "10.0.0.1\n",
        "127.0.0.1",
        "fe80::1%eth0",
        "example.com",
    ]
    servers = [server(number, name=f"n{number}", endpoints=[{"uri": uri}]) for number, uri in enumerate(bad, 1)]
    servers += [server(20, name="n20", endpoints=[{"uri": bad[0]}, {"uri": "10.0.0.2"}]), server(21, name="n21")]
    hostile.answers("list_servers", page(*servers))
    run = inventory.run(credentials=hostile.credentials()).warned("no ansible_host, since their addresses are neither")
    addresses = {
        name: (each.get("ansible_host"), each["liteserver_private_ips"]) for name, each in run.hostvars.items()
    }
    refused = {f"n{number}": (None, []) for number in range(1, len(bad) + 1)}
    assert addresses == {**refused, "n20": ("10.0.0.2", ["10.0.0.2"]), "n21": (None, [])}
    raw = {"address": "{{ liteserver_raw.endpoints[0].uri | default('') }}"}
    run = inventory.run(credentials=hostile.credentials(), **raw).warned("no ansible_host")
    assert {name for name, each in run.hostvars.items() if "ansible_host" in each} == {f"n{len(bad)}"}
    for variable in ("ansible_host", "ansible_ssh_host"):
        composed = {"compose": {variable: "liteserver_raw.endpoints[0].uri"}, "address": "none"}
        inventory.run(credentials=hostile.credentials(), **composed).failed(f"compose: {variable} of host n1")


# Two sources


def two_files(inventory: Inventory, first: Any, second: Any) -> list[pathlib.Path]:
    """A directory as inventory, with two files that are read in this order."""
    directory = inventory.directory / "both"
    directory.mkdir()
    paths = [directory / "10.liteserver.yml", directory / "20.liteserver.yml"]
    for path, content in zip(paths, (first, second), strict=True):
        path.write_text(json.dumps(content))
    inventory.file = directory
    return paths


def test_two_projects_with_equal_names(inventory, hostile):
    """Line 4. Each server is a host of its own, and a warning names those of the second file."""
    with HostileServer() as other:
        hostile.answers("list_servers", page(server(1, name="a"), server(2, name="b")))
        other.answers("list_servers", page(server(3, name="a"), server(4, name="c")))
        files = [{"plugin": PLUGIN, **each.credentials()} for each in (hostile, other)]
        files[1]["project_id"] = "another"
        two_files(inventory, *files)
        run = inventory.again().warned("got their ids behind them: a_00000003")
    ids = {name: each["liteserver_id"][:8] for name, each in run.hostvars.items()}
    assert ids == {"a": "00000001", "b": "00000002", "a_00000003": "00000003", "c": "00000004"}


def test_one_project_in_two_files(inventory, hostile):
    """The same server is one host."""
    hostile.answers("list_servers", page(server(1, name="a"), server(2, name="b")))
    file = {"plugin": PLUGIN, **hostile.credentials()}
    two_files(inventory, file, {**file, "compose": {"x": "1"}})
    run = inventory.again()
    assert {name: int(each["x"]) for name, each in run.hostvars.items()} == {"a": 1, "b": 1}


def test_a_host_and_a_group_of_another_inventory(inventory, hostile):
    """They keep what they have: neither the address nor the members of a server."""
    hostile.answers(
        "list_servers",
        page(*(server(n, name=name, endpoints=[{"uri": "10.9.9.9"}]) for n, name in enumerate(["db01", "web"], 1))),
    )
    static = {"all": {"hosts": {"db01": {"ansible_user": "admin"}}, "children": {"web": {"hosts": {"w1": {}}}}}}
    paths = two_files(inventory, static, {"plugin": PLUGIN, **hostile.credentials()})
    paths[0].rename(paths[0].with_name("10-static.yml"))
    run = inventory.again().warned("their ids behind them: db01_00000001, web_00000002")
    assert run.hostvars["db01"] == {"ansible_user": "admin"}
    assert "w1" not in run.hostvars or run.hostvars["w1"] == {}
    assert run.groups["web"] == ["w1"]
    assert run.hostvars["db01_00000001"]["ansible_host"] == "10.9.9.9"


# Broken files

BROKEN = [
    "plugin: x\nsecret_key: canary-1\n  a: b: c\n",
    "secret_key: *canary-1\n",
    "a: [\nsecret_key: canary-1",
    "\tcanary-1: {",
]
BROKEN += [
    "secret_key: !canary-1 x\n",
    "$ANSIBLE_VAULT;1.1;AES256\ncanary-1\n",
    "secret_key: 'canary-1\n",
    "a: \x00canary-1",
]


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_a_file_that_is_no_yaml(inventory, text):
    """Line 5, where the plugin is enabled and comes first: Ansible's own plugins show an excerpt, and go on."""
    inventory.file.write_text(text)
    run = inventory.again(*LIST, arguments=("-vvvv",), environment=OURS_FIRST)
    assert run.status == EXIT_STATUS
    assert "canary" not in run.stdout + run.stderr
    assert "[ERROR]" in run.stderr
    assert "the file is" in run.stderr


def test_a_file_that_is_not_there(inventory):
    run = inventory.again(*LIST, environment=OURS_FIRST)
    run.failed(str(inventory.file), "there is no such file")


# The cache

KEPT = ["[]", "{}", '{"servers": []}', '{"servers": "["}', '{"servers": "[5]"}', '{"servers": "[{\\"id\\": 1}]"}']
SECRETS = {
    "user_data": "canary-1",
    "metadata": {"userPwd": "canary-2", "passwd_b64": "canary-3", "api_key": "canary-4", "AccessKeyId": "canary-5"},
    "token_id": "canary-6",
    "tags": [{"key": "root_password", "value": "canary-7"}, "db_password=canary-8", '{"pwd": "canary-9"}'],
    "image": {
        "name": "i",
        "url": "https://u:canary-10@example.com/i",
        "sshKey": ["-----BEGIN RSA PRIVATE KEY-----canary-11"],
    },
    "os": {"text": "-----BEGIN PRIVATE KEY-----\ncanary-12", "adminPass": 12, "cloud_init": "canary-13"},
}


@pytest.fixture
def cached(inventory, hostile):
    """Runs with a cache in files, over a service that tells secrets; and its only file."""
    folder = inventory.directory / "cache"
    options = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(folder)}
    hostile.answers("list_servers", answer(server(1, name="a", **SECRETS)))

    def run() -> Any:
        return inventory.run(*LIST, credentials=hostile.credentials(), **options)

    assert sorted(run().hostvars) == ["a"]
    (file,) = [path for path in folder.rglob("*") if path.is_file()]
    return run, file


def test_the_cache_is_its_owners_and_holds_nothing_secret(cached):
    run, file = cached
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "canary" not in file.read_text()
    assert "12" not in json.dumps(json.loads(kept_in(file)["servers"])[0]["os"])
    hosts = run().hostvars
    assert "canary" not in json.dumps(hosts)
    assert hosts["a"]["liteserver_raw"]["tags"][0] == {"key": "root_password", "value": "********"}


def kept_in(file: pathlib.Path, text: str | None = None) -> Any:
    """What the plugin keeps in a file, from which ansible-core 2.19 tells it by a wrapper; written there, if given."""
    whole = json.loads(file.read_text())
    wrapped = "__payload__" in whole
    if text is not None:
        file.write_text(json.dumps({"__payload__": text}) if wrapped else text)
    return json.loads(whole["__payload__"]) if wrapped else whole


@pytest.mark.parametrize("whole", [False, True], ids=["kept", "whole"])
def test_a_cache_that_holds_something_else(cached, hostile, whole):
    run, file = cached
    for text in KEPT[:2] if whole else KEPT:
        if whole:
            file.write_text(text)
        else:
            kept_in(file, text)
        before = hostile.count("list_servers")
        again = run()
        assert (again.status, sorted(json.loads(again.stdout)["_meta"]["hostvars"])) == (0, ["a"]), (text, again.stderr)
        assert whole or "holds no list of servers: the service is asked again" in again.warnings
        assert hostile.count("list_servers") > before
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_keys_that_ansible_reads_as_marks(inventory, hostile, touched):
    """In the answer, the cache, and what ansible-inventory writes: nothing becomes trusted or a vault string."""
    told = "{{ %s }}" % lookup(touched)  # noqa: UP031  (braces)
    trust = [{"__ansible_type": "TrustedAsTemplate"}]
    forged = {
        "a": {"__ansible_type": "_AnsibleTaggedStr", "value": told, "tags": trust},
        "b": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n00"},
        "c": {"__ansible_unsafe": told},
    }
    hostile.answers("list_servers", page(server(1, name="n1", tags=forged)))
    options = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(inventory.directory / "c"),
    }
    command = play_of(inventory, debug(msg="{{ liteserver_raw.tags }}"), debug(var="liteserver_raw.tags"))
    for _run in range(2):
        run = inventory.run(*command, credentials=hostile.credentials(), **options)
        assert run.status == 0, run.stdout + run.stderr
        assert run.stdout.count("_ _ansible_") == 8
    listed = inventory.again()
    assert hostile.count("list_servers") == 1
    assert sorted(listed.hostvars["n1"]["liteserver_raw"]["tags"]["a"]) == ["_ _ansible_type", "tags", "value"]
    assert not touched.exists()


def test_a_cache_that_is_no_json(cached):
    run, file = cached
    file.write_text("{")
    ended = run()
    assert (ended.status, ended.stdout) == (EXIT_STATUS, "")
    assert "corrupt" in ended.stderr and "internal error" not in ended.stderr


@pytest.mark.parametrize("kind", ["writable", "fifo", "link"])
def test_a_cache_that_others_may_have_written(cached, hostile, kind):
    run, file = cached
    fake = file.read_text().replace('"a"', '"fake"')
    file.unlink()
    if kind == "fifo":
        os.mkfifo(file)
    elif kind == "link":
        (file.parent.parent / "elsewhere").write_text(fake)
        file.symlink_to(file.parent.parent / "elsewhere")
    else:
        file.write_text(fake)
        file.chmod(0o666)
    assert sorted(run().warned("may have been written by others").hostvars) == ["a"]
    assert stat.S_IMODE(file.lstat().st_mode) == 0o600


# A whole fleet


def test_a_generated_fleet(inventory, hostile, touched):
    """As many hosts as servers, each with its own id, in an inventory; and nothing is executed by a play over them."""
    servers = hostile_servers(COUNT, touched)
    hostile.special["list_servers"] = paged(servers)
    options = {
        "keyed_groups": [
            {"key": f"liteserver_{each}", "prefix": each} for each in ("status", "category", "supernode_name")
        ],
        "compose": {"copied": "liteserver_status", "count": "liteserver_raw | length"},
        "groups": {"canary": "liteserver_status == 'RUNNING'"},
    }
    run = inventory.run(*LIST, credentials=hostile.credentials(), **options)
    assert run.status == 0, run.stderr
    hosts = unmarked(json.loads(run.stdout))["_meta"]["hostvars"]
    assert len(hosts) == COUNT
    assert len({each["liteserver_id"] for each in hosts.values()}) == COUNT
    assert len(run.stderr) < 20_000
    assert not touched.exists()
    assert [path.name for path in inventory.directory.iterdir() if path.name == "x"] == []


@pytest.mark.parametrize("odd_ids", [False, True], ids=["", "odd ids"])
def test_an_upgrade_of_a_generated_fleet(inventory, hostile, touched, odd_ids):
    """The shipped runbook in check mode. No job takes an id that is none: with one in the batch, none is started."""
    servers = hostile_servers(COUNT, touched, odd_ids=odd_ids)
    hostile.special["list_servers"] = paged(servers)
    inventory.write(credentials=hostile.credentials())
    connection = {"LITESERVER_ENDPOINT": hostile.url, "HUAWEICLOUD_SDK_IAM_ENDPOINT": hostile.url}
    connection.update(HW_USER_NAME="u", HW_USER_PASSWORD="pass-word", HW_DOMAIN_NAME="d")
    connection.update(HUAWEICLOUD_SDK_PROJECT_ID=hostile.credentials()["project_id"])
    done = subprocess.run(
        [
            *[
                str(pathlib.Path(sys.executable).parent / "ansible-playbook"),
                "-i",
                str(inventory.file),
                "--check",
                "--diff",
            ],
            *[
                "-e",
                "fleet_job_version=24.1.rc3.10",
                "-e",
                "fleet_job_preflight=off",
                "-e",
                "fleet_job_template_check=off",
            ],
            *["-e", "fleet_job_supernodes=off", "-e", f"fleet_job_largest={COUNT}", "-e", f"fleet_job_growth={COUNT}"],
            "modelarts.liteserver.hdk_upgrade",
        ],
        capture_output=True,
        text=True,
        env={**clean_environment(inventory.directory), **connection},
        cwd=inventory.directory,
        timeout=900,
        check=False,
    )
    assert not touched.exists()
    assert done.returncode == (2 if odd_ids else 0), done.stdout[-3000:] + done.stderr[-3000:]
    assert hostile.count("create_job") == 0
    if odd_ids:
        assert "fleet_job_server_id: " in done.stdout and "No job was started for this batch" in done.stdout
        assert len(done.stdout) < 50_000
    else:
        assert done.stdout.count("failed=0") == COUNT
        assert HEADER[:8] not in done.stdout
