# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
from __future__ import annotations


class ModuleDocFragment:
    """The connection options of every module, and what plugins add to them."""

    DOCUMENTATION = r"""
requirements:
  - requests
notes:
  - Exactly one way to authenticate is needed. O(access_key) and O(secret_key), with O(security_token) if they are temporary;
    or O(auth_token); or O(username), O(password) and O(domain_name). None or two is an error.
  - A C(.netrc) file and E(REQUESTS_CA_BUNDLE) have no effect.
options:
  region:
    description:
      - Region of the service, for example V(cn-north-4). The endpoint follows from it.
      - Environment variables E(HUAWEICLOUD_SDK_REGION), E(HW_REGION_NAME); the first found wins, here and below.
    type: str
  endpoint:
    description:
      - Address of the ModelArts service. Overrides O(region). It must begin with V(https), unless it is a loopback address.
      - Environment variable E(LITESERVER_ENDPOINT).
    type: str
  project_id:
    description:
      - Id of the project.
      - Environment variables E(HUAWEICLOUD_SDK_PROJECT_ID), E(HW_PROJECT_ID).
    type: str
  access_key:
    description:
      - Access key (AK), for signed requests.
      - Environment variables E(HUAWEICLOUD_SDK_AK), E(HW_ACCESS_KEY).
    type: str
  secret_key:
    description:
      - Secret key (SK) of O(access_key).
      - Environment variables E(HUAWEICLOUD_SDK_SK), E(HW_SECRET_KEY).
    type: str
  security_token:
    description:
      - Security token of temporary keys.
      - Environment variables E(HUAWEICLOUD_SDK_SECURITY_TOKEN), E(HW_SECURITY_TOKEN).
    type: str
  auth_token:
    description:
      - A ready IAM token of the project.
      - Environment variable E(HW_AUTH_TOKEN).
    type: str
  username:
    description:
      - Name of an IAM user. A token is fetched with it, and renewed in the middle of a long wait.
      - Environment variable E(HW_USER_NAME).
    type: str
  password:
    description:
      - Password of O(username).
      - Environment variable E(HW_USER_PASSWORD).
    type: str
  domain_name:
    description:
      - Name of the account that O(username) belongs to.
      - Environment variable E(HW_DOMAIN_NAME).
    type: str
  iam_endpoint:
    description:
      - Address of IAM, for the login. By default it follows from O(region).
      - Environment variables E(HUAWEICLOUD_SDK_IAM_ENDPOINT), E(HW_AUTH_URL).
    type: str
  validate_certs:
    description:
      - Whether the server's certificate is checked. V(false) is for tests only, and warns.
    type: bool
    default: true
  ca_path:
    description:
      - File or folder with the certificates of your own certificate authority.
      - Environment variable E(LITESERVER_CA_PATH).
    type: path
  proxy:
    description:
      - Address of a proxy for the requests. By default the usual proxy variables hold.
      - A plain V(http) endpoint, which is a loopback address, is never reached through a proxy.
    type: str
  request_timeout:
    description:
      - Seconds to wait for a connection, and for an answer.
      - Where a create request gets no answer, the collection searches for the job for as many seconds.
    type: int
    default: 30
  max_retries:
    description:
      - How often a request is repeated where that is safe.
      - Environment variable E(HW_MAX_RETRIES).
    type: int
    default: 5
"""

    # Where several variables of an option are set, Ansible takes the last of the list, and the modules take the first
    # that their documentation names: so the lists are the other way round here.
    PLUGIN = r"""
options:
  region:
    env:
      - name: HW_REGION_NAME
      - name: HUAWEICLOUD_SDK_REGION
  endpoint:
    env:
      - name: LITESERVER_ENDPOINT
  project_id:
    env:
      - name: HW_PROJECT_ID
      - name: HUAWEICLOUD_SDK_PROJECT_ID
  access_key:
    env:
      - name: HW_ACCESS_KEY
      - name: HUAWEICLOUD_SDK_AK
  secret_key:
    env:
      - name: HW_SECRET_KEY
      - name: HUAWEICLOUD_SDK_SK
  security_token:
    env:
      - name: HW_SECURITY_TOKEN
      - name: HUAWEICLOUD_SDK_SECURITY_TOKEN
  auth_token:
    env:
      - name: HW_AUTH_TOKEN
  username:
    env:
      - name: HW_USER_NAME
  password:
    env:
      - name: HW_USER_PASSWORD
  domain_name:
    env:
      - name: HW_DOMAIN_NAME
  iam_endpoint:
    env:
      - name: HW_AUTH_URL
      - name: HUAWEICLOUD_SDK_IAM_ENDPOINT
  ca_path:
    env:
      - name: LITESERVER_CA_PATH
  max_retries:
    env:
      - name: HW_MAX_RETRIES
"""
