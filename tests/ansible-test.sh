#!/usr/bin/env bash
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Run ansible-test on this clone, wherever it is: tests/ansible-test.sh CORE sanity|units|integration [ARGUMENT...]
# ansible-test wants to stand in .../ansible_collections/<namespace>/<name>, sees through links, and needs a
# repository of git there: without one it finds no file, says "All targets skipped", and exits with 0. So it
# works on a copy of the files; its virtual environments stay in the copy's tests/output from run to run.
set -euo pipefail

core=${1:?usage: ansible-test.sh CORE COMMAND [ARGUMENT...]}
command=${2:?usage: ansible-test.sh CORE COMMAND [ARGUMENT...]}
shift 2
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$(pwd -P)
tools=$root/tests/tools
venv=$(bash "$tools/paths.sh" venv "$core")
work=$(bash "$tools/paths.sh" scratch)/ansible-test-$core
copy=$work/ansible_collections/modelarts/liteserver
cache=$work/home/.ansible/test/cache
mkdir -p "$copy" "$cache"

# Two runs at once in one clone: the second one waits.
if command -v flock >/dev/null; then
    exec 9>"$work/lock"
    flock 9
fi

unset "${!GIT_@}" PYTHONPATH PYTHONHOME
[ -d "$copy/.git" ] || git init -q "$copy"
"$venv/bin/python" "$tools/tree.py" copy "$copy"

# A home of its own, for the stand-in for the pip bootstrap script, under the name of each pip that this ansible-test may want.
grep -hoE "pip='[0-9.]+'" "$venv"/lib/python*/site-packages/ansible_test/_internal/python_requirements.py | tr -d "pi='" | tr . _ |
    while IFS= read -r version; do cp "$tools/get_pip.py" "$cache/get_pip_$version.py"; done
# The user's settings of pip hold here, too. ansible-test hides those that are in the environment.
for settings in .config/pip .cache/pip .netrc; do
    if [ -e "${HOME:-}/$settings" ]; then
        mkdir -p "$(dirname "$work/home/$settings")"
        ln -sfn "$HOME/$settings" "$work/home/$settings"
    fi
done
mkdir -p "$work/home/.pip"
proxy=${HTTPS_PROXY:-${https_proxy:-}}
[ -n "${PIP_PROXY:-}" ] || [ -z "$proxy" ] || export PIP_PROXY=$proxy
(
    umask 077
    echo "[global]"
    echo "quiet = 2"
    for name in "${!PIP_@}"; do
        case $name in
            PIP_CONFIG_FILE | PIP_REQUIRE_VIRTUALENV | PIP_USER | PIP_QUIET | PIP_VERBOSE) continue ;;
        esac
        setting=${name#PIP_}
        printf '%s = %s\n' "$(tr '[:upper:]_' '[:lower:]-' <<<"$setting")" "${!name}"
    done
) >"$work/home/.pip/pip.conf"
# pyenv's shims name every Python, but fail for those that are not selected.
path=$venv/bin
while IFS= read -r -d : entry; do
    case $entry in
        "" | */shims) ;;
        *) path=$path:$entry ;;
    esac
done <<<"$PATH:"
export HOME=$work/home PATH=$path

cd "$copy"
version=$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
rm -rf tests/output/junit
[ "$command" != sanity ] || set -- --junit "$@"
ansible-test "$command" --local --python "$version" --python-interpreter "$venv/bin/python" "$@" 2>&1 9>&- | tee "$work/$command.log"
if grep -q "All targets skipped" "$work/$command.log"; then
    echo "ansible-test.sh: nothing was tested." >&2
    exit 1
fi
[ "$command $*" != "sanity --junit" ] || "$venv/bin/python" "$tools/check_sanity.py" tests/output/junit
