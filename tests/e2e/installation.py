"""mlgate as installed: deploy/base applied, and replicas that run as processes behind its Service.

There is no kubelet: a replica is a process with the ServiceAccount's token, and this module keeps
an EndpointSlice for each, ready when the replica says so, as the EndpointSlice controller would.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from tests.e2e.cluster import Cluster, free_port, until
from tests.webhook.processes import read_sample

BASE = Path(__file__).parents[2] / "deploy/base"
NAMESPACE, SERVICE = "mlgate-system", "mlgate"
POLICY = "apiVersion: mlgate.dev/v1\nkind: Policy\nprofile: standard\n"
CONFIGURATIONS = (
    "validatingwebhookconfigurations/mlgate",
    "mutatingwebhookconfigurations/zz-mlgate",
)
_POLL = 0.1


class Replica:
    """One `mlgate serve`, with its log beside the cluster's. ``{port}`` in an argument becomes its
    port."""

    def __init__(self, name: str, cluster: Cluster, command: list[str]) -> None:
        self.name = name
        self.host = cluster.host
        self.port, self.metrics_port = free_port(), free_port()
        self.log = cluster.work / f"{name}.log"
        command = [one.replace("{port}", str(self.port)) for one in command]
        ports = ["--port", str(self.port), "--metrics-port", str(self.metrics_port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *ports],
                stdout=log,
                stderr=log,
                env={**os.environ, "POD_NAME": name, "POD_NAMESPACE": NAMESPACE},
            )

    @property
    def ready(self) -> bool:
        """What /readyz says; a dead replica says nothing."""
        return self.get("/readyz")[0] == 200

    def get(self, path: str) -> tuple[int, str]:
        """Status and text from the probes' port; 0 where nobody answers."""
        connection = http.client.HTTPConnection(self.host, self.metrics_port, timeout=2)
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        return 0, ""

    def sample(self, series: str) -> float:
        """The value of a series of /metrics, 0 where it is not there."""
        return read_sample(self.get("/metrics")[1], series)

    @property
    def is_leader(self) -> bool:
        return self.sample("mlgate_leader") == 1.0

    @property
    def reviews(self) -> list[dict[str, Any]]:
        """The reviews that it has logged so far."""
        lines = self.log.read_text().splitlines()
        logged = [json.loads(line) for line in lines if line.startswith("{")]
        return [one for one in logged if one["event"] == "review"]

    def end(self, number: signal.Signals = signal.SIGKILL, seconds: float = 40.0) -> None:
        """Send a signal, and wait for the end."""
        self.process.send_signal(number)
        self.process.wait(seconds)


class Installation:
    """deploy/base in a cluster, with any number of replicas."""

    def __init__(self, cluster: Cluster, *, policy: str = POLICY) -> None:
        self.cluster = cluster
        self.replicas: list[Replica] = []
        self.policy = cluster.work / "mlgate.yaml"
        self.policy.write_text(policy)
        cluster.kubectl("apply", "-k", str(BASE))
        self._kubeconfig = cluster.service_account_kubeconfig(NAMESPACE, "mlgate")
        service = cluster.get("service", SERVICE, "-n", NAMESPACE)
        self._port_name = service["spec"]["ports"][0].get("name", "")
        self._ready: dict[str, bool] = {}
        self._end = threading.Event()
        self._controller = threading.Thread(target=self._control, daemon=True)
        self._controller.start()

    def command(self, *arguments: str, program: str = "linter") -> list[str]:
        """A command line of `mlgate serve` as the ServiceAccount."""
        return [
            *(sys.executable, "-m", program, "serve"),
            *("--kubeconfig", str(self._kubeconfig), "--host", self.cluster.host),
            *("--policy", str(self.policy), *arguments),
        ]

    def add(self, *arguments: str, ready: bool = True, program: str = "linter") -> Replica:
        """Start another replica; by default wait until the API server may call it."""
        name = f"mlgate-{os.urandom(4).hex()}"
        replica = Replica(name, self.cluster, self.command(*arguments, program=program))
        self.replicas.append(replica)
        if ready:
            until(lambda: self._ready.get(replica.name, False), 40.0)
        return replica

    def remove(self, replica: Replica, number: signal.Signals = signal.SIGTERM) -> None:
        """End a replica, as a pod that is deleted: it leaves the endpoints with the signal."""
        self.replicas.remove(replica)
        self._write(replica, ready=False)
        replica.end(number)
        self._delete(replica)

    def registered(self) -> bool:
        """Whether both configurations stand in the cluster with all that the API server needs."""
        return all(self.hooks(one) for one in CONFIGURATIONS)

    def hooks(self, configuration: str) -> list[dict[str, object]]:
        """The webhooks of a configuration, none where it is not there."""
        done = self.cluster.try_kubectl("get", configuration, "-o", "name")
        return self.cluster.get(configuration).get("webhooks", []) if done.returncode == 0 else []

    def uninstall(self) -> str:
        """Remove the configurations, as its users would."""
        done = subprocess.run(
            self.command("--uninstall", "--namespace", NAMESPACE),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        return done.stdout

    def stop(self) -> None:
        """End all replicas, and take away the configurations, and the Lease for which the next one
        would wait."""
        for replica in list(self.replicas):
            self.remove(replica, signal.SIGKILL)
        self._end.set()
        self._controller.join()
        for one in (*CONFIGURATIONS, "lease/mlgate"):
            self.cluster.kubectl("delete", one, "-n", NAMESPACE, "--ignore-not-found")

    def _control(self) -> None:
        """Keep each replica's EndpointSlice as the replica says."""
        while not self._end.wait(_POLL):
            for replica in list(self.replicas):
                ready = replica.ready
                if self._ready.get(replica.name) != ready:
                    self._write(replica, ready=ready)

    def _write(self, replica: Replica, *, ready: bool) -> None:
        body = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": replica.name,
                "namespace": NAMESPACE,
                "labels": {"kubernetes.io/service-name": SERVICE},
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [self.cluster.host], "conditions": {"ready": ready}}],
            "ports": [{"name": self._port_name, "port": replica.port, "protocol": "TCP"}],
        }
        if self.cluster.try_kubectl("apply", "-f", "-", stdin=body).returncode == 0:
            self._ready[replica.name] = ready

    def _delete(self, replica: Replica) -> None:
        self._ready.pop(replica.name, None)
        self.cluster.kubectl(
            "delete", "endpointslice", replica.name, "-n", NAMESPACE, "--ignore-not-found"
        )
