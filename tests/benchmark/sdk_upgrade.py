# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job on a fleet, as somebody would write it on the vendor's SDK: create it, look until it is over, name what failed.

    python sdk_upgrade.py NAME VERSION FILE

FILE has a server id on each line. The connection is in the environment, as for the collection.
"""

import os
import pathlib
import sys
import time

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkmodelarts.v1 import (
    CreateDevServerJobRequest,
    DevServerJobCreateRequest,
    DevServerJobItem,
    GetDevServerJobRequest,
    ModelArtsClient,
)


def main(name, version, path):
    credentials = BasicCredentials(*(os.environ["HUAWEICLOUD_SDK_" + part] for part in ("AK", "SK", "PROJECT_ID")))
    builder = ModelArtsClient.new_builder().with_credentials(credentials)
    client = builder.with_endpoint(os.environ["LITESERVER_ENDPOINT"]).build()
    body = DevServerJobCreateRequest(
        name=name,
        type="HDK_UPGRADE",
        server_ids=pathlib.Path(path).read_text().split(),
        items=[DevServerJobItem(type="HDK_UPGRADE", spec={"version": version})],
    )
    job = client.create_dev_server_job(CreateDevServerJobRequest(body=body))
    while job.status != "FINISHED":
        time.sleep(1)
        job = client.get_dev_server_job(GetDevServerJobRequest(id=job.id))
    failed = [task.server_name for task in job.tasks if task.status != "SUCCESS"]
    if failed:
        sys.exit("failed: " + ", ".join(failed))


if __name__ == "__main__":
    main(*sys.argv[1:])
