"""A node of the control plane: what a kubelet does with mlgate's Pods, done with processes.

The Pods come of the real controllers of Deployments and Jobs. Each is a process with the arguments
of its container, the token of its ServiceAccount, an address of its own, and its ConfigMaps and
Secrets as files, without which it does not start; it is ready when it says so, and ends when it is
deleted. ``kubectl logs`` reads what it has written. An image is a folder with mlgate's source.
"""

import base64
import datetime
import http.server
import itertools
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from cluster.client import ApiError, connect
from tests.e2e.cluster import Cluster, free_port
from webhook.identity.rotation import Issuer, encode_identity

NAME = "node"
REGISTRY = "registry.example.com/mlgate"
_ROOT = Path(__file__).parents[2]
_POLL = 0.2
_HEARTBEAT = 10.0
_QUICK = ("--shutdown-delay=1", "--grace=5")
"""Of a server: the API server of the tests notices at once that it goes."""

Body = dict[str, Any]


def now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class PodProcess:
    """The one container of a Pod, running. ``files`` are the folders of its ConfigMaps and Secrets,
    by their paths in the API."""

    def __init__(self, body: Body, address: str, source: Path, work: Path, token: Path) -> None:
        self.body, self.address, self.started = body, address, now()
        (self.container,) = body["spec"]["containers"]
        self._volumes = dict(_list_volumes(body))
        self.files = {path: work / name for name, path in self._volumes.items()}
        self.log = work / "log"
        self.ending = False
        self.told: tuple[object, ...] = ()
        self._source, self._token = source, token

    @property
    def path(self) -> str:
        meta = self.body["metadata"]
        return f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "linter", *self._arguments()],
                stdout=log,
                stderr=log,
                cwd=self._source,
                env={**os.environ, "PYTHONPATH": str(self._source), **dict(self._environment())},
            )

    def end(self) -> None:
        """As a Pod that is deleted: a signal, once."""
        if not self.ending:
            self.ending = True
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def code(self) -> int | None:
        return self._process.poll()

    @property
    def ready(self) -> bool:
        """What its probe says; without one it is ready while it runs."""
        probe = self.container.get("readinessProbe")
        if self.code is not None or probe is None:
            return self.code is None
        port = {one["name"]: one["containerPort"] for one in self.container["ports"]}
        asked = HTTPConnection(self.address, port[probe["httpGet"]["port"]], timeout=1)
        with closing(asked), suppress(OSError, HTTPException):
            asked.request("GET", probe["httpGet"]["path"])
            return asked.getresponse().status == 200
        return False

    def _arguments(self) -> list[str]:
        """Those of the container, with paths and addresses that many processes can share."""
        arguments = list(self.container["args"])
        for name, value in self._environment():
            arguments = [one.replace(f"$({name})", value) for one in arguments]
        for mount in self.container.get("volumeMounts", []):
            if mount["name"] in self._volumes:
                folder = str(self.files[self._volumes[mount["name"]]])
                old = re.compile(re.escape(mount["mountPath"]) + r"(?=/|$)")
                arguments = [old.sub(folder, one) for one in arguments]
        if arguments[0] in ("serve", "scan", "webhook-check"):
            arguments += ["--kubeconfig", str(self._token)]
        if arguments[0] == "serve":
            arguments += ["--host", self.address, *_QUICK]
        return arguments

    def _environment(self) -> Iterator[tuple[str, str]]:
        for one in self.container.get("env", []):
            field = one["valueFrom"]["fieldRef"]["fieldPath"].removeprefix("metadata.")
            yield one["name"], self.body["metadata"][field]


def _list_volumes(body: Body) -> Iterator[tuple[str, str]]:
    """The name of each volume of a Pod that is a ConfigMap or a Secret, with the path of that."""
    space = f"/api/v1/namespaces/{body['metadata']['namespace']}"
    for one in body["spec"].get("volumes", []):
        if "configMap" in one:
            yield one["name"], f"{space}/configmaps/{one['configMap']['name']}"
        elif "secret" in one:
            yield one["name"], f"{space}/secrets/{one['secret']['secretName']}"


class Node:
    """A node that runs the Pods whose image is one of ``images``."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.images = {f"{REGISTRY}:{one}": _ROOT for one in ("0.1.0", "0.1.1", "0.2.0")}
        self._client = connect(str(cluster.kubeconfig))
        self._work = cluster.work / "pods"
        self._addresses = (f"192.0.2.{number}" for number in itertools.count(10))
        self._pods: dict[str, PodProcess] = {}
        self._end = threading.Event()
        self._beaten = 0.0
        self._logs = _serve_logs(self)
        self._threads = [
            threading.Thread(target=run, daemon=True)
            for run in (self._run, self._logs.serve_forever)
        ]

    def start(self) -> None:
        metadata = {"name": NAME}
        body = {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": self._status()}
        self._client.create("/api/v1/nodes", body)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._end.set()
        self._logs.shutdown()
        for thread in self._threads:
            thread.join()
        self._logs.server_close()
        for pod in self._pods.values():
            pod.kill()
        self._client.delete(f"/api/v1/nodes/{NAME}")
        self._client.close()

    def find_log(self, namespace: str, name: str) -> Path | None:
        path = f"/api/v1/namespaces/{namespace}/pods/{name}"
        return next((one.log for one in self._pods.values() if one.path == path), None)

    def _status(self) -> Body:
        ready = {"type": "Ready", "status": "True", "reason": "Ready", "lastHeartbeatTime": now()}
        return {
            "addresses": [{"type": "InternalIP", "address": self.cluster.host}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self._logs.server_port}},
            "conditions": [ready],
        }

    def _run(self) -> None:
        while not self._end.wait(_POLL):
            with suppress(ApiError):  # away or busy for a moment: the next look does the same
                self._look()

    def _look(self) -> None:
        if time.monotonic() - self._beaten > _HEARTBEAT:
            self._client.merge(f"/api/v1/nodes/{NAME}/status", {"status": self._status()})
            self._beaten = time.monotonic()
        listed = self._client.get("/api/v1/pods") or {"items": []}
        for body in listed["items"]:
            if body["spec"]["containers"][0]["image"] in self.images:
                with suppress(ApiError):  # it has changed meanwhile
                    self._tend(body)

    def _tend(self, body: Body) -> None:
        """Take one step with a Pod: place it, start it, tell how it is, or let it go."""
        pod = self._pods.get(body["metadata"]["uid"])
        if pod is None:
            self._take(body)
        elif "deletionTimestamp" in body["metadata"]:
            pod.end()
            if pod.code is not None:
                self._client.delete(f"{pod.path}?gracePeriodSeconds=0")
        else:
            self._write_files(pod)
            self._tell(pod)

    def _take(self, body: Body) -> None:
        meta = body["metadata"]
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        if body.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            return
        if "deletionTimestamp" in meta:
            self._client.delete(f"{path}?gracePeriodSeconds=0")
            return
        if "nodeName" not in body["spec"]:
            target = {"apiVersion": "v1", "kind": "Node", "name": NAME}
            binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": meta["name"]}}
            self._client.create(f"{path}/binding", {**binding, "target": target})
            return
        if not all(self._client.get(path) for _, path in _list_volumes(body)):
            return
        work = self._work / meta["uid"]
        work.mkdir(parents=True, exist_ok=True)
        source = self.images[body["spec"]["containers"][0]["image"]]
        pod = PodProcess(body, next(self._addresses), source, work, self._ask_for_token(body, work))
        self._write_files(pod)
        pod.start()
        self._pods[meta["uid"]] = pod

    def _ask_for_token(self, body: Body, work: Path) -> Path:
        """A kubeconfig of the Pod's ServiceAccount."""
        account = body["spec"]["serviceAccountName"]
        path = f"/api/v1/namespaces/{body['metadata']['namespace']}/serviceaccounts/{account}/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        answer = self._client.create(path, request)
        self.cluster.write_kubeconfig(work / "kubeconfig", answer["status"]["token"])
        return work / "kubeconfig"

    def _write_files(self, pod: PodProcess) -> None:
        for path, folder in pod.files.items():
            found = self._client.get(path) or {}
            folder.mkdir(exist_ok=True)
            for key, text in found.get("data", {}).items():
                content = base64.b64decode(text) if "/secrets/" in path else text.encode()
                file = folder / key
                if not file.exists() or file.read_bytes() != content:
                    new = file.with_name(f"{key}.new")
                    new.write_bytes(content)
                    shutil.move(new, file)

    def _tell(self, pod: PodProcess) -> None:
        """Write the Pod's status, where it has changed."""
        code, ready = pod.code, pod.ready
        if pod.told == (code, ready):
            return
        phase = "Running" if code is None else "Failed" if code else "Succeeded"
        state = {"running": {"startedAt": pod.started}}
        if code is not None:
            state = {"terminated": {"exitCode": code, "finishedAt": now()}}  # type: ignore[dict-item]
        container = {"name": pod.container["name"], "image": pod.container["image"]}
        told = {"ready": ready, "restartCount": 0, "imageID": "", "state": state}
        status = {
            "phase": phase,
            "podIP": pod.address,
            "podIPs": [{"ip": pod.address}],
            "startTime": pod.started,
            "conditions": [
                {"type": kind, "status": str(ready), "lastTransitionTime": now()}
                for kind in ("ContainersReady", "Ready")
            ],
            "containerStatuses": [{**container, **told}],
        }
        self._client.merge(f"{pod.path}/status", {"status": status})
        pod.told = (code, ready)


def _serve_logs(node: Node) -> http.server.ThreadingHTTPServer:
    """The part of a kubelet that the API server asks for logs."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, kind, namespace, name, *_ = self.path.split("?")[0].split("/")
            log = node.find_log(namespace, name) if kind == "containerLogs" else None
            text = log.read_bytes() if log else b""
            self.send_response(200 if log else 404)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    work = node.cluster.work / "kubelet"
    work.mkdir(exist_ok=True)
    pair = encode_identity(Issuer([NAME]).create(datetime.datetime.now(datetime.UTC)))
    for key, text in pair.items():
        (work / key).write_text(text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(work / "tls.crt", work / "tls.key")
    server = http.server.ThreadingHTTPServer((node.cluster.host, free_port()), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server
