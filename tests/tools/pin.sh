#!/usr/bin/env bash
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Write constraints-CORE.txt anew with the newest versions that fit: tests/tools/pin.sh CORE [VERSION]
# demo.txt and test.txt say what is wanted; VERSION (of ansible-core) is the newest of the line if it is not given.
# For an environment of tools (see venv.sh), CORE is its name, and NAME.txt says what is wanted.
set -euo pipefail

core=${1:?usage: pin.sh CORE [VERSION]}
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cd "$tools/../requirements"
if [[ $core == [0-9]* ]]; then
    python=$(bash "$tools/find-python.sh" "$core")
    label="ansible-core $core"
    wanted=("ansible-core==${2:-$core.*}" -r demo.txt -r test.txt)
else
    python=$(bash "$tools/find-python.sh" 2.19)
    label=$core
    wanted=(-r "$core.txt")
fi
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
"$python" -m venv "$temp/venv"
"$temp/venv/bin/python" -m pip --disable-pip-version-check install -qq --no-input "${wanted[@]}"
{
    echo "# Every package for ${label}, made by: make pins CORE=$core"
    "$temp/venv/bin/python" -m pip --disable-pip-version-check freeze 2>/dev/null | LC_ALL=C sort -f
} >"$temp/pins"
cat "$temp/pins" >"constraints-$core.txt"
