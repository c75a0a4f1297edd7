# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every block of docs/inventory.md and every example of the plugin works as it stands."""

from __future__ import annotations

import re

import pytest
import yaml
from playbooks.harness import REPOSITORY

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def environment(simulator):
    """The variables of step 1; the endpoint overrides the region."""
    return {
        "HUAWEICLOUD_SDK_REGION": "cn-north-4",
        "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
        "HUAWEICLOUD_SDK_AK": simulator.credentials()["access_key"],
        "HUAWEICLOUD_SDK_SK": simulator.credentials()["secret_key"],
        "LITESERVER_ENDPOINT": simulator.url,
    }


def test_guide(simulator, inventory, environment):
    blocks = BLOCK.findall((REPOSITORY / "docs" / "inventory.md").read_text())
    assert {variable for variable in environment if variable != "LITESERVER_ENDPOINT"} == set(
        re.findall(r"export (\w+)=", blocks[0][1])
    )
    count = 0
    inventory.file = inventory.directory / "npu.liteserver.yml"
    for language, text in blocks[1:]:
        if language == "yaml":
            (inventory.directory / re.match(r"# (\S+)\n", text)[1]).write_text(text)
            continue
        for line in text.splitlines():
            program, option, name, *rest = line.split()
            assert (language, option, name) == ("bash", "-i", inventory.file.name)
            run = inventory.again(program, *rest, environment=environment)
            assert (run.status, run.stderr) == (0, ""), line
            assert "liteserver-0000" in run.stdout, line
            count += 1
    assert count >= 8
    # The last but one filled the cache, and the last asked nevertheless.
    assert [each["operation"] for each in run.requests].count("list_servers") == 2


def test_examples(simulator, inventory, environment):
    source = (REPOSITORY / "plugins" / "inventory" / "liteserver.py").read_text()
    documents = list(yaml.safe_load_all(re.search(r'^EXAMPLES = r"""(.*?)"""', source, re.DOTALL | re.MULTILINE)[1]))
    folder = inventory.directory / "home" / ".liteserver"
    folder.mkdir(parents=True)
    for option in ("access_key", "secret_key"):
        (folder / option).write_text(simulator.credentials()[option])
    del environment["HUAWEICLOUD_SDK_AK"], environment["HUAWEICLOUD_SDK_SK"]
    keys = {option: simulator.credentials()[option] for option in ("access_key", "secret_key")}
    for document in documents:
        document.pop("project_id", None)
        run = inventory.run(credentials={**keys, **document}, environment=environment)
        if "supernode" in document.get("filters", {}):
            run.warned("none of 12 servers")
        else:
            assert len(run.hostvars) == 12
    assert len(documents) >= 6
