#!/usr/bin/env bash
# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Sees to OpenSSH's client and server, with which the tests of what runs on nodes log in on loopback; no service is started.
set -euo pipefail
PATH="$PATH:/usr/sbin:/usr/local/sbin"
if [ "$(command -v sshd ssh ssh-keygen | wc -l)" -eq 3 ]; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssh-server openssh-client
elif [ "$(id -u)" = 0 ] && command -v dnf >/dev/null; then
    dnf install -y -q openssh-server openssh-clients
else
    echo "OpenSSH is missing, with which the tests of what runs on nodes log in: install openssh-server and openssh-client" >&2
    exit 1
fi
