# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in for the bootstrap script that "ansible-test" downloads to put pip into its virtual environments.

It installs the pip that Python itself carries, and lets that one fetch the version that was asked for from
the package index: one place less that has to be reachable.
"""

from __future__ import annotations

import subprocess
import sys

# The arguments are those of the original: pip==<version>, other packages, and switches that mean nothing here.
packages = [argument for argument in sys.argv[1:] if not argument.startswith("--no-")]
subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q", *packages], check=True)
