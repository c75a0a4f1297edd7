#!/usr/bin/env bash
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Check the collection as Galaxy does when it is uploaded, and fail at any warning: tests/tools/importer.sh
# Needs the environment of "venv.sh importer tools".
set -euo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
venv=$(bash "$tools/paths.sh" venv importer)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The importer looks for its tools on PATH, and must find none of another environment.
export PATH=$venv/bin:/usr/bin:/bin HOME=$work GALAXY_IMPORTER_CONFIG=$tools/galaxy-importer.cfg ANSIBLE_HOME=$work/ansible
unset VIRTUAL_ENV PYTHONPATH ANSIBLE_COLLECTIONS_PATH ANSIBLE_CONFIG

"$venv/bin/python" "$tools/tree.py" copy "$work/tree"
# Galaxy takes no collection without the address of its repository. As long as there is none to name, an address that
# nobody can own stands in for it here, and only here.
if ! grep -q '^repository:' "$work/tree/galaxy.yml"; then
    echo "note: galaxy.yml names no repository; Galaxy will want one" >&2
    echo "repository: https://example.com/modelarts/liteserver" >>"$work/tree/galaxy.yml"
fi
ansible-galaxy collection build --output-path "$work" "$work/tree" >/dev/null
cd "$work"
python -m galaxy_importer.main "$work"/*.tar.gz 2>&1 | tee "$work/log"
if grep -E '^(WARNING|ERROR)' "$work/log"; then
    echo "importer.sh: these would be shown on Galaxy" >&2
    exit 1
fi
grep -q '^Importer processing completed successfully' "$work/log"
