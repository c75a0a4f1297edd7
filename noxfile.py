# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of the Makefile for those who are used to nox: "nox -l" lists them, "nox -s sanity-2.21" runs one.

Each session calls make, which makes an environment with pinned packages for each ansible-core. So nox makes none, and
there is no antsibull-nox.toml, whose sessions are the same checks with other versions of the same tools.
"""

from __future__ import annotations

import nox

DEFAULT = "2.19"
# Not 2.17, which is no longer maintained and which the linters do not go together with.
CORES = ("2.16", "2.18", DEFAULT, "2.20", "2.21")

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", f"sanity-{DEFAULT}", f"units-{DEFAULT}", f"integration-{DEFAULT}"]


def step(target: str, meaning: str, core: str | None = None) -> None:
    """A session that runs a target of the Makefile; what stands after "--" goes to ansible-test or pytest."""

    @nox.session(name=f"{target}-{core}" if core else target)
    def call(session: nox.Session) -> None:
        arguments = [f"CORE={core}"] if core else []
        if session.posargs:
            arguments.append(f"ARGS={' '.join(session.posargs)}")
        session.run("make", target, *arguments, external=True)

    call.__doc__ = meaning


step("lint", "Linters, types, licences, workflows, and the build of the artifact.")
step("docs", "The documentation site.")
for version in CORES:
    step("sanity", f"ansible-test sanity, ansible-core {version}.", version)
    step("units", f"ansible-test units, ansible-core {version}.", version)
    step("integration", f"ansible-test integration, ansible-core {version}.", version)
    step("playbooks", f"Playbooks of the job modules against the simulator, ansible-core {version}.", version)
