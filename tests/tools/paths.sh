#!/usr/bin/env bash
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Where the tools put what they make.
#   tests/tools/paths.sh scratch       .ansible, the place for everything but virtual environments
#   tests/tools/paths.sh venv CORE     the virtual environment for that ansible-core
#
# Ansible itself fails where the path of its Python holds a space (it puts the interpreter
# into a shell command unquoted), and so does ansible-test. So in a clone whose path is not
# plain, both places are links into one folder below TMPDIR. Its name is made from the clone's
# path: the same at each run, another one for another clone.
set -euo pipefail
export LC_ALL=C

what=${1:?usage: paths.sh scratch | venv CORE}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

case $what in
    scratch) name=.ansible ;;
    venv)
        name=.venv
        [ "${2:?usage: paths.sh venv CORE}" = 2.19 ] || name=.venv-$2
        ;;
    *)
        echo "paths.sh: unknown word: $what" >&2
        exit 2
        ;;
esac

plain='^[A-Za-z0-9_./+-]+$'
if [[ $root =~ $plain ]]; then
    # The clone was moved here from a path that was not plain.
    case $(readlink "$root/$name" || true) in
        */liteserver-*) rm "$root/$name" ;;
    esac
    printf '%s\n' "$root/$name"
    exit 0
fi

temp=${TMPDIR:-/tmp}
[[ $temp =~ $plain ]] || temp=/tmp
temp=$(cd "$temp" && pwd -P)
sum=$(printf %s "$root" | cksum)
base=$temp/liteserver-$(id -u)-${sum//[^0-9]/-}
[ -d "$base" ] || mkdir -m 700 "$base" 2>/dev/null || true
if [ ! -d "$base" ] || [ -L "$base" ] || [ ! -O "$base" ]; then
    echo "paths.sh: $base must be a folder of your own; remove it, or set TMPDIR to another place." >&2
    exit 1
fi
mkdir -p "$base/${name#.}"
link=$root/$name
if [ "$(readlink "$link" || true)" != "$base/${name#.}" ]; then
    rm -rf "$link"
    ln -sfn "$base/${name#.}" "$link"
fi
printf '%s\n' "$base/${name#.}"
