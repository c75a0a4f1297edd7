#!/usr/bin/env bash
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Print the path of a Python that ansible-core CORE runs on: tests/tools/find-python.sh CORE
# PYTHON=/path/to/python in the environment is tried first, and nothing else is then.
set -euo pipefail

core=${1:?usage: find-python.sh CORE}
case $core in # best first
    2.16) versions="3.11 3.12" ;;
    2.18 | 2.19) versions="3.11 3.12 3.13" ;;
    2.20 | 2.21) versions="3.13 3.12" ;;
    *)
        echo "find-python.sh: no requirements are pinned for ansible-core $core; there are 2.16 and 2.18 to 2.21." >&2
        exit 2
        ;;
esac

candidates() { # VERSION
    if [ -n "${PYTHON:-}" ]; then
        type -P "$PYTHON" || true
        return
    fi
    type -ap "python$1" python3 python || true
    local home
    for home in "${PYENV_ROOT:-}" "${HOME:-}/.pyenv"; do
        [ ! -d "$home/versions" ] || printf '%s\n' "$home/versions/$1"*/bin/"python$1"
    done
}

# A name on PATH proves nothing: a shim may name a version that is not selected, and a
# distribution's Python may come without the parts that virtual environments need. The Python of
# a virtual environment will not do: it may be the very one that is to be made anew.
probe='import ensurepip, sys, venv
if sys.prefix == sys.base_prefix: print("%d.%d" % sys.version_info[:2]); print(sys.executable)'
for version in $versions; do
    while IFS= read -r candidate; do
        answer=$("$candidate" -I -c "$probe" 2>/dev/null </dev/null) || continue
        if [ "${answer%%$'\n'*}" = "$version" ]; then
            printf '%s\n' "${answer#*$'\n'}"
            exit 0
        fi
    done < <(candidates "$version")
done

{
    echo "No Python was found that ansible-core $core runs on: it needs ${versions// / or }, with its venv and ensurepip modules."
    if [ -n "${PYTHON:-}" ]; then
        echo "PYTHON=$PYTHON is not one of them."
    else
        first=${versions%% *}
        echo "Install one, for example with \"pyenv install $first\" or the packages python$first and python$first-venv,"
        echo "or name one: make ... PYTHON=/path/to/python$first"
    fi
} >&2
exit 1
