"""Somebody else's mutating webhook: it adds a container to every Pod that has none of that name."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.e2e.cluster import Cluster
from webhook.commands.trial import make_dev_files

AGENT = {
    "name": "agent",
    "image": "registry.example.com/agent:1",
    "resources": {"requests": {"nvidia.com/gpu": "1"}},
}
"""What it adds: GPU001 in whatever Pod."""


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Answer a review."""
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(_answer(review["request"])).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    response = {"uid": request["uid"], "allowed": True}
    names = {one["name"] for one in request["object"]["spec"]["containers"]}
    if AGENT["name"] not in names:
        patch = [{"op": "add", "path": "/spec/containers/-", "value": AGENT}]
        response["patchType"] = "JSONPatch"
        response["patch"] = base64.b64encode(json.dumps(patch).encode()).decode()
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}


@contextmanager
def registered(cluster: Cluster, name: str, namespace: str) -> Iterator[None]:
    """The webhook, called for the Pods of a namespace; configurations are called in the order of
    their names."""
    files = make_dev_files()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://127.0.0.1:{server.server_port}/"
        bundle = base64.b64encode(files.authority.read_bytes()).decode()
        cluster.kubectl("create", "-f", "-", stdin=_configuration(name, namespace, url, bundle))
        try:
            yield
        finally:
            cluster.kubectl("delete", "mutatingwebhookconfiguration", name)
            server.shutdown()


def _configuration(name: str, namespace: str, url: str, bundle: str) -> dict[str, Any]:
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["pods"],
        "scope": "Namespaced",
    }
    webhook = {
        "name": "other.example.com",
        "clientConfig": {"url": url, "caBundle": bundle},
        "rules": [rule],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [webhook],
    }
