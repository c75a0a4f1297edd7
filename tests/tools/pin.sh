#!/usr/bin/env bash
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Write constraints-CORE.txt anew with the newest versions that fit, and the hash of every file of each: tests/tools/pin.sh CORE [VERSION]
# demo.txt and test.txt say what is wanted; VERSION (of ansible-core) is the newest of the line if it is not given.
# constraints-CORE-demo.txt is the part of it that the demo needs.
# For an environment of tools (see venv.sh), CORE is its name, and NAME.txt says what is wanted.
set -euo pipefail

core=${1:?usage: pin.sh CORE [VERSION]}
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cd "$tools/../requirements"
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
if [[ $core == [0-9]* ]]; then
    python=$(bash "$tools/find-python.sh" "$core")
    echo "ansible-core==${2:-$core.*}" >"$temp/core.txt"
else
    python=$(bash "$tools/find-python.sh" 2.19)
fi
"$python" -m venv "$temp/venv"
pip=("$temp/venv/bin/python" -m pip --disable-pip-version-check)
# For the first time, there is no pin of what pins.
[ "$core" = pins ] || "${pip[@]}" install -qq --no-input --require-hashes --only-binary :all: -r constraints-pins.txt
[ "$core" != pins ] || "${pip[@]}" install -qq --no-input -r pins.txt
# uv reads none of pip's settings. The machine's own authorities, and the index that pip would use.
export UV_SYSTEM_CERTS=true UV_NATIVE_TLS=true
index=$("${pip[@]}" config get global.index-url 2>/dev/null || true)
[ -z "${PIP_INDEX_URL:-$index}" ] || export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$index}}

compile() { # NAME ARGUMENT...: write constraints-NAME.txt
    local name=$1
    shift
    {
        echo "# Every package for $name, and the hashes of its files, made by: make pins CORE=$core"
        # For every Python and machine, not only for this one; an index is named by whoever installs.
        "$temp/venv/bin/uv" pip compile --quiet --no-header --no-annotate --universal --python "$python" --generate-hashes "$@"
    } >"$temp/pins"
    cat "$temp/pins" >"constraints-$name.txt"
}

if [[ $core == [0-9]* ]]; then
    compile "$core" "$temp/core.txt" demo.txt test.txt
    compile "$core-demo" -c "constraints-$core.txt" demo.txt
elif [ "$core" = awx-collection ]; then
    compile "$core" --no-deps "$core.txt"
else
    compile "$core" "$core.txt"
fi
