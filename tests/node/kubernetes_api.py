# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the API of a Kubernetes cluster with one node, over real HTTP, for the real client.

It has the node, pods, evictions, and what the controller of DaemonSets does: their pods end where the node loses a
label that they select. With ``dryRun=All``, which check mode sends, a request changes nothing. Not modelled:
other kinds, watches, authentication, grace periods, disruption budgets.
"""

from __future__ import annotations

import json
import pathlib
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

VERBS = ["create", "delete", "get", "list", "patch", "update"]
KINDS = [("nodes", "Node", False), ("pods", "Pod", True), ("namespaces", "Namespace", False)]
POD = re.compile(r"/api/v1/namespaces/([^/]+)/pods/([^/]+)(/eviction)?$")
Tree = dict[str, Any]


def pod(name: str, label: str | None = None) -> Tree:
    """A pod on the node: of a workload, or of the DaemonSet that selects nodes with ``label``."""
    owner = {"kind": "DaemonSet" if label else "ReplicaSet", "name": name, "controller": True}
    owner.update(apiVersion="apps/v1", uid=name)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "work", "uid": name, "ownerReferences": [owner]},
        "spec": {"nodeName": "node-1", "nodeSelector": {label: "yes"} if label else {}, "containers": []},
        "status": {"phase": "Running"},
    }


class Cluster:
    """A context manager.

    Attributes:
        node: the object of the node, as it is now.
        pods: by name.
        log: what was changed, in its order.
    """

    def __init__(self, labels: dict[str, str], pods: list[Tree], ended: Callable[[str], None]) -> None:
        metadata = {"name": "node-1", "labels": dict(labels), "uid": "n", "resourceVersion": "1"}
        self.node: Tree = {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {}, "status": {}}
        self.pods = {each["metadata"]["name"]: each for each in pods}
        self.log: list[str] = []
        self._ended = ended
        self._lock = threading.Lock()

    def __enter__(self) -> Cluster:
        cluster = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                with cluster._lock:
                    status, answer = cluster.answer(self.command, self.path, body)
                payload = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_any

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_reason: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def config(self, path: pathlib.Path) -> str:
        """Write a kubeconfig; returns its path."""
        cluster = {"server": f"http://127.0.0.1:{self._server.server_port}"}
        context = {"cluster": "c", "user": "u"}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "x",
            "clusters": [{"name": "c", "cluster": cluster}],
            "contexts": [{"name": "x", "context": context}],
            "users": [{"name": "u", "user": {}}],
        }
        path.write_text(json.dumps(content))
        return str(path)

    def answer(self, method: str, target: str, body: Tree | None) -> tuple[int, Tree]:
        """What the API says to a request."""
        url = urlsplit(target)
        path, found = url.path.rstrip("/"), POD.match(url.path)
        dry_run = parse_qs(url.query).get("dryRun") == ["All"]
        fixed: dict[str, Tree] = {
            "/version": {"major": "1", "minor": "30", "gitVersion": "v1.30.0"},
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
            "/api/v1": {
                "kind": "APIResourceList",
                "groupVersion": "v1",
                "resources": [
                    {"name": name, "singularName": "", "kind": kind, "namespaced": inside, "verbs": VERBS}
                    for name, kind, inside in KINDS
                ],
            },
        }
        if method == "GET" and path in fixed:
            return 200, fixed[path]
        if path == "/api/v1/nodes/node-1":
            if method == "PATCH" and body is not None and not dry_run:
                self._change(body)
            return 200, self.node
        if path == "/api/v1/pods" and method == "GET":
            named = parse_qs(url.query).get("fieldSelector", [""])[0]
            items = list(self.pods.values()) if named == "spec.nodeName=node-1" else []
            return 200, {"apiVersion": "v1", "kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": items}
        if found and found[2] in self.pods:
            each = self.pods[found[2]]
            dry_run = dry_run or (body or {}).get("dryRun") == ["All"]
            if ((method, found[3]) == ("POST", "/eviction") or method == "DELETE") and not dry_run:
                self._end(found[2], "evicted")
            return 200, each
        text = f"{path} not found"
        return 404, {"apiVersion": "v1", "kind": "Status", "status": "Failure", "message": text, "code": 404}

    def _change(self, patch: Tree) -> None:
        labels = (patch.get("metadata") or {}).get("labels") or {}
        for key, value in labels.items():
            had = self.node["metadata"]["labels"].pop(key, None)
            if value is not None:
                self.node["metadata"]["labels"][key] = value
            if had != value:
                self.log.append(f"label {key}={value}")
        spec = patch.get("spec") or {}
        if "unschedulable" in spec and bool(spec["unschedulable"]) != self.node["spec"].get("unschedulable", False):
            self.node["spec"]["unschedulable"] = bool(spec["unschedulable"])
            self.log.append("cordon" if spec["unschedulable"] else "uncordon")
        for name, each in list(self.pods.items()):
            if not set(each["spec"]["nodeSelector"]) <= set(self.node["metadata"]["labels"]):
                self._end(name, "ended")

    def _end(self, name: str, how: str) -> None:
        self.log.append(f"{how} {name}")
        del self.pods[name]
        self._ended(name)
