# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""The names of the fields that results have: keys that the collection chose, and the service did not.

A key is concealed like a value, but for these: a secret that is a part of one would change what programs read. A test
compares them with what the modules document.
"""

from __future__ import annotations

FIELDS = frozenset(
    """
    abnormal_count action after after_header assumption before before_header catalog category changed
    charging_mode check check_interval checks cloud_server cloud_server_id cloud_server_type cmd code complete
    counts create_at data description diff done elapsed endpoints error events failed failed_server_ids
    finish_time flavor flavor_type found group hint hook_hosts hosts http_status id image info instance_id
    instance_type instances items job job_id job_ids job_name job_type jobs kind lines means message
    missing_job_ids missing_server_ids model msg name node_name not_before outcome params planned pool_name
    private_ips project_id publish_time raw regex region report_files request_id requests resources retryable
    running server_id server_ids server_name servers service skipped software spec start_time state status
    submitted_server_ids summary supernode_id supernode_name supernode_problems swr_path task_id tasks
    template_id templates timed_out timeout todo total type unknown update_at user_name value verdict version
    versions visible volumes volumes_mount warnings
    """.split()
)
