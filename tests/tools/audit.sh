#!/usr/bin/env bash
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Look for known weaknesses: tests/tools/audit.sh bandit|pip-audit ...
# bandit reads our code; a finding that is none is answered where it is found ("# nosec", with the reason).
# pip-audit asks an advisory service about every pinned package. Without "--strict" it says that nothing is known where
# the service has no answer at all, and ends well; so a package that could not be looked up is a failure. A finding that is
# none for us is answered here.
set -euo pipefail

# pyasn1 0.6.3: what it decodes can make it compute for long. Only the vendor's SDK brings it, which the tests compare with and
# which forbids a later one; the SDK decodes with it only where it verifies a signature, and nothing here asks for that.
answered=(--ignore-vuln PYSEC-2026-3455 --ignore-vuln PYSEC-2026-3456 --ignore-vuln PYSEC-2026-3457)

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
bin=$(bash "$tools/paths.sh" venv audit)/bin
cd "$tools/../.."

failed=0
for tool; do
    case $tool in
        bandit)
            "$bin/bandit" --quiet --recursive plugins
            # What only we run: it starts our own programs, without a shell (B404, B603, B607), reads XML that
            # ansible-test has just written (B405, B314), and an empty date is no password (B105).
            "$bin/bandit" --quiet --recursive --skip B404,B603,B607,B405,B314,B105 tests/simulator tests/tools
            echo "bandit: no finding without an answer"
            ;;
        pip-audit)
            for pins in tests/requirements/constraints-*.txt; do
                # The demo's are a part of the others.
                case $pins in *-demo.txt) continue ;; esac
                "$bin/pip-audit" --strict --no-deps --disable-pip "${answered[@]}" --requirement "$pins" || failed=1
            done
            ;;
        *)
            echo "usage: audit.sh bandit|pip-audit ..." >&2
            exit 2
            ;;
    esac
done
exit "$failed"
