#!/usr/bin/env bash
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Make a virtual environment, or find that it is as it should be: tests/tools/venv.sh CORE demo|test, or NAME tools
# "demo" has what the demo needs, "test" the same and the tools on top. "tools" is an environment beside them, .venv-NAME,
# for tools that do not go together with the others: NAME.txt names them, constraints-NAME.txt pins them.
# Nothing is installed whose hash is not pinned. pip itself is the one that Python carries.
# An environment is made anew when a requirement, a pin or its place has changed, or when its Python is gone.
set -euo pipefail

usage="usage: venv.sh CORE demo|test, or venv.sh NAME tools"
core=${1:?$usage}
stage=${2:?$usage}
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cd "$tools/../.."

requirements=tests/requirements
pins=$requirements/constraints-$core.txt
if [ ! -f "$pins" ]; then
    echo "venv.sh: no requirements are pinned for $core: there is no $pins." >&2
    exit 2
fi
venv=$(bash "$tools/paths.sh" venv "$core")
scratch=$(bash "$tools/paths.sh" scratch)
mkdir -p "$scratch"

# Two runs at once in one clone: the second one waits.
if command -v flock >/dev/null; then
    exec 9>"$scratch/venv-$core.lock"
    flock 9
fi

key() { # FILE...: a line that changes when the environment has to be made anew
    printf '%s %s\n' "$venv" "$(cat "$@" | cksum)"
}
# The stage that every environment begins with, its pins, and the Python that it needs.
case $stage in
    demo | test) base=demo base_pins=$requirements/constraints-$core-demo.txt python_for=$core ;;
    tools) base=tools base_pins=$pins python_for=2.19 ;;
    *)
        echo "$usage" >&2
        exit 2
        ;;
esac
# What exists as source only is built with these, instead of with what is newest.
builders=$requirements/constraints-$core-build.txt
[ -f "$builders" ] || builders=
base_key=$(key "$base_pins" ${builders:+"$builders"})
test_key=$(key "$base_pins" "$pins")
ready() { # STAGE KEY
    [ -f "$venv/.ready-$1" ] && [ "$(cat "$venv/.ready-$1")" = "$2" ]
}
install() { # STAGE KEY PINS
    local pip=("$venv/bin/python" -m pip --disable-pip-version-check install -qq --no-input --require-hashes --no-deps)
    # A failure here leaves no .ready file behind, so the next run starts again.
    if [ -n "$builders" ]; then
        "${pip[@]}" --only-binary :all: -r "$builders"
        "${pip[@]}" --no-build-isolation -r "$3"
    else
        "${pip[@]}" --only-binary :all: -r "$3"
    fi
    printf '%s\n' "$2" >"$venv/.ready-$1"
}

# Whatever is not exactly as wanted is made from nothing: packages that are no longer asked for go, too.
if ! ready "$base" "$base_key" || { [ -f "$venv/.ready-test" ] && ! ready test "$test_key"; } ||
    ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    python=$(bash "$tools/find-python.sh" "$python_for")
    echo "Making $(basename "$venv") with $(grep -o '^ansible-core==[^ ]*' "$pins" || true) $python"
    # Not the folder itself, which may be the end of a link.
    mkdir -p "$venv"
    find "$venv" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
    "$python" -m venv "$venv"
    install "$base" "$base_key" "$base_pins"
fi
if [ "$stage" = test ] && ! ready test "$test_key"; then
    echo "Installing the test tools into $(basename "$venv")"
    install test "$test_key" "$pins"
fi

# The collection's name, as Python and Ansible look for it, leads to this clone.
link=$scratch/collections/ansible_collections/modelarts/liteserver
mkdir -p "$(dirname "$link")" "$scratch/home" "$scratch/tmp"
# Empty settings, so that the user's own do not decide what the tests show.
[ -e "$scratch/ansible.cfg" ] || : >"$scratch/ansible.cfg"
[ "$(readlink "$link" || true)" = "$PWD" ] || ln -sfn "$PWD" "$link"
