# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's SDK, unchanged, as the client; and its signer against the simulator's check."""

from __future__ import annotations

import hashlib
import random
import string
import time
import urllib.parse

import pytest
from requests.structures import CaseInsensitiveDict
from simulator import signature

AK, SK = "EXAMPLEAKEXAMPLEAK00", "EXAMPLESKexampleSKexampleSKexampleSKexam"


@pytest.fixture
def make_client(sdk, simulator):
    def make(secret_key=None, security_token=None):
        options = simulator.credentials()
        credentials = sdk.credentials.BasicCredentials(
            options["access_key"], secret_key or options["secret_key"], options["project_id"]
        )
        if security_token is not None:
            credentials = credentials.with_security_token(security_token)
        builder = sdk.api.ModelArtsClient.new_builder()
        return builder.with_credentials(credentials).with_endpoint(simulator.url).build()

    return make


def job_body(sdk, simulator, name="sdk_job", indexes=(1,)):
    api = sdk.api
    return api.CreateDevServerJobRequest(
        body=api.DevServerJobCreateRequest(
            name=name,
            description="Task description.",
            type="HDK_UPGRADE",
            server_ids=[simulator.server_id(index) for index in indexes],
            items=[api.DevServerJobItem(type="HDK_UPGRADE", spec={"version": "24.1.rc3.10"})],
        )
    )


def test_jobs(sdk, simulator, make_client):
    client, api = make_client(), sdk.api
    simulator.server(2, fail=1)
    created = client.create_dev_server_job(job_body(sdk, simulator, indexes=(1, 2)))
    assert (created.status, created.type, len(created.tasks)) == ("PROCESSING", "ASCEND_SOFTWARE_UPGRADE", 2)
    simulator.advance(1)
    detail = client.get_dev_server_job(api.GetDevServerJobRequest(id=created.id))
    assert [task.status for task in detail.tasks] == ["SUCCESS", "FAILED"]
    assert (detail.abnormal_count, detail.items[0].spec) == (1, {"version": "24.1.rc3.10"})
    listed = client.list_dev_server_jobs(
        api.ListDevServerJobsRequest(name="sdk_job", type="ASCEND_SOFTWARE_UPGRADE", status="FINISHED", visible=True)
    )
    assert [job.id for job in listed.data] == [created.id]
    assert (listed.current, listed.pages, listed.total) == (1, 1, 1)
    deleted = client.delete_dev_server_jobs(
        api.DeleteDevServerJobsRequest(body=api.ServerJobDeleteRequest(job_ids=[created.id]))
    )
    assert deleted.data[0].status == "DELETED"
    assert {entry["auth"] for entry in simulator.requests()} == {"aksk"}


def test_templates_and_services(sdk, simulator, make_client):
    client, api = make_client(), sdk.api
    listed = client.list_dev_server_job_templates(api.ListDevServerJobTemplatesRequest(type="COMMON"))
    assert [template.name for template in listed.data] == ["common-command"]
    detail = client.get_dev_server_job_template(api.GetDevServerJobTemplateRequest(id=listed.data[0].id))
    assert detail.params[0].name == "command"
    service = simulator.seed_service(name="svc")
    shown = client.get_dev_server_job_service(api.GetDevServerJobServiceRequest(id=service["id"]))
    assert (shown.name, shown.instances[0].status, shown.model.quant_type) == ("svc", "RUNNING", "fp16")


def test_servers(sdk, simulator, make_client):
    client, api = make_client(), sdk.api
    listed = client.list_dev_servers(
        api.ListDevServersRequest(limit=5, offset=5, sort_dir="ASC", sort_key="createTime")
    )
    assert [server.name for server in listed.data] == [f"liteserver-{index:05d}" for index in range(6, 11)]
    assert listed.total == 12
    assert client.list_all_dev_servers(api.ListAllDevServersRequest()).total == 12
    assert client.sync_dev_servers(api.SyncDevServersRequest(limit=3, offset=0)).size == 3
    one = simulator.server_id(1)
    shown = client.show_dev_server(api.ShowDevServerRequest(id=one))
    assert (shown.category, shown.server_hps.name, shown.endpoints[0].uri) == ("HPS", "supernode-001", "10.0.0.1")
    nodes = client.list_hyperinstances(api.ListHyperinstancesRequest(limit=10, offset=0))
    assert client.list_all_hyperinstances(api.ListAllHyperinstancesRequest()).total == nodes.total == 1
    node = client.get_hyperinstance(api.GetHyperinstanceRequest(id=nodes.data[0].id))
    members = client.list_hyperinstance_servers(api.ListHyperinstanceServersRequest(id=node.id))
    assert [server.id for server in node.servers] == [server.id for server in members.data]


def test_power(sdk, simulator, make_client):
    client, api = make_client(), sdk.api
    one = simulator.server_id(1)
    assert client.stop_dev_server(api.StopDevServerRequest(id=one)).status == "STOPPING"
    simulator.advance(1)
    started = client.start_dev_server(api.StartDevServerRequest(id=one, body=api.ServerStartRequest()))
    assert started.status == "STARTING"
    simulator.advance(1)
    assert client.reboot_dev_server(api.RebootDevServerRequest(id=one)).status == "REBOOTING"
    servers = [api.BatchActionDevServerIds(id=simulator.server_id(2))]
    batch = client.batch_dev_servers_action(
        api.BatchDevServersActionRequest(body=api.DevServerBatchRequest(type="STOP", servers=servers))
    )
    assert [server.status for server in batch.data] == ["STOPPING"]


def test_errors(sdk, simulator, make_client):
    api, failure = sdk.api, sdk.exceptions.ClientRequestException
    with pytest.raises(failure) as missing:
        make_client().show_dev_server(api.ShowDevServerRequest(id="a/b c"))
    assert (missing.value.status_code, missing.value.error_code) == (400, "ModelArts.6404")
    assert missing.value.error_msg == "LiteServer instance 'a/b c' not found."
    assert len(missing.value.request_id) == 32
    with pytest.raises(failure) as unsigned:
        make_client(secret_key="wrong").list_dev_server_jobs(api.ListDevServerJobsRequest())
    assert (unsigned.value.status_code, unsigned.value.error_code) == (401, "APIGW.0301")


def test_temporary_credentials(sdk, simulator, make_client):
    simulator.set(security_token="temporary")
    request = sdk.api.ListDevServerJobsRequest()
    assert make_client(security_token="temporary").list_dev_server_jobs(request).total == 0
    with pytest.raises(sdk.exceptions.ClientRequestException):
        make_client().list_dev_server_jobs(request)


# Signatures, without HTTP


def signed_by_sdk(sdk, method, path, query, body, headers):
    """What the SDK would send: the target's two parts, and the headers as a server reads them."""
    request = sdk.request.SdkRequest(
        method=method,
        schema="https",
        host="modelarts.example.com",
        resource_path=path,
        uri="",
        query_params=list(query),
        header_params=dict(headers),
        body=body,
    )
    credentials = sdk.credentials.BasicCredentials(AK, SK, "p")
    signed = sdk.signer.Signer(credentials).sign(request)
    raw_path, _mark, raw_query = signed.uri.partition("?")
    sent = {name: value.encode("iso-8859-1").decode() for name, value in signed.header_params.items()}
    return raw_path, raw_query, CaseInsensitiveDict(sent)


def check(method, raw_path, raw_query, headers, body, secret_key=SK, at=None):
    signature.verify(method, raw_path, raw_query, headers, body, secret_key, time.time() if at is None else at)


def random_request(source):
    alphabet = string.ascii_letters + string.digits + "-._~ /+*%&=?#@!'()äß中\U0001f600"

    def text(most):
        return "".join(source.choice(alphabet) for _n in range(source.randint(0, most)))

    method = source.choice(["GET", "POST", "PUT", "DELETE"])
    path = "/v1/p/" + urllib.parse.quote(text(20), safe="/" if source.random() < 0.5 else "")
    # The SDK itself fails on two equal names with values of two types.
    query = [
        (f"{text(5)}{number}", source.choice([text(8), 7, True, [text(3), text(3)]]))
        for number in range(source.randint(0, 4))
    ]
    body = text(50).encode() if method != "GET" else b""
    headers = {"Content-Type": "application/json", "User-Agent": "test/" + text(5)}
    if source.random() < 0.3:
        headers["Content-Type"] = "text/plain"
    if source.random() < 0.3:
        headers["X-Security-Token"] = "token"
    return method, path, query, body, headers


def test_what_the_sdk_signs_passes_and_any_change_does_not(sdk):
    source = random.Random(20261123)
    for _n in range(300):
        method, path, query, body, headers = random_request(source)
        raw_path, raw_query, sent = signed_by_sdk(sdk, method, path, query, body, headers)
        check(method, raw_path, raw_query, sent, body)
        changed = CaseInsensitiveDict({**sent, "User-Agent": "other"})
        variants = [
            ("PATCH", raw_path, raw_query, sent, body, SK),
            (method, raw_path + "x", raw_query, sent, body, SK),
            (method, raw_path, raw_query + "&x=1" if raw_query else "x=1", sent, body, SK),
            (method, raw_path, raw_query, changed, body, SK),
            (method, raw_path, raw_query, sent, body, SK + "x"),
        ]
        if headers["Content-Type"] == "application/json":
            variants.append((method, raw_path, raw_query, sent, body + b"x", SK))
        for variant in variants:
            with pytest.raises(signature.SignatureError):
                check(*variant)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"X-Sdk-Date": "yesterday"}, "malformed"),
        ({"X-Sdk-Date": "20200101T000000Z"}, "expired"),
        ({"Authorization": "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=" + "0" * 64}, "not signed"),
        ({"Authorization": "SDK-HMAC-SHA256 Access=a, SignedHeaders=x-sdk-date;host, Signature=" + "0" * 64}, "sorted"),
        ({"Authorization": "SDK-HMAC-SHA256 Access=a, SignedHeaders=x-no;x-sdk-date, Signature=" + "0" * 64}, "x-no"),
        ({"Authorization": "V11-HMAC-SHA256 Credential=a"}, "malformed"),
    ],
)
def test_reasons(sdk, change, reason):
    raw_path, raw_query, sent = signed_by_sdk(sdk, "GET", "/v1/p/x", [], b"", {"Content-Type": "application/json"})
    check("GET", raw_path, raw_query, sent, b"")
    with pytest.raises(signature.SignatureError, match=reason):
        check("GET", raw_path, raw_query, CaseInsensitiveDict({**sent, **change}), b"")


def test_a_json_body_cannot_stay_unsigned(sdk):
    body = b'{"a": 1}'
    raw_path, raw_query, sent = signed_by_sdk(sdk, "POST", "/v1/p/x", [], body, {"Content-Type": "text/plain"})
    assert sent["X-Sdk-Content-Sha256"] == "UNSIGNED-PAYLOAD"
    check("POST", raw_path, raw_query, sent, b"anything else")
    hashed = hashlib.sha256(body).hexdigest()
    as_json = CaseInsensitiveDict({**sent, "Content-Type": "application/json"})
    assert signature.payload_hash(as_json, body) == hashed
    as_text = CaseInsensitiveDict({**sent, "X-Sdk-Content-Sha256": "0" * 64})
    assert signature.payload_hash(as_text, body) == hashed


def test_the_skew_is_a_quarter_of_an_hour(sdk):
    raw_path, raw_query, sent = signed_by_sdk(sdk, "GET", "/v1/p/x", [], b"", {"Content-Type": "application/json"})
    for seconds in (-890, 890):
        check("GET", raw_path, raw_query, sent, b"", at=time.time() + seconds)
    for seconds in (-905, 905):
        with pytest.raises(signature.SignatureError, match="expired"):
            check("GET", raw_path, raw_query, sent, b"", at=time.time() + seconds)
