# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the pages of runs that tests/browser/test_report.py opens: python tests/browser/report_pages.py FOLDER

In the environment of the other tests, since the browser's own has no Ansible.
"""

from __future__ import annotations

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / ".ansible" / "collections")]

from run_records import BEGIN, MINUTE, host, outcome, run_of  # noqa: E402

from ansible_collections.modelarts.liteserver.plugins.plugin_utils._report_page import html_page  # noqa: E402

HOSTILE = (
    "</script><script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">{{ 7*7 }}\u202e\x1b[2J"
)


def usual():
    """A run with failures, a straggler and servers that had no turn."""
    found = {5: outcome(5, "failed", "npu busy"), 9: outcome(9, "failed", "npu busy")}
    found[12] = outcome(12, "running", ok=False)
    found[3] = outcome(3, changed=False)
    command = "ansible-playbook -i npu.liteserver.yml modelarts.liteserver.hdk_upgrade -e fleet_job_version=24.1.rc3.10"
    record = run_of([4, 12], found, total=24, supernode_size=4, facts={"batches_planned": 3, "command": command})
    for number, row in enumerate(record.data["servers"]):
        if row["ended_at"] is not None and row["batch"] == 2:
            row["ended_at"] -= (number * 37 % 11) * MINUTE
    record.stop("fleet_job_max_failures: 2 of 24 servers failed, more than may fail (1)", "budget", BEGIN + 62 * MINUTE)
    return record.data


def large():
    """1,000 servers of which 100 failed with long messages."""
    found = {number: outcome(number, "failed", f"reason {number} " + "npu busy " * 60) for number in range(1, 1001, 10)}
    return run_of([1, 3, 9, 27, 81] + [100] * 8 + [79], found, supernode_size=8).data


def hostile():
    """Every text that comes from elsewhere tries to be something else."""
    record = run_of([3], {1: outcome(1, "failed", HOSTILE)}, supernode_size=3)
    data = record.data
    data.update(user=HOSTILE, command=HOSTILE, run_id=HOSTILE, stopped=HOSTILE, state="stopped", stopped_by="budget")
    data["servers"][1].update(
        host="x" * 400, server_name=HOSTILE, supernode_name=HOSTILE, job_id=HOSTILE, status=HOSTILE
    )
    data["batches"][0]["groups"][0]["name"] = HOSTILE
    data["batches"][0]["jobs"][0].update(name=HOSTILE, error=HOSTILE)
    return data


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for make in (usual, large, hostile):
        (folder / f"{make.__name__}.html").write_text(html_page(make()), encoding="utf-8")
    assert host(1) in (folder / "usual.html").read_text(encoding="utf-8")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
