"""A control plane of one's own: etcd, kube-apiserver and kube-controller-manager on loopback."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import urllib3
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
TOKEN = "admin-token"  # noqa: S105 - of a server that lives for one run, on loopback
_START = 60.0
_STOP = 5.0  # an API server waits a minute for the watches of others
_AUDITED = "system:serviceaccount:mlgate-system:mlgate"
_AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "users": [_AUDITED]}, {"level": "None"}],
}


def find_programs() -> Path | str:
    """The folder of the control plane's programs, or why there is none."""
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    if not folder:
        return "KUBEBUILDER_ASSETS is not set; `make control-plane` builds what it should name"
    missing = [name for name in PROGRAMS if not os.access(Path(folder) / name, os.X_OK)]
    if missing:
        return f"KUBEBUILDER_ASSETS={folder} lacks {', '.join(missing)}"
    return Path(folder)


class Cluster:
    """A running control plane. ``work`` holds its data, its kubeconfig and its logs; ``host`` is
    the address at which it looks for a webhook's replicas; ``extra`` are further arguments of the
    API server."""

    def __init__(self, programs: Path, work: Path, host: str, *extra: str) -> None:
        self.programs = programs
        self.work = work
        self.host = host
        self._extra = extra
        self.kubeconfig = work / "kubeconfig"
        self._audit_log = work / "audit.log"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._etcd, self._etcd_peer, self._port = free_port(), free_port(), free_port()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._port}"

    @cached_property
    def minor(self) -> int:
        """The minor version of its Kubernetes."""
        version = json.loads(self.kubectl("version", "-o", "json"))
        return int(version["serverVersion"]["minor"].rstrip("+"))

    @property
    def authority(self) -> Path:
        """The certificate that the API server's own is checked with."""
        return self.work / "apiserver" / "apiserver.crt"

    @property
    def audited(self) -> list[dict[str, Any]]:
        """The events of the API server's audit log: what mlgate's ServiceAccount asked for, each
        when it was answered, and a watch also when it began."""
        return [json.loads(line) for line in self._audit_log.read_text().splitlines()]

    def start(self) -> None:
        """Start all three; returns when the API server is ready, and controllers are at work."""
        self._write_keys()
        self._start_etcd()
        self.start_api_server()
        self.write_kubeconfig(self.kubeconfig, TOKEN)
        self._start_controllers()
        # All of them have been made before the first begins. While they are being made, an API
        # server that stops ends their process.
        account = ("serviceaccount/default", "--namespace=default", f"--timeout={_START:.0f}s")
        self.kubectl("wait", "--for=create", *account)

    def stop(self) -> None:
        """Stop all; the API server before etcd, without which it hangs for minutes."""
        for name in ("kube-controller-manager", "kube-apiserver", "etcd"):
            self._end(name)

    def start_api_server(self) -> None:
        """Start the API server, on the port that it had, and wait until it is ready."""
        self._run(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self._etcd}",
            "--bind-address=127.0.0.1",
            f"--advertise-address={self.host}",
            f"--secure-port={self._port}",
            f"--cert-dir={self.work}/apiserver",
            f"--token-auth-file={self.work}/tokens.csv",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self.work}/service-account.key",
            f"--service-account-signing-key-file={self.work}/service-account.key",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--allow-privileged=true",
            # There is no kube-proxy: dial a Service's endpoints.
            "--enable-aggregator-routing=true",
            f"--audit-policy-file={self.work}/audit-policy.yaml",
            f"--audit-log-path={self._audit_log}",
            *self._extra,
        )
        until(self._ready, _START)

    def stop_api_server(self) -> None:
        self._end("kube-apiserver")

    def kubectl(self, *arguments: str, stdin: Any = None, check: bool = True) -> str:
        """What kubectl prints (stdout and stderr). ``stdin``: an object or a list of them, sent
        as JSON. Raises KubectlError where kubectl fails and ``check`` holds."""
        done = self.try_kubectl(*arguments, stdin=stdin)
        if check and done.returncode != 0:
            raise KubectlError(done.stdout)
        return done.stdout

    def try_kubectl(
        self, *arguments: str, stdin: Any = None, kubeconfig: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl, and return its exit code and what it prints."""
        if isinstance(stdin, list):
            stdin = {"apiVersion": "v1", "kind": "List", "items": stdin}
        return subprocess.run(
            [
                self.programs / "kubectl",
                f"--kubeconfig={kubeconfig or self.kubeconfig}",
                *arguments,
            ],
            input=None if stdin is None else json.dumps(stdin),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )

    def get(self, *arguments: str) -> Any:
        """``kubectl get ... -o json``, parsed."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def list_objects(self) -> set[str]:
        """All that is stored, as kind, namespace and name, but what comes and goes by itself."""
        kinds = self.kubectl("api-resources", "--verbs=list", "-o", "name").split()
        passing = ("events", "leases", "componentstatuses", "endpointslices")
        lasting = [one for one in kinds if not one.startswith(passing)]
        columns = "custom-columns=:.kind,:.metadata.namespace,:.metadata.name"
        listed = self.kubectl("get", ",".join(lasting), "-A", "-o", columns)
        return {" ".join(line.split()) for line in listed.splitlines()}

    def create_namespace(self, name: str) -> None:
        """Create a namespace; returns when Pods can be created in it."""
        self.kubectl("create", "namespace", name)
        self.kubectl("wait", "--for=create", "serviceaccount/default", "-n", name)

    def write_kubeconfig(self, path: Path, token: str) -> None:
        """Write a kubeconfig for a token's owner."""
        server = {"server": self.url, "certificate-authority": str(self.authority)}
        body = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "e2e",
            "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "e2e"}}],
            "clusters": [{"name": "e2e", "cluster": server}],
            "users": [{"name": "e2e", "user": {"token": token}}],
        }
        path.write_text(yaml.safe_dump(body))

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """A kubeconfig that acts as a ServiceAccount."""
        token = self.kubectl("create", "token", name, "-n", namespace).strip()
        path = self.work / f"kubeconfig-{namespace}-{name}"
        self.write_kubeconfig(path, token)
        return path

    def _write_keys(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        (self.work / "service-account.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        (self.work / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n')
        (self.work / "audit-policy.yaml").write_text(yaml.safe_dump(_AUDIT))

    def _start_etcd(self) -> None:
        client = f"http://127.0.0.1:{self._etcd}"
        peer = f"http://127.0.0.1:{self._etcd_peer}"
        self._run(
            "etcd",
            f"--data-dir={self.work}/etcd",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
        )

    def _start_controllers(self) -> None:
        self._run(
            "kube-controller-manager",
            f"--kubeconfig={self.kubeconfig}",
            "--use-service-account-credentials",
            f"--service-account-private-key-file={self.work}/service-account.key",
            "--leader-elect=false",
            "--secure-port=0",
        )

    def _run(self, name: str, *arguments: str) -> None:
        with (self.work / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [self.programs / name, *arguments], stdout=log, stderr=log
            )

    def _end(self, name: str) -> None:
        process = self._running.pop(name, None)
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _ready(self) -> bool:
        process = self._running["kube-apiserver"]
        if process.poll() is not None:
            raise RuntimeError(f"kube-apiserver ended; see {self.work}/kube-apiserver.log")
        if not self.authority.exists():
            return False
        with urllib3.PoolManager(ca_certs=str(self.authority), retries=False) as pool:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            try:
                return pool.request("GET", f"{self.url}/readyz", headers=headers).status == 200
            except urllib3.exceptions.HTTPError:
                return False


class KubectlError(Exception):
    """kubectl failed; the text is what it printed."""


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until ``condition`` holds. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.1)


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
