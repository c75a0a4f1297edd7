#!/usr/bin/env bash
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Fail if a file of the collection carries no licence: tests/tools/licences.sh
# Needs the environment of "venv.sh reuse tools".
set -euo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
venv=$(bash "$tools/paths.sh" venv reuse)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A copy, since reuse looks for its configuration in ignored folders too, and fails if one vanishes meanwhile, as those of
# ansible-test do.
"$venv/bin/python" "$tools/tree.py" copy "$work"
cd "$work"
"$venv/bin/reuse" lint --lines
